"""Data virtualization: several read-mostly sources read as one DuckDB layer, and what must hold between them."""

from __future__ import annotations

from collections.abc import Mapping

from pilotage.integration.virtualization.example import entry
from pilotage.playbook.sources import PointInTime, Reference, Source
from pilotage.playbook.systems import VirtualSystem

CODES: Mapping[str, str] = {
    "login_refused": "The database refuses this user or password; check user_env, key_env and the user's rights.",
    "no_such_database": "The database server has no database of this name; check the end of the source's address.",
    "no_such_table": "The database has no table or view of this name, or not for this user; check `table`.",
    "no_such_column": "The source has no column of this name; check the entry, or who renamed the column.",
    "no_such_file": "There is no file at the source's address, as seen from the workspace.",
    "broken_file": "The file cannot be read as what its ending says; the evidence quotes why. Export it anew.",
    "unreadable": "The table, or a value in it, cannot be read; the evidence quotes why. Correct it at the source.",
    "read_refused": "The user may not read this table; ask for the right to read it, and for no other.",
    "writes_when_read": "Reading the table would write, as a view with such a function does; the server refused.",
    "type_differs": "A column does not have the declared type, or both ends of a join have types that do not compare.",
    "key_repeats": "The key stands in more than one row, so joins double what they find; remove the copies there.",
    "key_missing": "Rows have no value in their key, so nothing can point at them; fill them in at the source.",
    "stale": "The newest change is older than the entry allows; find out what stopped the update.",
    "updated_in_future": "The newest change is ahead of now by more than any time zone; the clock there is wrong.",
    "rows_drifted": "There are many more or fewer rows than expected: find out why, or set `expected` anew.",
    "orphans": "More rows than allowed point at rows that are not there; the sources were not updated together.",
    "no_rows": "There is no row to check, and nothing found in nothing proves nothing.",
    "unknown_at_time": "Facts ask for a value before any was known, or have no time or no name to ask with; an agent "
    "would get none, or the wrong one.",
    "tied_values": "Two different values became known at one moment, so which one holds is chance; order them at the "
    "source.",
    "look_ahead": "Your query returns values that were not known yet at the fact's time; join on known_at <= the time.",
    "point_in_time_wrong": "Your query returns other values than were known at the fact's time, or not one row a fact.",
    "query_fails": "Your query is no single SELECT, or fails; the evidence quotes why.",
    "no_such_suite": "playbook/expectations.yaml has no such suite under `sources`, or it cannot be followed.",
    "expectation_failed": "The source does not meet an expectation of its suite in playbook/expectations.yaml.",
}


def planned(system: VirtualSystem) -> list[str]:
    """The ids of all checks of this entry, in the order they are made."""
    known = entry(system)
    return [
        *(check_id("reachable", one.name) for one in known.sources),
        *(id for one in known.sources for id in _of_source(one)),
        *(id for one in known.references for id in (reference_id("types", one), reference_id("orphans", one))),
        *(point_id(one) for one in known.point_in_time),
        *(check_id("suite", name) for name in known.suites),
    ]


def check_id(what: str, *names: str) -> str:
    """`virtualization.fresh.invoices`."""
    return ".".join(("virtualization", what, *names))


def reference_id(what: str, reference: Reference) -> str:
    """`virtualization.orphans.invoices.supplier.suppliers`: from which column into which source."""
    return check_id(what, reference.from_, reference.to.split(".")[0])


def point_id(point: PointInTime) -> str:
    """`virtualization.point_in_time.invoices.ratings.rating`."""
    return check_id("point_in_time", point.facts, point.values, point.value)


def _of_source(source: Source) -> list[str]:
    asked = {
        "types": bool(source.types),
        "keys": bool(source.key),
        "fresh": source.updated_at is not None and source.age_h_max is not None,
        "rows": source.rows is not None,
    }
    return [check_id(what, source.name) for what, wanted in asked.items() if wanted]
