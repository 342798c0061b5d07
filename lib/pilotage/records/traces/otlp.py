"""OTLP in JSON as exporters really write it: every spelling of keys, ids, times and values, as plain spans.

Source: the OTLP specification, "JSON Protobuf Encoding" (hex ids, 64-bit integers as text), and what departs from it:
protobuf's own JSON (ids in base64, enumerations by name), snake_case keys, and the field names of before 2022.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_HEX = frozenset("0123456789abcdef")
_FAILED = (2, "2", "STATUS_CODE_ERROR", "Error", "ERROR")


class Unreadable(Exception):
    """A part of an export that cannot be taken apart; its text says why."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at one moment inside a span."""

    name: str
    time_ns: int | None
    attributes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RawSpan:
    """One span as exported: ids in lower-case hex (an absent parent is empty), times in Unix nanoseconds or None."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    scope: str
    start_ns: int | None
    end_ns: int | None
    failed: bool
    attributes: dict[str, Any]
    events: tuple[Event, ...]


def spans(export: Any) -> Iterator[RawSpan]:
    """The spans of one export request; Unreadable for anything else. `{}`, an export of nothing, has none."""
    if not isinstance(export, dict):
        raise Unreadable("is not a JSON object")
    for resource in _list(export, "resourceSpans", "resource_spans"):
        for scoped in _list(resource, "scopeSpans", "scope_spans", "instrumentationLibrarySpans"):
            scope = _get(scoped, "scope", "instrumentationLibrary")
            name = str(_get(scope, "name") or "") if isinstance(scope, dict) else ""
            for given in _list(scoped, "spans"):
                yield _span(given, name)


def log_events(export: Any) -> Iterator[tuple[str, str, str, Event]]:
    """The log records that name a span: trace id, span id, scope and the record as an event."""
    for resource in _list(export, "resourceLogs", "resource_logs"):
        for scoped in _list(resource, "scopeLogs", "scope_logs"):
            scope = str(_get(_get(scoped, "scope") or {}, "name") or "")
            for record in _list(scoped, "logRecords", "log_records"):
                attributes = _attributes(record)
                name = str(_get(record, "eventName", "event_name") or attributes.get("event.name") or "")
                span_id = _get(record, "spanId", "span_id")
                if name and span_id:
                    trace_id = _id(_get(record, "traceId", "trace_id"), 16, "trace id")
                    event = Event(name, _time(_get(record, "timeUnixNano", "time_unix_nano")), attributes)
                    yield trace_id, _id(span_id, 8, "span id"), scope, event


def is_export(value: Any) -> bool:
    """Whether the object is an export of spans, logs, metrics or nothing."""
    known = {"resourceSpans", "resource_spans", "resourceLogs", "resource_logs", "resourceMetrics", "resource_metrics"}
    return isinstance(value, dict) and (not value or bool(known & value.keys()))


def _get(given: Any, *names: str) -> Any:
    if not isinstance(given, dict):
        raise Unreadable("is not OTLP: a text or number stands where an object should")
    for name in names:
        if name in given:
            return given[name]
    return None


def _list(given: Any, *names: str) -> list[Any]:
    found = _get(given, *names)
    if found is None:
        return []
    if not isinstance(found, list):
        raise Unreadable(f"{names[0]} is not a list")
    return found


def _span(given: Any, scope: str) -> RawSpan:
    parent = _get(given, "parentSpanId", "parent_span_id")
    parent_id = _id(parent, 8, "parent span id") if parent else ""
    return RawSpan(
        _id(_get(given, "traceId", "trace_id"), 16, "trace id"),
        _id(_get(given, "spanId", "span_id"), 8, "span id"),
        parent_id if parent_id.strip("0") else "",
        str(given.get("name") or ""),
        scope,
        _time(_get(given, "startTimeUnixNano", "start_time_unix_nano")),
        _time(_get(given, "endTimeUnixNano", "end_time_unix_nano")),
        _failed(given.get("status")),
        _attributes(given),
        tuple(_event(event) for event in _list(given, "events")),
    )


def _event(given: Any) -> Event:
    time = _time(_get(given, "timeUnixNano", "time_unix_nano"))
    return Event(str(given.get("name") or ""), time, _attributes(given))


def _failed(status: Any) -> bool:
    return isinstance(status, dict) and status.get("code") in _FAILED


def _id(given: Any, size: int, what: str) -> str:
    """An id as hex of `size` bytes, from hex or base64."""
    if isinstance(given, str):
        text = given.lower().removeprefix("0x")
        if len(text) == 2 * size and _HEX.issuperset(text):
            return text
        try:
            data = base64.b64decode(given + "=" * (-len(given) % 4), validate=True)
        except (binascii.Error, ValueError):
            data = b""
        if len(data) == size:
            return data.hex()
    raise Unreadable(f"a span has no {what}" if given in (None, "") else f"a span has a wrong {what} ({given!r:.40})")


def _time(given: Any) -> int | None:
    """Unix nanoseconds; 0 and what is absent are None."""
    number = integer(given)
    if given not in (None, "") and number is None:
        raise Unreadable(f"a time is not a number of nanoseconds ({given!r:.40})")
    return number or None


def integer(given: Any) -> int | None:
    """A whole number written as a number or as text; None for anything else, negative ones included."""
    if isinstance(given, bool) or given is None:
        return None
    if isinstance(given, int):
        return given if given >= 0 else None
    if isinstance(given, float):
        return int(given) if given >= 0 and given.is_integer() else None
    text = given.strip() if isinstance(given, str) else ""
    return int(text) if text.isascii() and text.isdigit() else None


def _attributes(given: Any) -> dict[str, Any]:
    """The attributes as plain values; of a key given twice the last counts."""
    return {str(item.get("key")): _value(item.get("value")) for item in _items(given, "attributes")}


def _items(given: Any, name: str) -> list[dict[str, Any]]:
    items = _list(given, name)
    if not all(isinstance(item, dict) for item in items):
        raise Unreadable(f"{name} are not a list of keys with values")
    return items


def _value(given: Any) -> Any:
    """An OTLP AnyValue as text, number, flag, list or dict; bytes stay base64 text; None where it is empty."""
    if not isinstance(given, dict) or not given:
        return None
    kind, inner = next(iter(given.items()))
    if kind in ("intValue", "int_value"):
        return _signed(inner)
    if kind in ("arrayValue", "array_value"):
        return [_value(item) for item in _list(inner or {}, "values")]
    if kind in ("kvlistValue", "kvlist_value"):
        return {str(item.get("key")): _value(item.get("value")) for item in _items(inner or {}, "values")}
    return inner


def _signed(given: Any) -> Any:
    try:
        return int(given)
    except (TypeError, ValueError, OverflowError):
        return None
