from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pilotage import figures
from pilotage.integration.load import (
    LoadResult,
    Outcome,
    Peak,
    load_alt,
    load_figure,
    load_outcomes,
    load_path,
    load_table,
    never_tried,
    pilot_peak,
    read_result,
    sla_table,
    target_of,
    write_result,
)
from pilotage.integration.load.result import Sent, step_of
from pilotage.integration.load.show import finding, step_lines
from pilotage.playbook.systems import EMBEDDED

AT = datetime(2026, 10, 12, 9, 30, tzinfo=UTC)
ADDRESS = "https://staging.example.com"


def result_of(system: Any, *steps: tuple[float, float]) -> LoadResult:
    """A result with 80 requests at each rate, answered after so many seconds each."""
    target = target_of(system)
    made = [step_of(rate, [Sent(n / rate, n / rate + took) for n in range(80)], 7) for rate, took in steps]
    return LoadResult(system.name, target.address, target.paths, target.limits, tuple(made))


@pytest.fixture
def held(entry: Any) -> Outcome:
    system = entry(ADDRESS)
    return Outcome(system, result_of(system, (10.0, 0.05), (20.0, 0.1), (30.0, 0.9)), "2026-10-12")


@pytest.fixture
def overloaded(entry: Any) -> LoadResult:
    """At half of production's rate it holds; of its whole rate six of ten requests are never answered."""
    good = result_of(entry(ADDRESS), (10.0, 0.05))
    sent = [Sent(n / 20, n / 20 + 0.1, "no answer in 1 s" if n > 3 else "") for n in range(10)]
    return replace(good, steps=(*good.steps, step_of(20.0, sent, 7)))


@pytest.fixture
def written(held: Outcome, tmp_path: Path) -> Path:
    assert held.result is not None
    write_result(tmp_path / "x.json", held.result, "mine", AT)
    return tmp_path / "x.json"


def test_a_result_is_read_as_it_was_written(held: Outcome, written: Path) -> None:
    assert read_result(written, held.system, "mine") == (held.result, "2026-10-12", "")


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"rate": 25.0}, "another requests_per_s than"),
        ({"p95_ms": 301.0}, "another p95_ms_max than"),
        ({"safe_calls": ({"path": "/a"},)}, "another safe calls than"),
        ({"name": "other API"}, "another name than"),
    ],
)
def test_a_result_of_another_playbook_does_not_count(entry: Any, written: Path, change: Any, differs: str) -> None:
    result, day, why = read_result(written, entry(ADDRESS, **change), "mine")
    assert (result, day) == (None, "2026-10-12")
    assert differs in why


def test_a_result_of_another_address_does_not_count(entry: Any, written: Path) -> None:
    why = read_result(written, entry("https://other.example.com"), "mine")[2]
    assert why == "it was measured with another address than the playbook has now"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"sha256": "0", "schema": 1, "steps": 7}'])
def test_a_file_that_is_no_result_is_said_to_be_none(held: Outcome, tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text)
    assert read_result(tmp_path / "x.json", held.system, "mine") == (None, "", "x.json cannot be read: measure anew")


def test_an_edited_result_does_not_count(held: Outcome, written: Path) -> None:
    facts = json.loads(written.read_text())
    facts["steps"][1]["p95_ms"] = 1.0
    written.write_text(json.dumps(facts))
    assert read_result(written, held.system, "mine")[2] == "x.json was changed by hand: measure anew"


def test_no_user_name_or_question_is_kept_of_the_address(entry: Any, tmp_path: Path) -> None:
    system = entry("https://me@staging.example.com")
    write_result(tmp_path / "x.json", result_of(system, (20.0, 0.1)), "mine", AT)
    assert "me@" not in (tmp_path / "x.json").read_text()
    assert read_result(tmp_path / "x.json", system, "mine")[2] == ""


def test_the_title_says_where_the_end_is(held: Outcome) -> None:
    assert held.result is not None
    assert finding(held.result).startswith("staging API holds at 20 requests a second; its end is near 30")


def test_the_title_says_what_was_missed(entry: Any) -> None:
    slow = result_of(entry(ADDRESS), (10.0, 0.05), (20.0, 0.4))
    assert finding(slow) == "staging API does not hold at 20 requests a second: at 20 it is too slow"


def test_each_step_is_told_with_its_limits_and_what_it_says(held: Outcome) -> None:
    assert held.result is not None
    assert step_lines(held.result) == [
        "10 of 10 a second answered: p95 50 ms (limit 300 ms), 0% failed (limit 5%): holds",
        "20 of 20 a second answered (production's rate): p95 100 ms (limit 300 ms), 0% failed (limit 5%): holds",
        "30 of 30 a second answered: p95 900 ms (limit 300 ms), 0% failed (limit 5%): it is too slow",
    ]


def test_a_step_without_a_p95_says_never_and_what_failed(overloaded: LoadResult) -> None:
    assert step_lines(overloaded)[-1] == (
        "8 of 20 a second answered (production's rate): p95 never (limit 300 ms), 60% failed (limit 5%):"
        " it does not keep up; it is too slow; too many requests fail; 6 × no answer in 1 s"
    )


def test_the_embedded_example_is_called_so_everywhere(entry: Any) -> None:
    system = entry(EMBEDDED)
    result = result_of(system, (20.0, 0.1))
    one = Outcome(system, result, "2026-10-12")
    never = never_tried(Peak(9, 3, 8, 2), [one], [])
    for text in (finding(result), load_alt(result), load_table(one), sla_table([one]), *never):
        assert "the embedded example, not your system" in text


