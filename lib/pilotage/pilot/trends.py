"""Whether the agent reads more and takes longer, from turn to turn of a run and from week to week of the pilot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Literal

from pilotage import figures
from pilotage.kpis import DEFINITIONS, Kpi, Tables, fill_runs, measure
from pilotage.page import html
from pilotage.pilot.estimates import What, as_kpi, unknown
from pilotage.pilot.looks import PHASE
from pilotage.pilot.measured import SHOWN, by_week
from pilotage.words import count, listed, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pilotage.statistics import Interval

Per = Literal["turn", "week"]
ONE_TURN = "no run of the pilot has model calls of two turns with a value"
ONE_WEEK = "the pilot's values lie in fewer than two weeks, or carry no time"
OF_TURN = {"input_tokens": "Input tokens per call", "duration_s": "Seconds per model call"}
OF_WEEK = {"tokens_per_interaction": "Tokens per interaction", "latency_p50_s": "Seconds waited per interaction"}


@dataclass(frozen=True)
class Trend:
    """By what part something grows per turn or week: .03 is 3% more with each, compounding.

    `kpi` has the interval, cluster-robust over tasks and cases, and `n` the values; `left_out` counts values of zero,
    of which no growth can be said. `weeks` are the weeks' own figures, where the trend is by week and they are drawn.
    """

    label: str
    per: Per
    kpi: Kpi
    left_out: int = 0
    weeks: tuple[Kpi, ...] = ()

    @property
    def grows(self) -> bool:
        """Whether even the lower end of the trend lies above zero: an early sign, and not a glance."""
        return self.kpi.low is not None and self.kpi.low > 0

    @property
    def falls(self) -> bool:
        """Whether even the upper end lies below zero."""
        return self.kpi.high is not None and self.kpi.high < 0

    @property
    def alt(self) -> str:
        """What the week's figure shows, or in its place why there is none."""
        return self.finding if self.kpi.estimate is None else f"{self.finding} A point per week with its range."

    @property
    def finding(self) -> str:
        """The trend in one sentence."""
        rate, low, high = self.kpi.estimate, self.kpi.low, self.kpi.high
        if rate is None or low is None or high is None:
            return f"{self.label}: whether there is a trend by {self.per} is not known, since {self.kpi.reason}."
        ends = sorted((abs(low), abs(high))) if self.grows or self.falls else (low, high)
        between = f"(between {number(ends[0], 'share')} and {number(ends[1], 'share')})"
        if not (self.grows or self.falls):
            return f"{self.label}: no trend by {self.per} can be told from chance {between}."
        return (
            f"{self.label} {'grow' if self.grows else 'fall'} by {number(abs(rate), 'share')} a {self.per} {between}."
        )


@dataclass(frozen=True)
class Trends:
    """Tokens and time, by turn of a run and by week of the pilot."""

    turn_tokens: Trend
    turn_seconds: Trend
    week_tokens: Trend
    week_seconds: Trend

    @property
    def all(self) -> tuple[Trend, ...]:
        """The four, turns first."""
        return (self.turn_tokens, self.turn_seconds, self.week_tokens, self.week_seconds)

    @property
    def kpis(self) -> list[Kpi]:
        """What goes into the evidence: the trends and the weeks behind them."""
        return [kpi for trend in self.all for kpi in (trend.kpi, *trend.weeks)]


def trends(tables: Tables) -> Trends:
    """The four trends of the pilot; one that the data cannot give says why."""
    turn_tokens, turn_seconds = (_by_turn(tables, column) for column in OF_TURN)
    week_tokens, week_seconds = (_by_week(tables, name) for name in OF_WEEK)
    return Trends(turn_tokens, turn_seconds, week_tokens, week_seconds)


def _by_turn(tables: Tables, column: str) -> Trend:
    """Within runs: each run has its own level, so that long runs of another kind than short ones make no trend."""
    what = What(f"growth_per_turn_of_{column}", OF_TURN[column])
    lacking = [name for name in ("turn", column) if not tables.has("model_calls", name)]
    if lacking:
        table = f"the table `model_calls` has no column `{lacking[0]}`" if "model_calls" in tables.facts else ""
        return Trend(what.label, "turn", unknown(what, table or "the dataset has no table `model_calls`"))
    from pilotage.statistics import slope

    rows = tables.arrays(fill_runs(tables, _TURNS.replace("{column}", column)), [PHASE])
    left_out = tables.row(fill_runs(tables, _NO_GROWTH.replace("{column}", column)), [PHASE])[0]
    if not len(rows["turn"]) or not rows["turn"].any():
        return Trend(what.label, "turn", unknown(what, ONE_TURN), int(left_out))
    found = slope(rows["turn"], rows["value"], rows["cluster"], SHOWN)
    return Trend(what.label, "turn", _growth(what, found, len(rows["turn"]), ONE_TURN), int(left_out))


