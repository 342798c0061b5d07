"""trajectory: the agent called these tools, in this order or in any, and none that are forbidden.

A call counts as made whether the tool then answered, failed or ran out of time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pilotage.pilot.scorers.json_fields import same
from pilotage.pilot.scorers.settings import Settings, WrongSettings, shown
from pilotage.words import plain

if TYPE_CHECKING:
    from pilotage.agents.run import ToolCall
    from pilotage.pilot.scorers.task import Task


@dataclass(frozen=True, slots=True)
class Wanted:
    """One expected call; `arguments` None accepts any."""

    tool: str
    arguments: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        given = "" if self.arguments is None else plain(json.dumps(self.arguments, ensure_ascii=False), 80)
        return f"{plain(self.tool, 60)}({given})" if given else plain(self.tool, 60)


@dataclass(frozen=True, slots=True)
class Trajectory:
    """`order`: in_order (other calls may stand between), exact (these and no others), any_order (others allowed).

    Arguments named are compared as JSON; `extra_arguments` says whether a call may have more than those.
    """

    name: ClassVar[str] = "trajectory"
    calls: tuple[Wanted, ...] = ()
    order: str = "in_order"
    extra_arguments: bool = True
    forbidden: tuple[str, ...] = ()

    @classmethod
    def read(cls, given: Any) -> Trajectory:
        """From a list of calls, or {calls, order, extra_arguments, forbidden}; WrongSettings else."""
        settings = Settings(given, "calls", ("calls", "order", "extra_arguments", "forbidden"))
        calls = _wanted(settings)
        order = settings.choice("order", ("in_order", "exact", "any_order"))
        more, forbidden = settings.flag("extra_arguments", True), settings.texts("forbidden")
        if not settings.faults and not calls and not forbidden and order != "exact":
            settings.faults.append(
                "should name calls, or forbidden tools; no call at all is order: exact without calls"
            )
        settings.settle()
        return cls(calls, order, more, forbidden)

    def verdict(self, task: Task, answer: str, calls: Sequence[ToolCall]) -> tuple[bool | None, str]:
        """Passes when the calls are as expected and none is forbidden."""
        made = [call.tool for call in calls]
        broken = [plain(tool, 60) for tool in dict.fromkeys(made) if tool in self.forbidden]
        if broken:
            return False, f"called {', '.join(broken)}, which is forbidden"
        compare = {"exact": self._exact, "in_order": self._in_order, "any_order": self._any_order}[self.order]
        fault = compare(calls)
        return not fault, fault or "the tool calls are as expected"

    def _exact(self, calls: Sequence[ToolCall]) -> str:
        for place, (wanted, call) in enumerate(zip(self.calls, calls, strict=False), start=1):
            if not self._fits(wanted, call):
                return f"call {place} is {_made(call)}, expected {wanted}"
        if len(calls) != len(self.calls):
            return f"{len(calls)} calls were made, expected {len(self.calls)}"
        return ""

    def _in_order(self, calls: Sequence[ToolCall]) -> str:
        left = iter(calls)
        for place, wanted in enumerate(self.calls):
            if not any(self._fits(wanted, call) for call in left):
                after = f" after {self.calls[place - 1]}" if place else ""
                return f"{wanted} was not called{after}"
        return ""

    def _any_order(self, calls: Sequence[ToolCall]) -> str:
        """Each expected call needs a call of its own (augmenting paths: one that fits two may be given up for one)."""
        owner: dict[int, int] = {}

        def place(index: int, seen: set[int]) -> bool:
            for spot, call in enumerate(calls):
                if spot not in seen and self._fits(self.calls[index], call):
                    seen.add(spot)
                    if spot not in owner or place(owner[spot], seen):
                        owner[spot] = index
                        return True
            return False

        lost = [str(wanted) for index, wanted in enumerate(self.calls) if not place(index, set())]
        return f"not called: {', '.join(lost)}" if lost else ""

    def _fits(self, wanted: Wanted, call: ToolCall) -> bool:
        if wanted.tool != call.tool or wanted.arguments is None:
            return wanted.tool == call.tool
        given = _arguments(call)
        if given is None or (not self.extra_arguments and given.keys() - wanted.arguments.keys()):
            return False
        return all(name in given and same(given[name], value) for name, value in wanted.arguments.items())


def _wanted(settings: Settings) -> tuple[Wanted, ...]:
    given = settings.raw("calls") if settings.has("calls") else []
    if not isinstance(given, list):
        settings.faults.append(f"calls: should be a list{shown(given)}")
        return ()
    wanted = []
    for place, item in enumerate(given, start=1):
        try:
            wanted.append(_one(item))
        except WrongSettings as wrong:
            settings.faults += [f"calls[{place}].{fault}" for fault in wrong.faults]
    return tuple(wanted)


def _one(item: Any) -> Wanted:
    settings = Settings(item, "tool", ("tool", "arguments"))
    tool, arguments = settings.text("tool"), settings.raw("arguments")
    if arguments is not None and not isinstance(arguments, dict):
        settings.faults.append(f"arguments: should be a mapping of names to values{shown(arguments)}")
    settings.settle()
    return Wanted(tool, arguments)


def _arguments(call: ToolCall) -> dict[str, Any] | None:
    """What the call was given; None where the model wrote no JSON object."""
    try:
        given = json.loads(call.arguments or "{}")
    except (ValueError, RecursionError):
        return None
    return given if isinstance(given, dict) else None


def _made(call: ToolCall) -> str:
    return f"{plain(call.tool, 60)}({plain(call.arguments, 80)})"
