"""What became of every run that a judge was to be asked about."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from pilotage.redact import redact
from pilotage.words import count, number, plain


@dataclass(frozen=True)
class Judged:
    """The end of a judging: judged + unparseable + errored + skipped = planned.

    `yes` are those of the judged of which the judge said yes. `textless` runs of the pilot have no text and were not
    planned. `spent` is known money, `example` one answer that could not be read, `failed` why runs errored, how many,
    and one of the details.
    """

    dataset: str
    metric: str
    labeller: str
    planned: int
    judged: int
    yes: int
    unparseable: int
    errored: int
    skipped: int
    textless: int
    attempts: int
    spent: float
    stopped: str
    interrupted: bool
    example: str
    failed: tuple[tuple[str, int, str], ...]

    def __post_init__(self) -> None:
        if self.judged + self.unparseable + self.errored + self.skipped != self.planned:
            raise RuntimeError(f"the runs of this judging do not add up: {self}")  # a fault of this program

    @property
    def complete(self) -> bool:
        """Whether every planned run has a label of this judge."""
        return self.judged == self.planned

    def lines(self, currency: str = "") -> list[str]:
        """What a person is told in the end."""
        return [*self._failures(), *self._counts(), *self._said(), *self._money(currency), *self._next()]

    def _failures(self) -> Iterator[str]:
        for kind, n, why in self.failed:
            yield f"{count(n, 'runs')} ended without an answer ({kind}): {plain(why)}"
        if self.unparseable:
            such = plain(redact(self.example), 120)
            yield f"{count(self.unparseable, 'answers')} could not be read, such as: {such!r}"
        if self.skipped:
            yield f"{count(self.skipped, 'runs')} skipped: {self.stopped}"
        elif self.stopped:
            yield f"not all that had errored were asked again: {self.stopped}"

    def _counts(self) -> Iterator[str]:
        if self.textless:
            yield f"{count(self.textless, 'runs')} of the pilot without a text to judge were not planned"
        parts = f"judged {self.judged:,} + unparseable {self.unparseable:,} + errored {self.errored:,}"
        tried = f" ({self.attempts:,} attempts)" if self.attempts > self.planned else ""
        yield f"planned {self.planned:,} = {parts} + skipped {self.skipped:,}{tried}"

    def _said(self) -> Iterator[str]:
        if self.judged:
            share = number(self.yes / self.judged, "share")
            yield f"{self.labeller} on {self.metric}: yes to {self.yes:,} of {self.judged:,} ({share})"
        if self.judged and self.yes in (0, self.judged):
            yield "mind: it always says the same, which carries no information"

    def _money(self, currency: str) -> Iterator[str]:
        if self.spent:
            yield f"spent: {number(self.spent, 'money', currency)}"

    def _next(self) -> Iterator[str]:
        if self.skipped or self.errored:
            yield "  the same command with --resume asks about what has no answer"
        if self.judged:
            yield f"  pilotage run --dataset {shlex.quote(self.dataset)}    # page 02 compares the judge with people"
