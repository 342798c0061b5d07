"""contains: these texts stand in the answer, or do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pilotage.pilot.scorers.exact import comparable
from pilotage.pilot.scorers.settings import Settings
from pilotage.words import plain

if TYPE_CHECKING:
    from pilotage.agents.run import ToolCall
    from pilotage.pilot.scorers.task import Task


@dataclass(frozen=True, slots=True)
class Contains:
    """All of `all`, at least one of `any` where it names some, and none of `none` stand in the answer."""

    name: ClassVar[str] = "contains"
    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    ignore_case: bool = False

    @classmethod
    def read(cls, given: Any) -> Contains:
        """From a text, a list of texts that must all be there, or {all, any, none, ignore_case}; WrongSettings else."""
        settings = Settings(given, "all", ("all", "any", "none", "ignore_case"))
        wanted, some, unwanted = (settings.texts(name) for name in ("all", "any", "none"))
        if not settings.faults and not (wanted or some or unwanted):
            settings.faults.append("should name a text under all, any or none")
        ignore_case = settings.flag("ignore_case", False)
        settings.settle()
        return cls(wanted, some, unwanted, ignore_case)

    def verdict(self, task: Task, answer: str, calls: Sequence[ToolCall]) -> tuple[bool | None, str]:
        """Passes when what should be there is and what should not is not."""
        said = comparable(answer, self.ignore_case)

        def there(text: str) -> bool:
            return comparable(text, self.ignore_case) in said

        absent = [text for text in self.all if not there(text)]
        if self.any and not any(map(there, self.any)):
            absent.append(" or ".join(self.any))
        present = [text for text in self.none if there(text)]
        faults = [f"the answer lacks {_named(absent)}"] if absent else []
        faults += [f"the answer has {_named(present)}"] if present else []
        return not faults, "; ".join(faults) or "the answer has what it should"


def _named(texts: Sequence[str]) -> str:
    return ", ".join(repr(plain(text, 80)) for text in texts[:5])
