"""What a user is told when something cannot go on: what happened, where, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable


class PilotageError(Exception):
    """The root of every error a user can cause; the command line prints it without a traceback and exits 2."""

    exit_code = 2

    def __init__(self, what: str, where: str = "", next: str = "") -> None:
        self.what, self.where, self.next = what, where, next
        super().__init__(what)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f"\n  {self.next}" if self.next else ""
        return f"{place}{self.what}{advice}"

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: the message alone, since a user's own mistake is not a fault of the code."""
        return str(self).splitlines()


class InputFaults(PilotageError):
    """All faults of one input at once, one line each, under a title that names the input."""

    def __init__(self, title: str, faults: Iterable[str], next: str = "") -> None:
        self.faults = list(faults)
        super().__init__(title, next=next)

    def __str__(self) -> str:
        lines = [f"{self.what}:", *(f"  {fault}" for fault in self.faults)]
        return "\n".join([*lines, f"  {self.next}"] if self.next else lines)
