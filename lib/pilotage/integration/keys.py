"""How a key is read, and brought to an API: as a bearer token, or as it is in a header of the API's own."""

from __future__ import annotations

import base64
import os
import re
import secrets
from collections.abc import Iterator

_SCHEMED = re.compile(r"([A-Za-z][A-Za-z0-9-]*) +(\S+)")  # as in Basic dXNlcjpwYXNz
LEAST = 6  # characters of a part that is hidden by itself: hiding every X would hide what is told


def key_of(variable: str | None) -> str:
    """The key in this variable, without the line break that a file leaves at its end; empty where there is none."""
    return os.environ.get(variable or "", "").strip()


def unfit(variable: str) -> str:
    """Why the variable's key cannot go out in a header, without repeating it; empty where it can."""
    key = key_of(variable)
    if not key:
        return f"the environment variable {variable} is not set"
    if not (key.isascii() and key.isprintable()):
        return f"the environment variable {variable} holds a character that no header takes, such as a line break"
    return ""


def key_headers(key: str | None, key_header: str | None) -> dict[str, str]:
    """The header that brings the key; none where there is no key."""
    key = (key or "").strip()
    if not key:
        return {}
    return {key_header: key} if key_header else {"Authorization": f"Bearer {key}"}


def made_up(key: str | None, key_header: str | None) -> str:
    """A key that nobody has, in the form of this one: after Basic stands a user with a password."""
    invented = secrets.token_hex()
    if key_header and key and (schemed := _SCHEMED.fullmatch(key.strip())):
        return f"{schemed[1]} {base64.b64encode(f'pilotage:{invented}'.encode()).decode()}"
    return invented


def spellings(key: str, key_header: str | None) -> Iterator[str]:
    """The texts in which the key could be repeated: whole, each line of it, without its scheme, as user and password.

    Either of the two may be the secret; what is too short to be one is told.
    """
    yield key
    yield from (line for line in key.splitlines() if len(line) >= LEAST)
    schemed = _SCHEMED.fullmatch(key) if key_header else None
    if schemed is None:
        return
    yield schemed[2]
    try:
        plain = base64.b64decode(schemed[2], validate=True).decode()
    except ValueError:
        return
    user, _, password = plain.strip().partition(":")
    yield from (part for part in (plain.strip(), user, password) if len(part) >= LEAST)
