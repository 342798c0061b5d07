"""What a judge said: yes, no, or nothing that can be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

SCHEMA = {
    "type": "object",
    "properties": {"reason": {"type": "string"}, "verdict": {"type": "string", "enum": ["yes", "no"]}},
    "required": ["reason", "verdict"],
    "additionalProperties": False,
}
# The reason stands first, so that it is thought of before the verdict is.
RESPONSE_FORMAT = {"type": "json_schema", "json_schema": {"name": "verdict", "strict": True, "schema": SCHEMA}}
MOST = 50  # braces at which an object is looked for: an answer of a thousand open braces is no verdict
_SAID: dict[Any, bool] = {"yes": True, "no": False, "true": True, "false": False}


def verdict_in(text: str) -> bool | None:
    """True for yes, False for no; None where the text holds no verdict, or verdicts that contradict each other.

    The verdict is that of the JSON object that the text is or holds. A judge that quotes what it judges may quote a
    verdict somebody planted there: two that differ are none.
    """
    found = {_said(thing["verdict"]) for thing in _objects(text) if "verdict" in thing}
    return found.pop() if len(found) == 1 else None


def _said(value: Any) -> bool | None:
    return value if isinstance(value, bool) else _SAID.get(str(value).strip().lower())


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects in the text, one after the other."""
    decoder, place = json.JSONDecoder(), 0
    for _ in range(MOST):
        place = text.find("{", place)
        if place < 0:
            return
        try:
            thing, place = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            place += 1
            continue
        yield thing
