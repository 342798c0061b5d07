"""What a page and the terminal say of the labelling: who, how much, whether people agree, how many are still needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pilotage import audit_log
from pilotage.kpis import Tables
from pilotage.page import Page
from pilotage.page.opened import Opened
from pilotage.pilot.labels.overview import HEADER, agreement, need, overview, tuned, work_done
from pilotage.pilot.labels.store import Label, append
from pilotage.workspace import Workspace

Build = Callable[..., Tables]
AT = datetime(2026, 10, 1, 9, tzinfo=UTC)
M = "hallucination"


def label(run: int, value: float | None, by: str = "Ada", **more: object) -> Label:
    given = {"stream": "uniform", "inclusion_probability": 0.5, "labelled_at": AT, **more}
    return Label(f"i{run}", M, value, "human", by, **given)  # type: ignore[arg-type]


def test_each_persons_work_is_counted_once_for_each_run() -> None:
    labels = [
        label(1, 1.0, seconds=10.0),
        label(1, None, withdrawn=True),
        label(1, 0.0, seconds=20.0, labelled_at=AT + timedelta(hours=1)),
        label(2, None, seconds=40.0),
        label(3, 1.0, stream="guided", seconds=60.0),
        label(4, 0.0, by="Grace"),
        label(5, None, by="Grace", withdrawn=True),
    ]
    ada, grace = work_done(labels)
    assert (ada.uniform, ada.guided, ada.unsure, ada.changed, ada.seconds) == (1, 1, 1, 1, 40.0)
    assert (grace.uniform, grace.guided, grace.unsure, grace.changed, grace.seconds) == (1, 0, 0, 0, None)


def test_a_label_that_only_came_into_another_stream_was_not_changed() -> None:
    first = label(1, 1.0, stream="guided")
    assert work_done([first, replace(first, stream="uniform")])[0].changed == 0


AGREEMENT = {
    "one person": ([label(1, 1.0)], ""),
    "nothing in common": ([label(1, 1.0), label(2, 1.0, "Grace")], "no run in common"),
    "an unsure answer is no common one": (
        [label(1, 1.0), label(1, None, "Grace"), label(2, 0.0, "Grace")],
        "no run in",
    ),
    "all the same": ([label(n, 0.0, by) for n in (1, 2) for by in ("Ada", "Grace")], "cannot be said"),
    "two people": (
        [label(n, float(n == 1 or (by == "Ada" and n == 2)), by) for n in range(1, 11) for by in ("Ada", "Grace")],
        "On 10 runs that two people decided, they agree in 9; beyond chance 0.62 (Cohen's kappa",
    ),
    "three people": (
        [label(n, float(n % 2), by) for n in range(1, 9) for by in ("Ada", "Grace", "Edsger")],
        "Krippendorff's alpha",
    ),
}


@pytest.mark.parametrize("case", AGREEMENT)
def test_agreement_is_said_where_there_is_any_to_speak_of(case: str) -> None:
    labels, told = AGREEMENT[case]
    assert told in agreement(labels)
    assert bool(told) == bool(agreement(labels))


def runs(tables: Build, n: int, faults: int) -> Tables:
    interactions = [{"interaction_id": f"i{k}", "phase": "pilot"} for k in range(n)]
    rows = [
        {"interaction_id": f"i{k}", "metric": M, "value": float(k < faults), "source": "human", "stream": "uniform"}
        for k in range(n)
    ]
    return tables(interactions=interactions, labels=rows)


def test_with_no_label_yet_the_fewest_that_could_settle_it_are_named(tables: Build) -> None:
    said = need(tables(interactions=[{"interaction_id": "i1", "phase": "pilot"}], labels=[]), M, 0.02, 0.95, [])
    assert said == (
        "At least 149 labels are needed, if none shows a fault; how long one takes has not been measured yet."
    )


def test_what_more_is_needed_comes_with_the_hours_it_takes(tables: Build) -> None:
    measured = [label(n, 0.0, seconds=float(s)) for n, s in enumerate((20, 30, 100))]
    said = need(runs(tables, 100, 0), M, 0.02, 0.95, measured)
    assert said == (
        "About 49 more labels would clear the limit at the rate found so far, "
        "0.4 hours at 30 seconds each (median of 3 measured)."
    )
    assert "labels enough" in need(runs(tables, 149, 0), M, 0.02, 0.95, measured)
    assert "above the limit" in need(runs(tables, 100, 5), M, 0.02, 0.95, measured)


def test_a_metric_without_a_gate_needs_nothing(tables: Build) -> None:
    assert need(runs(tables, 10, 0), "tone", 0.02, 0.95, []) == ""
    assert need(runs(tables, 10, 0), M, None, 0.95, []) == ""


def test_who_shaped_the_agent_is_named_as_no_independent_judge(desk: Callable[..., Workspace]) -> None:
    workspace = desk()
    assert tuned(workspace, [label(1, 1.0)]) == ""
    audit_log.append(workspace.log, "proposal made", {"prompt": "shorter"}, "ADA", AT)
    assert "no independent judge of it: Ada (proposal made)" in tuned(workspace, [label(1, 1.0)])
    workspace.log.write_text("broken\n")
    assert "does not verify" in tuned(workspace, [label(1, 1.0)])


def test_the_page_shows_counts_and_no_single_label_and_becomes_stale_with_each(
    desk: Callable[..., Workspace], tables: Build, page: Callable[..., Page]
) -> None:
    workspace, opened = desk(), page("pilot")
    opened = replace(opened, workspace=workspace, dataset="desk", opened=Opened(workspace, opened.run))
    empty = overview(opened, runs(tables, 10, 0), M)
    assert "<table" not in empty
    assert "No runs have been drawn" not in empty
    append(workspace, "desk", [label(1, 1.0, by="<b>Eve</b>"), label(2, 0.0, by="<b>Eve</b>")])
    with (workspace.dataset("desk") / "labels.jsonl").open("a") as store:
        store.write("broken\n{}\n")
    before = dict(opened.opened.files)
    shown = overview(opened, runs(tables, 10, 0), M)
    assert "&lt;b&gt;Eve&lt;/b&gt;" in shown
    assert "<b>" not in shown
    assert "2 lines of the label store cannot be read, the first: line 3: is not JSON" in shown
    assert "i1" not in shown
    assert before != opened.opened.files
    assert set(HEADER) <= {part.split("<")[0] for part in shown.split(">")}


def test_a_store_or_a_plan_that_cannot_be_read_is_a_warning_and_no_crash(
    desk: Callable[..., Workspace], tables: Build, page: Callable[..., Page]
) -> None:
    workspace, opened = desk(labels="  labels: {file: labels.jsonl}\n", labels__jsonl="{}\n"), page("pilot")
    opened = replace(opened, workspace=workspace, dataset="desk", opened=Opened(workspace, opened.run))
    assert "is a file that dataset.yaml maps" in overview(opened, runs(tables, 10, 0), M)
    workspace = desk()
    (workspace.dataset("desk") / "labels").mkdir()
    (workspace.dataset("desk") / "labels" / "plan.jsonl").write_text("nonsense\n")
    assert "line 1: is no draw" in overview(opened, runs(tables, 10, 0), M)
