"""The label store: `data/<name>/labels.jsonl`, one line a judgement, only ever added to, each line on disk at once."""

from __future__ import annotations

import fcntl
import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal, get_args

from pilotage.errors import InputFaults, PilotageError
from pilotage.hashes import canonical_json
from pilotage.records.sources import OWN_LABELS, matched
from pilotage.workspace import Workspace

Source = Literal["human", "judge", "rule"]
Stream = Literal["uniform", "guided"]
TEXTS = ("interaction_id", "metric", "labeller")
LONGEST = 1 << 20  # bytes; no line is longer
OPTIONAL = ("seconds", "remark", "withdrawn")


@dataclass(frozen=True)
class Label:
    """One judgement of one run: value 1 yes, 0 no, or a score; None where the labeller was unsure or took it back.

    `inclusion_probability` is the chance with which the run was chosen for its stream, more than 0 to 1; `labelled_at`
    needs a zone; `seconds` is the time spent deciding, None where nobody measured it.
    """

    interaction_id: str
    metric: str
    value: float | None
    source: Source
    labeller: str
    stream: Stream
    inclusion_probability: float
    labelled_at: datetime
    seconds: float | None = None
    remark: str = ""
    withdrawn: bool = False

    @property
    def who_on_what(self) -> tuple[str, str, str, str]:
        """Source, labeller, run and metric: of two labels equal in these the later one stands."""
        return self.source, self.labeller, self.interaction_id, self.metric


def append(workspace: Workspace, dataset: str, labels: Iterable[Label]) -> None:
    """Add the labels to the end of the store, made if absent; on return they are on disk. None given writes nothing.

    One writer at a time. InputFaults naming every label that cannot be one, and then nothing is written; PilotageError
    where dataset.yaml maps a file of the store's name, which is then the user's own.
    """
    text = _text(labels)
    path = path_of(workspace, dataset)
    if text:
        with _locked(path) as store:
            _add(store, text)


@contextmanager
def alone(workspace: Workspace, dataset: str) -> Iterator[Callable[[Iterable[Label]], None]]:
    """The store, made if absent, while nobody else adds to it: what is read now still holds when labels are added.

    Gives what adds them, which is as `append` in all else.
    """
    with _locked(path_of(workspace, dataset)) as store:
        yield lambda labels: _add(store, _text(labels))


def read(workspace: Workspace, dataset: str) -> tuple[Label, ...]:
    """Every label in the order written, replaced ones included; none where nobody labelled.

    A torn last line is no label. InputFaults naming every line that is none either.
    """
    labels, faults = read_with_faults(workspace, dataset)
    if faults:
        advice = "mend or remove these lines; the intake sets them aside"
        raise InputFaults(f"data/{dataset}/{OWN_LABELS} cannot be read whole", faults, advice)
    return labels


def read_with_faults(workspace: Workspace, dataset: str) -> tuple[tuple[Label, ...], list[str]]:
    """The labels that can be read, and `line N: …` for every line that cannot."""
    from pilotage.records.own_labels import lines

    labels, faults = [], []
    for line in lines(path_of(workspace, dataset)):
        try:
            labels.append(_label(line.row) if line.row is not None else _refuse(line.fault))
        except (KeyError, TypeError, ValueError) as fault:
            faults.append(f"line {line.number}: {f'lacks {fault}' if isinstance(fault, KeyError) else fault}")
    return tuple(labels), faults


def read_on(workspace: Workspace, dataset: str, path: Path, done: int) -> tuple[tuple[Label, ...], int]:
    """The labels of the lines ended since the first `done` bytes, and how many bytes are done with them.

    All of them again where the store has become shorter. InputFaults as `read` says.
    """
    from pilotage.records.own_labels import parse

    if not path.is_file():
        return (), 0
    with path.open("rb") as store:
        begin = done if store.seek(0, os.SEEK_END) >= done else 0
        store.seek(begin)
        data = store.read()
    end = data.rfind(b"\n") + 1
    rows = [parse(piece)[0] for piece in data[:end].split(b"\n") if piece.strip()]
    try:
        return tuple(_label(row or {}) for row in rows), begin + end
    except (KeyError, TypeError, ValueError):
        read(workspace, dataset)  # says which lines
        raise


def standing(labels: Sequence[Label]) -> tuple[Label, ...]:
    """The labels that no later one replaces, in the order in which each labeller came to the run first."""
    return tuple({label.who_on_what: label for label in labels}.values())


