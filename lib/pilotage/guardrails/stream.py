"""An answer that comes in pieces: what is safe is given out at once, and what straddles pieces is found.

What is promised:
- The findings at the close are those of `check_output` on the whole answer, however it was cut. (Where the stream was
  stopped by something that only looked so before more of it came, that finding stands beside them.)
- After a finding whose action is block, and after one of kind undecided, nothing more is given out.
- No character of a blocked finding is given out where it is at most `held` characters long; of a longer one the
  beginning may be. Unbroken signs, such as keys and base64, are held back as one up to RUN of them; a longer run is
  undecided, and so stops the stream.
- Memory is flat and time linear in the answer.
What asks for a review does not stop the stream: look at `decision` as it goes on.
"""

from __future__ import annotations

from dataclasses import replace

from pilotage.guardrails.findings import UNDECIDED, Checked, Decision, Finding, checked, readable, undecided
from pilotage.guardrails.output_side import RUN, TOO_LONG, Blocks, OutputSide, unbroken

HELD = 512  # characters at the end that are not given out yet
STEP = 128  # new characters after which the end is looked at again; more where much is held back
SHARE = 8  # one in so many of what is held back, so that time is linear in a long run too
CONTEXT = 256  # characters given out already that are read along
UNSURE = 64  # so near the end, what follows may still show that a finding is none


class OutputStream:
    """One answer as it is written: `feed` each piece and pass on what comes back, then `close`."""

    def __init__(self, side: OutputSide) -> None:
        self._side, self._blocks = side, Blocks(side)
        self.held = max(HELD, UNSURE + (side.leak.reach if side.leak else 0))
        self._new: list[str] = []  # pieces not looked at yet
        self._waiting = 0  # how many characters they hold
        self._text, self._offset = "", 0  # the end of what was looked at, and where it begins in the answer
        self._free = 0  # how much of it was given out
        self._found: list[Finding] = []
        self._stop: Finding | None = None

    @property
    def stopped(self) -> bool:
        """Whether nothing more is given out."""
        return self._stop is not None

    @property
    def decision(self) -> Decision:
        """The decision on what has been judged so far."""
        return self._checked().decision

    def feed(self, chunk: str) -> str:
        """What is safe to pass on now: text from before the piece, part of it, or empty text.

        Anything but text cannot be decided, and stops the stream.
        """
        if not isinstance(chunk, str):
            self._keep([undecided("output", "text", f"a piece is {type(chunk).__name__}, not text")])
            return ""
        self._new.append(chunk)
        self._waiting += len(chunk)
        return self._looked() if self._waiting >= max(STEP, (len(self._text) - self._free) // SHARE) else ""

    def close(self) -> tuple[Checked, str]:
        """The decision on the whole answer, and the rest that is safe to pass on: empty text after a stop."""
        self._take_in()
        self._keep(self._blocks.close())
        rest = "" if self.stopped else self._text[self._free :]
        self._text, self._free = "", 0
        return self._checked(), rest

    def _checked(self) -> Checked:
        seen_in_part = [self._stop] if self._stop and not any(map(_stops, self._found)) else []
        return checked([*self._found, *seen_in_part])

    def _take_in(self) -> None:
        """The new pieces join the text, and blocks that are complete now are judged."""
        new = readable("".join(self._new))
        self._new, self._waiting = [], 0
        self._keep(self._blocks.feed(new))
        self._text = "" if self.stopped else self._text + new

    def _keep(self, found: list[Finding]) -> None:
        """The findings count; the first that stops a stream stops this one."""
        self._found += found
        self._stop = self._stop or next(filter(_stops, found), None)

    def _looked(self) -> str:
        """Look at the end of the text, and give out what is safe of it."""
        self._take_in()
        if self.stopped:
            return ""
        first, end = max(0, self._free - CONTEXT), len(self._text)
        stopping = [self._placed(one, first) for one in self._side.find(self._text[first:]) if _stops(one)]
        for one in stopping:
            if one.kind == UNDECIDED or self._offset + self._free < one.end <= self._offset + end - UNSURE:
                self._stop = one
                return ""
        ahead = [one.start - self._offset for one in stopping if one.end - self._offset > self._free]
        until = min([end - self.held, *ahead])
        runs = [(start + self._free, after + self._free) for start, after in unbroken(self._text[self._free :])]
        if any(after - start > RUN for start, after in runs):
            self._stop = undecided("output", "length", TOO_LONG)
            return ""
        return self._given_out(min([until, *(start for start, after in runs if after > until)]))

    def _placed(self, one: Finding, first: int) -> Finding:
        """The finding with its place in the whole answer."""
        if one.kind == UNDECIDED:
            return one
        return replace(one, start=one.start + self._offset + first, end=one.end + self._offset + first)

    def _given_out(self, until: int) -> str:
        if until <= self._free:
            return ""
        given = self._text[self._free : until]
        dropped = max(0, until - CONTEXT)
        self._text, self._free, self._offset = self._text[dropped:], until - dropped, self._offset + dropped
        return given


def _stops(one: Finding) -> bool:
    return one.action == "block" or one.kind == UNDECIDED
