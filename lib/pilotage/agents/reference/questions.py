"""The questions about invoices that the stand-in understands: how each is asked, looked up, answered and scored."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from pilotage.agents.reference.tables import INVENTED, money

Found = Sequence[Mapping[str, Any]]  # what the tools answered, in the order of the steps
Step = Callable[[Mapping[str, str], Found], tuple[str, dict[str, str]]]  # the tool to use next, and its arguments
Said = Callable[[Mapping[str, str], Found, int], str]  # the answer; off by so much, 0 for the right one

WORDING = {"number": r"\S+", "supplier": r"[\w ]+", "lines": r"[\d., and]+"}


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of question; `asked` has the names of what it is about in braces."""

    name: str
    asked: str
    steps: tuple[Step, ...]
    say: Said

    def read(self, question: str) -> dict[str, str] | None:
        """What a question of this kind is about, by name; None for another question."""
        match = _pattern(self.asked).fullmatch(question.strip())
        return match.groupdict() if match else None


@cache
def _pattern(asked: str) -> re.Pattern[str]:
    """What questions of a kind look like; a number has no space in it, else one kind could pass for another."""
    return re.compile(re.sub(r"\\\{(\w+)\\\}", lambda found: f"(?P<{found[1]}>{WORDING[found[1]]})", re.escape(asked)))


def read(question: str) -> tuple[Kind, dict[str, str]] | None:
    """The kind of a question and what it is about; None where it is not understood."""
    for kind in KINDS.values():
        if (about := kind.read(question)) is not None:
            return kind, about
    return None


def added_up(lines: str) -> int | None:
    """The sum in cents of amounts such as "12.50, 7.25 and 3.00"; None where there is none."""
    return sum(int(whole) * 100 + int(part) for whole, part in re.findall(r"(\d+)\.(\d\d)", lines)) or None


def _lookup(about: Mapping[str, str], found: Found) -> tuple[str, dict[str, str]]:
    return "lookup_invoice", {"number": about["number"]}


def _total(about: Mapping[str, str], found: Found) -> tuple[str, dict[str, str]]:
    return "total_due", {"supplier": about.get("supplier") or str(found[0]["supplier"])}


def _find(about: Mapping[str, str], found: Found) -> tuple[str, dict[str, str]]:
    return "find_invoices", {"supplier": about["supplier"]}


def _more(amount: str, off: int) -> str:
    """The amount, off by so many whole units."""
    return money(round(float(amount) * 100) + 100 * off)


def _sender(found: Found, off: int) -> str:
    """The supplier; one that does not exist where the answer is to be wrong."""
    return INVENTED[off % len(INVENTED)] if off else str(found[0]["supplier"])


def _say_record(about: Mapping[str, str], found: Found, off: int) -> str:
    amount = _more(found[0]["amount"], off)
    return json.dumps({"number": found[0]["number"], "supplier": found[0]["supplier"], "amount": amount})


def _say_due(about: Mapping[str, str], found: Found, off: int) -> str:
    return (date.fromisoformat(found[0]["due"]) + timedelta(days=off)).isoformat()


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "amount",
            "What is the amount of invoice {number}?",
            (_lookup,),
            lambda about, found, off: f"The amount is {_more(found[0]['amount'], off)} {found[0]['currency']}.",
        ),
        Kind(
            "supplier",
            "Which supplier sent invoice {number}?",
            (_lookup,),
            lambda about, found, off: f"It was sent by {_sender(found, off)}.",
        ),
        Kind("due", "On which day is invoice {number} due? Answer with the day alone.", (_lookup,), _say_due),
        Kind(
            "total",
            "How much do we still owe {supplier} in total?",
            (_total,),
            lambda about, found, off: f"We owe them {_more(found[0]['total'], off)} {found[0]['currency']}.",
        ),
        Kind(
            "count",
            "How many invoices of {supplier} are open?",
            (_find,),
            lambda about, found, off: f"{found[0]['count'] + off} invoices are open.",
        ),
        Kind("record", "Give invoice {number} as JSON with number, supplier and amount.", (_lookup,), _say_record),
        Kind(
            "owed",
            "Which supplier sent invoice {number}, and how much do we owe them in total?",
            (_lookup, _total),
            lambda about, found, off: (
                f"It was sent by {_sender(found, off)}; we owe them {_more(found[1]['total'], off)}"
                f" {found[1]['currency']}."
            ),
        ),
        Kind(
            "sum",
            "An invoice has lines of {lines}. What do they add up to?",
            (),
            lambda about, found, off: f"They add up to {money((added_up(about['lines']) or 0) + 100 * off)}.",
        ),
    )
}
