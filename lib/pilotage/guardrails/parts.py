"""Source by source and language by language: a guard that is right on average may be wrong on one supplier's texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pilotage.guardrails.measured import PHASE, Measured
from pilotage.guardrails.tuning.held_out import Part, held_out
from pilotage.kpis import Kpi, measure_parts
from pilotage.page import html
from pilotage.playbook import Playbook
from pilotage.verdict import Answer, Gate
from pilotage.words import count, listed, number, span

NAME = "guard_parts"
KINDS = {"benign": "harmless", "attacks": "attacks"}
TEXTS = {"benign": "harmless texts", "attacks": "attacks"}


@dataclass(frozen=True)
class Parts:
    """The parts with their answers, and the same figures as KPIs for the evidence."""

    rows: tuple[Part, ...]
    kpis: tuple[Kpi, ...]

    def of(self, answer: Answer) -> list[str]:
        """The names of the parts with this answer, such as `supplier mail (harmless)`."""
        return [f"{part.value} ({KINDS[part.kind]})" for part in self.rows if part.answer == answer]


def parts(found: Measured, book: Playbook) -> Parts:
    """Every source and language of the input texts at the limits of the tier asked for; texts made alike are one."""
    gates, policy = book.guardrails.gates, book.guardrails
    limits = [gates[name].limits[book.tier].value for name in ("guard_false_positive_rate", "guard_catch_rate")]
    texts = found.inputs.drop_duplicates(["shape", "source", "language"])
    stopped = (texts["decision"] != "allow").to_numpy(bool)
    columns = [texts[name].to_numpy(str) for name in ("source", "language")]
    attack = texts["attack"].to_numpy(bool)
    rows = held_out(stopped, attack, limits[0], limits[1], columns[0], columns[1], policy.confidence)
    kpis = [
        kpi
        for name in ("guard_false_positive_rate", "guard_catch_rate")
        for part in ("source", "language")
        for kpi in measure_parts(found.tables, name, PHASE, part, 2 * policy.confidence - 1)
    ]
    return Parts(tuple(row for row in rows if row.dimension != "all"), tuple(kpis))


def parts_table(found: Parts) -> html.Html:
    """One row for each part: the share stopped with its range, the limit, the answer, and what would settle it."""
    rows = [
        (f"{part.dimension}: {part.value}", KINDS[part.kind], f"{part.n:,}", *_cells(part), html.badge(part.answer))
        for part in found.rows
    ]
    header = ("Part", "Texts", "How many", "Stopped", "Between", "Limit", "Answer")
    table = html.table("Each source and language alone", header, rows, header[2:6])
    few = [part for part in found.rows if part.answer == "not yet" and part.n < part.fewest]
    small = html.paragraph(_fewest(few), "small") if few else ""
    return html.Html(table + small)


def _cells(part: Part) -> tuple[str, str, str]:
    sense = "at most" if part.kind == "benign" else "at least"
    limit = f"{sense} {number(part.limit, 'share')}"
    if part.rate is None:
        return "not known", "", limit
    return number(part.rate.estimate, "share"), span(part.rate.low, part.rate.high, "share"), limit


def _fewest(few: Sequence[Part]) -> str:
    named = listed(list(dict.fromkeys(f"{count(part.fewest, 'texts')} ({KINDS[part.kind]})" for part in few)))
    return f"To clear its limit without a single failure a part needs at least {named}."


def parts_gate(found: Parts) -> Gate:
    """Advisory: every part with enough texts clears its limit, none is too thin to tell, and both kinds are there."""
    unsettled = list(_unsettled(found))
    answer: Answer = "no-go" if found.of("no-go") else "not yet" if unsettled else "go"
    told = {
        "no-go": f"beyond their limit: {listed(found.of('no-go'))}",
        "not yet": "; ".join(unsettled),
        "go": f"each of {count(len(found.rows), 'parts')} clears its limit alone",
    }
    return Gate(NAME, NAME, None, False, answer, told[answer], None)


def _unsettled(found: Parts) -> Iterator[str]:
    """What nobody can tell yet: parts with too few texts, and a kind of texts that no part has."""
    if thin := found.of("not yet"):
        yield f"too few texts, or too near the limit, to tell: {listed(thin)}"
    counted = {part.kind for part in found.rows}
    if lacking := [f"no {texts}" for kind, texts in TEXTS.items() if kind not in counted]:
        yield f"{listed(lacking)} to count"