def path_of(workspace: Workspace, dataset: str) -> Path:
    """Where the store lies; PilotageError where there is no such dataset or the file is one that dataset.yaml maps."""
    from pilotage.records.dataset import load_dataset

    folder = workspace.dataset(dataset)
    mapped = load_dataset(workspace, dataset).tables.values()
    if any(folder / OWN_LABELS in matched(folder, source.file) for source in mapped):
        what = f"{OWN_LABELS} is a file that dataset.yaml maps, so pilotage cannot keep its own labels there"
        raise PilotageError(what, f"data/{dataset}", "give your file another name, in the folder and in dataset.yaml")
    return folder / OWN_LABELS


def _text(labels: Iterable[Label]) -> bytes:
    given = list(labels)
    if faults := [f"label {at}: {fault}" for at, label in enumerate(given, 1) for fault in _faults(label)]:
        raise InputFaults("these labels cannot be stored", faults)
    return "".join(canonical_json(_line(label)) + "\n" for label in given).encode()


def _faults(label: Label) -> Iterator[str]:
    yield from (f"{name} is empty" for name in TEXTS if not getattr(label, name).strip())
    numbers = (label.value, label.inclusion_probability, label.seconds)
    if any(number is not None and not math.isfinite(number) for number in numbers):
        yield "a number in it is not finite"
    if not 0 < label.inclusion_probability <= 1:
        yield f"the inclusion probability lies above 0 and is at most 1 (got {label.inclusion_probability:g})"
    for name, known in (("source", Source), ("stream", Stream)):
        if getattr(label, name) not in get_args(known):
            yield f"{name} is one of {', '.join(get_args(known))} (got {getattr(label, name)!r})"
    if label.labelled_at.utcoffset() is None:
        yield "its time needs a zone"
    if label.withdrawn and label.value is not None:
        yield "a label that was taken back has no value"


def _line(label: Label) -> dict[str, Any]:
    """The label as its line holds it, without what was not said."""
    row = asdict(label) | {"labelled_at": label.labelled_at.astimezone(UTC).isoformat()}
    texts = {name: text.encode("utf-8", "replace").decode() for name, text in row.items() if isinstance(text, str)}
    row |= texts
    return {name: value for name, value in row.items() if name not in OPTIONAL or value not in (None, "", False)}


def _label(row: dict[str, Any]) -> Label:
    texts = {name: str(row[name]) for name in TEXTS}
    at = datetime.fromisoformat(str(row["labelled_at"]))
    label = Label(
        **texts,
        value=None if row["value"] is None else float(row["value"]),
        source=row["source"],
        stream=row["stream"],
        inclusion_probability=float(row["inclusion_probability"]),
        labelled_at=at if at.tzinfo else at.replace(tzinfo=UTC),
        seconds=None if row.get("seconds") is None else float(row["seconds"]),
        remark=str(row.get("remark", "")),
        withdrawn=row.get("withdrawn") is True,
    )
    faults = list(_faults(label))
    return _refuse("; ".join(faults)) if faults else label


def restamped(label: Label, stream: Stream, chance: float) -> Label:
    """The same judgement of a run that counts in another stream, or was chosen with another chance, by now."""
    return replace(label, stream=stream, inclusion_probability=chance)


def _refuse(fault: str) -> Label:
    raise ValueError(fault)


@contextmanager
def _locked(path: Path) -> Iterator[BinaryIO]:
    try:
        stream = path.open("a+b")
    except OSError as fault:
        raise PilotageError(f"labels cannot be written: {fault.strerror}", str(path)) from fault
    with stream as store:
        fcntl.flock(store, fcntl.LOCK_EX)
        yield store


def _add(store: BinaryIO, text: bytes) -> None:
    if not text:
        return
    _heal_end(store)
    store.write(text)
    store.flush()
    os.fsync(store.fileno())


def _heal_end(store: BinaryIO) -> None:
    """End the last line. One that an interruption left torn was never acknowledged to anybody: it goes."""
    from pilotage.records.own_labels import parse

    size = store.seek(0, os.SEEK_END)
    store.seek(max(0, size - LONGEST))
    end = store.read()
    tail = end[end.rfind(b"\n") + 1 :]
    if not tail.strip():
        return
    if parse(tail)[0] is None:
        store.truncate(size - len(tail))
    else:
        store.write(b"\n")
