"""At which look the pilot is: how many were registered, which one this is, and what chance of error is left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from pilotage.kpis import DEFINITIONS, Kpi, Tables, fill_runs, label_of, measure, measure_anytime
from pilotage.page import Page, html
from pilotage.pilot.labels.plan_file import read_plan
from pilotage.pilot.plan import Easier, Registered, plans, registered
from pilotage.playbook import PilotPolicy
from pilotage.verdict import Gate, hold
from pilotage.words import count, number

PHASE = "pilot"
LAST = "this was the last look, so it takes a further pilot with looks of its own"
LEAST = 1e-9  # a look with less error to spend than this decides nothing, and its range is as wide as this makes it


@dataclass(frozen=True)
class Look:
    """Where the pilot stands between its looks.

    `come` counts its interactions so far, rows known to be missing included. `at` are the registered looks, empty where
    none counts: then every look does, and `why` says why. `place` is the number of looks reached; `until` the run at
    which the last of them was (None: everything is in it). `wrong` is the chance of a false go to be shared out. `plan`
    is how the playbook's plan stands to the one in the audit log. `anytime` names KPIs that every look counts for all
    the same: nobody fixed beforehand how many labels there will be.
    """

    come: int
    at: tuple[int, ...]
    place: int
    until: tuple[datetime, str] | None
    wrong: float
    why: str
    plan: Registered
    anytime: frozenset[str] = frozenset()

    @property
    def error(self) -> float:
        """The chance of a false go that is spent at this look; all of it where every look counts."""
        from pilotage.statistics import level_at_look

        return level_at_look(self.at, self.place, self.wrong) if self.at and self.place else self.wrong

    @property
    def spent(self) -> float:
        """The chance of a false go that all looks so far have spent."""
        from pilotage.statistics import level_at_look

        return sum(level_at_look(self.at, place, self.wrong) for place in range(1, self.place + 1))

    @property
    def next_at(self) -> int | None:
        """At how many interactions the next look is; None where there is none left, or where every look counts."""
        return self.at[self.place] if self.place < len(self.at) else None


def look(page: Page, tables: Tables) -> Look:
    """The look at which this page decides: the last registered one that the pilot has reached."""
    policy, come, plan = page.playbook.pilot, _come(tables), plan_state(page, tables)
    at, why = _counting_looks(page, tables, plan)
    place = sum(1 for n in at if n <= come)
    until = _last_run(tables, at[place - 1]) if place else None
    return Look(come, at, place, until, 1 - policy.confidence, why, plan, frozenset(_not_drawn(page)))


def _not_drawn(page: Page) -> Iterator[str]:
    """The KPIs of labels for which no runs were drawn: their number may grow until it suits."""
    for name in () if page.synthetic else page.playbook.pilot.gates:
        metric = DEFINITIONS[name].metric
        if metric and not read_plan(page.workspace, page.dataset, metric).draws:
            yield name


def plan_state(page: Page, tables: Tables) -> Registered:
    """How the playbook's plan stands to the one in the audit log."""
    log = page.opened.file(page.workspace.log)
    sql = "SELECT CASE WHEN count(*) = count(started_at) THEN min(started_at) END FROM interactions WHERE phase = ?"
    entries = plans(page.workspace) if log else []
    return registered(entries, page.playbook.pilot, page.dataset, tables.row(sql, [PHASE])[0])


def measure_at(look: Look, tables: Tables, policy: PilotPolicy, name: str) -> Kpi:
    """The KPI as this look sees it, with the interval that decides: its ends are one-sided bounds."""
    if not look.at or name in look.anytime:
        return measure_anytime(tables, name, PHASE, 1 - 2 * look.wrong, policy.pass_k)
    return measure(replace(tables, until=look.until), name, PHASE, 1 - 2 * max(look.error, LEAST), policy.pass_k)


def decide_at(look: Look, gate: Gate) -> Gate:
    """The gate as this look leaves it: before the first nothing is decided, after the last nothing more is to come."""
    if look.at and not look.place:
        more = look.at[0] - look.come
        why = f"the first look is at {look.at[0]:,} interactions; {count(more, 'more interactions')} to come"
        return replace(hold(gate, [why], undecide=True), more_needed=more, unit="interactions")
    if not look.at or gate.answer != "not yet" or gate.kpi in look.anytime:
        return gate
    found = "; ".join(gate.why.split("; ")[:2])  # what was measured and the limit; what more would do is for the look
    if look.next_at is None:
        return replace(gate, more_needed=None, why=f"{found}; {LAST}")
    why = f"{found}; the next look is at {look.next_at:,} interactions"
    return replace(gate, why=why, more_needed=look.next_at - look.come, unit="interactions")


