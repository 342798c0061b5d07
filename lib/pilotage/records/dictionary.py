"""The data dictionary, printed from the schemas: what data/README.md says is what intake checks."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel

from pilotage.records.dataset import Dataset, TableSource, ValueMap
from pilotage.records.schemas import TABLES, Column, Table

_INTRO = """# Data dictionary

Each folder here that holds a `dataset.yaml` is a dataset. `sample/` is synthetic and its true rates are known; others
are yours. `pilotage map FILE... --into data/NAME` drafts a `dataset.yaml`; `pilotage check` says what is wrong with it.

This page is printed from the schemas (`python -m pilotage.records.dictionary`); a test keeps the two equal.

## dataset.yaml

```yaml
name: airline desk pilot
synthetic: false
time_zone: Europe/Rome
tables:
  interactions:
    file: runs.csv                      # a glob or a relative path out of the folder is allowed
    columns: {interaction_id: run_id, task_id: task_id, trial: trial, success: success, model: model}   # ours: theirs
    constants: {segment: airline, phase: pilot}
    values: {outcome: {from: transferred_to_human, map: {0: answered, 1: escalated}}}   # map keys compare as text
```
"""

_RULES = """
## How rows are read

- Files: CSV (also `.gz`; any delimiter), JSON lines (also `.gz`), XLSX, Parquet, and XES (`.xes`, `.xes.gz`; with the
  extra `xes`). Everything is read as text first, so `007` stays `007`.
- An empty cell, or one that holds a text listed under `empty`, is not known. It is never zero.
- A row that breaks the schema is set aside with its file, line and reason
  (`rejected/<table>.csv` of the report), and counted.
- A second row with the same id is dropped when it is equal in every column and set aside when it is not.
- A tool call, label, review or piece of feedback must belong to a run in `interactions`, where that table exists; so
  must a model call that names one.
- A run that names a `parent_interaction` must lead, from run to run, to one of the table that names none. Otherwise
  it is set aside: it would count nowhere.
- A table should speak of one agent. Where it names several, or names one in some rows only, a data check fails;
  sub-agents and baseline rows that name none are left out of that.
- Times become UTC. Offsets count, also mixed ones; a time without one is local time in `time_zone`. A local time that
  happens twice, because clocks go back, is the first of the two; one that never happens, because they go forward, is
  the first instant after the gap.
- A flag is 1, true or yes; 0, false or no. Numbers are finite; durations, counts and costs are never negative.
- `phase` is a column or a constant. Rows that belong to a run take its phase where they say none; so do events that of
  their case, where a table `cases` is given.
- A dataset with `events` and no `cases` gets its cases from them: opened with the first event, closed with the last.
  Their phase is then what the events say: nothing else gives it.
"""


def dictionary() -> str:
    """The whole text of data/README.md."""
    settings = [
        "", "What a dataset says of itself:", "", *_fields(Dataset),
        "", "What each table says:", "", *_fields(TableSource),
        "", "What a translated column says (`values`):", "", *_fields(ValueMap),
    ]  # fmt: skip
    tables = [line for table in TABLES.values() for line in _table(table)]
    return _INTRO + "\n".join(settings) + "\n" + _RULES + "\n## Tables\n" + "\n".join(tables) + "\n"


def _fields(model: type[BaseModel]) -> Iterable[str]:
    rows = [(field.alias or name, field) for name, field in model.model_fields.items()]
    lines = [f"| `{name}` | {'yes' if field.is_required() else 'no'} | {field.description} |" for name, field in rows]
    return ["| Key | Needed | Meaning |", "|---|---|---|", *lines]


def _table(table: Table) -> Iterable[str]:
    identity = f"One row per `{'`, `'.join(table.key)}`." if table.key else "Rows have no id."
    return [
        "",
        f"### {table.name}",
        "",
        f"{table.meaning} {identity}",
        "",
        "| Column | Type | Unit | Holds | Meaning | Empty | Without it |",
        "|---|---|---|---|---|---|---|",
        *(_row(column) for column in table.columns),
    ]


def _row(column: Column) -> str:
    without = "the table cannot be read" if column.required else column.undecided
    cells = (f"`{column.name}`", column.type, column.unit or "–", holds(column), column.meaning, column.empty, without)
    return f"| {' | '.join(cells)} |"


def holds(column: Column) -> str:
    """The values a column may hold, in words; a dash where its type says it all."""
    if column.allowed:
        return ", ".join(column.allowed)
    low = "above 0" if column.positive else f"from {column.minimum:g}" if column.minimum is not None else ""
    high = f"to {column.maximum:g}" if column.maximum is not None else ""
    return f"{low} {high}".strip() or "–"


if __name__ == "__main__":
    print(dictionary(), end="")
