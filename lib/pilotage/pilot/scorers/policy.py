"""policy: a function of your own says whether the answer and the tool calls are right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from pilotage.errors import PilotageError
from pilotage.pilot.scorers.settings import Settings, WrongSettings
from pilotage.words import plain

if TYPE_CHECKING:
    from pilotage.agents.run import ToolCall
    from pilotage.pilot.scorers.task import Task


@dataclass(frozen=True, slots=True)
class Policy:
    """`function` is called with the answer's text, the tool calls and the task; it returns a bool, or that and a why.

    It is named module:function; the module is looked for in the current folder first.
    """

    name: ClassVar[str] = "policy"
    where: str
    function: Callable[[str, Sequence[ToolCall], Task], Any] = field(repr=False)  # its address says nothing of it

    @classmethod
    def read(cls, given: Any) -> Policy:
        """From module:function; WrongSettings where there is no such function."""
        settings = Settings(given, "function", ("function",))
        where = settings.text("function")
        function = _found(where, settings) if where else None
        if function is None:
            raise WrongSettings(settings.faults)
        settings.settle()
        return cls(where, function)

    def verdict(self, task: Task, answer: str, calls: Sequence[ToolCall]) -> tuple[bool | None, str]:
        """What the function says; None where it raises or returns something else."""
        try:
            told = self.function(answer, tuple(calls), task)
            passed, why = told if isinstance(told, tuple) and len(told) == 2 else (told, "")
            known = passed is not None and passed in (True, False)
        except Exception as fault:  # somebody else's code: whatever it raises, this answer has no score
            return None, f"{self.where} raised {type(fault).__name__}: {plain(fault)}"
        if not known:
            return None, f"{self.where} returned {plain(repr(told), 80)}, not true or false"
        return bool(passed), plain(why) or f"{self.where} says {'yes' if passed else 'no'}"


def _found(where: str, settings: Settings) -> Callable[..., Any] | None:
    from pilotage.agents.calling import find

    try:
        return find(where)
    except PilotageError as fault:
        told = "; ".join(part for part in (fault.what, fault.next) if part)
        settings.faults.append(f"function: {plain(told)} (got {plain(where, 60)!r})")
        return None
