"""Which runs a judge is asked about: all that people labelled, and of the others all or so many drawn by chance."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from pilotage.errors import PilotageError
from pilotage.hashes import permanent_number
from pilotage.kpis import Tables, fill_runs
from pilotage.pilot.judge.prompt import Prompt
from pilotage.pilot.scorers.task import Task

PHASE = "pilot"
_RUNS = """
SELECT r.interaction_id, trim(coalesce(r.input_text, '')) <> '' AND trim(coalesce(r.output_text, '')) <> '' AS whole,
       EXISTS (FROM labels l WHERE l.interaction_id = r.interaction_id AND l.metric = ? AND l.source = 'human'
               AND l.stream = 'uniform') AS labelled
FROM {runs} r WHERE r.is_unit AND r.phase = ? ORDER BY r.interaction_id"""
_TEXTS = "SELECT interaction_id, input_text, output_text FROM interactions WHERE interaction_id IN (SELECT unnest(?))"


@dataclass(frozen=True)
class Drawn:
    """The runs to judge, in their order, each with the chance with which it was drawn; `textless` have no answer."""

    chances: dict[str, float]
    textless: int


def draw(tables: Tables, dataset: str, metric: str, n: int | None, known: Collection[str] = ()) -> Drawn:
    """The pilot's runs to judge: `n` in all (None: every one), those that people labelled by chance first.

    The others are drawn by a number that is hashed from their name, so a larger `n` adds runs and takes none back; nor
    does a smaller one take back those that are `known` to be judged. People's runs have the chance 1: they stand for
    themselves, and the others for all others. PilotageError without texts or runs.
    """
    for column, what in (("input_text", "what the agent was given"), ("output_text", "what it answered")):
        if not tables.has("interactions", column):
            advice = f"map {what} in dataset.yaml"
            raise PilotageError(f"the table `interactions` has no column `{column}`", f"data/{dataset}", advice)
    rows = tables.connection.execute(fill_runs(tables, _RUNS), [metric, PHASE]).fetchall()
    labelled = _shuffled([name for name, whole, by_people in rows if whole and by_people], dataset)
    others = _shuffled([name for name, whole, by_people in rows if whole and not by_people], dataset)
    if not labelled and not others:
        raise PilotageError("no run of the pilot has a text to judge", f"data/{dataset}", "map the texts, or wait")
    first = _drawn(labelled, len(labelled) if n is None else n, known)
    rest = _drawn(others, len(others) if n is None else n - len(labelled), known)
    return Drawn(first | rest, sum(1 for _, whole, _ in rows if not whole))


def _shuffled(names: list[str], dataset: str) -> list[str]:
    return sorted(names, key=lambda name: permanent_number("judge", dataset, name))


def _drawn(names: list[str], n: int, known: Collection[str]) -> dict[str, float]:
    """The first n of the names, and as many more as it takes to have all known ones, with the chance of each."""
    last = max((place for place, name in enumerate(names, 1) if name in known), default=0)
    taken = min(len(names), max(n, last))
    return dict.fromkeys(names[:taken], taken / len(names)) if taken else {}


def tasks_of(tables: Tables, names: Collection[str], prompt: Prompt) -> list[Task]:
    """One task per run, named as the run: the rendered prompt. Without scorers: there is no right answer to compare."""
    found = tables.connection.execute(_TEXTS, [list(names)]).fetchall()
    texts = {name: (given, answer) for name, given, answer in found}
    return [Task(name, prompt.render(*texts[name]), None, ()) for name in names]
