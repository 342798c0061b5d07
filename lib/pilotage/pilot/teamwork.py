"""Agents that start other agents: who did how much, who failed, and what became of the task they worked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pilotage.kpis import OWNERS, SPENT, Kpi, Tables, fill_runs
from pilotage.page import html
from pilotage.pilot.estimates import What, in_cell, rate, ratio
from pilotage.pilot.looks import PHASE
from pilotage.words import count

if TYPE_CHECKING:
    import numpy as np

NOT_NAMED = "not named"
ALONE = "no run was started by another"


@dataclass(frozen=True)
class Member:
    """One agent at one depth: 0 was started by a person or a system, 1 by such a run, and so on.

    `tokens` and `seconds` are its shares of what all runs used; `failed_calls` the share of its tool calls that
    failed; `errors` the share of its runs that ended in an error; `task_failed` the share of the tasks it worked for
    that failed in the end: the task of the run at the root, however deep the agent stands below it.
    """

    agent: str
    depth: int
    runs: int
    tokens: Kpi
    seconds: Kpi
    failed_calls: Kpi
    errors: Kpi
    task_failed: Kpi

    @property
    def kpis(self) -> tuple[Kpi, ...]:
        """Its figures, in the order of the table."""
        return (self.tokens, self.seconds, self.failed_calls, self.errors, self.task_failed)


@dataclass(frozen=True)
class Teamwork:
    """Every agent at every depth, from the root down; none, with the `reason`, where no run started another.

    `started` counts the runs that another run started.
    """

    members: tuple[Member, ...]
    started: int = 0
    reason: str = ""

    @property
    def kpis(self) -> list[Kpi]:
        """What goes into the evidence."""
        return [kpi for member in self.members for kpi in member.kpis]


def teamwork(tables: Tables) -> Teamwork:
    """Which agent did what in the pilot, by `parent_interaction`; agents go by `agent`, else by `model`.

    A run that names a task or trial of its own is a root as well, as everywhere in the KPIs.
    """
    if not tables.has("interactions", "parent_interaction"):
        table = "no column `parent_interaction`" if "interactions" in tables.facts else "no interactions"
        return Teamwork((), 0, f"the dataset has {table}, so nobody can say which run started which")
    rows = tables.arrays(fill_runs(tables, _SQL), [NOT_NAMED, PHASE])
    started = int(rows["runs"][rows["depth"] > 0].sum()) if len(rows["runs"]) else 0
    if not started:
        return Teamwork((), 0, ALONE)
    return Teamwork(tuple(_members(rows)), started)


_SQL = f"""{OWNERS},{SPENT},
depths AS (SELECT interaction_id, count(*) AS depth FROM climb GROUP BY interaction_id),
called AS (SELECT interaction_id, count(*) AS calls, count(*) FILTER (status <> 'ok') AS failed
           FROM tool_calls GROUP BY interaction_id),
work AS (SELECT coalesce(r.agent, r.model, ?) AS agent, coalesce(d.depth, 0) AS depth, u.cluster, s.unit, s.tokens,
                coalesce(r.service_s, r.latency_s) AS seconds, r.outcome, u.success, c.calls, c.failed
         FROM runs r JOIN spent s USING (interaction_id) JOIN runs u ON u.interaction_id = s.unit
         LEFT JOIN depths d ON d.interaction_id = r.interaction_id
         LEFT JOIN called c ON c.interaction_id = r.interaction_id
         WHERE r.phase = ?)
SELECT agent, depth, dense_rank() OVER (ORDER BY cluster) - 1 AS cluster, count(*) AS runs,
       coalesce(sum(tokens), 0)::DOUBLE AS tokens, count(tokens) AS with_tokens,
       coalesce(sum(seconds ORDER BY seconds), 0)::DOUBLE AS seconds, count(seconds) AS with_seconds,
       coalesce(sum(calls), 0)::BIGINT AS calls, coalesce(sum(failed), 0)::BIGINT AS failed,
       count(outcome) AS ended, count(*) FILTER (outcome = 'error') AS errors,
       count(DISTINCT unit) FILTER (success IS NOT NULL) AS judged,
       count(DISTINCT unit) FILTER (NOT success) AS wrong
FROM work GROUP BY agent, depth, cluster ORDER BY depth, agent, cluster"""


def _members(rows: dict[str, Any]) -> Iterator[Member]:
    """One member for each pair of agent and depth, from the per-cluster sums."""
    import numpy as np

    clusters = int(rows["cluster"].max()) + 1
    whole = {name: np.bincount(rows["cluster"], rows[name], clusters) for name in ("tokens", "seconds")}
    agents, depths = np.asarray(rows["agent"], dtype=object), rows["depth"]
    for depth, agent in dict.fromkeys(zip(depths.tolist(), agents.tolist(), strict=True)):
        own = {name: values[(depths == depth) & (agents == agent)] for name, values in rows.items()}
        yield _member(agent, depth, own, whole, clusters)


def _member(
    agent: str, depth: int, own: dict[str, np.ndarray], whole: dict[str, np.ndarray], clusters: int
) -> Member:  # fmt: skip
    import numpy as np

    part = f"agent={agent}, depth {depth}"

    def share(name: str, label: str) -> Kpi:
        used, known = np.bincount(own["cluster"], own[name], clusters), int(own[f"with_{name}"].sum())
        sizes = whole[name] if known else np.zeros(clusters)
        return ratio(What(f"share_of_{name}", label, part), used, sizes, f"its runs carry no {name}", known)

    return Member(
        agent, depth, int(own["runs"].sum()), share("tokens", "Share of all tokens"),
        share("seconds", "Share of all seconds worked"),
        rate(What("tool_call_failure_rate", "Tool calls that fail", part), own["failed"], own["calls"],
             "it called no tool"),
        rate(What("run_error_rate", "Runs that end in an error", part), own["errors"], own["ended"],
             "how its runs ended is not recorded"),
        rate(What("root_task_failure_rate", "Tasks that failed in the end", part), own["wrong"], own["judged"],
             "nobody judged the tasks it worked for"),
    )  # fmt: skip


def teamwork_table(found: Teamwork) -> html.Html:
    """One line per agent and depth; in words where no run was started by another."""
    if not found.members:
        return html.paragraph(f"One agent worked alone: {found.reason}." if found.reason == ALONE else
                              f"Whether agents worked together is not known: {found.reason}.")  # fmt: skip
    header = ("Agent", "Started by", "Runs", "Of all tokens", "Of all seconds", "Tool calls failed", "Runs in error",
              "Task failed in the end")  # fmt: skip
    table = html.table(_finding(found), header, map(_row, found.members), header[2:3])
    note = "A run that waits for one it started counts the waiting too. A task is that of the run at the root."
    return html.Html(table + html.paragraph(note, "small"))


def _row(member: Member) -> tuple[str, ...]:
    by = ("a person or a system", "such a run")[member.depth] if member.depth < 2 else f"a run {member.depth - 1} deep"
    return (member.agent, by, f"{member.runs:,}", *map(in_cell, member.kpis))


def _finding(found: Teamwork) -> str:
    below = [member.tokens for member in found.members if member.depth]
    known = [kpi.estimate for kpi in below if kpi.estimate is not None]
    used = f"; they used {sum(known):.0%} of all tokens" if known and len(known) == len(below) else ""
    verb = "was" if found.started == 1 else "were"
    return f"{count(found.started, 'runs')} {verb} started by another{used}."
