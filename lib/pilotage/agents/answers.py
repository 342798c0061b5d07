"""What an agent's own JSON answer says: the form that endpoints and functions share."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pilotage.agents.run import Answer, Outcome, Status, ToolCall

TEXT_KEYS = ("output", "text", "answer")
MOST = 10**12  # of tokens, money or seconds: sums of such numbers fit into every table
LAST_S = 4_102_444_800  # Unix seconds of the year 2100: what is told in thousandths of a second lies beyond it


class NotAnAnswer(ValueError):
    """The answer is not of the form; its text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer with what came with it; tokens are None where not told."""

    answer: Answer
    model: str | None
    input_tokens: int | None
    output_tokens: int | None
    tool_calls: tuple[ToolCall, ...]


def read_answer(given: Any) -> Told:
    """What a text or a mapping says; NotAnAnswer where it has no text, or a value that cannot be."""
    if isinstance(given, str):
        return Told(Answer(well_formed(given)), None, None, None, ())
    if not isinstance(given, Mapping):
        raise NotAnAnswer(f"should be text or an object with {TEXT_KEYS[0]!r}, not {_kind(given)}")
    usage = given.get("usage")
    usage = usage if isinstance(usage, Mapping) else {}
    outcome: Any = _word(given, "outcome", get_args(Outcome))
    answer = Answer(_text(given), outcome, _number(given, "confidence", highest=1), _number(given, "cost"))
    calls = given.get("tool_calls") or []
    if not isinstance(calls, list | tuple):
        raise NotAnAnswer("tool_calls should be a list")
    told = tuple(_tool_call(seq, call) for seq, call in enumerate(calls, 1))
    model = given.get("model")
    in_tokens, out_tokens = tokens(usage, "input_tokens"), tokens(usage, "output_tokens")
    return Told(answer, model if isinstance(model, str) else None, in_tokens, out_tokens, told)


def tokens(usage: Mapping[str, Any], *names: str) -> int | None:
    """The first of these counts that is a whole number from 0 to MOST; None where none is."""
    for name in names:
        count = usage.get(name)
        if isinstance(count, int) and not isinstance(count, bool) and 0 <= count <= MOST:
            return count
    return None


def well_formed(text: str) -> str:
    """The text without lone surrogates, which JSON can spell and no file can hold; � stands for each."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def as_text(value: Any) -> str:
    """A value as the model or a scorer reads it: text as it is, all else as JSON."""
    return well_formed(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))


def _text(given: Mapping[str, Any]) -> str:
    for name in TEXT_KEYS:
        if given.get(name) is not None:
            return _as_json(given[name], name)
    raise NotAnAnswer(f"has none of {', '.join(TEXT_KEYS)}")


def _as_json(value: Any, name: str) -> str:
    try:
        return as_text(value)
    except (TypeError, ValueError, RecursionError):  # a function's own: a value that holds itself, a key that is a pair
        raise NotAnAnswer(f"has what JSON cannot say under {name!r}") from None


def _word(given: Mapping[str, Any], name: str, known: tuple[str, ...], place: str = "") -> str:
    """One of the known words; the first of them where nothing is said."""
    word = given.get(name)
    if word is None:
        return known[0]
    if word not in known:
        raise NotAnAnswer(f"{place}{name} should be one of {', '.join(known)}")
    return str(word)


def _number(given: Mapping[str, Any], name: str, highest: float = MOST) -> float | None:
    value = given.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= highest:
        raise NotAnAnswer(f"{name} should be a number from 0 to {highest:.0f}")
    return float(value)


def _tool_call(seq: int, given: Any) -> ToolCall:
    """One tool call as the agent tells it: `tool` (or `name`), and what else it knows."""
    if not isinstance(given, Mapping) or not isinstance(tool := given.get("tool", given.get("name")), str):
        raise NotAnAnswer(f"tool_calls[{seq}] should be an object with 'tool'")
    status: Any = _word(given, "status", get_args(Status), f"tool_calls[{seq}].")
    error_type = given.get("error_type")
    return ToolCall(
        seq,
        well_formed(tool),
        _number(given, "started_at", highest=LAST_S),
        _number(given, "duration_s"),
        _as_json(given.get("arguments") or {}, "arguments"),
        status,
        well_formed(error_type) if isinstance(error_type, str) else None,
    )


def _kind(given: Any) -> str:
    return "nothing" if given is None else f"a {type(given).__name__}"
