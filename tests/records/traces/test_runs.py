"""Which spans are runs, and to which run the others belong."""

from __future__ import annotations

import pytest

LLM = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.usage.input_tokens": 5}
AGENT = {"gen_ai.operation.name": "invoke_agent"}
WORKFLOW = {"traceloop.span.kind": "workflow"}
STEP = {"openinference.span.kind": "CHAIN"}
TOOL = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "find"}


@pytest.fixture
def tree(span, importing):
    """Imports one trace drawn by indentation: `name: KIND` a line, deeper ones inside; `?` in front: parent lost."""

    def grow(text: str):
        kinds = {"LLM": LLM, "AGENT": AGENT, "WORKFLOW": WORKFLOW, "STEP": STEP, "TOOL": TOOL, "": {}}
        spans, above = [], []
        for number, line in enumerate(text.strip("\n").splitlines()):
            depth = (len(line) - len(line.lstrip())) // 2
            name, _, kind = line.strip().partition(":")
            lost, name = name.startswith("?"), name.lstrip("?")
            above = [*above[:depth], name]
            given = dict(kinds[kind.strip()])
            given |= {"gen_ai.agent.name": name} if kind.strip() == "AGENT" else {}
            at = (0, 100) if depth == 0 and not lost else (number, number + 0.5)
            parent = "nobody" if lost else above[depth - 1] if depth else ""
            spans.append(span(name, name, parent, at, more=given))
        return importing(spans)

    return grow


def shape(dataset, span_ids) -> tuple[dict, dict]:
    """Runs with the run that started them, and model calls with their run, by name."""
    name = {f"{trace}-{key}": label for (trace, key), label in span_ids.items()}
    runs = {name[r["interaction_id"]]: name.get(r.get("parent_interaction")) for r in dataset.rows("interactions")}
    calls = {name[r["call_id"]]: name.get(r.get("interaction_id")) for r in dataset.rows("model_calls")}
    return runs, calls


@pytest.fixture
def names(span):
    """The labels a to z by trace and span id."""
    found = {}
    for label in "abcdefghijklmnopqrstuvwxyz":
        one = span("x", label)
        found[one["traceId"], one["spanId"]] = label
    return found


CASES = {
    "an agent's span is the run": ("a: AGENT\n  b: LLM\n  c: LLM", {"a": None}, {"b": "a", "c": "a"}),
    "an agent inside another is a run of its own": (
        "a: AGENT\n  b: LLM\n  t: TOOL\n    c: AGENT\n      d: LLM",
        {"a": None, "c": "a"},
        {"b": "a", "d": "c"},
    ),
    "a workflow that only frames one agent is no run": (
        "w: WORKFLOW\n  s: STEP\n    a: AGENT\n      b: LLM",
        {"a": None},
        {"b": "a"},
    ),
    "a workflow that calls a model itself is the run": (
        "w: WORKFLOW\n  a: AGENT\n    b: LLM\n  c: LLM",
        {"w": None, "a": "w"},
        {"b": "a", "c": "w"},
    ),
    "a workflow of two agents is the run": (
        "w: WORKFLOW\n  a: AGENT\n    b: LLM\n  c: AGENT\n    d: LLM",
        {"w": None, "a": "w", "c": "w"},
        {"b": "a", "d": "c"},
    ),
    "a workflow inside a run is a step of it": ("a: AGENT\n  w: WORKFLOW\n    b: LLM", {"a": None}, {"b": "a"}),
    "a workflow inside a workflow is a step of it": ("w: WORKFLOW\n  v: WORKFLOW\n    b: LLM", {"w": None}, {"b": "w"}),
    "a top span without a kind that holds model calls is the run": (
        "r:\n  s:\n    b: LLM\n  c: LLM",
        {"r": None},
        {"b": "r", "c": "r"},
    ),
    "a top chain that holds model calls is the run": ("r: STEP\n  b: LLM", {"r": None}, {"b": "r"}),
    "a top span that holds an agent is no run": (
        "r:\n  a: AGENT\n    b: LLM\n  c: LLM",
        {"a": None},
        {"b": "a", "c": None},
    ),
    "a top span without model calls is nothing": ("r:\n  s:\n  t: TOOL\n?b: LLM", {}, {"b": None}),
    "a call alone belongs to no run": ("b: LLM", {}, {"b": None}),
    "a call whose parent is lost belongs to the only run around it": (
        "a: AGENT\n  b: LLM\n?c: LLM",
        {"a": None},
        {"b": "a", "c": "a"},
    ),
    "a call whose parent is lost belongs to none of two runs": (
        "a: AGENT\n  b: LLM\nd: AGENT\n  e: LLM\n?c: LLM",
        {"a": None, "d": None},
        {"b": "a", "e": "d", "c": None},
    ),
    "a step whose parent is lost is no run beside the run around it": (
        "a: AGENT\n  b: LLM\n?s: STEP\n  c: LLM",
        {"a": None},
        {"b": "a", "c": "a"},
    ),
    "a run whose parent is in another system's traces is a run": ("?a: AGENT\n  b: LLM", {"a": None}, {"b": "a"}),
}


@pytest.mark.parametrize(("drawn", "runs", "calls"), CASES.values(), ids=CASES.keys())
def test_runs_and_their_calls(tree, names, drawn, runs, calls):
    assert shape(tree(drawn), names) == (runs, calls)


def test_an_agent_recorded_by_two_instrumentations_is_one_run(importing, span):
    named = {"gen_ai.agent.name": "desk"}
    spans = [
        span("desk", "a", "", (0, 90), scope="one", more={"openinference.span.kind": "AGENT", "agent.name": "desk"}),
        span("invoke_agent desk", "b", "a", (1, 80), scope="two", more=AGENT | named),
        span("chat", "c", "b", (2, 70), more=LLM),
    ]
    dataset = importing(spans)
    (run,) = dataset.rows("interactions")
    assert run["latency_s"] == 0.09
    assert dataset.rows("model_calls")[0]["interaction_id"] == run["interaction_id"]


