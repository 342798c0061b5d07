"""A filled-in table of labels taken back: every fault at once with its row, and nothing written while there is one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pilotage.errors import InputFaults, PilotageError
from pilotage.forms import near
from pilotage.pilot.labels import store
from pilotage.pilot.labels.plan_file import bring_up_to_date, read_plan
from pilotage.pilot.labels.sampling import Plan
from pilotage.pilot.labels.sheet import cell_text
from pilotage.pilot.labels.store import Label
from pilotage.words import plain
from pilotage.workspace import Workspace

if TYPE_CHECKING:
    from pilotage.records.readers import Raw

WORDS: dict[str, float | None] = {
    **dict.fromkeys(("yes", "y", "true", "1", "x", "✓", "✔", "ja", "j", "wahr", "oui", "o", "vrai", "sì", "si"), 1.0),
    **dict.fromkeys(("sí", "s", "vero", "verdadero", "sim", "tak"), 1.0),
    **dict.fromkeys(("no", "n", "false", "0", "nein", "falsch", "non", "faux", "falso", "não", "nao", "nie"), 0.0),
    **dict.fromkeys(("unsure", "u", "?", "unsicher", "unklar", "incertain", "incerto", "no sé", "don't know"), None),
}
NEVER = -1.0  # no value of a label, and not the None of one who was unsure
NEEDED = ("id", "value", "dataset", "metric", "labeller")


@dataclass(frozen=True)
class Imported:
    """What came of a file: labels added, decisions that were known already, rows left open, and those with a remark."""

    metric: str
    labeller: str
    added: int
    known: int
    left_open: int
    open_with_remark: int


@dataclass(frozen=True)
class _Row:
    """A row of the file: where it stands, as people find it, and its cells by column, empty text where blank."""

    place: str
    cells: Mapping[str, str]


@dataclass(frozen=True)
class _Known:
    """What a row is held against: the plan, the ids as a table spells them, and what this person has said so far."""

    plan: Plan
    ids: Mapping[str, str]
    given: Mapping[str, Label]


def take_back(workspace: Workspace, dataset: str, path: Path, at: datetime, correct: bool = False) -> Imported:
    """Add the decisions of a filled-in table to the store; what is blank stays open, what is known adds nothing.

    The same file twice adds nothing the second time. Where this person has since decided otherwise, that is a fault,
    unless `correct` says that the file is right. InputFaults with every fault and its row; nothing is written then.
    """
    rows, faults = _read(path)
    title = f"{path.name} cannot be taken back"
    if not rows and not faults:
        raise InputFaults(title, ["there is no row in it"])
    theirs, metric, labeller = (_single(rows, name, faults) for name in ("dataset", "metric", "labeller"))
    if theirs and theirs != cell_text(dataset):
        faults.append(f"it is of the dataset {plain(theirs)!r}, not of {dataset!r}")
        raise InputFaults(title, faults, f"name its own: --dataset {plain(theirs)}")
    if not (theirs and metric and labeller):
        raise InputFaults(title, faults)
    known = _known(workspace, dataset, metric, labeller)
    faults += _faults(rows, known, correct)
    if faults:
        advice = "nothing was written; mend these rows and import the file again"
        raise InputFaults(title, faults, advice)
    return _written(workspace, dataset, rows, known, labeller, at)


def _written(
    workspace: Workspace, dataset: str, rows: list[_Row], known: _Known, labeller: str, at: datetime
) -> Imported:
    decided = [row for row in rows if row.cells["value"]]
    blank = [row for row in rows if not row.cells["value"]]
    labels = [_label(row, known, labeller, at) for row in decided]
    known_already = {name: label.value for name, label in known.given.items()}
    new = [label for label in labels if known_already.get(label.interaction_id, NEVER) != label.value]
    store.append(workspace, dataset, new)
    bring_up_to_date(workspace, dataset, known.plan.metric)
    remarks = sum(bool(row.cells.get("remark")) for row in blank)
    return Imported(known.plan.metric, labeller, len(new), len(labels) - len(new), len(blank), remarks)


def _read(path: Path) -> tuple[list[_Row], list[str]]:
    """The rows that hold anything, and what is wrong with the file; PilotageError where it cannot be read at all."""
    if path.suffix.lower() not in (".csv", ".xlsx"):
        raise PilotageError("labels are taken back from .xlsx or .csv", str(path), "save it as one of these")
    if not path.is_file():
        raise PilotageError("there is no such file", str(path))
    raw = _raw(path)
    word = "row" if path.suffix.lower() == ".xlsx" else "line"
    faults = [f"{word} {item.line}: {item.reason}" for item in raw.broken]
    spelled = {" ".join(name.split()).lower(): name for name in raw.cells.column_names}
    if lacking := [f"there is no column {name!r}{near(name, spelled)}" for name in NEEDED if name not in spelled]:
        raise InputFaults(f"{path.name} cannot be taken back", [*faults, *lacking], "keep the columns as exported")
    cells = [{ours: (row[theirs] or "").strip() for ours, theirs in spelled.items()} for row in raw.cells.to_pylist()]
    places = [f"{word} {line}" for line in raw.lines.tolist()]
    return [_Row(place, row) for place, row in zip(places, cells, strict=True) if any(row.values())], faults


def _raw(path: Path) -> Raw:
    """As text; a CSV that is not UTF-8 is one that Excel saved in the Western code page."""
    from pilotage.records.dataset import TableSource
    from pilotage.records.readers import read

    try:
        return read(path, TableSource(file=path.name))
    except PilotageError as fault:
        if path.suffix.lower() != ".csv" or "utf-8" not in str(fault).lower():
            raise
        return read(path, TableSource(file=path.name, encoding="cp1252"))


def _single(rows: list[_Row], name: str, faults: list[str]) -> str:
    """The value that the column has in most rows, and a fault for each other row; "" and a fault where it is empty."""
    (most, _), *_ = Counter(row.cells[name] for row in rows if row.cells[name]).most_common(1) or [("", 0)]
    if not most:
        faults.append(f"the column {name!r} is empty")
        return ""
    faults += [
        f"{row.place}: {name} is {plain(row.cells[name])!r}, elsewhere in the file {plain(most)!r}"
        for row in rows
        if row.cells[name] != most
    ]
    return most


def _known(workspace: Workspace, dataset: str, metric: str, labeller: str) -> _Known:
    plan = read_plan(workspace, dataset, metric)
    if not plan.draws:
        raise PilotageError(f"no runs have been drawn for people to label “{plain(metric)}”", f"data/{dataset}")
    standing = store.standing(store.read(workspace, dataset))
    given = {
        label.interaction_id: label
        for label in standing
        if (label.source, label.metric, label.labeller) == ("human", metric, labeller) and not label.withdrawn
    }
    return _Known(plan, _by_spelling(plan), given)


def _by_spelling(plan: Plan) -> dict[str, str]:
    """Every run's id by how a table spells it; two that a table cannot tell apart are not known by it."""
    spelled = [cell_text(name).strip() for name in plan.items]
    often = Counter(spelled)
    return {cell: name for cell, name in zip(spelled, plan.items, strict=True) if often[cell] == 1}


