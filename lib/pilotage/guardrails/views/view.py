"""One way of reading a text, and where each of its characters stands in the text as it was written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int64]
Edit = tuple[int, int, str]  # from, to, and what is read there instead


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A reading of a text; for each character `begins` and `ends` say where it stands in the original (None: there)."""

    name: str
    text: str
    begins: Positions | None = field(default=None, repr=False)
    ends: Positions | None = field(default=None, repr=False)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where the characters from `start` to before `end` of this reading stand in the original text.

        What was decoded as one piece (a base64 block) is told as that whole piece. An empty span stays empty.
        """
        if self.begins is None or self.ends is None:
            return start, end
        if start >= end:
            at = int(self.begins[start]) if start < len(self.begins) else int(self.ends[-1]) if len(self.ends) else 0
            return at, at
        return int(self.begins[start:end].min()), int(self.ends[start:end].max())


class Step(NamedTuple):
    """One way of reading on: what it is called, an RE2 pattern of texts that may need it, and the reading itself.

    The reading is the same text where it changes nothing.
    """

    name: str
    trigger: str
    read: Callable[[View], View]


def edited(view: View, name: str, edits: Sequence[Edit]) -> View:
    """The view with each edit made; edits are in order and do not overlap. The view itself where nothing changes.

    An edit that keeps its length stands for single letters that were swapped, so that they keep their exact places.
    """
    edits = [edit for edit in edits if view.text[edit[0] : edit[1]] != edit[2]]
    if not edits:
        return view
    text, at = view.text, 0
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    exact: list[bool] = []
    for start, end, new in edits:
        pieces += (text[at:start], new)
        starts += (at, start)
        ends += (start, end)
        exact += (True, len(new) == end - start)
        at = end
    pieces.append(text[at:])
    places = _positions([*starts, at], [*ends, len(text)], [len(piece) for piece in pieces], [*exact, True])
    return placed(view, name, "".join(pieces), *places)


def placed(view: View, name: str, text: str, begins: Positions, ends: Positions) -> View:
    """A reading whose characters stand at `begins` to `ends` of the view, seen from the original text."""
    if view.begins is not None and view.ends is not None:
        begins, ends = view.begins[begins], view.ends[ends - 1]
    return View(name, text, begins, ends)


def same_places(view: View, name: str, text: str) -> View:
    """A reading of the same length, in which letters were swapped for others; the view itself where none was."""
    return view if text == view.text else View(name, text, view.begins, view.ends)


def _positions(
    starts: list[int], ends: list[int], lengths: list[int], exact: list[bool]
) -> tuple[Positions, Positions]:
    """Begin and end of each new character in the old text, from the pieces the new text is made of."""
    counts = np.asarray(lengths, dtype=np.int64)
    offsets = np.arange(int(counts.sum()), dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)
    single = np.repeat(np.asarray(exact, dtype=bool), counts)
    first = np.repeat(np.asarray(starts, dtype=np.int64), counts)
    last = np.repeat(np.asarray(ends, dtype=np.int64), counts)
    begins = np.where(single, first + offsets, first)
    return begins, np.where(single, begins + 1, last)
