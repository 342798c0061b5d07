"""Times as people write them, to UTC."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pilotage.records.dataset import UNIX
from pilotage.records.mapping import Fault, Mask, as_numpy, fault_at

_ISO = (
    r"^\d{4}-\d{2}-\d{2}([T ]\d{2}(:\d{2}(:\d{2}([.,]\d{1,9})?)?)?"
    r"(\s?([Zz]|UTC|[+-]\d{2}(:?\d{2})?))?)?$"
)
_ZONED = r"[T ]\d{2}[\d:.,]*\s?([Zz]|UTC|[+-]\d{2}(:?\d{2})?)$"
_MICROSECONDS_IN = dict(zip(UNIX, (1_000_000.0, 1_000.0, 1.0, 0.001), strict=True))
_EARLIEST = datetime(1970, 1, 1)
_LATEST = datetime(2200, 1, 1)
_MARGIN = timedelta(days=2)  # more than any zone is off UTC
_TICKS_AT_END = int((_LATEST - _EARLIEST).total_seconds()) * 1_000_000
_MICROSECONDS = pa.timestamp("us")


def parse_times(
    name: str, text: pa.ChunkedArray, zone: str | None, time_format: str | None
) -> tuple[pa.ChunkedArray, list[Fault]]:
    """Times in UTC without a zone mark, in microseconds; null where the text is empty or no time.

    Offsets in the text count, also mixed ones. A time without one is local time in `zone`; with no zone it is a fault.
    Where clocks go back and a local time happens twice, the first is taken; where they go forward and it never happens,
    the first instant after the gap. Days before 1970 and after 2199 are faults: they are placeholders, not times.
    """
    if time_format is not None and time_format in UNIX:
        values, unzoned = _from_unix(text, _MICROSECONDS_IN[time_format]), pa.array(np.zeros(len(text), dtype=bool))
    else:
        values, unzoned = _from_text(text, zone, time_format)
    faults = fault_at(unzoned, f"{name} has no time zone and the dataset declares none (time_zone)", text)
    bad = pc.and_(pc.and_(pc.is_valid(text), pc.is_null(values)), pc.invert(unzoned))
    odd = pc.or_(
        pc.less(values, pa.scalar(_EARLIEST, _MICROSECONDS)),
        pc.greater_equal(values, pa.scalar(_LATEST, _MICROSECONDS)),
    )
    way = f"written as {time_format}" if time_format else "(ISO 8601; for another way declare time_format)"
    faults += fault_at(bad, f"{name} is not a time {way}", text)
    faults += fault_at(odd, f"{name} is before 1970 or after 2199", text)
    return values, faults


def _from_unix(text: pa.ChunkedArray, microseconds: float) -> pa.ChunkedArray:
    """Seconds (or parts of them) since 1970; whole numbers stay exact, and any after 2199 become 2200."""
    good = pc.match_substring_regex(text, r"^-?\d{1,19}(\.\d+)?$")
    clean = pc.if_else(good, text, pa.scalar(None, pa.string()))
    # Judged as floats first: a time in a finer unit than the declared one would overflow, and could land anywhere.
    rough = pc.multiply(pc.cast(clean, pa.float64()), microseconds)
    far = pc.greater_equal(pc.abs(rough), _TICKS_AT_END)
    ticks = _ticks(pc.if_else(far, pa.scalar(None, pa.string()), clean), microseconds)
    return pc.cast(pc.if_else(far, pa.scalar(_TICKS_AT_END, pa.int64()), ticks), _MICROSECONDS)


def _ticks(text: pa.ChunkedArray, microseconds: float) -> pa.ChunkedArray:
    whole = pc.cast(pc.replace_substring_regex(text, r"\..*$", ""), pa.int64())
    if microseconds < 1:
        return pc.divide(whole, 1000)
    part = pc.cast(pc.replace_substring_regex(text, r"^-?\d+", "0"), pa.float64())
    return pc.add(pc.multiply(whole, int(microseconds)), pc.cast(pc.round(pc.multiply(part, microseconds)), pa.int64()))


def _from_text(text: pa.ChunkedArray, zone: str | None, time_format: str | None) -> tuple[pa.ChunkedArray, Any]:
    """Times, and which rows have one that cannot be placed for want of a zone."""
    if time_format:
        zoned = np.full(len(text), "%z" in time_format.lower())
        good = as_numpy(pc.is_valid(text))
    else:
        good = as_numpy(pc.match_substring_regex(text, _ISO))
        zoned = as_numpy(pc.match_substring_regex(text, _ZONED))
    ticks = np.full(len(text), np.datetime64("NaT", "us"))
    ticks[good & zoned] = _utc(text, good & zoned, time_format)
    local = good & ~zoned
    if zone is not None:
        ticks[local] = _localized(text, local, zone, time_format)
    values = pa.chunked_array([pa.array(ticks, _MICROSECONDS)])
    return values, pa.array(local if zone is None else np.zeros(len(text), dtype=bool))


def _strings(text: pa.ChunkedArray, rows: Mask) -> Any:
    return pc.replace_substring_regex(text.filter(pa.array(rows)), r"\s?(UTC|z)$", "Z").to_pandas()


def _utc(text: pa.ChunkedArray, rows: Mask, time_format: str | None) -> Any:
    if not rows.any():
        return np.empty(0, "datetime64[us]")
    import pandas as pd

    parsed = pd.to_datetime(_strings(text, rows), format=time_format or "ISO8601", errors="coerce", utc=True)
    return parsed.dt.tz_localize(None).to_numpy().astype("datetime64[us]")


def _localized(text: pa.ChunkedArray, rows: Mask, zone: str, time_format: str | None) -> Any:
    if not rows.any():
        return np.empty(0, "datetime64[us]")
    import pandas as pd

    parsed = pd.to_datetime(_strings(text, rows), format=time_format or "ISO8601", errors="coerce")
    first = np.ones(len(parsed), dtype=bool)
    # The last day of 9999, a usual placeholder, has no instant in zones west of Greenwich; it is a fault in any zone.
    near = parsed.where((parsed > _EARLIEST - _MARGIN) & (parsed < _LATEST + _MARGIN))
    there = near.dt.tz_localize(zone, ambiguous=first, nonexistent="shift_forward")
    in_utc = there.dt.tz_convert("UTC").dt.tz_localize(None)
    return in_utc.fillna(parsed).to_numpy().astype("datetime64[us]")
