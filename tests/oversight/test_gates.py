"""Page 04: what the reviews prove becomes gates, cards and facts, and nothing that is missing opens a gate."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from pandas import DataFrame

from pilotage.errors import PilotageError
from pilotage.kpis import Tables
from pilotage.oversight.gates import gates
from pilotage.oversight.overseen import Overseen, in_detail, overseen
from pilotage.oversight.screen import first_screen, left
from pilotage.oversight.show import path_finding, proved_table, way_table
from pilotage.page import Page
from pilotage.verdict import Gate

AS_OF = "2026-10-12"
END = datetime(2026, 10, 12, 8)


def rows(right: int, wrong: int = 0, caught: int = 20, planted: int = 20, **more: Any) -> list[dict[str, Any]]:
    """Uniform reviews an hour apart up to the day decided on, errors first, and planted errors."""
    kinds = [*[(True, False)] * wrong, *[(False, False)] * right]
    kinds += [(n < caught, True) for n in range(planted)]
    return [
        {
            "review_id": f"r{n:04}", "interaction_id": f"i{n:04}", "phase": "pilot", "action_type": "post invoice",
            "tier": "in the loop", "reviewer": "rita", "decision": "reject" if bad else "approve", "seconds": 60.0,
            "seeded": plant, "stream": "uniform", "inclusion_probability": 1.0,
            "queued_at": END - timedelta(hours=len(kinds) - n), "decided_at": END - timedelta(hours=len(kinds) - n),
            **more,
        }
        for n, (bad, plant) in enumerate(kinds)
    ]  # fmt: skip


@pytest.fixture
def looked(
    page: Callable[..., Page], in_memory: Callable[..., Tables]
) -> Callable[..., tuple[Page, Overseen, dict[tuple[str, str | None], Gate]]]:
    """The page, what it found, and its gates by name and tier."""

    def look(reviews: list[dict[str, Any]], missing: int = 0, **settings: Any):
        paper = page("oversight", **settings)
        runs = [
            {"interaction_id": row["interaction_id"], "phase": "pilot", "case_id": row["interaction_id"],
             "started_at": row["decided_at"], "confidence": 0.9}
            for row in reviews
        ]  # fmt: skip
        frames = {"reviews": DataFrame(reviews), "interactions": DataFrame(runs).drop_duplicates("interaction_id")}
        tables = in_memory(frames, missing={"reviews": missing})
        found = overseen(paper, tables)
        return paper, found, {(gate.name, gate.tier): gate for gate in gates(paper, found, tables)}

    return look


IN, ON, OUT = "in the loop", "on the loop", "outside the loop"


def test_fifty_good_reviews_go_live_in_the_loop_and_no_further(looked):
    _, found, made = looked(rows(50, wrong=1))
    assert found.acting[0].standing.tier == IN
    assert made["reviewed_cases", None].answer == made["found_error_rate", IN].answer == "go"
    assert made["found_error_rate", ON].answer == "not yet"
    assert made["oversight_tier", ON].answer == "not yet"


def test_forty_nine_are_one_too_few(looked):
    _, found, made = looked(rows(49))
    assert found.acting[0].standing.tier is None
    assert (made["reviewed_cases", None].answer, made["reviewed_cases", None].more_needed) == ("not yet", 1)


def test_what_is_proved_is_still_not_granted(looked):
    _, found, made = looked(rows(400, caught=60, planted=60))
    assert made["found_error_rate", ON].answer == "go"
    assert made["oversight_tier", ON].answer == "not yet"
    assert found.acting[0].standing.tier == IN


def test_too_many_errors_are_a_no_go_at_every_tier(looked):
    made = looked(rows(60, wrong=60))[2]
    assert {made["found_error_rate", tier].answer for tier in (IN, ON, OUT)} == {"no-go"}


def test_without_planted_errors_nobody_knows_what_reviewers_miss(looked):
    _, found, made = looked(rows(400, planted=0))
    assert made["found_error_rate", IN].answer == "go"
    assert made["found_error_rate", ON].answer == "not yet"
    assert "no error was planted" in made["found_error_rate", ON].why
    assert made["reviewer_catch_rate", IN].answer == "not yet"
    assert found.kpi("reviewer_catch_rate").estimate is None


def test_reviewers_who_approve_everything_open_nothing(looked):
    _, found, made = looked(rows(400, caught=0, planted=40))
    assert made["reviewer_catch_rate", IN].answer == "no-go"
    assert made["reviewers_awake", None].answer == "not yet"
    assert "rita" in made["reviewers_awake", None].why
    assert [one.name for one in found.fatigue.flagged] == ["rita"]


def test_without_a_review_nobody_is_said_to_read_and_the_lack_is_named(looked):
    gone = rows(1, planted=0, decided_at=datetime(2026, 10, 13, 8))  # decided after the day of the page
    paper, found, made = looked(gone)
    awake = made["reviewers_awake", None]
    assert (awake.answer, awake.why) == ("not yet", "there is no review yet to tell by")
    assert left(paper, found)["reviewers_awake"] is None
    assert found.kpi("reviewer_hours").reason == "there are no reviews"


def test_why_the_hours_are_not_known_names_what_is_lacking(looked):
    old = datetime(2026, 8, 1, 8)
    assert looked(rows(3, queued_at=old, decided_at=old))[1].kpi("reviewer_hours").reason == (
        "no review in the last 4 weeks"
    )
    assert looked(rows(3, seconds=None))[1].kpi("reviewer_hours").reason == "no review of the last 4 weeks has a time"


def test_with_reviews_and_nobody_flagged_the_count_is_told(looked):
    paper, found, made = looked(rows(60))
    assert made["reviewers_awake", None].answer == "go"
    assert left(paper, found)["reviewers_awake"] == 0


def test_the_tier_asked_for_decides_and_the_others_advise(looked):
    made = looked(rows(60))[2]
    assert made["found_error_rate", IN].required
    assert not made["found_error_rate", ON].required
    assert not made["reviewer_agreement", IN].required


def test_an_action_that_the_playbook_does_not_name_holds_the_page(looked):
    strange = [*rows(60), {**rows(1)[0], "review_id": "x", "interaction_id": "x", "action_type": "pay"}]
    made = looked(strange)[2]
    assert made["found_error_rate", IN].answer == "not yet"
    assert "does not name what was reviewed as pay" in made["found_error_rate", IN].why


def test_example_limits_and_an_unapproved_policy_hold_real_data(looked):
    made = looked(rows(60), synthetic=False)[2]
    assert made["found_error_rate", IN].answer == "not yet"
    assert "still an example" in made["found_error_rate", IN].why
    assert (made["oversight_approved", None].answer, made["oversight_approved", None].required) == ("not yet", True)


def test_missing_reviews_count_as_errors(looked):
    lost = looked(rows(60), missing=30)[2]
    assert lost["found_error_rate", IN].answer == "not yet"


def test_old_reviews_decide_nothing(looked):
    old = [{**row, "decided_at": row["decided_at"] - timedelta(days=60)} for row in rows(60)]
    made = looked([{**row, "queued_at": row["decided_at"]} for row in old])[2]
    assert "no new data since" in made["found_error_rate", IN].why


def test_without_a_review_the_page_still_says_so(looked):
    paper, found, made = looked(rows(1)[:1])
    assert made["found_error_rate", IN].answer == "not yet"
    assert left(paper, found)["tiers"] == {"post invoice": "not live"}
    assert "not live yet" in first_screen(paper, found).lower()


def test_the_first_screen_and_the_facts_name_tier_hours_and_forecast(looked):
    paper, found, _ = looked(rows(150, wrong=3, caught=18))
    shown, facts = first_screen(paper, found), left(paper, found)
    assert facts["tiers"] == {"post invoice": IN}
    assert "more reviews" in facts["oversight_forecast"]
    assert "reviewer hour" in facts["oversight_forecast"]
    assert facts["oversight_forecast"].rpartition("by ")[2] > AS_OF
    assert "In the loop" in shown
    assert "h a week" in shown


def test_hostile_names_of_actions_and_people_are_shown_as_text(looked):
    hostile = [{**row, "reviewer": "<script>alert(1)</script>"} for row in rows(60, caught=0)]
    paper, found, _ = looked(hostile)
    shown = first_screen(paper, found) + proved_table(found) + way_table(paper, found)
    assert "<script>" not in shown


def test_the_figure_says_whether_the_next_tier_is_proved(looked):
    _, found, _ = looked(rows(400, caught=60, planted=60))
    assert path_finding(in_detail(found)).endswith("proved.")
    assert not path_finding(in_detail(found)).endswith("not yet proved.")


def test_an_unknown_action_is_refused_by_its_name(looked):
    _, found, _ = looked(rows(5))
    with pytest.raises(PilotageError, match="no action type 'post invoise'"):
        in_detail(found, "post invoise")
