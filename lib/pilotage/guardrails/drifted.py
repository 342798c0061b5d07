"""Whether the inputs of the pilot's runs still look, to the guard, like the harmless texts it is tuned on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pilotage.guardrails.measured import Measured
from pilotage.guardrails.tuned import SEED
from pilotage.guardrails.tuning.drift import Drift, drift
from pilotage.page import html

if TYPE_CHECKING:
    from pandas import DataFrame, Series

ALARM = "The inputs that arrive are not those the guard is tuned on"


def drifted(found: Measured, inputs: str | None = None) -> Drift | None:
    """The live runs' inputs against the harmless texts, by score and length; None where either is lacking.

    `inputs` is the source of texts that stands for real inputs: where there are such texts, they are compared.
    """
    import numpy as np

    harmless = found.inputs[~found.inputs["attack"].astype(bool)].drop_duplicates("text")
    if inputs is not None and (harmless["source"] == inputs).any():
        harmless = harmless[harmless["source"] == inputs]
    runs = found.runs[found.runs["live"].astype(bool)].drop_duplicates("text")
    tuned_on, arrived = (side.dropna(subset="score").assign(length=_length) for side in (harmless, runs))
    if tuned_on.empty or arrived.empty:
        return None
    scores, lengths = ([side[name].to_numpy(float) for side in (tuned_on, arrived)] for name in ("score", "length"))
    then, now = scores
    return drift(then, now, found.guard.policy.bands.review_at, np.random.default_rng(SEED), *lengths)


def _length(texts: DataFrame) -> Series[int]:
    return texts["text"].str.len()


def drift_text(found: Drift | None) -> html.Html:
    """The finding in a box, a warning where it is an alarm."""
    if found is None:
        return html.note("The inputs of the pilot's runs, or harmless texts to compare them with, were not recorded.")
    seen = f"{found.arrived:,} inputs of runs against {found.tuned:,} harmless texts: {found.why}."
    if found.answer == "drift":
        return html.note(f"{ALARM}: {seen} Tune again with texts from the new source.", "warning")
    return html.note(seen[0].upper() + seen[1:])