_TURNS = """
WITH called AS (SELECT m.interaction_id, r.cluster, m.turn, ln(m.{column}) AS value
                FROM model_calls m JOIN {runs} r USING (interaction_id)
                WHERE r.phase = ? AND m.turn IS NOT NULL AND m.{column} > 0)
SELECT turn - avg(turn) OVER run AS turn, value - avg(value) OVER run AS value,
       dense_rank() OVER (ORDER BY cluster) AS cluster
FROM called WINDOW run AS (PARTITION BY interaction_id) ORDER BY cluster, turn, value"""
_NO_GROWTH = """SELECT count(*) FROM model_calls m JOIN {runs} r USING (interaction_id)
                WHERE r.phase = ? AND m.turn IS NOT NULL AND m.{column} = 0"""


def _by_week(tables: Tables, name: str) -> Trend:
    """Over the interactions that the KPI of this name counts."""
    what = What(f"growth_per_week_of_{name}", OF_WEEK[name])
    whole = measure(tables, name, PHASE, SHOWN)
    if whole.estimate is None:
        return Trend(what.label, "week", unknown(what, whole.reason))
    from pilotage.statistics import slope

    rows = tables.arrays(fill_runs(tables, _WEEKS.replace("{rows}", DEFINITIONS[name].rows)), [PHASE])
    some = rows["value"] > 0
    left_out, weeks = int((~some).sum()), rows["week"][some]
    if not len(weeks) or weeks.min() == weeks.max():
        return Trend(what.label, "week", unknown(what, ONE_WEEK), left_out)
    import numpy as np

    found = slope(weeks, np.log(rows["value"][some]), rows["cluster"][some], SHOWN)
    kpi = _growth(what, found, len(weeks), ONE_WEEK)
    return Trend(what.label, "week", kpi, left_out, tuple(by_week(tables, name)))


_WEEKS = """SELECT date_diff('day', min(week::DATE) OVER (), week::DATE) / 7.0 AS week, value::DOUBLE AS value,
                   dense_rank() OVER (ORDER BY cluster) AS cluster
            FROM ({rows}) WHERE phase = ? AND week IS NOT NULL AND value IS NOT NULL ORDER BY week, cluster, value"""


def _growth(what: What, found: Interval, n: int, reason: str) -> Kpi:
    """The slope of the logarithm as a part by which the value grows."""
    if math.isnan(found.estimate):
        return unknown(what, reason)
    low, high = (end if math.isinf(end) else math.expm1(end) for end in (found.low, found.high))
    carried = replace(found, estimate=math.expm1(found.estimate), low=low, high=high)
    return as_kpi(what, carried, None, n, int(found.n_eff or 0), "" if math.isfinite(low) else "too few tasks or cases")


def trends_table(found: Trends) -> html.Html:
    """The trends under the finding; in words what was left out, and what a growing trend may mean."""
    header = ("What", "By", "Change", "Between", "Values")
    table = html.table(_finding(found), header, map(_row, found.all), header[2:])
    small = "".join(html.paragraph(remark, "small") for remark in _remarks(found))
    return html.Html(table + small)


def _row(trend: Trend) -> tuple[object, ...]:
    kpi = trend.kpi
    if kpi.estimate is None or kpi.low is None or kpi.high is None:
        return (trend.label, trend.per, "not known", html.Html(html.sentence(kpi.reason)), "")
    change, low, high = (f"{value:+.1%}" for value in (kpi.estimate, kpi.low, kpi.high))
    return (trend.label, trend.per, change, f"{low} to {high}", f"{kpi.n:,}")


def _finding(found: Trends) -> str:
    growing = [f"{trend.label.lower()} by {trend.per}" for trend in found.all if trend.grows]
    unknown_ones = [f"{trend.label.lower()} by {trend.per}" for trend in found.all if trend.kpi.low is None]
    told = f"Growing, even at the lower end of the range: {listed(growing)}." if growing else "Nothing grows for sure."
    return told + (f" Not known: {listed(unknown_ones)}." if unknown_ones else "")


def _remarks(found: Trends) -> list[str]:
    remarks = []
    if found.turn_tokens.grows:
        remarks.append(
            "Each turn reads again what went before, so some growth by turn is usual; the fewer words an agent carries "
            "along, the smaller it is."
        )
    if found.week_tokens.grows:
        remarks.append("A rise by week is an early sign that the agent carries along text it does not need.")
    left = sum(trend.left_out for trend in found.all)
    if left:
        remarks.append(f"Left out, because nothing grows from zero: {count(left, 'values')}.")
    return remarks


def week_figure(trend: Trend, unit: str) -> Figure | None:
    """The weeks' figures with their ranges and the trend as a broken line; None where the trend is not known."""
    if trend.kpi.estimate is None or not trend.weeks:
        return None
    starts = [(week.dimension or "").removeprefix("week=") for week in trend.weeks]
    fitted = _fitted([date.fromisoformat(start) for start in starts], trend.weeks, trend.kpi.estimate)
    return figures.trend(trend.finding, [start[5:] for start in starts], trend.weeks, unit, fitted)


def _fitted(starts: Sequence[date], weeks: Sequence[Kpi], growth: float) -> list[float]:
    """The trend as a curve whose mean over all interactions is that of the weeks' figures."""
    shape = [(1 + growth) ** ((start - starts[0]).days / 7) for start in starts]
    level = sum(week.n * (week.estimate or 0.0) for week in weeks)
    return [level * part / sum(week.n * one for week, one in zip(weeks, shape, strict=True)) for part in shape]
