"""A file of texts through the guard: one JSON line for each text, in batches, so that memory stays flat."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pilotage.guardrails.findings import Checked, Side
from pilotage.guardrails.guard import CHARACTERS, TEXTS, Guard
from pilotage.guardrails.text_file import BadLine, Row, read_rows

Say = Callable[[str], None]


@dataclass
class Scanned:
    """How many texts were decided how, and how many lines held none."""

    decisions: Counter[str] = field(default_factory=Counter)
    bad_lines: int = 0

    @property
    def texts(self) -> int:
        """All that were decided."""
        return sum(self.decisions.values())


def scan(
    guard: Guard, path: Path, side: Side | None, write: Say, tell_fault: Say, progress: Callable[[int], None]
) -> Scanned:
    """Decide on every text of the file, those without a side of their own as `side`.

    `write` gets the JSON lines of a batch, `tell_fault` each line that cannot be used, `progress` how many texts are
    done. Good lines are decided whatever the bad ones are. PilotageError where the file as a whole cannot be read.
    """
    scanned = Scanned()
    for batch in _batches(path, scanned, tell_fault):
        decided = guard.check_many([row.text for row in batch], [row.side or side for row in batch])
        write("\n".join(json_line(row.id, one) for row, one in zip(batch, decided, strict=True)))
        scanned.decisions.update(one.decision for one in decided)
        progress(scanned.texts)
    return scanned


def json_line(name: str | int, decided: Checked) -> str:
    """The decision as one line of ASCII; it holds nothing of the text but the places of what was found."""
    findings = [finding.as_dict() for finding in decided.findings]
    line = {"id": name, "decision": decided.decision, "score": decided.score, "findings": findings}
    return json.dumps(line, allow_nan=False)


def _batches(path: Path, scanned: Scanned, tell_fault: Say) -> Iterator[list[Row]]:
    batch: list[Row] = []
    held = 0
    for row in read_rows(path):
        if isinstance(row, BadLine):
            scanned.bad_lines += 1
            tell_fault(f"{path.name}: line {row.line}: {row.why}")
            continue
        batch.append(row)
        held += len(row.text) if isinstance(row.text, str) else 0
        if len(batch) >= TEXTS or held >= CHARACTERS:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch
