"""One package that would double the time notebooks take to load, kept out."""

from __future__ import annotations

import sys


def leave_out() -> None:
    """Let nbformat, papermill and nbconvert load without rfc3987_syntax; call before the first of them.

    jsonschema takes it along when JupyterLab happens to be installed, for a check of addresses that no notebook needs.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
