"""Pins: what a system said of itself when somebody looked at it and agreed, kept in playbook/pins/."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from pilotage import audit_log
from pilotage.hashes import read_object, sha256_json, write_json_atomically
from pilotage.integration.checks import Fault, Finding, Skip
from pilotage.playbook.systems import EMBEDDED, AnySystem, slug
from pilotage.workspace import Workspace

KIND = "pin"  # of its entries in the audit log
Definitions = Mapping[str, Any]  # by name, such as "tool lookup_invoice" or "card": canonical JSON values


@dataclass(frozen=True)
class Pin:
    """The pinned definitions with the protocol version they were read in, who pinned them and when."""

    system: str
    protocol_version: str
    definitions: Definitions
    by: str
    at: str

    @property
    def sha256(self) -> str:
        """The hash of the whole."""
        return sha256_json([self.system, self.protocol_version, dict(self.definitions), self.by, self.at])


def pin_path(workspace: Workspace, system: str) -> Path:
    """The file of the system's pin."""
    return workspace.playbook / "pins" / f"{slug(system)}.json"


def write_pin(workspace: Workspace, system: AnySystem, found: Mapping[str, Any], by: str, at: datetime) -> Pin:
    """Pin what the system says of itself now, in its file and in the audit log. The file of the embedded example is
    ours and enters no log."""
    pin = Pin(system.name, found["protocol_version"], found["definitions"], by, at.isoformat(timespec="seconds"))
    if system.address != EMBEDDED:
        audit_log.append(workspace.log, KIND, {"system": pin.system, "sha256": pin.sha256}, by, at)
    body = {
        "system": pin.system,
        "protocol_version": pin.protocol_version,
        "by": pin.by,
        "at": pin.at,
        "definitions": {
            name: {"sha256": sha256_json(value), "definition": value} for name, value in sorted(pin.definitions.items())
        },
        "sha256": pin.sha256,
    }
    write_json_atomically(pin_path(workspace, system.name), body)
    return pin


def read_pin(workspace: Workspace, system: AnySystem) -> Pin:
    """The system's pin; Skip where there is none, Fault where it was edited by hand or is not the one in the log."""
    path = pin_path(workspace, system.name)
    if not path.exists():
        raise Skip("not_pinned", f"there is no {workspace.relative(path)}: pilotage pin {system.name!r} --by NAME")
    pin, written = _read(path)
    if pin is None or pin.sha256 != written or pin.system != system.name:
        raise Fault("pin_edited", f"{workspace.relative(path)} is not as it was written")
    if system.address != EMBEDDED and _logged(workspace, pin.system) != pin.sha256:
        raise Fault("pin_unrecorded", f"the audit log's last pin of {pin.system} is another, or there is none")
    return pin


def check_pinned(pin: Pin, found: Mapping[str, Any], finding: Finding) -> None:
    """Fault with the differences where the system no longer says what was pinned."""
    if gone := differences(pin.definitions, found["definitions"]):
        raise Fault("definition_changed", "; ".join(gone))
    finding.evidence = f"{len(pin.definitions)} definitions as pinned on {pin.at[:10]} by {pin.by}"


def differences(before: Definitions, after: Definitions) -> list[str]:
    """What was added, removed or changed, a sentence each, the changed lines with it."""
    return [
        *(f"{name} is new" for name in after if name not in before),
        *(f"{name} is gone" for name in before if name not in after),
        *(
            f"{name} was changed: {' '.join(_changed(before[name], after[name]))}"
            for name in before
            if name in after and before[name] != after[name]
        ),
    ]


def _changed(before: Any, after: Any) -> Iterator[str]:
    """The lines of indented JSON that were taken away (-) and added (+); invisible characters as their codes."""
    old, new = (json.dumps(value, indent=1, sort_keys=True).splitlines() for value in (before, after))
    for line in difflib.unified_diff(old, new, lineterm="", n=0):
        if line[:1] in "+-" and line[:3] not in ("+++", "---"):
            yield f"{line[:1]} {line[1:].strip()}"


def _read(path: Path) -> tuple[Pin | None, str]:
    """The pin and the hash that it was written with; None where the file has another form."""
    facts = read_object(path)
    try:
        assert facts is not None
        parts = facts["definitions"]
        definitions = {name: part["definition"] for name, part in parts.items()}
        whole = all(part["sha256"] == sha256_json(part["definition"]) for part in parts.values())
        pin = Pin(facts["system"], facts["protocol_version"], definitions, facts["by"], facts["at"])
        return (pin if whole else None), facts["sha256"]
    except (AssertionError, KeyError, TypeError, AttributeError):
        return None, ""


def _logged(workspace: Workspace, system: str) -> str:
    """The hash in the last entry on this system; empty text where there is none."""
    entries = [one for one in audit_log.read(workspace.log) if one.kind == KIND and one.what.get("system") == system]
    return str(entries[-1].what.get("sha256", "")) if entries else ""
