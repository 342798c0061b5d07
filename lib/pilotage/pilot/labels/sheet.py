"""Runs to label as a table that people fill in elsewhere: one row a run, CSV or XLSX."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pilotage.errors import PilotageError
from pilotage.hashes import write_text_atomically
from pilotage.pilot.labels import store
from pilotage.pilot.labels.sampling import to_do
from pilotage.pilot.labels.sitting import Sitting, texts_of
from pilotage.spreadsheet import csv_text, safe_cell
from pilotage.words import plain

COLUMNS = ("id", "input", "answer", "value", "remark", "question", "dataset", "metric", "labeller")
FILLED_IN = ("value", "remark")
WIDTHS = {"id": 16, "input": 50, "answer": 60, "value": 10, "remark": 30, "question": 40}
CHOICES = "yes,no,unsure"
LONGEST = 32_000  # characters; Excel holds 32,767 in a cell


def rows_of(sitting: Sitting) -> list[tuple[str, ...]]:
    """What is left for the labeller, a row a run in the columns COLUMNS, the value blank; texts safe to open.

    A text longer than a cell can hold is cut, and says so.
    """
    labels = store.standing(store.read(sitting.workspace, sitting.dataset))
    left = [item.interaction_id for item in to_do(sitting.plan, labels, sitting.labeller, sitting.present)]
    texts = texts_of(sitting.tables, left)
    about = (sitting.question.text, sitting.dataset, sitting.plan.metric, sitting.labeller)
    return [tuple(cell_text(text) for text in (name, *texts.get(name, ("", "")), "", "", *about)) for name in left]


def cell_text(text: str) -> str:
    """The text as a cell holds it: control characters shown, nothing that a spreadsheet program would run."""
    clean = plain(text.replace("\r\n", "\n").replace("\r", "\n"), None)
    if len(clean) > LONGEST:
        clean = f"{clean[:LONGEST]}… (cut: {len(clean):,} characters)"
    return str(safe_cell(clean))


def write_sheet(path: Path, rows: Sequence[Sequence[str]]) -> None:
    """The rows as the file's ending says; PilotageError for another one, and where there is a file already."""
    kind = path.suffix.lower()
    if kind not in (".csv", ".xlsx"):
        raise PilotageError("labels are exported as .xlsx or .csv", str(path), "give the file one of these endings")
    if path.exists():
        raise PilotageError("there is such a file already", str(path), "name another: somebody may have filled it in")
    if not path.parent.is_dir():
        raise PilotageError("there is no such folder", str(path.parent), "make it, or name another")
    if kind == ".csv":
        _write_csv(path, rows)
    else:
        _write_xlsx(path, rows)


def _write_csv(path: Path, rows: Sequence[Sequence[str]]) -> None:
    """With the mark by which Excel knows UTF-8."""
    import pandas as pd

    write_text_atomically(path, "\ufeff" + csv_text(pd.DataFrame(rows, columns=list(COLUMNS), dtype="string")))


def _write_xlsx(path: Path, rows: Sequence[Sequence[str]]) -> None:
    """The first row stays in sight, the value has its choices to pick from, and only what is asked can be changed."""
    from openpyxl import Workbook
    from openpyxl.worksheet.datavalidation import DataValidation

    book = Workbook()
    sheet = book.active
    sheet.title = "labels"
    for at, row in enumerate((COLUMNS, *rows), 1):
        for column, value in enumerate(row, 1):
            _fill(sheet.cell(at, column), value, COLUMNS[column - 1], header=at == 1)
    sheet.freeze_panes = "B2"
    for at, name in enumerate(COLUMNS):
        sheet.column_dimensions[chr(ord("A") + at)].width = WIDTHS.get(name, 14)
    choices = DataValidation(type="list", formula1=f'"{CHOICES}"', allow_blank=True, showErrorMessage=True)
    choices.error = f"Choose {CHOICES.replace(',', ', ')}, or leave the cell blank."
    value = chr(ord("A") + COLUMNS.index("value"))
    choices.add(f"{value}2:{value}{len(rows) + 1}")
    sheet.add_data_validation(choices)
    _protect(sheet)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    book.save(part)
    os.replace(part, path)


def _fill(cell: Any, value: str, name: str, header: bool) -> None:
    from openpyxl.styles import Alignment, Font, Protection

    cell.value = value or None
    if value:
        cell.data_type = "s"  # text whatever it looks like, such as #N/A
    cell.number_format = "@"
    cell.alignment = Alignment(wrap_text=True, vertical="top")
    cell.font = Font(bold=header)
    cell.protection = Protection(locked=header or name not in FILLED_IN)


def _protect(sheet: Any) -> None:
    """Without a password: it guards against a slip of the hand, not against a person."""
    for allowed in ("formatColumns", "formatRows", "formatCells", "sort", "autoFilter"):
        setattr(sheet.protection, allowed, False)  # False: not forbidden
    sheet.protection.enable()
