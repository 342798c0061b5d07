"""What acts, what asks a person and what is refused; and that nothing acts that is not known to be allowed."""

from __future__ import annotations

import math
import time
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.oversight.conditions import of_amount
from pilotage.oversight.likeness import PastErrors
from pilotage.oversight.route import Router
from pilotage.playbook import read_policy
from pilotage.workspace import Workspace

POLICY = read_policy(Workspace(Path(__file__).parents[2]), ("oversight",)).oversight
WRONG = "Please cancel the order of the twelve blue chairs for our office in Turin"
FINE = {
    "interaction_id": "i1",
    "action_type": "post invoice",
    "confidence": 0.95,
    "amount": 120.5,
    "input_text": "Post the invoice of the paper mill",
}
ACT, ASK, REFUSE = "act", "ask a person", "refuse"


def router(tier: Any = "on the loop", alarms: tuple[str, ...] = (), **escalation: Any) -> Router:
    policy = POLICY.model_copy(update={"escalation": POLICY.escalation.model_copy(update=escalation)})
    return Router(policy, {"post invoice": tier}, alarms, PastErrors([WRONG]), "x")


def finding(action: str = "note", kind: str = "policy", rule: str = "r1") -> SimpleNamespace:
    return SimpleNamespace(action=action, kind=kind, rule=rule, start=0, end=5, reason="…")


def test_what_is_known_and_allowed_acts_without_a_reason():
    routed = router().route(FINE, ())
    assert (routed.decision, routed.reasons, routed.tier) == (ACT, (), "on the loop")


@pytest.mark.parametrize(
    ("change", "decision", "reason"),
    [
        ({"action_type": "wire money"}, REFUSE, "does not name this type of action"),
        ({"action_type": None}, REFUSE, "nobody has named this type of action"),
        ({"action_type": ["post invoice"]}, REFUSE, "nobody has named this type of action"),
        ({"interaction_id": None}, ASK, "the interaction has no id"),
        ({"interaction_id": 7}, ASK, "the interaction has no id"),
        ({"confidence": None}, ASK, "confidence is missing"),
        ({"confidence": 0.59}, ASK, "confidence is below 60%"),
        ({"confidence": 1.2}, ASK, "confidence cannot be read"),
        ({"confidence": -0.1}, ASK, "confidence cannot be read"),
        ({"confidence": math.nan}, ASK, "confidence cannot be read"),
        ({"confidence": "0.95"}, ASK, "confidence cannot be read"),
        ({"confidence": True}, ASK, "confidence cannot be read"),
        ({"confidence": 0.6}, ACT, ""),
        ({"amount": None}, ASK, "amount is missing"),
        ({"amount": 10_000.01}, ASK, "amount is over 10,000"),
        ({"amount": Decimal(10_000)}, ACT, ""),
        ({"amount": 10_000}, ACT, ""),
        ({"amount": math.nan}, ASK, "amount cannot be read"),
        ({"amount": math.inf}, ASK, "amount cannot be read"),
        ({"amount": -5}, ASK, "amount cannot be read"),
        ({"amount": "1,200.00"}, ASK, "amount cannot be read"),
        ({"amount": 10**400}, ASK, "amount cannot be read"),
        ({"amount": Decimal("sNaN")}, ASK, "amount cannot be read"),
        ({"input_text": WRONG}, ASK, "like one that the agent got wrong"),
        ({"input_text": WRONG.upper()}, ASK, "like one that the agent got wrong"),
        ({"input_text": None}, ASK, "there is no input text"),
        ({"input_text": b"bytes"}, ASK, "there is no input text"),
        ({"output_text": object()}, ACT, ""),
    ],
)
def test_each_part_of_an_interaction_has_its_say(change, decision, reason):
    routed = router().route({**FINE, **change}, ())
    assert routed.decision == decision
    assert reason in "; ".join(routed.reasons)
    assert len(routed.reasons) == (decision != ACT)


