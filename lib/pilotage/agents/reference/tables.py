"""A small table of invoices and their suppliers, made up from a fixed seed: the world that the stand-in works in."""

from __future__ import annotations

import random
import sqlite3
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

TABLE_SEED = 20260101
INVOICES = 2_000
REGIONS = {"emea": "EUR", "americas": "USD", "apac": "SGD"}
FIRST = ("Alder", "Birch", "Cedar", "Dune", "Ember", "Fjord", "Grove", "Heron", "Inlet", "Juniper", "Kestrel", "Larch")
SECOND = ("Freight", "Paper", "Tools", "Energy", "Software")
INVENTED = ("Quillon Traders", "Vexley Partners", "Zephyrine Supply")  # in no table: what a wrong answer names


@dataclass(frozen=True, slots=True)
class Supplier:
    """Who sends invoices; `terms_days` is how long one may take to pay."""

    name: str
    region: str
    currency: str
    terms_days: int


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice; amounts in whole cents of the supplier's currency."""

    number: str
    supplier: Supplier
    cents: int
    issued: date
    paid: bool

    @property
    def amount(self) -> str:
        """The amount with two decimals."""
        return money(self.cents)

    @property
    def due(self) -> date:
        """The last day to pay."""
        return self.issued + timedelta(days=self.supplier.terms_days)


def money(cents: int) -> str:
    """Cents as an amount with two decimals and nothing between the thousands."""
    return f"{cents // 100}.{cents % 100:02}"


@lru_cache(maxsize=1)
def invoices() -> tuple[Invoice, ...]:
    """All invoices, in the order of their numbers; always the same."""
    rng = random.Random(TABLE_SEED)
    names = [f"{first} {second}" for first in FIRST for second in SECOND]
    suppliers = []
    for name in names:
        region = rng.choice(tuple(REGIONS))
        suppliers.append(Supplier(name, region, REGIONS[region], rng.choice((14, 30, 45, 60))))
    made = []
    for place in range(INVOICES):
        issued = date(2026, 1, 1) + timedelta(days=rng.randrange(270))
        cents = round(rng.lognormvariate(11, 1)) + 1_000
        made.append(Invoice(f"INV-{10_001 + place}", rng.choice(suppliers), cents, issued, rng.random() < 0.6))
    return tuple(made)


def database() -> sqlite3.Connection:
    """The same in SQLite, in memory: tables suppliers and invoices. Safe to be read by several threads."""
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.executescript(
        "CREATE TABLE suppliers (name TEXT PRIMARY KEY, region TEXT, currency TEXT, terms_days INTEGER);"
        "CREATE TABLE invoices (number TEXT PRIMARY KEY, supplier TEXT REFERENCES suppliers, cents INTEGER,"
        " issued TEXT, due TEXT, paid INTEGER);"
        "CREATE INDEX by_supplier ON invoices (supplier);"
    )
    rows = invoices()
    senders = {row.supplier.name: row.supplier for row in rows}.values()
    connection.executemany(
        "INSERT INTO suppliers VALUES (?, ?, ?, ?)", [(s.name, s.region, s.currency, s.terms_days) for s in senders]
    )
    connection.executemany(
        "INSERT INTO invoices VALUES (?, ?, ?, ?, ?, ?)",
        [(r.number, r.supplier.name, r.cents, r.issued.isoformat(), r.due.isoformat(), r.paid) for r in rows],
    )
    connection.commit()
    return connection
