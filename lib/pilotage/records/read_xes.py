"""XES event logs, plain or packed: one row an event, the attributes of its trace before it as `case:…`.

`rustxes` does the reading. It takes a torn file for a short one and a time without a zone for UTC, so the file is
looked through first.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.parsers import expat

import numpy as np
import pyarrow as pa

from pilotage.errors import PilotageError
from pilotage.records.read_parquet import as_text
from pilotage.records.readers import Raw
from pilotage.records.sources import NOTHING_IN_IT

_CHUNK = 1 << 20  # bytes looked through at a time
_DATE = re.compile(rb"<date\b[^>]*?\bvalue\s*=\s*[\"']([^\"']*)[\"']")
_LONGEST_DATE = 4096  # bytes of a <date> that may be cut by the end of a chunk
_ZONED = re.compile(rb"([Zz]|[+-]\d{2}:?\d{2})\s*$")
_EMPTY = "__INVALID__"  # what logs declare for a name that a trace or an event lacks
_FIRST = ("case:concept:name", "concept:name", "time:timestamp", "lifecycle:transition", "org:resource")
_TIME = "time:timestamp"


def header(path: Path) -> list[str]:
    """The names of the attributes; what belongs to the trace begins with `case:`."""
    return [str(name) for name in _events(path).column_names]


def read(path: Path) -> Raw:
    """All events in the order of the file, as text; times in UTC where the log says their zone."""
    table = _events(path)
    if not table.num_rows:
        raise PilotageError("has no event", path.name, NOTHING_IN_IT)
    return Raw(table, np.arange(1, table.num_rows + 1, dtype=np.int64))


def _events(path: Path) -> pa.Table:
    zoned = _looked_through(path)
    frame = _imported(path).to_arrow()
    names = [name for name in _FIRST if name in frame.column_names]
    names += sorted(name for name in frame.column_names if name not in _FIRST)
    return pa.table({name: _text(frame.column(name), zoned) for name in names})


def _text(column: pa.ChunkedArray, zoned: bool) -> pa.ChunkedArray:
    import pyarrow.compute as pc

    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us", "UTC" if zoned else None), safe=False)
    text = as_text(column)
    return pc.if_else(pc.equal(text, _EMPTY), pa.scalar(None, pa.string()), text)


def _imported(path: Path) -> Any:
    """The events as rustxes gives them; it panics where it cannot read, which is no Exception."""
    try:
        import rustxes  # type: ignore[import-untyped]
    except ImportError:
        what = "XES logs are read by the package rustxes, which is not installed"
        raise PilotageError(what, path.name, "pip install 'pilotage[xes]'") from None
    try:
        with TemporaryDirectory() as folder:  # it goes by the ending of the name, in small letters
            link = Path(folder) / ("log.xes.gz" if _packed(path) else "log.xes")
            link.symlink_to(path.resolve())
            return rustxes.import_xes(str(link))[0]
    except BaseException as fault:
        if type(fault).__name__ != "PanicException":
            raise
        if "MissingLastTrace" in str(fault):
            raise PilotageError("has no event", path.name, NOTHING_IN_IT) from None
        raise PilotageError(f"is not a XES log: {fault}", path.name, "export it again") from None


def _packed(path: Path) -> bool:
    return path.name.lower().endswith(".gz")


def _looked_through(path: Path) -> bool:
    """Whether its times say their zone; PilotageError where some do not, for broken XML and for declared entities."""
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = lambda name, _: _first_element(parser, name)
    zones: set[bool] = set()
    try:
        for chunk, dates in _chunks(path):
            parser.Parse(chunk, False)
            zones |= {bool(_ZONED.search(date)) for date in dates}
        parser.Parse(b"", True)
    except expat.ExpatError as fault:
        raise PilotageError(f"is not whole XML: {fault}", path.name, "export it again") from fault
    except _Refused as fault:
        raise PilotageError(str(fault), path.name, "export it again as plain XES") from None
    except (gzip.BadGzipFile, zlib.error, EOFError) as fault:
        raise PilotageError(f"is not a whole gzip file: {fault}", path.name, "export it again") from fault
    if len(zones) > 1:
        what = "some of its times say their time zone and some do not"
        raise PilotageError(what, path.name, "export it with the zone in every date")
    return zones != {False}


class _Refused(Exception):
    """What no XES log has."""


def _refuse_doctype(*_: object) -> None:
    raise _Refused("declares a document type, which no XES log needs and which may hide text without end")


def _first_element(parser: Any, name: str) -> None:
    parser.StartElementHandler = None
    if name != "log" and not name.endswith(":log"):
        raise _Refused(f"is not a XES log: it begins with <{name[:40]}> and not with <log>")


def _chunks(path: Path) -> Iterator[tuple[bytes, list[bytes]]]:
    """The unpacked bytes, and with each chunk the values of the dates that end in it."""
    with gzip.open(path) if _packed(path) else path.open("rb") as stream:
        rest = b""
        while chunk := stream.read(_CHUNK):
            window, end = rest + chunk, 0
            dates = []
            for found in _DATE.finditer(window):
                dates.append(found[1])
                end = found.end()
            rest = window[max(end, len(window) - _LONGEST_DATE) :]
            yield chunk, dates
