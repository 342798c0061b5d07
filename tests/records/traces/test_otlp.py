"""OTLP in JSON in every spelling that exporters use."""

from __future__ import annotations

import base64

import pytest

from pilotage.records.traces.otlp import Unreadable, integer, is_export, log_events, spans

TRACE, SPAN, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "00f067aa0ba902b7"


def export(**fields):
    span = {"traceId": TRACE, "spanId": SPAN, "name": "n", "startTimeUnixNano": "5", "endTimeUnixNano": "9", **fields}
    return {"resourceSpans": [{"scopeSpans": [{"scope": {"name": "s"}, "spans": [span]}]}]}


def only(given):
    (span,) = spans(given)
    return span


def in_base64(text: str) -> str:
    return base64.b64encode(bytes.fromhex(text)).decode()


@pytest.mark.parametrize(
    "ids",
    [
        {"traceId": TRACE, "spanId": SPAN, "parentSpanId": PARENT},
        {"traceId": TRACE.upper(), "spanId": "0x" + SPAN, "parentSpanId": PARENT.upper()},
        {"traceId": in_base64(TRACE), "spanId": in_base64(SPAN), "parentSpanId": in_base64(PARENT)},
        {"traceId": in_base64(TRACE).rstrip("="), "spanId": in_base64(SPAN).rstrip("="), "parentSpanId": PARENT},
    ],
)
def test_ids_are_read_in_hex_and_in_base64(ids):
    span = only(export(**ids))
    assert (span.trace_id, span.span_id, span.parent_id) == (TRACE, SPAN, PARENT)


@pytest.mark.parametrize("parent", ["", None, "0000000000000000", "AAAAAAAAAAA="])
def test_a_parent_of_nothing_is_no_parent(parent):
    assert only(export(parentSpanId=parent)).parent_id == ""


def test_keys_are_read_in_both_cases_and_by_their_names_before_2022():
    span = {"trace_id": TRACE, "span_id": SPAN, "parent_span_id": PARENT, "name": "n", "start_time_unix_nano": 7}
    snake = {"resource_spans": [{"scope_spans": [{"scope": {"name": "s"}, "spans": [span]}]}]}
    old = {"instrumentationLibrarySpans": [{"instrumentationLibrary": {"name": "s"}, "spans": [span]}]}
    for given in (snake, {"resourceSpans": [old]}):
        found = only(given)
        assert (found.parent_id, found.start_ns, found.end_ns, found.scope) == (PARENT, 7, None, "s")


@pytest.mark.parametrize("code", [2, "2", "STATUS_CODE_ERROR"])
def test_an_error_is_read_by_number_and_by_name(code):
    assert only(export(status={"code": code})).failed


@pytest.mark.parametrize("status", [None, {}, {"code": 0}, {"code": 1}, {"code": "STATUS_CODE_OK"}, {"code": [2]}])
def test_what_is_no_error_is_none(status):
    assert not only(export(status=status)).failed


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ({"stringValue": "a"}, "a"),
        ({"string_value": "a"}, "a"),
        ({"boolValue": True}, True),
        ({"intValue": "-7"}, -7),
        ({"int_value": 7}, 7),
        ({"intValue": "x"}, None),
        ({"doubleValue": 0.5}, 0.5),
        ({"bytesValue": "AQI="}, "AQI="),
        ({"arrayValue": {"values": [{"intValue": "1"}, {"stringValue": "b"}, {}]}}, [1, "b", None]),
        ({"arrayValue": {}}, []),
        ({"kvlistValue": {"values": [{"key": "k", "value": {"arrayValue": {"values": []}}}]}}, {"k": []}),
        ({}, None),
        (None, None),
    ],
)
def test_every_kind_of_value_is_read(value, plain):
    assert only(export(attributes=[{"key": "a", "value": value}])).attributes == {"a": plain}


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (export(traceId=None), "has no trace id"),
        (export(spanId=""), "has no span id"),
        (export(spanId="xyz"), r"wrong span id \('xyz'\)"),
        (export(spanId=12), "wrong span id"),
        (export(startTimeUnixNano="soon"), "not a number of nanoseconds"),
        (export(attributes={"a": 1}), "attributes is not a list"),
        (export(attributes=["a"]), "attributes are not a list of keys with values"),
        (export(events=[1]), "where an object should"),
        ({"resourceSpans": {"a": 1}}, "resourceSpans is not a list"),
        ({"resourceSpans": ["a"]}, "where an object should"),
        ([], "is not a JSON object"),
    ],
)
def test_what_cannot_be_taken_apart_is_said(broken, why):
    with pytest.raises(Unreadable, match=why):
        list(spans(broken))


@pytest.mark.parametrize(
    ("given", "number"),
    [(7, 7), ("7", 7), (7.0, 7), (0, 0), ("", None), (None, None), (True, None), (-1, None), (7.5, None), ("٧", None)],
)
def test_a_whole_number_is_read_from_number_and_text(given, number):
    assert integer(given) == number


def test_a_time_of_zero_is_not_known():
    assert only(export(startTimeUnixNano="0", endTimeUnixNano=0)).start_ns is None


@pytest.mark.parametrize("given", [{}, {"resourceSpans": []}, {"resource_logs": []}, {"resourceMetrics": []}])
def test_exports_are_known_by_what_they_hold(given):
    assert is_export(given)
    assert not is_export({"spans": []})
    assert not is_export([])


def test_log_records_that_name_a_span_are_events():
    record = {"timeUnixNano": "5", "eventName": "e", "traceId": TRACE, "spanId": SPAN, "attributes": []}
    unnamed = {"traceId": TRACE, "spanId": SPAN}
    logs = {"resourceLogs": [{"scopeLogs": [{"scope": {"name": "s"}, "logRecords": [record, unnamed]}]}]}
    ((trace, span, scope, event),) = log_events(logs)
    assert (trace, span, scope, event.name, event.time_ns) == (TRACE, SPAN, "s", "e", 5)
