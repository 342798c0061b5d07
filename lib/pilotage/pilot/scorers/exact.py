"""exact: the answer is this text, or one of these, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from unicodedata import normalize

from pilotage.pilot.scorers.settings import Settings
from pilotage.words import plain

if TYPE_CHECKING:
    from pilotage.agents.run import ToolCall
    from pilotage.pilot.scorers.task import Task


@dataclass(frozen=True, slots=True)
class Exact:
    """The whole answer, without the white space around it, compared as text; accents may be written either way."""

    name: ClassVar[str] = "exact"
    value: tuple[str, ...]
    ignore_case: bool = False

    @classmethod
    def read(cls, given: Any) -> Exact:
        """From a text, a list of texts any of which is right, or {value, ignore_case}; WrongSettings else."""
        settings = Settings(given, "value", ("value", "ignore_case"))
        value = settings.texts("value")
        if not settings.has("value"):
            settings.faults.append("value: is missing")
        ignore_case = settings.flag("ignore_case", False)
        settings.settle()
        return cls(value, ignore_case)

    def verdict(self, task: Task, answer: str, calls: Sequence[ToolCall]) -> tuple[bool | None, str]:
        """Passes when the answer is one of the values."""
        said = comparable(answer, self.ignore_case)
        if any(comparable(value, self.ignore_case) == said for value in self.value):
            return True, "the answer is the expected text"
        expected = " or ".join(repr(plain(value, 80)) for value in self.value[:3])
        return False, f"the answer is {plain(answer.strip(), 80)!r}, expected {expected}"


def comparable(text: str, ignore_case: bool) -> str:
    """The text as it is compared: composed characters (NFC), no white space around it."""
    text = normalize("NFC", text).strip()
    return text.casefold() if ignore_case else text
