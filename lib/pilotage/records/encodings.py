"""Bytes to text: the declared encoding or UTF-8, and a clear word where it does not fit."""

from __future__ import annotations

import codecs
import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path

from pilotage.errors import PilotageError

_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_LONGEST_SIGN = 8  # bytes
REPLACEMENT = "\ufffd"


@dataclass(frozen=True)
class Text:
    """A file, or as much of its beginning as was asked for, as UTF-8 with `\\n` line ends and NUL replaced."""

    data: bytes
    whole: bool


def read_text(path: Path, encoding: str | None, head: int | None = None) -> Text:
    """The file, or its whole lines within the first `head` bytes; PilotageError naming the first misfit in them."""
    data = _read_bytes(path, head)
    whole = head is None or len(data) < head
    if encoding is None:
        data = data.removeprefix(codecs.BOM_UTF8)
    _check_mark(path, data, encoding)
    try:
        text = _decode(data, encoding or "utf-8", whole)
    except UnicodeError as fault:
        raise _misfit(path, data, encoding, whole, fault) from fault
    if encoding is not None:
        data = text.removeprefix("\ufeff").encode("utf-8", "replace")
    data = data.replace(b"\0", REPLACEMENT.encode())
    data = data if b"\n" in data else data.replace(b"\r", b"\n")
    return Text(data if whole else data[: data.rfind(b"\n") + 1], whole)


def _read_bytes(path: Path, head: int | None) -> bytes:
    """The file's bytes or the first of them, unpacked where its name ends in .gz; PilotageError where it is damaged."""
    packed = path.name.lower().endswith(".gz")
    try:
        with gzip.open(path) if packed else path.open("rb") as stream:
            return stream.read(-1 if head is None else head)
    except (gzip.BadGzipFile, zlib.error, EOFError) as fault:
        raise PilotageError(f"is not a whole gzip file: {fault}", path.name, "export it again") from fault


def _decode(data: bytes, encoding: str, whole: bool) -> str:
    """The bytes as text; where more of them follow, a sign torn at the end is left to those."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as fault:
        if whole or fault.start < len(data) - _LONGEST_SIGN:
            raise
        return data[: fault.start].decode(encoding)


def _check_mark(path: Path, data: bytes, encoding: str | None) -> None:
    for mark, name in _MARKS.items():
        if encoding is None and data.startswith(mark):
            raise PilotageError("is not UTF-8 text", path.name, f"declare `encoding: {name}`")


def _misfit(path: Path, data: bytes, encoding: str | None, whole: bool, fault: UnicodeError) -> PilotageError:
    if not isinstance(fault, UnicodeDecodeError):
        return PilotageError(f"is not {encoding} text: {fault}", path.name, "declare another encoding")
    line = data[: fault.start].count(b"\n") + 1
    what = f"is not {encoding or 'UTF-8'} text: byte {fault.start + 1} (line {line}) is 0x{data[fault.start]:02x}"
    return PilotageError(what, path.name, f"declare `encoding: {_likely(data, whole)}` if that is what it is")


def _likely(data: bytes, whole: bool) -> str:
    """The first usual encoding that reads the file; latin-1 reads anything."""
    for encoding in ("utf-8", "cp1252", "latin-1"):
        try:
            _decode(data, encoding, whole)
        except UnicodeDecodeError:
            continue
        return encoding
    return "latin-1"
