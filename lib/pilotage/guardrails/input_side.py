"""The input side: one probability of an injection out of all detectors, the rules, and what is confidential."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pilotage.guardrails.classifier import Model
from pilotage.guardrails.confidential import ConfidentialTerms
from pilotage.guardrails.detectors import Detector, DetectorFault
from pilotage.guardrails.findings import (
    Checked,
    Decision,
    Finding,
    attempted,
    checked,
    of_rules,
    read_through,
    undecided,
    why,
)
from pilotage.guardrails.rules import Hit, RuleBook, strength
from pilotage.guardrails.views import Read
from pilotage.playbook.guardrails import Bands
from pilotage.words import listed

Told = float | str  # a detector's number for one text, or why there is none
TOGETHER = "detectors"  # the rule of a finding that is of all detectors together


@dataclass(frozen=True, slots=True)
class Scored:
    """The combined probability of one text, which detectors it is from, and what could not be decided."""

    probability: float | None
    detectors: tuple[str, ...]
    failures: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Look:
    """One text gone through: how it reads, what the rules say as a detector, and everything found in it."""

    read: Read
    by_rules: Told
    found: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class InputSide:
    """All that looks at what goes in."""

    rules: RuleBook
    detectors: Sequence[Detector]
    model: Model
    confidential: ConfidentialTerms
    bands: Bands

    def check(self, texts: Sequence[str]) -> list[Checked]:
        """One decision for each text; scored together, which is much faster than one by one."""
        looks = [self._look(text) for text in texts]
        scores = self._scores(texts, looks)
        return [self._checked(*each) for each in zip(texts, looks, scores, strict=True)]

    def _look(self, text: str) -> Look:
        read, found = read_through("input", text)
        hits: list[Hit] = []

        def rules() -> list[Finding]:
            hits.extend(self.rules.hits(text, "input", read.views))
            return of_rules("input", hits)

        told = attempted("input", "rules", rules)
        by_rules = told[0].reason if told and not hits else strength(hit.rule for hit in hits)
        found += told + attempted("input", "confidential", lambda: self.confidential.find(read.views, "input"))
        return Look(read, by_rules, tuple(found))

    def _checked(self, text: str, look: Look, scored: Scored) -> Checked:
        found = list(look.found)
        band = band_of(scored.probability, self.bands)
        if scored.probability is not None and band != "allow":
            reason = f"an injection is likely: {scored.probability:.2f} by {listed(list(scored.detectors))}"
            found.append(Finding("input", "injection", TOGETHER, band, 0, len(text), scored.probability, reason))
        return checked([*found, *scored.failures], scored.probability, band)

    def _scores(self, texts: Sequence[str], looks: Sequence[Look]) -> list[Scored]:
        """Of each text the probability out of the detectors that answered; what failed is among the failures."""
        told = {detector.name: self._told(detector, texts, looks) for detector in self.detectors}
        groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for at in range(len(texts)):
            groups[tuple(name for name, one in told.items() if isinstance(one[at], float))].append(at)
        scored: dict[int, Scored] = {}
        for names, places in groups.items():
            for at, combined in zip(places, self._combined(names, places, told), strict=True):
                failures = [
                    undecided("input", name, f"{name} {one[at]}") for name, one in told.items() if name not in names
                ]
                scored[at] = _scored(combined, names, failures)
        return [scored[at] for at in range(len(texts))]

    def _told(self, detector: Detector, texts: Sequence[str], looks: Sequence[Look]) -> list[Told]:
        """What the detector says of each text; our own two are given what the texts were read as already."""
        if detector is self.rules:
            return [look.by_rules for look in looks]
        if detector is self.model:
            reads = {text: look.read for text, look in zip(texts, looks, strict=True)}
            return told_by(lambda some: self.model.score(some, reads), texts)
        return told_by(detector.score, texts)

    def _combined(self, names: Iterable[str], places: Sequence[int], told: dict[str, list[Told]]) -> list[Told]:
        """One probability for each of the places, of which these detectors answered all."""
        columns = {name: np.array([told[name][at] for at in places], dtype=np.float64) for name in names}
        if not columns:
            return ["no detector answered"] * len(places)
        try:
            return _probabilities(self.model.combine(columns), len(places))
        except Exception as error:
            return [f"could not be combined: {why(error)}"] * len(places)


def band_of(probability: float | None, bands: Bands) -> Decision:
    """Where the probability of an injection leads; allow where there is none, whose reason is a finding."""
    if probability is None or probability < bands.review_at:
        return "allow"
    return "block" if probability >= bands.block_at else "review"


def _scored(combined: Told, names: tuple[str, ...], failures: list[Finding]) -> Scored:
    if isinstance(combined, float):
        return Scored(combined, names, tuple(failures))
    if names:  # else each detector's own failure says it already
        failures.append(undecided("input", TOGETHER, f"what the detectors say {combined}"))
    return Scored(None, names, tuple(failures))


def told_by(score: Callable[[Sequence[str]], Any], texts: Sequence[str]) -> list[Told]:
    """The detector's number for each text, or why there is none.

    Where many together fail, each is asked about alone, so that one text does not speak for the others; not after a
    DetectorFault, which concerns them all.
    """
    if not texts:
        return []
    try:
        return _probabilities(score(texts), len(texts))
    except DetectorFault as fault:
        return [f"cannot answer: {fault}"] * len(texts)
    except Exception as error:
        if len(texts) > 1:
            return [one for text in texts for one in told_by(score, [text])]
        return [f"failed: {why(error)}"]


def _probabilities(given: Any, count: int) -> list[Told]:
    """The numbers as floats; what is none from 0 to 1 is told so."""
    numbers = np.asarray(given, dtype=np.float64)
    if numbers.shape != (count,):
        return [f"gave {numbers.size} numbers for {count} texts"] * count
    return [float(one) if 0 <= one <= 1 else "gave no number from 0 to 1" for one in numbers]
