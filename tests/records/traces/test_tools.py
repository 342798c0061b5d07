"""Which spans are tool calls, and with which arguments."""

from __future__ import annotations

import json

import pytest

from pilotage.records.traces.messages import answered, asked_for, numbered, opened, read_messages
from pilotage.records.traces.otlp import Event, RawSpan
from pilotage.records.traces.span import to_span

AGENT = {"gen_ai.operation.name": "invoke_agent"}
FIND = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "find"}


def asking(*tools, **more):
    asked = [
        {"type": "tool_call", "id": f"i{at}", "name": tool, "arguments": {"n": at}} for at, tool in enumerate(tools)
    ]
    messages = json.dumps([{"role": "assistant", "parts": asked}])
    return {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.output.messages": messages, **more}


def tools_of(importing, *spans):
    return [(row["tool"], row.get("arguments")) for row in importing(list(spans)).rows("tool_calls")]


def test_a_tool_recorded_by_two_instrumentations_is_one_call(importing, span):
    spans = [
        span("desk", "r", "", (0, 99), more=AGENT),
        span("find", "a", "r", (1, 9), scope="agent", more=FIND),
        span("tools/call find", "b", "a", (-20, -12), scope="mcp", more=FIND | {"gen_ai.tool.call.arguments": "{}"}),
        span("find", "c", "r", (20, 29), scope="agent", more=FIND),
    ]
    assert tools_of(importing, *spans) == [("find", "{}"), ("find", None)]


def test_a_tool_that_calls_another_is_two_calls(importing, span):
    other = FIND | {"gen_ai.tool.name": "look"}
    spans = [
        span("desk", "r", "", (0, 99), more=AGENT),
        span("f", "a", "r", (1, 9), more=FIND),
        span("l", "b", "a", (2, 3), more=other),
    ]
    assert [tool for tool, _ in tools_of(importing, *spans)] == ["find", "look"]


@pytest.mark.parametrize("name", ["find", "execute_tool find", "running tool: find", "find.tool", "find.task"])
def test_a_silent_span_named_as_the_tool_just_asked_for_is_its_call(importing, span, name):
    spans = [
        span("desk", "r", "", (0, 99)),
        span("chat", "a", "r", (1, 9), more=asking("find")),
        span(name, "b", "r", (10, 12)),
    ]
    assert tools_of(importing, *spans) == [("find", '{"n": 0}')]


def test_a_silent_span_is_no_tool_call_when_nobody_asked_for_it_before(importing, span):
    spans = [
        span("desk", "r", "", (0, 99)),
        span("find", "early", "r", (1, 2)),
        span("chat", "a", "r", (3, 9), more=asking("find")),
        span("find", "b", "r", (10, 12)),
        span("find", "inner", "b", (10, 11)),
        span("find", "again", "r", (13, 14)),
        span("look", "other", "r", (15, 16)),
        span("find", "elsewhere", "", (20, 21), "u"),
    ]
    assert tools_of(importing, *spans) == [("find", '{"n": 0}')]


def test_a_silent_span_beside_the_tool_calls_own_is_none(importing, span):
    spans = [
        span("desk", "r", "", (0, 99)),
        span("chat", "a", "r", (1, 9), more=asking("find")),
        span("find", "b", "r", (10, 12)),
        span("execute_tool", "c", "r", (10, 12), more=FIND),
    ]
    assert tools_of(importing, *spans) == [("find", None)]


def test_arguments_that_only_the_model_recorded_are_found_by_the_calls_id(importing, span):
    spans = [
        span("desk", "r", "", (0, 99), more=AGENT),
        span("chat", "a", "r", (1, 9), more=asking("find", "find")),
        span("find", "b", "r", (10, 12), more=FIND | {"gen_ai.tool.call.id": "i1"}),
    ]
    assert tools_of(importing, *spans) == [("find", '{"n": 1}')]


def test_a_tool_call_outside_any_run_is_kept_for_the_intake_to_set_aside(importing, span):
    dataset = importing([span("find", "a", more=FIND), span("desk", "r", "", (0, 9), "u", more=AGENT)])
    assert ["interaction_id" in row for row in dataset.rows("tool_calls")] == [False]
    assert "tool calls outside any run: 1; the intake sets them aside" in dataset.told


MESSAGES = [
    ([{"role": "user", "content": "a"}], "a", None, []),
    (
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "image_url"}]}]},
        "a",
        None,
        [],
    ),
    ({"choices": [{"message": {"role": "assistant", "content": "b"}}]}, None, "b", []),
    ('[{"role": "user", "parts": [{"type": "text", "content": "a"}]}]', "a", None, []),
    ([[{"role": "human", "content": "a"}], {"role": "ai", "content": "b"}], "a", "b", []),
    ({"output": [{"type": "function_call", "name": "f", "arguments": "{}"}]}, None, None, [("f", "{}")]),
    (
        {"output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "b"}]}]},
        None,
        "b",
        [],
    ),
    (
        {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "f", "input": {"n": 1}}]},
        None,
        None,
        [("f", '{"n": 1}')],
    ),
    ({"role": "assistant", "tool_calls": '[{"name": "f", "arguments": "{}"}]'}, None, None, [("f", "{}")]),
    ({"message": '{"role": "assistant", "content": "b"}'}, None, "b", []),
    ({"input": "words"}, None, None, []),
    (["words", 1, None], None, None, []),
    ("{broken", None, None, []),
    ({"role": 7, "content": 7, "parts": "x", "tool_calls": {"a": 1}}, None, None, []),
    ({"tool_calls": [None, "x", {"function": "f"}, {"function": {"name": 7}}]}, None, None, []),
    (None, None, None, []),
]


