"""The task file: JSON lines or CSV, read with every fault and its line."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from pilotage.errors import InputFaults, PilotageError
from pilotage.pilot.scorers.contains import Contains
from pilotage.pilot.scorers.exact import Exact
from pilotage.pilot.scorers.json_fields import JsonFields
from pilotage.pilot.scorers.numeric import Numeric
from pilotage.pilot.scorers.policy import Policy
from pilotage.pilot.scorers.regex import Regex
from pilotage.pilot.scorers.settings import WrongSettings, shown
from pilotage.pilot.scorers.task import Scorer, Task
from pilotage.pilot.scorers.trajectory import Trajectory
from pilotage.words import listed, plain

_Read = Callable[[Any], Scorer]
SCORERS: Mapping[str, _Read] = {
    kind.name: kind.read for kind in (Exact, Contains, Regex, JsonFields, Numeric, Trajectory, Policy)
}
SIMPLE = ("exact", "contains", "regex", "numeric")  # those whose expected value fits into a cell
KEYS = ("task_id", "input", "segment", "scorers")
COLUMNS = ("task_id", "input", "segment", "expected", "scorer")
_Line = tuple[int, dict[str, Any]]


def read_tasks(path: Path) -> tuple[Task, ...]:
    """The tasks in the order of the file: CSV where its name ends so, JSON lines else.

    PilotageError where it cannot be read or holds no task; InputFaults with every fault and its line else.
    """
    text, faults = _text(path), list[str]()
    lines = _csv_lines(text, faults) if path.suffix.lower() == ".csv" else _json_lines(text, faults)
    tasks, first = [], dict[str, int]()
    for number, given in lines:
        task, wrong = _task(given)
        before = first.setdefault(task.task_id, number) if task.task_id else number
        if before != number:
            wrong.append(f"task_id: {plain(task.task_id, 60)!r} stands already on line {before}")
        faults += [f"line {number}: {fault}" for fault in wrong]
        tasks.append(task)
    if faults:
        raise InputFaults(f"{path.name} cannot be followed", _in_order(faults))
    if not tasks:
        raise PilotageError("holds no task", path.name, "write one task a line: task_id, input, scorers")
    return tuple(tasks)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise PilotageError("there is no such file", str(path), "name the file that holds the tasks") from None
    except OSError as fault:
        raise PilotageError(f"cannot be read: {fault.strerror}", str(path)) from None
    except UnicodeDecodeError as fault:
        raise PilotageError(f"is not UTF-8 text (byte {fault.start})", path.name, "save it as UTF-8") from None


def _in_order(faults: Iterable[str]) -> list[str]:
    """By line: broken lines are found before those that can be read."""
    return sorted(faults, key=lambda fault: int(fault.removeprefix("line ").partition(":")[0]))


def _json_lines(text: str, faults: list[str]) -> list[_Line]:
    """The objects with their lines; what is none becomes a fault. Only \\n ends a line: JSON text may hold others."""
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            given = json.loads(line, object_pairs_hook=_once, parse_constant=_no_number)
        except (ValueError, RecursionError) as fault:
            told = f"is not JSON: {fault.msg}" if isinstance(fault, json.JSONDecodeError) else plain(fault)
            faults.append(f"line {number}: {told}")
            continue
        if isinstance(given, dict):
            found.append((number, given))
        else:
            faults.append(f"line {number}: should be an object in braces")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object, unless a key stands in it twice: JSON would keep the last one without a word."""
    given = dict(pairs)
    if len(given) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {plain(twice, 60)!r} stands there twice")
    return given


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")


def _csv_lines(text: str, faults: list[str]) -> list[_Line]:
    """The rows as the objects that JSON lines would hold."""
    head = text.partition("\n")[0]
    rows = csv.reader(StringIO(text, newline=""), delimiter=max(",;\t", key=head.count), strict=True)
    try:
        names = [name.strip() for name in next(rows, [])]
        faults += [f"line 1: {fault}" for fault in _header(names)]
        return [] if faults else list(_rows(rows, names, faults))
    except csv.Error as fault:
        faults.append(f"line {rows.line_num}: is not CSV: {fault}")
        return []


def _rows(rows: Any, names: list[str], faults: list[str]) -> Iterator[_Line]:
    end = rows.line_num
    for cells in rows:
        number, end = end + 1, rows.line_num  # a cell may run over several lines: a row is named by its first
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(names):
            faults.append(f"line {number}: has {len(cells)} cells where the header names {len(names)} columns")
            continue
        row = dict(zip(names, cells, strict=True))
        scorer = row.get("scorer", "").strip() or "exact"
        told = _not_simple(scorer) or ("" if row["expected"].strip() else "expected: is missing")
        if told:
            faults.append(f"line {number}: {told}")
        scorers = [] if told else [{scorer: _cell(scorer, row["expected"])}]
        yield number, {**{key: row.get(key) for key in ("task_id", "input", "segment")}, "scorers": scorers}


