"""Bytes to text: the declared encoding or UTF-8, and a clear word where it does not fit."""

from __future__ import annotations

import codecs
import gzip
import zlib
from pathlib import Path

from pilotage.errors import PilotageError

_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
REPLACEMENT = "\ufffd"


def read_bytes(path: Path) -> bytes:
    """The file's bytes, unpacked where its name ends in .gz; PilotageError where the archive is damaged."""
    if not path.name.lower().endswith(".gz"):
        return path.read_bytes()
    try:
        return gzip.decompress(path.read_bytes())
    except (gzip.BadGzipFile, zlib.error, EOFError) as fault:
        raise PilotageError(f"is not a whole gzip file: {fault}", path.name, "export it again") from fault


def read_utf8(path: Path, encoding: str | None) -> bytes:
    """The file as UTF-8 with `\\n` line ends and NUL replaced; PilotageError naming the first misfit."""
    data = read_bytes(path)
    if encoding is None:
        data = data.removeprefix(codecs.BOM_UTF8)
    _check_mark(path, data, encoding)
    try:
        text = data.decode(encoding or "utf-8")
    except UnicodeDecodeError as fault:
        raise _misfit(path, data, encoding, fault) from fault
    if encoding is not None:
        data = text.removeprefix("\ufeff").encode("utf-8", "replace")
    if b"\0" in data:
        data = data.replace(b"\0", REPLACEMENT.encode())
    return data if b"\n" in data else data.replace(b"\r", b"\n")


def _check_mark(path: Path, data: bytes, encoding: str | None) -> None:
    for mark, name in _MARKS.items():
        if encoding is None and data.startswith(mark):
            raise PilotageError("is not UTF-8 text", path.name, f"declare `encoding: {name}`")


def _misfit(path: Path, data: bytes, encoding: str | None, fault: UnicodeDecodeError) -> PilotageError:
    line = data[: fault.start].count(b"\n") + 1
    what = f"is not {encoding or 'UTF-8'} text: byte {fault.start + 1} (line {line}) is 0x{data[fault.start]:02x}"
    return PilotageError(what, path.name, f"declare `encoding: {_likely(data)}` if that is what it is")


def _likely(data: bytes) -> str:
    """The first usual encoding that reads the file; latin-1 reads anything."""
    for encoding in ("utf-8", "cp1252", "latin-1"):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return "latin-1"