@pytest.mark.parametrize(("value", "asked", "said", "tools"), MESSAGES)
def test_messages_are_read_in_every_shape(value, asked, said, tools):
    found = read_messages(value)
    assert (asked_for(found), answered(found)) == (asked, said)
    assert [(each.tool, each.arguments) for message in found for each in message.requests] == tools


def test_numbered_attributes_are_read_in_their_order():
    given = {"p.10.role": "user", "p.2.role": "system", "p.2.a.0.b": 1, "p.2": "clash", "q.0": 1}
    assert numbered(given, "p.")[-1] == {"role": "user"}
    assert numbered({"p.0.role": "a", "p.role": "b"}, "p.") == []
    assert numbered({"p.0": "a", "p.0.b": 1}, "p.") == ["a"]


@pytest.mark.parametrize("text", ["plain", "{broken", "", "[1,", '"open', "[" * 50_000])
def test_a_text_that_is_no_json_stays_itself(text):
    assert opened(text) == text


CHOICE = {"index": 0, "message": {"role": "assistant", "content": "b", "tool_calls": [{"function": {"name": "f"}}]}}


@pytest.mark.parametrize(
    "events",
    [
        [("gen_ai.user.message", {"content": "a"}), ("gen_ai.choice", CHOICE)],
        [("gen_ai.user.message", {"content": "a"}), ("gen_ai.choice", {"message": json.dumps(CHOICE["message"])})],
        [
            ("gen_ai.content.prompt", {"gen_ai.prompt": '[{"role": "user", "content": "a"}]'}),
            ("gen_ai.content.completion", {"gen_ai.completion": json.dumps([CHOICE["message"]])}),
        ],
        [
            (
                "gen_ai.client.inference.operation.details",
                {
                    "gen_ai.input.messages": [{"role": "user", "parts": [{"type": "text", "content": "a"}]}],
                    "gen_ai.output.messages": [CHOICE["message"]],
                },
            )
        ],
    ],
)
def test_messages_are_read_from_events(events):
    given = tuple(Event(name, 1, attributes) for name, attributes in events)
    raw = RawSpan("t", "s", "", "n", "", 1, 2, False, {"gen_ai.operation.name": "chat"}, given)
    span = to_span(raw, 0)
    assert (span.input_text, span.output_text, [each.tool for each in span.requests]) == ("a", "b", ["f"])


def test_messages_are_read_from_events_in_an_attribute():
    kept = [{"event.name": "gen_ai.user.message", "content": "a"}, {"event.name": "gen_ai.choice", **CHOICE}]
    given = {"gen_ai.operation.name": "chat", "events": json.dumps(kept)}
    span = to_span(RawSpan("t", "s", "", "n", "", 1, 2, False, given, ()), 0)
    assert (span.input_text, span.output_text) == ("a", "b")


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({"input.value": "words"}, "words"),
        ({"input.value": '{"args": ["words"], "kwargs": {}}'}, "words"),
        ({"input.value": '{"args": [], "kwargs": {"question": "words"}}'}, "words"),
        ({"mlflow.spanInputs": '{"q": "words"}'}, "words"),
        ({"input.value": '{"a": 1, "b": "x"}'}, '{"a": 1, "b": "x"}'),
        ({"input.value": '[{"role": "user", "content": "words"}]'}, "words"),
        ({}, None),
    ],
)
def test_what_a_run_was_asked_is_told_in_words(given, asked):
    raw = RawSpan("t", "s", "", "n", "", 1, 2, False, given | {"openinference.span.kind": "AGENT"}, ())
    assert to_span(raw, 0).input_text == asked


def test_a_structured_answer_stays_as_it_was_recorded():
    given = {"openinference.span.kind": "AGENT", "output.value": '{"status": "paid"}'}
    assert to_span(RawSpan("t", "s", "", "n", "", 1, 2, False, given, ()), 0).output_text == '{"status": "paid"}'


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}}, (5, 2)),
        ({"input": 5, "output": 2, "total": 7}, (5, 2)),
        ({"input": 5, "input_cached_tokens": 3, "output": 2, "output_reasoning": 1}, (8, 3)),
        ({"total": 7}, (None, None)),
        ({"input": -5, "output": "many"}, (None, None)),
        ({}, (None, None)),
    ],
)
def test_tokens_of_a_usage_text_are_read_and_never_zero_in_their_place(usage, counts):
    given = {"langfuse.observation.type": "generation", "langfuse.observation.usage_details": json.dumps(usage)}
    span = to_span(RawSpan("t", "s", "", "n", "", 1, 2, False, given, ()), 0)
    assert (span.input_tokens, span.output_tokens) == counts


def test_tokens_of_zero_that_are_given_are_zero():
    given = {"gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 0, "gen_ai.usage.output_tokens": 0}
    assert to_span(RawSpan("t", "s", "", "n", "", 1, 2, False, given, ()), 0).tokens == (0, 0)
