"""Whether the live file is the one that was approved."""

from __future__ import annotations

from typing import Any

import pytest

from pilotage import approvals, audit_log
from pilotage.errors import PilotageError
from pilotage.hashes import sha256_file
from pilotage.playbook.load import FILES


def test_before_the_first_change_nothing_was_ever_approved(desk: Any) -> None:
    live = approvals.live_state(desk.workspace, "roi")
    assert (live.status, live.verified, live.proposal, live.approvals) == ("never approved", False, "", ())
    assert live.sha256 == sha256_file(desk.live())
    assert not desk.workspace.log.exists()


def test_an_open_proposal_approves_nothing_yet(desk: Any) -> None:
    desk.approve(desk.propose(), "Ben")
    assert approvals.live_state(desk.workspace, "roi").status == "never approved"


def test_what_was_applied_is_approved_with_who_and_when(desk: Any) -> None:
    one = desk.applied()
    live = approvals.live_state(desk.workspace, "roi")
    assert (live.status, live.verified, live.proposal, live.version) == ("approved", True, one.id, one.version)
    assert [vote.by for vote in live.approvals] == ["Ben", "Cat"]
    assert live.applied_at == "2026-06-15T12:03:00+00:00"
    assert live.why == (
        f"playbook/roi.yaml is {one.id}, approved by Ben (AI Engineer, verified) and Cat (AI Risk Officer, verified) "
        "and applied on 2026-06-15"
    )
    assert approvals.live_state(desk.workspace, "pilot").status == "never approved"


def test_one_unsigned_approval_leaves_the_file_approved_and_not_verified(desk: Any) -> None:
    desk.person("Ben", public_key=None)
    one = desk.propose()
    desk.approve(one, "Ben", key=None)
    desk.approve(one, "Cat")
    live = approvals.live_state(desk.workspace, "roi")
    assert (live.status, live.verified) == ("approved", False)


def test_one_byte_by_hand_is_a_change_and_taking_it_back_mends_it(desk: Any) -> None:
    desk.applied()
    text = desk.live().read_text()
    desk.live().write_text(text + " ")
    live = approvals.live_state(desk.workspace, "roi")
    assert (live.status, live.verified) == ("changed", False)
    assert "has changed by hand" in live.why
    desk.live().write_text(text)
    assert approvals.live_state(desk.workspace, "roi").status == "approved"


def test_a_file_that_is_gone_was_changed(desk: Any) -> None:
    desk.applied()
    desk.live().unlink()
    live = approvals.live_state(desk.workspace, "roi")
    assert (live.status, live.sha256) == ("changed", "absent")


def test_an_edit_by_hand_can_be_proposed_as_it_stands_and_is_held_against_the_approved_version(desk: Any) -> None:
    first = desk.applied(19)
    desk.live().write_text(desk.text(20))
    one = desk.propose(20)
    assert (one.before, "-owner: Controller 19" in one.diff) == (first.after, True)
    desk.approve(one, "Ben")
    desk.approve(one, "Cat")
    live = approvals.live_state(desk.workspace, "roi")
    assert (live.status, live.proposal) == ("approved", one.id)


@pytest.mark.parametrize("policy", FILES)
def test_a_file_that_was_never_approved_is_proposed_as_it_stands_and_all_of_it_is_new(desk: Any, policy: str) -> None:
    desk.edit_governance(lambda facts: facts["changes"].setdefault(policy, facts["changes"]["roi"]))
    text = desk.live(policy).read_text(encoding="utf-8")
    one = approvals.propose(desk.workspace, policy, text, "as it stands", "Zoe", desk.now)
    assert (one.before, one.after) == ("absent", approvals.live_state(desk.workspace, policy).sha256)
    assert f"+{text.splitlines()[0]}" in one.diff
    desk.approve(one, "Ann" if policy == "governance" else "Ben")
    desk.approve(one, "Cat")
    assert approvals.live_state(desk.workspace, policy).status == "approved"
    with pytest.raises(PilotageError, match=f"playbook/{policy}.yaml says this already: nothing would change"):
        approvals.propose(desk.workspace, policy, text, "once more", "Zoe", desk.now)


def test_as_it_stands_goes_through_after_another_file_was_approved(desk: Any) -> None:
    desk.applied()
    text = desk.live("governance").read_text()
    assert approvals.propose(desk.workspace, "governance", text, "as it stands", "Zoe", desk.now).before == "absent"


def test_an_edit_by_hand_is_proposed_whole_where_the_approved_version_is_lost(desk: Any) -> None:
    (desk.workspace.playbook / "proposals" / f"{desk.applied(19).id}.json").unlink()
    desk.live().write_text(desk.text(20))
    assert desk.propose(20).before == "absent"


def test_as_it_stands_proposes_nothing_under_a_log_that_does_not_verify(desk: Any) -> None:
    text = desk.applied().text
    desk.workspace.log.write_bytes(desk.workspace.log.read_bytes().replace(b"Ben", b"Bob", 1))
    with pytest.raises(PilotageError, match="is not the log that was written"):
        approvals.propose(desk.workspace, "roi", text, "as it stands", "Zoe", desk.now)


def test_an_earlier_version_can_come_back_by_a_proposal_of_its_own(desk: Any) -> None:
    desk.applied(19)
    desk.applied(20)
    again = desk.applied(19)
    assert approvals.live_state(desk.workspace, "roi").proposal == again.id


def test_a_log_that_does_not_verify_or_a_broken_governance_leaves_it_unknown(desk: Any) -> None:
    desk.applied()
    log = desk.workspace.log.read_bytes()
    desk.workspace.log.write_bytes(log.replace(b"Ben", b"Bob", 1))
    live = approvals.live_state(desk.workspace, "roi")
    assert (live.status, live.verified) == ("unknown", False)
    assert "is not the log that was written" in live.why
    desk.workspace.log.write_bytes(log)
    desk.live("governance").write_text("owner: nobody\n")
    assert "playbook/governance.yaml cannot be followed" in approvals.live_state(desk.workspace, "roi").why


def test_the_shipped_people_are_examples_and_the_state_says_so(desk: Any) -> None:
    assert approvals.live_state(desk.workspace, "roi").example is False
    desk.edit_governance(lambda facts: facts.update(example=True))
    assert approvals.live_state(desk.workspace, "roi").example is True


def test_an_unknown_policy_is_refused(desk: Any) -> None:
    with pytest.raises(PilotageError, match="has no file 'guardrail'; did you mean 'guardrails'"):
        approvals.live_state(desk.workspace, "guardrail")


def test_entries_of_other_kinds_and_of_no_shape_are_passed_over(desk: Any) -> None:
    one = desk.propose()
    for what in ({}, {"proposal": 7}, {"proposal": one.id, "version": [], "roles": "all", "demanded": None}):
        for kind in ("proposal made", "proposal approved", "proposal rejected", "proposal applied", "baseline lock"):
            audit_log.append(desk.workspace.log, kind, what, "Eve", desk.now)
    assert list(approvals.replay(desk.workspace)) == [one.id]
    assert desk.state(one).missing == ("AI Engineer", "AI Risk Officer")
    desk.approve(one, "Ben")
    assert desk.approve(one, "Cat").status == "applied"
