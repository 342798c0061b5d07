"""The tools of the stand-in: what an invoice desk can look up, over the small SQLite table."""

from __future__ import annotations

import sqlite3
import threading
from typing import Any

from pilotage.agents.reference.tables import database, money


class NotFound(LookupError):
    """There is no such invoice or supplier."""


class _Desk:
    """One database, made at the first question and read by one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None

    def rows(self, query: str, *given: str) -> list[tuple[Any, ...]]:
        with self._lock:  # also while it is made: fifty runs that begin at once must not make fifty
            self._database = self._database or database()
            return self._database.execute(query, given).fetchall()


_DESK = _Desk()


def lookup_invoice(number: str) -> dict[str, Any]:
    """One invoice by its number, such as INV-10001: supplier, amount, currency, issued, due, paid."""
    found = _DESK.rows(
        "SELECT number, supplier, cents, currency, issued, due, paid FROM invoices"
        " JOIN suppliers ON name = supplier WHERE number = ?",
        number,
    )
    if not found:
        raise NotFound(f"there is no invoice {number}")
    number, supplier, cents, currency, issued, due, paid = found[0]
    return {
        "number": number,
        "supplier": supplier,
        "amount": money(cents),
        "currency": currency,
        "issued": issued,
        "due": due,
        "paid": bool(paid),
    }


def find_invoices(supplier: str, open_only: bool = True) -> dict[str, Any]:
    """The numbers of a supplier's invoices; only those not paid yet unless told otherwise."""
    _known(supplier)
    unpaid = " AND NOT paid" if open_only else ""
    rows = _DESK.rows(f"SELECT number FROM invoices WHERE supplier = ?{unpaid} ORDER BY number", supplier)
    return {"supplier": supplier, "count": len(rows), "numbers": [row[0] for row in rows]}


def total_due(supplier: str) -> dict[str, Any]:
    """What is not paid yet to a supplier, in the supplier's currency."""
    currency = _known(supplier)
    rows = _DESK.rows("SELECT COALESCE(SUM(cents), 0) FROM invoices WHERE supplier = ? AND NOT paid", supplier)
    return {"supplier": supplier, "total": money(rows[0][0]), "currency": currency}


def hand_over(reason: str) -> dict[str, Any]:
    """Hand the question over to a person."""
    return {"handed_over": True, "reason": reason}


TOOLS = (lookup_invoice, find_invoices, total_due, hand_over)


def _known(supplier: str) -> str:
    """The supplier's currency; NotFound where there is no such supplier."""
    found = _DESK.rows("SELECT currency FROM suppliers WHERE name = ?", supplier)
    if not found:
        raise NotFound(f"there is no supplier {supplier!r}")
    return str(found[0][0])
