"""A tier follows from what was reviewed and what was approved, and from nothing else."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilotage.oversight.grants import Grant, Granted, granted, read_text
from pilotage.oversight.reviewed import Reviewed
from pilotage.oversight.tiers import replayed
from pilotage.playbook import TIERS, OversightPolicy
from pilotage.playbook.edit import with_values

Made = Callable[..., Reviewed]
LATER = date(2026, 12, 31)
ORDER = (None, *TIERS)
APPLIED = datetime(2026, 1, 20)  # after 352 of the reviews, one an hour


@pytest.fixture(scope="module")
def good(made: Made, rows: Any) -> Reviewed:
    """Ten weeks without an error, by reviewers who catch all."""
    return made([*rows.planted(60, 60), *rows.stream(1700)])


@pytest.fixture(scope="module")
def turned(made: Made, rows: Any) -> Reviewed:
    """Good for 400 reviews, then six errors, then good again."""
    return made([*rows.planted(60, 60), *rows.stream(400, 6), *rows.stream(400, first=406)])


def test_the_fiftieth_review_makes_it_live_in_the_loop(house: Any, made: Made, rows: Any) -> None:
    assert house.standing(made(rows.stream(49)), LATER).tier is None
    now = house.standing(made(rows.stream(60)), LATER)
    assert (now.tier, now.since) == ("in the loop", rows.start + timedelta(hours=49))
    assert [step.ref for step in now.changes] == ["r00049"]


def test_nothing_counts_before_its_day(house: Any, made: Made, rows: Any) -> None:
    assert house.standing(made(rows.stream(60)), rows.start.date()).tier is None


def test_a_promotion_counts_from_its_application(house: Any, good: Reviewed) -> None:
    granted = house.grant(APPLIED, tier="on the loop")
    now = house.standing(good, LATER)
    assert (now.tier, now.since, now.changes[-1].ref, now.remarks) == ("on the loop", APPLIED, granted.id, ())
    assert now.alarm.at is None
    assert house.standing(good, date(2026, 1, 19)).tier == "in the loop"


@pytest.mark.parametrize(
    ("rows_of", "told"),
    [
        (lambda rows: [*rows.planted(60, 60), *rows.stream(200, 40)], "not proved"),
        (lambda rows: rows.stream(1700), "no error was planted"),
        (lambda rows: rows.stream(30), "not live yet"),
        (lambda rows: [*rows.planted(60, 60), *rows.stream(10), *rows.stream(1000, first=400)], "not live yet"),
    ],
)
def test_a_promotion_that_the_reviews_by_then_do_not_prove_is_void(
    house: Any, made: Made, rows: Any, rows_of: Any, told: str
) -> None:
    granted = house.grant(APPLIED, tier="on the loop")
    now = house.standing(made(rows_of(rows)), LATER)
    assert now.tier in (None, "in the loop")
    assert any(remark.startswith(granted.id) and told in remark for remark in now.remarks)


def test_two_tiers_at_once_are_void(house: Any, good: Reviewed) -> None:
    house.grant(APPLIED, tier="outside the loop")
    now = house.standing(good, LATER)
    assert now.tier == "in the loop"
    assert "one tier at a time" in now.remarks[0]


def test_a_tier_after_the_other_and_a_step_back_at_any_time(house: Any, good: Reviewed) -> None:
    house.grant(APPLIED, tier="on the loop")
    house.grant(APPLIED + timedelta(days=20), tier="outside the loop")
    house.grant(APPLIED + timedelta(days=30), tier="in the loop")
    steps = [step.tier for step in house.standing(good, LATER).changes]
    assert steps == ["in the loop", "on the loop", "outside the loop", "in the loop"]


def test_a_tier_written_by_hand_counts_for_nothing_but_more_review_at_once(house: Any, good: Reviewed) -> None:
    house.edit(tier="outside the loop")
    now = house.standing(good, LATER)
    assert (now.tier, now.granted) == ("in the loop", "outside the loop")
    assert "counts for nothing" in now.remarks[0]
    house.edit(tier="in the loop")
    house.grant(APPLIED, tier="on the loop")
    house.edit(tier="in the loop")
    assert house.standing(good, LATER).tier == "in the loop"


def test_an_alarm_demotes_at_the_review_that_rings_it_and_older_evidence_does_not_count_again(
    house: Any, turned: Reviewed
) -> None:
    house.grant(APPLIED, tier="on the loop")
    fallen = house.standing(turned, LATER)
    assert fallen.tier == "in the loop"
    assert fallen.alarm.at == fallen.since == fallen.counts_from
    assert fallen.alarm.review == fallen.changes[-1].ref
    soon, late = fallen.since + timedelta(hours=40), fallen.since + timedelta(hours=300)
    house.grant(soon - timedelta(hours=1), tier="in the loop")
    house.grant(soon, tier="on the loop")
    assert "not proved (since its alarm" in house.standing(turned, LATER).remarks[0]
    house.grant(late - timedelta(hours=1), tier="in the loop")
    house.grant(late, tier="on the loop")
    again = house.standing(turned, LATER)
    assert (again.tier, again.since) == ("on the loop", late)


def test_a_live_file_with_looser_limits_does_not_quiet_the_alarm(house: Any, turned: Reviewed) -> None:
    house.grant(APPLIED, tier="on the loop")
    rang = house.standing(turned, LATER).since
    loose = {("limits", "limited", tier, "value"): 0.9 for tier in TIERS} | {("run_length_min", "value"): 10**9}
    house.file.write_text(with_values(house.file.read_text(), loose))
    assert house.standing(turned, LATER).since == rang


def test_a_proposal_that_is_lost_grants_nothing_nor_does_one_before_it(house: Any, good: Reviewed) -> None:
    up = house.grant(APPLIED, tier="on the loop")
    down = house.grant(APPLIED + timedelta(days=1), tier="in the loop")
    folder = house.workspace.playbook / "proposals"
    house.edit(tier="on the loop")
    (folder / f"{down.id}.json").unlink()
    assert house.standing(good, LATER).tier == "in the loop"
    (folder / f"{up.id}.json").write_text("{}")
    now = house.standing(good, LATER)
    assert now.tier == "in the loop"
    assert "lost or altered" in now.remarks[0]


def test_reviews_fewer_than_a_proposal_rested_on_void_it(house: Any, made: Made, good: Reviewed, rows: Any) -> None:
    house.approve(house.propose(good, "on the loop", APPLIED), APPLIED + timedelta(hours=1))
    assert house.standing(good, LATER).tier == "on the loop"
    fewer = house.standing(made([*rows.planted(60, 60), *rows.stream(345)]), LATER)
    assert fewer.tier == "in the loop"
    assert "it rested on" in fewer.remarks[0]


def _without(path: Path, number: int) -> None:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:number] + lines[number + 1 :]), encoding="utf-8")


def test_no_line_of_the_log_and_no_proposal_can_be_lost_to_gain_a_tier(house: Any, turned: Reviewed) -> None:
    house.grant(APPLIED, tier="on the loop")
    house.grant(APPLIED + timedelta(days=30), tier="in the loop")
    kept, log = house.standing(turned, LATER), house.workspace.log
    whole = log.read_bytes()
    for number in range(whole.count(b"\n")):
        _without(log, number)
        assert ORDER.index(house.standing(turned, LATER).tier) <= ORDER.index(kept.tier), number
        log.write_bytes(whole)
    for path in (*(house.workspace.playbook / "proposals").iterdir(), log):
        content = path.read_bytes()
        path.unlink()
        assert ORDER.index(house.standing(turned, LATER).tier) <= ORDER.index(kept.tier), path
        path.write_bytes(content)


def test_a_log_that_does_not_verify_leaves_everything_in_the_loop(house: Any, good: Reviewed) -> None:
    house.grant(APPLIED, tier="on the loop")
    log = house.workspace.log
    entry = json.loads(log.read_text().splitlines()[0])
    log.write_text(log.read_text().replace(entry["by"], "Somebody"))
    now = house.standing(good, LATER)
    assert now.tier == "in the loop"
    assert now.remarks[0].startswith("nothing above in the loop counts")


@pytest.fixture
def risky(house: Any) -> Any:
    """The house where posting an invoice is a high risk, with limits that these reviews can prove."""
    house.edit(risk_class="high")
    text = with_values(house.file.read_text(), {("limits", "high", "on the loop", "value"): 0.05})
    house.file.write_text(text)
    return house


def test_a_high_risk_stays_in_the_loop_without_a_signed_acceptance(risky: Any, good: Reviewed) -> None:
    risky.grant(APPLIED, tier="on the loop")
    now = risky.standing(good, LATER)
    assert now.tier == "in the loop"
    assert "no signed acceptance" in now.remarks[0]


def test_a_signed_acceptance_lets_it_leave_until_its_last_day(risky: Any, good: Reviewed) -> None:
    risky.accept(APPLIED - timedelta(days=1), date(2026, 3, 1))
    risky.grant(APPLIED, tier="on the loop")
    assert risky.standing(good, date(2026, 3, 1)).tier == "on the loop"
    after = risky.standing(good, date(2026, 3, 2))
    assert (after.tier, after.since) == ("in the loop", datetime(2026, 3, 2))


def test_an_acceptance_renewed_in_time_leaves_no_gap_and_one_made_later_revives_nothing(
    risky: Any, good: Reviewed
) -> None:
    risky.accept(APPLIED - timedelta(days=1), date(2026, 2, 1))
    risky.grant(APPLIED, tier="on the loop")
    risky.accept(datetime(2026, 2, 1, 12), date(2026, 2, 20))
    assert risky.standing(good, date(2026, 2, 10)).tier == "on the loop"
    risky.accept(datetime(2026, 2, 25), date(2026, 3, 20))
    assert risky.standing(good, date(2026, 3, 1)).tier == "in the loop"


def test_to_call_a_risk_lower_by_hand_needs_no_less_of_an_acceptance(risky: Any, good: Reviewed) -> None:
    risky.accept(APPLIED - timedelta(days=1), date(2026, 2, 1))
    risky.grant(APPLIED, tier="on the loop")
    risky.edit(risk_class="minimal")
    assert risky.standing(good, LATER).tier == "in the loop"


def test_an_acceptance_covers_its_own_action_and_tier_only(risky: Any, good: Reviewed) -> None:
    risky.accept(APPLIED - timedelta(days=1), date(2026, 6, 1), subject="hand over")
    risky.grant(APPLIED, tier="on the loop")
    assert risky.standing(good, LATER).tier == "in the loop"


def _granted(policy: OversightPolicy, text: str, *steps: tuple[int, str]) -> Granted:
    grants = [
        Grant(f"g{day}", APPLIED + timedelta(days=day), APPLIED + timedelta(days=day), read_text(with_values(
            text, {("actions", 0, "tier"): tier})), {})
        for day, tier in steps
    ]  # fmt: skip
    return Granted(tuple(grants), ())


@settings(max_examples=5)
@given(data=st.data())
def test_losing_reviews_never_raises_a_tier(
    made: Made, rows: Any, policy: OversightPolicy, data: st.DataObject
) -> None:
    text = (Path(__file__).parents[3] / "playbook/oversight.yaml").read_text(encoding="utf-8")
    told = _granted(policy, text, (0, "on the loop"), (4, "in the loop"), (9, "on the loop"), (12, "outside the loop"))
    live = read_text(with_values(text, {("actions", 0, "tier"): "outside the loop"}))
    bad = data.draw(st.lists(st.integers(340, 700), max_size=14), label="errors")
    whole = [*rows.planted(60, 60), *(rows.review(n, n in bad, unit=f"t{n // 2}") for n in range(0, 700))]
    lost = data.draw(
        st.sets(st.sampled_from([60 + n for n in bad if n < 700] or [60]) | st.integers(0, 759), max_size=6)
    )
    kept = [row for n, row in enumerate(whole) if n not in lost]
    before = replayed(told, made(whole), live, LATER)[rows.post].tier
    after = replayed(told, made(kept, missing=len(lost)), live, LATER)[rows.post].tier
    assert ORDER.index(after) <= ORDER.index(before)


def test_whatever_acceptances_proposals_and_reviews_are_left_out_no_tier_is_higher(
    risky: Any, turned: Reviewed
) -> None:
    risky.accept(APPLIED - timedelta(days=1), date(2026, 6, 1))
    risky.grant(APPLIED, tier="on the loop")
    told = granted(risky.workspace, datetime(2026, 12, 31))
    for as_of in (date(2026, 1, 21), date(2026, 1, 30)):
        best = ORDER.index(replayed(told, turned, risky.policy, as_of)["post invoice"].tier)
        for grants, accepted in itertools.product((told.grants, ()), (told.acceptances, ())):
            less = replayed(Granted(grants, accepted), turned, risky.policy, as_of)["post invoice"]
            assert ORDER.index(less.tier) <= best


@pytest.mark.parametrize("governed", [False, True])
def test_who_asks_for_less_review_cannot_call_the_risk_lower_in_the_same_breath(
    risky: Any, good: Reviewed, governed: bool
) -> None:
    if governed:
        risky.grant(APPLIED - timedelta(days=1), what="Posts an invoice.")
    risky.grant(APPLIED, tier="on the loop", risk_class="minimal")
    now = risky.standing(good, LATER)
    assert (now.tier, now.risk_class, now.high) == ("in the loop", "minimal", True)
    assert "no signed acceptance" in now.remarks[0]
    risky.grant(APPLIED + timedelta(days=1), what="Posts it.")
    assert risky.standing(good, LATER).tier == "in the loop"


def test_a_risk_that_an_earlier_proposal_called_lower_needs_no_acceptance(risky: Any, good: Reviewed) -> None:
    risky.grant(APPLIED, risk_class="limited")
    risky.grant(APPLIED + timedelta(days=1), tier="on the loop")
    now = risky.standing(good, LATER)
    assert (now.tier, now.high) == ("on the loop", False)


def test_a_class_that_no_proposal_was_seen_to_lower_stays_high(risky: Any, good: Reviewed) -> None:
    risky.grant(APPLIED - timedelta(days=2), what="Posts an invoice.")
    risky.edit(risk_class="minimal")  # by hand, so that the next difference does not show it
    risky.grant(APPLIED - timedelta(days=1), what="Posts it.")
    risky.grant(APPLIED, tier="on the loop")
    now = risky.standing(good, LATER)
    assert (now.tier, now.high) == ("in the loop", True)
    risky.grant(APPLIED + timedelta(days=1), tier="in the loop", risk_class="high")
    risky.grant(APPLIED + timedelta(days=2), risk_class="minimal")
    risky.grant(APPLIED + timedelta(days=3), tier="on the loop")
    assert risky.standing(good, LATER).tier == "on the loop"


def test_to_demote_and_promote_again_does_not_make_the_alarm_forget(house: Any, turned: Reviewed) -> None:
    house.grant(APPLIED, tier="on the loop")
    rang = house.standing(turned, LATER).since
    house.grant(rang - timedelta(hours=3), tier="in the loop")
    house.grant(rang - timedelta(hours=2, minutes=30), tier="on the loop")
    again = house.standing(turned, LATER)
    assert (again.tier, again.since) == ("in the loop", rang)


def test_an_alarm_that_would_have_rung_while_demoted_leaves_older_evidence_behind(house: Any, turned: Reviewed) -> None:
    house.grant(APPLIED, tier="on the loop")
    rang = house.standing(turned, LATER).since
    house.grant(rang - timedelta(hours=3), tier="in the loop")
    soon, late = rang + timedelta(hours=40), rang + timedelta(hours=300)
    house.grant(soon, tier="on the loop")
    now = house.standing(turned, LATER)
    assert now.tier == "in the loop"
    assert "not proved (since its alarm" in now.remarks[0]
    house.grant(late - timedelta(hours=1), tier="in the loop")
    house.grant(late, tier="on the loop")
    now = house.standing(turned, LATER)
    assert (now.tier, now.since, now.counts_from) == ("on the loop", late, rang)
