"""Who could use the agent and does not: cases of the production phase that it had no part in, by week, segment, person.

People are who does by hand what the agent also does: the log does not say which of its names are systems, so the
agent's own name is the one never seen on a case without it, and whoever shares none of its steps is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pilotage.kpis import Tables

if TYPE_CHECKING:
    from pandas import DataFrame

    from pilotage.statistics import Interval

PHASE = "production"

_CASES = """SELECT c.case_id, {segment} AS segment, date_trunc('week', local_time(c.opened_at))::DATE AS week,
                   c.case_id IN (SELECT case_id FROM interactions WHERE phase = $phase AND case_id IS NOT NULL) AS used
            FROM cases c WHERE c.phase = $phase ORDER BY c.opened_at, c.case_id"""
_STEPS = """SELECT DISTINCT e.case_id, e.resource, e.activity, c.phase,
                   (e.case_id, c.phase) IN (SELECT (case_id, phase) FROM interactions WHERE case_id IS NOT NULL) AS used
            FROM events e JOIN cases c USING (case_id) WHERE e.resource IS NOT NULL"""


@dataclass(frozen=True)
class Part:
    """Cases of one part, and in how many of them the agent took part, with the interval of that share."""

    name: str
    cases: int
    used: int
    share: Interval

    @property
    def without(self) -> int:
        """Cases that the agent had no part in."""
        return self.cases - self.used


@dataclass(frozen=True)
class Adoption:
    """The use of the agent in production; `whole` is None where nobody can say, and `lacking` says what is lacking.

    `trend` is the change of the share from week to week. `people` are those who also do the agent's steps, each with
    the cases they worked on: those that the agent did alone are nobody's. `agents` are its own names in the log.
    `trained` maps a team to how many of its people passed a course; `untrained` of the people here are named in no
    course, None where the courses name nobody of them. `unnamed` runs name no case and may belong to any.
    """

    whole: Part | None
    weeks: tuple[Part, ...]
    segments: tuple[Part, ...]
    people: tuple[Part, ...]
    agents: tuple[str, ...]
    trend: Interval | None
    unnamed: int
    trained: dict[str, int]
    untrained: tuple[str, ...] | None
    lacking: str


def adoption(tables: Tables, confidence: float = 0.9) -> Adoption:
    """How many cases of the production phase went without the agent, and whose they are.

    Needs the tables cases and interactions; events and training add to it where they are there. Bounds take every lost
    case, and every run that is lost or names no case, to be what would change them most. `confidence` is two-sided.
    """
    lacking = _lacking(tables)
    cases = tables.frame(_CASES.replace("{segment}", _segment(tables)), {"phase": PHASE}) if not lacking else None
    trained = _trained(tables)
    if cases is None or cases.empty:
        why = lacking or "no case is in the phase production yet"
        return Adoption(None, (), (), (), (), None, 0, trained, None, why)
    unnamed = _unnamed(tables)
    lost, unknown = tables.missing("cases"), unnamed + tables.missing("interactions")

    def part(name: str, rows: DataFrame) -> Part:
        return _part(name, len(rows), int(rows["used"].sum()), lost, unknown, confidence)

    weeks = tuple(part(f"{week:%Y-%m-%d}", rows) for week, rows in cases.groupby("week", sort=True))
    segments = tuple(part(str(name), rows) for name, rows in cases.groupby("segment", sort=True))
    agents, worked = _worked(tables)
    people = tuple(part(str(name), rows) for name, rows in worked.groupby("resource", sort=True))
    return Adoption(
        part("all", cases), weeks, segments, people, agents, _trend(cases, confidence), unnamed, trained,
        _untrained(tables, people), "",
    )  # fmt: skip


def _lacking(tables: Tables) -> str:
    for name in ("cases", "interactions"):
        if name not in tables.facts:
            return f"the dataset has no table `{name}`"
    return "" if tables.has("interactions", "case_id") else "the table `interactions` has no column `case_id`"


def _segment(tables: Tables) -> str:
    return "coalesce(c.segment, 'not named')" if tables.has("cases", "segment") else "'all'"


def _unnamed(tables: Tables) -> int:
    sql = "SELECT count(*) FROM interactions WHERE phase = ? AND case_id IS NULL"
    return int(tables.row(sql, [PHASE])[0])


def _part(name: str, cases: int, used: int, lost: int, unknown: int, confidence: float) -> Part:
    """Lost cases went without the agent for the low bound and with it for the high one; an unknown run is one more."""
    from dataclasses import replace

    from pilotage.statistics import clopper_pearson

    known, everyone = clopper_pearson(used, cases, confidence), cases + lost
    low = clopper_pearson(used, everyone, confidence).low
    high = clopper_pearson(min(everyone, used + lost + unknown), everyone, confidence).high
    return Part(name, cases, used, replace(known, low=low, high=high))


def _trend(cases: DataFrame, confidence: float) -> Interval | None:
    """The share's change a week by least squares with weeks as clusters; None with fewer than three weeks."""
    from pilotage.statistics import slope

    week = cases["week"].rank(method="dense").to_numpy(float)
    if week.max() < 3:
        return None
    return slope(week, cases["used"].to_numpy(float), week.astype(int), confidence)


def _worked(tables: Tables) -> tuple[tuple[str, ...], DataFrame]:
    """The agent's names in the log, and a row for each production case and person who also does the agent's steps."""
    steps: DataFrame = tables.frame(_STEPS if tables.has("events", "resource") else f"{_STEPS} LIMIT 0")
    agents = _agents(steps)
    its_steps = set(steps.loc[steps["resource"].isin(agents), "activity"])
    able = set(steps.loc[steps["activity"].isin(its_steps), "resource"]) - set(agents)
    here = steps[steps["resource"].isin(able) & (steps["phase"] == PHASE)]
    return agents, here.drop_duplicates(["case_id", "resource"])


def _agents(steps: DataFrame) -> tuple[str, ...]:
    """Names never seen on a case without the agent, where that can hardly be chance (1 in 1,000)."""
    import math

    seen = steps.drop_duplicates(["case_id", "resource"])
    of_cases = steps.drop_duplicates("case_id")["used"]
    if of_cases.empty or of_cases.all() or not of_cases.any():
        return ()
    always = seen.groupby("resource")["used"].agg(["all", "size"])
    enough = math.log(0.001) / math.log(float(of_cases.mean()))
    return tuple(sorted(always.index[always["all"] & (always["size"] >= enough)]))


def _trained(tables: Tables) -> dict[str, int]:
    if "training" not in tables.facts:
        return {}
    sql = "SELECT team, count(DISTINCT person) FROM training GROUP BY team ORDER BY team"
    return {str(team): int(n) for team, n in tables.connection.execute(sql).fetchall()}


def _untrained(tables: Tables, people: tuple[Part, ...]) -> tuple[str, ...] | None:
    """None where courses and log name people differently: no match is not the same as no course."""
    if "training" not in tables.facts:
        return None
    passed = {str(name) for (name,) in tables.connection.execute("SELECT DISTINCT person FROM training").fetchall()}
    names = [one.name for one in people]
    return tuple(name for name in names if name not in passed) if passed & set(names) else None
