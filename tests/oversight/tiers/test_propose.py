"""A tier with less review is proposed where the reviews prove it, one step at a time, and proved again at approval."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from pilotage import approvals
from pilotage.errors import InputFaults, PilotageError
from pilotage.oversight.propose import tier_faults
from pilotage.oversight.reviewed import Reviewed

Made = Callable[..., Reviewed]
AT = datetime(2026, 1, 20)


@pytest.fixture(scope="module")
def good(made: Made, rows: Any) -> Reviewed:
    return made([*rows.planted(60, 60), *rows.stream(900)])


def test_a_proved_promotion_changes_the_tier_and_no_other_character(house: Any, good: Reviewed) -> None:
    before = house.file.read_text()
    proposal = house.propose(good, "on the loop", AT)
    assert house.file.read_text() == before
    changed = [line for line in proposal.diff.splitlines()[2:] if line[0] in "+-"]
    old = next(line for line in before.splitlines() if line.startswith("    tier: in the loop"))
    assert changed == [f"-{old}", "+" + old.replace("in the loop", "on the loop", 1)]
    assert proposal.evidence["dataset"] == "desk"
    shown = proposal.evidence["post invoice"]
    assert (shown["n"], shown["errors"], shown["certified"]) == (353, 0, True)
    house.approve(proposal, AT + timedelta(hours=1))
    assert house.standing(good, date(2026, 2, 1)).tier == "on the loop"


@pytest.mark.parametrize(
    ("action", "to", "told"),
    [
        ("post invoce", "on the loop", "did you mean"),
        ("hand over", "on the loop", "only hands the case to a person"),
        ("post invoice", "outside the loop", "one tier at a time"),
        ("post invoice", "in the loop", "nothing would change"),
    ],
)
def test_what_cannot_be_proposed_is_refused_with_its_reason(
    house: Any, good: Reviewed, action: str, to: Any, told: str
) -> None:
    from pilotage.oversight.propose import propose_tier

    with pytest.raises(PilotageError) as refused:
        propose_tier(house.workspace, "desk", good, action, to, "it works", "Carla Example", AT.replace(tzinfo=UTC))
    assert told in str(refused.value)
    assert approvals.replay(house.workspace) == {}


def test_what_is_not_proved_is_not_proposed(house: Any, made: Made, rows: Any) -> None:
    with pytest.raises(PilotageError, match="not proved"):
        house.propose(made([*rows.planted(60, 60), *rows.stream(40, 20)]), "on the loop", AT)
    assert approvals.replay(house.workspace) == {}


def test_more_review_is_proposed_without_evidence(house: Any, good: Reviewed) -> None:
    house.grant(AT, tier="on the loop")
    back = house.approve(house.propose(good, "in the loop", AT + timedelta(days=1)), AT + timedelta(days=1, hours=1))
    assert house.standing(good, date(2026, 2, 1)).changes[-1].ref == back.id


def test_a_text_that_grants_less_review_names_what_the_reviews_lack(house: Any, made: Made, good: Reviewed) -> None:
    at, text = AT.replace(tzinfo=UTC), house.text(tier="on the loop")
    assert tier_faults(house.workspace, good, text, at) == []
    assert tier_faults(house.workspace, None, house.text(amount_max=None), at) == []
    (fault,) = tier_faults(house.workspace, None, text, at)
    assert "pilotage oversight promote" in fault
    faults = tier_faults(house.workspace, made([]), text, at)
    assert any("not live yet" in fault for fault in faults)


def test_a_text_that_also_calls_the_risk_lower_still_needs_the_acceptance(house: Any, good: Reviewed) -> None:
    house.edit(risk_class="high")
    house.grant(AT, what="Posts an invoice.")
    faults = tier_faults(
        house.workspace,
        good,
        house.text(tier="on the loop", risk_class="minimal"),
        AT.replace(tzinfo=UTC) + timedelta(1),
    )
    assert any("no signed acceptance" in fault for fault in faults)


def test_the_very_first_proposal_cannot_call_a_risk_lower_and_ask_for_less_review(house: Any, good: Reviewed) -> None:
    house.edit(risk_class="high")
    text, at = house.text(tier="on the loop", risk_class="minimal"), AT.replace(tzinfo=UTC)
    assert any("no signed acceptance" in fault for fault in tier_faults(house.workspace, good, text, at))

    def check(text: str) -> list[str]:
        return tier_faults(house.workspace, good, text, at)

    with pytest.raises(InputFaults, match="no signed acceptance"):
        approvals.propose(house.workspace, "oversight", text, "it works", "Carla Example", at, check=check)
    made = approvals.propose(house.workspace, "oversight", text, "it works", "Carla Example", at)
    with pytest.raises(InputFaults, match="no signed acceptance"):
        approvals.approve(house.workspace, made.id, made.version, "Ada Example", at, check=check)


def test_a_promotion_after_a_demotion_rests_on_what_came_after_an_alarm_nobody_heard(
    house: Any, made: Made, rows: Any
) -> None:
    turned = made([*rows.planted(60, 60), *rows.stream(400, 6), *rows.stream(400, first=406)])
    house.grant(AT, tier="on the loop")
    rang = house.standing(turned, date(2026, 3, 1)).since
    house.grant(rang - timedelta(hours=3), tier="in the loop")
    with pytest.raises(PilotageError, match="since its alarm"):
        house.propose(turned, "on the loop", rang + timedelta(hours=40))
    late = house.propose(turned, "on the loop", rang + timedelta(hours=300))
    assert late.evidence["post invoice"]["n"] < 305


def test_what_is_no_longer_proved_is_not_approved(house: Any, made: Made, good: Reviewed) -> None:
    proposal, at = house.propose(good, "on the loop", AT), AT.replace(tzinfo=UTC) + timedelta(hours=1)

    def check(text: str) -> list[str]:
        return tier_faults(house.workspace, made([]), text, at)

    with pytest.raises(InputFaults, match="cannot be followed as things stand now"):
        approvals.approve(house.workspace, proposal.id, proposal.version, "Ada Example", at, check=check)