@pytest.mark.parametrize(
    ("amount", "decision"),
    [
        (Decimal("10000.0000000000000001"), ASK),
        (Fraction(10**24 + 1, 10**20), ASK),
        (Decimal("10000.00"), ACT),
        (Fraction(10_000), ACT),
        (10_000, ACT),
        (Decimal("1E-999999"), ACT),
        (Decimal("1E+999999"), ASK),
    ],
)
def test_no_digit_of_an_amount_is_lost(amount, decision):
    assert router().route({**FINE, "amount": amount}, ()).decision == decision


def test_a_limit_is_the_number_that_it_is_written_as():
    kind = POLICY.action("post invoice")
    limited = kind.model_copy(update={"amount_max": kind.amount_max.model_copy(update={"value": 0.1})})
    for amount in (0.1, Decimal("0.1"), Fraction(1, 10)):
        assert list(of_amount(amount, limited)) == []
    assert list(of_amount(Decimal("0.1000000000000000001"), limited))


@pytest.mark.parametrize("name", [name for name in FINE if name != "action_type"])
def test_a_part_that_is_not_there_asks(name):
    assert router().route({key: value for key, value in FINE.items() if key != name}, ()).decision == ASK


@pytest.mark.parametrize(
    ("findings", "decision", "reason"),
    [
        ([finding()], ACT, ""),
        ([finding("review", "injection", "detectors")], ASK, "asks for a review: injection, detectors"),
        ([finding("block", "leak", "prompt")], REFUSE, "the guard blocks it: leak, prompt"),
        ([finding("review", "undecided", "classifier")], ASK, "the guard could not decide: classifier"),
        ([finding("note", "undecided", "classifier")], ASK, "the guard could not decide: classifier"),
        ([finding("note", "personal_data", "email")], ASK, "there is personal data: email"),
        ([{"action": "note", "kind": "personal_data", "rule": "iban"}], ASK, "there is personal data: iban"),
        ([{"action": "block", "kind": "policy", "rule": "r"}], REFUSE, "the guard blocks it"),
        ([finding("shrug")], ASK, "cannot be read"),
        ([None], ASK, "cannot be read"),
        ([{}], ASK, "cannot be read"),
        (None, ASK, "the guard was not asked"),
        ("note", ASK, "cannot be read"),
        ({"action": "note"}, ASK, "cannot be read"),
        (7, ASK, "cannot be read"),
        ((1 / 0 for _ in range(1)), ASK, "cannot be read: ZeroDivisionError"),
    ],
)
def test_each_finding_of_the_guard_has_its_say(findings, decision, reason):
    routed = router().route(FINE, findings)
    assert routed.decision == decision
    assert reason in "; ".join(routed.reasons)


def test_what_a_broken_list_of_findings_blocked_before_it_broke_stays_blocked():
    def breaks():
        yield finding("block")
        raise OSError

    assert router().route(FINE, breaks()).decision == REFUSE


def test_where_personal_data_is_no_reason_it_is_none():
    assert router(personal_data=False).route(FINE, [finding("note", "personal_data", "email")]).decision == ACT


@pytest.mark.parametrize(
    ("tier", "reason"),
    [("in the loop", "is in the loop"), (None, "is not live yet"), ("off the loop", "cannot be read"), (3, "cannot")],
)
def test_only_a_tier_with_less_review_acts_by_itself(tier, reason):
    routed = router(tier).route(FINE, ())
    assert routed.decision == ASK
    assert reason in routed.reasons[0]


def test_an_alarm_asks():
    assert "alarm" in router(alarms=("post invoice",)).route(FINE, ()).reasons[0]


def test_all_reasons_are_told_and_the_strictest_decides():
    given = {**FINE, "confidence": 0.1, "amount": 1e9, "input_text": WRONG}
    routed = router("in the loop", ("post invoice",)).route(given, [finding("block"), finding("review", rule="r2")])
    assert routed.decision == REFUSE
    assert len(routed.reasons) == 7
    assert "blocks" in routed.reasons[0]


def test_no_reason_repeats_the_text():
    secret = "Ada Lovelace, account 4711"
    given = {**FINE, "input_text": secret, "amount": secret, "confidence": secret, "interaction_id": [secret]}
    assert secret not in " ".join(router().route(given, [secret]).reasons)


def test_a_confidence_limit_of_zero_asks_nobody():
    least = POLICY.escalation.confidence_min.model_copy(update={"value": 0.0})
    assert router(confidence_min=least).route({**FINE, "confidence": None}, ()).decision == ACT


