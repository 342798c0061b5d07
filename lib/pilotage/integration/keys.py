"""How a key is brought to an API: as a bearer token, or as it is in a header of the API's own."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Iterator

_SCHEMED = re.compile(r"([A-Za-z][A-Za-z0-9-]*) +(\S+)")  # as in Basic dXNlcjpwYXNz


def key_headers(key: str | None, key_header: str | None) -> dict[str, str]:
    """The header that brings the key; none where there is no key."""
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
    """The texts in which the key could be repeated: whole, without its scheme, and as user and password."""
    yield key
    schemed = _SCHEMED.fullmatch(key) if key_header else None
    if schemed is None:
        return
    yield schemed[2]
    try:
        plain = base64.b64decode(schemed[2], validate=True).decode()
    except ValueError:
        return
    yield plain
    if password := plain.partition(":")[2]:
        yield password