def test_a_run_that_was_not_exported_counts_as_missing(importing, span, told_in):
    lost = [span("chat", key, "gone", at, "x", more=LLM) for key, at in (("b", (1, 2)), ("c", (3, 4)))]
    dataset = importing([*told_in("GenAI"), *lost])
    assert "rows: 2 " in (dataset.folder / "dataset.yaml").read_text()
    assert len(dataset.rows("interactions")) == 1
    assert "mind: traces with calls whose run is in no file: 1; each is a missing row of interactions" in dataset.told
    alone = [row for row in dataset.rows("model_calls") if "interaction_id" not in row]
    assert [row.get("input_tokens") for row in alone] == [5, 5, 57, None]


def test_parents_in_a_circle_come_to_an_end(importing, span):
    spans = [
        span("chat", "a", "b", (1, 2), more=LLM),
        span("step", "b", "c", (0, 9)),
        span("step", "c", "b", (0, 8)),
        span("own", "d", "d", (0, 8), more=AGENT),
    ]
    dataset = importing(spans)
    assert [dataset.facts["runs"], dataset.facts["model_calls"]] == [1, 1]


def test_clocks_that_differ_leave_durations_alone(importing, span):
    """A tool's host is ten seconds behind."""
    spans = [
        span("desk", "a", "", (0, 50), more=AGENT),
        span("chat", "b", "a", (1, 9), more=LLM),
        span("find", "t", "a", (-9990, -9980), more=TOOL),
    ]
    dataset = importing(spans)
    assert dataset.rows("tool_calls")[0]["duration_s"] == 0.01
    assert dataset.rows("interactions")[0]["latency_s"] == 0.05


def test_what_has_no_end_has_no_duration_and_did_not_succeed(importing, span):
    spans = [
        span("desk", "a", "", (0, None), more=AGENT),
        span("chat", "b", "a", (1, None), more=LLM),
        span("find", "t", "a", (2, None), more=TOOL),
        span("find", "s", "a", (8, 5), more=TOOL),
    ]
    dataset = importing(spans)
    (run,), (call,) = dataset.rows("interactions"), dataset.rows("model_calls")
    assert "latency_s" not in run
    assert "outcome" not in run
    assert ("duration_s" in call, call["status"]) == (False, "error")
    unfinished, backwards = dataset.rows("tool_calls")
    assert (unfinished["status"], unfinished["error_type"]) == ("error", "no end was recorded")
    assert (backwards["status"], "duration_s" in backwards) == ("ok", False)
    assert "runs and calls without a recorded end: 3;" in dataset.told
    assert "runs and calls that end before they begin: 1;" in dataset.told


def test_a_finished_span_is_kept_before_the_same_one_unfinished(importing, span):
    pending = {"logfire.span_type": "pending_span", "logfire.pending_parent_id": "0000000000000000"}
    done = span("desk", "a", "", (0, 50), more=AGENT)
    early = span("desk", "early", "a", (0, 0), more=AGENT | pending)
    for spans in ([early, done], [done, early]):
        dataset = importing(spans, name=spans[0]["spanId"])
        assert [row["latency_s"] for row in dataset.rows("interactions")] == [0.05]
    (crashed,) = importing([early], name="crashed").rows("interactions")
    assert "latency_s" not in crashed


def test_a_runs_own_tokens_count_only_where_no_call_is_recorded(importing, span):
    usage = {"gen_ai.usage.input_tokens": 90, "gen_ai.usage.output_tokens": 9}
    spans = [
        span("outer", "a", "", (0, 50), more=AGENT | usage),
        span("inner", "b", "a", (1, 40), more=AGENT | usage | {"gen_ai.agent.name": "other"}),
        span("chat", "c", "b", (2, 30), more=LLM),
        span("alone", "d", "", (0, 50), "u", more=AGENT | usage),
    ]
    rows = importing(spans).rows("interactions")
    assert [row.get("input_tokens") for row in rows if "input_tokens" in row] == [90]
    (alone,) = [row for row in rows if "input_tokens" in row]
    assert alone["agent"] == "alone"


def test_the_agent_is_named_only_where_the_runs_are_of_several(importing, span):
    one = [span("desk", "a", "", (0, 1), more=AGENT), span("desk", "b", "", (0, 1), "u", more=AGENT)]
    assert "agent" not in importing(one).rows("interactions")[0]
    two = [*one, span("clerk", "c", "", (0, 1), "v", more=AGENT)]
    assert {row["agent"] for row in importing(two, name="two").rows("interactions")} == {"desk", "clerk"}


def test_a_conversation_is_the_case_of_its_runs(importing, span):
    session = {"gen_ai.conversation.id": "c1"}
    spans = [
        span("desk", "a", "", (0, 9), more=AGENT | session),
        span("desk", "b", "", (0, 9), "u", more=AGENT),
        span("chat", "c", "b", (1, 2), "u", more=LLM | {"session.id": "c1"}),
    ]
    dataset = importing(spans)
    assert {row["conversation_id"] for row in dataset.rows("interactions")} == {"c1"}
    assert "columns: {case_id: conversation_id}" in (dataset.folder / "dataset.yaml").read_text()


def test_a_failed_run_ended_in_error_and_of_the_others_nothing_is_claimed(importing, span):
    spans = [span("desk", "a", more=AGENT), span("desk", "b", "", (5, 6), "u", failed="ValueError", more=AGENT)]
    assert [row.get("outcome") for row in importing(spans).rows("interactions")] == [None, "error"]
