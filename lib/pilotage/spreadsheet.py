"""Text that a spreadsheet program will open: no cell may start a formula."""

from __future__ import annotations

from typing import Any

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(value: Any) -> Any:
    """The value, with an apostrophe before text that a spreadsheet would run (OWASP, CSV injection); numbers stay."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_STARTS_A_FORMULA) else value


def csv_text(frame: Any) -> str:
    """A pandas DataFrame as CSV without its index, every text cell and column name safe to open."""
    safe = frame.rename(columns=safe_cell)
    for name in safe.select_dtypes(include=["object", "string"]).columns:
        safe[name] = safe[name].map(safe_cell, na_action="ignore")
    return str(safe.to_csv(index=False, lineterminator="\n"))