def _faults(rows: list[_Row], known: _Known, correct: bool) -> Iterator[str]:
    places: dict[str, str] = {}
    for row in rows:
        spelled, value = row.cells["id"], row.cells["value"]
        place = f"{row.place} ({plain(spelled)})"
        if not spelled:
            yield f"{row.place}: has no id"
            continue
        if spelled not in known.ids:
            yield f"{place}: is no run that was drawn{near(spelled, sorted(known.ids))}"
        elif spelled in places:
            yield f"{place}: stands already in {places[spelled]}"
        places.setdefault(spelled, row.place)
        if value and value.lower() not in WORDS:
            yield f"{place}: the value {plain(value)!r} is none of yes, no and unsure"
        elif value and not correct and (before := known.given.get(known.ids.get(spelled, ""))):
            now = WORDS[value.lower()]
            if before.value != now:
                yield f"{place}: says {_word(now)}, but {_said(before)} (--correct lets the file be right)"


def _said(label: Label) -> str:
    return f"{label.labeller} said {_word(label.value)} on {label.labelled_at:%Y-%m-%d %H:%M} UTC"


def _word(value: float | None) -> str:
    return "unsure" if value is None else "yes" if value else "no"


def _label(row: _Row, known: _Known, labeller: str, at: datetime) -> Label:
    name = known.ids[row.cells["id"]]
    item = known.plan.items[name]
    value = WORDS[row.cells["value"].lower()]
    remark = row.cells.get("remark", "")
    return Label(name, known.plan.metric, value, "human", labeller, item.stream, item.chance, at, remark=remark)
