"""OTLP files become a dataset: read line by line, put together trace by trace, written as tables."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pilotage.errors import InputFaults, PilotageError
from pilotage.records.traces import tell
from pilotage.records.traces.assemble import Notes, assemble, model_call_rows
from pilotage.records.traces.otlp import Unreadable, is_export, log_events, spans
from pilotage.records.traces.read import Trouble, exports
from pilotage.records.traces.same_call import begun_and_ended
from pilotage.records.traces.span import EVALUATION, Span, clean, evaluation_of, to_span
from pilotage.records.traces.spool import Spool
from pilotage.records.traces.write import refuse_unless_free, write_dataset
from pilotage.words import count, plain

_NO_EXPORT = "is not an OTLP export in JSON (it has no resourceSpans)"


@dataclass(frozen=True)
class Imported:
    """What an import did: the figures by name, and the sentences to tell."""

    facts: dict[str, int]
    told: tuple[str, ...]


def import_otlp(files: Sequence[Path], folder: Path, replace: bool = False) -> Imported:
    """Make the dataset `folder` from files of OTLP exports in JSON, and return what was found.

    Reads JSON lines, single documents and arrays, packed with gzip or not. Memory stays flat in the number of spans;
    a document spread over several lines, and one trace at a time, are held whole. InputFaults with every fault of every
    file, before anything is written; PilotageError where the folder may not be written, or nothing was recognised.
    """
    refuse_unless_free(folder, replace)
    trouble = Trouble()
    sources = _sources(files, trouble)
    with tempfile.TemporaryDirectory(prefix="pilotage-import-") as scratch:
        spool = Spool(Path(scratch))
        read, others = _read(sources, spool, trouble)
        if trouble.faults:
            advice = "mend these lines or take them out, or export again; nothing was written"
            raise InputFaults("these files cannot be imported", trouble.told, advice)
        notes, traces = _assemble(spool)
        evaluations = _whole_evaluations(spool)
        facts = {"files": len(sources), "spans": read, "traces": traces, **_facts(spool)}
        lines = [*tell.minded(notes, evaluations, others)]
        if not facts["runs"] and not facts["model_calls"] and not facts["tool_calls"]:
            seen = "; ".join(tell.unused(notes)) or f"{read:,} spans were read"
            advice = f"export the spans of the agent, its model calls and its tools ({seen})"
            raise PilotageError("no run, model call or tool call was recognised", _listing(sources), advice)
        write_dataset(folder, spool, sources, notes.runs_lost)
        spool.sql.close()
    mind = [f"mind: {line}" for line in (*trouble.remarks, *lines)]
    return Imported(facts, (*tell.found(facts), *mind, *tell.unused(notes)))


def _listing(sources: Sequence[Path]) -> str:
    return ", ".join(plain(path.name) for path in sources[:5])


def _sources(files: Sequence[Path], trouble: Trouble) -> list[Path]:
    """The files to read, each once."""
    found: dict[Path, Path] = {}
    for path in files:
        if not path.is_file():
            trouble.faults.append(f"{path}: {'is a folder; name its files' if path.is_dir() else 'does not exist'}")
        elif path.resolve() in found:
            trouble.remarks.append(f"{path} was named twice and read once")
        else:
            found[path.resolve()] = path
    return list(found.values())


def _read(sources: Sequence[Path], spool: Spool, trouble: Trouble) -> tuple[int, int]:
    """All spans into the spool; their number, and that of exports which hold something else."""
    order = others = 0
    for path in sources:
        for line, export in exports(path, trouble):
            if not is_export(export):
                trouble.fault(path, line, _NO_EXPORT)
                continue
            try:
                for raw in spans(export):
                    order += 1
                    spool.add(to_span(raw, order))
                others += any("span" not in name.lower() for name in export)
                for each in _judged(export, order):
                    spool.add(each)
            except Unreadable as fault:
                trouble.fault(path, line, str(fault))
    return order, others


def _judged(export: Any, order: int) -> Iterator[Span]:
    """Evaluations that were logged, each as a note below the span it judges."""
    for number, (trace, span_id, scope, event) in enumerate(log_events(export)):
        judged = evaluation_of(event, scope) if event.name == EVALUATION else None
        if judged:
            note = Span(trace, f"log {order} {number}", span_id, EVALUATION, clean(scope), order, "step")
            note.start = note.end = event.time_ns
            note.evaluations = [judged]
            yield note


def _assemble(spool: Spool) -> tuple[Notes, int]:
    """Every trace as rows in the spool; the notes, and the number of traces."""
    notes, traces = Notes(), 0
    halves: list[Span] = []
    for trace in spool.traces():
        made = assemble(trace, notes)
        for table, rows in made.rows.items():
            spool.put(table, rows)
        halves += made.alone
        traces += 1
    whole = begun_and_ended(halves)
    notes.calls_alone -= len(halves) - len(whole)
    spool.put("model_calls", model_call_rows(whole, {}))
    spool.flush()
    return notes, traces


_COVERED = """
SELECT metric, count(*) AS rows, count(DISTINCT l.interaction_id) AS runs, count(labelled_at) AS timed,
       count(i.interaction_id) AS outer_runs
FROM labels l LEFT JOIN interactions i ON i.interaction_id = l.interaction_id AND i.parent_interaction IS NULL
GROUP BY metric ORDER BY metric
"""


def _whole_evaluations(spool: Spool) -> list[str]:
    """Leaves only the metrics that judged every run once; how the others were chosen, no trace says."""
    total = _number(spool, "SELECT count(*) FROM interactions WHERE parent_interaction IS NULL")
    told = []
    for metric, rows, runs, timed, outer in spool.sql.execute(_COVERED).fetchall():
        if not rows == runs == timed == outer == total:
            spool.sql.execute("DELETE FROM labels WHERE metric = ?", [metric])
            judged = f"{count(rows, 'judgements')} of {runs:,} of {count(total, 'runs')}"
            told.append(
                f"the evaluation {plain(metric, 40)!r} was left out: {judged}; it has to judge every run once, "
                "since how others were chosen is not recorded"
            )
    return told


_BOTH = "FROM model_calls WHERE input_tokens + output_tokens IS NOT NULL"


def _facts(spool: Spool) -> dict[str, int]:
    sums = {
        "runs": "SELECT count(*) FROM interactions WHERE parent_interaction IS NULL",
        "inner_runs": "SELECT count(parent_interaction) FROM interactions",
        "model_calls": "SELECT count(*) FROM model_calls",
        "failed": "SELECT count(*) FROM model_calls WHERE status <> 'ok'",
        "counted": "SELECT count(input_tokens + output_tokens) FROM model_calls",
        "input_tokens": f"SELECT coalesce(sum(input_tokens), 0) {_BOTH}",
        "output_tokens": f"SELECT coalesce(sum(output_tokens), 0) {_BOTH}",
        "tool_calls": "SELECT count(*) FROM tool_calls",
    }
    return {name: _number(spool, query) for name, query in sums.items()}


def _number(spool: Spool, query: str) -> int:
    return int(spool.sql.execute(query).fetchall()[0][0])
