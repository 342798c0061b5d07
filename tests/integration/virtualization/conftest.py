"""A desk of small sources: each test changes one thing of a good layer and sees which check tells it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pilotage.forms import fill
from pilotage.integration.checks import Recorder
from pilotage.integration.virtualization import planned
from pilotage.integration.virtualization.probe import probe
from pilotage.playbook.systems import VirtualSystem
from pilotage.workspace import Workspace

START = datetime(2026, 1, 1, tzinfo=UTC)
INVOICES = """
    CREATE TABLE invoices (number TEXT, supplier TEXT, cents INTEGER, asked_at TEXT, updated_at TEXT);
    INSERT INTO invoices VALUES ('I1', '001', 100, '2026-02-01T00:00:00+00:00', '{now}');
    INSERT INTO invoices VALUES ('I2', '001', 200, '2026-03-01T12:00:00+02:00', '{now}');
    INSERT INTO invoices VALUES ('I3', '002', 300, '2026-05-01', '{now}');
"""
SUPPLIERS = "id,name\n001,Alder\n002,Birch\n003,Cedar\n"
RATINGS = [("001", 0, "A"), ("001", 90, "B"), ("002", 0, "A"), ("002", 60, "C"), ("003", 0, "B")]  # after days, this


def limit(value: float) -> dict[str, Any]:
    """A limit as the playbook has it."""
    return {"value": value, "reason": "A test.", "source": "The test", "set_by": "The test"}


class Desk:
    """A folder with three sources, and the entry that names them; both can be changed before `probe`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "playbook").mkdir()
        self.entry: dict[str, Any] = {
            "name": "view", "what": "Joins.", "pattern": "virtualization", "update_frequency": "nightly",
            "consistency": "eventual", "joins": 3,
            "sources": [
                {
                    "name": "invoices", "address": "ledger.sqlite", "table": "invoices", "key": ["number"],
                    "updated_at": "updated_at", "age_h_max": limit(24),
                    "rows": {"expected": 3, "drift_max": limit(0.1)},
                    "types": {"cents": "integer", "asked_at": "time"},
                },
                {"name": "suppliers", "address": "suppliers.csv", "key": ["id"], "types": {"name": "text"}},
                {"name": "ratings", "address": "ratings.parquet", "types": {"known_at": "time"}},
            ],
            "references": [{"from": "invoices.supplier", "to": "suppliers.id", "orphans_max": limit(0)}],
            "point_in_time": [
                {"facts": "invoices", "at": "asked_at", "entity": "supplier", "values": "ratings",
                 "known_at": "known_at", "value": "rating"},
            ],
        }  # fmt: skip
        self.sqlite(INVOICES.format(now=datetime.now(UTC).isoformat()))
        self.csv(SUPPLIERS)
        self.ratings(RATINGS)

    @property
    def invoices(self) -> dict[str, Any]:
        """The entry of the SQLite source."""
        return self.entry["sources"][0]  # type: ignore[no-any-return]

    @property
    def point(self) -> dict[str, Any]:
        """The entry of the join in time."""
        return self.entry["point_in_time"][0]  # type: ignore[no-any-return]

    def sqlite(self, script: str) -> None:
        """Run this on the SQLite file."""
        with closing(sqlite3.connect(self.folder / "ledger.sqlite")) as ledger:
            ledger.executescript(script)

    def csv(self, text: str) -> None:
        """Write the CSV file."""
        (self.folder / "suppliers.csv").write_text(text, encoding="utf-8")

    def ratings(self, rows: list[tuple[str, float, str | None]]) -> None:
        """Write the Parquet file: who, after how many days of 2026, what."""
        columns = {
            "supplier": pa.array([one for one, _, _ in rows], pa.string()),
            "known_at": pa.array([START + timedelta(days=after) for _, after, _ in rows], pa.timestamp("us", "UTC")),
            "rating": pa.array([rating for _, _, rating in rows], pa.string()),
        }
        pq.write_table(pa.table(columns), self.folder / "ratings.parquet")

    def probe(self) -> dict[str, dict[str, Any]]:
        """Every check that was made, by its id without the pattern; all planned ones unless a source is unreachable."""
        system, faults = fill(VirtualSystem, self.entry)
        assert system is not None, faults
        told: list[dict[str, Any]] = []
        probe(system, Recorder(told.append), Workspace(self.folder))
        rows = {row["id"].removeprefix("virtualization."): row for row in told if "id" in row}
        plans = {id.removeprefix("virtualization.") for id in planned(system)}
        assert rows.keys() <= plans
        if all(row["status"] == "pass" for id, row in rows.items() if id.startswith("reachable")):
            assert rows.keys() == plans
        return rows

    def failed(self) -> dict[str, str]:
        """The checks that did not pass, with their codes."""
        return {id: row["reason"] for id, row in self.probe().items() if row["status"] != "pass"}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A good layer over SQLite, CSV and Parquet."""
    return Desk(tmp_path)
