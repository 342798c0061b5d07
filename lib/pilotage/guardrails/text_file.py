"""A file of texts, CSV or JSON lines, read a row at a time; what is no row is told with its line."""

from __future__ import annotations

import csv
import gzip
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any, cast

from pilotage.errors import PilotageError
from pilotage.guardrails.findings import Side
from pilotage.records.sources import kind_of
from pilotage.words import plain

SIDES = ("input", "output")
_HEAD = 1 << 16  # bytes in which the delimiter is looked for
_NOT_UTF8 = re.compile("[\udc80-\udcff]")  # as `surrogateescape` keeps such bytes
_LONGEST_ID = 1_000  # characters


@dataclass(frozen=True, slots=True)
class Row:
    """One text with its id (the line's number where the file gives none) and its side, where it is told."""

    id: str | int
    text: Any
    side: Side | None


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that holds no text to decide on, and why; its content is not repeated."""

    line: int
    why: str


def read_rows(path: Path) -> Iterator[Row | BadLine]:
    """The rows of the file in their order, read as they are asked for; `.gz` is unpacked.

    Null or anything else than text under `text` is a row, which cannot be decided. PilotageError where the file as a
    whole cannot be read: of another kind, missing, empty, a CSV without a column `text`.
    """
    kind = kind_of(path.name)
    if kind not in ("csv", "jsonl"):
        raise PilotageError("is neither CSV nor JSON lines", path.name, "give a file that ends in .csv or .jsonl")
    try:
        with _opened(path) as stream:
            if not stream.read(1):
                raise PilotageError("is empty", path.name)
            stream.seek(0)
            yield from _csv(path, stream) if kind == "csv" else _json_lines(stream)
    except FileNotFoundError:
        raise PilotageError("there is no such file", str(path)) from None
    except (gzip.BadGzipFile, zlib.error, EOFError) as fault:
        raise PilotageError(f"is not a whole gzip file: {fault}", path.name, "export it again") from None
    except OSError as fault:
        raise PilotageError(f"cannot be read: {fault.strerror}", str(path)) from None


def _opened(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path)) if path.name.lower().endswith(".gz") else path.open("rb")


def _json_lines(stream: IO[bytes]) -> Iterator[Row | BadLine]:
    for line, raw in enumerate(stream, 1):
        if raw.strip():
            yield _json_line(line, raw.removeprefix(b"\xef\xbb\xbf") if line == 1 else raw)


def _json_line(line: int, raw: bytes) -> Row | BadLine:
    try:
        given = json.loads(raw.decode())
    except UnicodeDecodeError as fault:
        return BadLine(line, f"is not UTF-8 text (byte {fault.start + 1})")
    except json.JSONDecodeError as fault:
        return BadLine(line, f"is not JSON: {fault.msg} (column {fault.colno})")
    except (RecursionError, ValueError):
        return BadLine(line, "is JSON that is nested too deep, or has a number too long to be read")
    if not isinstance(given, dict):
        return BadLine(line, "is not a JSON object; write one object a line")
    return _row(line, given)


def _csv(path: Path, stream: IO[bytes]) -> Iterator[Row | BadLine]:
    from pilotage.records.read_csv import sniff

    head = stream.read(_HEAD)
    stream.seek(0)
    delimiter = sniff(head.removeprefix(b"\xef\xbb\xbf"))
    with TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline="") as text:
        csv.field_size_limit(1 << 30)
        rows = _cells(csv.reader(text, delimiter=delimiter, strict=True))
        names: list[str] = []
        for line, cells in rows:
            if isinstance(cells, str):
                yield BadLine(line, cells)
            elif names:
                yield _csv_row(line, names, cells)
            else:
                names = _header(path, cells)


def _csv_row(line: int, names: list[str], cells: list[str]) -> Row | BadLine:
    if any(map(_NOT_UTF8.search, cells)):
        return BadLine(line, "is not UTF-8 text")
    if len(cells) != len(names):
        return BadLine(line, f"has {len(cells)} cells where the header has {len(names)}")
    return _row(line, {name: cell for name, cell in zip(names, cells, strict=True) if cell or name == "text"})


def _cells(reader: Any) -> Iterator[tuple[int, list[str] | str]]:
    """Each row with the line it begins in; in place of one that cannot be taken apart, why."""
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            open_quote = "unexpected end of data" in str(fault)
            yield line, "opens a quote that is never closed" if open_quote else f"is not CSV: {fault}"
            continue
        if cells:
            yield line, cells


def _header(path: Path, cells: list[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    if "text" not in names:
        raise PilotageError(
            "has no column text", path.name, "name the column that holds the texts so, in the first row"
        )
    if names.count("text") > 1:
        raise PilotageError("has more than one column text", path.name)
    return names


def _row(line: int, given: dict[str, Any]) -> Row | BadLine:
    if "text" not in given:
        return BadLine(line, "has no text")
    name, side = given.get("id"), given.get("side")
    if name is not None and (not isinstance(name, str | int) or isinstance(name, bool) or len(str(name)) > _LONGEST_ID):
        return BadLine(line, f"id: should be text or an integer of at most {_LONGEST_ID:,} characters")
    if side is not None and side not in SIDES:
        return BadLine(line, f"side: should be input or output (got {plain(side, 20)!r})")
    return Row(line if name is None or name == "" else name, given["text"], side)
