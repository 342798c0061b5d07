"""The tables every page shows: what was decided beforehand, what was measured, KPIs, gates."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from pilotage.kpis import DEFINITIONS, Kpi, label_of
from pilotage.page import html
from pilotage.playbook import TIERS, Limit
from pilotage.verdict import Gate, limit_text
from pilotage.words import number, span

if TYPE_CHECKING:
    from pilotage.page.session import Page


def decided(page: Page) -> html.Html:
    """The limits of the page's own policy file at the tier asked for, each with its reason and who set it."""
    policy = getattr(page.playbook, page.stage)
    rows = [
        (*_limit(name, limit), html.Html(html.sentence(limit.reason)), limit.set_by, _status(page, limit))
        for name, limit in _limits(policy, page.playbook.tier)
    ]
    caption = f"Limits set before looking (playbook/{page.stage}.yaml; owner: {policy.owner})"
    return html.table(caption, ("Limit", "Value", "Why", "Set by", "Status"), rows, ("Value",))


def _limits(policy: BaseModel, tier: str) -> Iterator[tuple[str, Limit[Any]]]:
    """Every limit of a policy with its name; of the limits per tier only that of `tier`."""
    for name, about in type(policy).model_fields.items():
        yield from _limits_in((about.description or name).rstrip("."), getattr(policy, name), tier)


def _limits_in(name: str, value: Any, tier: str) -> Iterator[tuple[str, Limit[Any]]]:
    if isinstance(value, Limit):
        yield name, value
    elif isinstance(value, BaseModel):
        yield from ((name if inner == tier else inner, limit) for inner, limit in _limits(value, tier))
    elif isinstance(value, Mapping):
        keys = [tier] if set(value) == set(TIERS) else list(value)
        for key in keys:
            yield from _limits_in(str(key), value[key], tier)


def _limit(name: str, limit: Limit[Any]) -> tuple[object, str]:
    """What is limited, in words, and the limit with its direction and unit."""
    definition = DEFINITIONS.get(name)
    if definition is not None:
        return definition.label, limit_text(definition.better, limit.value, definition.unit)
    unit = next((unit for word, unit in UNITS.items() if word in name), "")
    value = limit.value if isinstance(limit.value, str) else number(limit.value, unit)
    return html.Html(html.sentence(name)), value


# A limit that is no KPI's is named by its sentence; this word in it gives the unit.
UNITS = {
    "earned back": "months",
    "chance of": "share",
    "weeks": "weeks",
    "cases": "cases",
    "interactions": "interactions",
}


def _status(page: Page, limit: Limit[Any]) -> str:
    if not limit.example:
        return "decided"
    return "example" if page.synthetic else "example: holds the gate"


def data(page: Page) -> html.Html:
    """The tables this page read: rows, what was set aside or is missing, the days they span, checks passed."""
    rows = [_data_row(name, fact) for name, fact in page.facts.items()]
    header = ("Table", "Rows", "Set aside", "Missing", "From", "To", "Checks passed")
    failed = [
        f"{name}: {check['name']} ({check['detail']})"
        for name, fact in page.facts.items()
        for check in fact["checks"]
        if not check["passed"]
    ]
    warning = html.note("Data checks that failed: " + "; ".join(failed) + ".", "warning") if failed else ""
    return html.Html(html.table("The data", header, rows, header[1:4]) + warning)


def _data_row(name: str, fact: Mapping[str, Any]) -> tuple[str, ...]:
    counts = (f"{fact[key]:,}" for key in ("rows", "set_aside", "missing"))
    days = ((fact[key] or "no time")[:10] for key in ("first", "last"))
    passed = sum(check["passed"] for check in fact["checks"])
    return (name, *counts, *days, f"{passed} of {len(fact['checks'])}")


def undecided(page: Page) -> html.Html:
    """What a missing column or table leaves open, one line each; nothing where all is there."""
    absent = [
        f"{name} has no {column['column']}: {column['undecided']}."
        for name, fact in page.facts.items()
        for column in fact["absent"]
        if column["undecided"] and column["column"] != "agent"  # one agent is the rule, and no gap
    ]
    return html.folded(f"What the data leaves open ({len(absent)})", html.bullets(absent))


def between(confidence: float) -> html.Html:
    """What the column "Between" says, in one sentence."""
    return html.paragraph(f"“Between” gives the range that holds the true value in {confidence:.0%} of such samples.")


def sure(confidence: float) -> html.Html:
    """How sure a go is, in one sentence."""
    wrong = number(1 - confidence, "share")
    return html.paragraph(f"Of agents that lie exactly at a limit, at most {wrong} would get a go by luck.")


def kpis(page: Page, caption: str, rows: Sequence[Kpi]) -> html.Html:
    """KPIs with their interval and what they were counted over; one that the data cannot give says why."""
    header = ("KPI", "Measured", "Between", "Counted over")
    return html.table(caption, header, [_kpi_row(page, kpi) for kpi in rows], header[1:])


def _kpi_row(page: Page, kpi: Kpi) -> tuple[object, ...]:
    name = _row_name(kpi)
    if kpi.estimate is None:
        return (name, "not known", html.Html(html.sentence(kpi.reason)), "")
    over = f"{kpi.n:,} {DEFINITIONS[kpi.name].counted}" if kpi.name in DEFINITIONS else kpi.method
    between = "" if kpi.low == kpi.high else span(kpi.low, kpi.high, kpi.unit, page.currency)
    return (name, number(kpi.estimate, kpi.unit, page.currency), between, over)


def _row_name(kpi: Kpi) -> str:
    """A part goes by its own name, the whole by the KPI's."""
    if kpi.dimension is None:
        return kpi.label
    return f"{kpi.label} ({kpi.dimension})" if kpi.whole else kpi.dimension.partition("=")[2]


def gates(caption: str, rows: Iterable[Gate]) -> html.Html:
    """Gates with their answer and the sentence behind it."""
    body = [
        (label_of(gate.name), gate.tier or "any tier", html.badge(gate.answer), _why(gate)) for gate in rows
    ]  # fmt: skip
    return html.table(caption, ("Gate", "Tier", "Answer", "Why"), body)


def _why(gate: Gate) -> html.Html:
    return html.Html(html.sentence(gate.why if gate.required else f"Advisory: {gate.why}"))


def why_of(rows: Sequence[Gate], answer: str) -> str:
    """The verdict's one sentence: the first required gate that decides, and how many more there are."""
    required = [gate for gate in rows if gate.required]
    deciding = [gate for gate in required if gate.answer == answer]
    if answer == "go":
        return f"All required gates of this page are open ({len(required)})."
    if not deciding:
        return "No gate of this page is required: it decides nothing."
    others = f" {len(deciding) - 1} more of this page's gates answer the same." if len(deciding) > 1 else ""
    return f"{label_of(deciding[0].name)}: {deciding[0].why}.{others}"
