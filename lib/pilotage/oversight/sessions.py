"""Sittings of reviewers: what one person decides without a long pause, and how far into it each decision falls."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pandas import DataFrame

FIRST, NEXT = 10, 20  # items of a session that are its beginning, and up to where it is its middle
FEW = 5  # planted errors of a part below which its catch rate says nothing
THIRDS = ("first third", "second third", "last third")
BY_NUMBER = (f"items 1 to {FIRST}", f"items {FIRST + 1} to {NEXT}", f"items from {NEXT + 1} on")


def in_sessions(decisions: DataFrame, gap_minutes: float) -> DataFrame:
    """The decisions by reviewer and time, with session (a number), place (0 is its first item) and length (its items).

    A session ends where at least `gap_minutes` pass between one decision and the beginning of the next; where the
    seconds are not known, an item begins when it is decided.
    """
    import pandas as pd

    rows = decisions.sort_values(["reviewer", "decided_at", "review_id"], kind="stable", ignore_index=True)
    begun = rows["decided_at"] - pd.to_timedelta(rows["seconds"].astype(float).fillna(0.0), unit="s")
    pause = begun - rows.groupby("reviewer")["decided_at"].shift()
    starts = pause.isna() | (pause >= pd.Timedelta(minutes=gap_minutes))
    rows["session"] = starts.cumsum()
    rows["place"] = rows.groupby("session").cumcount()
    rows["length"] = rows.groupby("session")["place"].transform("size")
    return rows


def by_position(sat: DataFrame) -> list[tuple[str, DataFrame]]:
    """The planted errors of `in_sessions` by their place, earliest first, each part under its name.

    By number of the item where `counts_items` holds, else by thirds of the session: sessions of one or two items have
    no thirds and do not count there.
    """
    planted = sat[sat["seeded"]]
    if counts_items(sat):
        part = (planted["place"] >= FIRST).astype(int) + (planted["place"] >= NEXT)
        return [(name, planted[part == place]) for place, name in enumerate(BY_NUMBER)]
    long = planted[planted["length"] >= len(THIRDS)]
    third = long["place"] * len(THIRDS) // long["length"]
    return [(name, long[third == place]) for place, name in enumerate(THIRDS)]


def counts_items(sat: DataFrame) -> bool:
    """Whether sessions are so long that enough was planted beyond their first ten items."""
    return int((sat["seeded"] & (sat["place"] >= FIRST)).sum()) >= FEW
