"""One person labelling one metric of one dataset, run after run: what is shown next, and what each answer writes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from pilotage.errors import PilotageError
from pilotage.kpis import Tables
from pilotage.pilot.labels import store
from pilotage.pilot.labels.plan_file import bring_up_to_date, path_of, read_plan, units
from pilotage.pilot.labels.questions import Question
from pilotage.pilot.labels.sampling import Item, Plan, to_do
from pilotage.pilot.labels.store import Label
from pilotage.records.sources import OWN_LABELS
from pilotage.workspace import Workspace

ANSWERS: dict[str, float | None] = {"y": 1.0, "n": 0.0, "u": None}


@dataclass(frozen=True)
class Progress:
    """How many runs this person has answered, and how many that makes with those left."""

    done: int
    total: int


@dataclass
class Sitting:
    """Where a labeller stands. Every answer is on disk before the next run is shown; opening again goes on there.

    The labeller sees what the agent was given and what it answered, never a score or another person's label.
    """

    workspace: Workspace
    dataset: str
    question: Question
    labeller: str
    tables: Tables
    plan: Plan
    present: frozenset[str]
    current: Item | None = None
    shown_at: datetime | None = None
    _known: dict[tuple[str, ...], Label] = field(default_factory=dict)
    _done: int = 0

    def show_next(self, at: datetime, first: str = "") -> Item | None:
        """The next run, `first` if that is among those left; None when all are done. Time counts from `at`."""
        left = to_do(self.plan, self._standing(), self.labeller, self.present)
        self.current = next((item for item in left if item.interaction_id == first), left[0] if left else None)
        self.shown_at = at
        return self.current

    def answer(self, key: str, at: datetime) -> None:
        """Write the answer (y, n or u) for the run shown, and show the next; without a run nothing happens."""
        if self.current is not None:
            self._write(self.current.interaction_id, ANSWERS[key], at, withdrawn=False)
            self.show_next(at)

    def back(self, at: datetime) -> bool:
        """Take the last answer back by a further line, and show its run again; False where there is none to take back.

        The line of the first answer stays in the file.
        """
        own = [label for label in self._own() if label.interaction_id in self.plan.items]
        if not own:
            return False
        last = max(own, key=lambda label: label.labelled_at)
        self._write(last.interaction_id, None, at, withdrawn=True)
        self.show_next(at, last.interaction_id)
        return True

    def progress(self) -> Progress:
        """How far this person is."""
        labels = self._standing()
        left = len(to_do(self.plan, labels, self.labeller, self.present))
        done = sum(label.interaction_id in self.plan.items for label in self._own())
        return Progress(done, done + left)

    def texts(self) -> tuple[str, str]:
        """What the agent was given and what it answered in the run shown, whole; empty where nothing was recorded."""
        assert self.current is not None
        return texts_of(self.tables, [self.current.interaction_id]).get(self.current.interaction_id, ("", ""))

    def _write(self, name: str, value: float | None, at: datetime, withdrawn: bool) -> None:
        seconds = max(0.0, (at - self.shown_at).total_seconds()) if self.shown_at and not withdrawn else None
        with store.alone(self.workspace, self.dataset) as add:
            item = self._drawn(name)
            label = Label(
                name, self.plan.metric, value, "human", self.labeller, item.stream, item.chance, at,
                round(seconds, 1) if seconds is not None else None, withdrawn=withdrawn,
            )  # fmt: skip
            add([label])

    def _drawn(self, name: str) -> Item:
        """The run as the plan has it by now: a draw since the sitting was opened has changed its chance."""
        plan = read_plan(self.workspace, self.dataset, self.plan.metric)
        if name not in plan.items:
            where = self.workspace.relative(path_of(self.workspace, self.dataset))
            raise PilotageError("the run is no more among those drawn", where, "put the file back as it was")
        self.plan = plan
        return plan.items[name]

    def _standing(self) -> tuple[Label, ...]:
        """What people said of the metric and still stands; only what was added since the last look is read."""
        path = self.workspace.dataset(self.dataset) / OWN_LABELS
        added, done = store.read_on(self.workspace, self.dataset, path, self._done)
        if done < self._done:
            self._known.clear()
        self._done = done
        for label in added:
            if label.source == "human" and label.metric == self.plan.metric:
                self._known[label.who_on_what] = label
        return tuple(self._known.values())

    def _own(self) -> list[Label]:
        return [label for label in self._standing() if label.labeller == self.labeller and not label.withdrawn]


def open_sitting(
    workspace: Workspace, dataset: str, tables: Tables, metric: str, question: Question, labeller: str
) -> Sitting:
    """The labeller's place in the plan; PilotageError without a name, a draw, or answers that could be read."""
    name = person(labeller)
    check_answers(tables)
    plan = read_plan(workspace, dataset, metric)
    if not plan.draws:
        what = f"no runs have been drawn yet for people to label “{metric}”"
        advice = f"draw them first: pilotage labels draw --dataset {dataset} --metric {metric}"
        raise PilotageError(what, f"data/{dataset}", advice)
    bring_up_to_date(workspace, dataset, metric)
    return Sitting(workspace, dataset, question, name, tables, plan, frozenset(units(tables)))


def person(labeller: str) -> str:
    """The labeller's name without needless blanks; PilotageError where there is none."""
    if name := " ".join(labeller.split()):
        return name
    raise PilotageError("a label needs the name of the person who judges", next="give your name")


def check_answers(tables: Tables) -> None:
    """PilotageError where the dataset holds no text of the agent that anybody could judge."""
    if not tables.has("interactions", "output_text"):
        what = "the table `interactions` has no column `output_text`: there is no answer that anybody could judge"
        raise PilotageError(what, next="map the agent's answers in dataset.yaml")


def texts_of(tables: Tables, ids: list[str]) -> dict[str, tuple[str, str]]:
    """Of each run what the agent was given and what it answered; empty text where it was not recorded."""
    sql = """SELECT interaction_id, coalesce(input_text, ''), coalesce(output_text, '') FROM interactions
             WHERE interaction_id IN (SELECT unnest(?))"""
    return {name: (given, answer) for name, given, answer in tables.connection.execute(sql, [ids]).fetchall()}
