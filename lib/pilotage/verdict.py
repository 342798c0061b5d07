"""Three answers: go, no-go, not yet. One place compares an interval with a limit, and one place adds gates up."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal

from pilotage.kpis.definitions import DEFINITIONS, Definition
from pilotage.kpis.record import Kpi
from pilotage.words import apart, count, number, singular

Answer = Literal["go", "no-go", "not yet"]
ANSWERS: tuple[Answer, ...] = ("go", "no-go", "not yet")
HELD = "; held back: "  # stands between what was found and the doubts against it
ANYTIME = "anytime-valid"  # the method of an interval that counts one row per cluster: n_eff of them
LONGEST_WEEKS = 520  # ten years: later than this no day is named


@dataclass(frozen=True)
class Gate:
    """One question with a limit. `tier` None holds for every tier; only `required` gates decide.

    `more_needed` counts further `unit` at the present rate until the limit would be cleared; None where more of the
    same would not clear it, or where a count makes no sense.
    """

    name: str
    kpi: str
    tier: str | None
    required: bool
    answer: Answer
    why: str
    limit: float | str | None
    more_needed: int | None = None
    unit: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The row as evidence/<stage>.json holds it."""
        return asdict(self)


def gate_from_dict(row: dict[str, Any]) -> Gate:
    """The Gate that `as_dict` wrote."""
    return Gate(**row)


def compare(kpi: Kpi, limit: float) -> Answer:
    """The deciding interval against the limit: wholly on the good side, wholly on the bad side, or neither.

    An unbounded side is on the wrong side of every limit; no estimate is never a pass.
    """
    if kpi.estimate is None:
        return "not yet"
    good, bad = (kpi.high, kpi.low) if kpi.better == "lower" else (kpi.low, kpi.high)
    sign = 1 if kpi.better == "lower" else -1
    if good is not None and sign * good <= sign * limit:
        return "go"
    return "no-go" if bad is not None and sign * bad > sign * limit else "not yet"


def judge(
    kpi: Kpi, limit: float, tier: str | None, required: bool, over: tuple[int, int] | None = None, currency: str = ""
) -> Gate:
    """The gate of one KPI at one limit, with its reason in words and, on not yet, how many more would settle it.

    A quantile is gated as the rate it is: `over` says how many values lie above the limit, of how many.
    """
    answer, definition = compare(kpi, limit), DEFINITIONS.get(kpi.name)
    why, more = kpi.reason, None
    if kpi.estimate is not None:
        why = (
            f"{_found(kpi, limit, answer, currency)}; the limit is {limit_text(kpi.better, limit, kpi.unit, currency)}"
        )
    if kpi.estimate is not None and answer == "not yet":
        more = _more_needed(kpi, limit, definition, over) if definition else None
        why = f"{why}; {_advice(kpi, definition, more)}"
    return Gate(
        kpi.name, kpi.name, tier, required, answer, why, limit, more, definition.counted if definition else None
    )


def at_least(name: str, have: float, limit: float, unit: str, required: bool = True) -> Gate:
    """A gate on an amount of evidence: enough is go, too little is not yet, and never no-go."""
    more = max(0, math.ceil(limit - have))
    why = f"{number(have)} {singular(unit) if have == 1 else unit}; the limit is at least {limit:,.0f}"
    return Gate(name, name, None, required, "not yet" if more else "go", why, limit, more or None, unit)


def _more_needed(kpi: Kpi, limit: float, definition: Definition, over: tuple[int, int] | None) -> int | None:
    from pilotage.statistics import more_needed, more_needed_anytime

    if kpi.estimate is None or kpi.unmeasured or not kpi.n or not kpi.n_eff or definition.kind in ("mean", "count"):
        return None
    if definition.quantile is not None and over is None:
        return None
    k, n, limit, better = kpi.estimate * kpi.n, kpi.n, limit, definition.better
    if definition.quantile is not None and over is not None:
        k, n, limit, better = over[0], over[1], 1 - definition.quantile, "lower"
    sure = (1 + kpi.confidence) / 2
    if kpi.method == ANYTIME:
        return more_needed_anytime(k / n * kpi.n_eff, kpi.n_eff, limit, better, sure)
    return more_needed(k, n, limit, better, sure, max(1.0, kpi.n / kpi.n_eff))


