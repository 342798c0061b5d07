"""What the page says of a process, on logs small enough to count by hand."""

from __future__ import annotations

from datetime import datetime

import pytest

from pilotage import figures
from pilotage.integration.flow import shown
from pilotage.integration.flow.agent import agent_in_flow
from pilotage.integration.flow.drawn import drawn, flow_alt, flow_figure
from pilotage.integration.flow.graph import edges
from pilotage.integration.flow.mined import mined, phases_in
from pilotage.integration.flow.words import duration, flow_finding
from pilotage.kpis import Tables


def test_rework_tells_the_same_again_from_a_return(tables, log):
    steps = [("c1", "ask", 0), ("c1", "ask", 1), ("c1", "pay", 2), ("c1", "ask", 3), ("c2", "ask", 0)]
    rework = mined(tables(events=log(steps))).rework.to_dict("records")
    assert rework == [
        {"activity": "ask", "cases": 2, "cases_again": 1, "share": 0.5, "repeats": 2, "at_once": 1, "returns": 1}
    ]


def test_a_step_before_which_most_of_the_waiting_lies_is_a_bottleneck(tables, log):
    flow = mined(tables(events=log([("c1", "ask", 0), ("c1", "check", 10), ("c1", "pay", 100)])))
    assert list(flow.bottlenecks(0.4)["activity"]) == ["pay"]
    assert flow.bottlenecks(0.95).empty
    assert shown.bottleneck_finding(flow, 0.4) == (
        "Of all waiting, 90% before “pay”; one step was to cause at most 40%."
    )
    assert "bottleneck" in shown.bottlenecks_table(flow, 0.4)


def test_ways_are_told_apart_where_a_name_holds_the_arrow_that_stands_between_names(tables, log):
    steps = [("c1", "ask → check", 0), ("c1", "pay", 1), ("c2", "ask", 0), ("c2", "check → pay", 1)]
    variants = mined(tables(events=log(steps))).variants
    assert list(variants["cases"]) == [1, 1]
    assert set(variants["path"]) == {"ask → check → pay"}


def test_ties_and_a_log_out_of_order_are_told(tables, log):
    steps = [("c1", "ask", 0), ("c1", "pay", 0), ("c2", "pay", 9), ("c2", "ask", 3), ("c3", "ask", 5), ("c3", "ask", 5)]
    ties = mined(tables(events=log(steps))).ties
    assert (ties.pairs, ties.tied, ties.ordered_by_log, ties.against) == (3, 2, 1, 1)
    told = shown.ties_warning(mined(tables(events=log(steps))))
    assert "1 of 3 steps (33.3%) lead to another activity at the very same time" in told
    assert "In 1 case the log lists later events before earlier ones" in told
    assert shown.ties_warning(mined(tables(events=log([("c1", "ask", 0), ("c1", "pay", 1)])))) == ""


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([], "The log has no events in the pilot."),
        ([("c1", "ask", 0)], "No case in the pilot has two events, so nothing can be said of the flow."),
        (
            [("c1", "ask", 0), ("c2", "ask", 1)],
            "No case in the pilot has two events, so nothing can be said of the flow.",
        ),
        (
            [("c1", "ask", 0), ("c1", "pay", 0)],
            "Nothing waits in the pilot: all events of a case bear one time; nothing is done twice.",
        ),
        (
            [("c1", "ask", 0), ("c1", "pay", 5)],
            "100% of all waiting in the pilot is before “pay”; nothing is done twice.",
        ),
    ],
)
def test_the_finding_of_hardly_any_events_claims_nothing(tables, log, steps, said):
    flow = mined(tables(events=log(steps, phase="pilot")), "pilot")
    assert flow_finding(flow) == said
    for table in (shown.edges_table, shown.variants_table, shown.rework_table):
        assert "<table" in table(flow)
    assert "<table" in shown.bottlenecks_table(flow, 0.4)
    assert (flow_figure(flow) is None) == (not flow.steps)


def test_events_without_a_case_are_left_out_and_counted(tables, log):
    flow = mined(tables(events=log([(None, "ask", 0), (None, "pay", 1), ("c1", "ask", 0)])))
    assert (flow.events, flow.unplaced, len(flow.edges)) == (1, 2, 0)
    assert "2 events have no case" in shown.ties_warning(flow)


def test_rows_that_only_begin_a_step_are_left_out_and_counted(tables, log):
    ends = tables(events=log([("c1", "ask", 5), ("c1", "pay", 9)]))
    logged = Tables(ends.connection, {"events": {"rows": 4, "phases": {"baseline": 4}}})
    for phase in (None, "baseline"):
        assert mined(logged, phase).no_steps == 2
    assert "2 events tell of the begin" in shown.ties_warning(mined(logged))
    assert mined(ends).no_steps == 0


def test_a_wait_ends_where_the_step_begins_and_work_is_told_apart(tables):
    at = [datetime(2026, 1, 1, hour) for hour in range(24)]
    steps = [("ask", 0, 1), ("check", 3, 13), ("pay", 12, 14)]  # payment begins before the check ends: nothing waits
    rows = [
        {"case_id": "c1", "activity": name, "lifecycle": "complete", "began_at": at[begin], "timestamp": at[end]}
        for name, begin, end in steps
    ]
    flow = mined(tables(events=rows))
    assert flow.edges.set_index("next_activity")["p50_s"].to_dict() == {"check": 2 * 3600, "pay": 0}
    assert flow.activities.set_index("activity")["p50_work_s"].to_dict() == {"ask": 3600, "check": 36000, "pay": 7200}
    assert "Median work on it" in shown.bottlenecks_table(flow, 0.4)
    assert edges(tables(events=rows))["p50_s"].tolist() == flow.edges["p50_s"].tolist()