def _header(names: list[str]) -> Iterator[str]:
    from pilotage.forms import near

    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            yield f"the column {plain(name, 60)!r} stands there twice"
        if name not in COLUMNS:
            yield f"{plain(name, 60)}: is not a known column{near(name, COLUMNS)}"
    if names and (lacking := [name for name in ("task_id", "input", "expected") if name not in names]):
        yield f"lacks the column{'s' if len(lacking) > 1 else ''} {listed(lacking)}"


def _not_simple(scorer: str) -> str:
    if scorer in SIMPLE:
        return ""
    if scorer in SCORERS:
        return f"scorer: {scorer} has settings that fit no cell; write these tasks as JSON lines"
    return f"scorer: {_unknown(scorer)}"


def _cell(scorer: str, expected: str) -> Any:
    """The cell as the setting it stands for; one that is no number stays text, and the scorer says so."""
    if scorer != "numeric":
        return expected
    try:
        return float(expected)
    except ValueError:
        return expected


def _task(given: dict[str, Any]) -> tuple[Task, list[str]]:
    """The task and what is wrong with it; where something is, the task is not to be used."""
    faults = list(_unknown_keys(given))
    task_id, text = _name(given, faults), given.get("input")
    if not isinstance(text, str) or not text.strip():
        faults.append(f"input: {'is missing' if text in (None, '') else f'should be text{shown(text)}'}")
    segment = given.get("segment") or None
    if segment is not None and not isinstance(segment, str):
        faults.append(f"segment: should be text{shown(segment)}")
    halves = [key for key, value in (("task_id", task_id), ("input", text), ("segment", segment)) if _half(value)]
    faults += [f"{key}: holds half a character (a lone surrogate)" for key in halves]
    return Task(task_id, str(text), segment, tuple(_scorers(given, faults))), faults


def _unknown_keys(given: dict[str, Any]) -> Iterator[str]:
    if unknown := [key for key in given if key not in KEYS]:
        from pilotage.forms import near

        yield from (f"{plain(key, 60)}: is not a known key{near(key, KEYS)}" for key in unknown)


def _name(given: dict[str, Any], faults: list[str]) -> str:
    """The task's name; a whole number is taken as it is written."""
    name = given.get("task_id")
    if isinstance(name, int) and not isinstance(name, bool):
        return str(name)
    if isinstance(name, str) and name.strip():
        return name.strip()
    faults.append(f"task_id: {'is missing' if name in (None, '') else f'should be text{shown(name)}'}")
    return ""


def _half(value: Any) -> bool:
    return isinstance(value, str) and any("\ud800" <= sign <= "\udfff" for sign in value)


def _scorers(given: dict[str, Any], faults: list[str]) -> Iterator[Scorer]:
    entries = given.get("scorers")
    if entries is None:
        faults.append("scorers: is missing; write [] where people will judge the answer")
    elif not isinstance(entries, list):
        faults.append('scorers: should be a list such as [{"exact": "42"}]')
    else:
        for place, entry in enumerate(entries, start=1):
            yield from _scorer(entry, f"scorers[{place}]", faults)


def _scorer(entry: Any, place: str, faults: list[str]) -> Iterator[Scorer]:
    """The scorer of one entry; its faults are named by where they stand."""
    if isinstance(entry, str):
        entry = {entry: None}
    if not isinstance(entry, dict) or len(entry) != 1:
        faults.append(f'{place}: should be one scorer and its expected value, such as {{"exact": "42"}}')
        return
    ((name, settings),) = entry.items()
    if name not in SCORERS:
        faults.append(f"{place}: {_unknown(name)}")
    elif settings is None or settings == "":
        faults.append(f"{place}.{name}: has no expected value")
    else:
        try:
            yield SCORERS[name](settings)
        except WrongSettings as wrong:
            faults += [
                f"{place}.{name}.{fault}" if _named(fault) else f"{place}.{name}: {fault}" for fault in wrong.faults
            ]


def _named(fault: str) -> bool:
    """Whether a fault begins with the setting it is about, rather than with a sentence."""
    return " " not in fault.partition(":")[0]


def _unknown(name: str) -> str:
    from pilotage.forms import near

    return f"{plain(name, 60)!r} is not a known scorer{near(name, SCORERS)}"
