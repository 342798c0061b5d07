"""A pilot's own labelled texts, made ready once: rows, folds, and what other detectors say of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array, vstack

from pilotage.errors import InputFaults
from pilotage.guardrails.classifier.calibration import Floats
from pilotage.guardrails.classifier.fitting import fit
from pilotage.guardrails.classifier.model import Linear, Model
from pilotage.guardrails.classifier.pieces import Pieces, pieces
from pilotage.guardrails.classifier.seen import keys_of

BENIGN_MIN = 20  # with fewer there is nothing to hold out
_HALF_BENIGN, _HALF_ATTACKS = 60, 300  # so many of the pilot's texts weigh as much as the replay

Chosen = npt.NDArray[np.bool_]


class Detector(Protocol):
    """What scores texts: 1 is an injection, 0 is not."""

    @property
    def name(self) -> str:
        """Its name in the policy."""

    def score(self, texts: Sequence[str]) -> Floats:
        """A score in [0, 1] for each text."""


@dataclass(frozen=True, slots=True, eq=False)
class Local:
    """The pilot's texts; `others` has the other detectors' scores by name, `fold` the part a text is held out in."""

    texts: list[str]
    attack: npt.NDArray[np.int64]
    weights: Floats
    fold: npt.NDArray[np.int64]
    cut: Pieces
    rows: csr_array
    others: dict[str, Floats]


def prepared(
    base: Model,
    texts: Sequence[str],
    labels: Sequence[int],
    weights: npt.ArrayLike | None,
    detectors: Sequence[Detector],
    folds: int,
    seed: int,
) -> Local:
    """The texts ready to be fitted to; InputFaults with all that is wrong with them."""
    attack = np.asarray(labels)
    given = np.ones(len(texts)) if weights is None else np.asarray(weights, dtype=np.float64)
    if faults := _faults(texts, attack, given, folds):
        raise InputFaults("the classifier cannot be adapted on these texts", faults)
    attack = attack.astype(np.int64)
    cut = pieces(texts, base.windows)
    others = {one.name: np.asarray(one.score(texts), dtype=np.float64) for one in detectors if one.name != base.name}
    fold = _folds(keys_of(texts), attack, folds, seed)
    return Local(list(texts), attack, given, fold, cut, base.features.rows(cut.texts), others)


def fitted(base: Model, local: Local, texts: Chosen, replay: Chosen) -> Linear:
    """The weights fitted to the texts chosen and to the replayed rows chosen; each label weighs half.

    An attack counts with its piece that looks most like one, a harmless text with all its pieces.
    """
    share = _piece_shares(base, local)
    inside = texts[local.cut.owner] & (share > 0)
    attack = np.concatenate([local.attack[local.cut.owner][inside], base.replay.attack[replay]])
    own = (share * local.weights[local.cut.owner])[inside]
    weights = np.zeros(len(attack))
    for label, half in ((0, _HALF_BENIGN), (1, _HALF_ATTACKS)):
        here, there = (
            np.flatnonzero(attack[: len(own)] == label),
            len(own) + np.flatnonzero(attack[len(own) :] == label),
        )
        count = int((texts & (local.attack == label)).sum())
        local_share = count / (count + half) if len(there) else 1.0
        if len(here):
            weights[here] = local_share * own[here] / own[here].sum()
        weights[there] = (1 - local_share) / max(len(there), 1)
    rows = csr_array(
        vstack([local.rows[np.flatnonzero(inside)], base.replay.rows(base.features)[np.flatnonzero(replay)]])
    )
    return fit(rows, attack, weights)


def held_out_values(base: Model, local: Local, folds: int) -> tuple[Floats, Floats]:
    """The value of each text, and of each replayed row, by weights fitted to the other folds."""
    replay_rows = base.replay.rows(base.features)
    replay_fold = np.arange(len(base.replay.attack)) % folds
    value, replayed = np.zeros(len(local.texts)), np.zeros(len(replay_fold))
    for fold in range(folds):
        linear = fitted(base, local, local.fold != fold, replay_fold != fold)
        by_piece = local.rows @ linear.weights + linear.intercept
        whole = base.windows.corrected(local.cut.highest(by_piece), local.cut.count)
        value[local.fold == fold] = whole[local.fold == fold]
        rows = replay_rows[np.flatnonzero(replay_fold == fold)]
        replayed[replay_fold == fold] = rows @ linear.weights + linear.intercept
    return value, replayed


def _piece_shares(base: Model, local: Local) -> Floats:
    """How much each piece counts within its text."""
    owner, starts = local.cut.owner, local.cut.starts
    by_piece = local.rows @ base.linear.weights
    number = np.diff(np.append(starts, len(owner)))
    highest = by_piece >= local.cut.highest(by_piece)[owner]
    return np.where(local.attack[owner] == 1, highest.astype(np.float64), 1 / number[owner])


def _folds(keys: npt.NDArray[np.uint64], attack: npt.NDArray[np.int64], folds: int, seed: int) -> npt.NDArray[np.int64]:
    """A fold for each text: texts that read alike in one, each label spread evenly."""
    rng = np.random.default_rng(seed)
    _, first, group = np.unique(keys, return_index=True, return_inverse=True)
    order = rng.permutation(len(first))
    order = order[np.argsort(attack[first][order], kind="stable")]
    fold_of = np.zeros(len(first), dtype=np.int64)
    fold_of[order] = np.arange(len(first)) % folds
    return fold_of[group]


def _faults(texts: Sequence[str], attack: npt.NDArray[np.int64], weights: Floats, folds: int) -> list[str]:
    if not len(texts) == len(attack) == len(weights):
        return [f"{len(texts)} texts do not match {len(attack)} labels and {len(weights)} weights"]
    faults = []
    if not np.isin(attack, (0, 1)).all():
        faults.append("labels: should be 1 for an attack and 0 for a harmless text")
    if not (np.isfinite(weights).all() and (weights > 0).all()):
        faults.append("weights: should be numbers above 0")
    distinct = len({text for text, label in zip(texts, attack, strict=True) if label == 0})
    if distinct < BENIGN_MIN:
        faults.append(f"there are {distinct} different harmless texts; {BENIGN_MIN} are the least, 300 are advised")
    if not 2 <= folds <= BENIGN_MIN:
        faults.append(f"folds: should lie between 2 and {BENIGN_MIN} (got {folds})")
    return faults
