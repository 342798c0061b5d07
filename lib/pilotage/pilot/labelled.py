"""Who labelled the pilot's answers, how often, whether people agree, and whether one of them also shaped the agent."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pilotage.errors import PilotageError
from pilotage.kpis import Tables
from pilotage.page import Page, html
from pilotage.pilot.labels.people import tuners
from pilotage.pilot.looks import PHASE
from pilotage.words import count, listed

if TYPE_CHECKING:
    from pilotage.statistics import Interval

SHOWN = 12  # labellers of a metric that the table names; the others are counted

_COUNTED = """SELECT l.metric, l.labeller, count(*) FILTER (l.stream = 'uniform') AS uniform,
                     count(*) FILTER (l.stream = 'guided') AS guided
              FROM labels l JOIN interactions i USING (interaction_id) WHERE l.source = 'human' AND i.phase = ?
              GROUP BY ALL ORDER BY l.metric, count(*) DESC, l.labeller"""
_SHARED = """SELECT interaction_id, any_value(cluster) AS cluster, list(labeller ORDER BY labeller) AS people,
                    list(value ORDER BY labeller) AS answers
             FROM (SELECT l.interaction_id, coalesce(i.task_id, i.case_id, l.interaction_id) AS cluster, l.labeller,
                          max(l.value) AS value
                   FROM labels l JOIN interactions i USING (interaction_id)
                   WHERE l.source = 'human' AND l.metric = ? AND i.phase = ? GROUP BY ALL)
             GROUP BY interaction_id HAVING count(*) > 1 ORDER BY interaction_id"""


@dataclass(frozen=True)
class Labeller:
    """One person's labels of one metric, by the stream that chose the runs."""

    metric: str
    name: str
    uniform: int
    guided: int


def labellers(tables: Tables) -> list[Labeller]:
    """Everybody who labelled runs of the pilot, by metric; a metric spelt differently shows here and counts nowhere."""
    return [Labeller(*row) for row in tables.connection.execute(_COUNTED, [PHASE]).fetchall()]


def alpha(tables: Tables, metric: str) -> Interval | None:
    """Krippendorff's alpha over the runs that two or more people labelled; None where there is none."""
    import numpy as np

    from pilotage.statistics import krippendorff_alpha

    shared = tables.connection.execute(_SHARED, [metric, PHASE]).fetchall()
    if not shared:
        return None
    people = sorted({name for _, _, names, _ in shared for name in names})
    ratings = np.full((len(shared), len(people)), np.nan)
    for row, (_, _, names, answers) in enumerate(shared):
        ratings[row, [people.index(name) for name in names]] = answers
    return krippendorff_alpha(ratings, clusters=[cluster for _, cluster, _, _ in shared])


def labelled_table(page: Page, tables: Tables) -> html.Html:
    """Who labelled what, and in words whether people agree; one sentence where nobody labelled."""
    found = labellers(tables)
    if not found:
        return html.paragraph("Nobody has labelled an answer of the pilot.")
    metrics = list(dict.fromkeys(one.metric for one in found))
    rows = [
        (html.text(one.metric), html.text(one.name), f"{one.uniform:,}", f"{one.guided:,}")
        for metric in metrics
        for one in [one for one in found if one.metric == metric][:SHOWN]
    ]
    header = ("Metric", "Labelled by", "Chosen by chance", "Chosen by suspicion")
    said = [*(_agreement(tables, metric, found) for metric in metrics), *_tuned(page, found)]
    return html.Html(html.table("Labels of people", header, rows, header[2:]) + html.bullets(filter(None, said)))


def _agreement(tables: Tables, metric: str, found: list[Labeller]) -> str:
    people = sum(one.metric == metric for one in found)
    more = f", {people - SHOWN} of whom are not listed" if people > SHOWN else ""
    whole = f"{metric}: {count(people, 'people')}{more}"
    interval = alpha(tables, metric) if people > 1 else None
    if interval is None:
        return f"{whole}; no answer was labelled by two, so nobody knows whether another would see it alike."
    if math.isnan(interval.estimate):
        return f"{whole} gave one and the same answer, which says nothing about their agreement."
    between = f"{max(interval.low, -1):.2f} to {interval.high:.2f}"
    runs = f"over {interval.n_eff or 0:,.0f} tasks that two or more labelled"
    rule = "where they differ, the answer that speaks against the agent counts"
    agreement = f"agreement beyond chance (Krippendorff's alpha) {interval.estimate:.2f} ({between})"
    return f"{whole}; {agreement}, {runs}; {rule}."


def _tuned(page: Page, found: list[Labeller]) -> Iterator[str]:
    """A labeller who also shaped the agent judges their own work, and the page says so."""
    try:
        both = tuners(page.workspace, [one.name for one in found]) if page.opened.file(page.workspace.log) else {}
    except PilotageError:
        yield "The audit log does not verify, so nobody can say whether a labeller also shaped the agent."
        return
    if both:
        names = listed([f"{name} ({listed(list(kinds))})" for name, kinds in both.items()])
        yield f"Labelled and also shaped the agent, by the audit log: {names}."
