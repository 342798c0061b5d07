"""Where every interaction of the pilot went: with a result, ended in an error, without a result, or missing."""

from __future__ import annotations

from dataclasses import dataclass

from pilotage.kpis import Tables, fill_runs
from pilotage.pilot.looks import PHASE
from pilotage.words import count, listed


@dataclass(frozen=True)
class Accounting:
    """planned = scored + errored + unscored + missing: nothing is dropped, and nothing counted twice.

    `errored` runs ended in an error and were given no result; `unscored` ones nobody checked; `missing` ones are known
    to exist (planned, or counted by the source) and are not in the data.
    """

    scored: int
    errored: int
    unscored: int
    missing: int

    @property
    def planned(self) -> int:
        """All of them."""
        return self.scored + self.errored + self.unscored + self.missing


def accounting(tables: Tables) -> Accounting:
    """The pilot's interactions that are no sub-agent's, each in one of four groups."""
    sql = """SELECT count(success), count(*) FILTER (success IS NULL AND outcome = 'error'), count(*)
             FROM {runs} WHERE phase = ? AND is_unit"""
    scored, errored, rows = tables.row(fill_runs(tables, sql), [PHASE])
    return Accounting(int(scored), int(errored), int(rows - scored - errored), tables.missing("interactions"))


def accounting_text(found: Accounting) -> str:
    """The identity in words; which groups count as both the worst and the best case where there are any."""
    groups = [
        f"{found.scored:,} judged right or wrong",
        f"{found.errored:,} lost to an error",
        f"{found.unscored:,} not checked",
        f"{found.missing:,} missing",
    ]
    lost = found.planned - found.scored
    doubt = f" The {lost:,} not judged count as the worst and as the best case in every range." if lost else ""
    return f"Of {count(found.planned, 'interactions')} of the pilot: {listed(groups)}.{doubt}"
