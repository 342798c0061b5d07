"""What became of every planned run: counted from the log, so that what is said is what was written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pilotage.errors import InputFaults
from pilotage.pilot.evaluate.log import Line
from pilotage.words import count, number, plain


@dataclass(slots=True)
class Tally:
    """Counted while lines come in; of a run that ended more than once the last end counts.

    `failed` is why runs ended without a score, `details` one of the details of each why, and `ends` has the key of each
    run that has ended, with why it errored; empty text where it did not.
    """

    planned: int = 0
    scored: int = 0
    correct: int = 0
    unjudged: int = 0
    errored: int = 0
    attempts: int = 0
    spent: float = 0.0
    dearest: float = 0.0
    unpriced: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    details: dict[str, str] = field(default_factory=dict)
    ends: dict[str, str] = field(default_factory=dict)

    @property
    def ended(self) -> int:
        """Runs that have ended, in whatever way."""
        return self.scored + self.unjudged + self.errored

    def add(self, line: Line) -> None:
        """Counts one attempt, and the run where the line ends it."""
        self.attempts += 1
        if line["spent"] is None:
            self.unpriced += 1
        else:
            self.spent += line["spent"]
            self.dearest = max(self.dearest, line["spent"])
        if line["final"]:
            self._end(line)

    def reopen(self) -> frozenset[str]:
        """Takes back the ends of the runs that errored, which are to be called again; their keys."""
        errored = frozenset(key for key, why in self.ends.items() if why)
        for key in errored:
            self._take_back(key)
        return errored

    def _take_back(self, key: str) -> None:
        why = self.ends.pop(key)
        self.errored -= 1
        self.failed[why] -= 1
        if not self.failed[why]:
            del self.failed[why], self.details[why]

    def _end(self, line: Line) -> None:
        if self.ends.get(line["key"]):
            self._take_back(line["key"])
        self.ends[line["key"]] = ""
        passed = success_of(line)
        if passed is not None:
            self.scored += 1
            self.correct += passed
        elif line["fault"] is None and not line["scores"]:
            self.unjudged += 1
        else:
            self._fail(line)

    def _fail(self, line: Line) -> None:
        self.errored += 1
        fault = line["fault"]
        kind, detail = (fault["kind"], fault["detail"]) if fault else ("not scored", _unscored(line))
        self.failed[kind] += 1
        self.ends[line["key"]] = kind
        self.details.setdefault(kind, detail)


def success_of(line: Line) -> bool | None:
    """Whether every scorer passed the run that this line ends; None where one could not score, or none was there."""
    if line["fault"] is not None or not line["scores"]:
        return None
    passed = [score["passed"] for score in line["scores"]]
    return None if None in passed else all(passed)


def _unscored(line: Line) -> str:
    return next((score["why"] for score in line["scores"] if score["passed"] is None), "")


def tally(lines: Iterable[Line]) -> Tally:
    """The counts of a log, with `planned` as its last session told.

    InputFaults where a run that had not errored, and so was not to be called again, has ended again.
    """
    counts, twice = Tally(), list[str]()
    for line in lines:
        if "evaluation" in line:
            counts.planned = line["planned"]
            continue
        if line["final"] and counts.ends.get(line["key"]) == "":
            twice.append(f"task {plain(line['task_id'], 60)!r}, trial {line['trial']}: has ended twice")
            continue
        counts.add(line)
    if twice:
        raise InputFaults("the log of the evaluation is not what was written", twice, "evaluate anew elsewhere")
    return counts


@dataclass(frozen=True, slots=True)
class Account:
    """The end of an evaluation: every planned run is in exactly one of scored, unjudged, errored and skipped.

    `accuracy` is the share right of those scored, None where none is; it lies between `worst` (all others wrong) and
    `best` (all others right). `unjudged` are answers to tasks without scorers, left to people. `spent` is known money.
    """

    dataset: str
    folder: Path
    planned: int
    scored: int
    correct: int
    unjudged: int
    errored: int
    skipped: int
    attempts: int
    spent: float
    unpriced: int  # attempts of which nobody knows what they cost
    stopped: str  # why runs were skipped, or left in their error; empty where all were called
    interrupted: bool
    failed: tuple[tuple[str, int, str], ...]  # why runs errored, how many, and one of the details
    simulated: bool

    @property
    def complete(self) -> bool:
        """Whether every planned run has its answer, and its score where it has scorers."""
        return not self.errored and not self.skipped

    @property
    def accuracy(self) -> float | None:
        """The share right of those scored."""
        return self.correct / self.scored if self.scored else None

    @property
    def worst(self) -> float:
        """The share right of those planned, were all that have no score wrong."""
        return self.correct / self.planned

    @property
    def best(self) -> float:
        """The share right of those planned, were all that have no score right."""
        return (self.planned - self.scored + self.correct) / self.planned

    def lines(self, currency: str = "") -> list[str]:
        """What a person is told in the end."""
        return [*self._failures(), *self._counts(), self._accuracy(), *self._money(currency), *self._next()]

    def _failures(self) -> list[str]:
        told = [f"{count(n, 'runs')} ended without a score ({kind}): {plain(why)}" for kind, n, why in self.failed]
        if self.skipped:
            told.append(f"{count(self.skipped, 'runs')} skipped: {self.stopped}")
        elif self.stopped:
            told.append(f"not all that had errored were called again: {self.stopped}")
        return told

    def _counts(self) -> list[str]:
        left = f" + left to people {self.unjudged:,}" if self.unjudged else ""
        parts = f"scored {self.scored:,}{left} + errored {self.errored:,} + skipped {self.skipped:,}"
        tried = f" ({self.attempts:,} attempts)" if self.attempts > self.planned else ""
        return [f"planned {self.planned:,} = {parts}{tried}"]

    def _accuracy(self) -> str:
        if self.accuracy is None:
            return "accuracy: not known, nothing was scored"
        said = f"accuracy: {number(self.accuracy, 'share')} ({self.correct:,} of {self.scored:,})"
        if self.scored < self.planned:
            ends = f"{number(self.worst, 'share')} and {number(self.best, 'share')}"
            said += f"; of all {self.planned:,} it lies between {ends}, as those without a score are wrong or right"
        return said + (", of a stand-in that simulates an agent" if self.simulated else "")

    def _money(self, currency: str) -> list[str]:
        if not self.spent:
            return []
        unknown = f", and what {count(self.unpriced, 'attempts')} cost is not known" if self.unpriced else ""
        return [f"spent: {number(self.spent, 'money', currency)}{unknown}"]

    def _next(self) -> list[str]:
        ended = self.planned - self.skipped
        told = [f"written: data/{self.dataset}" if ended else "no run came to an end, so there is no dataset yet"]
        if left := [name for name, n in (("was skipped", self.skipped), ("errored", self.errored)) if n]:
            told.append(f"  the same command with --resume calls what {' or '.join(left)}")
        if self.scored or self.unjudged:
            told.append(f"  pilotage run --dataset {self.dataset}")
        return told
