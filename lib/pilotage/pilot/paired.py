"""Two runs on the same tasks: what changed, with the tasks' own difficulty taken out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pilotage.kpis import OWNERS, SPENT, Kpi, Tables, fill_runs
from pilotage.page import Page, html
from pilotage.pilot.estimates import What, as_kpi, unknown
from pilotage.pilot.looks import PHASE
from pilotage.pilot.measured import SHOWN
from pilotage.words import count, listed, number, plain

if TYPE_CHECKING:
    from pandas import DataFrame

VERSIONS = {"agent": "agents", "model": "models", "prompt_hash": "prompts"}
MOST_NAMED = 10
RIGHT = What("difference_in_success", "Tasks done right", unit="share", better="higher")
TOKENS = What("difference_in_tokens", "Tokens per try", unit="tokens")
LATENCY = What("difference_in_latency_s", "Seconds waited per try", unit="s")


@dataclass(frozen=True)
class Difference:
    """A mean over the common tasks on each side, and the newer less the older with its interval (`kpi`)."""

    newer: float | None
    older: float | None
    kpi: Kpi


@dataclass(frozen=True)
class Paired:
    """Two sides compared over the tasks that both tried; each task counts once, by the mean of its tries.

    `better` and `worse` name the tasks that were done right more and less often than before, the largest change first.
    `newer_only` and `older_only` are the tasks of one side, `other_input` those that go by one name on both sides and
    were given different texts: none of these is compared. `unjudged` tasks have no judged try on a side and count
    for tokens and seconds only. `chance` is McNemar's p-value, None where tasks were tried more than once. Without a
    common task there are no `differences`, and `reason` says so.
    """

    newer: str
    older: str
    tasks: int = 0
    differences: tuple[Difference, ...] = ()
    better: tuple[str, ...] = ()
    worse: tuple[str, ...] = ()
    newer_only: tuple[str, ...] = ()
    older_only: tuple[str, ...] = ()
    other_input: tuple[str, ...] = ()
    unjudged: int = 0
    chance: float | None = None
    reason: str = ""

    @property
    def kpis(self) -> list[Kpi]:
        """What goes into the evidence."""
        return [difference.kpi for difference in self.differences]


def compared(page: Page, tables: Tables, against: str) -> Paired:
    """The pilot against that of the dataset `against`; with none named, against its own earlier version.

    The earlier version is the agent, model or prompt that ran before the latest one on some of the same tasks.
    """
    if against:
        other = page.tables_of(against, "interactions", "model_calls")
        return paired(tasks_of(tables), tasks_of(other), page.dataset, against)
    found = _versions(tables)
    if not found:
        why = f"no task was tried under two {listed(list(VERSIONS.values())).replace(' and ', ' or ')}"
        return Paired("this pilot", "an earlier version", reason=why)
    column, newer, older = found
    word = VERSIONS[column].removesuffix("s")
    after, before = (tasks_of(tables, column, version) for version in (newer, older))
    return paired(after, before, f"{word} {newer}", f"{word} {older}")


def tasks_of(tables: Tables, column: str = "phase", version: str = PHASE) -> DataFrame:
    """One row per task of the pilot that was tried where `column` is `version`.

    Columns task, input, tries, judged, right (share of judged tries), tokens and latency_s (means, empty where a try
    lacks them). A try that ended in an error and was not judged was not done right.
    """
    return tables.frame(fill_runs(tables, _TASKS.replace("{column}", column)), [PHASE, version])


_TASKS = f"""{OWNERS},{SPENT},
whole AS (SELECT unit, CASE WHEN count(*) = count(tokens) THEN sum(tokens) END AS tokens FROM spent GROUP BY unit),
tries AS (SELECT r.task_id AS task, r.input_text, coalesce(r.success, CASE WHEN r.outcome = 'error' THEN false END)
                 AS success, w.tokens, r.latency_s
          FROM runs r LEFT JOIN whole w ON w.unit = r.interaction_id
          WHERE r.is_unit AND r.task_id IS NOT NULL AND r.phase = ? AND r.{{column}} = ?)