def looks_text(look: Look) -> str:
    """Which look this is, what error is left, and when the next one is, for everybody."""
    wrong = number(look.wrong, "share")
    if not look.at:
        return (
            f"{look.why}: so every look counts, and the ranges are those of the e-process, which stay right however "
            f"often one looks. At most {wrong} of the agents that lie exactly at a limit ever get a go by luck."
        )
    if not look.place:
        first = f"The first of {count(len(look.at), 'registered looks')} is at {look.at[0]:,} interactions"
        return f"{first}; {look.come:,} have come in."
    left = look.wrong - look.spent
    rest = f"{number(left, 'share')} is left" if left > LEAST else "nothing is left"
    after = f"the next is at {look.next_at:,}" if look.next_at else "it is the last"
    return (
        f"This is look {look.place} of {len(look.at)}, over the first {look.at[look.place - 1]:,} of {look.come:,} "
        f"interactions; {after}. Of the {wrong} chance of a false go, {number(look.spent, 'share')} is spent and "
        f"{rest}. {look.why}."
    )


def plan_told(look: Look) -> list[str]:
    """What became easier to clear since the plan was registered, with dates; nothing where nothing did."""
    return [f"{_subject(change)}: {change.what}." for change in look.plan.easier]


def _subject(change: Easier) -> str:
    return label_of(change.kpi) if change.kpi else "The whole plan"


def looks_table(page: Page, look: Look) -> html.Html:
    """What each registered look spends of the chance of error, and how many failed tasks it would let pass.

    Both columns of failures hold for tasks that are tried once; with repeated tries the range widens. The gate's own
    bound serves every kind of figure; exact binomial boundaries, worked out for this one, would let a few more pass.
    """
    if not look.at:
        return html.paragraph("No registered look counts here: the chance of error is spent by the e-process.", "small")
    from pilotage.statistics import MOST_PLANNED, level_at_look, most_errors, plan_looks

    limit, levels = _failures_allowed(page), [level_at_look(look.at, k + 1, look.wrong) for k in range(len(look.at))]
    passing = [most_errors(n, limit, level) if limit else None for n, level in zip(look.at, levels, strict=True)]
    planned = plan_looks(limit, look.at, look.wrong).looks if limit and look.at[-1] <= MOST_PLANNED else ()
    exact = [one.go for one in planned] or [None] * len(look.at)
    rows = [
        (f"{place}", f"{n:,}", number(level, "share"), _most(own), _most(best))
        for place, (n, level, own, best) in enumerate(zip(look.at, levels, passing, exact, strict=True), start=1)
    ]
    header = ("Look", "Interactions", "Chance of a false go spent", "Failures that pass", "By exact boundaries")
    return html.table("The registered looks, were each task tried once", header, rows, header[1:])


def _most(failures: int | None) -> str:
    return "cannot decide" if failures is None else f"{failures:,}"


def _failures_allowed(page: Page) -> float | None:
    gate = page.playbook.pilot.gates.get("task_success_rate")
    return 1 - gate.limits[page.playbook.tier].value if gate else None


def _come(tables: Tables) -> int:
    """The pilot's interactions so far that are no sub-agent's, with those that are known to be missing."""
    sql = "SELECT count(*) FROM {runs} WHERE phase = ? AND is_unit"
    return int(tables.row(fill_runs(tables, sql), [PHASE])[0]) + tables.missing("interactions")


def _counting_looks(page: Page, tables: Tables, plan: Registered) -> tuple[tuple[int, ...], str]:
    """The looks that count, and why, or why none does."""
    looks = page.playbook.pilot.looks.get(page.dataset)
    if looks is None:
        return (), f"No look was registered for `data/{page.dataset}` in `playbook/pilot.yaml`"
    undated = "SELECT count(*) FROM interactions WHERE phase = ? AND started_at IS NULL"
    if tables.row(undated, [PHASE])[0]:
        return (), "Not every run of the pilot carries a time, so nobody can say which came before a look"
    if looks.example and page.synthetic:
        return looks.at, "The looks are an example, taken as registered because the data are synthetic"
    if looks.example:
        return (), "The looks in `playbook/pilot.yaml` are still an example"
    return _logged_looks(plan, page.dataset, looks.at)


def _logged_looks(state: Registered, dataset: str, at: tuple[int, ...]) -> tuple[tuple[int, ...], str]:
    if state.first is None:
        return (), "The looks were never registered (`pilotage pilot register` does it, before the pilot)"
    if not state.in_time:
        return (), f"The looks were registered on {state.first.at[:10]}, after the pilot had begun"
    if tuple(state.first.what["looks"].get(dataset) or ()) != at:
        return (), f"The looks are not those registered on {state.first.at[:10]}"
    return at, f"They were registered on {state.first.at[:10]}, before the pilot began"


def _last_run(tables: Tables, n: int) -> tuple[datetime, str] | None:
    """The n-th interaction, by its begin and its name; None where there are fewer."""
    sql = """SELECT started_at, interaction_id FROM {runs} WHERE phase = ? AND is_unit
             ORDER BY started_at, interaction_id LIMIT 1 OFFSET ?"""
    found = tables.connection.execute(fill_runs(tables, sql), [PHASE, n - 1]).fetchone()
    return (found[0], found[1]) if found else None
