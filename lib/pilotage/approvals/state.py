"""How proposals stand: replayed from the audit log each time, so that no state is kept that could be edited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pilotage import audit_log
from pilotage.approvals.proposal import Proposal, live_hash, read
from pilotage.approvals.votes import APPLIED, APPROVED, MADE, REJECTED, Vote, vote_of
from pilotage.audit_log import Entry
from pilotage.playbook import GovernancePolicy, read_policy
from pilotage.playbook.governance import assigned, same_name
from pilotage.playbook.load import FILES
from pilotage.workspace import Workspace

Status = Literal["open", "approved", "applied", "rejected", "stale", "altered"]
NAMES = ("proposal", "version", "policy", "before", "after")


@dataclass(frozen=True, slots=True)
class State:
    """A proposal as the audit log tells it.

    `given` is the vote that fills each role, `missing` the roles without one. Two kinds of votes do not count: `forged`
    ones, and while it is open `unsigned` ones of people for whom governance.yaml names a key.
    "approved" means that all roles are given and the file's turn has not come: it was interrupted. `intact` is None
    where the proposal's own file is missing or is not what the log says.
    """

    id: str
    policy: str
    version: str
    before: str
    after: str
    by: str
    at: str
    status: Status
    demanded: tuple[str, ...]
    given: Mapping[str, Vote]
    missing: tuple[str, ...]
    forged: tuple[Vote, ...]
    rejection: Vote | None
    applied: Entry | None
    intact: Proposal | None
    unsigned: tuple[Vote, ...] = ()

    def fills(self, name: str, roles: Sequence[str]) -> bool:
        """Whether a person with these roles would fill one that is missing, the others changing places if need be."""
        held = {vote.by: vote.roles for vote in self.given.values()}
        return len(assigned(self.demanded, {**held, name: roles})) > len(self.given)


def governance_of(workspace: Workspace) -> GovernancePolicy:
    """governance.yaml as it is now; PlaybookFaults where it cannot be followed."""
    return read_policy(workspace, ("governance",)).governance


def replay(workspace: Workspace, policy: str | None = None) -> dict[str, State]:
    """Every proposal (of one policy) by its id, in the order they were made; empty before the first.

    InputFaults where the audit log does not verify, PlaybookFaults where governance.yaml cannot be followed.
    """
    entries = audit_log.read(workspace.log)
    made = {entry.what["proposal"]: entry for entry in reversed(entries) if _is_made(entry)}
    if not made:
        return {}
    governance = governance_of(workspace)
    chosen = (entry for entry in reversed(made.values()) if policy in (None, entry.what["policy"]))
    return {entry.what["proposal"]: _state(workspace, governance, entry, entries) for entry in chosen}


def content_of(proposal: Proposal) -> dict[str, str]:
    """What the log keeps of a proposal when it is made."""
    told = (proposal.id, proposal.version, proposal.policy, proposal.before, proposal.after)
    return dict(zip(NAMES, told, strict=True))


def _is_made(entry: Entry) -> bool:
    """Whether the entry is one that `propose` writes; its id names a file, so it must be what an id is."""
    what = entry.what
    if entry.kind != MADE or set(what) != set(NAMES) or not all(isinstance(value, str) for value in what.values()):
        return False
    head, _, tail = what["proposal"].rpartition("-")
    return what["policy"] in FILES and head == what["policy"] and tail != "" and what["version"].startswith(tail)


def _state(workspace: Workspace, governance: GovernancePolicy, made: Entry, entries: Sequence[Entry]) -> State:
    what = made.what
    later = [entry for entry in entries if entry.seq > made.seq and entry.what.get("proposal") == what["proposal"]]
    votes = [vote_of(entry, governance) for entry in later if entry.kind == APPROVED]
    applied, rejection = _final(made, later, votes, governance)
    proposal = read(workspace, what["proposal"])
    if proposal and (content_of(proposal), proposal.by, proposal.at) != (what, made.by, made.at):
        proposal = None
    live = live_hash(workspace, what["policy"])
    demanded, given = _filled(made, votes, governance, applied, live)
    missing = tuple(role for role in demanded if role not in given)
    status = _status(made, proposal, live, missing, demanded, applied, rejection)
    return State(
        what["proposal"], what["policy"], what["version"], what["before"], what["after"], made.by, made.at, status,
        demanded, given, missing, tuple(vote for vote in votes if vote.standing == "forged"),
        rejection, applied, proposal, () if applied or rejection else _unsigned(votes, governance, given),
    )  # fmt: skip


def _status(
    made: Entry,
    proposal: Proposal | None,
    live: str,
    missing: Sequence[str],
    demanded: Sequence[str],
    applied: Entry | None,
    rejection: Vote | None,
) -> Status:
    if applied or rejection:
        return "applied" if applied else "rejected"
    if proposal is None:
        return "altered"
    if live not in (made.what["before"], made.what["after"]):
        return "stale"
    return "approved" if demanded and not missing else "open"


def _final(
    made: Entry, later: Iterable[Entry], votes: Sequence[Vote], governance: GovernancePolicy
) -> tuple[Entry | None, Vote | None]:
    """What ended the proposal first: its application, with the approvals before it, or its rejection; None of both."""
    for entry in later:
        if entry.kind == APPLIED and entry.what == made.what:
            if _complete(made, [vote for vote in votes if vote.seq < entry.seq]):
                return entry, None
        elif entry.kind == REJECTED:
            vote = vote_of(entry, governance)
            if vote.standing != "forged" and vote.roles and vote.version == made.what["version"]:
                return None, vote
    return None, None


def _filled(
    made: Entry, votes: Sequence[Vote], governance: GovernancePolicy, applied: Entry | None, live: str
) -> tuple[tuple[str, ...], dict[str, Vote]]:
    """The roles that are demanded, and the votes that fill them.

    An open proposal goes by the people, roles and keys of today, one that is applied, or nearly, by those of its time.
    """
    if applied:
        votes = [vote for vote in votes if vote.seq < applied.seq]
    if applied or (live == made.what["after"] and _complete(made, votes)):
        demanded = _demanded_then(made, votes)
        return demanded, _by_role(demanded, _standing(made, votes))
    change = governance.changes.get(made.what["policy"])
    demanded = change.approvals if change else ()
    return demanded, _by_role(demanded, _standing(made, _of_today(votes, governance)))


def _complete(made: Entry, votes: Sequence[Vote]) -> bool:
    """Whether the votes fill every role that was demanded when the last of them was given."""
    demanded = _demanded_then(made, votes)
    return bool(demanded) and len(_by_role(demanded, _standing(made, votes))) == len(demanded)


def _demanded_then(made: Entry, votes: Sequence[Vote]) -> tuple[str, ...]:
    counted = [vote for vote in _standing(made, votes).values() if vote.demanded]
    return max(counted, key=lambda vote: vote.seq).demanded if counted else ()


def _standing(made: Entry, votes: Iterable[Vote]) -> dict[str, Vote]:
    """Each person's last vote that counts: for this version, not forged, not the proposer's; verified ones go first."""
    found: dict[str, Vote] = {}
    for vote in votes:
        fits = vote.version == made.what["version"] and same_name(vote.by) != same_name(made.by)
        worse = vote.by in found and found[vote.by].standing == "verified" != vote.standing
        if fits and not worse and vote.standing != "forged":
            found[vote.by] = vote
    return found


def _of_today(votes: Iterable[Vote], governance: GovernancePolicy) -> Iterator[Vote]:
    """The votes of people who still are in governance.yaml, with the roles they still hold and the key it names."""
    for vote in votes:
        person = governance.person(vote.by)
        if person and vote.key == (person.public_key or ""):
            yield replace(vote, roles=tuple(role for role in vote.roles if role in person.roles))


def _unsigned(votes: Iterable[Vote], governance: GovernancePolicy, given: Mapping[str, Vote]) -> tuple[Vote, ...]:
    """The votes without the signature that their person could have given, and that fill no role."""
    filling = {vote.seq for vote in given.values()}
    keyed = {person.name for person in governance.people if person.public_key}
    return tuple(
        vote
        for vote in votes
        if not vote.key and vote.standing != "forged" and vote.by in keyed and vote.seq not in filling
    )


def _by_role(demanded: Sequence[str], votes: Mapping[str, Vote]) -> dict[str, Vote]:
    people = assigned(demanded, {name: vote.roles for name, vote in votes.items()})
    return {role: votes[people[role]] for role in demanded if role in people}
