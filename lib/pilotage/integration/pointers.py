"""JSON pointers (RFC 6901), as the references of schemas and OpenAPI documents have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote


def pointed(document: Any, pointer: str) -> Any:
    """What a pointer such as #/components/schemas/Invoice leads to; LookupError where that is nothing."""
    found = document
    for step in pointer.removeprefix("#").split("/")[1:]:
        name = unquote(step).replace("~1", "/").replace("~0", "~")
        if isinstance(found, Mapping) and name in found:
            found = found[name]
        elif isinstance(found, list) and name.isdecimal() and name.isascii() and len(name) < 10:
            found = found[int(name)]
        else:
            raise LookupError(f"{pointer} leads nowhere")
    return found
