"""What was found in a text, and which of two finds that overlap is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

KINDS: Mapping[str, str] = {
    "email": "e-mail address",
    "phone": "telephone number",
    "iban": "bank account number (IBAN)",
    "card": "payment card number",
    "bank_account": "bank account number that is no IBAN",
    "national_id": "personal number given by a state",
    "identity_document": "number of a passport, an identity card or a driving licence",
    "date_of_birth": "date of birth",
    "ip_address": "IP address",
    "mac_address": "hardware address of a network card",
    "wallet": "address of a crypto wallet",
    "secret": "password, key or token",
}


@dataclass(frozen=True, slots=True)
class Found:
    """One find: its kind, where it stands (characters of the given text), how sure it is (0 to 1), and why.

    The reason never repeats what was found.
    """

    kind: str
    start: int
    end: int
    score: float
    reason: str


def apart(found: Iterable[Found]) -> list[Found]:
    """The finds in the order of the text, none overlapping: of two that do the surer one stays, then the longer."""
    kept: list[Found] = []
    for find in sorted(found, key=lambda find: (find.start, -find.end)):
        while kept and kept[-1].end > find.start and _better(find, kept[-1]):
            kept.pop()
        if not kept or kept[-1].end <= find.start:
            kept.append(find)
    return kept


def _better(one: Found, other: Found) -> bool:
    return (one.score, one.end - one.start) > (other.score, other.end - other.start)