def test_handing_over_to_a_person_is_stopped_by_a_block_alone():
    given = {"action_type": "hand over"}
    assert router().route(given, [finding("review"), finding("note", "personal_data")]).decision == ACT
    assert router().route(given, None).decision == ACT
    assert router().route(given, [finding("block")]).decision == REFUSE


def test_runs_are_drawn_for_review_with_the_share_of_their_tier():
    for tier in ("on the loop", "outside the loop"):
        share = POLICY.queue.uniform_share[tier]
        loaded = router(tier)
        routed = [loaded.route({**FINE, "interaction_id": f"i{n}"}, ()) for n in range(1500)]
        assert {one.inclusion_probability for one in routed} == {share}
        assert sum(one.sampled for one in routed) / 1500 == pytest.approx(share, abs=4 * (share / 1500) ** 0.5)


def test_the_same_run_is_drawn_the_same_way_each_time_and_not_where_it_asks():
    runs = [{**FINE, "interaction_id": f"i{n}"} for n in range(50)]
    first, second = ([router().route(run, ()).sampled for run in runs] for _ in range(2))
    assert first == second
    assert any(first)
    asked = [router("in the loop").route(run, ()) for run in runs]
    assert not any(one.sampled or one.inclusion_probability for one in asked)


class Hostile(dict[str, Any]):
    """A mapping whose every access fails."""

    def get(self, key: str, default: Any = None) -> Any:
        raise RuntimeError(key)

    __getitem__ = get


@pytest.mark.parametrize("given", [None, 7, "post invoice", [("action_type", "post invoice")], FINE.items()])
def test_what_is_no_mapping_asks(given):
    assert router().route(given, ()).decision == ASK


def test_a_mapping_that_cannot_be_read_is_refused():
    routed = router().route(Hostile(FINE), ())
    assert routed.decision == REFUSE
    assert "the action type cannot be read: RuntimeError" in routed.reasons


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=4)
    | st.sampled_from(["post invoice", "hand over", "note", "review", "block", "personal_data", 0.95, 100]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)  # fmt: skip
INTERACTIONS = (
    st.fixed_dictionaries({}, optional={name: ANYTHING | st.just(value) for name, value in FINE.items()}) | ANYTHING
)
FINDINGS = st.lists(
    st.fixed_dictionaries({}, optional=dict.fromkeys(("action", "kind", "rule"), ANYTHING)) | ANYTHING, max_size=3
) | ANYTHING  # fmt: skip
TIERS = st.sampled_from([None, "in the loop", "on the loop", "outside the loop", "off", 0])


@given(INTERACTIONS, FINDINGS, TIERS)
def test_whatever_comes_nothing_acts_that_is_not_known_to_be_allowed(interaction, findings, tier):
    routed = router(tier).route(interaction, findings)
    assert routed.decision in (ACT, ASK, REFUSE)
    if routed.decision != ACT or interaction["action_type"] == "hand over":
        return
    assert routed.tier in ("on the loop", "outside the loop")
    assert interaction["action_type"] == "post invoice"
    assert 0.6 <= interaction["confidence"] <= 1
    assert 0 <= interaction["amount"] <= 10_000
    assert interaction["interaction_id"].strip()
    assert interaction["input_text"].strip()
    assert all(one["action"] == "note" and one["kind"] not in ("undecided", "personal_data") for one in findings)


def test_routing_takes_less_than_a_millisecond():
    errors = [f"{WRONG} {n} {chr(97 + n % 26) * 5} {'for the plant' * (n % 7)}" for n in range(1000)]
    loaded = Router(POLICY, {"post invoice": "on the loop"}, (), PastErrors(errors))
    assert min(_median(loaded) for _ in range(5)) < 0.001


def _median(loaded: Router) -> float:
    taken = []
    for n in range(60):
        given = {**FINE, "input_text": f"Post the invoice of the paper mill over {n} sheets for the office"}
        begun = time.process_time()
        loaded.route(given, [finding(), finding("note", "topic")])
        taken.append(time.process_time() - begun)
    return sorted(taken)[30]
