"""A file as `pilotage map` meets it: refused where it cannot be one of ours, else read and guessed."""

from __future__ import annotations

import codecs
import gzip
import re
from dataclasses import dataclass
from pathlib import Path

from pilotage.errors import InputFaults, PilotageError
from pilotage.records.dataset import TableSource
from pilotage.records.guess import ASSUMED, Guess, guess_table, times_of
from pilotage.records.guess_look import Look, look_at
from pilotage.records.readers import Raw, read
from pilotage.records.schemas import TABLES
from pilotage.records.sources import KINDS, kind_of
from pilotage.words import listed, plain

NAME = 60  # characters of a column's name that are shown
_LISTED = 15  # names that are worth listing
_HEAD = 1 << 16  # bytes judged
_NEAR = 512  # bytes in which no text has a NUL
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_MANY = 0.05  # share of control signs that no text has: random bytes have a tenth


@dataclass(frozen=True)
class Seen:
    """One file, how it has to be read, and the table it seems to be."""

    path: Path
    encoding: str | None
    raw: Raw
    guess: Guess

    @property
    def count(self) -> int:
        """Its rows, broken ones included."""
        return int(self.raw.cells.num_rows) + len(self.raw.broken)

    @property
    def needs_zone(self) -> bool:
        """Whether some time of it carries no zone."""
        return any(not look.zoned for look in times_of(self.guess))


def see(path: Path) -> Seen:
    """The file read and guessed; PilotageError where it is none that can be read, or no column of it is known."""
    if path.is_dir():
        raise PilotageError("is a folder", str(path), _files_in(path))
    if not path.is_file():
        raise PilotageError("does not exist", str(path))
    if kind_of(path.name) is None:
        raise PilotageError("is of no known kind", str(path), f"known: {', '.join(KINDS)}")
    _refuse_binary(path)
    encoding, raw = _read(path)
    looks = look_at(raw.cells)
    guess = guess_table(path, looks)
    if not guess.named:
        raise _unknown(path, looks)
    return Seen(path, encoding, raw, guess)


def _files_in(folder: Path) -> str:
    """What to do about a folder: the files of known kinds in it, by name."""
    names = sorted(path.name for path in folder.iterdir() if path.is_file() and kind_of(path.name))
    if not names:
        return f"name files; it holds none of a known kind ({', '.join(KINDS)})"
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"name its files: {', '.join(plain(str(folder / name)) for name in names[:_LISTED])}{more}"


def _refuse_binary(path: Path) -> None:
    """PilotageError for a file that is called text and holds something else; UTF-16 is told apart by its mark."""
    if kind_of(path.name) not in ("csv", "jsonl"):
        return
    head = _head(path)
    found = list(_CONTROL.finditer(head))
    near = b"\0" in head[:_NEAR]
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or not (near or len(found) > _MANY * len(head)):
        return
    at = head.index(b"\0") if near else found[0].start()
    what = f"is not text (byte 0x{head[at]:02x} at {at + 1})"
    raise PilotageError(what, str(path), "export it as CSV or JSON lines, or give it the ending of what it is")


def _head(path: Path) -> bytes:
    """Its first bytes, unpacked; empty where a packed file is damaged, which the reader tells."""
    packed = path.name.lower().endswith(".gz")
    try:
        with gzip.open(path) if packed else path.open("rb") as stream:
            return stream.read(_HEAD)
    except (gzip.BadGzipFile, EOFError):
        return b""


def _read(path: Path) -> tuple[str | None, Raw]:
    """The file as UTF-8, else in the first usual encoding that fits."""
    try:
        return None, read(path, TableSource(file=path.name))
    except PilotageError as fault:
        if " text" not in fault.what or kind_of(path.name) not in ("csv", "jsonl"):
            raise
        wanted = fault.next.split("encoding: ")[-1].split("`")[0]
        return wanted, read(path, TableSource(file=path.name, encoding=wanted))


def _unknown(path: Path, looks: list[Look]) -> PilotageError:
    """What is said of a file without a single known name: what it has, and what each table would need."""
    names = [plain(look.name, NAME) for look in looks]
    times = [plain(look.name, NAME) for look in looks if look.time_format is not None]
    has = [f"it has: {', '.join(names[:_LISTED])}{', …' if len(names) > _LISTED else ''}"]
    has += [f"looks like a time: {', '.join(map(repr, times[:_LISTED]))}"] if times else []
    needs = [
        f"{table.name} would need {listed([n for n in table.required if n not in ASSUMED.get(table.name, {})])}"
        for table in TABLES.values()
    ]
    advice = "name its columns so, or map them by hand in a dataset.yaml (data/README.md); else leave the file out"
    return InputFaults(f"{path}: none of its columns is known here", [*has, *needs], advice)
