"""How well values tell attacks from harmless texts."""

from __future__ import annotations

from typing import Any

import numpy as np

from pilotage.guardrails.classifier.calibration import Floats
from pilotage.guardrails.classifier.corpus import Corpus


def auroc(attacks: Floats, harmless: Floats) -> float:
    """The chance that an attack scores higher than a harmless text, ties counting half; both must not be empty."""
    ordered = np.sort(harmless)
    below, upto = (np.searchsorted(ordered, attacks, side=side) for side in ("left", "right"))
    return float((below + upto).mean() / 2 / len(ordered))


def caught_at(attacks: Floats, harmless: Floats, false_alarms: float = 0.01) -> float:
    """The share of attacks above the score that so large a share of the harmless texts reaches."""
    threshold = np.quantile(harmless, 1 - false_alarms, method="higher")
    return float((attacks > threshold).mean())


def left_out(part: Corpus, value: Floats) -> list[dict[str, Any]]:
    """For each group with attacks: how its attacks, scored by a model without it, stand out from all harmless texts.

    The harmless texts are scored by models without their own group.
    """
    harmless = value[part.attack == 0]
    found = []
    for name in np.unique(part.group[part.attack == 1]):
        attacks = value[(part.group == name) & (part.attack == 1)]
        quality = {"auroc": round(auroc(attacks, harmless), 3), "caught": round(caught_at(attacks, harmless), 3)}
        found.append({"group": str(name), "attacks": len(attacks), **quality})
    return found
