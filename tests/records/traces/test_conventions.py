"""The same story in every instrumentation's words comes out the same, to the token."""

from __future__ import annotations

import json
import random

ASKED, ANSWERED = "Where is order 42?", "It was sent."


def essence(dataset) -> dict:
    """What a person would compare: no ids and no times."""
    runs = {row["interaction_id"]: "run" for row in dataset.rows("interactions")}
    return {
        "runs": [(row["input_text"], row["output_text"], row["model"]) for row in dataset.rows("interactions")],
        "calls": [
            (
                runs.get(row.get("interaction_id")),
                row.get("turn"),
                row.get("input_tokens"),
                row.get("output_tokens"),
                row["status"],
            )
            for row in dataset.rows("model_calls")
        ],
        "tools": [
            (runs[row["interaction_id"]], row["seq"], row["tool"], json.loads(row["arguments"]), row["status"])
            for row in dataset.rows("tool_calls")
        ],
    }


EXPECTED = {
    "runs": [(ASKED, ANSWERED, "small-model-2026-05-01")],
    "calls": [
        ("run", 1, 57, 17, "ok"),
        ("run", 2, 57, 17, "ok"),
        (None, None, 57, 17, "ok"),
        (None, None, None, None, "error"),
    ],
    "tools": [
        ("run", 1, "find_order", {"order": 42}, "ok"),
        ("run", 2, "find_customer", {"customer": 7}, "ok"),
    ],
}


def test_each_instrumentation_tells_the_same_story(importing, story):
    dataset = importing(story)
    assert essence(dataset) == EXPECTED
    counted = ("runs", "inner_runs", "model_calls", "failed", "input_tokens", "output_tokens", "tool_calls")
    assert [dataset.facts[name] for name in counted] == [1, 0, 4, 1, 171, 51, 2]


def test_order_and_files_do_not_matter(importing, story):
    mixed = random.Random(7).sample(story, len(story))
    assert essence(importing(*([each] for each in mixed))) == EXPECTED


def test_what_came_twice_counts_once(importing, story):
    dataset = importing(story, story[:3], story)
    assert essence(dataset) == EXPECTED
    assert f"spans that came more than once: {len(story) + 3}; each counts once" in dataset.told


def test_only_the_named_fields_are_copied(importing, span, told_in):
    secret = "sk-do-not-copy"
    spans = told_in("newest GenAI")
    for each in spans:
        each["attributes"].append({"key": "http.request.header.authorization", "value": {"stringValue": secret}})
        each["attributes"].append({"key": "gen_ai.request.api_key", "value": {"stringValue": secret}})
    dataset = importing(spans)
    for path in dataset.folder.iterdir():
        assert secret.encode() not in path.read_bytes()
    assert secret not in str([dataset.rows(table) for table in ("interactions", "model_calls", "tool_calls")])


def test_logfire_records_each_call_twice_and_a_stream_in_two_parts(importing, span, told_in):
    """Pydantic AI's span holds the client's; a streamed reply is told by an instant without length."""
    spans = told_in("Logfire")
    chat = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "small-model",
        "gen_ai.response.model": "small-model",
    }
    counts = {"gen_ai.usage.input_tokens": 57, "gen_ai.usage.output_tokens": 17}
    for parent, trace, at in (("first", "t", (2, 14)), ("second", "t", (41, 59))):
        spans.append(
            span("Chat Completion", f"{parent} inner", parent, at, trace, "logfire.openai", more=chat | counts)
        )
    spans.append(span("Chat Completion", "begun", "streamed", (71, 75), "u", "logfire.openai", more=chat))
    told = chat | counts | {"logfire.span_type": "log"}
    spans.append(span("streaming response", "told", "streamed", (88, 88), "u", "logfire.openai", more=told))
    failed = span("Chat Completion", "broken", "failed", (100, 101), "v", "logfire.openai", "APIError", more=chat)
    assert essence(importing([*spans, failed])) == EXPECTED


def test_two_parts_of_a_streamed_reply_without_parents_are_one_call_across_traces(importing, span, told_in):
    spans = told_in("nothing said of run and tools")
    asked = {"gen_ai.input.messages": '[{"role": "user", "parts": [{"type": "text", "content": "stream it"}]}]'}
    chat = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "small-model", **asked}
    counts = {"gen_ai.usage.input_tokens": 57, "gen_ai.usage.output_tokens": 17}
    spans = [each for each in spans if each["spanId"] != spans[5]["spanId"]]
    spans.append(span("Chat Completion", "begun", "", (70, 72), "x", "logfire.openai", more=chat))
    spans.append(span("streaming response", "told", "", (90, 90), "y", "logfire.openai", more=chat | counts))
    dataset = importing(spans)
    assert essence(dataset) == EXPECTED
    assert [row["duration_s"] for row in dataset.rows("model_calls")][2] == 0.02


def test_http_spans_of_the_client_are_listed_and_not_counted(importing, span, told_in):
    spans = [
        *told_in("OpenLIT"),
        span("POST", "http", "first", (2, 9), scope="http.client", http__url="http://x/?key=1"),
    ]
    dataset = importing(spans)
    assert essence(dataset) == EXPECTED
    assert "not used: 1 span of unknown kind: POST (http.client) 1" in dataset.told
    assert "taken as a run by name and place, since nothing says so: order-desk 1" in dataset.told
    assert (
        "taken as a tool call by name and place, since nothing says so: find_order 1 and find_customer 1"
        in dataset.told
    )
