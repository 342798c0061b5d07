"""Seeded tasks for the stand-in with their expected answers, and the exact number of them that it will get right."""

from __future__ import annotations

import json
import random
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from pilotage.agents.reference.behaviour import Behaviour
from pilotage.agents.reference.questions import KINDS, added_up
from pilotage.agents.reference.tables import REGIONS, Invoice, invoices, money
from pilotage.errors import PilotageError
from pilotage.hashes import write_text_atomically


@dataclass(frozen=True, slots=True)
class ReferenceTask:
    """One line of a task file."""

    task_id: str
    input: str
    segment: str
    scorers: tuple[dict[str, Any], ...]


class HasInput(Protocol):
    """Any task with a text that is given to the agent."""

    @property
    def input(self) -> str:
        """The text."""
        ...


def make_tasks(n: int, seed: int, kinds: Collection[str] = tuple(KINDS)) -> tuple[ReferenceTask, ...]:
    """`n` tasks, the kinds in turn, no two alike; PilotageError where the table has no more of these kinds."""
    rng = random.Random(seed)
    left = {kind: _asked(kind, random.Random(f"{seed} {kind}")) for kind in kinds}
    made: list[ReferenceTask] = []
    while len(made) < n and left:
        for kind in tuple(left):
            asked = next(left[kind], None)
            if asked is None:
                del left[kind]
            elif len(made) < n:
                question, invoice = asked
                segment = invoice.supplier.region if invoice else rng.choice(tuple(REGIONS))
                made.append(ReferenceTask(f"t{len(made) + 1:05}", question, segment, expected(kind, question, invoice)))
    if len(made) < n:
        raise PilotageError(f"there are only {len(made):,} questions of these kinds", ", ".join(kinds), "ask for fewer")
    return tuple(made)


def write_tasks(path: Path, tasks: Iterable[ReferenceTask]) -> None:
    """The task file, one JSON object a line."""
    write_text_atomically(path, "".join(f"{json.dumps(asdict(task))}\n" for task in tasks))


def known_accuracy(
    tasks: Iterable[HasInput], trials: int, seed: int, error_rate: float, escalation_rate: float = 0.0
) -> int:
    """How many of tasks × trials the stand-in gets right: those it neither answers wrongly nor hands over.

    Trials count from 1. The tasks must be of the kinds that it understands, and its tools at hand.
    """
    behaviour = Behaviour(seed=seed, error_rate=error_rate, escalation_rate=escalation_rate)
    return sum(
        not behaviour.ends_wrong(task.input, trial) and not behaviour.hands_over(task.input, trial)
        for task in tasks
        for trial in range(1, trials + 1)
    )


def expected(kind: str, question: str, invoice: Invoice | None) -> tuple[dict[str, Any], ...]:
    """The scorers of a question: what the right answer to it is."""
    if invoice is None:
        return (_numeric(added_up(question) or 0),)
    supplier = invoice.supplier.name
    unpaid = [row for row in invoices() if row.supplier.name == supplier and not row.paid]
    owed = _numeric(sum(row.cents for row in unpaid))
    steps = {"trajectory": ["lookup_invoice", "total_due"] if kind == "owed" else ["total_due"]}
    fields = {"number": invoice.number, "supplier": supplier, "amount": invoice.amount}
    return {
        "amount": (_numeric(invoice.cents),),
        "supplier": ({"contains": supplier},),
        "due": ({"exact": invoice.due.isoformat()},),
        "total": (owed, steps),
        "count": ({"numeric": len(unpaid)},),
        "record": ({"json_fields": fields},),
        "owed": ({"contains": supplier}, owed, steps),
    }[kind]


def _numeric(cents: int) -> dict[str, Any]:
    return {"numeric": {"value": cents / 100, "tolerance": 0.005}}


def _asked(kind: str, rng: random.Random) -> Iterator[tuple[str, Invoice | None]]:
    """Questions of one kind in a seeded order, each with an invoice that it is about; without end for sums."""
    asked = KINDS[kind].asked
    if kind == "sum":
        seen: set[str] = set()
        while True:
            *first, last = [money(rng.randrange(100, 100_000)) for _ in range(rng.randint(3, 5))]
            question = asked.format(lines=f"{', '.join(first)} and {last}")
            if question not in seen:
                seen.add(question)
                yield question, None
    by_supplier = {row.supplier.name: row for row in invoices()}
    about = list(by_supplier.values() if "{supplier}" in asked else invoices())
    rng.shuffle(about)
    yield from ((asked.format(number=row.number, supplier=row.supplier.name), row) for row in about)
