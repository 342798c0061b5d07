"""What a person said to a proposal, as the audit log holds it: signed where possible, judged anew at every reading."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pilotage.approvals.keys import Signature, fingerprint, sign, verifies
from pilotage.audit_log import Entry
from pilotage.errors import PilotageError
from pilotage.hashes import canonical_json
from pilotage.playbook import GovernancePolicy, Person

MADE, APPROVED, REJECTED, APPLIED = "proposal made", "proposal approved", "proposal rejected", "proposal applied"
ACTS = {APPROVED: "approve", REJECTED: "reject"}
_UNSIGNED = ("key", "fingerprint", "signature")

Standing = Literal["verified", "unverified", "forged"]


@dataclass(frozen=True, slots=True)
class Vote:
    """An approval or a rejection: `seq` in the log, who, when (UTC), for which of the demanded roles that person held.

    A forged one never counts; `remark` says why it is not verified. `key` is empty where nothing was signed.
    """

    seq: int
    by: str
    at: str
    version: str
    roles: tuple[str, ...]
    demanded: tuple[str, ...]
    why: str
    key: str
    standing: Standing
    remark: str


def statement(kind: str, what: Mapping[str, Any], by: str, at: str) -> bytes:
    """What is signed: the act, all that the entry holds but the signature itself, who and when (UTC, ISO 8601)."""
    told = {name: value for name, value in what.items() if name not in _UNSIGNED}
    return canonical_json({"what": ACTS[kind], **told, "by": by, "at": at}).encode()


def signed(kind: str, what: Mapping[str, Any], person: Person, at: str, key: Path | None) -> dict[str, Any]:
    """The entry's content with its signature; without one where governance.yaml names no key for the person.

    PilotageError where it names one and none is given, or another.
    """
    if key is None and person.public_key:
        told = f"governance.yaml names the key {fingerprint(person.public_key)} for {person.name}"
        raise PilotageError(f"{told}, so nothing unsigned counts in this name", next="sign with --key FILE")
    if key is None:
        return dict(what)
    message = statement(kind, what, person.name, at)
    made = sign(key, message)
    if person.public_key is None:
        return dict(what)
    if not verifies(person.public_key, made.signature, message):
        raise PilotageError(*_does_not_fit(person.name, key, made, person.public_key))
    return {**what, "key": made.key, "fingerprint": fingerprint(made.key), "signature": made.signature}


def vote_of(entry: Entry, governance: GovernancePolicy) -> Vote:
    """The entry as a vote, its signature verified now and its key compared with governance.yaml as it is now."""
    what = entry.what
    message = statement(entry.kind, what, entry.by, entry.at)
    standing, remark = judged(what, message, governance.person(entry.by))
    return Vote(
        entry.seq, entry.by, entry.at, _text(what, "version"), _texts(what, "roles"), _texts(what, "demanded"),
        _text(what, "why"), _text(what, "key") if _text(what, "signature") else "", standing, remark,
    )  # fmt: skip


def judged(what: Mapping[str, Any], message: bytes, person: Person | None) -> tuple[Standing, str]:
    """How the signature in an entry stands to what was to be signed, and why it is not verified ("" where it is).

    `person` is who governance.yaml names for the entry now, None where it names nobody.
    """
    key, signature = _text(what, "key"), _text(what, "signature")
    if not (key or signature):
        named = person is not None and person.public_key
        return "unverified", "it was not signed" if named else "governance.yaml names no key for this person"
    if not verifies(key, signature, message):
        return "forged", "its signature does not fit what it says"
    if person is None:
        return "unverified", "governance.yaml no longer names this person"
    if key not in (person.public_key, *person.past_keys):
        return "forged", "it was signed with a key that governance.yaml does not name for this person"
    return "verified", ""


def _does_not_fit(name: str, path: Path, made: Signature, public: str) -> tuple[str, str, str]:
    named = f"governance.yaml names the key {fingerprint(public)} for {name}"
    what = f"bad signature: {named}, this is {fingerprint(made.key)}"
    return what, str(path), "name the right file: --key FILE; a new key enters governance.yaml by a proposal"


def _text(what: Mapping[str, Any], name: str) -> str:
    value = what.get(name)
    return value if isinstance(value, str) else ""


def _texts(what: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = what.get(name)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
