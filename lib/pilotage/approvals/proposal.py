"""One proposal: the new text of a playbook file whole, from what it starts, why, and with which evidence."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from pilotage.errors import PilotageError
from pilotage.forms import fill, near, parse_mapping
from pilotage.hashes import ABSENT, canonical_json, sha256_file, sha256_json, write_json_atomically
from pilotage.playbook.load import FILES
from pilotage.workspace import Workspace

SCHEMA = 1
_SHORT = 6  # hex digits of the version in an id
Check = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What `playbook/proposals/<id>.json` holds; `version` is the SHA-256 of all but itself and the id.

    `before` and `after` are the SHA-256 of the file as it was and as it would be ("absent": there was none), `at` is
    UTC in ISO 8601, `evidence` plain JSON.
    """

    schema: int
    id: str
    version: str
    policy: str
    why: str
    by: str
    at: str
    before: str
    after: str
    evidence: Mapping[str, Any]
    diff: str
    text: str


def make(policy: str, old: str | None, text: str, why: str, by: str, at: str, evidence: Mapping[str, Any]) -> Proposal:
    """The proposal to put `text` in the place of `old` (None: there is no such file yet).

    PilotageError where the evidence, a name or a reason cannot be written as JSON.
    """
    content: dict[str, Any] = {
        "schema": SCHEMA, "policy": policy, "why": why, "by": by, "at": at,
        "before": ABSENT if old is None else digest(old), "after": digest(text), "diff": diff(policy, old or "", text),
        "text": text,
    }  # fmt: skip
    try:
        content["evidence"] = json.loads(json.dumps(dict(evidence), allow_nan=False))
        canonical_json(content).encode()
    except (TypeError, ValueError) as fault:
        raise PilotageError(f"a proposal cannot hold this: {fault}") from fault
    version = sha256_json(content)
    return Proposal(id=f"{policy}-{version[:_SHORT]}", version=version, **content)


def path_of(workspace: Workspace, id: str) -> Path:
    """Where the proposal of this id is kept."""
    return workspace.playbook / "proposals" / f"{id}.json"


def live_path(workspace: Workspace, policy: str) -> Path:
    """The live file of a policy; PilotageError for a name that is no file of the playbook."""
    if policy not in FILES:
        raise PilotageError(f"the playbook has no file {policy!r}{near(policy, FILES)}")
    return workspace.playbook / f"{policy}.yaml"


def live_hash(workspace: Workspace, policy: str) -> str:
    """The SHA-256 of the live file now, or "absent"."""
    path = live_path(workspace, policy)
    return sha256_file(path) if path.is_file() else ABSENT


def live_text(workspace: Workspace, policy: str) -> str | None:
    """The live file's text; None where there is none. PilotageError where it is not UTF-8."""
    path = live_path(workspace, policy)
    return read_text(path) if path.is_file() else None


def read_text(path: Path) -> str:
    """The file's text to the last byte; PilotageError where it cannot be read or is not UTF-8."""
    try:
        return path.read_bytes().decode()
    except OSError as fault:
        raise PilotageError(f"cannot be read: {fault.strerror}", str(path)) from fault
    except UnicodeDecodeError as fault:
        raise PilotageError(f"is not UTF-8 text (byte {fault.start})", str(path)) from fault


def write(workspace: Workspace, proposal: Proposal) -> None:
    """Write the proposal's file, whole or not at all."""
    write_json_atomically(path_of(workspace, proposal.id), asdict(proposal))


def read(workspace: Workspace, id: str) -> Proposal | None:
    """The proposal; None where the file is missing or is not, byte for byte, what `write` wrote."""
    try:
        raw = path_of(workspace, id).read_bytes()
        given = json.loads(raw)
        same = (json.dumps(given, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode() == raw
        if not same or list(given) != [field.name for field in fields(Proposal)]:
            return None
        content = {name: value for name, value in given.items() if name not in ("id", "version")}
        fits = (
            given["version"] == sha256_json(content) and given["id"] == id and given["after"] == digest(given["text"])
        )
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return None
    return Proposal(**given) if fits else None


def faults_of(policy: str, text: str, check: Check | None = None) -> list[str]:
    """Every fault of the text as this file of the playbook; `check` is asked where the form itself is right."""
    mapping, faults = parse_mapping(text)
    if not faults:
        _, faults = fill(FILES[policy], mapping)
    return faults or list(check(text) if check else ())


def diff(policy: str, old: str, new: str) -> str:
    """The unified diff of the two texts; a last line that lost its end shows as an empty line taken away."""
    name = f"playbook/{policy}.yaml"
    lines = difflib.unified_diff(old.split("\n"), new.split("\n"), name, f"{name}, proposed", lineterm="")
    return "\n".join(lines)


def digest(text: str) -> str:
    """The SHA-256 that a file with this text has."""
    return hashlib.sha256(text.encode()).hexdigest()