SELECT task, min(input_text) AS input, count(*) AS tries, count(success) AS judged,
       count(*) FILTER (success)::DOUBLE / nullif(count(success), 0) AS "right",
       CASE WHEN count(*) = count(tokens) THEN avg(tokens) END AS tokens,
       CASE WHEN count(*) = count(latency_s) THEN avg(latency_s) END AS latency_s
FROM tries GROUP BY task ORDER BY task"""


def _versions(tables: Tables) -> tuple[str, str, str] | None:
    """The column, its latest version and the latest before it that was tried on some of the same tasks."""
    for column in VERSIONS:
        sql = _VERSIONS.replace("{column}", column)
        for newer, older in tables.connection.execute(sql, [PHASE]).fetchall():
            return column, newer, older
    return None


_VERSIONS = """
WITH tried AS (SELECT task_id, {column} AS version, max(started_at) AS last FROM interactions
               WHERE task_id IS NOT NULL AND {column} IS NOT NULL AND phase = ? GROUP BY ALL),
ranked AS (SELECT version, row_number() OVER (ORDER BY max(last) NULLS FIRST, version) AS place FROM tried GROUP BY 1),
shared AS (SELECT DISTINCT a.version AS newer, b.version AS older FROM tried a JOIN tried b
           ON a.task_id = b.task_id AND a.version <> b.version)
SELECT newer, older FROM shared JOIN ranked n ON n.version = newer JOIN ranked o ON o.version = older
WHERE n.place > o.place ORDER BY n.place DESC, o.place DESC LIMIT 1"""


def paired(newer: DataFrame, older: DataFrame, newer_name: str, older_name: str) -> Paired:
    """Both sides, as `tasks_of` gives them, over their common tasks."""
    both = newer.merge(older, on="task", how="outer", suffixes=("_new", "_old"), indicator=True).sort_values("task")
    other = (both["_merge"] == "both") & (both["input_new"] != both["input_old"])
    other &= both["input_new"].notna() & both["input_old"].notna()
    common = both[(both["_merge"] == "both") & ~other]
    only = {side: tuple(both.loc[both["_merge"] == side, "task"]) for side in ("left_only", "right_only")}
    known: dict[str, Any] = {
        "newer": newer_name, "older": older_name, "tasks": len(common), "newer_only": only["left_only"],
        "older_only": only["right_only"], "other_input": tuple(both.loc[other, "task"]),
    }  # fmt: skip
    if common.empty:
        return Paired(**known, reason="the two have no task in common")
    judged = common.dropna(subset=["right_new", "right_old"])
    change = (judged["right_new"] - judged["right_old"]).set_axis(judged["task"])
    ranked = change[change != 0].sort_values(kind="stable")
    return Paired(
        **known,
        differences=(_success(judged), _mean(common, TOKENS, "tokens"), _mean(common, LATENCY, "latency_s")),
        better=tuple(ranked[ranked > 0].index[::-1]), worse=tuple(ranked[ranked < 0].index),
        unjudged=len(common) - len(judged), chance=_chance(judged),
    )  # fmt: skip


def _once(judged: DataFrame) -> bool:
    return bool(len(judged) and ((judged["judged_new"] == 1) & (judged["judged_old"] == 1)).all())


def _chance(judged: DataFrame) -> float | None:
    from pilotage.statistics import mcnemar

    if not _once(judged):
        return None
    change = judged["right_new"] - judged["right_old"]
    return mcnemar(int((change > 0).sum()), int((change < 0).sum()))


def _success(judged: DataFrame) -> Difference:
    """One try a task on both sides: Newcombe's interval; more: the bootstrap over tasks."""
    from pilotage.statistics import newcombe_paired

    if not _once(judged):
        return _mean(judged, RIGHT, "right")
    new, old = judged["right_new"] == 1, judged["right_old"] == 1
    both, new_only, old_only = (int(pair.sum()) for pair in (new & old, new & ~old, ~new & old))
    interval = newcombe_paired(both, new_only, old_only, len(judged) - both - new_only - old_only, SHOWN)
    return Difference(float(new.mean()), float(old.mean()), as_kpi(RIGHT, interval, None, len(judged), len(judged)))


