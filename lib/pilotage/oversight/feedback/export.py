"""The file that an export writes, and what is said of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pilotage.errors import PilotageError
from pilotage.hashes import write_text_atomically
from pilotage.kpis import Tables
from pilotage.oversight.feedback import finetune, texts
from pilotage.oversight.feedback.material import material
from pilotage.oversight.feedback.system_prompt import canary_of, system_prompt
from pilotage.oversight.feedback.tasks import tasks
from pilotage.oversight.reviewed import reviewed
from pilotage.spreadsheet import csv_text
from pilotage.workspace import Workspace

Kind = Literal["finetune", "preferences", "tasks", "texts"]
ENDINGS = {"finetune": ".jsonl", "preferences": ".jsonl", "tasks": ".jsonl", "texts": ".csv"}


@dataclass(frozen=True)
class Exported:
    """What was written: `rows`, 0 where there was nothing and no file was made.

    `left_out` counts decisions by the reason why they are not there, `redacted` the texts that held personal data.
    """

    rows: int
    left_out: Counter[str]
    redacted: int


def export(workspace: Workspace, tables: Tables, kind: Kind, path: Path) -> Exported:
    """The reviews written to a new file: JSON lines, or CSV for texts.

    Needs the tables interactions and reviews. PilotageError for a file of another ending and where there is one.
    """
    _check(path, kind)
    found, canary = reviewed(tables), canary_of(workspace)
    if kind == "texts":
        left_out = Counter[str]()
        rows: list[dict[str, Any]] = list(texts.texts(tables, found, left_out, canary))
        held = texts.redacted(tables, found)
    else:
        made = material(found, canary)
        left_out, held = made.left_out, made.redacted
        if kind == "tasks":
            rows = list(tasks(made, left_out))
        else:
            shape = finetune.examples if kind == "finetune" else finetune.preferences
            rows = list(shape(made, system_prompt(workspace), left_out))
    if rows:
        write_text_atomically(path, _csv(rows) if kind == "texts" else _json_lines(rows))
    return Exported(len(rows), left_out, held)


def _check(path: Path, kind: Kind) -> None:
    if path.suffix.lower() != ENDINGS[kind]:
        raise PilotageError(f"{kind} are exported as {ENDINGS[kind]}", str(path), "give the file this ending")
    if path.exists():
        raise PilotageError("there is such a file already", str(path), "name another, or delete it first")
    if not path.parent.is_dir():
        raise PilotageError("there is no such folder", str(path.parent), "make it, or name another")


def _json_lines(rows: Iterable[dict[str, Any]]) -> str:
    return "".join(f"{json.dumps(row, ensure_ascii=False, allow_nan=False)}\n" for row in rows)


def _csv(rows: list[dict[str, Any]]) -> str:
    """No cell starts a formula: a text that looks like one has an apostrophe before it."""
    import pandas as pd

    return csv_text(pd.DataFrame(rows, columns=list(texts.COLUMNS), dtype="string"))
