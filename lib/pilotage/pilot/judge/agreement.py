"""A judge is shown with how far it agrees with people, never alone."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pilotage.kpis import Kpi, Tables, label_of
from pilotage.page import Page, html
from pilotage.pilot.judge.rows import judges, rows_of
from pilotage.words import number

if TYPE_CHECKING:
    from pilotage.statistics import Interval

SHOWN = 0.95  # two-sided confidence where nothing is decided
SAID = {1.0: "yes", 0.0: "no"}
FIGURES = {"judge_kappa": "", "judge_sensitivity": "share", "judge_specificity": "share"}


@dataclass(frozen=True)
class Agreement:
    """One judge of one metric against people, over the runs that both labelled.

    `runs` counts what the judge scored, `n` what people labelled too, `positive` how many of those people said yes of.
    `always` is "yes" or "no" where the judge said nothing else, empty text otherwise. The figures are None without a
    run that both labelled; one that is not defined has an estimate of NaN.
    """

    metric: str
    judge: str
    runs: int
    n: int
    positive: int
    clusters: int
    always: str
    kappa: Interval | None
    sensitivity: Interval | None
    specificity: Interval | None


def agreements(tables: Tables, phase: str, confidence: float = SHOWN) -> list[Agreement]:
    """Every judge of the phase, by metric, the one with most runs first; empty where no judge was asked.

    Only labels of uniformly drawn runs count. Several labels of people on one run count as one, as in the KPI. Repeated
    runs of a task are one cluster.
    """
    return [agreement(tables, phase, metric, judge, confidence) for metric, judge in judges(tables, phase)]


def agreement(tables: Tables, phase: str, metric: str, judge: str, confidence: float = SHOWN) -> Agreement:
    """One judge of one metric; a score of .5 or more is a yes. Source: Cohen 1960; Fleiss, Cohen & Everitt 1969."""
    import numpy as np

    from pilotage.statistics import cohen_kappa, sensitivity, specificity

    rows = rows_of(tables, phase, metric, judge)
    said = (rows.score[rows.judged] >= 0.5).astype(float)
    always = SAID[said[0]] if len(said) and bool(np.all(said == said[0])) else ""
    both = rows.where(rows.judged & rows.labelled)
    n = len(both.human)
    figures: list[Interval | None] = [None, None, None]
    if n:
        here = (both.score >= 0.5).astype(float)
        figures = [
            measure(both.human, here, confidence, both.cluster) for measure in (cohen_kappa, sensitivity, specificity)
        ]
    clusters = len(np.unique(both.cluster))
    return Agreement(metric, judge, len(said), n, int(both.human.sum()), clusters, always, *figures)


def agreement_kpis(found: Sequence[Agreement], confidence: float = SHOWN) -> list[Kpi]:
    """The figures as evidence holds them: judge_kappa, judge_sensitivity and judge_specificity, a part per judge."""
    return [
        _kpi(one, name, figure, confidence)
        for one in found
        for name, figure in zip(FIGURES, (one.kappa, one.sensitivity, one.specificity), strict=True)
    ]


def _kpi(one: Agreement, name: str, figure: Interval | None, confidence: float) -> Kpi:
    n = {"judge_sensitivity": one.positive, "judge_specificity": one.n - one.positive}.get(name, one.n)
    known = figure is not None and not math.isnan(figure.estimate)
    return Kpi(
        name=name, label=label_of(name), layer="quality", unit=FIGURES[name], count=None,
        dimension=f"judge={one.metric}, {one.judge}",
        n=n, clusters=one.clusters, estimate=figure.estimate if figure and known else None,
        low=figure.low if figure and known else None, high=figure.high if figure and known else None,
        confidence=confidence, method=figure.method if figure else "none", better="higher",
        n_eff=figure.n_eff if figure and known else None, reason="" if known else _unknown(one),
    )  # fmt: skip  # a record reads better than one argument a line


def _unknown(one: Agreement) -> str:
    if not one.n:
        return "no run was labelled both by people and by this judge"
    return "people and the judge gave only one answer" if one.positive in (0, one.n) else "it is not defined here"


def agreement_table(page: Page, tables: Tables) -> html.Html:
    """The judges of the pilot with their agreement, a row each, and what the columns say; one line without a judge."""
    found = agreements(tables, "pilot")
    if not found:
        return html.paragraph("No judge was asked, so nothing here rests on one.")
    header = ("Judge", "Judged", "By both", "Agreement beyond chance", "Also says yes", "Also says no")
    rows = [
        (html.text(f"{one.metric}: {one.judge}{_remark(one)}"), f"{one.runs:,}", f"{one.n:,}", *_figures(one))
        for one in found
    ]
    explained = (
        "A judge is a language model that labels answers. Agreement beyond chance (Cohen's kappa) is 1 where it always "
        "says what people say and 0 where it might as well guess. “Also says yes” is the share of people's yes that is "
        f"the judge's too, and likewise for no. In brackets is the range, at {SHOWN:.0%} confidence. A judge alone "
        "decides nothing."
    )
    return html.Html(html.table("Judges and people", header, rows, header[1:3]) + html.paragraph(explained, "small"))


def _figures(one: Agreement) -> Iterator[str]:
    yield _figure(one.kappa, "")
    for figure, of in ((one.sensitivity, one.positive), (one.specificity, one.n - one.positive)):
        yield f"{_figure(figure, 'share')}, of {of:,}" if of else _figure(figure, "share")


def _figure(figure: Interval | None, unit: str) -> str:
    if figure is None or math.isnan(figure.estimate):
        return "not known"
    return f"{_number(figure.estimate, unit)} ({_number(figure.low, unit)} to {_number(figure.high, unit)})"


def _number(value: float, unit: str) -> str:
    return number(value, unit) if unit else f"{value:.2f}"


def _remark(one: Agreement) -> str:
    if one.always:
        return f" (always says {one.always}: carries no information)"
    return "" if one.n else " (not compared with people: counts for nothing)"
