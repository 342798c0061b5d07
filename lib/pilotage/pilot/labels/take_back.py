"""A filled-in table of labels taken back: every fault at once with its row, and nothing written while there is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pilotage.errors import InputFaults, PilotageError
from pilotage.pilot.labels import store
from pilotage.pilot.labels.plan_file import bring_up_to_date, read_plan
from pilotage.pilot.labels.sampling import Plan
from pilotage.pilot.labels.store import Label
from pilotage.records.hand_back import Row, by_spelling, faults_of_ids, of_dataset, read_back, single, title_of
from pilotage.words import plain
from pilotage.workspace import Workspace

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
    rows, faults = read_back(path, "labels", NEEDED)
    of_dataset(path, rows, dataset, faults)
    metric, labeller = (single(rows, name, faults) for name in ("metric", "labeller"))
    if not (metric and labeller):
        raise InputFaults(title_of(path), faults)
    known = _known(workspace, dataset, metric, labeller)
    faults += _faults(rows, known, correct)
    if faults:
        advice = "nothing was written; mend these rows and import the file again"
        raise InputFaults(title_of(path), faults, advice)
    return _written(workspace, dataset, rows, known, labeller, at)


def _written(
    workspace: Workspace, dataset: str, rows: Sequence[Row], known: _Known, labeller: str, at: datetime
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
    return _Known(plan, by_spelling(plan.items), given)


def _faults(rows: Sequence[Row], known: _Known, correct: bool) -> Iterator[str]:
    yield from faults_of_ids(rows, known.ids, "run that was drawn")
    for row in rows:
        value = row.cells["value"]
        if value and value.lower() not in WORDS:
            yield f"{row.named}: the value {plain(value)!r} is none of yes, no and unsure"
        elif value and not correct and (before := known.given.get(known.ids.get(row.cells["id"], ""))):
            now = WORDS[value.lower()]
            if before.value != now:
                yield f"{row.named}: says {_word(now)}, but {_said(before)} (--correct lets the file be right)"


def _said(label: Label) -> str:
    return f"{label.labeller} said {_word(label.value)} on {label.labelled_at:%Y-%m-%d %H:%M} UTC"


def _word(value: float | None) -> str:
    return "unsure" if value is None else "yes" if value else "no"


def _label(row: Row, known: _Known, labeller: str, at: datetime) -> Label:
    name = known.ids[row.cells["id"]]
    item = known.plan.items[name]
    value = WORDS[row.cells["value"].lower()]
    remark = row.cells.get("remark", "")
    return Label(name, known.plan.metric, value, "human", labeller, item.stream, item.chance, at, remark=remark)
