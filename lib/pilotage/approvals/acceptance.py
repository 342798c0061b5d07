"""Signed risk acceptances: who answers for a high risk that is taken all the same, at which tier and until when.

They stand in the audit log, are signed, and are judged anew at every reading: what is unsigned, forged, by somebody
without the role, for too long, expired or withdrawn covers nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from pilotage import audit_log
from pilotage.approvals.keys import fingerprint, sign, verifies
from pilotage.approvals.state import governance_of
from pilotage.approvals.votes import Standing, judged
from pilotage.audit_log import Entry
from pilotage.errors import PilotageError
from pilotage.hashes import canonical_json
from pilotage.playbook import TIERS, GovernancePolicy, Person, Tier
from pilotage.words import listed
from pilotage.workspace import Workspace

ACCEPTED, WITHDRAWN = "risk accepted", "risk acceptance withdrawn"
_SIGNED_WITH = ("key", "fingerprint", "signature")
_TOLD = ("subject", "tier", "owner", "until", "why")


@dataclass(frozen=True)
class Acceptance:
    """One acceptance: of which risk (`subject`), up to which tier, who owns the risk, who signed (`by`) and when (UTC).

    `seq` is its entry in the audit log. `until` is the last day it covers. `roles` are those that the signer holds now.
    `standing` is "verified" only where the signature fits a key that governance.yaml names for the signer; `remark`
    says why not. `withdrawn` is when somebody took it back, None where nobody did.
    """

    seq: int
    subject: str
    tier: Tier
    owner: str
    by: str
    roles: tuple[str, ...]
    at: datetime
    until: date
    why: str
    standing: Standing
    remark: str
    withdrawn: datetime | None = None

    def expired(self, as_of: date) -> bool:
        """Whether its last day was before this one."""
        return as_of > self.until

    def covers(self, subject: str, tier: Tier, role: str, longest_days: int) -> bool:
        """Whether it is a sound acceptance, by a holder of the role and not for too long, of this tier or a closer."""
        fits = self.subject == subject and TIERS.index(self.tier) >= TIERS.index(tier)
        short = self.at.date() <= self.until <= self.at.date() + timedelta(days=longest_days)
        return fits and short and self.standing == "verified" and role in self.roles

    @property
    def end(self) -> datetime:
        """The moment (UTC) from which it covers nothing any more."""
        lapse = datetime.combine(self.until + timedelta(days=1), time(), UTC)
        return min(lapse, self.withdrawn) if self.withdrawn else lapse


def accept_risk(
    workspace: Workspace,
    subject: str,
    tier: Tier,
    owner: str,
    by: str,
    until: date,
    why: str,
    at: datetime,
    key: Path,
    role: str,
    longest_days: int,
) -> Acceptance:
    """Append the signed acceptance to the audit log, and return it.

    PilotageError, and nothing is appended: for a tier that accepts nothing, an empty reason, a person or an owner whom
    governance.yaml does not name, no role, a key that is not the one it names, a day in the past or too far off.
    """
    governance, told = governance_of(workspace), _aware(at)
    person, owner = _holder(governance, by, role), _named(governance, owner, "the owner of the risk").name
    if tier == TIERS[0]:
        raise PilotageError(f"a person approves each action {tier}: there is no risk of less review to accept")
    _check_days(told.date(), until, longest_days)
    facts = {"subject": subject, "tier": tier, "owner": owner, "until": until.isoformat(), "why": _reason(why)}
    entry = audit_log.append(workspace.log, ACCEPTED, _signed(ACCEPTED, facts, person, told, key), person.name, told)
    return _read(entry, governance)


def withdraw(workspace: Workspace, seq: int, by: str, why: str, at: datetime, role: str) -> Acceptance:
    """Take back the acceptance with this number in the audit log, from now on and for good; it needs the role, no key.

    PilotageError for a number that is no acceptance, one that is withdrawn, a person without the role, no reason.
    """
    person = _holder(governance_of(workspace), by, role)
    found = next((one for one in acceptances(workspace) if one.seq == seq), None)
    if found is None:
        known = [str(one.seq) for one in acceptances(workspace)]
        raise PilotageError(f"entry {seq} of the audit log accepts no risk", next=f"those that do: {listed(known)}")
    if found.withdrawn:
        raise PilotageError(f"acceptance {seq} was withdrawn on {found.withdrawn:%Y-%m-%d} already")
    audit_log.append(workspace.log, WITHDRAWN, {"acceptance": seq, "why": _reason(why)}, person.name, at)
    return replace(found, withdrawn=_aware(at))


def acceptances(workspace: Workspace) -> tuple[Acceptance, ...]:
    """Every acceptance in the audit log, oldest first, as it stands now; none before the first.

    A withdrawal counts whoever wrote it: less risk needs nobody's signature. An entry that does not say what an
    acceptance must is left out. InputFaults where the log does not verify, PlaybookFaults for governance.yaml.
    """
    entries = audit_log.read(workspace.log)
    made = [entry for entry in entries if entry.kind == ACCEPTED and _sound(entry)]
    if not made:
        return ()
    governance, taken_back = governance_of(workspace), dict[Any, datetime]()
    for entry in entries:
        if entry.kind == WITHDRAWN and isinstance(number := entry.what.get("acceptance"), int):
            taken_back.setdefault(number, datetime.fromisoformat(entry.at))
    return tuple(replace(_read(entry, governance), withdrawn=taken_back.get(entry.seq)) for entry in made)


def covered_until(
    found: Sequence[Acceptance], subject: str, tier: Tier, at: datetime, role: str, longest_days: int
) -> tuple[datetime, int] | None:
    """Until when acceptances cover this tier without a gap from `at` (UTC) on, and the number of the last of them.

    None where none does at that moment.
    """
    end, last = at, None
    for one in sorted(found, key=lambda one: one.at):
        if one.covers(subject, tier, role, longest_days) and one.at <= end < one.end:
            end, last = one.end, one.seq
    return None if last is None else (end, last)


def _statement(kind: str, what: Mapping[str, Any], by: str, at: str) -> bytes:
    """What is signed: the act, all that the entry holds but the signature itself, who and when."""
    told = {name: value for name, value in what.items() if name not in _SIGNED_WITH}
    return canonical_json({"act": kind, **told, "by": by, "at": at}).encode()


def _signed(kind: str, facts: Mapping[str, Any], person: Person, at: datetime, key: Path) -> dict[str, Any]:
    if person.public_key is None:
        what = f"governance.yaml names no key for {person.name}, and an acceptance counts only signed"
        raise PilotageError(what, next=f"make one: pilotage key new --by {person.name!r}, and propose governance")
    message = _statement(kind, facts, person.name, at.isoformat())
    made = sign(key, message)
    if not verifies(person.public_key, made.signature, message):
        named = f"governance.yaml names the key {fingerprint(person.public_key)} for {person.name}"
        raise PilotageError(f"bad signature: {named}, this is {fingerprint(made.key)}", str(key), "name the right file")
    return {**facts, "key": made.key, "fingerprint": fingerprint(made.key), "signature": made.signature}


def _sound(entry: Entry) -> bool:
    """Whether the entry says all that an acceptance must, in its form."""
    what = entry.what
    if not all(isinstance(what.get(name), str) for name in _TOLD) or what["tier"] not in TIERS:
        return False
    try:
        date.fromisoformat(what["until"])
        return datetime.fromisoformat(entry.at).utcoffset() is not None
    except ValueError:
        return False


def _read(entry: Entry, governance: GovernancePolicy) -> Acceptance:
    what, person = entry.what, governance.person(entry.by)
    standing, remark = judged(what, _statement(entry.kind, what, entry.by, entry.at), person)
    return Acceptance(
        entry.seq, what["subject"], what["tier"], what["owner"], entry.by, person.roles if person else (),
        datetime.fromisoformat(entry.at), date.fromisoformat(what["until"]), what["why"], standing, remark,
    )  # fmt: skip


def _named(governance: GovernancePolicy, name: str, who: str) -> Person:
    person = governance.called(name)
    if person is None:
        names = listed([one.name for one in governance.people]) or "nobody"
        raise PilotageError(f"playbook/governance.yaml names nobody called {name!r}, {who}; it names {names}")
    return person


def _holder(governance: GovernancePolicy, by: str, role: str) -> Person:
    person = _named(governance, by, "who decides on the acceptance")
    if role not in person.roles:
        held = listed(governance.holders(role)) or "nobody"
        raise PilotageError(f"{person.name} is not {role}, and only who is may accept this risk: {held}")
    return person


def _check_days(today: date, until: date, longest_days: int) -> None:
    last = today + timedelta(days=longest_days)
    if until < today:
        raise PilotageError(f"{until} is past: an acceptance ends on a day to come", next="name it: --until DATE")
    if until > last:
        what = f"a risk may be accepted for {longest_days} days at most, so until {last}, not until {until}"
        raise PilotageError(what, "playbook/oversight.yaml")


def _reason(why: str) -> str:
    if not why.strip():
        raise PilotageError("an acceptance needs its reason", next="say why: --why TEXT")
    return why.strip()


def _aware(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise PilotageError("the time of an acceptance needs a time zone", next="pass an aware datetime")
    return at.astimezone(UTC)
