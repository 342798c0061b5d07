"""A change from its proposal to the live file: who has to agree, and what is left to see afterwards."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from pilotage import approvals, audit_log
from pilotage.errors import PilotageError
from pilotage.hashes import sha256_file


def test_a_proposal_changes_nothing_but_the_log_and_its_own_file(desk: Any) -> None:
    before = {path: path.read_bytes() for path in desk.workspace.playbook.glob("*.yaml")}
    one = desk.propose(evidence={"caught": 0.91})
    assert {path: path.read_bytes() for path in desk.workspace.playbook.glob("*.yaml")} == before
    stored = json.loads((desk.workspace.playbook / "proposals" / f"{one.id}.json").read_text())
    assert (stored["schema"], stored["text"], stored["evidence"]) == (1, desk.text(), {"caught": 0.91})
    assert stored["before"] == sha256_file(desk.live())
    assert "+owner: Controller 19" in stored["diff"].split("\n")
    (entry,) = audit_log.read(desk.workspace.log)
    assert (entry.kind, entry.by, entry.what["version"]) == ("proposal made", "Zoe", one.version)


def test_one_role_of_two_applies_nothing_and_the_state_says_who_is_missing(desk: Any) -> None:
    one = desk.propose()
    state = desk.approve(one, "Ben")
    assert (state.status, state.missing) == ("open", ("AI Risk Officer",))
    assert sha256_file(desk.live()) == one.before
    assert "waits for AI Risk Officer" in approvals.list_lines(desk.workspace)[0]


def test_the_second_role_applies_it_and_all_of_it_is_in_the_log(desk: Any) -> None:
    one = desk.propose()
    desk.approve(one, "Ben")
    state = desk.approve(one, "Cat")
    assert (state.status, state.missing) == ("applied", ())
    assert desk.live().read_text() == desk.text()
    kinds = ["proposal made", "proposal approved", "proposal approved", "proposal applied"]
    entries = audit_log.read(desk.workspace.log)
    assert [entry.kind for entry in entries] == kinds
    assert (entries[-1].what["before"], entries[-1].what["after"]) == (one.before, sha256_file(desk.live()))
    assert audit_log.verify(desk.workspace.log) == []
    assert {vote.standing for vote in state.given.values()} == {"verified"}


def test_the_order_of_the_roles_does_not_matter(desk: Any) -> None:
    one = desk.propose()
    desk.approve(one, "Cat")
    assert desk.approve(one, "Ben").status == "applied"


def test_a_rejection_is_final(desk: Any) -> None:
    one = desk.propose()
    desk.approve(one, "Ben")
    state = desk.reject(one, "Cat", desk.keys["Cat"])
    assert (state.status, state.rejection.by, state.rejection.standing) == ("rejected", "Cat", "verified")
    with pytest.raises(PilotageError, match="which is final"):
        desk.approve(one, "Cat")
    assert sha256_file(desk.live()) == one.before


def test_what_was_rejected_can_be_proposed_again_and_needs_both_roles_again(desk: Any) -> None:
    desk.reject(desk.propose(), "Cat")
    again = desk.propose()
    assert desk.state(again).missing == ("AI Engineer", "AI Risk Officer")


def test_of_two_proposals_the_second_is_stale_once_the_first_is_applied(desk: Any) -> None:
    other = desk.propose(20)
    desk.applied(19)
    assert desk.state(other).status == "stale"
    with pytest.raises(PilotageError, match="stale"):
        desk.approve(other, "Ben")


def test_whoever_holds_both_roles_leaves_the_other_to_somebody_else_in_any_order(desk: Any) -> None:
    desk.person("Cat", roles=["AI Engineer", "AI Risk Officer"])
    one = desk.propose()
    assert desk.approve(one, "Cat").missing == ("AI Risk Officer",)
    with pytest.raises(PilotageError, match="AI Risk Officer needs another person"):
        desk.approve(one, "Cat")
    assert desk.approve(one, "Ben").status == "applied"  # Ben is the engineer now, and Cat the risk officer


def test_a_person_enters_governance_by_a_proposal_that_its_roles_approve(desk: Any) -> None:
    facts = yaml.safe_load(desk.live("governance").read_text())
    facts["people"].append({"name": "Dan", "roles": ["AI Engineer"]})
    text = yaml.safe_dump(facts)
    one = approvals.propose(desk.workspace, "governance", text, "Ben needs a deputy", "Ben", desk.now)
    with pytest.raises(PilotageError, match="nobody called 'Dan'"):
        desk.approve(one, "Dan", key=None)
    desk.approve(one, "Ann")
    assert desk.approve(one, "Cat").status == "applied"
    assert desk.approve(desk.propose(), "Dan", key=None).missing == ("AI Risk Officer",)


def test_a_role_that_is_demanded_since_is_missing_from_open_proposals_and_not_from_applied_ones(desk: Any) -> None:
    done, one = desk.applied(19), desk.propose(20)
    desk.approve(one, "Ben")
    desk.edit_governance(lambda facts: facts["changes"]["roi"]["approvals"].append("AI Owner"))
    assert desk.state(one).missing == ("AI Risk Officer", "AI Owner")
    assert desk.state(done).status == "applied"
    desk.approve(one, "Cat")
    assert desk.approve(one, "Ann").status == "applied"


def test_who_changed_roles_may_approve_again_for_the_new_one(desk: Any) -> None:
    one = desk.propose()
    desk.approve(one, "Ben")
    desk.person("Ben", roles=["AI Risk Officer"])
    desk.person("Cat", roles=["AI Engineer"])
    desk.approve(one, "Ben")
    assert desk.approve(one, "Cat").status == "applied"


def test_an_unsigned_approval_takes_no_signed_ones_place(desk: Any) -> None:
    one = desk.propose()
    desk.approve(one, "Ben")

    def again(entries: list[dict[str, Any]]) -> None:
        what = {name: entries[1]["what"][name] for name in ("proposal", "version", "policy", "roles", "demanded")}
        entries.append({**entries[1], "what": what})

    desk.rewrite_log(again)
    assert desk.state(one).given["AI Engineer"].standing == "verified"


def test_who_lost_the_role_no_longer_counts_for_what_is_open(desk: Any) -> None:
    one = desk.propose()
    desk.approve(one, "Ben")
    desk.person("Ben", roles=["AI Owner"])
    desk.person("Ann", roles=["AI Engineer"])
    assert desk.state(one).missing == ("AI Engineer", "AI Risk Officer")
