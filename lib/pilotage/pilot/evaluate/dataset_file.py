"""The dataset.yaml of an evaluated dataset: which tables there are, and how many runs there should be."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from pilotage.errors import PilotageError
from pilotage.hashes import write_text_atomically
from pilotage.pilot.evaluate.log import Line
from pilotage.pilot.evaluate.tables import COLUMNS
from pilotage.words import plain

MARK = "# Made by `pilotage evaluate`, and made anew when it is resumed; without this line it stays as you edit it.\n"
OPTIONAL = ("model_calls", "tool_calls", "labels")


def dataset_yaml(head: Line, rows: Mapping[str, int], last_at: float) -> str:
    """The text. Runs that were planned and have no row count as missing; a stand-in's results live on their own day."""
    agent = head["agent"]
    kind = " (a simulated agent)" if agent["simulated"] else ""
    name = json.dumps(f"evaluation of {plain(agent['name'])}{kind}", ensure_ascii=False)
    lines = [f"name: {name}", f"synthetic: {str(agent['simulated']).lower()}"]
    if agent["simulated"]:
        lines.append(f"as_of: {datetime.fromtimestamp(last_at, UTC).date().isoformat()}")
    lines += ["time_zone: UTC", "tables:", "  interactions:", "    file: interactions.parquet"]
    lines.append(f"    rows: {head['planned']}    # planned: what was skipped is missing")
    for name in OPTIONAL:
        if rows[name]:
            lines += [f"  {name}:", f"    file: {name}.parquet", f"    rows: {rows[name]}"]
    return MARK + "\n".join(lines) + "\n"


def check_free(folder: Path) -> None:
    """PilotageError where a file that an evaluation writes is there already, as somebody's own."""
    names = ("dataset.yaml", *(f"{table}.parquet" for table in COLUMNS))
    if held := [name for name in names if os.path.lexists(folder / name)]:
        what = f"this folder holds {' and '.join(held)}, which no evaluation made"
        raise PilotageError(what, str(folder), "name a new one with --into")


def write_dataset_yaml(folder: Path, text: str) -> None:
    """Writes the file; one that somebody has made their own stays."""
    path = folder / "dataset.yaml"
    if not path.exists() or path.read_text(encoding="utf-8").startswith(MARK):
        write_text_atomically(path, text)