def test_the_promises_are_held_missed_or_not_tested(held: Outcome, entry: Any) -> None:
    slow = Outcome(held.system, result_of(held.system, (20.0, 0.4)), "2026-10-12")
    untested = Outcome(held.system, None, "", "nobody has measured it")
    assert [sla_table([one]).count(">held<") for one in (held, slow, untested)] == [3, 2, 0]
    assert [sla_table([one]).count(">missed<") for one in (held, slow, untested)] == [0, 1, 0]
    assert [sla_table([one]).count(">not tested<") for one in (held, slow, untested)] == [0, 0, 3]
    assert "nobody has measured it" in load_table(untested)


def test_too_few_requests_are_held_but_not_sure(held: Outcome) -> None:
    assert held.result is not None
    few = step_of(20.0, [Sent(n / 20, n / 20 + 0.1) for n in range(20)], 3)
    unsure = replace(held.result, steps=(few,))
    assert (unsure.held, unsure.proved, held.result.proved) == (True, False, True)
    assert "20 requests are too few to be 95% sure" in finding(unsure)
    assert "held, in too few requests to be sure" in sla_table([replace(held, result=unsure)])


def test_the_figure_draws_the_limit_and_every_step(held: Outcome) -> None:
    assert held.result is not None
    pace, times = load_figure(held.result).axes
    assert "limit 300 ms" in times.get_ylabel()
    assert [list(line.get_ydata()) for line in times.lines if line.get_color() == figures.BAD] == [[300.0, 300.0]]
    assert [list(line.get_xdata()) for line in pace.lines if len(line.get_xdata()) == 3] == [[10.0, 20.0, 30.0]]
    assert "asked 30, answered 30, p95 900 ms, 0% failed" in load_alt(held.result)


def test_the_figure_marks_a_step_that_was_not_answered_above_all_times(overloaded: LoadResult) -> None:
    times = load_figure(overloaded).axes[1]
    cross = next(line for line in times.lines if line.get_marker() == "x")
    assert list(cross.get_xdata()) == [20.0]
    assert 300 < cross.get_ydata()[0] < times.get_ylim()[1]
    assert [text.get_text() for text in times.texts] == ["over 5% not answered"]


def runs(tables: Any, calls: list[float], spans: list[tuple[float, float]]) -> Any:
    """A pilot with tool calls at these seconds, all of the first of runs that begin and last so long."""
    begun = [{"interaction_id": f"r{n}", "phase": "pilot", "started_at": AT + timedelta(seconds=at), "latency_s": lasts}
             for n, (at, lasts) in enumerate(spans)]  # fmt: skip
    used = [{"interaction_id": "r0", "seq": n, "tool": "t", "status": "ok", "started_at": AT + timedelta(seconds=at)}
            for n, at in enumerate(calls)]  # fmt: skip
    return tables(interactions=begun, tool_calls=used)


def test_the_peak_is_the_busiest_second_and_the_most_runs_at_once(tables: Any) -> None:
    spans = [(0.0, 10.0), (5.0, 10.0), (10.0, 1.0), (30.0, 1.0)]  # the first ends as the third begins
    assert pilot_peak(runs(tables, [0.0, 0.4, 0.9, 1.1, 59.0, 61.0], spans)) == Peak(6, 3, 5, 2)


def test_a_pilot_without_times_has_no_peak(tables: Any) -> None:
    found = pilot_peak(tables(interactions=[{"interaction_id": "r0", "phase": "pilot"}]))
    assert found == Peak(0, None, None, None)


def test_what_the_pilot_never_tried_is_told_with_both_numbers(held: Outcome) -> None:
    rate, at_once = never_tried(Peak(100, 3, 40, 2), [held], [])
    assert "asks for 20 calls a second; the pilot never had more than 3 in one second" in rate
    assert "7 calls were open at once; the pilot never had more than 2 runs" in at_once
    assert "nobody knows" in never_tried(Peak(0, None, None, None), [held], [])[0]
    assert never_tried(Peak(100, 20, 400, 9), [held], []) == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"load": None}, True),
        ({}, False),
        ({"load": None, "required": False}, False),
        ({"load": None, "address": EMBEDDED}, False),
    ],
    ids=["stated by nobody", "stated", "not required", "the example"],
)
def test_a_required_api_whose_load_nobody_stated_is_told(entry: Any, changed: dict[str, Any], told: bool) -> None:
    sentences = never_tried(Peak(0, None, None, None), [], [entry(ADDRESS).model_copy(update=changed)])
    assert ["nobody stated what production asks of it" in one for one in sentences] == [True] * told


def test_the_page_measures_the_example_and_reads_what_was_recorded_of_others(
    page: Any, policy_of: Any, facts: Any, entry: Any
) -> None:
    policy = policy_of(facts(EMBEDDED, name="example"), facts(ADDRESS), {"name": "tools"})
    opened = page("integration")
    opened.playbook = opened.playbook.__class__.model_construct(integration=policy)
    measured, recorded = load_outcomes(opened, lambda system: result_of(system, (20.0, 0.1)))
    assert measured.result is not None
    assert recorded.result is None
    assert "pilotage load-test 'staging API'" in recorded.why
    path = load_path(opened.workspace, opened.dataset, "staging API")
    assert opened.workspace.relative(path) in opened.opened.files
