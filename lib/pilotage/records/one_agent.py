"""Whether a table speaks of one agent only: a figure over the rows of two would be the figure of neither."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pilotage.records.take_in import Taken
from pilotage.words import listed, plain

ONE_AGENT = "all rows are of one agent"
_NAMED = 5  # agents that the detail names
_SHOWN = 40  # characters of a name


def agent_check(taken: Taken, tables: Mapping[str, Taken]) -> dict[str, Any] | None:
    """The check, or None where no row names an agent. Rows without one count as one more beside any that is named.

    Sub-agents, and what belongs to their runs, may be others. Rows of the baseline that name none are people's work.
    """
    if "agent" not in taken.columns or taken.rows.column("agent").null_count == taken.rows.num_rows:
        return None
    counts = _counts(taken.rows.filter(_counted(taken, tables)).column("agent"))
    named = [f"{_name(agent)} ({rows:,})" for agent, rows in counts[:_NAMED]]
    named += [f"{len(counts) - _NAMED:,} more"] if len(counts) > _NAMED else []
    several = f"rows of {len(counts):,} agents: {listed(named)}"
    passed = len(counts) <= 1
    return {"name": ONE_AGENT, "passed": passed, "detail": listed(named) if passed else several}


def _counted(taken: Taken, tables: Mapping[str, Taken]) -> pa.ChunkedArray:
    rows = taken.rows
    peoples = pc.and_(pc.is_null(rows.column("agent")), pc.equal(rows.column("phase"), "baseline"))
    return pc.invert(pc.or_(pc.fill_null(peoples, False), _of_sub_agents(taken, tables)))


def _of_sub_agents(taken: Taken, tables: Mapping[str, Taken]) -> pa.ChunkedArray:
    """Which rows are runs that other runs started, or belong to one."""
    runs, rows = tables.get("interactions"), taken.rows
    if runs is None or "interaction_id" not in rows.column_names:
        return pa.chunked_array([pa.repeat(pa.scalar(False), rows.num_rows)])
    started = runs.rows.filter(pc.is_valid(runs.rows.column("parent_interaction"))).column("interaction_id")
    return pc.is_in(rows.column("interaction_id"), value_set=started.combine_chunks())


def _counts(agents: pa.ChunkedArray) -> list[tuple[str | None, int]]:
    """Each agent and its rows, most rows first."""
    found = [(item["values"], item["counts"]) for item in pc.value_counts(agents).to_pylist()]
    return sorted(found, key=lambda pair: (-pair[1], str(pair[0])))


def _name(agent: str | None) -> str:
    return "none named" if agent is None else repr(plain(agent, _SHOWN))
