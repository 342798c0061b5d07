"""Every refusal has its own reason, and leaves the log and the live file as they were."""

# ruff: noqa: E501 (a table of cases is read line by line: one case, one line)

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from pilotage import approvals
from pilotage.errors import InputFaults, PilotageError

Act = Callable[[Any], Any]


def proposed(policy: str = "roi", text: str | None = None, **more: Any) -> Act:
    """Propose with these words in the place of the usual ones."""

    def act(desk: Any) -> Any:
        given = {"why": "it fits better", "by": "Zoe", "at": desk.now, **more}
        new = desk.text() if text is None else text
        return approvals.propose(desk.workspace, policy, new, **given)

    return act


PROPOSALS = {
    "an unknown file": (proposed("rio"), "the playbook has no file 'rio'; did you mean 'roi'?"),
    "a path": (proposed("../roi"), "the playbook has no file '../roi'"),
    "a file nobody is to approve": (proposed("baseline"), "does not say who approves a change of baseline"),
    "no reason": (proposed(why=" "), "needs its reason"),
    "nobody": (proposed(by=" "), "need the name of a person"),
    "a time without zone": (proposed(at=datetime(2026, 6, 15)), "needs a time zone"),
    "figures that are no numbers": (proposed(evidence={"rate": float("nan")}), "a proposal cannot hold this"),
    "evidence that is no JSON": (proposed(evidence={"when": datetime(2026, 6, 15)}), "a proposal cannot hold this"),
    "a name that is no text": (proposed(by="\ud800"), "names nobody called '\\ud800'"),
    "a login name": (
        proposed(by="zoe1"),
        "playbook/governance.yaml names nobody called 'zoe1'; it names Ann, Ben, Cat, Zoe and Yan\n  name yourself: --by NAME",
    ),
    "part of a name": (proposed(by="Zo"), "names nobody called 'Zo'"),
    "half a surrogate": (proposed(text="owner: \ud800"), "cannot be read as YAML"),
}


@pytest.mark.parametrize("case", PROPOSALS)
def test_no_proposal_is_made_of(desk: Any, case: str) -> None:
    act, told = PROPOSALS[case]
    with pytest.raises(PilotageError) as refused:
        act(desk)
    assert told in str(refused.value)
    assert not desk.workspace.log.exists()
    assert list((desk.workspace.playbook / "proposals").glob("*")) == []


def test_all_faults_of_the_new_text_are_told_at_once(desk: Any) -> None:
    text = desk.text().replace("owner:", "woner:").replace("horizon_months", "horizon_month")
    with pytest.raises(InputFaults) as refused:
        proposed(text=text)(desk)
    assert {"owner: is missing", "horizon_months: is missing"} <= set(refused.value.faults)
    assert len(refused.value.faults) == 4


def test_what_the_form_cannot_tell_is_asked_of_the_check_and_only_where_the_form_is_right(desk: Any) -> None:
    with pytest.raises(InputFaults, match="rule 7 finds nothing"):
        desk.propose(check=lambda text: ["rule 7 finds nothing"])
    with pytest.raises(InputFaults, match="owner: is missing"):
        proposed(text="x: 1", check=lambda text: pytest.fail("asked in vain"))(desk)


def test_the_same_proposal_twice_is_refused_and_the_first_is_named(desk: Any) -> None:
    one = desk.propose()
    with pytest.raises(PilotageError, match=f"{one.id} proposes the very same since 2026-06-15"):
        desk.propose(by="Yan")


def test_two_proposals_never_share_an_id(desk: Any) -> None:
    at = desk.now
    desk.reject(approvals.propose(desk.workspace, "roi", desk.text(), "again", "Zoe", at), "Cat")
    with pytest.raises(PilotageError, match=r"there is a proposal roi-.* already"):
        approvals.propose(desk.workspace, "roi", desk.text(), "again", "Zoe", at)


def altered(desk: Any, one: Any) -> None:
    path = desk.workspace.playbook / "proposals" / f"{one.id}.json"
    path.write_text(path.read_text().replace("Controller 19", "Controller 99"))


def lost(desk: Any, one: Any) -> None:
    (desk.workspace.playbook / "proposals" / f"{one.id}.json").unlink()


