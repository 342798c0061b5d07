"""A table that goes out to be filled in by a person elsewhere, as CSV or XLSX: nothing in it runs when it is opened."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pilotage.errors import PilotageError
from pilotage.hashes import write_text_atomically
from pilotage.spreadsheet import csv_text, safe_cell
from pilotage.words import plain

LONGEST = 32_000  # characters; Excel holds 32,767 in a cell
LONGEST_LIST = 250  # characters; Excel takes 255 in a list of choices written out
KINDS = (".csv", ".xlsx")


@dataclass(frozen=True)
class Layout:
    """What a table to fill in looks like: its columns, those that a person fills in, and what they choose from.

    `choices` gives a column its choices, each with its meaning; where a meaning is given, a second sheet lists them.
    """

    title: str
    columns: tuple[str, ...]
    filled_in: tuple[str, ...]
    widths: Mapping[str, int] = field(default_factory=dict)
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def cell_text(text: str) -> str:
    """The text as a cell holds it: control characters shown, nothing that a spreadsheet program would run.

    A text longer than a cell can hold is cut, and says so.
    """
    clean = plain(text.replace("\r\n", "\n").replace("\r", "\n"), None)
    if len(clean) > LONGEST:
        clean = f"{clean[:LONGEST]}… (cut: {len(clean):,} characters)"
    return str(safe_cell(clean))


def check_new(path: Path, what: str) -> None:
    """PilotageError unless a table can be written there: no other ending, no file there already, a folder for it."""
    if path.suffix.lower() not in KINDS:
        raise PilotageError(f"{what} are handed out as .xlsx or .csv", str(path), "give the file one of these endings")
    if path.exists():
        raise PilotageError("there is such a file already", str(path), "name another: somebody may have filled it in")
    if not path.parent.is_dir():
        raise PilotageError("there is no such folder", str(path.parent), "make it, or name another")


def write_sheet(path: Path, rows: Sequence[Sequence[str]], layout: Layout) -> None:
    """The rows, whose cells `cell_text` has made safe, as the file's ending says; PilotageError as `check_new` says."""
    check_new(path, layout.title)
    if path.suffix.lower() == ".csv":
        _write_csv(path, rows, layout)
    else:
        _write_xlsx(path, rows, layout)


def _write_csv(path: Path, rows: Sequence[Sequence[str]], layout: Layout) -> None:
    """With the mark by which Excel knows UTF-8."""
    import pandas as pd

    write_text_atomically(path, "\ufeff" + csv_text(pd.DataFrame(rows, columns=list(layout.columns), dtype="string")))


def _write_xlsx(path: Path, rows: Sequence[Sequence[str]], layout: Layout) -> None:
    """The first row stays in sight, cells have their choices to pick from, and only what is asked can be changed."""
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.title = layout.title
    for at, row in enumerate((layout.columns, *rows), 1):
        for column, value in enumerate(row, 1):
            _fill(sheet.cell(at, column), value, layout.columns[column - 1] in layout.filled_in, header=at == 1)
    sheet.freeze_panes = "B2"
    for at, name in enumerate(layout.columns):
        sheet.column_dimensions[chr(ord("A") + at)].width = layout.widths.get(name, 14)
    for name, choices in layout.choices.items():
        _offer(book, name, choices, f"{chr(ord('A') + layout.columns.index(name))}2", len(rows))
    _protect(sheet)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    book.save(part)
    os.replace(part, path)


def _offer(book: Any, name: str, choices: Mapping[str, str], first: str, rows: int) -> None:
    """Let the cells below `first` be filled from the choices; any of them may stay blank."""
    from openpyxl.worksheet.datavalidation import DataValidation

    formula = f'"{",".join(choices)}"'
    # Written out they must be few, and hold neither comma nor quote.
    written_out = len(formula) <= LONGEST_LIST and not any(mark in code for code in choices for mark in ',"')
    if not written_out or any(choices.values()):
        _explain(book, name, choices)
        formula = f"'{name}'!$A$2:$A${len(choices) + 1}"
    offer = DataValidation(type="list", formula1=formula, allow_blank=True, showErrorMessage=True)
    offer.error = plain(f"Choose {', '.join(choices)}, or leave the cell blank.", 200)[:225]
    offer.add(f"{first}:{first[0]}{max(rows, 1) + 1}")
    book.worksheets[0].add_data_validation(offer)


def _explain(book: Any, name: str, choices: Mapping[str, str]) -> None:
    """A sheet of its own with the choices and what they mean."""
    sheet = book.create_sheet(name)
    for at, row in enumerate(((name, "what it means"), *choices.items()), 1):
        for column, value in enumerate(row, 1):
            _fill(sheet.cell(at, column), cell_text(value), filled_in=False, header=at == 1)
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 24, 80
    _protect(sheet)


def _fill(cell: Any, value: str, filled_in: bool, header: bool) -> None:
    from openpyxl.styles import Alignment, Font, Protection

    cell.value = value or None
    if value:
        cell.data_type = "s"  # text whatever it looks like, such as #N/A
    cell.number_format = "@"
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    cell.font = Font(bold=header)
    cell.protection = Protection(locked=header or not filled_in)


def _protect(sheet: Any) -> None:
    """Without a password: it guards against a slip of the hand, not against a person."""
    for allowed in ("formatColumns", "formatRows", "formatCells", "sort", "autoFilter"):
        setattr(sheet.protection, allowed, False)  # False: not forbidden
    sheet.protection.enable()
