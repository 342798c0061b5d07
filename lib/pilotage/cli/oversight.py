"""`pilotage oversight`: tiers changed by proposal, high risks accepted and withdrawn, everything replayed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pilotage.cli.opened import opened
from pilotage.cli.options import NamedDataset
from pilotage.cli.speak import spoken, tell, workspace_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from pilotage.kpis import Tables
    from pilotage.oversight.reviewed import Reviewed
    from pilotage.workspace import Workspace

oversight = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Oversight: how much of the agent's work people review."
)
Tiers = Literal["in the loop", "on the loop", "outside the loop"]
Action = Annotated[str, typer.Argument(metavar="ACTION", help="The action type, as playbook/oversight.yaml names it.")]
By = Annotated[str | None, typer.Option(metavar="NAME", help="Who, as in governance.yaml; default: the login name.")]
Why = Annotated[str, typer.Option(metavar="TEXT", help="The reason, in a sentence.")]
DIFFERS = 3


@oversight.command()
@spoken
def verify(
    dataset: NamedDataset = "",
    as_of: Annotated[
        str,
        typer.Option(metavar="DATE", help="The day of the replay; default: the synthetic dataset's own, else today."),
    ] = "",
) -> int:
    """Replay every tier from reviews, proposals and audit log.

    Says each step with its day and reason, and compares with page 04 of the last run and with playbook/oversight.yaml.
    Exit 0: all agree. 2: wrong input. 3: they differ, each difference on stderr.
    """
    import sys

    from pilotage.oversight.reviewed import reviewed
    from pilotage.oversight.verify import verify_tiers

    workspace, name, tables = opened(dataset, "reviews", "interactions")
    found = verify_tiers(workspace, name, reviewed(tables), _day(workspace, name, as_of))
    tell("\n".join(found.lines))
    if not found.differences:
        tell("page 04, the playbook and the replay tell the same tiers")
        return 0
    tell("\n".join(["they differ:", *(f"  {line}" for line in found.differences)]), sys.stderr)
    return DIFFERS


@oversight.command()
@spoken
def promote(
    action: Action,
    to: Annotated[Tiers, typer.Option(help="The tier: less review one tier at a time, more review always.")],
    why: Why,
    dataset: NamedDataset = "",
    by: By = None,
) -> None:
    """Propose another tier for an action type.

    Less review is proposed only where the reviews prove it; nothing changes until the roles named in
    playbook/governance.yaml have approved, and it is proved anew then. Exit 2: not proved, with what is lacking.
    """
    from datetime import UTC, datetime
    from functools import partial

    from pilotage.approvals import replay
    from pilotage.oversight.propose import propose_tier, tier_faults
    from pilotage.words import listed

    person = _named(by)
    workspace, name, tables = opened(dataset, "reviews", "interactions")
    found, now = _reviewed(tables), datetime.now(UTC)
    check = partial(tier_faults, workspace, found, at=now)
    made = propose_tier(workspace, name, found, action, to, why, person, now, check)
    waits = listed(list(replay(workspace, made.policy)[made.id].missing))
    tell(f"proposed: {made.id}, version {made.version[:12]}: {action} {to}; waits for {waits}")
    tell(f"  pilotage show {made.id}\n  pilotage approve {made.id} --version {made.version[:12]} --by NAME --key FILE")
    for mind in _minds(workspace, name, to):
        tell(f"mind: {mind}")


@oversight.command("accept-risk")
@spoken
def accept(
    action: Action,
    tier: Annotated[Tiers, typer.Option(help="The tier with least review that the acceptance covers.")],
    owner: Annotated[str, typer.Option(metavar="NAME", help="Who answers for the risk, as in governance.yaml.")],
    until: Annotated[str, typer.Option(metavar="DATE", help="The last day it covers.")],
    why: Why,
    key: Annotated[Path, typer.Option(metavar="FILE", help="The signer's private key.")],
    by: By = None,
) -> None:
    """Sign that a high-risk action may leave the loop.

    Only a holder of the role that playbook/oversight.yaml names can, with the key that governance.yaml names, and for
    so many days at most; afterwards the action falls back in the loop. It promotes nothing by itself.
    """
    from datetime import UTC, datetime

    from pilotage.approvals.acceptance import accept_risk
    from pilotage.errors import PilotageError
    from pilotage.playbook import read_policy

    workspace, last = workspace_at(None), _date(until, "--until")
    policy = read_policy(workspace, ("oversight",)).oversight
    known = [one.name for one in policy.actions if one.acts and one.risk_class == "high"]
    if action not in known:
        what = f"playbook/oversight.yaml names no action type {action!r} of high risk"
        raise PilotageError(what, next=f"it names: {', '.join(known)}" if known else "only a high risk is accepted")
    rule = policy.risk_acceptance
    made = accept_risk(
        workspace, action, tier, owner, _named(by), last, why, datetime.now(UTC), key, rule.role, rule.longest_days
    )
    tell(f"accepted: {action} {tier} until {made.until}, signed by {made.by}, owned by {made.owner}; {made.standing}")
    tell(f"take it back with\n  pilotage oversight withdraw-risk {made.seq} --why TEXT")


@oversight.command("withdraw-risk")
@spoken
def withdraw(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="The acceptance's entry in the audit log.")],
    why: Why,
    by: By = None,
) -> None:
    """Take a risk acceptance back, at once and for good."""
    from datetime import UTC, datetime

    from pilotage.approvals.acceptance import withdraw as take_back
    from pilotage.playbook import read_policy

    workspace = workspace_at(None)
    role = read_policy(workspace, ("oversight",)).oversight.risk_acceptance.role
    gone = take_back(workspace, number, _named(by), why, datetime.now(UTC), role)
    tell(f"withdrawn: acceptance {gone.seq}; it no longer lets {gone.subject} leave the loop")


def _minds(workspace: Workspace, dataset: str, to: str) -> Iterator[str]:
    """What whoever proposes a tier, or approves it, should know beside the proposal."""
    from pilotage.approvals import live_state

    state = live_state(workspace, "oversight")
    if state.status != "approved":
        yield f"{state.why}; the proposal shows the change of the tier only, so look at the whole file"
    if own := _own_day(workspace, dataset):
        yield f"this dataset is synthetic and lives on {own}: what is decided later counts with --as-of only"
    yield f"the decision page asks for the tier of playbook/playbook.yaml; once {to} is granted, propose it there too"


def _reviewed(tables: Tables) -> Reviewed:
    from pilotage.oversight.reviewed import reviewed

    return reviewed(tables)


def _day(workspace: Workspace, dataset: str, as_of: str) -> date:
    """The day asked for, else the dataset's own, else today."""
    from datetime import UTC, datetime

    if as_of:
        return _date(as_of, "--as-of")
    own = _own_day(workspace, dataset)
    return _date(own, "as_of") if own else datetime.now(UTC).date()


def _own_day(workspace: Workspace, dataset: str) -> str | None:
    """The day on which a synthetic dataset lives; None of any other."""
    from pilotage.hashes import part_of

    own = (part_of(workspace.intake(dataset) / "checks.json", "dataset") or {}).get("as_of")
    return str(own) if own else None


def _named(by: str | None) -> str:
    from pilotage.cli.records import named_person

    return named_person(by, "this needs the name of the person who does it")


def _date(text: str, option: str) -> date:
    from datetime import date

    from pilotage.errors import PilotageError

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise PilotageError(f"{text!r} is no day", next=f"write it as 2026-12-31: {option} DATE") from None
