"""What a proposal replaced: its diff taken back from its text, and believed only where the hash fits."""

from __future__ import annotations

import re

from pilotage.approvals import Proposal
from pilotage.approvals.proposal import digest

_HUNK = re.compile(r"@@ -\S+ \+(\d+)(,0)?\S* @@")


def text_before(proposal: Proposal) -> str | None:
    """The file's text as it was before the proposal; None where diff and text do not lead back to its hash."""
    try:
        old = _undone(proposal.text.split("\n"), proposal.diff.split("\n")[2:])
    except IndexError:
        return None
    return old if digest(old) == proposal.before else None


def _undone(new: list[str], diff: list[str]) -> str:
    old, at = list[str](), 0
    for line in diff:
        if hunk := _HUNK.match(line):
            begin = int(hunk[1]) - (not hunk[2])  # an empty hunk names the line before it
            old += new[at:begin]
            at = begin
        elif line[0] == "-":
            old.append(line[1:])
        else:
            old += [new[at]] if line[0] == " " else []
            at += 1
    return "\n".join(old + new[at:])
