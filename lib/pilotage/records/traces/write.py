"""The folder that an import makes: a Parquet file for each table, the dataset.yaml that maps them, and import.json.

import.json names the sources and holds the hash of every file written: only a folder that still is as an import left it
may be imported into again, and what else lies in it (labels, for example) stays.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from pilotage.errors import PilotageError
from pilotage.hashes import read_object, sha256_file, write_json_atomically, write_text_atomically
from pilotage.records.traces.assemble import COLUMNS
from pilotage.records.traces.spool import Spool
from pilotage.words import plain

RECORD = "import.json"
_ORDER = {
    "interactions": "started_at NULLS LAST, interaction_id",
    "model_calls": "started_at NULLS LAST, call_id",
    "tool_calls": "started_at NULLS LAST, interaction_id, seq",
    "labels": "labelled_at, interaction_id, metric",
}
_REMARKS = {
    "interactions": "one for each run of the agent; a run whose own span was not exported counts as missing",
    "model_calls": "one for each call, failed ones included",
    "tool_calls": "one for each call",
    "labels": "judged by an evaluator, only where it judged every run",
}
_HEAD = """\
# Made by `pilotage import --as otlp` from {sources}.
# Check what is marked, then run `pilotage check`.
name: {name}
synthetic: false
tables:
"""
_RUNS = """\
    constants:
      phase: pilot          # check: traces do not say it; baseline, pilot or production
    # Whether a run did its task, was refused or handed over, no trace says: label runs to have that decided.
"""
_CASES = "    columns: {case_id: conversation_id}   # check: each conversation is one case; else take out this line\n"


def refuse_unless_free(folder: Path, replace: bool) -> None:
    """PilotageError unless the folder is new or empty, or `replace` is asked for and an import left it as it is."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    written = _written(folder)
    if not folder.is_dir() or not written:
        raise PilotageError("there is something here that no import made", str(folder), "name another with --into")
    if not replace:
        raise PilotageError("was imported already", str(folder), "add --replace, or name another with --into")
    changed = [name for name, known in written.items() if not _is_still(folder / name, known)]
    if changed:
        advice = "move it away to keep what you changed, or name another folder with --into"
        raise PilotageError(f"{plain(', '.join(changed))} is gone or was edited since the import", str(folder), advice)


def _written(folder: Path) -> dict[str, Any]:
    """The files that an import wrote here, with their hashes; none where its record is gone or damaged."""
    written = (read_object(folder / RECORD) or {}).get("written")
    mine = {"dataset.yaml", *(f"{table}.parquet" for table in COLUMNS)}
    return {name: known for name, known in written.items() if name in mine} if isinstance(written, dict) else {}


def _is_still(path: Path, known: Any) -> bool:
    return path.is_file() and sha256_file(path) == known


def write_dataset(folder: Path, spool: Spool, sources: Sequence[Path], lost: int) -> None:
    """Write the tables that have rows, dataset.yaml and import.json; `lost` runs are known to be missing.

    The tables are made beside the folder first, so that a full disk leaves an earlier import as it was.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as part:
        rows = {table: _write_table(spool, table, Path(part)) for table in COLUMNS}
        folder.mkdir(exist_ok=True)
        for name in _written(folder):
            (folder / name).unlink(missing_ok=True)
        for path in sorted(Path(part).iterdir()):
            os.replace(path, folder / path.name)
    has_cases = bool(rows["interactions"]) and "conversation_id" in _columns(spool, "interactions")
    text = dataset_text(folder.name, [path.name for path in sources], rows, lost, has_cases)
    write_text_atomically(folder / "dataset.yaml", text)
    names = [*(f"{table}.parquet" for table, count in rows.items() if count), "dataset.yaml"]
    record = {
        "schema": 1,
        "as": "otlp",
        "sources": [{"file": path.name, "sha256": sha256_file(path)} for path in sources],
        "written": {name: sha256_file(folder / name) for name in names},
    }
    write_json_atomically(folder / RECORD, record)


def _write_table(spool: Spool, table: str, folder: Path) -> int:
    """The number of rows; a table without any has no file."""
    rows = int(spool.sql.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])
    if rows:
        target = str(folder / f"{table}.parquet").replace("'", "''")
        columns = ", ".join(_selected(name) for name in _columns(spool, table))
        more = ", 'judge' AS source, 'uniform' AS stream, 1.0 AS inclusion_probability" if table == "labels" else ""
        query = f"SELECT {columns}{more} FROM {table} ORDER BY {_ORDER[table]}"
        spool.sql.execute(f"COPY ({query}) TO '{target}' (FORMAT parquet, COMPRESSION zstd)")
    return rows


def _selected(name: str) -> str:
    return f"timezone('UTC', {name}) AS {name}" if name in ("started_at", "labelled_at") else name


def _columns(spool: Spool, table: str) -> list[str]:
    """The columns that say something: filled in some row, or required. `agent` only where the runs name several."""
    names = COLUMNS[table]
    counted = ", ".join(f"count({name})" for name in names)
    filled = spool.sql.execute(f"SELECT {counted} FROM {table}").fetchall()[0]
    required = {"interaction_id", "seq", "tool", "status", "call_id"}
    kept = [name for name, count in zip(names, filled, strict=True) if count or name in required]
    if table == "interactions" and _agents(spool) < 2:
        kept.remove("agent") if "agent" in kept else None
    return kept


def _agents(spool: Spool) -> int:
    query = "SELECT count(DISTINCT coalesce(agent, '')) FROM interactions WHERE parent_interaction IS NULL"
    return int(spool.sql.execute(query).fetchall()[0][0])


def dataset_text(name: str, sources: Sequence[str], rows: Mapping[str, int], lost: int, has_cases: bool) -> str:
    """dataset.yaml: every table that has rows, with their number and what the user may change."""
    shown = ", ".join(_in_comment(source) for source in sources[:5])
    more = f" and {len(sources) - 5:,} more files" if len(sources) > 5 else ""
    text = _HEAD.format(sources=shown + more, name=_quoted(name))
    for table, number in rows.items():
        if not number:
            continue
        declared = number + (lost if table == "interactions" else 0)
        text += f"  {table}:\n    file: {table}.parquet\n    rows: {declared}          # {_REMARKS[table]}\n"
        if table == "interactions":
            text += (_CASES if has_cases else "") + _RUNS
        elif not rows["interactions"]:
            text += "    constants: {phase: pilot}\n"
    return text


def _in_comment(text: str) -> str:
    return plain(" ".join(text.split()))


def _quoted(text: str) -> str:
    return str(yaml.safe_dump(text, allow_unicode=True, width=1_000_000)).removesuffix("...\n").strip()
