"""The drafted dataset.yaml as text, with a remark wherever a person has to look."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from pilotage.records.draft_look import NAME, Seen
from pilotage.records.guess import ASSUMED, Guess, candidates, factor, time_format, translation
from pilotage.records.sources import kind_of
from pilotage.words import plain

_BROKEN = 3  # broken lines that are named


def draft_text(folder: Path, seen: Sequence[Seen]) -> str:
    """The whole text; paths in it are relative to the folder."""
    return "\n".join([*_head(folder, seen), *(line for item in seen for line in _entry(item, folder, seen))]) + "\n"


def _head(folder: Path, seen: Sequence[Seen]) -> list[str]:
    lines = [
        "# Drafted from the names and values of the files. Check each line, then run `pilotage check`.",
        f"name: {_scalar(folder.name)}",
        "synthetic: false",
    ]
    if any(item.needs_zone for item in seen):
        lines.append("time_zone: UTC          # check: some times carry no zone; name the one they were written in")
    return [*lines, "tables:"]


def _entry(item: Seen, folder: Path, seen: Sequence[Seen]) -> list[str]:
    """The lines of one table."""
    guess = item.guess
    file = Path(os.path.relpath(item.path.resolve(), folder.resolve())).as_posix()
    values, columns = _values(guess), {ours: look.name for ours, look in guess.columns.items()}
    plain_columns = {ours: theirs for ours, theirs in columns.items() if ours != theirs and ours not in values}
    lines = [f"  {guess.table.name}:", f"    file: {_scalar(file)}"]
    lines.append(f"    rows: {item.count}   # counted in this file; put the number your source counted")
    lines += [f"    {name}: {_scalar(value)}" for name, value in _reading(item).items()]
    lines += [f"    columns: {_flow(plain_columns)}"] if plain_columns else []
    for name, value in constants(guess, seen).items():
        lines += ["    constants:"] if "    constants:" not in lines else []
        lines.append(f"      {name}: {_scalar(value)}          # check: assumed, the file does not say")
    lines += ["    values:"] if values else []
    lines += [f"      {ours}: {_flow(way)}" for ours, way in values.items()]
    return lines + [f"    # {remark}" for remark in _remarks(item)]


def _remarks(item: Seen) -> list[str]:
    guess = item.guess
    lacking = [
        f"{name} is required, and nothing in the file seems to give it{offered(guess, name)}" for name in guess.hopeless
    ]
    spare = ", ".join(printable(look.name, NAME) for look in guess.spare)
    return [*broken(item), *lacking, *([f"not used: {spare}"] if spare else [])]


def broken(item: Seen) -> list[str]:
    """The first lines that cannot be taken apart and why; empty where there are none."""
    told = [f"line {each.line} {printable(each.reason)}" for each in item.raw.broken[:_BROKEN]]
    more = len(item.raw.broken) - len(told)
    return [*told, *([f"{more:,} more lines are broken too"] if more else [])]


def offered(guess: Guess, name: str) -> str:
    """How a sentence about a column that is not there goes on: what it could come from; empty where nothing could."""
    says, looks = candidates(guess, name)
    return f"; {says}: {', '.join(repr(printable(look.name, NAME)) for look in looks)}" if looks else ""


def printable(text: str, longest: int | None = None) -> str:
    """One line that YAML takes in a comment and a terminal shows as it is; what cannot be printed becomes ¤."""
    line = "".join(sign if sign.isprintable() else "¤" for sign in " ".join(text.split()))
    return plain(line, longest)


def _reading(item: Seen) -> dict[str, Any]:
    """The settings without which the file would be misread."""
    looks = item.guess.columns
    typed = {ours: item.guess.table.column(ours).type for ours in looks}
    numbers = [looks[ours] for ours, kind in typed.items() if kind in ("number", "integer")]
    form = time_format(item.guess)
    marks = sorted({mark for look in looks.values() for mark in look.empty_marks})
    found: dict[str, Any] = {"encoding": item.encoding} if item.encoding else {}
    found |= {"decimal": ","} if kind_of(item.path.name) == "csv" and any(look.comma for look in numbers) else {}
    found |= {"time_format": form} if form else {}
    return found | ({"empty": marks} if marks else {})


def _values(guess: Guess) -> dict[str, dict[str, Any]]:
    ways: dict[str, dict[str, Any]] = {}
    for ours, look in guess.columns.items():
        column = guess.table.column(ours)
        words, times = translation(column, look), factor(column, look)
        if words is not None:
            ways[ours] = {"from": look.name, "map": words}
        elif times is not None:
            ways[ours] = {"from": look.name, "times": times}
    return ways


def constants(guess: Guess, seen: Sequence[Seen]) -> dict[str, str]:
    """What has to be assumed: required columns with a usual value, and a phase where no parent row gives one."""
    assumed = {name: ASSUMED.get(guess.table.name, {}).get(name) for name in guess.lacking}
    parent = guess.table.parent
    alone = parent is not None and parent[0] not in {item.guess.table.name for item in seen}
    if alone and "phase" not in guess.columns:
        assumed["phase"] = ASSUMED.get(guess.table.name, {}).get("phase", "pilot")
    return {name: value for name, value in assumed.items() if value is not None}


def _flow(value: Any) -> str:
    """One line of YAML; every text that YAML could take for something else is quoted."""
    return str(
        yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=1_000_000, allow_unicode=True)
    ).strip()


def _scalar(value: Any) -> str:
    return _flow(value).removesuffix("...").strip()
