"""An interruption at any step loses nothing, and approving again ends what was begun."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from pilotage import approvals, audit_log
from pilotage.approvals import change
from pilotage.errors import PilotageError
from pilotage.hashes import sha256_file


class Killed(BaseException):
    """The process ends here."""


def killed_at(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Let the process end before the live file is written, or between that and the log."""

    def kill(*given: Any) -> None:
        raise Killed

    append = audit_log.append

    def append_all_but_the_last(path: Any, kind: str, *given: Any) -> Any:
        return kill() if kind == "proposal applied" else append(path, kind, *given)

    if step == "before the file":
        monkeypatch.setattr(change, "write_text_atomically", kill)
    else:
        monkeypatch.setattr(audit_log, "append", append_all_but_the_last)


@pytest.mark.parametrize("step", ["before the file", "before the log"])
def test_what_was_interrupted_says_so_and_is_ended_by_approving_again(
    desk: Any, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    one = desk.propose()
    desk.approve(one, "Ben")
    with monkeypatch.context() as during:
        killed_at(during, step)
        with pytest.raises(Killed):
            desk.approve(one, "Cat")
    state = desk.state(one)
    assert (state.status, state.missing) == ("approved", ())
    assert "approve it again to end it" in approvals.list_lines(desk.workspace)[0]
    assert f"pilotage approve {one.id} --version" in "\n".join(approvals.proposal_lines(desk.workspace, one.id))
    assert approvals.live_state(desk.workspace, "roi").status == "never approved"
    assert desk.approve(one, "Ben").status == "applied"
    assert sha256_file(desk.live()) == one.after
    kinds = [entry.kind for entry in audit_log.read(desk.workspace.log)]
    assert kinds == ["proposal made", "proposal approved", "proposal approved", "proposal applied"]


def test_a_half_applied_change_is_told_apart_from_an_edit_by_hand(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.applied(19)
    one = desk.propose(20)
    desk.approve(one, "Ben")
    with monkeypatch.context() as during:
        killed_at(during, "before the log")
        with pytest.raises(Killed):
            desk.approve(one, "Cat")
    live = approvals.live_state(desk.workspace, "roi")
    assert live.status == "changed"
    assert f"an interruption left {one.id} half applied" in live.why


def test_a_new_governance_that_was_half_applied_still_goes_by_the_votes_of_the_old_one(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = yaml.safe_load(desk.live("governance").read_text())
    facts["people"][2]["name"] = "Dan"  # in Cat's place, with Cat's role and key
    one = approvals.propose(desk.workspace, "governance", yaml.safe_dump(facts), "Cat leaves", "Zoe", desk.now)
    desk.approve(one, "Ann")
    with monkeypatch.context() as during:
        killed_at(during, "before the log")
        with pytest.raises(Killed):
            desk.approve(one, "Cat")
    assert desk.state(one).status == "approved"
    assert desk.approve(one, "Ann").status == "applied"
    assert desk.live("governance").read_text() == yaml.safe_dump(facts)


def test_a_proposal_whose_entry_is_missing_is_listed_and_can_be_made_again(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(*given: Any) -> None:
        raise Killed

    with monkeypatch.context() as during:
        during.setattr(audit_log, "append", kill)
        with pytest.raises(Killed):
            desk.propose()
    (path,) = (desk.workspace.playbook / "proposals").glob("*.json")
    assert approvals.list_lines(desk.workspace) == [
        f"{path.stem}  not in the audit log: interrupted, or written by hand; propose it again"
    ]
    with pytest.raises(PilotageError, match="there is no proposal"):
        approvals.approve(desk.workspace, path.stem, "0" * 8, "Ben", desk.now)
    one = desk.propose()
    desk.approve(one, "Ben")
    assert desk.approve(one, "Cat").status == "applied"
