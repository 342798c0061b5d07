"""A filled-in table of reviews taken back: every fault at once with its row, and nothing kept while there is one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pilotage.errors import InputFaults
from pilotage.forms import near
from pilotage.oversight.queue.items import Decided, Decision, Listed, key_of, person
from pilotage.oversight.queue.store import Queue
from pilotage.playbook.oversight import ReviewQueue
from pilotage.records.hand_back import Row, by_spelling, faults_of_ids, of_dataset, read_back, single, title_of
from pilotage.records.hand_out import cell_text
from pilotage.words import plain

WORDS: dict[str, Decision] = {
    **dict.fromkeys(("approve", "approved", "a", "ok", "genehmigt", "approuvé", "approvato", "aprobado"), "approve"),
    **dict.fromkeys(("reject", "rejected", "r", "abgelehnt", "rejeté", "respinto", "rechazado"), "reject"),
    **dict.fromkeys(("correct", "corrected", "c", "korrigiert", "corrigé", "corretto", "corregido"), "correct"),
}
NEEDED = ("id", "decision", "reason", "correction", "dataset", "reviewer")
ADVICE = "nothing was written; mend these rows and import the file again"


@dataclass(frozen=True)
class Imported:
    """What came of a file: decisions added, those known already, and rows left blank.

    Blank ones stay reserved, and while another row of their sheet is decided, a uniform one counts as missing.
    """

    reviewer: str
    added: int
    known: int
    left_open: int


@dataclass(frozen=True)
class _Known:
    """What a row is held against: the ids as a table spells them, what was decided, and the playbook's codes."""

    reviewer: str
    ids: Mapping[str, str]
    decided: Mapping[str, Decided]
    codes: Mapping[str, str]


def take_back(queue: Queue, policy: ReviewQueue, path: Path, at: datetime) -> Imported:
    """Keep the decisions of a filled-in table; a blank row stays reserved for its reviewer, a known one adds nothing.

    The columns input and answer are not read: what is decided is the run in the dataset. Nobody measured the seconds.
    InputFaults with every fault and its row; nothing is written then.
    """
    rows, faults = read_back(path, "reviews", NEEDED)
    of_dataset(path, rows, queue.dataset, faults)
    name = single(rows, "reviewer", faults)
    if not name:
        raise InputFaults(title_of(path), faults, ADVICE)
    known = _known(queue, policy, name)
    faults += _faults(rows, known)
    if faults:
        raise InputFaults(title_of(path), faults, ADVICE)
    listed = [_listed(row, known) for row in rows if row.cells["decision"]]
    new = [one for one in listed if one.item_id not in known.decided]
    queue.decide_listed(known.reviewer, new, at)
    return Imported(known.reviewer, len(new), len(listed) - len(new), len(rows) - len(listed))


def _known(queue: Queue, policy: ReviewQueue, name: str) -> _Known:
    who = person(name)
    decided = {one.item_id: one for one in queue.decisions() if key_of(one.reviewer) == key_of(who)}
    held = [claim.item_id for claim in queue.handed_out(who)]
    codes = {_code(cell_text(code)): code for code in policy.reasons}
    return _Known(who, by_spelling([*held, *decided]), decided, codes)


def _faults(rows: Sequence[Row], known: _Known) -> Iterator[str]:
    yield from faults_of_ids(rows, known.ids, f"item handed out to {plain(known.reviewer)}")
    for row in rows:
        faults = list(_faults_of_row(row, known))
        yield from (f"{row.named}: {fault}" for fault in faults)
        if not faults and row.cells["decision"] and (before := known.decided.get(known.ids.get(row.cells["id"], ""))):
            now = _listed(row, known)
            if (before.decision, before.reason, before.correction) != (now.decision, now.reason, now.correction):
                yield f"{row.named}: says {_said(now)}, but {_before(before)}; a decision is for good"


def _faults_of_row(row: Row, known: _Known) -> Iterator[str]:
    decision, reason, correction = (row.cells[name] for name in ("decision", "reason", "correction"))
    found = WORDS.get(decision.lower())
    if decision and found is None:
        yield f"the decision {plain(decision)!r} is none of approve, reject and correct"
    if reason and _code(reason) not in known.codes:
        yield f"{plain(reason)!r} is no reason code of oversight.yaml{near(reason, known.codes.values())}"
    if found in ("reject", "correct") and not reason:
        yield f"to {found} needs a reason"
    if found == "correct" and not correction:
        yield "to correct needs the right text in the column correction; the column answer is not read"
    if correction and found in ("approve", "reject"):
        yield f"has a correction, though it says {found}"
    if reason and found == "approve":
        yield "has a reason, though it says approve"
    if not decision and (reason or correction):
        yield "has a reason or a correction, but no decision"


def _code(text: str) -> str:
    return " ".join(text.split()).casefold()


def _listed(row: Row, known: _Known) -> Listed:
    reason = known.codes.get(_code(row.cells["reason"]), "")
    return Listed(known.ids[row.cells["id"]], WORDS[row.cells["decision"].lower()], reason, row.cells["correction"])


def _said(one: Listed | Decided) -> str:
    return one.decision + (f" ({one.reason})" if one.reason else "")


def _before(one: Decided) -> str:
    same = "with another correction " if one.correction else ""
    return f"{plain(one.reviewer)} decided {_said(one)} {same}on {one.decided_at:%Y-%m-%d %H:%M} UTC"
