"""Files of OTLP exports, one export at a time: JSON lines, one JSON document, or an array; packed or not."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

_GZIP = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_TOLD = 50  # faults told one by one


@dataclass
class Trouble:
    """What went wrong while files were read: faults stop the import, remarks are only told."""

    faults: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    untold: int = 0

    def fault(self, path: Path, line: int, what: str) -> None:
        """Note a fault; beyond the first ones of all they are only counted."""
        if len(self.faults) < _TOLD:
            self.faults.append(f"{path}, line {line:,}: {what}")
        else:
            self.untold += 1

    @property
    def told(self) -> list[str]:
        """The faults, and the number of those not listed."""
        return [*self.faults, *([f"and {self.untold:,} more"] if self.untold else [])]


def exports(path: Path, trouble: Trouble) -> Iterator[tuple[int, Any]]:
    """Each export of the file with the line it stands on; broken lines are noted and passed over.

    A last line without its end that cannot be read was being written when the export stopped: a remark. JSON lines are
    read one by one; a document spread over lines is held in memory whole. OSError where the file cannot be opened.
    """
    if path.stat().st_size == 0:
        trouble.fault(path, 1, "the file is empty")
        return
    with _open(path) as stream:
        if _is_document(stream):
            yield from _document(stream, path, trouble)
        else:
            yield from _lines(stream, path, trouble)


def _open(path: Path) -> BinaryIO:
    with path.open("rb") as stream:
        packed = stream.read(2) == _GZIP
    return cast(BinaryIO, gzip.open(path, "rb") if packed else path.open("rb"))


def _is_document(stream: BinaryIO) -> bool:
    """Whether the first line only begins a value, as in indented JSON; the stream is at its start again."""
    try:
        first = next((line for line in stream if line.strip()), b"").removeprefix(_BOM).rstrip()
        more = stream.read(1)
        stream.seek(0)
    except (EOFError, OSError, zlib.error):
        stream.seek(0)
        return False
    try:
        json.loads(first)
    except json.JSONDecodeError as fault:
        return bool(more) and fault.pos >= len(first.decode("utf-8", "replace"))
    except (UnicodeDecodeError, RecursionError):
        return False
    return False


def _document(stream: BinaryIO, path: Path, trouble: Trouble) -> Iterator[tuple[int, Any]]:
    try:
        value = json.loads(stream.read().removeprefix(_BOM))
    except json.JSONDecodeError as fault:
        trouble.fault(path, fault.lineno, f"is not JSON: {fault.msg}")
    except (EOFError, OSError, zlib.error, UnicodeDecodeError, RecursionError) as fault:
        trouble.fault(path, 1, f"cannot be read: {fault}")
    else:
        yield from ((1, item) for item in (value if isinstance(value, list) else [value]))


def _lines(stream: BinaryIO, path: Path, trouble: Trouble) -> Iterator[tuple[int, Any]]:
    number = 0
    try:
        for line in stream:
            number += 1
            text = line.removeprefix(_BOM) if number == 1 else line
            if not text.strip():
                continue
            value, why = _parsed(text)
            if why and not line.endswith(b"\n") and number > 1:
                trouble.remarks.append(f"{path}, line {number:,}: the last line is torn and was left out")
            elif why:
                trouble.fault(path, number, why)
            else:
                yield from ((number, item) for item in (value if isinstance(value, list) else [value]))
    except EOFError:
        trouble.remarks.append(
            f"{path}: the packed file ends in the middle, after line {number:,}; the rest is missing"
        )
    except (OSError, zlib.error) as fault:
        trouble.fault(path, number + 1, f"cannot be unpacked: {fault}")


def _parsed(text: bytes) -> tuple[Any, str]:
    """The value, or why there is none. Pydantic's reader is twice as fast, Python's takes lone surrogates too."""
    from pydantic_core import from_json

    with suppress(ValueError):
        return from_json(text), ""
    try:
        return json.loads(text), ""
    except json.JSONDecodeError as fault:
        return None, f"is not JSON: {fault.msg} (column {fault.colno:,})"
    except UnicodeDecodeError:
        return None, "is not UTF-8 text"
    except RecursionError:
        return None, "is nested too deep"