def edited(desk: Any, one: Any) -> None:
    desk.live().write_text(desk.live().read_text() + "# by hand\n")


def by_ben(desk: Any, one: Any) -> None:
    desk.approve(one, "Ben")


def with_deputy(desk: Any, one: Any) -> None:
    desk.person("Ann", roles=["AI Owner", "AI Engineer"])
    by_ben(desk, one)


def with_two_roles(desk: Any, one: Any) -> None:
    desk.person("Ben", roles=["AI Engineer", "AI Risk Officer"])
    by_ben(desk, one)


def done(desk: Any, one: Any) -> None:
    by_ben(desk, one)
    desk.approve(one, "Cat")


def turned_down(desk: Any, one: Any) -> None:
    desk.reject(one, "Cat")


def nothing(desk: Any, one: Any) -> None:
    """The proposal as it was made."""


APPROVALS: dict[str, tuple[Callable[[Any, Any], None], dict[str, Any], str]] = {
    "an unknown person": (nothing, {"by": "Bem", "key": None}, "names nobody called 'Bem'; did you mean 'Ben'?"),
    "nobody": (nothing, {"by": " ", "key": None}, "need the name of a person"),
    "a person without a role in it": (nothing, {"by": "Ann"}, "Ann holds none of the roles that decide on playbook/roi.yaml: AI Engineer and AI Risk Officer"),
    "another version": (nothing, {"by": "Ben", "version": "0123456789"}, "'0123456789' is not the version of"),
    "a longer version": (nothing, {"by": "Ben", "version": "0" * 65}, "is not the version of"),
    "a version too short": (nothing, {"by": "Ben", "version": "0123456"}, "8 or more of its digits"),
    "a role given already": (with_deputy, {"by": "Ann"}, "given already: AI Engineer by Ben; missing: AI Risk Officer"),
    "the same person again": (by_ben, {"by": "Ben"}, "on 2026-06-15 already"),
    "one person for two roles": (with_two_roles, {"by": "Ben"}, "already; AI Risk Officer needs another person"),
    "an applied one": (done, {"by": "Ben"}, "was applied on 2026-06-15 already"),
    "a rejected one": (turned_down, {"by": "Ben"}, "was rejected on 2026-06-15, which is final"),
    "an altered one": (altered, {"by": "Ben"}, "was altered or lost: it is not what the audit log says"),
    "a lost one": (lost, {"by": "Ben"}, "was altered or lost"),
    "a stale one": (edited, {"by": "Ben"}, "has changed since"),
    "without one's key": (nothing, {"by": "Ben", "key": None}, "so nothing unsigned counts in this name"),
    "with another's key": (nothing, {"by": "Ben", "key": "Cat"}, "bad signature: governance.yaml names the key"),
    "with a stranger's key": (nothing, {"by": "Ben", "key": "Eve"}, "bad signature: governance.yaml names the key"),
    "with no such key": (nothing, {"by": "Ben", "key": Path("none.pem")}, "this key cannot be read: No such file"),
}  # fmt: skip


@pytest.mark.parametrize("case", APPROVALS)
def test_no_approval_is_given_by_or_to(desk: Any, case: str) -> None:
    prepare, given, told = APPROVALS[case]
    one = desk.propose()
    prepare(desk, one)
    before = (desk.workspace.log.read_bytes(), desk.live().read_bytes())
    key = desk.keys.get(given.get("key"), given.get("key", "own"))
    with pytest.raises(PilotageError) as refused:
        desk.approve(one, given["by"], key, given.get("version", ""))
    assert told in str(refused.value)
    assert refused.value.exit_code == 2
    assert (desk.workspace.log.read_bytes(), desk.live().read_bytes()) == before


@pytest.mark.parametrize("name", ["Ben", "  ben "])
def test_nobody_approves_a_proposal_of_their_own_in_whatever_spelling(desk: Any, name: str) -> None:
    one = desk.propose(by=name)
    assert one.by == "Ben"
    with pytest.raises(PilotageError, match="nobody approves a proposal of their own"):
        desk.approve(one, "Ben")


