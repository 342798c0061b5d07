"""json_fields: the answer is JSON, and these of its fields have these values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pilotage.pilot.scorers.settings import WrongSettings, shown
from pilotage.words import plain

if TYPE_CHECKING:
    from pilotage.agents.run import ToolCall
    from pilotage.pilot.scorers.task import Task

NOTHING: Any = object()  # no JSON value, not even null


@dataclass(frozen=True, slots=True)
class JsonFields:
    """Dotted paths (`customer.address.city`, `lines.0.amount`) and the JSON value expected at each."""

    name: ClassVar[str] = "json_fields"
    fields: Mapping[str, Any]

    @classmethod
    def read(cls, given: Any) -> JsonFields:
        """From a mapping of dotted paths to values; WrongSettings else."""
        if not isinstance(given, dict):
            raise WrongSettings([f"should be a mapping of dotted paths to values{shown(given)}"])
        if not given:
            raise WrongSettings(["should name at least one field"])
        if empty := [path for path in given if not all(path.split("."))]:
            raise WrongSettings([f"{path!r} is no dotted path" for path in empty])
        return cls(given)

    def verdict(self, task: Task, answer: str, calls: Sequence[ToolCall]) -> tuple[bool | None, str]:
        """Passes when every field has its value; an answer without JSON, and a field that is not there, fail."""
        value = json_in(answer)
        if value is NOTHING:
            return False, "the answer holds no JSON object or list"
        faults = [fault for path, wanted in self.fields.items() if (fault := _fault(value, path, wanted))]
        return not faults, "; ".join(faults) or f"all {len(self.fields)} fields are as expected"


def _fault(value: Any, path: str, wanted: Any) -> str:
    """What is wrong with one field; empty where it is as expected."""
    found = at(value, path)
    if found is NOTHING:
        return f"{path} is missing"
    return "" if same(found, wanted) else f"{path} is {_short(found)}, expected {_short(wanted)}"


def at(value: Any, path: str) -> Any:
    """What lies at the dotted path; a number picks from a list. A key that has dots itself is found whole first."""
    if isinstance(value, dict) and path in value:
        return value[path]
    head, dot, rest = path.partition(".")
    inner = NOTHING
    if isinstance(value, dict):
        inner = value.get(head, NOTHING)
    elif isinstance(value, list) and head.isdecimal() and len(head) < 10 and int(head) < len(value):
        inner = value[int(head)]
    return at(inner, rest) if dot and inner is not NOTHING else inner


def same(one: Any, other: Any) -> bool:
    """Equal as JSON: 1 is 1.0, but true is not 1; the order of keys does not matter, that of a list does."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def json_in(text: str) -> Any:
    """The JSON object or list that a text is or holds: the whole text, else the first that stands in it, as between
    fences; NOTHING where there is none."""
    text = text.strip()
    whole = _decoded(text)
    if isinstance(whole, dict | list):
        return whole
    starts = (place for place, sign in enumerate(text) if sign in "{[")
    for _, place in zip(range(_TRIED), starts, strict=False):
        value = _decoded(text[place:], rest=True)
        if isinstance(value, dict | list):
            return value
    return NOTHING


_TRIED = 50  # brackets at which a JSON value is looked for; an answer of a thousand open brackets is no JSON


def _decoded(text: str, rest: bool = False) -> Any:
    """The text read as JSON; with `rest` something may follow. NOTHING where it is none."""
    decoder = json.JSONDecoder(parse_constant=_no_number)
    try:
        return decoder.raw_decode(text)[0] if rest else decoder.decode(text)
    except (ValueError, RecursionError):
        return NOTHING


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def _short(value: Any) -> str:
    return plain(json.dumps(value, ensure_ascii=False), 80)