def _found(kpi: Kpi, limit: float, answer: Answer, currency: str) -> str:
    """What was measured or worked out, and how far it could be off towards the side that decides."""
    if kpi.estimate is None:
        return kpi.reason
    lower = kpi.better == "lower"
    upper = lower == (answer != "no-go")  # which bound decides: the worst for a go, the best for a no-go
    bound = kpi.high if upper else kpi.low
    verb = "measured" if kpi.name in DEFINITIONS else "worked out as"
    estimate = apart(kpi.estimate, limit, kpi.unit, currency)[0]
    if kpi.low == kpi.high and bound == kpi.estimate:
        return f"{verb} {estimate}"
    sure = f"with {number((1 + kpi.confidence) / 2, 'share')} confidence"
    reach = "could be anything" if bound is None else apart(bound, limit, kpi.unit, currency)[0]
    if bound is not None:
        reach = "perhaps never" if reach == "never" else f"at {'most' if upper else 'least'} {reach}"
    return f"{verb} {estimate}, {reach} {sure}"


def limit_text(better: str, limit: float, unit: str, currency: str = "") -> str:
    """A limit with its direction: "at most 5%", "at least 85%"."""
    return f"{'at most' if better == 'lower' else 'at least'} {number(limit, unit, currency)}"


def _advice(kpi: Kpi, definition: Definition | None, more: int | None) -> str:
    """What would settle a gate that is not yet decided; a figure without definition is worked out, not counted."""
    if definition is None:
        return "it hangs on the assumptions: measure the widest of them"
    if kpi.unmeasured:
        return f"first supply the {count(kpi.unmeasured, definition.counted)} that are missing or have no value"
    if more:
        fresh = " of tasks not tried before" if kpi.method == ANYTIME and (kpi.n_eff or 0) < kpi.n else ""
        return f"about {count(more, f'more {definition.counted}')}{fresh} would settle it, if they go as those so far"
    if more == 0:  # the first tries went otherwise than all of them, so no number can be worked out from either
        return f"more {definition.counted} of tasks not tried before would settle it, if they go as those so far"
    return "more of the same would not settle it, since the measured value lies at the limit or beyond it"


def hold(gate: Gate, doubts: Sequence[str], undecide: bool = False) -> Gate:
    """A go against which there are doubts becomes not yet; every doubt is named.

    A no-go stays, unless the doubt is about the limit itself (`undecide`). Doubts never open a gate.
    """
    if not doubts or (gate.answer == "no-go" and not undecide):
        return gate
    would = "" if gate.answer == "not yet" else f"would be {gate.answer}, but "
    between = "; " if HELD in gate.why else HELD
    return replace(gate, answer="not yet", why=f"{gate.why}{between}{would}{'; '.join(doubts)}")


def finding_of(gate: Gate) -> str:
    """The gate's sentence without its doubts."""
    return gate.why.partition(HELD)[0]


def first_doubt(gate: Gate) -> str:
    """The first of the doubts that hold the gate, as a clause; empty where none does."""
    return gate.why.partition(HELD)[2].partition(", but ")[2].split("; ")[0]


def with_pace(gate: Gate, per_week: float, today: date | None) -> Gate:
    """The gate's sentence with the time its missing units would take at the present volume of `per_week`.

    `today` None means that nothing comes in any more: then the weeks are named and no day.
    """
    if not gate.more_needed or per_week <= 0 or gate.more_needed > per_week * LONGEST_WEEKS:
        return gate
    weeks = gate.more_needed / per_week
    if today is None:
        return replace(gate, why=f"{gate.why}: {count(math.ceil(weeks), 'more weeks')} at the pilot's volume")
    day = today + timedelta(days=math.ceil(7 * weeks))
    return replace(gate, why=f"{gate.why}: by about {day.isoformat()} at the present volume")


def would_be(gate: Gate) -> Answer:
    """What a held gate would answer without its doubts; any other gate's own answer."""
    return next((answer for answer in ANSWERS if f"{HELD}would be {answer}, but " in gate.why), gate.answer)


def overall(gates: Iterable[Gate]) -> Answer:
    """Any required no-go is no-go; else any required not yet is not yet; else go. Without required gates: not yet."""
    answers = {gate.answer for gate in gates if gate.required}
    if "no-go" in answers:
        return "no-go"
    return "go" if answers == {"go"} else "not yet"
