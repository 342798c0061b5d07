"""Stretches of digits and the separators of telephone numbers, cut into groups; dates in them are marked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pilotage.redact.reading import Pattern, Reading

_RUN = Pattern(r"[+(]*\d[\d ().\t/+-]{4,}\d")
_GROUPS = re.compile(r"\d+")  # one class, one loop: linear in any engine
_DATE = re.compile(r"(?:\d{4}([-./ ])\d{1,2}\1\d{1,2}|\d{1,2}([-./ ])\d{1,2}\2(?:\d{4}|\d\d))")
_LONGEST_JOINT = 5
_FEWEST, _MOST = 7, 18  # digits: the shortest local numbers; fifteen of E.164 and a dialling prefix
_MOST_GROUPS = 7


@dataclass(frozen=True, slots=True)
class Run:
    """Groups of digits with their places in the text; `joints[i]` stands between the groups i and i + 1."""

    reading: Reading
    starts: list[int]
    ends: list[int]
    joints: list[str]
    dates: set[int]

    def digits(self, first: int, last: int) -> str:
        """The digits of these groups, together."""
        return "".join(self.reading.plain[self.starts[i] : self.ends[i]] for i in range(first, last + 1))

    def shape(self, first: int, last: int) -> tuple[int, ...]:
        """How many digits each of these groups has."""
        return tuple(self.ends[i] - self.starts[i] for i in range(first, last + 1))

    def continues(self, first: int, last: int) -> bool:
        """Whether the next group hangs on by the same separator: then these are a piece of a longer number."""
        after = last + 1
        return (
            last > first
            and after < len(self.starts)
            and after not in self.dates
            and self.joints[last] == self.joints[last - 1]
        )

    def continued(self, first: int) -> bool:
        """Whether a group before hangs on by the separator that follows: then this is inside a longer number."""
        if not 0 < first < len(self.joints) or first - 1 in self.dates:
            return False
        return self.joints[first - 1] == self.joints[first]

    def stretches(self, first: int) -> list[int]:
        """The groups with which a number that begins here may end, the longest stretch first."""
        found, count = [], 0
        for last in range(first, min(first + _MOST_GROUPS, len(self.starts))):
            if last in self.dates or (last > first and not self._joined(last - 1)):
                break
            count += self.ends[last] - self.starts[last]
            if count > _MOST:
                break
            if count >= _FEWEST:
                found.append(last)
        return found[::-1]

    def _joined(self, place: int) -> bool:
        """Whether the separator is one that telephone numbers have inside."""
        joint = self.joints[place]
        return len(joint) <= _LONGEST_JOINT and "+" not in joint and joint.count("/") + joint.count(".") < 2


def runs(reading: Reading) -> Iterator[Run]:
    """Every stretch of digits and separators with at least six characters."""
    for start, end in _RUN.spans(reading.data):
        if end - start <= _MOST or not reading.data[start:end].isdigit():
            yield _cut(reading, start, end)


def _cut(reading: Reading, start: int, end: int) -> Run:
    starts: list[int] = []
    ends: list[int] = []
    joints: list[str] = []
    for match in _GROUPS.finditer(reading.plain, start, end):
        if starts:
            joints.append(reading.plain[ends[-1] : match.start()])
        starts.append(match.start())
        ends.append(match.end())
    return Run(reading, starts, ends, joints, _dates(reading.plain, starts, ends, joints))


def _dates(plain: str, starts: list[int], ends: list[int], joints: list[str]) -> set[int]:
    """The groups that are parts of a date."""
    found: set[int] = set()
    for place in range(len(starts) - 2):
        if ends[place + 2] - starts[place] > 14 or ends[place + 1] - starts[place + 1] > 2 or place in found:
            continue
        if _is_date(plain[starts[place] : ends[place + 2]].replace(". ", ".")):
            found.update((place, place + 1, place + 2))
    return found


def _is_date(written: str) -> bool:
    """Whether three numbers can be a day, a month and a year; with spaces only where the year has four digits."""
    if not _DATE.fullmatch(written):
        return False
    parts = [int(part) for part in re.split(r"\D+", written)]
    if " " in written and not any(1900 <= part <= 2100 for part in parts):
        return False
    rest = parts[1:] if parts[0] > 31 else parts[:2]
    return min(rest) >= 1 and max(rest) <= 31 and min(rest) <= 12
