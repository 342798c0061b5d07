"""`pilotage propose | approve | reject | show | key new`: how a file of the playbook changes under control."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pilotage.cli.speak import spoken, tell, workspace_at

if TYPE_CHECKING:
    from pilotage.approvals import Check, State
    from pilotage.workspace import Workspace

key = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Keys: what approvals are signed with.")

By = Annotated[str | None, typer.Option(metavar="NAME", help="Who, as in governance.yaml; default: the login name.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The proposal, as `pilotage show` lists it.")]
Version = Annotated[str, typer.Option(metavar="HASH", help="The version that was looked at: 8 digits of it or more.")]
KeyFile = Annotated[
    Path | None, typer.Option("--key", metavar="FILE", help="The private key; needed where governance.yaml names one.")
]
Why = Annotated[str, typer.Option(metavar="TEXT", help="The reason, in a sentence.")]


def _guard_faults(workspace: Workspace, text: str) -> Sequence[str]:
    """Why no guard can be made of this guardrails.yaml: a rule that fails its examples, a model that is not there."""
    from pilotage.errors import InputFaults
    from pilotage.forms import fill, parse_mapping
    from pilotage.guardrails.guard import load
    from pilotage.playbook import GuardrailsPolicy

    policy, _ = fill(GuardrailsPolicy, parse_mapping(text)[0])
    try:
        load(workspace, policy)
    except InputFaults as refused:
        return refused.faults
    return ()


def _tier_faults(workspace: Workspace, text: str) -> Sequence[str]:
    """Why the reviews of the dataset that a proposal of this oversight.yaml names do not prove the tiers it grants."""
    from datetime import UTC, datetime

    from pilotage.approvals import replay
    from pilotage.cli.opened import opened
    from pilotage.oversight.propose import tier_faults
    from pilotage.oversight.reviewed import reviewed

    now, found = datetime.now(UTC), None
    if not tier_faults(workspace, None, text, now):
        return ()
    states = [state for state in replay(workspace, "oversight").values() if state.intact and state.intact.text == text]
    named = [state.intact.evidence.get("dataset") for state in states if state.intact]
    if named and isinstance(named[-1], str):
        found = reviewed(opened(named[-1], "reviews", "interactions")[2])
    return tier_faults(workspace, found, text, now)


# What the form of a file cannot tell, by its name: each gives the faults of a text whose form is right.
CHECKS: Mapping[str, Callable[[Workspace, str], Sequence[str]]] = {
    "guardrails": _guard_faults,
    "oversight": _tier_faults,
}


@spoken
def propose(
    policy: Annotated[str, typer.Argument(metavar="POLICY", help="The file in playbook/, such as guardrails.")],
    with_: Annotated[Path, typer.Option("--with", metavar="FILE", help="The file as it should become, whole.")],
    why: Why,
    by: By = None,
) -> None:
    """Propose a new version of a file of the playbook.

    The live file stays as it is until the roles named in playbook/governance.yaml have approved. Exit 2: all faults of
    the new version, or no change.
    """
    from datetime import UTC, datetime

    from pilotage.approvals import propose as make
    from pilotage.approvals import replay
    from pilotage.approvals.proposal import read_text
    from pilotage.words import listed

    workspace, text = workspace_at(None), read_text(with_).removeprefix("\ufeff")
    made = make(workspace, policy, text, why, _named(by), datetime.now(UTC), check=_check(workspace, policy))
    waits = listed(list(replay(workspace, policy)[made.id].missing))
    tell(f"proposed: {made.id}, version {made.version[:12]}; waits for {waits}\n  pilotage show {made.id}")


@spoken
def approve(id: Id, version: Version, by: By = None, key: KeyFile = None) -> None:
    """Approve a proposal; the last approval applies it.

    Exit 2: refused, with the reason. What was begun and interrupted is ended by approving again.
    """
    from datetime import UTC, datetime

    from pilotage.approvals import approve as give
    from pilotage.approvals import replay

    workspace, person = workspace_at(None), _named(by)
    state = replay(workspace).get(id)
    check = _check(workspace, state.policy) if state else None
    tell(_told(give(workspace, id, version, person, datetime.now(UTC), key, check), person))


@spoken
def reject(id: Id, version: Version, why: Why, by: By = None, key: KeyFile = None) -> None:
    """Reject a proposal for good."""
    from datetime import UTC, datetime

    from pilotage.approvals import reject as refuse

    state = refuse(workspace_at(None), id, version, _named(by), why, datetime.now(UTC), key)
    tell(f"rejected: {state.id}; playbook/{state.policy}.yaml stays as it is")


@spoken
def show(id: Annotated[str, typer.Argument(metavar="[ID]", help="One proposal; without it: all.")] = "") -> None:
    """List the proposals, or show one whole.

    How each stands, what it changes, with which evidence, who approved it and whose approval is missing.
    """
    from pilotage.approvals import list_lines, proposal_lines

    workspace = workspace_at(None)
    tell("\n".join(proposal_lines(workspace, id) if id else list_lines(workspace)))


@key.command()
@spoken
def new(
    by: Annotated[str, typer.Option(metavar="NAME", help="Who will sign with it, as governance.yaml names them.")],
    into: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A new file; default: pilotage/NAME.pem in the user's configuration."),
    ] = None,
) -> None:
    """Make a private key, and print the public one for governance.yaml.

    The private key is for its owner alone: it is never printed, and never written over another. It is encrypted where
    the environment variable PILOTAGE_KEY_PASSPHRASE is set.
    """
    from pilotage.approvals import new_key

    made = new_key(by, into)
    tell(f"written: {made.path}, which nobody else may read\nadd to {by}'s entry in playbook/governance.yaml:")
    tell(f"    public_key: {made.public}")


def _told(state: State, person: str) -> str:
    """What an approval came to."""
    from pilotage.playbook.governance import same_name
    from pilotage.words import listed

    mine = next((vote for vote in state.given.values() if same_name(vote.by) == same_name(person)), None)
    approval = f"approved: {state.id} by {mine.by}" if mine else f"ended: {state.id}"
    standing = f", {mine.standing}{f' ({mine.remark})' if mine.remark else ''}" if mine else ""
    if state.status == "applied":
        return f"{approval}{standing}\napplied: playbook/{state.policy}.yaml is now {state.id}"
    return f"{approval}{standing}\nwaits for {listed(list(state.missing))}: pilotage show {shlex.quote(state.id)}"


def _check(workspace: Workspace, policy: str) -> Check | None:
    """What the form of this file cannot tell; None where the form tells all."""
    from functools import partial

    return partial(CHECKS[policy], workspace) if policy in CHECKS else None


def _named(by: str | None) -> str:
    from pilotage.cli.records import named_person

    return named_person(by, "a proposal and an approval need the name of a person")
