"""A change of an action type's tier as a proposal: less review only where the reviews prove it, more review always."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from pilotage import approvals
from pilotage.approvals import Check, Proposal
from pilotage.errors import PilotageError
from pilotage.forms import near
from pilotage.oversight.evidence import Evidence, evidence
from pilotage.oversight.grants import POLICY, Granted, granted, plain_utc, read_text
from pilotage.oversight.promotion import counts_from, refusals
from pilotage.oversight.reviewed import Reviewed
from pilotage.oversight.tiers import Standing, replayed
from pilotage.playbook import TIERS, ActionType, OversightPolicy, Tier, read_policy
from pilotage.playbook.edit import with_values
from pilotage.workspace import Workspace

ALONE = "a tier with less review is proposed by `pilotage oversight promote`, which shows that the reviews prove it"


def propose_tier(
    workspace: Workspace,
    dataset: str,
    found: Reviewed,
    action: str,
    to: Tier,
    why: str,
    by: str,
    at: datetime,
    check: Check | None = None,
) -> Proposal:
    """Propose oversight.yaml with this tier for the action type; every other character stays as it is.

    `evidence` of the proposal names the dataset and, for a tier with less review, what was proved. PilotageError for an
    unknown action type, one that does not act, a tier that the evidence does not certify, more than one tier at a time,
    a high risk without acceptance, and as `approvals.propose`.
    """
    policy = read_policy(workspace, (POLICY,)).oversight
    named = _acting(policy, action)
    text = (workspace.playbook / f"{POLICY}.yaml").read_bytes().decode("utf-8-sig")
    new = with_values(text, _values(text, policy, named, to))
    told = granted(workspace, plain_utc(at))
    standing = replayed(told, found, policy, plain_utc(at).date())[action]
    shown: dict[str, Any] = {"dataset": dataset}
    if _less_review(to, standing.tier):
        if why_not := list(_refused(found, policy, told, standing, to, plain_utc(at))):
            raise PilotageError(f"{action} cannot be {to}: {'; '.join(why_not)}", next="`pilotage run` forecasts it")
        begin = counts_from(found, policy, standing.start, to, plain_utc(at))
        shown[action] = summary(evidence(found, policy, action, to, plain_utc(at), begin))
    elif new == text:
        raise PilotageError(f"{action} is {to} already: nothing would change")
    return approvals.propose(workspace, POLICY, new, why, by, at, shown, check)


def tier_faults(workspace: Workspace, found: Reviewed | None, text: str, at: datetime) -> list[str]:
    """Why the text, whose form is right, grants tiers with less review than the reviews prove at this moment.

    Asked when a proposal is made, and again before each approval. Without reviews (`found` None) no text may grant
    less review than the live file does.
    """
    new, live = read_text(text), read_policy(workspace, (POLICY,)).oversight
    raised = list(_raised(live, new))
    if not raised:
        return []
    if found is None:
        return [f"{action.name}: {action.tier}: {ALONE}" for action in raised]
    told, moment = granted(workspace, plain_utc(at)), plain_utc(at)
    now = replayed(told, found, new, moment.date())
    high = {action.name for action in live.actions if action.risk_class == "high"}
    now = {name: replace(one, high=one.high or name in high) for name, one in now.items()}
    return [
        f"{action.name}: {action.tier}: {reason}"
        for action in raised
        for reason in _refused(found, new, told, now[action.name], action.tier, moment)
    ]


def summary(shown: Evidence) -> dict[str, Any]:
    """The evidence as a proposal keeps it."""
    plain = {name: value for name, value in asdict(shown).items() if name not in ("catch", "rate")}
    for name, interval in (("catch", shown.catch), ("rate", shown.rate)):
        plain[name] = None if interval is None else {"low": interval.low, "high": interval.high}
    return plain


def _acting(policy: OversightPolicy, name: str) -> ActionType:
    action = policy.action(name)
    if action is None:
        known = [one.name for one in policy.actions]
        what = f"there is no action type {name!r}{near(name, known)}"
        raise PilotageError(what, "playbook/oversight.yaml", f"it names: {', '.join(known)}")
    if not action.acts:
        raise PilotageError(f"{name} only hands the case to a person, so it needs no tier", "playbook/oversight.yaml")
    return action


def _values(text: str, policy: OversightPolicy, action: ActionType, to: Tier) -> Mapping[tuple[str | int, ...], Any]:
    """The place of the tier; of the whole action type where the file leaves the tier to its default."""
    place = policy.actions.index(action)
    if "tier" in action.model_fields_set:
        return {("actions", place, "tier"): to}
    return {("actions", place): {**action.model_dump(mode="json", exclude_unset=True), "tier": to}}


def _less_review(to: Tier, now: Tier | None) -> bool:
    return TIERS.index(to) > (-1 if now is None else TIERS.index(now))


def _refused(
    found: Reviewed, policy: OversightPolicy, told: Granted, standing: Standing, to: Tier, at: datetime
) -> Iterator[str]:
    if told.fault:
        yield told.fault
    yield from refusals(found, policy, told.acceptances, standing.start, to, at)


def _raised(live: OversightPolicy, new: OversightPolicy) -> Iterator[ActionType]:
    """The action types that get less review than the live file grants; one that it does not name begins in the loop."""
    for action in new.actions:
        before = live.action(action.name)
        if action.acts and _less_review(action.tier, before.tier if before else TIERS[0]):
            yield action
