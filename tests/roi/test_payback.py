"""Money: what is known exactly comes out exactly, what is not known makes a range, what is missing decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from pilotage import roi
from pilotage.kpis import Kpi, Tables
from pilotage.page import Page
from pilotage.playbook import Assumption, Playbook, read_policy
from pilotage.roi import Costs
from pilotage.workspace import find_workspace

Build = Callable[..., Tables]
NewPage = Callable[..., Page]
BOOK = read_policy(find_workspace(), ("playbook", "assumptions", "roi"))


def known(value: float) -> Assumption:
    return Assumption(value=value, unit="u", reason="r", source="s", set_by="b", quality="measured", impact="i")


def exact_book() -> Playbook:
    """Every assumption exact: 60 EUR an hour, all saved time used, all cases with the agent, errors cost nothing."""
    exact = {
        "people_cost_per_hour": 60,
        "cost_per_error": 0,
        "share_of_cases_with_agent": 1,
        "share_of_saved_time_used": 1,
    }
    assumptions = BOOK.assumptions.model_copy(update={name: known(float(value)) for name, value in exact.items()})
    return BOOK.model_copy(update={"assumptions": assumptions})


def measured(name: str, value: float | None, spread: float = 0.0, reason: str = "") -> Kpi:
    ends = (None, None) if value is None else (value - spread, value + spread)
    return Kpi(
        name, name, "efficiency", "min", None, None, 100, 100, value, *ends, 0.95, "test", "lower", reason=reason
    )


def pairs(before: Kpi, after: Kpi | None) -> dict[str, tuple[Kpi, Kpi | None]]:
    nothing = measured("error_rate", None)
    return {"handling_minutes": (before, after), "error_rate": (nothing, nothing)}


ERRORS = {"error_rate": (measured("error_rate", 0.05), measured("error_rate", 0.05))}


def draw(minutes_saved: float, spread: float = 0.0, monthly: float = 1000.0, once: float = 12_000.0) -> roi.Draws:
    both = pairs(measured("handling_minutes", 30.0 + minutes_saved, spread), measured("handling_minutes", 30.0, spread))
    return roi.draw(both, 100, Costs(once, monthly), "pilot", exact_book(), 4000)


def test_twenty_minutes_on_a_hundred_cases_at_sixty_an_hour_are_two_thousand_a_month() -> None:
    worlds = draw(20)
    assert worlds.benefit == pytest.approx(2000)
    assert worlds.payback == pytest.approx(12)
    assert worlds.gain == pytest.approx(1000 * BOOK.roi.horizon_months - 12_000)


def test_production_counts_as_it_came_and_the_pilot_for_the_assumed_share_only() -> None:
    both = pairs(measured("handling_minutes", 50.0), measured("handling_minutes", 30.0))
    half = exact_book().assumptions.model_copy(update={"share_of_cases_with_agent": known(0.5)})
    book = BOOK.model_copy(update={"assumptions": half})
    shown = {
        phase: roi.draw(both, 100, Costs(0.0, 0.0), phase, book, 10).benefit[0] for phase in ("pilot", "production")
    }
    assert shown == {"pilot": pytest.approx(1000), "production": pytest.approx(2000)}


def test_an_agent_that_costs_more_than_it_frees_never_pays_back() -> None:
    kpis = {kpi.name: kpi for kpi in roi.money_kpis(draw(5), Costs(12_000.0, 1000.0))}
    assert (kpis["payback_months"].low, kpis["payback_months"].high) == (120.0, 120.0)
    assert kpis["chance_of_gain"].estimate == 0.0


def test_the_less_is_known_the_wider_the_range() -> None:
    narrow, wide = (np.ptp(np.quantile(draw(20, spread).payback, [0.05, 0.95])) for spread in (1.0, 4.0))
    assert narrow < wide


def test_the_same_seed_draws_the_same_worlds() -> None:
    assert np.array_equal(draw(20, 2.0).payback, draw(20, 2.0).payback)


@pytest.mark.parametrize(
    ("before", "after", "volume", "costs", "why"),
    [
        (measured("h", None, reason="no column"), measured("h", 1), 9.0, Costs(1, 1),
         "before the agent is not known"),
        (measured("h", 2), None, 9.0, Costs(1, 1), "no case was handled with it"),
        (measured("h", 2), measured("h", 1), None, Costs(1, 1), "monthly volume is not known"),
        (measured("h", 2), measured("h", 1), 9.0, Costs(None, None), "no costs"),
        (measured("h", 2), measured("h", 1), 9.0, Costs(1, 1), ""),
    ],
)  # fmt: skip
def test_what_is_missing_is_named(before: Kpi, after: Kpi | None, volume: float | None, costs: Costs, why: str) -> None:
    reason = roi.unknown(pairs(before, after), volume, costs)
    assert why in reason
    assert bool(reason) == bool(why)


def case(number: int, phase: str, opened: datetime, minutes: float) -> dict[str, Any]:
    return {"case_id": f"{phase}{number}", "phase": phase, "opened_at": opened, "handling_minutes": minutes}


CASES = [case(1, "production", datetime(2026, 9, 10), 10), case(2, "production", datetime(2026, 8, 20), 10)]


def costs_of(tables: Build, *rows: tuple[str, str, float, str]) -> Costs:
    names = ("month", "category", "amount", "kind")
    costs = [dict(zip(names, row, strict=True)) for row in rows]
    return roi.costs(tables(cases=CASES, costs=costs), ("build",), "production", date(2026, 10, 12))


def test_what_was_spent_before_the_agent_went_to_work_is_one_off_whatever_its_name(tables: Build) -> None:
    found = costs_of(tables, ("2026-03", "Build", 500.0, "actual"), ("2026-07", "licences", 9.0, "actual"),
                     ("2026-08", "licences", 10.0, "actual"), ("2026-09", "licences", 30.0, "actual"))  # fmt: skip
    assert found == Costs(509.0, 20.0)


def test_a_category_of_which_nothing_was_spent_yet_counts_as_planned(tables: Build) -> None:
    found = costs_of(tables, ("2026-03", "build", 600.0, "planned"), ("2026-08", "licences", 10.0, "actual"),
                     ("2026-08", "licences", 99.0, "planned"))  # fmt: skip
    assert found == Costs(600.0, 10.0, ("build",), ("licences",))


def test_no_amount_of_money_gets_lost(tables: Build) -> None:
    rows = [(f"2026-{month:02}", name, 10.0, "actual") for month in range(1, 10) for name in ("build", "other")]
    found = costs_of(tables, *rows)
    assert found.one_off is not None
    assert found.monthly is not None
    assert found.one_off + 2 * found.monthly == sum(row[2] for row in rows)


def test_a_further_cost_never_makes_the_agent_cheaper(tables: Build) -> None:
    licences = (("2026-08", "licences", 10.0, "actual"), ("2026-09", "licences", 30.0, "actual"))
    future = tuple((f"2027-{month:02}", "hosting", 5.0, "planned") for month in range(1, 13))
    this_month = (("2026-10", "licences", 1.0, "actual"),)
    few, more, partial = (
        costs_of(tables, *rows).monthly for rows in (licences, licences + future, licences + this_month)
    )
    assert (few, more, partial) == (20.0, 25.0, 20.0)


def test_the_order_of_the_rows_changes_no_digit(tables: Build) -> None:
    rows = [("2026-03", "build", 0.1 * n, "actual") for n in range(1, 60)]
    rows += [("2026-08", f"running {n % 7}", 0.3 * n, "actual") for n in range(1, 60)]
    shuffled = [rows[i] for i in np.random.default_rng(3).permutation(len(rows))]
    assert costs_of(tables, *rows) == costs_of(tables, *shuffled)


def test_money_that_was_planned_and_hardly_booked_is_a_doubt(tables: Build) -> None:
    found = costs_of(tables, ("2026-09", "hosting", 10.0, "actual"), ("2026-09", "hosting", 5000.0, "planned"))
    assert found.unbooked == ("hosting",)


def test_production_stands_for_the_work_with_the_agent_before_the_pilot(tables: Build) -> None:
    both = [case(1, phase, datetime(2026, 9, 10), 10) for phase in ("baseline", "pilot", "production")]
    assert roi.phase_with_agent(tables(cases=both)) == "production"
    assert roi.phase_with_agent(tables(cases=both[:2])) == "pilot"
    assert roi.phase_with_agent(tables(cases=both[:1])) is None


def test_the_monthly_volume_comes_from_the_baseline(tables: Build) -> None:
    cases = [case(n, "baseline", datetime(2026, 4, 1) + timedelta(days=n), 10) for n in range(85)]
    assert roi.cases_per_month(tables(cases=cases)) == pytest.approx(30.8, abs=0.2)
    assert roi.cases_per_month(tables(cases=cases[:3])) is None


def test_unknown_money_is_not_yet_and_example_assumptions_hold_real_data(tables: Build, page: NewPage) -> None:
    both = {**pairs(measured("handling_minutes", 90.0), measured("handling_minutes", 30.0)), **ERRORS}
    spent = Costs(12_000.0, 1000.0)
    missing = roi.money_kpis(None, spent, "the dataset has no costs")
    assert [kpi.reason for kpi in missing] == ["the dataset has no costs"] * 6
    assert [gate.answer for gate in roi.gates(page("roi"), tables(), missing, both, spent)] == ["not yet", "not yet"]
    kpis = roi.money_kpis(draw(60), spent)
    assert [gate.answer for gate in roi.gates(page("roi"), tables(), kpis, both, spent)] == ["go", "go"]
    real = roi.gates(page("roi", synthetic=False), tables(), kpis, both, spent)
    assert [gate.answer for gate in real] == ["not yet", "not yet"]
    assert "people_cost_per_hour" in real[0].why


def test_cases_without_a_recorded_time_hold_the_money(tables: Build, page: NewPage) -> None:
    both = pairs(measured("handling_minutes", 90.0), replace(measured("handling_minutes", 30.0), unmeasured=30))
    gate = roi.gates(
        page("roi"), tables(), roi.money_kpis(draw(60), Costs(12_000.0, 1000.0)), both, Costs(12_000.0, 1000.0)
    )[0]
    assert gate.answer == "not yet"
    assert "30 of 130 rows have no value for" in gate.why


@pytest.mark.parametrize(
    ("spent", "why"),
    [
        (Costs(None, 1000.0), "nothing is recorded as spent before"),
        (Costs(-5.0, 1000.0), "the costs are negative"),
        (Costs(9.0, 9.0, (), ("hosting",)), "is all of it booked?"),
    ],
)
def test_costs_that_cannot_be_right_hold_the_money(tables: Build, page: NewPage, spent: Costs, why: str) -> None:
    both = {**pairs(measured("handling_minutes", 90.0), measured("handling_minutes", 30.0)), **ERRORS}
    gate = roi.gates(page("roi"), tables(), roi.money_kpis(draw(60), spent), both, spent)[0]
    assert gate.answer == "not yet"
    assert why in gate.why


def test_errors_that_were_not_recorded_hold_the_money(tables: Build, page: NewPage) -> None:
    both, spent = pairs(measured("handling_minutes", 90.0), measured("handling_minutes", 30.0)), Costs(9.0, 9.0)
    gate = roi.gates(page("roi"), tables(), roi.money_kpis(draw(60), spent), both, spent)[0]
    assert "errors before and with the agent are not both known" in gate.why


def test_the_kpis_with_the_agent_stand_beside_their_baseline() -> None:
    both = pairs(measured("handling_minutes", 90.0), measured("handling_minutes", 30.0))
    found = roi.with_baseline(both, "production")[0]
    assert (found.estimate, found.baseline, found.dimension) == (30.0, 90.0, "phase=production")


def test_nothing_is_substantiated_without_the_baseline_page() -> None:
    assert "Not substantiated" in roi.claim(None)
    assert roi.claim({"facts": {"claim": "measured"}}) == "measured"