def _mean(common: DataFrame, what: What, column: str) -> Difference:
    from pilotage.statistics import paired_bootstrap

    known = common.dropna(subset=[f"{column}_new", f"{column}_old"])
    if known.empty:
        return Difference(None, None, unknown(what, "no common task has a value on both sides"))
    new, old = known[f"{column}_new"].to_numpy(float), known[f"{column}_old"].to_numpy(float)
    names = range(len(known))
    interval = paired_bootstrap(new, names, old, names, SHOWN)
    return Difference(float(new.mean()), float(old.mean()), as_kpi(what, interval, None, len(known), len(known)))


def paired_table(found: Paired) -> html.Html:
    """The differences with their ranges, the tasks that changed sides, and what could not be compared."""
    if not found.differences:
        text = f"Nothing can be compared task by task: {found.reason}."
        return html.Html(html.paragraph(text) + html.bullets(_left_out(found)))
    header = ("Over the common tasks", plain(found.newer), plain(found.older), "Difference", "Between", "Tasks")
    table = html.table(_finding(found), header, map(_row, found.differences), header[1:])
    return html.Html(table + html.bullets([*_flips(found), *_left_out(found)]))


def _row(difference: Difference) -> tuple[str, ...]:
    kpi = difference.kpi
    if kpi.estimate is None:
        return (kpi.label, "not known", "not known", "not known", kpi.reason, "")
    sides = (number(side, kpi.unit) for side in (difference.newer, difference.older))
    ends = [_signed(end, kpi) for end in (kpi.low, kpi.high) if end is not None]
    between = " to ".join(ends) if len(ends) == 2 else "not known"
    return (kpi.label, *sides, _signed(kpi.estimate, kpi), between, f"{kpi.n:,}")


def _signed(value: float, kpi: Kpi) -> str:
    if kpi.unit == "share":
        return f"{100 * value:+.1f} points"
    return f"{'-' if value < 0 else '+'}{number(abs(value), kpi.unit)}"


def _finding(found: Paired) -> str:
    """What the difference in success says, and whether it can be told from chance."""
    kpi = found.differences[0].kpi
    if kpi.estimate is None:
        return f"On {count(found.tasks, 'common tasks')}, which did more of them right is not known: {kpi.reason}."
    if kpi.low is not None and kpi.high is not None and (kpi.low > 0 or kpi.high < 0):
        more = "more" if kpi.low > 0 else "fewer"
        return f"{plain(found.newer)} does {more} of the common tasks right than {plain(found.older)}."
    return f"Whether {plain(found.newer)} does more tasks right than {plain(found.older)} cannot be told from chance."


def _flips(found: Paired) -> Iterator[str]:
    yield _named("Done right more often than before", found.better)
    yield _named("Done right less often than before", found.worse)
    if found.chance is not None and (found.better or found.worse):
        odds = number(found.chance, "share")
        yield f"If both were equally good, so uneven a split of the changed tasks would have a chance of {odds}."


def _left_out(found: Paired) -> Iterator[str]:
    """What is not compared, in words; nothing where all is."""
    told = [
        (f"Tried by {plain(found.newer)} alone, and not compared", found.newer_only),
        (f"Tried by {plain(found.older)} alone, and not compared", found.older_only),
        ("Of one name but with another input on each side, and not compared", found.other_input),
    ]
    yield from (_named(words, tasks) for words, tasks in told if tasks)
    if found.unjudged:
        yield f"{count(found.unjudged, 'common tasks')} not judged on both sides: compared in tokens and time only."


def _named(words: str, tasks: Sequence[str]) -> str:
    """ "Words: 12 tasks (t1, t2 … and 2 more)"."""
    shown = [plain(task, 60) for task in tasks[:MOST_NAMED]]
    shown += [f"{len(tasks) - MOST_NAMED:,} more"] if len(tasks) > MOST_NAMED else []
    return f"{words}: {count(len(tasks), 'tasks')}" + (f" ({listed(shown)})." if tasks else ".")
