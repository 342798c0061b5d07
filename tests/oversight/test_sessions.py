from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from pilotage.oversight.sessions import by_position, in_sessions

BEGIN = datetime(2026, 9, 1, 8)


def at(minutes: float, **more: object) -> dict:
    return {"at": BEGIN + timedelta(minutes=minutes), **more}


@pytest.mark.parametrize(
    ("rows", "sessions"),
    [
        ([at(0), at(44), at(88)], [1, 1, 1]),
        ([at(0), at(46), at(60)], [1, 2, 2]),
        ([at(0), at(46, seconds=120)], [1, 1]),
        ([at(0), at(46, seconds=None)], [1, 2]),
        ([at(0), at(1, reviewer="bob"), at(2)], [1, 1, 2]),
    ],
    ids=["short pauses", "a long pause", "a long look is no pause", "time unknown", "another person"],
)
def test_a_session_ends_with_a_long_pause_or_another_person(reviews, rows, sessions):
    assert in_sessions(reviews(rows).decisions, 45)["session"].tolist() == sessions


def test_places_count_from_the_sessions_first_item(reviews):
    sat = in_sessions(reviews([at(0), at(1), at(90), at(91), at(92)]).decisions, 45)
    assert sat["place"].tolist() == [0, 1, 0, 1, 2]
    assert sat["length"].tolist() == [2, 2, 3, 3, 3]


def test_long_sessions_are_told_by_the_number_of_the_item(reviews):
    sat = in_sessions(reviews([{"seeded": True} for _ in range(25)]).decisions, 45)
    assert [(name, len(rows)) for name, rows in by_position(sat)] == [
        ("items 1 to 10", 10), ("items 11 to 20", 10), ("items from 21 on", 5)
    ]  # fmt: skip


def test_short_sessions_are_told_by_thirds(reviews):
    sat = in_sessions(reviews([{"seeded": True} for _ in range(6)]).decisions, 45)
    assert [(name, len(rows)) for name, rows in by_position(sat)] == [
        ("first third", 2), ("second third", 2), ("last third", 2)
    ]  # fmt: skip


def test_a_session_of_two_items_has_no_thirds(reviews):
    sat = in_sessions(reviews([{"seeded": True}, {"seeded": True}]).decisions, 45)
    assert sum(len(rows) for _, rows in by_position(sat)) == 0
