"""N+1 and duplicates among tool calls: what counts, what does not, and what cannot be known."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from pilotage.integration.calls.calls_shown import calls_finding, calls_table
from pilotage.integration.calls.tool_calls import saved_by_tool, tool_call_findings

START = datetime(2026, 1, 1)


def call(seq, arguments, run="r1", tool="lookup", status="ok", duration_s=0.2, begun_s=None):
    begun = START + timedelta(seconds=seq if begun_s is None else begun_s)
    text = json.dumps(arguments) if isinstance(arguments, dict) else arguments
    return {
        "interaction_id": run, "seq": seq, "tool": tool, "status": status, "started_at": begun,
        "duration_s": duration_s, "arguments": text,
    }  # fmt: skip


def many(make, n=6):
    return [make(i) for i in range(n)]


@pytest.fixture
def look(tables, policy):
    """The findings among these calls; every run named is a run of the pilot, a task of its own."""

    def find(calls, **more):
        runs = sorted({one["interaction_id"] for one in calls} | set(more.pop("runs", ())))
        rows = [{"interaction_id": run, "phase": "pilot", "task_id": run} for run in runs]
        return tool_call_findings(tables(interactions=rows, tool_calls=calls, **more), policy)

    return find


FOUND = {
    "JSON arguments of which one varies": many(lambda i: call(i, {"id": i, "kind": "x"})),
    "named arguments of which one varies": many(lambda i: call(i, f"order={i}, kind=a b")),
    "one text": many(lambda i: call(i, f"order number {i}")),
    "keys in another order": many(lambda i: call(i, {"id": i, "k": 1} if i % 2 else {"k": 1, "id": i})),
    "other calls between": [
        one for i in range(6) for one in (call(2 * i, {"id": i}), call(2 * i + 1, {"a": i, "b": i}, tool="t"))
    ],
    "a page that stays the same": many(lambda i: call(i, {"id": i, "page": 1})),
    "one of them failed and was repeated": [*many(lambda i: call(i, {"id": i}), 5), call(5, {"id": 4})],
    "without times": [{**call(i, {"id": i}), "started_at": None, "duration_s": None} for i in range(5)],
    "nested values": many(lambda i: call(i, {"filter": {"id": i}})),
    "nested keys in another order": many(
        lambda i: call(i, {"id": i, "f": {"a": 1, "b": {"c": 2, "d": 3}} if i % 2 else {"b": {"d": 3, "c": 2}, "a": 1}})
    ),
    "a list of one": many(lambda i: call(i, {"ids": [i], "k": {}})),
    "positions in a list": many(lambda i: call(i, json.dumps([i, "x"]))),
    "names that look like places": many(lambda i: call(i, {'a[0].b"[': i, "c[1]": 2})),
}
FOUND["one of them failed and was repeated"][4]["status"] = "error"
NOT_FOUND = {
    "four calls": many(lambda i: call(i, {"id": i}), 4),
    "two arguments vary": many(lambda i: call(i, {"id": i, "day": i})),
    "pages": many(lambda i: call(i, {"page": i})),
    "a nested page": many(lambda i: call(i, {"filter": {"page": i}, "id": 1})),
    "the number of a page": many(lambda i: call(i, {"page": {"number": i}, "id": 1})),
    "two positions of a list vary": many(lambda i: call(i, json.dumps([i, -i]))),
    "two nested values vary": many(lambda i: call(i, {"f": {"a": i, "b": -i}})),
    "two vary under names that look like places": many(lambda i: call(i, {"a[0]": i, "a[1]": -i})),
    "a printed Python dict": many(lambda i: call(i, f"{{'id': {i}}}")),
    "pageToken": many(lambda i: call(i, {"pageToken": f"t{i}", "id": 1})),
    "other keys each time": many(lambda i: call(i, {f"key{i}": 1})),
    "other tools": many(lambda i: call(i, {"id": i}, tool=f"t{i}")),
    "other runs": many(lambda i: call(0, {"id": i}, run=f"r{i}")),
    "all at the same time": many(lambda i: call(i, {"id": i}, begun_s=0, duration_s=9.0)),
    "too short to matter": many(lambda i: call(i, {"id": i}, duration_s=0.001)),
    "retries of one call": many(lambda i: call(i, {"id": 1}, status="timeout")),
    "torn JSON": many(lambda i: call(i, f'{{"id": {i}, "k')),
    "no arguments": many(lambda i: call(i, "")),
}


@pytest.mark.parametrize(
    "name", ["page_number", "pageNumber", "next_cursor", "nextPageToken", "after", "start", "startAt", "START-AT"]
)
def test_the_shipped_playbook_knows_the_usual_names_of_paging(look, name):
    assert look(many(lambda i: call(i, {name: f"t{i}", "id": 1}))).found.empty
    assert not look(many(lambda i: call(i, {f"{name}_of": f"t{i}", "id": 1}))).found.empty


@pytest.mark.parametrize("name", FOUND)
def test_similar_calls_one_after_the_other_are_n_plus_one(look, name):
    found = look(FOUND[name])
    assert found.kpi.count == 1, name
    assert set(found.of("n_plus_one")["calls"]) <= {5, 6}


@pytest.mark.parametrize("name", NOT_FOUND)
def test_what_only_looks_alike_is_no_n_plus_one(look, name):
    found = look(NOT_FOUND[name])
    assert found.found.empty, name
    assert not found.kpi.count, name


def test_what_varies_and_what_a_batch_saves_is_told(look):
    found = look(many(lambda i: call(i, {"id": i, "kind": "x"}, duration_s=0.1 * (i + 1)), 5))
    one = found.found.iloc[0]
    assert (one["varying"], one["calls"], one["calls_saved"], one["first_seq"], one["last_seq"]) == ("id", 5, 4, 0, 4)
    assert (one["total_s"], one["seconds_saved"]) == pytest.approx((1.5, 1.2))
    assert saved_by_tool(found).to_dict("records")[0]["calls_saved"] == 4


def test_time_that_is_not_known_is_not_saved_as_none(look):
    found = look(many(lambda i: call(i, {"id": i}, duration_s=None if i == 2 else 0.2)))
    one = found.found.iloc[0]
    assert (one["total_s"] != one["total_s"], one["seconds_saved"] != one["seconds_saved"]) == (True, True)
    assert saved_by_tool(found)["seconds_saved"].isna().all()
    assert "0 s" not in calls_table(found)


def test_equal_calls_are_a_duplicate_unless_the_first_one_failed(look):
    same = [call(0, {"id": 1}), call(1, {"id": 1}), call(2, {"id": 1})]
    assert list(look(same).of("duplicate")["calls"]) == [3]
    assert look([{**same[0], "status": "timeout"}, same[1]]).found.empty
    assert look([call(0, {}), call(1, {})]).of("duplicate")["varying"].isna().all()


def test_a_call_of_a_grid_counts_once(look):
    found = look([call(6 * a + b, {"a": a, "b": b}) for a in range(5) for b in range(6)])
    assert found.of("n_plus_one")["calls"].sum() == 30
    assert set(found.of("n_plus_one")["varying"]) == {"b"}


def test_calls_that_began_in_the_same_whole_second_are_not_taken_for_parallel(look):
    assert look(many(lambda i: call(i, {"id": i}, begun_s=i // 3, duration_s=0.4))).kpi.count == 1


def test_the_rate_counts_runs_with_calls_and_its_clusters_are_tasks(tables, policy):
    runs = [{"interaction_id": f"r{i}", "phase": "pilot", "task_id": f"t{i // 2}"} for i in range(40)]
    calls = [call(s, {"id": s}, run=f"r{i}") for i in range(20) for s in range(5 if i < 4 else 1)]
    kpi = tool_call_findings(tables(interactions=runs, tool_calls=calls), policy).kpi
    assert (kpi.count, kpi.n, kpi.clusters, kpi.estimate) == (4, 20, 10, 0.2)
    assert kpi.low < 0.2 < kpi.high


def test_missing_and_unread_calls_widen_the_interval_and_never_improve_it(look):
    calls = [call(s, {"id": 1, "s": 2 * s, "t": s}, run=f"r{i}") for i in range(10) for s in range(6)]
    whole, lost = look(calls).kpi, look(calls, missing={"tool_calls": 5}).kpi
    torn = look([{**one, "arguments": None} if one["interaction_id"] == "r3" else one for one in calls]).kpi
    assert (whole.count, whole.unmeasured, lost.unmeasured, torn.unmeasured, torn.n) == (0, 0, 5, 1, 9)
    assert lost.high > whole.high
    assert torn.high > whole.high


def test_without_arguments_the_rate_is_unknown_and_not_zero(tables, policy, look):
    bare = [{key: value for key, value in call(i, "").items() if key != "arguments"} for i in range(6)]
    runs = [{"interaction_id": "r1", "phase": "pilot"}]
    for given in (
        {"tool_calls": bare, "interactions": runs},
        {"interactions": runs},
        {"tool_calls": [], "interactions": []},
    ):
        found = tool_call_findings(tables(**given), policy)
        assert found.kpi.estimate is None
        assert found.kpi.reason
        assert "not known" in calls_finding(found)
        assert calls_table(found) == ""
    assert look([call(0, None)]).kpi.estimate is None


def test_hostile_texts_are_escaped(look):
    evil = "<img src=x onerror=alert(1)>"
    shown = calls_table(look(many(lambda i: call(i, {evil: i}, tool=evil))))
    assert "<img" not in shown
    assert "&lt;img" in shown


def test_many_calls_take_time_in_line_with_their_number(tables, policy, linear):
    def built(n):
        calls = [call(i % 10, {"id": i, "kind": i % 3}, run=f"r{i // 10}") for i in range(n)]
        return tables(
            interactions=[{"interaction_id": f"r{i}", "phase": "pilot"} for i in range(n // 10)], tool_calls=calls
        )

    made = {n: built(n) for n in (1_000, 8_000)}
    assert linear(lambda n: tool_call_findings(made[n], policy), 1_000, 8_000)
