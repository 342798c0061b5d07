"""When a reviewer's next item is a planted error: once in so many, at a place that nobody can tell beforehand.

Known errors come late, after their runs were decided as themselves, and so in bulk. Given out as they come they would
be a block that anybody recognizes; so each waits for ordinary items to stand among.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pilotage.hashes import permanent_number
from pilotage.oversight.queue.reading import Slot


@dataclass(frozen=True)
class Turns:
    """The items a person takes, in blocks of about 1 / share, one turn of each block a planted error's.

    Never the block's last, so that no two follow each other. `turn` is how many items the person has taken before;
    `who` is the person's key, `share` from 0, below 1.
    """

    dataset: str
    who: str
    share: float
    turn: int

    def mixed(self, ordinary: Sequence[Slot], planted: Sequence[Slot], number: int) -> list[Slot]:
        """So many items in the order of turns, or what there is; no planted one comes after the last ordinary one."""
        found: list[Slot] = []
        own, known = iter(ordinary), iter(planted)
        rest = len(ordinary)
        while rest and len(found) < number:
            one = next(known, None) if self._is_planted(self.turn + len(found)) else None
            if one is None:
                one, rest = next(own), rest - 1
            found.append(one)
        return found

    def coming(self, ordinary: int, planted: int) -> int:
        """How many of so many planted errors the person gets before they have taken all the ordinary items."""
        if not self.share:
            return 0
        found, block = 0, self.turn // self._length
        while found < planted:
            before = self._planted_turn(block) - self.turn - found  # ordinary items taken until then
            if before >= ordinary:
                break
            found += before + found >= 0  # else that turn is over
            block += 1
        return found

    @property
    def _length(self) -> int:
        return max(2, round(1 / self.share))

    def _planted_turn(self, block: int) -> int:
        chance = permanent_number("planted turn", self.dataset, f"{self.who} {block}")
        return block * self._length + int(chance * (self._length - 1))

    def _is_planted(self, turn: int) -> bool:
        return bool(self.share) and self._planted_turn(turn // self._length) == turn
