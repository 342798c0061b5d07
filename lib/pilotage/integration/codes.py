"""The codes of what can go wrong with any system; each pattern has codes of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping

COMMON: Mapping[str, str] = {
    "unreachable": "Nothing answers at the address; check address, network and whether the system runs.",
    "tls_error": "The encrypted connection could not be made: a certificate expired, unknown or for another name.",
    "timed_out": "One answer took longer than the check allows.",
    "answer_cut": "An answer broke off before its end; look at the server, and at what stands between it and you.",
    "answer_too_long": "An answer had more bytes than any may have; reading stopped there.",
    "unexpected": "Something happened that the check does not know; the evidence quotes it.",
    "deadline": "The whole probe took longer than the system's deadline_s and was stopped at this check.",
    "probe_crashed": "The probe's own process ended at this check; the evidence quotes its last words.",
    "not_reached": "Not made, because an earlier check already failed or the probe was stopped.",
    "nothing_declared": "The entry names nothing that could be checked: write down what must hold.",
    "not_configured": "Not made on page 05, because a variable that it names is not set; the command refuses to begin.",
    "not_installed": "Not made, because packages for this kind of system lack; the evidence names the extra.",
    "write_not_allowed": "Not made, because it writes and the system's entry does not say probe_may_write.",
    "not_pinned": "Nobody has pinned the definitions yet: look at them, then `pilotage pin SYSTEM`.",
    "pin_edited": "The file in playbook/pins was changed by hand or cannot be read: `pilotage pin SYSTEM` anew.",
    "pin_unrecorded": "The audit log knows nothing of this pin, or of a later one: `pilotage pin SYSTEM` anew.",
    "definition_changed": "What the system says of itself is not what was pinned; the evidence shows the difference.",
}


def meaning(pattern: str, code: str) -> str:
    """What the code means, as a clause: up to its first stop, without what to do about it."""
    from importlib import import_module

    known = {**COMMON, **import_module(f"pilotage.integration.{pattern}").CODES}
    clause = re.split(r"[;.:]", known.get(code, code.replace("_", " ")))[0]
    return clause[:1].lower() + clause[1:]
