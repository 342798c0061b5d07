"""Numbers and times too large to be any are set aside, whatever unit they were declared in."""

from __future__ import annotations

import pytest


def outcome(item, column):
    return item.rows[column].to_pylist(), item.set_aside["reason"].to_pylist()


@pytest.mark.parametrize("text", ["1e300", "-1e300", "9223372036854775808", "1e18"])
def test_a_whole_number_that_outgrows_its_column_when_multiplied_is_set_aside(take, text):
    way = {"input_tokens": {"from": "k", "times": "1000"}}
    item = take("interactions", f"interaction_id,k\nr1,{text}\nr2,1.5\n", values=way)
    values, reasons = outcome(item, "input_tokens")
    assert values == [1500]
    assert f"input_tokens is beyond 1e+15 (got {text!r})" in reasons[0]


def test_a_whole_number_of_many_digits_is_called_what_it_is(take):
    item = take("interactions", "interaction_id,input_tokens\nr1,12345678901234567890\n")
    assert outcome(item, "input_tokens") == (
        [],
        ["input_tokens has more than 18 digits (got '12345678901234567890')"],
    )


@pytest.mark.parametrize("form", ["unix", "unix ms", "unix us"])
@pytest.mark.parametrize("text", ["9999999999999999999", "-9999999999999999999", "1772445600250000999"])
def test_a_unix_time_beyond_all_years_is_set_aside_and_never_wraps_around(take, form, text):
    item = take("interactions", f"interaction_id,started_at\nr1,{text}\n", time_format=form)
    assert outcome(item, "started_at") == ([], [f"started_at is before 1970 or after 2199 (got {text!r})"])


def test_microseconds_declared_as_seconds_never_land_on_some_day(take):
    rows = "".join(f"r{at},{1_772_445_600_250_000 + at * 7_777_777_777}\n" for at in range(500))
    item = take("interactions", f"interaction_id,started_at\n{rows}", time_format="unix")
    assert item.rows.num_rows == 0


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "UTC"])
def test_the_last_day_of_9999_is_set_aside_in_every_zone(tmp_path, zone):
    from pilotage.records.dataset import TableSource
    from pilotage.records.take_in import take_in

    (tmp_path / "runs.csv").write_text("interaction_id,started_at\nr1,9999-12-31 23:59:59\nr2,2026-01-01 00:00\n")
    source = TableSource(file="runs.csv", constants={"phase": "pilot"})
    item = take_in("interactions", source, [tmp_path / "runs.csv"], zone, {})
    assert item.set_aside["reason"].to_pylist() == [
        "started_at is before 1970 or after 2199 (got '9999-12-31 23:59:59')",
    ]
