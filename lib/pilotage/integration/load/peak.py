"""What the pilot asked of the systems at its busiest, and what of production's load it therefore never tried."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pilotage.integration.load.measured import Outcome
from pilotage.kpis import Tables
from pilotage.playbook.systems import EMBEDDED, System, WrapperSystem
from pilotage.words import count, number

# Runs that have no length are taken to last no time: they were at least there.
_AT_ONCE = """
WITH runs AS (
  SELECT started_at AS began, COALESCE(service_s, latency_s, 0) AS lasted
  FROM interactions WHERE phase = $phase AND started_at IS NOT NULL
), edges AS (
  SELECT began AS moment, 1 AS more FROM runs
  UNION ALL SELECT began + to_microseconds(CAST(1e6 * lasted AS BIGINT)), -1 FROM runs WHERE lasted > 0
)
SELECT COALESCE(MAX(open), 0) FROM
  (SELECT SUM(more) OVER (ORDER BY moment, more ROWS UNBOUNDED PRECEDING) AS open FROM edges)
"""
# A call belongs to the phase of its run. Runs of one task in a simulation have no clock of their own: no time, no peak.
_CALLS = """
WITH calls AS (
  SELECT c.started_at AS moment FROM tool_calls c JOIN interactions i USING (interaction_id)
  WHERE i.phase = $phase AND c.started_at IS NOT NULL
)
SELECT (SELECT COUNT(*) FROM calls),
  (SELECT COALESCE(MAX(n), 0) FROM (SELECT COUNT(*) AS n FROM calls GROUP BY date_trunc('second', moment))),
  (SELECT COALESCE(MAX(n), 0) FROM (SELECT COUNT(*) AS n FROM calls GROUP BY date_trunc('minute', moment)))
"""


@dataclass(frozen=True)
class Peak:
    """The busiest second and minute of tool calls, and the most runs at once; None where no row carries a time."""

    calls: int
    calls_per_s: int | None
    calls_per_minute: int | None
    runs_at_once: int | None


def pilot_peak(tables: Tables, phase: str = "pilot") -> Peak:
    """The peak of the phase in `tool_calls` and `interactions`, both of which may be empty or absent."""
    timed = tables.has("tool_calls", "started_at") and tables.has("interactions", "phase")
    calls, second, minute = tables.row(_CALLS, {"phase": phase}) if timed else (0, 0, 0)
    runs = tables.row(_AT_ONCE, {"phase": phase})[0] if tables.has("interactions", "started_at") else 0
    return Peak(int(calls), int(second) or None, int(minute) or None, int(runs) or None)


def never_tried(peak: Peak, outcomes: Sequence[Outcome], systems: Sequence[System]) -> list[str]:
    """What production asks of each system and the pilot did not, a sentence each; empty where it tried it all.

    All tool calls count for each system, since tables do not say which call went where: the pilot tried at most this.
    A required API of your own for which nobody stated a load is told, too.
    """
    told = [sentence for one in outcomes for sentence in _sentences(peak, one)]
    return told + [
        f"{one.name}: nobody stated what production asks of it (`load` in playbook/integration.yaml), so nobody knows"
        " whether it bears that."
        for one in systems
        if isinstance(one, WrapperSystem) and one.required and one.address != EMBEDDED and one.load is None
    ]


def _sentences(peak: Peak, outcome: Outcome) -> Iterator[str]:
    assert outcome.system.load is not None
    asked = outcome.system.load.requests_per_s.value
    what = f"{outcome.name}: production asks for {number(asked)} calls a second"
    if peak.calls_per_s is None:
        yield f"{what}; no call of the pilot carries a time, so nobody knows what it tried."
    elif peak.calls_per_s < asked:
        yield (
            f"{what}; the pilot never had more than {peak.calls_per_s:,} in one second, to all systems together"
            f" ({count(peak.calls_per_minute or 0, 'calls')} in its busiest minute)."
        )
    result = outcome.result
    step = result.at_target if result else None
    if step and peak.runs_at_once and peak.runs_at_once < step.most_at_once:
        yield (
            f"{outcome.name}: at that rate {step.most_at_once:,} calls were open at once; the pilot never had more than"
            f" {count(peak.runs_at_once, 'runs')} at work at a time."
        )
