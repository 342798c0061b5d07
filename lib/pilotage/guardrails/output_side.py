"""The output side: what must not leave, in one stretch of an answer or block by block in all of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pilotage.guardrails.confidential import ConfidentialTerms
from pilotage.guardrails.findings import UNDECIDED, Finding, attempted, of_rules, read_through, readable, undecided
from pilotage.guardrails.leak import Leak
from pilotage.guardrails.personal_data import MOST, PersonalDataFinder
from pilotage.guardrails.rules import RuleBook
from pilotage.guardrails.views import View

if TYPE_CHECKING:
    from pilotage.guardrails.detectors.presidio import Names

BLOCK = 65_536  # characters of an answer that are judged at a time
LAP = 4_096  # characters on either side that are read along, so that nothing is cut at the edge of a block
RUN = BLOCK  # an unbroken run of signs, such as base64, is read as one up to this length; a longer one is undecided
_SIGN = r"[A-Za-z0-9+/=_.:@%&#;\\-]"
_RUN = re.compile(rf"(?:{_SIGN}|(?<={_SIGN}{{40}})\r?\n(?={_SIGN}))+")  # base64 is broken into lines
TOO_LONG = f"an unbroken run of more than {RUN:,} signs could hide anything"
LEAVING = ("personal data", "names", "leak")  # what must not leave, whoever wrote it
Look = Callable[[], list[Finding]]


@dataclass(frozen=True, slots=True)
class OutputSide:
    """All that looks at what comes out; `leak` and `names` only where the policy has them."""

    rules: RuleBook
    personal: PersonalDataFinder
    confidential: ConfidentialTerms
    leak: Leak | None = None
    names: Names | None = None

    def find(self, text: str, looks: Collection[str] | None = None) -> list[Finding]:
        """What stands in this stretch of an answer; by these looks alone, where they are named.

        Whatever fails while it looks becomes a finding of kind undecided, and the others still count.
        """
        text = readable(text)
        read, found = read_through("output", text)
        seen = read.views
        for name, look in self._looks(text, seen).items():
            if looks is None or name in looks:
                found += attempted("output", name, look)
        return found

    def _looks(self, text: str, seen: list[View]) -> dict[str, Look]:
        looks: dict[str, Look] = {
            "personal data": lambda: self.personal.find(seen),
            "rules": lambda: of_rules("output", self.rules.hits(text, "output", seen)),
            "confidential": lambda: self.confidential.find(seen, "output"),
        }
        leak, names = self.leak, self.names
        if leak is not None:
            looks["leak"] = lambda: leak.find(seen)
        if names is not None:
            looks["names"] = lambda: self.personal.find_names(names, text)
        return looks

    def find_all(self, text: str, looks: Collection[str] | None = None) -> list[Finding]:
        """What stands in a whole answer, block by block: the same as in a stream of it, however it is cut."""
        blocks = Blocks(self, looks)
        return [*blocks.feed(text), *blocks.close()]


class Blocks:
    """Judges an answer of any length with flat memory: blocks of fixed places, each read with its neighbourhood.

    A finding belongs to the block it begins in, and so does an unbroken run of signs, which is read as one. One that is
    longer than RUN is a finding of kind undecided. Blocks lie at the same places however the text comes. Of each kind
    of personal data the first MOST are listed; the decision is the same.
    """

    def __init__(self, side: OutputSide, looks: Collection[str] | None = None) -> None:
        self._side, self._looks = side, looks
        self._text, self._offset = "", 0  # what is kept, and where it begins in the answer
        self._block = 0  # where the block to be judged next begins
        self._undecided: set[tuple[str, str]] = set()
        self._listed: Counter[str] = Counter()

    def feed(self, text: str) -> list[Finding]:
        """The findings of the blocks that are complete now, each with its neighbourhood."""
        self._text += text
        found: list[Finding] = []
        while self._offset + len(self._text) >= self._block + BLOCK + RUN + LAP:
            found += self._judged()
        return found

    def close(self) -> list[Finding]:
        """The findings of what is left."""
        end = self._offset + len(self._text)
        found: list[Finding] = self._judged() if self._block <= end else []
        while self._block < end:
            found += self._judged()
        return found

    def _judged(self) -> list[Finding]:
        """The findings that begin in the block, whose text is then let go but for what the next one reads along."""
        first, after = self._block, self._block + BLOCK
        ahead = self._text[: after + RUN + LAP - self._offset]
        runs = [(start + self._offset, end + self._offset) for start, end in unbroken(ahead)]
        whole = max([after + LAP, *(end for start, end in runs if start < after and end - start <= RUN)])
        found = [self._placed(one) for one in self._side.find(ahead[: whole - self._offset], self._looks)]
        if any(first <= start < after and end - start > RUN for start, end in runs):
            found.append(undecided("output", "length", TOO_LONG))
        kept = [one for one in found if self._begins(one, first, after) and self._new(one)]
        self._block = after
        dropped = max(0, after - LAP - self._offset)
        self._text, self._offset = self._text[dropped:], self._offset + dropped
        return kept

    def _placed(self, one: Finding) -> Finding:
        return (
            one if one.kind == UNDECIDED else replace(one, start=one.start + self._offset, end=one.end + self._offset)
        )

    def _begins(self, one: Finding, first: int, after: int) -> bool:
        """Whether it begins in the block; also one that was cut where reading began, and reaches into the block."""
        cut = 0 < self._offset == one.start and one.end > first
        return one.kind == UNDECIDED or cut or first <= one.start < after

    def _new(self, one: Finding) -> bool:
        """Whether it is not the same failure again, nor one too many of its kind."""
        if one.kind == "personal_data":
            self._listed[one.rule] += 1
            return self._listed[one.rule] <= MOST
        if one.kind != UNDECIDED:
            return True
        before = len(self._undecided)
        self._undecided.add((one.rule, one.reason))
        return len(self._undecided) > before


def unbroken(text: str) -> Iterator[tuple[int, int]]:
    """From where to where the text runs on without a blank, a comma, a quotation mark or a bracket."""
    return (found.span() for found in _RUN.finditer(text))
