"""What the flow and the calls of page 05 cost: `make bench-integration`.

The directly-follows graph with its waits on a log of many events, beside a bare DuckDB query of the same columns, in
turns in one process, and its edges beside a plain loop; then N+1 on as many tool calls. Exit 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import itertools
import resource
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb

from pilotage.integration.calls.tool_calls import tool_call_findings
from pilotage.integration.flow.graph import edges
from pilotage.integration.flow.mined import mined
from pilotage.kpis import Tables
from pilotage.playbook import read_policy
from pilotage.workspace import Workspace

MOST, CALLS_S = 1.3, 15.0  # × the bare query; CPU seconds for the calls
BARE = """
SELECT activity, next_activity, count(*) AS times, quantile_cont(wait_s, 0.5) AS p50_s,
       quantile_cont(wait_s, 0.95) AS p95_s, avg(wait_s) AS mean_s
FROM (SELECT activity, lead(activity) OVER spot AS next_activity, epoch(lead(timestamp) OVER spot - timestamp) AS wait_s
      FROM events WINDOW spot AS (PARTITION BY case_id ORDER BY timestamp, row_number))
WHERE next_activity IS NOT NULL GROUP BY activity, next_activity"""

# Cases of 8 events on average whose events lie interleaved in the log, minutes apart, one in some sixty tied.
EVENTS = """
CREATE TABLE events AS
SELECT 'case ' || (hash(i, 1) % greatest(1, $n // 8)) AS case_id, 'activity ' || (hash(i, 2) % 12) AS activity,
       TIMESTAMP '2026-01-01' + to_minutes((hash(i, 3) % 500)::BIGINT) AS timestamp, 'pilot' AS phase, i AS row_number
FROM range($n) t(i)"""
RUNS = """CREATE TABLE interactions AS
SELECT 'run ' || i AS interaction_id, 'pilot' AS phase, 'task ' || (i // 2) AS task_id, NULL::VARCHAR AS case_id,
       NULL::VARCHAR AS parent_interaction, NULL::BIGINT AS trial, TIMESTAMP '2026-01-01' AS started_at
FROM range($n // 8) t(i)"""
CALLS = """CREATE TABLE tool_calls AS
SELECT 'run ' || (i // 8) AS interaction_id, i % 8 AS seq, CASE WHEN i % 8 = 7 THEN 'post' ELSE 'lookup' END AS tool,
       'ok' AS status, TIMESTAMP '2026-01-01' + to_seconds(i::DOUBLE) AS started_at, 0.2 AS duration_s,
       '{"id": ' || (i % 1000) || ', "kind": "' || (i % CASE WHEN (i // 8) % 3 = 0 THEN 1 ELSE 8 END) || '"}'
           AS arguments
FROM range($n) t(i)"""


def timed(call: Callable[[], Any]) -> tuple[float, float]:
    """Seconds of the wall and of the processor."""
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - cpu


def in_turns(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Each call's times, round by round, so that other work on the machine meets all of them alike."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            found[name].append(timed(call))
    return found


def plain_loop(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], tuple[int, float]]:
    """Times and mean wait of each edge from a loop over the sorted events."""
    rows = connection.execute("SELECT case_id, epoch_us(timestamp), row_number, activity FROM events").fetchall()
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    rows.sort()
    for (case, at, _, activity), (next_case, next_at, _, following) in itertools.pairwise(rows):
        if case == next_case:
            found[activity, following].append(next_at - at)
    return {edge: (len(waits), sum(waits) / len(waits) / 1e6) for edge, waits in found.items()}


def differing(tables: Tables) -> int:
    """Edges that the loop and the graph do not agree on."""
    ours = {(a, b): (n, mean) for a, b, n, mean in edges(tables, "pilot")[
        ["activity", "next_activity", "times", "mean_s"]
    ].itertuples(index=False)}  # fmt: skip
    loop = plain_loop(tables.connection)
    alike = [e for e in loop if e in ours and loop[e][0] == ours[e][0] and abs(loop[e][1] - ours[e][1]) < 1e-6]
    return len(set(loop) | set(ours)) - len(alike)


def ratio(ours: Sequence[tuple[float, float]], bare: Sequence[tuple[float, float]], at: int, how: Any) -> float:
    """Ours in times of the bare query's, by the best or the median of the rounds."""
    return float(how([one[at] for one in ours]) / how([one[at] for one in bare]))


def main() -> int:
    """Makes the logs, measures and prints; 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=1_000_000, help="events, and tool calls")
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    connection = duckdb.connect()
    for sql in (EVENTS, RUNS, CALLS):
        connection.execute(sql, {"n": given.n})
    facts = {"events": {}, "interactions": {"columns": ["task_id"]}, "tool_calls": {"columns": ["arguments"]}}
    tables = Tables(connection, facts)
    policy = read_policy(Workspace(Path(__file__).parents[2]), ("integration",)).integration
    found = in_turns(
        {"bare": lambda: connection.execute(BARE).df(), "ours": lambda: edges(tables, "pilot")}, given.rounds
    )
    whole, calls = timed(lambda: mined(tables, "pilot")), timed(lambda: tool_call_findings(tables, policy))
    print(f"{given.n:,} events of {given.n // 8:,} cases, interleaved; {given.rounds} rounds in turns\n")
    print(f"{'':44}{'wall, s':>10}{'CPU, s':>10}")
    for name, times in (*((n, [tuple(map(min, zip(*t, strict=True)))]) for n, t in found.items()),):
        label = "bare DuckDB query, best" if name == "bare" else "directly-follows graph with waits, best"
        print(f"{label:44}{times[0][0]:10.2f}{times[0][1]:10.2f}")
    print(f"{'whole process (variants, rework, ties)':44}{whole[0]:10.2f}{whole[1]:10.2f}")
    print(f"{f'N+1 and duplicates in {given.n:,} tool calls':44}{calls[0]:10.2f}{calls[1]:10.2f}")
    print(f"{'peak memory, MiB':44}{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:10.0f}\n")
    ours, bare = found["ours"], found["bare"]
    rows = [
        ("CPU × bare query, best", ratio(ours, bare, 1, min), MOST),
        ("CPU × bare query, median", ratio(ours, bare, 1, statistics.median), MOST),
        ("wall × bare query, best", ratio(ours, bare, 0, min), MOST),
        ("wall × bare query, median", ratio(ours, bare, 0, statistics.median), MOST),
        ("edges that differ from a plain loop", differing(tables), 0),
        ("N+1, CPU s", calls[1], CALLS_S),
    ]
    for name, value, most in rows:
        print(f"{name:44}{value:10.2f}   at most {most:<6g}{'' if value <= most else '  MISSED'}")
    return 0 if all(value <= most for _, value, most in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
