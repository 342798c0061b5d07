"""A classifier from named sources: each left out once to calibrate on what it had not seen, then fitted to all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from pilotage.errors import PilotageError
from pilotage.guardrails.classifier.adapting import joint_curves
from pilotage.guardrails.classifier.calibration import Floats, logits, platt
from pilotage.guardrails.classifier.corpus import OWN, Corpus, corpus, ideas, templates
from pilotage.guardrails.classifier.cues import Cues
from pilotage.guardrails.classifier.features import Features
from pilotage.guardrails.classifier.file import sealed
from pilotage.guardrails.classifier.fitting import fit
from pilotage.guardrails.classifier.local import Detector
from pilotage.guardrails.classifier.model import Linear, Model, Replay
from pilotage.guardrails.classifier.pieces import Pieces, Windows, pieces
from pilotage.guardrails.classifier.quality import left_out
from pilotage.guardrails.classifier.seen import nothing_seen
from pilotage.guardrails.classifier.sources import Source

_REFERENCE = 600  # texts of each group and label, at most, that curves and references are made from
_REPLAY = {0: 60, 1: 250}  # rows of each group, at most, that adapting is given
_WIDEST = 400  # columns of such a row, so that the file stays small

Rows = Any  # scipy.sparse has no types


def train(
    sources: Sequence[Source], *, as_of: str, own: bool = True, detectors: Sequence[Detector] = (), seed: int = 0
) -> Model:
    """A model fitted to all sources, and to our own texts in many languages unless `own` is False.

    Its probabilities, and the scores of harmless texts it keeps, are of models that had not seen the group of the text
    they judge. `detectors` are scored on the same texts, so that the model can combine them. The same sources, seed and
    versions give the same bytes. PilotageError where there are fewer than two groups or a label is missing.
    """
    whole = corpus(sources, own, seed)
    _check(whole)
    features, windows = Features(Cues(ideas())), Windows()
    cut = pieces(whole.texts, windows)
    rows = features.rows(cut.texts)
    linear = _fitted(whole, cut, rows, np.ones(len(whole.texts), bool))
    value = _values_left_out(whole, cut, rows, windows)
    sample = _sample(whole, {0: _REFERENCE, 1: _REFERENCE}, seed)
    part = whole.chosen(sample)
    own_curve = platt(value[sample], part.attack, _curve_weights(part))
    scores = {"classifier": own_curve(value[sample])}
    scores |= {one.name: np.asarray(one.score(part.texts), dtype=np.float64) for one in detectors}
    reference = {name: np.sort(logits(x[part.attack == 0])) for name, x in scores.items()}
    curves = joint_curves(scores, reference, part.attack, _curve_weights(part))
    replay = _replay(part, scores, _worst_rows(cut, rows, linear, sample), seed)
    meta = _meta(sources, whole, part, value[sample], as_of, own, seed)
    made = Model(features, windows, linear, own_curve, replay, reference, curves, nothing_seen(), meta)
    return sealed(made)


def _fitted(whole: Corpus, cut: Pieces, rows: Rows, used: npt.NDArray[np.bool_]) -> Linear:
    """Weights fitted to the texts used; a text's weight is shared among its pieces."""
    part = np.flatnonzero(used)
    weights = np.zeros(len(used))
    weights[part] = whole.chosen(part).weights()
    number = np.bincount(cut.owner, minlength=len(used))
    inside = np.flatnonzero(used[cut.owner])
    owner = cut.owner[inside]
    return fit(rows[inside], whole.attack[owner], weights[owner] / number[owner])


def _values_left_out(whole: Corpus, cut: Pieces, rows: Rows, windows: Windows) -> Floats:
    """The value of each text by weights that were fitted without its group."""
    value = np.zeros(len(whole.texts))
    for name in np.unique(whole.group):
        out = whole.group == name
        linear = _fitted(whole, cut, rows, ~out)
        by_piece = rows @ linear.weights + linear.intercept
        value[out] = windows.corrected(cut.highest(by_piece), cut.count)[out]
    return value


def _sample(
    whole: Corpus, most: dict[int, int], seed: int, allowed: npt.NDArray[np.bool_] | None = None
) -> npt.NDArray[np.int64]:
    """At most so many texts of each group and label, in order, out of those allowed."""
    rng = np.random.default_rng(seed)
    kept = []
    for name in np.unique(whole.group):
        for label, number in most.items():
            inside = (whole.group == name) & (whole.attack == label) & (True if allowed is None else allowed)
            kept.append(rng.permutation(np.flatnonzero(inside))[:number])
    return np.sort(np.concatenate(kept))


def _replay(part: Corpus, scores: dict[str, Floats], worst: Rows, seed: int) -> Replay:
    """Rows of some texts of the sample, of those that are not too wide."""
    kept = _sample(part, _REPLAY, seed, np.diff(worst.indptr) <= _WIDEST)
    chosen = worst[kept]
    held_out = {name: x[kept] for name, x in scores.items()}
    return Replay(chosen.indices.astype(np.int64), chosen.indptr.astype(np.int64), part.attack[kept], held_out)


def _worst_rows(cut: Pieces, rows: Rows, linear: Linear, texts: npt.NDArray[np.int64]) -> Rows:
    """For each of these texts the row of its piece that looks most like an attack."""
    order = np.lexsort((-(rows @ linear.weights), cut.owner))
    chosen = rows[order[np.searchsorted(cut.owner[order], texts)]]
    chosen.sort_indices()
    return chosen


def _curve_weights(part: Corpus) -> Floats:
    """The weights of the corpus, as many in all as there are texts."""
    weights = part.weights()
    return np.asarray(weights * len(weights) / weights.sum())


def _check(whole: Corpus) -> None:
    groups = np.unique(whole.group)
    for name in groups:
        rest = whole.attack[whole.group != name]
        if len(groups) < 2 or not {0, 1} <= set(rest.tolist()):
            what = f"without {name} there are not both attacks and harmless texts to train on"
            raise PilotageError(what, next="name more sources: each is left out once, to see what the others teach")


def _meta(
    sources: Sequence[Source], whole: Corpus, part: Corpus, value: Floats, as_of: str, own: bool, seed: int
) -> dict[str, Any]:
    """What is said of the model: from what it was made, when, and how well it did on groups left out."""
    named = [
        {
            "name": one.name,
            "licence": one.licence,
            "sha256": one.sha256,
            "attacks": sum(one.labels),
            "harmless": len(one.labels) - sum(one.labels),
        }
        for one in sources
    ]
    texts = {"attacks": int(whole.attack.sum()), "harmless": int((whole.attack == 0).sum())}
    figures = left_out(part, value)
    return {
        "made": as_of,
        "seed": seed,
        "sources": named,
        "own": OWN if own else "",
        "languages": len(templates()) if own else 0,
        "texts": texts,
        "figures": figures,
    }
