"""A signature shows who approved: with the right key verified, without one unverified, with a wrong one not counted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pilotage import approvals, audit_log
from pilotage.approvals.keys import sign
from pilotage.approvals.votes import APPROVED, statement
from pilotage.errors import InputFaults, PilotageError


def vote(desk: Any, one: Any, role: str = "AI Engineer") -> Any:
    return desk.state(one).given.get(role)


def test_with_a_key_an_approval_is_verified(desk: Any) -> None:
    one = desk.propose()
    desk.approve(one, "Ben")
    assert (vote(desk, one).standing, vote(desk, one).remark) == ("verified", "")
    assert "Ben, 2026-06-15, verified" in "\n".join(approvals.proposal_lines(desk.workspace, one.id))


def test_of_a_person_without_a_key_it_counts_and_is_shown_as_unverified(desk: Any) -> None:
    desk.person("Ben", public_key=None)
    one = desk.propose()
    desk.approve(one, "Ben", key=None)
    assert vote(desk, one).standing == "unverified"
    assert desk.approve(one, "Cat").status == "applied"
    assert "not all are verified" in approvals.list_lines(desk.workspace)[0]


def test_an_unsigned_approval_that_somebody_wrote_into_the_log_does_not_count_and_is_shown(desk: Any) -> None:
    one = desk.propose()
    desk.approve(one, "Ben")
    desk.rewrite_log(lambda entries: [entries[1]["what"].pop(name) for name in ("key", "fingerprint", "signature")])
    state = desk.state(one)
    assert (state.status, state.given, [vote.by for vote in state.unsigned]) == ("open", {}, ["Ben"])
    shown = approvals.proposal_lines(desk.workspace, one.id)
    assert "  unsigned, entry 2 of the audit log: Ben, 2026-06-15; it does not count without this person's key" in shown
    assert desk.approve(one, "Cat").missing == ("AI Engineer",)
    assert desk.approve(one, "Ben").status == "applied"


def test_what_was_applied_goes_by_what_was_recorded_though_its_approver_has_a_key_since(desk: Any, keys: Any) -> None:
    desk.person("Ben", public_key=None)
    one = desk.propose()
    desk.approve(one, "Ben", key=None)
    desk.approve(one, "Cat")
    desk.person("Ben", public_key=keys["Ben"].public)
    assert (desk.state(one).status, desk.state(one).unsigned) == ("applied", ())
    assert (vote(desk, one).standing, vote(desk, one).remark) == ("unverified", "it was not signed")


def test_a_key_that_governance_does_not_name_verifies_nothing(desk: Any) -> None:
    desk.person("Ben", public_key=None)
    one = desk.propose()
    desk.approve(one, "Ben")
    assert (vote(desk, one).standing, vote(desk, one).remark) == (
        "unverified",
        "governance.yaml names no key for this person",
    )


def test_who_has_a_key_since_gives_an_open_approval_again(desk: Any, keys: Any) -> None:
    desk.person("Ben", public_key=None)
    one = desk.propose()
    desk.approve(one, "Ben", key=None)
    desk.person("Ben", public_key=keys["Ben"].public)
    assert desk.state(one).missing == ("AI Engineer", "AI Risk Officer")
    desk.approve(one, "Ben")
    assert vote(desk, one).standing == "verified"
    with pytest.raises(PilotageError, match="already"):
        desk.approve(one, "Ben")


FORGERIES = {
    "its person": lambda entry: entry.update(by="Cat"),
    "its time": lambda entry: entry.update(at="2026-06-15T12:03:00+00:00"),
    "its act": lambda entry: entry.update(kind="proposal rejected"),
    "its roles": lambda entry: entry["what"].update(roles=["AI Engineer", "AI Risk Officer"]),
    "what was demanded": lambda entry: entry["what"].update(demanded=["AI Engineer"]),
    "its version": lambda entry: entry["what"].update(version="0" * 64),
    "a word more": lambda entry: entry["what"].update(why="because"),
    "its signature": lambda entry: entry["what"].update(signature=entry["what"]["signature"][::-1]),
    "its signature left empty": lambda entry: entry["what"].update(signature=""),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_signed_approval_that_was_rewritten_chain_and_all_is_forged_and_does_not_count(
    desk: Any, forgery: str
) -> None:
    one = desk.propose()
    desk.approve(one, "Ben")
    desk.rewrite_log(lambda entries: FORGERIES[forgery](entries[1]))
    state = desk.state(one)
    assert (state.status, state.given) == ("open", {})
    assert "forged" in {vote.standing for vote in state.forged} or forgery == "its act"


def test_an_approval_signed_with_ones_own_key_in_anothers_name_is_forged(desk: Any) -> None:
    one = desk.propose()
    desk.approve(one, "Ben")

    def forge(entries: list[dict[str, Any]]) -> None:
        what = {**entries[1]["what"], "roles": ["AI Risk Officer"]}
        entry = {**entries[1], "by": "Cat", "what": what}
        made = sign(desk.keys["Eve"], statement(APPROVED, what, "Cat", entry["at"]))
        entry["what"] = {**what, "key": made.key, "signature": made.signature}
        entries.append(entry)

    desk.rewrite_log(forge)
    state = desk.state(one)
    assert (state.missing, [vote.by for vote in state.forged]) == (("AI Risk Officer",), ["Cat"])
    assert "does not name for this person" in state.forged[0].remark
    assert desk.approve(one, "Cat").status == "applied"  # a forgery takes nobody's vote away


def test_an_application_that_nobody_approved_is_no_application(desk: Any) -> None:
    one = desk.propose()
    desk.approve(one, "Ben")

    def forge(entries: list[dict[str, Any]]) -> None:
        entries.append({**entries[0], "kind": "proposal applied", "by": "Ben"})

    desk.rewrite_log(forge)
    desk.live().write_text(desk.text())
    assert desk.state(one).status == "open"
    assert approvals.live_state(desk.workspace, "roi").status == "never approved"


def test_a_signature_moved_to_another_proposal_is_forged(desk: Any) -> None:
    one, other = desk.propose(19), desk.propose(20)
    desk.approve(one, "Ben")

    def move(entries: list[dict[str, Any]]) -> None:
        entries[2]["what"].update(proposal=other.id, version=other.version)

    desk.rewrite_log(move)
    assert [vote.by for vote in desk.state(other).forged] == ["Ben"]
    assert desk.state(other).given == {}


def test_a_new_key_asks_for_open_approvals_anew_and_keeps_old_ones_verified_while_the_old_key_is_named(
    desk: Any, keys: Any
) -> None:
    done, one = desk.applied(19), desk.propose(20)
    desk.approve(one, "Ben")
    desk.person("Ben", public_key=keys["Eve"].public, past_keys=[keys["Ben"].public])
    assert vote(desk, done).standing == "verified"
    assert desk.state(one).missing == ("AI Engineer", "AI Risk Officer")
    desk.approve(one, "Ben", key=keys["Eve"].path)
    assert vote(desk, one).standing == "verified"


def test_a_stolen_key_that_is_struck_out_takes_what_it_signed_with_it(desk: Any, keys: Any) -> None:
    done = desk.applied()
    desk.person("Ben", public_key=keys["Eve"].public)
    assert [vote.by for vote in desk.state(done).forged] == ["Ben"]
    assert approvals.live_state(desk.workspace, "roi").status == "never approved"


def test_who_has_left_stays_verified_while_named_and_is_unverified_once_struck_out(desk: Any) -> None:
    done = desk.applied()

    def leaves(facts: dict[str, Any]) -> None:
        facts["people"][1]["roles"] = []
        facts["people"].append({"name": "Dan", "roles": ["AI Engineer"]})

    desk.edit_governance(leaves)
    assert approvals.live_state(desk.workspace, "roi").verified is True
    desk.edit_governance(lambda facts: facts["people"].pop(1))
    live = approvals.live_state(desk.workspace, "roi")
    assert (live.status, live.verified) == ("approved", False)
    assert vote(desk, done).remark == "governance.yaml no longer names this person"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_byte_of_an_approval_that_is_changed_is_detected(made: tuple[Any, Any], data: st.DataObject) -> None:
    desk, one = made
    raw = desk.workspace.log.read_bytes()
    begin = raw.index(b"\n") + 1  # the line of the approval
    place = data.draw(st.integers(begin, len(raw) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != raw[place]))
    desk.workspace.log.write_bytes(raw[:place] + bytes([byte]) + raw[place + 1 :])
    try:
        assert audit_log.verify(desk.workspace.log)
        with pytest.raises(InputFaults, match="not the log that was written"):
            desk.approve(one, "Cat")
        assert approvals.live_state(desk.workspace, "roi").status == "unknown"
    finally:
        desk.workspace.log.write_bytes(raw)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_byte_of_a_proposal_that_is_changed_is_detected(made: tuple[Any, Any], data: st.DataObject) -> None:
    desk, one = made
    path = desk.workspace.playbook / "proposals" / f"{one.id}.json"
    raw = path.read_bytes()
    place = data.draw(st.integers(0, len(raw) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != raw[place]))
    path.write_bytes(raw[:place] + bytes([byte]) + raw[place + 1 :])
    try:
        assert desk.state(one).status == "altered"
        with pytest.raises(PilotageError, match="was altered or lost"):
            desk.approve(one, "Cat")
    finally:
        path.write_bytes(raw)


@pytest.fixture
def made(desk: Any) -> tuple[Any, Any]:
    """A proposal with evidence that Ben has approved."""
    one = desk.propose(evidence={"caught": 0.91, "flips": [1, 2], "deep": {"note": "été", "none": None}})
    desk.approve(one, "Ben")
    return desk, one