def test_a_proposal_by_nobody_who_is_named_is_not_approved_while_it_is_open(desk: Any) -> None:
    one = desk.propose(by="Zoe")
    desk.edit_governance(lambda facts: facts["people"].pop(3))
    with pytest.raises(PilotageError, match=r"made by 'Zoe', whom governance\.yaml does not name"):
        desk.approve(one, "Ben")
    assert desk.reject(one, "Cat").status == "rejected"


def test_the_name_of_an_approver_is_told_in_any_case_and_written_as_governance_has_it(desk: Any) -> None:
    state = desk.approve(desk.propose(), " bEN ", desk.keys["Ben"])
    assert state.given["AI Engineer"].by == "Ben"


def test_the_check_is_asked_again_at_every_approval_and_a_fault_loses_nothing(desk: Any) -> None:
    moved = ["the model is not there", "rule 7 finds nothing"]
    one = desk.propose(check=lambda text: [])
    desk.approve(one, "Ben", check=lambda text: [])
    before = (desk.workspace.log.read_bytes(), desk.live().read_bytes())
    with pytest.raises(InputFaults) as refused:
        desk.approve(one, "Cat", check=lambda text: moved)
    assert refused.value.faults == moved
    assert (desk.workspace.log.read_bytes(), desk.live().read_bytes()) == before
    assert desk.approve(one, "Cat", check=lambda text: []).status == "applied"


def test_a_rejection_in_the_name_of_somebody_with_a_key_is_signed(desk: Any) -> None:
    one = desk.propose()
    with pytest.raises(PilotageError, match="sign with --key FILE"):
        desk.reject(one, "Cat", key=None)
    assert desk.state(one).status == "open"


def test_an_unknown_proposal_is_refused_with_the_nearest_one(desk: Any) -> None:
    one = desk.propose()
    with pytest.raises(PilotageError, match=f"there is no proposal .* did you mean '{one.id}'"):
        approvals.approve(desk.workspace, one.id[:-1], one.version, "Ben", desk.now)


@pytest.mark.parametrize(
    ("prepare", "by", "told"),
    [(done, "Ben", "was applied"), (turned_down, "Ben", "which is final"), (nothing, "Ann", "holds none of the roles")],
)
def test_no_rejection_of_what_has_ended_and_by_nobody_without_a_role(
    desk: Any, prepare: Callable[[Any, Any], None], by: str, told: str
) -> None:
    one = desk.propose()
    prepare(desk, one)
    with pytest.raises(PilotageError, match=told):
        desk.reject(one, by)


def test_a_rejection_names_its_version_and_its_reason(desk: Any) -> None:
    one = desk.propose()
    with pytest.raises(PilotageError, match="is not the version of"):
        desk.reject(one, "Cat", version="f" * 64)
    with pytest.raises(PilotageError, match="needs its reason"):
        approvals.reject(desk.workspace, one.id, one.version, "Cat", " ", desk.now)


@pytest.mark.parametrize("prepare", [altered, lost, edited])
def test_what_nobody_can_approve_can_still_be_rejected(desk: Any, prepare: Callable[[Any, Any], None]) -> None:
    one = desk.propose()
    prepare(desk, one)
    assert desk.reject(one, "Cat").status == "rejected"


def test_a_diff_that_shows_less_than_it_does_is_refused(desk: Any) -> None:
    from dataclasses import asdict

    from pilotage import audit_log
    from pilotage.approvals import proposal as files
    from pilotage.approvals.proposal import Proposal
    from pilotage.approvals.state import content_of
    from pilotage.hashes import sha256_json

    honest = files.make("roi", desk.live().read_text(), desk.text(), "a word", "Zoe", desk.now.isoformat(), {})
    content = {name: value for name, value in asdict(honest).items() if name not in ("id", "version")}
    content["diff"] = "--- playbook/roi.yaml\n+++ playbook/roi.yaml, proposed\n+# a comment"
    version = sha256_json(content)
    forged = Proposal(id=f"roi-{version[:6]}", version=version, **content)
    files.write(desk.workspace, forged)
    at = datetime.fromisoformat(forged.at)
    audit_log.append(desk.workspace.log, "proposal made", content_of(forged), "Zoe", at)
    with pytest.raises(PilotageError, match="shows another change than it would make"):
        desk.approve(forged, "Ben")
