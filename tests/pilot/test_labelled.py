"""Who labelled, whether people agree, and who also shaped the agent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from pilotage import audit_log
from pilotage.kpis import Tables
from pilotage.page import Page
from pilotage.pilot.labelled import alpha, labelled_table, labellers

Build = Callable[..., Tables]
NewPage = Callable[..., Page]


def labelled(build: Build, given: Mapping[tuple[int, str], float], metric: str = "hallucination") -> Tables:
    """Labels by (number of the run, person)."""
    runs = [{"interaction_id": f"i{n}", "phase": "pilot"} for n in sorted({n for n, _ in given})]
    labels: list[dict[str, Any]] = [
        {
            "interaction_id": f"i{n}", "metric": metric, "value": value, "source": "human", "labeller": person,
            "stream": "uniform", "inclusion_probability": 1.0, "labelled_at": datetime(2026, 8, 1),
        }
        for (n, person), value in given.items()
    ]  # fmt: skip
    return build(interactions=runs, labels=labels)


def test_everybody_is_counted_and_a_misspelt_metric_shows(tables: Build, page: NewPage) -> None:
    data = labelled(tables, {(1, "Ann"): 0.0, (2, "Ann"): 1.0, (1, "Bob"): 0.0}, "halucination")
    assert [(one.metric, one.name, one.uniform) for one in labellers(data)] == [
        ("halucination", "Ann", 2),
        ("halucination", "Bob", 1),
    ]
    assert "halucination" in labelled_table(page("pilot"), data)


def test_people_who_agree_are_shown_with_their_agreement(tables: Build, page: NewPage) -> None:
    given = {(n, person): float(n % 3 == 0) for n in range(30) for person in ("Ann", "Bob")}
    found = alpha(labelled(tables, given), "hallucination")
    assert found is not None
    assert found.estimate == pytest.approx(1.0)
    assert "alpha) 1.00" in labelled_table(page("pilot"), labelled(tables, given))


def test_without_an_answer_that_two_labelled_agreement_is_not_known(tables: Build, page: NewPage) -> None:
    data = labelled(tables, {(1, "Ann"): 0.0, (2, "Bob"): 1.0})
    assert alpha(data, "hallucination") is None
    assert "no answer was labelled by two" in labelled_table(page("pilot"), data)
    assert "Nobody has labelled" in labelled_table(page("pilot"), tables(interactions=[]))


def test_a_labeller_who_also_shaped_the_agent_is_named(
    tables: Build, page: NewPage, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    made, log = page("pilot"), tmp_path / "audit_log.jsonl"
    monkeypatch.setattr(type(made.workspace), "log", property(lambda _: log))
    day = datetime(2026, 7, 1, tzinfo=UTC)
    audit_log.append(log, "proposal made", {"what": "a stricter prompt"}, "ann  EXAMPLE", day)
    data = labelled(tables, {(1, "Ann Example"): 0.0, (1, "Bob"): 0.0})
    assert "also shaped the agent, by the audit log: Ann Example (proposal made)" in labelled_table(made, data)


def test_a_hostile_name_is_escaped(tables: Build, page: NewPage) -> None:
    shown = labelled_table(page("pilot"), labelled(tables, {(1, "<script>x</script>"): 0.0}))
    assert "<script>" not in shown
