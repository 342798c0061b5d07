"""Which of our tables a file could be, and which of our columns each of its columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pilotage.records.dataset_checks import FLAGS
from pilotage.records.guess_look import Look
from pilotage.records.schemas import TABLES, Column, Table
from pilotage.records.synonyms import FALSE_MEANS, FILES, TRUE_MEANS, meaning, plain, rank

_LISTED = 6  # columns named as candidates
_FACTORS = {  # what their number is multiplied by to have our unit, by the ending of its name
    "seconds": {"ms millis msec": 0.001, "min minutes minuten minuti minutos": 60.0, "h hours std stunden": 3600.0},
    "minutes": {"s sec seconds sek sekunden": 1 / 60, "h hours std stunden ore heures horas": 60.0},
}


@dataclass(frozen=True)
class Guess:
    """A table a file could be: our columns to theirs, how many of them by name, and the score of the guess."""

    table: Table
    columns: Mapping[str, Look]
    score: float
    named: int
    spare: tuple[Look, ...] = field(default=())

    @property
    def lacking(self) -> tuple[str, ...]:
        """Required columns that nothing in the file gives."""
        return tuple(name for name in self.table.required if name not in self.columns)

    @property
    def hopeless(self) -> tuple[str, ...]:
        """Those of them that cannot be assumed either."""
        return tuple(name for name in self.lacking if name not in ASSUMED.get(self.table.name, {}))


def guess_table(path: Path, looks: list[Look]) -> Guess:
    """The table that the names and values speak for most; of equals the first in the order of the schemas.

    One without a single known name is taken only where every other is without one too.
    """
    guesses = [_guess(table, path, looks) for table in TABLES.values()]
    return max(guesses, key=lambda guess: (guess.named > 0, guess.score))


def _guess(table: Table, path: Path, looks: list[Look]) -> Guess:
    named = _by_name(table, looks)
    both = named | _by_values(table, looks, named)
    found = {name: both[name] for name in table.names if name in both}
    required = sum(name in named for name in table.required if name != "phase")
    inferred = sum(name in found and name not in named for name in table.required)
    optional = sum(name in named for name in table.names if name not in table.required)
    lacking = len([name for name in table.required if name not in found and name not in ASSUMED.get(table.name, {})])
    stem = plain(path.name.split(".")[0])
    hint = 6 * (stem == table.name) + 3 * any(word in stem for word in FILES[table.name].split())
    used = {look.name for look in found.values()}
    spare = tuple(look for look in looks if look.name not in used)
    return Guess(table, found, 3 * required + inferred + optional - 2 * lacking + hint, len(named), spare)


def _by_name(table: Table, looks: list[Look]) -> dict[str, Look]:
    """Names first, the most telling pair first; a column of theirs serves one of ours."""
    pairs = sorted(
        (place, at, spot)
        for at, column in enumerate(table.columns)
        for spot, look in enumerate(looks)
        if (place := rank(table.name, column.name, look.name)) is not None and look.fits(column)
    )
    found: dict[str, Look] = {}
    taken: set[int] = set()
    for _, at, spot in pairs:
        if table.columns[at].name not in found and spot not in taken:
            found[table.columns[at].name] = looks[spot]
            taken.add(spot)
    return found


def _by_values(table: Table, looks: list[Look], named: Mapping[str, Look]) -> dict[str, Look]:
    """A required time or id that no name gave, where only one column of theirs can be it."""
    used = {look.name for look in named.values()}
    free = [look for look in looks if look.name not in used]
    times = [look for look in free if look.time_format is not None]
    ids = [look for look in free if look.unique and look.time_format is None]
    found = {}
    for name in (name for name in table.required if name not in named):
        column = table.column(name)
        if column.type == "time" and len(times) == 1:
            found[name] = times.pop()
        elif (name,) == table.key and len(ids) == 1:
            found[name] = ids.pop()
    return found


ASSUMED: dict[str, dict[str, str]] = {
    "cases": {"phase": "baseline"},
    "events": {"phase": "baseline"},
    "interactions": {"phase": "pilot"},
    "labels": {"source": "human", "labeller": "unknown", "stream": "uniform", "inclusion_probability": "1"},
    "reviews": {"tier": "in the loop", "stream": "uniform", "inclusion_probability": "1"},
    "texts": {"side": "input", "language": "en", "source": "unknown", "label": "unknown"},
    "costs": {"kind": "actual"},
    "training": {"team": "unknown"},
}


def candidates(guess: Guess, name: str) -> tuple[str, tuple[Look, ...]]:
    """What our column without a column of theirs could come from, judged by values: in words, and the columns."""
    column, spare = guess.table.column(name), [look for look in guess.spare if len(look.values)]
    if (name,) == guess.table.key:
        says, fit = "could be an id", [look for look in spare if look.unique and look.time_format is None]
    elif column.type == "text" and not column.allowed:
        says, fit = "could be it", [look for look in spare if not _is_measure(look)]
    else:
        says = {"time": "looks like a time", "flag": "says yes or no"}.get(column.type, "would fit by its values")
        fit = [look for look in spare if look.fits(column)]
    return says, tuple(fit[:_LISTED])


def _is_measure(look: Look) -> bool:
    return look.time_format is not None or bool(look.flags) or look.comma or look.reads("number")


def times_of(guess: Guess) -> list[Look]:
    """The file's columns that give our times and hold any; where a required time is missing, also those that could."""
    found = [look for ours, look in guess.columns.items() if guess.table.column(ours).type == "time"]
    lacking = [name for name in guess.hopeless if guess.table.column(name).type == "time"]
    return [look for look in (found + [look for name in lacking for look in candidates(guess, name)[1]]) if look.values]


def time_format(guess: Guess) -> str | None:
    """How the first of its times are written; empty for ISO 8601, None without times."""
    return next((look.time_format for look in times_of(guess)), None)


def translation(column: Column, look: Look) -> dict[str, str] | None:
    """Their values in our words, as far as they are known; None where no translation is needed."""
    if column.type == "flag":
        ours = {value: "true" if meant else "false" for value, meant in look.flags.items()}
        return None if all(value.lower().removesuffix(".0") in FLAGS for value in look.few) else ours
    if not column.allowed or set(look.few) <= set(column.allowed):
        return None
    for ours_if_true, names in TRUE_MEANS.get(column.name, {}).items() if look.flags else ():
        if plain(look.name) in names.split():
            return {value: ours_if_true if meant else FALSE_MEANS[ours_if_true] for value, meant in look.flags.items()}
    known = {
        value: value if value in column.allowed else meaning(column.name, column.allowed, value) for value in look.few
    }
    return {value: ours for value, ours in known.items() if ours}


def factor(column: Column, look: Look) -> float | None:
    """What their number is multiplied by to have our unit, judged by the ending of its name."""
    ending = plain(look.name).rpartition("_")[2]
    return next((by for names, by in _FACTORS.get(column.unit, {}).items() if ending in names.split()), None)
