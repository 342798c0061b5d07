"""The runs that a review queue is drawn from, which of them look suspicious, and which are known to be wrong."""

from __future__ import annotations

from dataclasses import dataclass

from pilotage.kpis import Tables, fill_runs
from pilotage.oversight.reviewed import reviewed

PHASES = ("pilot", "production")
_RUNS = """SELECT interaction_id, outcome, confidence, success IS NOT DISTINCT FROM false AS failed
           FROM {runs} WHERE is_unit AND phase IN (?, ?) ORDER BY interaction_id"""
# A run counts as a known error only where all that people said of it speaks against it.
_AGAINST = """SELECT interaction_id FROM labels WHERE source = ? AND metric IN ('hallucination', 'task_success')
              GROUP BY interaction_id
              HAVING {how}((value >= 0.5) = (metric = 'hallucination'))"""


@dataclass(frozen=True)
class Run:
    """One run that counts as a unit: how it ended, how sure the agent was, and whether it is known to have failed."""

    interaction_id: str
    outcome: str | None
    confidence: float | None
    failed: bool


def runs(tables: Tables) -> list[Run]:
    """The runs of the pilot and of production, a sub-agent's not among them, by their ids."""
    found = tables.connection.execute(fill_runs(tables, _RUNS), PHASES).fetchall()
    return [Run(str(name), outcome, confidence, bool(failed)) for name, outcome, confidence, failed in found]


def doubted(tables: Tables) -> set[str]:
    """The runs that a judge's label speaks against."""
    return _against(tables, "judge", "bool_or")


def known_errors(tables: Tables, among: list[Run]) -> set[str]:
    """The runs that failed, or that people's labels or settled reviews say are wrong; needs the table interactions."""
    items = reviewed(tables).items
    wrong = set(items.loc[items["wrong"] & ~items["disputed"], "interaction_id"]) if len(items) else set()
    return {run.interaction_id for run in among if run.failed} | wrong | _against(tables, "human", "bool_and")


def reviewed_elsewhere(tables: Tables) -> set[tuple[str, str]]:
    """The runs, with their action type, that a uniform review outside this queue or in it has covered already.

    Only those: leaving out what suspicion led to would make the rest look better than it is.
    """
    sql = """SELECT DISTINCT interaction_id, action_type FROM reviews
             WHERE stream = 'uniform' AND NOT coalesce(seeded, false)"""
    return {(str(name), str(action)) for name, action in tables.connection.execute(sql).fetchall()}


def judged_by(tables: Tables) -> dict[str, set[str]]:
    """Who reviewed or labelled each run, by its id: to them it is no unknown one."""
    sql = """SELECT interaction_id, reviewer FROM reviews UNION
             SELECT interaction_id, labeller FROM labels WHERE source = 'human'"""
    found: dict[str, set[str]] = {}
    for name, who in tables.connection.execute(sql).fetchall():
        found.setdefault(str(name), set()).add(str(who))
    return found


def _against(tables: Tables, source: str, how: str) -> set[str]:
    found = tables.connection.execute(_AGAINST.replace("{how}", how), [source]).fetchall()
    return {str(name) for (name,) in found}
