"""The embedded example: invoices in SQLite, suppliers in a CSV file and their ratings in Parquet, all made up."""

from __future__ import annotations

import csv
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pilotage.agents.reference import tables
from pilotage.playbook.sources import PointInTime, Reference, Source
from pilotage.playbook.systems import EMBEDDED, VirtualSystem

GRADES = ("A", "B", "C", "D")
FIRST_RATED = datetime(2025, 12, 1, 9, tzinfo=UTC)  # before the first invoice was issued


def _limit(value: float, reason: str) -> dict[str, Any]:
    return {"value": value, "reason": reason, "source": "The example", "set_by": "pilotage", "example": True}


SOURCES = (
    Source.model_validate({
        "name": "invoices", "address": "invoices.sqlite", "table": "invoices", "key": ("number",),
        "updated_at": "updated_at", "age_h_max": _limit(24, "The ledger is copied every night."),
        "types": {"number": "text", "cents": "integer", "issued": "date", "updated_at": "time"},
        "rows": {"expected": tables.INVOICES, "drift_max": _limit(0.1, "A month brings a tenth more.")},
    }),
    Source.model_validate({
        "name": "suppliers", "address": "suppliers.csv", "key": ("name",),
        "types": {"name": "text", "currency": "text", "terms_days": "integer"},
    }),
    Source.model_validate({
        "name": "ratings", "address": "ratings.parquet", "key": ("supplier", "known_at"),
        "types": {"supplier": "text", "known_at": "time", "rating": "text"},
    }),
)  # fmt: skip
REFERENCES = tuple(
    Reference.model_validate({"from": one, "to": "suppliers.name", "orphans_max": _limit(0, "Each one is a person.")})
    for one in ("invoices.supplier", "ratings.supplier")
)
POINT_IN_TIME = (
    PointInTime(
        facts="invoices", at="issued", entity="supplier", values="ratings", known_at="known_at", value="rating",
        query="SELECT number, rating AS value FROM invoices ASOF LEFT JOIN ratings"
        " ON invoices.supplier = ratings.supplier AND invoices.issued::TIMESTAMPTZ >= ratings.known_at",
    ),
)  # fmt: skip


def entry(system: VirtualSystem) -> VirtualSystem:
    """The system's entry with what it leaves to the example, where it is embedded; else the entry itself."""
    if system.address != EMBEDDED:
        return system
    ours = {"sources": SOURCES, "references": REFERENCES, "point_in_time": POINT_IN_TIME}
    return system.model_copy(update={**ours, "address": None})


def build(folder: Path, now: datetime) -> None:
    """Write the three files; every invoice was last changed at `now`, so that the example never grows stale."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with closing(sqlite3.connect(folder / "invoices.sqlite")) as ledger, closing(tables.database()) as made:
        made.backup(ledger)
        ledger.execute("ALTER TABLE invoices ADD COLUMN updated_at TEXT")
        ledger.execute("UPDATE invoices SET updated_at = ?", [now.isoformat(timespec="seconds")])
        ledger.execute("DROP TABLE suppliers")
        ledger.commit()
    suppliers = sorted({one.supplier.name: one.supplier for one in tables.invoices()}.items())
    with (folder / "suppliers.csv").open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file)
        lines.writerow(("name", "region", "currency", "terms_days"))
        lines.writerows((name, one.region, one.currency, one.terms_days) for name, one in suppliers)
    rated = [row for name, _ in suppliers for row in _ratings(name)]
    columns = dict(zip(("supplier", "known_at", "rating"), map(list, zip(*rated, strict=True)), strict=True))
    pq.write_table(pa.table(columns), folder / "ratings.parquet")


def _ratings(name: str) -> Iterator[tuple[str, datetime, str]]:
    """How one supplier was rated over the year, every three months or so."""
    rng = random.Random(f"{tables.TABLE_SEED} {name}")
    at = FIRST_RATED
    for _ in range(4):
        yield name, at, rng.choice(GRADES)
        at += timedelta(days=rng.randrange(60, 120))
