"""Who labelled how much, whether they agree, and how many labels are still needed: what an exported page shows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from pilotage.errors import PilotageError
from pilotage.kpis import Tables, measure
from pilotage.page import Page, html
from pilotage.pilot.labels import store
from pilotage.pilot.labels.people import tuners
from pilotage.pilot.labels.plan_file import PHASE, metrics_drawn, path_of, read_plan
from pilotage.pilot.labels.questions import question_of
from pilotage.pilot.labels.sampling import Plan
from pilotage.pilot.labels.store import Label
from pilotage.playbook import Playbook, read_policy
from pilotage.records.sources import OWN_LABELS
from pilotage.words import count, listed, number
from pilotage.workspace import Workspace

if TYPE_CHECKING:
    from pilotage.statistics import Interval

HEADER = ("Labeller", "Uniform", "Guided", "Unsure", "Changed", "Seconds per label")


@dataclass(frozen=True)
class Work:
    """What one labeller did: runs answered yes or no in each stream, left unsure, changed since, and seconds each."""

    labeller: str
    uniform: int
    guided: int
    unsure: int
    changed: int
    seconds: float | None


def overview(page: Page, tables: Tables, metric: str) -> html.Html:
    """The labelling of one metric as a table and a few sentences; nothing drawn and nothing labelled is said so.

    It shows who labelled how much, and no single label, so nobody is led by it.
    """
    page.opened.file(page.workspace.dataset(page.dataset) / OWN_LABELS)
    page.opened.file(path_of(page.workspace, page.dataset))
    page.opened.file(page.workspace.log)
    found = look(page.workspace, page.dataset, tables, metric, page.playbook)
    rows = [_row(work) for work in found.people]
    caption = f"Labels made with pilotage: {question_of(metric).text}"
    table = html.table(caption, HEADER, rows, HEADER[1:]) if rows else ""
    return html.Html(table + html.bullets(found.said) + "".join(html.note(text, "warning") for text in found.warnings))


@dataclass(frozen=True)
class Look:
    """The state of one metric's labelling: each person's work, sentences about it, and what speaks against it."""

    people: tuple[Work, ...]
    said: tuple[str, ...]
    warnings: tuple[str, ...]


def look(workspace: Workspace, dataset: str, tables: Tables, metric: str, book: Playbook) -> Look:
    """How far people are with labelling the metric; what cannot be read is a warning, not the end of a page."""
    try:
        every, faults = store.read_with_faults(workspace, dataset)
        plan = read_plan(workspace, dataset, metric)
    except PilotageError as fault:
        return Look((), (), (" ".join(str(fault).split()),))
    labels = tuple(label for label in every if label.source == "human" and label.metric == metric)
    gate = book.pilot.gates.get(question_of(metric).kpi)  # type: ignore[call-overload]  # a metric without a gate
    limit = gate.limits[book.tier].value if gate else None
    said = (
        drawn(plan) if plan.draws else "",
        agreement(labels),
        need(tables, metric, limit, book.pilot.confidence, labels),
    )
    warnings = (tuned(workspace, labels), _unreadable(faults))
    return Look(tuple(work_done(labels)), tuple(filter(None, said)), tuple(filter(None, warnings)))


def status_lines(workspace: Workspace, dataset: str, tables: Tables) -> list[str]:
    """What `pilotage labels status` says: a block a metric; one line where nothing was drawn."""
    book = read_policy(workspace, ("playbook", "assumptions", "pilot"))
    metrics = metrics_drawn(workspace, dataset)
    if not metrics:
        return [f"data/{dataset}: no runs have been drawn for people to label yet (`pilotage labels draw` does it)"]
    return [line for metric in metrics for line in _block(metric, look(workspace, dataset, tables, metric, book))]


def _block(metric: str, found: Look) -> list[str]:
    people = [
        "  " + ", ".join(f"{cell} {name.lower()}" if at else str(cell) for at, (name, cell) in enumerate(pairs))
        for pairs in (list(zip(HEADER, _row(work), strict=True)) for work in found.people)
    ]
    return [metric, *people, *(f"  {text}" for text in found.said), *(f"  mind: {text}" for text in found.warnings)]


def work_done(labels: Sequence[Label]) -> list[Work]:
    """What each person did, by name; `labels` are all lines of one metric by people, replaced ones included."""
    standing = [label for label in store.standing(labels) if not label.withdrawn]
    people = sorted({label.labeller for label in labels})
    return [_work(name, labels, [label for label in standing if label.labeller == name]) for name in people]


def _work(name: str, labels: Sequence[Label], own: Sequence[Label]) -> Work:
    decided = [label for label in own if label.value is not None]
    return Work(
        name,
        sum(label.stream == "uniform" for label in decided),
        sum(label.stream == "guided" for label in decided),
        len(own) - len(decided),
        _changed(label for label in labels if label.labeller == name),
        typical_seconds(own),
    )


def _changed(lines: Iterable[Label]) -> int:
    """How many runs have got another answer than the first one; taking back and answering alike changes nothing."""
    given: dict[str, dict[float | None, None]] = {}
    for label in lines:
        if not label.withdrawn:
            given.setdefault(label.interaction_id, {})[label.value] = None
    return sum(len(answers) > 1 for answers in given.values())


def typical_seconds(labels: Iterable[Label]) -> float | None:
    """The median time spent on a label; None where nobody measured any."""
    measured = [label.seconds for label in labels if label.seconds is not None]
    return median(measured) if measured else None


def drawn(plan: Plan) -> str:
    """What was drawn, in a sentence."""
    if not plan.draws:
        return f"No runs have been drawn for people to label “{plan.metric}” (`pilotage labels draw` does it)."
    last, items = plan.draws[-1], plan.items.values()
    uniform = sum(item.stream == "uniform" for item in items)
    told = f"{count(uniform, 'runs')} of {last.frame:,} drawn by chance alone, each with {number(plan.chance, 'share')}"
    guided = len(items) - uniform
    more = f"; {count(guided, 'runs')} more because a judge suspected them, which count in no rate" if guided else ""
    return f"{told}{more}. Last drawn on {last.at:%Y-%m-%d}."


def agreement(labels: Sequence[Label]) -> str:
    """How far people agree on the runs that two or more of them decided, in a sentence; "" where one person labels."""
    people, ratings = _ratings(labels)
    if len(people) < 2:
        return ""
    if not ratings:
        return f"{listed(people)} have decided no run in common yet, so nobody knows whether they agree."
    same = sum(len({value for value in row if not math.isnan(value)}) == 1 for row in ratings)
    told = f"On {count(len(ratings), 'runs')} that two people decided, they agree in {same:,}"
    name, found = _beyond_chance(people, ratings)
    if math.isnan(found.estimate):
        return f"{told}; all gave the same answer throughout, so agreement beyond chance cannot be said."
    ends = [number(end) if math.isfinite(end) else "unknown" for end in (found.low, found.high)]
    return f"{told}; beyond chance {found.estimate:.2f} ({name}, between {ends[0]} and {ends[1]}; 1 is full agreement)."


def _ratings(labels: Sequence[Label]) -> tuple[list[str], list[list[float]]]:
    """The people, and a row for each run that two or more decided: the answer of each, NaN where there is none."""
    answers: dict[str, dict[str, float]] = {}
    for label in store.standing(labels):
        if label.value is not None:
            answers.setdefault(label.interaction_id, {})[label.labeller] = label.value
    people = sorted({name for row in answers.values() for name in row})
    rows = [[row.get(name, math.nan) for name in people] for row in answers.values() if len(row) > 1]
    return people, rows


def _beyond_chance(people: Sequence[str], ratings: Sequence[Sequence[float]]) -> tuple[str, Interval]:
    from pilotage.statistics import cohen_kappa, krippendorff_alpha

    if len(people) == 2:
        return "Cohen's kappa", cohen_kappa([row[0] for row in ratings], [row[1] for row in ratings])
    return "Krippendorff's alpha", krippendorff_alpha(ratings)


def need(tables: Tables, metric: str, limit: float | None, confidence: float, labels: Sequence[Label]) -> str:
    """How many more labels would settle the metric's gate, and how long they take; "" for a metric without a gate.

    `labels` are those whose time is taken for the time each further one will take.
    """
    kpi = question_of(metric).kpi
    if limit is None or not kpi:
        return ""
    from pilotage.statistics import more_needed, zero_failures

    found = measure(tables, kpi, PHASE, 2 * confidence - 1)
    if found.estimate is None or not found.n_eff:
        fewest = zero_failures(limit, confidence)
        return f"At least {count(fewest, 'labels')} are needed, if none shows a fault{_hours(fewest, labels)}."
    more = more_needed(found.count or 0, found.n, limit, "lower", confidence, max(1.0, found.n / found.n_eff))
    if more is None:
        return "The rate found so far lies above the limit: more labels like these would not clear it."
    if not more:
        return "There are labels enough: the limit is cleared by those there are."
    return f"About {count(more, 'more labels')} would clear the limit at the rate found so far{_hours(more, labels)}."


def _hours(n: int, labels: Sequence[Label]) -> str:
    seconds = typical_seconds(store.standing(labels))
    if seconds is None:
        return "; how long one takes has not been measured yet"
    measured = sum(label.seconds is not None for label in store.standing(labels))
    return f", {number(n * seconds / 3600)} hours at {number(seconds)} seconds each (median of {measured:,} measured)"


def tuned(workspace: Workspace, labels: Sequence[Label]) -> str:
    """Who labels and had a hand in the agent as well, in a sentence; "" where nobody did."""
    try:
        found = tuners(workspace, [label.labeller for label in labels])
    except PilotageError:
        return "The audit log does not verify, so nobody can say whether a labeller also shaped the agent."
    named = [f"{name} ({listed(list(kinds))})" for name, kinds in found.items()]
    return f"Labelled and also shaped the agent, so no independent judge of it: {listed(named)}." if named else ""


def _unreadable(faults: Sequence[str]) -> str:
    return f"{count(len(faults), 'lines')} of the label store cannot be read, the first: {faults[0]}" if faults else ""


def _row(work: Work) -> tuple[str, ...]:
    seconds = number(work.seconds) if work.seconds is not None else "not measured"
    return (work.labeller, *(f"{n:,}" for n in (work.uniform, work.guided, work.unsure, work.changed)), seconds)
