"""Asking a judge about the runs of a pilot: every planned run ends up judged, unparseable, errored or skipped."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pilotage.agents.run import Agent
from pilotage.errors import PilotageError
from pilotage.hashes import sha256_json
from pilotage.kpis import Tables
from pilotage.pilot.evaluate.log import NAME, Line, Log, read
from pilotage.pilot.evaluate.planned import key_of
from pilotage.pilot.evaluate.progress import Progress, progress_here
from pilotage.pilot.evaluate.session import INTERRUPTED, Session
from pilotage.pilot.evaluate.settings import Settings
from pilotage.pilot.judge.account import Judged
from pilotage.pilot.judge.draw import draw, tasks_of
from pilotage.pilot.judge.prompt import Prompt
from pilotage.pilot.judge.verdict import verdict_in
from pilotage.pilot.labels import store
from pilotage.pilot.labels.store import Label
from pilotage.pilot.scorers.task import Task
from pilotage.words import plain
from pilotage.workspace import Workspace


@dataclass(frozen=True)
class Judging:
    """What is judged, by whom and how; `n` None asks about every run of the pilot."""

    workspace: Workspace
    dataset: str
    metric: str
    prompt: Prompt
    settings: Settings
    n: int | None = None
    resume: bool = False

    def labeller(self, judge: Agent) -> str:
        """How the judge signs: its model, and the key by which its log is found."""
        return f"judge:{' '.join(plain(judge.model or judge.name).split())}@{self._key(judge)}"

    def log(self, judge: Agent) -> Path:
        """Where its answers on this metric are kept; another prompt, model or address has another file."""
        name = re.sub(r"\W+", "-", self.metric)[:40]
        return self.workspace.dataset(self.dataset) / "judge" / f"{name}-{self._key(judge)}" / NAME

    def _key(self, judge: Agent) -> str:
        return sha256_json([self.metric, judge.fingerprint, self.prompt.sha256])[:12]


async def judge_runs(
    asked: Judging,
    tables: Tables,
    judge: Agent,
    synthetic: bool,
    progress: Progress | None = None,
    stop: asyncio.Event | None = None,
) -> Judged:
    """Asks the judge about the runs and adds its labels to the dataset's store; what became of every run.

    Answers are kept as they come, labels are added in the end, also when `stop` is set: only what can be read as yes or
    no becomes one. With `resume` only runs without an answer are asked. PilotageError for what cannot be followed.
    """
    if judge.simulated and not synthetic:
        advice = "name a model that can judge: chat:MODEL@BASE_URL"
        raise PilotageError("a stand-in's labels say nothing of a real agent", judge.name, advice)
    asked.settings.check(asked.settings.prices or judge.prices)
    store.read(asked.workspace, asked.dataset)  # a store that takes no labels is told before anything is spent
    path = asked.log(judge)
    known = {line["task_id"] for line in read(path) if line.get("final")}
    drawn = draw(tables, asked.dataset, asked.metric, asked.n, known)
    tasks = tasks_of(tables, drawn.chances, asked.prompt)
    keys = {key_of(task, judge.fingerprint, 1): task.task_id for task in tasks}
    answered = sum(line["answer"] is not None for line in _ends(path, keys).values())
    if answered < len(keys):
        _refuse_to_repeat(asked, path, answered, len(keys))
    try:
        stopped = await _carried_out(asked, tasks, judge, progress, stop) if answered < len(keys) else ""
    finally:
        _write(asked, judge, _ends(path, keys), drawn.chances)
    return _account(asked, judge, keys, drawn.textless, stopped)


async def _carried_out(
    asked: Judging, tasks: list[Task], judge: Agent, progress: Progress | None, stop: asyncio.Event | None
) -> str:
    """Every task is put to the judge as far as it goes; why it went no further, empty where nothing stopped it."""
    log = Log(asked.log(judge))
    try:
        session = Session(log, tasks, sha256_json([asked.metric, asked.prompt.sha256]), judge, asked.settings)
        crew = await session.carry_out(progress or progress_here(), stop or asyncio.Event())
        return crew.budget.closed
    finally:
        log.close()


def _refuse_to_repeat(asked: Judging, path: Path, answered: int, planned: int) -> None:
    """A judge costs money: PilotageError where its answers are there and nobody asked to go on."""
    if path.exists() and path.stat().st_size and not asked.resume:
        what = f"this judge has been asked already; {answered:,} of {planned:,} runs have their answer"
        raise PilotageError(what, f"data/{asked.dataset}", "go on with it by --resume")


def _ends(path: Path, keys: Mapping[str, str]) -> dict[str, Line]:
    """The last line of each planned run that has ended, by its key."""
    return {line["key"]: line for line in read(path) if line.get("final") and line["key"] in keys}


def _write(asked: Judging, judge: Agent, ends: Mapping[str, Line], chances: Mapping[str, float]) -> None:
    """Adds the labels that are not in the store yet, or stand there with another value or chance."""
    labels = [label for line in ends.values() if (label := _label(asked, judge, line, chances)) is not None]
    known = {label.who_on_what: label for label in store.standing(store.read(asked.workspace, asked.dataset))}
    new = [label for label in labels if not _stands(label, known.get(label.who_on_what))]
    store.append(asked.workspace, asked.dataset, sorted(new, key=lambda label: label.interaction_id))


def _label(asked: Judging, judge: Agent, line: Line, chances: Mapping[str, float]) -> Label | None:
    """The label that an answer is; None where there is no answer, or none that can be read."""
    said = verdict_in(line["answer"]["text"]) if line["answer"] else None
    if said is None:
        return None
    at, name = datetime.fromtimestamp(line["at"] + line["duration_s"], UTC), line["task_id"]
    return Label(name, asked.metric, float(said), "judge", asked.labeller(judge), "uniform", chances[name], at)


def _stands(label: Label, known: Label | None) -> bool:
    if known is None or known.value != label.value:
        return False
    return abs(known.inclusion_probability - label.inclusion_probability) < 1e-12


def _account(asked: Judging, judge: Agent, keys: Mapping[str, str], textless: int, stopped: str) -> Judged:
    """Counted from the log anew."""
    ends = _ends(asked.log(judge), keys)
    answers = [line["answer"]["text"] for line in ends.values() if line["answer"]]
    said = [verdict_in(text) for text in answers]
    faults = Counter(line["fault"]["kind"] for line in ends.values() if line["fault"])
    details = {line["fault"]["kind"]: line["fault"]["detail"] for line in ends.values() if line["fault"]}
    lines = [line for line in read(asked.log(judge)) if "key" in line]
    return Judged(
        dataset=asked.dataset, metric=asked.metric, labeller=asked.labeller(judge), planned=len(keys),
        judged=len(said) - said.count(None), yes=said.count(True), unparseable=said.count(None),
        errored=sum(faults.values()), skipped=len(keys) - len(ends), textless=textless, attempts=len(lines),
        spent=sum(line["spent"] or 0.0 for line in lines), stopped=stopped if len(answers) < len(keys) else "",
        interrupted=stopped == INTERRUPTED, example=next((text for text in answers if verdict_in(text) is None), ""),
        failed=tuple((kind, n, details[kind]) for kind, n in faults.most_common()),
    )  # fmt: skip  # a record reads better than one argument a line
