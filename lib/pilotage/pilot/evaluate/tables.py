"""The tables made from the log: the same log gives the same bytes, in whatever order its runs came to their end."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pilotage.pilot.evaluate.account import success_of
from pilotage.pilot.evaluate.log import Line, line_at, placed
from pilotage.pilot.evaluate.planned import interaction_id

Row = dict[str, Any]
GROUP = 10_000  # rows that are held before they are written
TEXT, INTEGER, NUMBER, FLAG, TIME = "text", "integer", "number", "flag", "time"
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "interactions": {
        "interaction_id": TEXT, "task_id": TEXT, "trial": INTEGER, "segment": TEXT, "started_at": TIME,
        "latency_s": NUMBER, "service_s": NUMBER, "attempts": INTEGER, "input_tokens": INTEGER,
        "output_tokens": INTEGER, "model": TEXT, "prompt_hash": TEXT, "confidence": NUMBER, "outcome": TEXT,
        "success": FLAG, "cost": NUMBER, "input_text": TEXT, "output_text": TEXT, "phase": TEXT,
    },
    "model_calls": {
        "call_id": TEXT, "interaction_id": TEXT, "turn": INTEGER, "model": TEXT, "started_at": TIME,
        "duration_s": NUMBER, "input_tokens": INTEGER, "output_tokens": INTEGER, "status": TEXT,
    },
    "tool_calls": {
        "interaction_id": TEXT, "seq": INTEGER, "tool": TEXT, "status": TEXT, "started_at": TIME,
        "duration_s": NUMBER, "arguments": TEXT, "error_type": TEXT,
    },
    "labels": {
        "interaction_id": TEXT, "metric": TEXT, "value": NUMBER, "source": TEXT, "labeller": TEXT, "stream": TEXT,
        "inclusion_probability": NUMBER, "labelled_at": TIME,
    },
}  # fmt: skip


def write_tables(log: Path, folder: Path) -> dict[str, int]:
    """Writes a Parquet file per table that has rows and gives the number of rows of each, in the order of COLUMNS.

    Of a run that a stopped process left unfinished, or that errored, and that was called again, only what came last is
    in them.
    """
    tables = {name: _Table(folder / f"{name}.parquet", columns) for name, columns in COLUMNS.items()}
    head: Line = {}
    runs: dict[str, _Lines] = {}
    for place, line in placed(log):
        if "evaluation" in line:
            head = head or line
        else:
            runs.setdefault(line["key"], _Lines(line["task_id"], line["trial"])).add(place, line)
    for run in _ended(log, runs.values()):
        for name, found in _rows(run, head["agent"]):
            tables[name].add(found)
    return {name: table.finish() for name, table in tables.items()}


@dataclass(slots=True)
class _Lines:
    """Where the lines of a run stand in the log, which takes little room, and in which session the run ended last."""

    task_id: str
    trial: int
    places: list[tuple[int, int, int]] = field(default_factory=list)  # session, attempt, place
    session: int = 0  # none

    def add(self, place: int, line: Line) -> None:
        self.places.append((line["session"], line["attempt"], place))
        if line["final"]:
            self.session = max(self.session, line["session"])


def _ended(log: Path, runs: Iterable[_Lines]) -> Iterator[list[Line]]:
    """Of each run that has ended, by task and trial, the attempts of the session in which it ended last, in order."""
    ended = sorted((run for run in runs if run.session), key=lambda run: (run.task_id, run.trial))
    if not ended:
        return
    with log.open("rb") as stream:
        for run in ended:
            yield [line_at(stream, place) for session, _, place in sorted(run.places) if session == run.session]


def _rows(run: list[Line], agent: Mapping[str, Any]) -> Iterator[tuple[str, Row]]:
    """Each row that the run adds, with its table."""
    name = interaction_id(run[-1]["task_id"], run[-1]["trial"])
    calls = [call for line in run for call in line["model_calls"]]
    yield "interactions", _interaction(name, run[-1], calls, agent)
    for number, call in enumerate(calls, 1):
        yield "model_calls", {"call_id": f"{name}/{number}", "interaction_id": name, **call}
    for call in (call for line in run for call in line["tool_calls"]):
        yield "tool_calls", {"interaction_id": name, **call}
    for score in run[-1]["scores"]:
        if score["passed"] is not None:
            yield "labels", _label(name, run[-1], score)


def _interaction(name: str, last: Line, calls: list[Row], agent: Mapping[str, Any]) -> Row:
    answer, ok = last["answer"], [call for call in calls if call["status"] == "ok"]
    return {
        "interaction_id": name,
        "task_id": last["task_id"],
        "trial": last["trial"],
        "segment": last["segment"],
        "started_at": last["first_at"],
        "latency_s": last["latency_s"],
        "service_s": last["service_s"],
        "attempts": last["attempt"],
        "input_tokens": _sum(ok, "input_tokens"),
        "output_tokens": _sum(ok, "output_tokens"),
        "model": next((call["model"] for call in reversed(ok) if call["model"]), agent["model"]),
        "prompt_hash": agent["prompt_hash"],
        "confidence": answer and answer["confidence"],
        "outcome": answer["outcome"] if answer else "error",
        "success": success_of(last),
        "cost": last["cost"],
        "input_text": last["input"],
        "output_text": answer and answer["text"],
        "phase": "pilot",
    }


def _label(name: str, last: Line, score: Mapping[str, Any]) -> Row:
    return {
        "interaction_id": name,
        "metric": score["scorer"],
        "value": float(score["passed"]),
        "source": "rule",
        "labeller": score["scorer"],
        "stream": "uniform",
        "inclusion_probability": 1.0,
        "labelled_at": last["at"] + last["duration_s"],
    }


def _sum(calls: list[Row], name: str) -> int | None:
    """The sum over the calls; None where there is none, or one of them told nothing."""
    counts = [call[name] for call in calls]
    return sum(counts) if counts and None not in counts else None


class _Table:
    """Rows on their way into a file, kept column by column until there are enough for a group of them."""

    def __init__(self, path: Path, columns: Mapping[str, str]) -> None:
        self._path, self._types, self._count = path, columns, 0
        self._part = path.with_name(f".{path.name}.part")  # of whoever holds the log; of a killed one written over
        self._values: dict[str, list[Any]] = {name: [] for name in columns}
        self._writer: Any = None

    def add(self, row: Row) -> None:
        self._count += 1
        for name, values in self._values.items():
            values.append(row[name])
        if self._count % GROUP == 0:
            self._write()

    def _write(self) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        rows = pa.table({name: _array(values, self._types[name]) for name, values in self._values.items()})
        self._writer = self._writer or pq.ParquetWriter(self._part, rows.schema, compression="zstd")
        self._writer.write_table(rows)
        self._values = {name: [] for name in self._types}

    def finish(self) -> int:
        """The number of rows; a file of an earlier time goes away where there is none."""
        if not self._count:
            self._path.unlink(missing_ok=True)
            return 0
        if self._count % GROUP:
            self._write()
        self._writer.close()
        os.replace(self._part, self._path)
        return self._count


def _array(values: list[Any], kind: str) -> Any:
    import pyarrow as pa

    types = {TEXT: pa.string(), INTEGER: pa.int64(), NUMBER: pa.float64(), FLAG: pa.bool_()}
    if kind == TIME:
        micros = [None if value is None else round(value * 1e6) for value in values]
        return pa.array(micros, pa.timestamp("us", "UTC"))
    if kind == TEXT:
        values = [None if value is None else _well_formed(value) for value in values]
    return pa.array(values, types[kind])


def _well_formed(text: str) -> str:
    """Without lone surrogates, which JSON can spell and no file can hold."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
