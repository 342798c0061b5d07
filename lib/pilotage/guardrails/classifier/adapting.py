"""The classifier made a pilot's own: refitted on its texts and a replay of the training, judged by held-out folds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import numpy.typing as npt

from pilotage.errors import PilotageError
from pilotage.guardrails.classifier.calibration import Floats, Joint, Platt, evidence, joint, logits, platt
from pilotage.guardrails.classifier.file import sealed
from pilotage.guardrails.classifier.local import Chosen, Detector, Local, fitted, held_out_values, prepared
from pilotage.guardrails.classifier.model import Model, joined
from pilotage.guardrails.classifier.seen import seen
from pilotage.words import listed

ATTACKS_ENOUGH = 30  # from here on probabilities follow the pilot's own attacks alone
FOLDS = 5


def adapt(
    base: Model,
    texts: Sequence[str],
    labels: Sequence[int],
    weights: npt.ArrayLike | None = None,
    detectors: Sequence[Detector] = (),
    *,
    held_out: npt.ArrayLike | None = None,
    seed: int = 0,
) -> Model:
    """The base model fitted to a pilot's own texts; labels 1 attack, 0 harmless; attacks may be few or none.

    The weights are fitted anew to these texts and the base's replay. Every score that curves and references are made
    from is held out, in five folds. Where the pilot has fewer than 30 attacks those of the replay stand in, and the
    probability is stated as if attacks weighed as much as harmless texts. `held_out` are probabilities of the same
    texts that are kept with the model in place of its own. InputFaults for fewer than 20 harmless texts, other labels
    than 0 and 1, weights that are not above 0, or other lengths; PilotageError without scikit-learn, or for a detector
    that scored no replay while attacks are few.
    """
    local = prepared(base, texts, labels, weights, detectors, FOLDS, seed)
    all_texts, all_replay = np.ones(len(local.texts), bool), np.ones(len(base.replay.attack), bool)
    found = _calibrated(base, local, *held_out_values(base, local, FOLDS), all_texts)
    kept = found.probability if held_out is None else np.asarray(held_out, dtype=np.float64)
    return sealed(
        replace(
            base,
            linear=fitted(base, local, all_texts, all_replay),
            own=found.own,
            reference=found.reference,
            joint=found.joint,
            seen=seen(local.texts, kept),
            meta={**base.meta, "adapted": _account(base, local)},
        )
    )


def cross_fitted(
    base: Model,
    texts: Sequence[str],
    labels: Sequence[int],
    weights: npt.ArrayLike | None = None,
    detectors: Sequence[Detector] = (),
    folds: int = FOLDS,
    *,
    seed: int = 0,
) -> Floats:
    """For each text the combined probability by a model that was adapted on the other folds; the same for a seed.

    Texts that read alike stand in one fold; the references and curves of a fold come from the others too. Errors: as
    in `adapt`.
    """
    local = prepared(base, texts, labels, weights, detectors, folds, seed)
    value, replayed = held_out_values(base, local, folds)
    probability = np.zeros(len(value))
    for fold in range(folds):
        inside = local.fold == fold
        probability[inside] = _calibrated(base, local, value, replayed, ~inside).probability[inside]
    return probability


@dataclass(frozen=True, slots=True, eq=False)
class _Calibrated:
    """The classifier's curve, the harmless scores, the curve of each choice of detectors; each text's probability."""

    own: Platt
    reference: dict[str, Floats]
    joint: dict[str, Joint]
    probability: Floats


def _calibrated(base: Model, local: Local, value: Floats, replayed: Floats, used: Chosen) -> _Calibrated:
    """Curves and references from the held-out values of the texts used."""
    attacks, harmless = used & (local.attack == 1), used & (local.attack == 0)
    enough = int(attacks.sum()) >= ATTACKS_ENOUGH
    stand_in = np.zeros(len(replayed), bool) if enough else base.replay.attack == 1
    labels = np.concatenate([local.attack[used], base.replay.attack[stand_in]])
    weights = np.concatenate([local.weights[used], _stand_in_weights(local, used, int(stand_in.sum()))])
    own = platt(np.concatenate([value[used], replayed[stand_in]]), labels, weights)
    scores = {base.name: own(value), **local.others}
    reference = {name: np.sort(logits(x[harmless])) for name, x in scores.items()}
    replays = {**base.replay.held_out, base.name: own(replayed)}
    if not enough:
        _check_replayed(scores, replays)
    there = {name: x[:0] if enough else replays[name][stand_in] for name, x in scores.items()}
    here = {name: np.concatenate([x[used], there[name]]) for name, x in scores.items()}
    curves = joint_curves(here, reference, labels, weights)
    return _Calibrated(own, reference, curves, curves[joined(scores)](evidence(scores, reference)))


def joint_curves(
    scores: Mapping[str, Floats], reference: Mapping[str, Floats], labels: npt.NDArray[np.int64], weights: Floats
) -> dict[str, Joint]:
    """How Fisher's terms become a probability, for each choice of detectors."""
    names = sorted(scores)
    choices = [choice for size in range(1, len(names) + 1) for choice in combinations(names, size)]
    return {
        joined(choice): joint(evidence({name: scores[name] for name in choice}, reference), labels, weights)
        for choice in choices
    }


def _stand_in_weights(local: Local, used: Chosen, count: int) -> Floats:
    """Weights of attacks that stand in, so that attacks together weigh as much as the harmless texts."""
    harmless = local.weights[used & (local.attack == 0)].sum()
    attacks = local.weights[used & (local.attack == 1)].sum()
    return np.full(count, max(harmless - attacks, 1.0) / max(count, 1))


def _check_replayed(scores: Mapping[str, Floats], replays: Mapping[str, Floats]) -> None:
    if unknown := sorted(set(scores) - set(replays)):
        what = f"the model does not know how attacks score with {listed(unknown)}, and there are too few attacks here"
        advice = f"add {ATTACKS_ENOUGH} attacks, or train a model with that detector: pilotage guard train"
        raise PilotageError(what, next=advice)


def _account(base: Model, local: Local) -> dict[str, object]:
    """What is said of the texts in the model's facts: how many, and which model it began with."""
    harmless, attacks = int((local.attack == 0).sum()), int((local.attack == 1).sum())
    return {"base": base.sha256, "harmless": harmless, "attacks": attacks, "detectors": sorted(local.others)}