def test_work_is_not_shown_where_the_log_does_not_tell_begins(tables, log):
    assert "Median work" not in shown.bottlenecks_table(
        mined(tables(events=log([("c1", "a", 0), ("c1", "b", 9)]))), 0.4
    )


def test_phases_are_told_apart_and_stand_side_by_side(tables, log):
    steps = [("c1", "ask", 0), ("c1", "pay", 60)]
    both = tables(events=log(steps) + log([("c2", "ask", 0), ("c2", "ask", 1), ("c2", "pay", 2)], "pilot"))
    assert phases_in(both) == ["baseline", "pilot"]
    table = shown.flows_table([mined(both, phase) for phase in phases_in(both)])
    assert table.index("baseline") < table.index("pilot")
    assert [mined(both, phase).steps for phase in ("baseline", "pilot", None)] == [1, 2, 3]


def test_hostile_names_reach_no_page_unescaped_and_break_no_figure(tables, log):
    evil = "<script>alert(1)</script>$x_{y}$\u202e"
    flow = mined(tables(events=log([("c1", evil, 0), ("c1", "pay", 5), ("c1", evil, 9)])))
    pages = (shown.edges_table, shown.variants_table, shown.rework_table, lambda f: shown.bottlenecks_table(f, 0.1))
    assert all("<script" not in page(flow) for page in pages)
    drawing = figures.svg(flow_figure(flow))
    assert "<script" not in drawing
    assert "\u202e" not in drawing + flow_alt(flow)


def test_the_figure_leaves_rare_edges_out_and_says_so(tables, log):
    steps = []
    for case in range(60):
        steps += [(f"c{case}", f"s{at:02}", at) for at in range(6)]
    steps += [("odd", f"s{at:02}", 9 - at) for at in range(6)]
    shown_part = drawn(mined(tables(events=log(steps))))
    assert shown_part.activities == [f"s{at:02}" for at in range(6)]
    assert shown_part.left_out == "shows 5 of 10 edges, 98.4% of steps"
    assert figures.svg(flow_figure(mined(tables(events=log(steps))))).count("60 · 1 min") == 5


def test_returns_stand_below_what_they_return_to(tables, log):
    loop = ["ask", "check", "ask", "check", "pay"]
    flow = mined(tables(events=log([(f"c{n}", name, at) for n in range(3) for at, name in enumerate(loop)])))
    assert drawn(flow).activities == ["ask", "check", "pay"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.0, "0 s"), (59.0, "59 s"), (90.0, "1.5 min"), (7200.0, "2 h"), (200_000.0, "2.3 days"), (None, "unknown")],
)
def test_durations_read_in_the_unit_people_use(seconds, said):
    assert duration(seconds) == said


def at(minute):
    return datetime(2026, 1, 1, 0, minute)


def test_the_agents_calls_are_placed_between_the_steps_of_their_case(tables, log):
    steps = [("c1", "ask", 0), ("c1", "check", 20), ("c1", "pay", 40)]
    before = [("b1", "ask", 0), ("b1", "check", 50)]
    calls = [
        {"interaction_id": "r1", "seq": 1, "tool": "t", "status": "ok", "started_at": at(5), "duration_s": 30.0},
        {"interaction_id": "r2", "seq": 1, "tool": "t", "status": "ok", "started_at": at(25), "duration_s": 30.0},
        {"interaction_id": "r2", "seq": 2, "tool": "t", "status": "ok", "started_at": at(45), "duration_s": 60.0},
    ]
    runs = [
        {"interaction_id": "r1", "case_id": "c1", "phase": "pilot", "parent_interaction": None},
        {"interaction_id": "r2", "case_id": None, "phase": "pilot", "parent_interaction": "r1"},
    ]
    found = agent_in_flow(tables(events=log(steps, "pilot") + log(before), interactions=runs, tool_calls=calls))
    places = [(one.before, str(one.after), one.calls) for one in found.between.itertuples()]
    assert sorted(places) == [("ask", "check", 1), ("check", "pay", 1), ("pay", "nan", 1)]
    assert (found.calls_per_case, found.seconds_per_case, found.share_of_lead) == (3, 120, 0.05)
    edge = found.edges.set_index(["activity", "next_activity"]).loc[("ask", "check")]
    assert (edge["p50_baseline_s"], edge["p50_agent_s"], edge["change_s"]) == (3000, 1200, -1800)
    assert found.lead_s == (3000, 2400)
    assert "the case ends" in shown.agent_table(found)


@pytest.mark.parametrize("absent", ["events", "interactions", "tool_calls"])
def test_what_the_agent_adds_is_unknown_and_not_zero_without_its_tables(tables, absent):
    rows = {"events": [], "interactions": [{"interaction_id": "r", "case_id": "c"}], "tool_calls": []}
    found = agent_in_flow(tables(**{name: given for name, given in rows.items() if name != absent}))
    assert found.reason == f"the dataset has no table `{absent}`"
    assert found.calls_per_case is None
    assert "not known" in shown.agent_finding(found)
    assert shown.agent_table(found) == ""
