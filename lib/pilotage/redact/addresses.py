"""Addresses on a network: e-mail, IP, hardware."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from pilotage.redact.found import Found
from pilotage.redact.reading import Pattern, Reading

_LOCAL, _LABEL = (
    r"[A-Za-z0-9._%+'\xc0-\xff-]*[A-Za-z0-9_%+\xc0-\xff-]",
    r"[A-Za-z0-9\xc0-\xff](?:[A-Za-z0-9\xc0-\xff-]*[A-Za-z0-9\xc0-\xff])?",
)
_AT = r"(?: ?@ ?| ?[\[({] ?(?i:at|arroba|chez|kukac|@) ?[\])}] ?)"
_DOT = r"(?:\.| ?[\[({] ?(?i:dot|punkt|punto|point|ponto|\.) ?[\])}] ?)"
_EMAIL = Pattern(rf"{_LOCAL}{_AT}{_LABEL}(?:{_DOT}{_LABEL})*{_DOT}(?:[A-Za-z]{{2,24}}|(?i:xn--[a-z0-9-]{{2,59}}))\b")
_LONGEST_LOCAL = 64  # RFC 5321, 4.5.3.1.1
_IPV4 = Pattern(r"\b(?:\d{1,3}(?:\.|\[\.\])){3}\d{1,3}\b")
_IPV6 = Pattern(r"(?:[0-9A-Fa-f]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[0-9A-Fa-f]{0,4})")
_MAC = Pattern(
    r"\b(?:(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4})\b"
)


def emails(reading: Reading) -> Iterator[Found]:
    """E-mail addresses, "name (at) firm (dot) com" among them."""
    if not (
        b"@" in reading.data or b"t)" in reading.data.lower() or b"t]" in reading.data.lower() or b"}" in reading.data
    ):
        return
    for start, end in _EMAIL.spans(reading.data):
        at = min(place for place in map(reading.plain[start:end].find, "@ [({") if place > 0)
        start = max(start, start + at - _LONGEST_LOCAL)
        lead = len(reading.plain[start:end]) - len(reading.plain[start:end].lstrip("'.-%+"))
        yield Found("email", start + lead, end, 0.95, "form of an e-mail address")


def ip_addresses(reading: Reading) -> Iterator[Found]:
    """IP addresses of a machine: no version numbers, no loopback, no masks."""
    data = reading.data
    for start, end in _IPV4.spans(data):
        free = not _goes_on(data, start, end, b".") and "version" not in reading.labels.nearest(start, 20)
        if free and _machine(reading.plain[start:end].replace("[.]", ".")):
            yield Found("ip_address", start, end, 0.9, "form of an IPv4 address")
    if b"::" in data or data.count(b":") > 6:
        for start, end in _IPV6.spans(data):
            if not _goes_on(data, start, end, b":") and _machine(reading.plain[start:end]):
                yield Found("ip_address", start, end, 0.95, "form of an IPv6 address")


def _goes_on(data: bytes, start: int, end: int, joint: bytes) -> bool:
    before, after = data[max(0, start - 1) : start], data[end : end + 2]
    return (
        before.isalnum()
        or before in (b"_", b"-", joint)
        or after[:1].isalnum()
        or after[:1] == b"_"
        or (after[:1] == joint and after[1:].isalnum())
    )


def _machine(written: str) -> bool:
    if not any(map(str.isdigit, written)):
        return False
    try:
        address = ipaddress.ip_address(written)
    except ValueError:
        return False
    if address.is_loopback or address.is_unspecified or written.startswith(("255.", "0.")):
        return False
    groups = [group for group in written.split(":") if group]
    return address.version == 4 or len(groups) > 1


def mac_addresses(reading: Reading) -> Iterator[Found]:
    """Hardware addresses: six pairs of hexadecimal digits."""
    for start, end in _MAC.spans(reading.data):
        joint = reading.data[start + 2 : start + 3]
        if not _goes_on(reading.data, start, end, b"." if joint not in b":-" else joint):
            yield Found("mac_address", start, end, 0.9, "form of a hardware address")
