"""One model call is counted once, however many spans tell of it, and two calls are two."""

from __future__ import annotations

import pytest

AGENT = {"gen_ai.operation.name": "invoke_agent"}


def llm(tokens=(5, 2), model="m", reply="", **more):
    counts = (
        {}
        if tokens is None
        else dict(zip(("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens"), tokens, strict=True))
    )
    given = {"gen_ai.operation.name": "chat", "gen_ai.request.model": model, **counts, **more}
    return given | ({"gen_ai.response.id": reply} if reply else {})


CASES = {
    "one inside the other with the same tokens is one": (
        [("a", "r", (1, 9), "one", llm()), ("b", "a", (2, 8), "two", llm(model="m-2026"))],
        [(5, 2)],
    ),
    "the inner one fills in the tokens that the outer one lacks": (
        [("a", "r", (1, 9), "one", llm(None)), ("b", "a", (2, 8), "two", llm())],
        [(5, 2)],
    ),
    "one inside the other with other tokens is two": (
        [("a", "r", (1, 9), "one", llm((9, 9))), ("b", "a", (2, 8), "two", llm())],
        [(9, 9), (5, 2)],
    ),
    "one inside the other of another model is two": (
        [("a", "r", (1, 9), "one", llm(model="big")), ("b", "a", (2, 8), "two", llm(model="small"))],
        [(5, 2), (5, 2)],
    ),
    "a sum over several inside is no call": (
        [("a", "r", (1, 9), "one", llm((10, 4))), ("b", "a", (2, 4), "two", llm()), ("c", "a", (5, 8), "two", llm())],
        [(5, 2), (5, 2)],
    ),
    "a failed try and the next one inside are both calls, what holds them is none": (
        [("a", "r", (1, 9), "one", llm()), ("b", "a", (2, 4), "two", llm(None)), ("c", "a", (5, 8), "two", llm())],
        [(None, None), (5, 2)],
    ),
    "two instrumentations side by side with the same tokens are one": (
        [("a", "r", (1, 9), "one", llm()), ("b", "r", (2, 9.5), "two", llm())],
        [(5, 2)],
    ),
    "side by side without tokens, only one within the time of the other is the same": (
        [
            ("a", "r", (1, 9), "one", llm(None)),
            ("b", "r", (2, 8), "two", llm(None)),
            ("c", "r", (8.5, 12), "two", llm(None)),
        ],
        [(None, None), (None, None)],
    ),
    "parallel calls of one instrumentation are two": (
        [("a", "r", (1, 9), "one", llm()), ("b", "r", (2, 8), "one", llm())],
        [(5, 2), (5, 2)],
    ),
    "parallel calls that two instrumentations tell of are two": (
        [
            ("a", "r", (1, 9), "one", llm()),
            ("b", "r", (1.1, 9.2), "one", llm()),
            ("c", "r", (1.2, 8.9), "two", llm()),
            ("d", "r", (1.3, 9.1), "two", llm()),
        ],
        [(5, 2), (5, 2)],
    ),
    "calls one after the other are two, also where a gateway gives every reply one id": (
        [("a", "r", (1, 3), "one", llm(reply="x")), ("b", "r", (4, 6), "one", llm(reply="x"))],
        [(5, 2), (5, 2)],
    ),
    "a request and its reply told apart under the reply's id are one": (
        [("a", "r", (1, 3), "one", llm(None, reply="x")), ("b", "r", (4, 6), "one", llm(reply="x"))],
        [(5, 2)],
    ),
    "replies with ids of their own are two, one inside the other or not": (
        [("a", "r", (1, 9), "one", llm(reply="x")), ("b", "a", (2, 8), "two", llm(reply="y"))],
        [(5, 2), (5, 2)],
    ),
    "a call that a tool makes inside a call is one of its own": (
        [
            ("a", "r", (1, 9), "one", llm()),
            ("t", "a", (2, 8), "one", {"gen_ai.operation.name": "execute_tool"}),
            ("b", "t", (3, 7), "one", llm()),
        ],
        [(5, 2), (5, 2)],
    ),
    "a stream told in two parts, twice in a row, is two": (
        [
            ("a", "r", (1, 2), "one", llm(None)),
            ("b", "r", (5, 5), "one", llm()),
            ("c", "r", (6, 7), "one", llm(None)),
            ("d", "r", (9, 9), "one", llm()),
        ],
        [(5, 2), (5, 2)],
    ),
    "an instant without a beginning before it is a call of unknown length": (
        [("b", "r", (5, 5), "one", llm())],
        [(5, 2)],
    ),
}


@pytest.mark.parametrize(("drawn", "counts"), CASES.values(), ids=CASES.keys())
def test_calls_are_counted_once(importing, span, drawn, counts):
    spans = [span("desk", "r", "", (0, 100), more=AGENT)]
    spans += [span("chat", key, parent, at, scope=scope, more=given) for key, parent, at, scope, given in drawn]
    rows = importing(spans).rows("model_calls")
    assert [(row.get("input_tokens"), row.get("output_tokens")) for row in rows] == counts
    assert [row["turn"] for row in rows] == list(range(1, len(counts) + 1))
    assert all(row.get("duration_s") != 0 for row in rows)


def test_two_calls_one_inside_the_other_are_told(importing, span):
    spans = [span("a", "a", "", (1, 9), more=llm((9, 9))), span("b", "b", "a", (2, 8), more=llm())]
    assert "model calls inside another with other tokens or another model: 1; both count" in importing(spans).told


def test_the_failure_of_the_inner_span_is_the_calls(importing, span):
    spans = [
        span("a", "a", "", (1, 9), failed="WrapperError", more=llm(None)),
        span("b", "b", "a", (2, 8), failed="openai.APITimeoutError", more=llm(None)),
    ]
    assert [row["status"] for row in importing(spans).rows("model_calls")] == ["timeout"]


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("openai.APITimeoutError", "timeout"),
        ("httpx.ReadTimeout", "timeout"),
        ("TimeoutError", "timeout"),
        ("timed_out", "timeout"),
        ("DeadlineExceeded", "timeout"),
        ("InternalServerError", "error"),
        ("RuntimeError", "error"),
    ],
)
def test_a_time_out_is_told_from_other_errors_by_its_type(importing, span, kind, status):
    tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "find"}
    spans = [
        span("desk", "r", "", (0, 100), more=AGENT),
        span("chat", "a", "r", (1, 2), failed=kind, more=llm(None)),
        span("find", "t", "r", (3, 4), failed=kind, more=tool),
        span("find", "s", "r", (5, 6), more=tool | {"error.type": kind}),
    ]
    dataset = importing(spans)
    assert [row["status"] for row in dataset.rows("model_calls")] == [status]
    assert [(row["status"], row["error_type"]) for row in dataset.rows("tool_calls")] == [(status, kind)] * 2


def test_an_exception_that_was_handled_is_no_failure(importing, span):
    event = ("exception", {"exception.type": "TimeoutError"})
    assert importing([span("chat", "a", more=llm(), events=[event])]).rows("model_calls")[0]["status"] == "ok"
