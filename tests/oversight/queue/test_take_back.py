"""A table of reviews that went out and comes back, with all that people do to it by hand."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from pilotage.errors import InputFaults, PilotageError
from pilotage.kpis import Tables
from pilotage.oversight.queue.items import Decided, NewItem
from pilotage.oversight.queue.sheet import hand_out, hand_out_again
from pilotage.oversight.queue.store import Queue, open_queue
from pilotage.oversight.queue.take_back import Imported, take_back
from pilotage.playbook import read_policy
from pilotage.playbook.oversight import ReviewQueue
from pilotage.workspace import Workspace

AT = datetime(2026, 10, 1, 9, tzinfo=UTC)
Row = dict[str, str]
SAID: Mapping[str, tuple[str, str, str]] = {
    "q1": ("approve", "", ""),
    "q2": ("Reject", "wrong amount", ""),
    "q3": ("korrigiert", "Wrong  Order", "pay 3 EUR\nto nobody"),
    "q4": ("", "", ""),
}


@dataclass
class Desk:
    """A dataset with four runs in the queue."""

    workspace: Workspace
    tables: Tables
    policy: ReviewQueue
    folder: Path

    def queue(self) -> Queue:
        return open_queue(self.workspace, "desk", self.policy.lease_minutes)

    def sheet(self, name: str = "out.csv", reviewer: str = "Ada", number: int = 4) -> Path:
        with self.queue() as queue:
            hand_out(queue, self.tables, self.policy, self.folder / name, reviewer, number, AT)
        return self.folder / name

    def back(self, path: Path) -> Imported:
        with self.queue() as queue:
            return take_back(queue, self.policy, path, AT + timedelta(days=1))

    def decided(self) -> dict[str, Decided]:
        with self.queue() as queue:
            return {one.item_id: one for one in queue.decisions()}

    def reserved(self, reviewer: str = "Ada") -> int:
        with self.queue() as queue:
            return len(queue.handed_out(reviewer))


@pytest.fixture
def desk(tmp_path: Path, workspace_copy: Callable[..., Workspace], tables: Callable[..., Tables]) -> Desk:
    workspace = workspace_copy(tmp_path / "house")
    folder = workspace.dataset("desk")
    folder.mkdir()
    (folder / "dataset.yaml").write_text("name: desk\ntables:\n  interactions: {file: runs.csv}\n")
    rows = [
        {"interaction_id": f"i{n}", "phase": "pilot", "input_text": f"=asked {n}", "output_text": "ask eva@firma.it"}
        for n in range(1, 5)
    ]
    policy = read_policy(workspace, ("oversight",)).oversight.queue
    made = Desk(workspace, tables(interactions=rows), policy, tmp_path)
    with made.queue() as queue:
        queue.add(NewItem(f"q{n}", f"i{n}", "post invoice", "in the loop", "uniform", 0.5, AT) for n in range(1, 5))
    return made


def read_csv(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def write_csv(path: Path, rows: list[Row], delimiter: str = ",", encoding: str = "utf-8-sig") -> Path:
    with path.open("w", encoding=encoding, newline="", errors="replace") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


def fill(path: Path, said: Mapping[str, tuple[str, str, str]] = SAID) -> Path:
    """Fill in decision, reason and correction by id, as a person would."""
    names = ("decision", "reason", "correction")
    if path.suffix == ".csv":
        rows = [{**row, **dict(zip(names, said.get(row["id"], ("", "", "")), strict=True))} for row in read_csv(path)]
        return write_csv(path, rows)
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    head = {cell.value: cell.column for cell in sheet[1]}
    for row in range(2, sheet.max_row + 1):
        for name, value in zip(names, said.get(sheet.cell(row, head["id"]).value, ("", "", "")), strict=True):
            sheet.cell(row, head[name]).value = value or None
    book.save(path)
    return path


@pytest.mark.parametrize("name", ["out.xlsx", "out.csv"])
def test_what_was_filled_in_comes_back_once_and_blank_rows_stay_reserved(desk: Desk, name: str) -> None:
    path = fill(desk.sheet(name))
    assert desk.back(path) == Imported("Ada", 3, 0, 1)
    found = {name: (one.decision, one.reason, one.correction) for name, one in desk.decided().items()}
    assert found == {
        "q1": ("approve", "", ""),
        "q2": ("reject", "wrong amount", ""),
        "q3": ("correct", "wrong order", "pay 3 EUR\nto nobody"),
    }
    assert {(one.reviewer, one.seconds) for one in desk.decided().values()} == {("Ada", None)}
    assert desk.reserved() == 1
    assert desk.back(path) == Imported("Ada", 0, 3, 1)
    assert len(desk.decided()) == 3


def test_a_sheet_is_safe_to_open_without_personal_data_and_offers_the_playbooks_reasons(desk: Desk) -> None:
    book = openpyxl.load_workbook(desk.sheet("out.xlsx"))
    sheet, reasons = book.worksheets[0], book["reason"]
    head = {cell.value: cell.column for cell in sheet[1]}
    texts = [str(cell.value) for row in sheet.iter_rows(min_row=2) for cell in row if cell.value]
    assert not any(text.startswith("=") or "eva@" in text for text in texts)
    assert sheet.cell(2, head["input"]).value.startswith("'=asked")
    assert {row[0].value: row[1].value for row in reasons.iter_rows(min_row=2)} == dict(desk.policy.reasons)
    offered = {str(one.sqref): one.formula1 for one in sheet.data_validations.dataValidation}
    assert offered == {"E2:E5": "'decision'!$A$2:$A$4", "F2:F5": "'reason'!$A$2:$A$6"}
    assert not sheet.cell(2, head["correction"]).protection.locked
    assert sheet.cell(2, head["answer"]).protection.locked


BY_HAND: dict[str, Callable[[list[Row]], list[Row]]] = {
    "another order": lambda rows: rows[::-1],
    "a row taken out": lambda rows: [row for row in rows if row["id"] != "q4"],
    "columns moved": lambda rows: [dict(reversed(list(row.items()))) for row in rows],
    "columns added": lambda rows: [{**row, "my notes": "!"} for row in rows],
    "texts taken out": lambda rows: [{k: v for k, v in row.items() if k not in ("input", "answer")} for row in rows],
    "texts edited": lambda rows: [{**row, "answer": "what I would have said"} for row in rows],
    "names in capitals": lambda rows: [{f" {k.upper()} ": v for k, v in row.items()} for row in rows],
    "blank rows below": lambda rows: [*rows, dict.fromkeys(rows[0], "")],
}


@pytest.mark.parametrize("change", BY_HAND)
@pytest.mark.parametrize(("delimiter", "encoding"), [(",", "utf-8-sig"), (";", "cp1252")])
def test_what_people_do_to_a_table_does_it_no_harm(desk: Desk, change: str, delimiter: str, encoding: str) -> None:
    path = fill(desk.sheet())
    write_csv(path, BY_HAND[change](read_csv(path)), delimiter, encoding)
    desk.back(path)
    assert {name: one.decision for name, one in desk.decided().items()} == {
        "q1": "approve",
        "q2": "reject",
        "q3": "correct",
    }


FAULTS: dict[str, tuple[Row, str]] = {
    "an id that is none": ({"id": "q9"}, "(q9): is no item handed out to Ada"),
    "no id": ({"id": ""}, "has no id"),
    "a decision that is none": ({"decision": "perhaps"}, "'perhaps' is none of approve, reject and correct"),
    "a reason that is no code": (
        {"decision": "reject", "reason": "wrong amont"},
        "'wrong amont' is no reason code of oversight.yaml; did you mean 'wrong amount'?",
    ),
    "no reason": ({"decision": "reject"}, "to reject needs a reason"),
    "no text": ({"decision": "correct", "reason": "other"}, "needs the right text in the column correction"),
    "a reason to approve": ({"decision": "approve", "reason": "other"}, "has a reason, though it says approve"),
    "a text to reject": (
        {"decision": "reject", "reason": "other", "correction": "x"},
        "has a correction, though it says reject",
    ),
    "a reason alone": ({"reason": "other"}, "has a reason or a correction, but no decision"),
    "another dataset": ({"dataset": "other"}, "dataset is 'other', elsewhere in the file 'desk'"),
    "another reviewer": ({"reviewer": "Grace"}, "reviewer is 'Grace', elsewhere in the file 'Ada'"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_told_with_its_row_and_nothing_is_written(desk: Desk, fault: str) -> None:
    edit, told = FAULTS[fault]
    path = desk.sheet()
    rows = read_csv(path)
    write_csv(path, [{**rows[0], "decision": "approve"}, {**rows[1], **edit}])
    with pytest.raises(InputFaults) as caught:
        desk.back(path)
    assert any(found.startswith("line 3") and told in found for found in caught.value.faults), caught.value.faults
    assert desk.decided() == {}


def test_all_faults_are_told_at_once(desk: Desk) -> None:
    path = fill(desk.sheet())
    rows = read_csv(path)
    write_csv(path, [{**row, "decision": "perhaps", "reason": "none such"} for row in rows] + rows[:1])
    with pytest.raises(InputFaults) as caught:
        desk.back(path)
    assert len(caught.value.faults) == 2 * 4 + 1
    assert caught.value.faults[0].endswith("stands already in line 2")
    assert desk.decided() == {}


def test_another_datasets_file_is_one_fault_that_names_it(desk: Desk) -> None:
    path = fill(desk.sheet())
    write_csv(path, [{**row, "dataset": "other"} for row in read_csv(path)])
    with pytest.raises(InputFaults) as caught:
        desk.back(path)
    assert caught.value.faults == ["it is of the dataset 'other', not of 'desk'"]


def test_what_was_decided_otherwise_since_is_a_fault_for_good(desk: Desk) -> None:
    path = fill(desk.sheet())
    desk.back(path)
    with pytest.raises(InputFaults) as caught:
        desk.back(fill(path, {**SAID, "q1": ("reject", "other", "")}))
    (fault,) = caught.value.faults
    assert "(q1): says reject (other), but Ada decided approve on 2026-10-02 09:00 UTC; a decision is for" in fault


def test_nobody_takes_back_what_another_person_holds_or_what_was_withdrawn(desk: Desk) -> None:
    path = fill(desk.sheet())
    rows = read_csv(path)
    with pytest.raises(InputFaults, match="is no item handed out to Grace"):
        desk.back(write_csv(desk.folder / "hers.csv", [{**row, "reviewer": "Grace"} for row in rows]))
    with desk.queue() as queue:
        assert queue.withdraw("Ada", AT) == 4
    with pytest.raises(InputFaults, match="is no item handed out to Ada"):
        desk.back(path)
    assert desk.decided() == {}


def test_where_no_file_can_be_written_nothing_stays_reserved(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("out.ods", "nowhere/out.csv"):
        with pytest.raises(PilotageError):
            desk.sheet(name)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pilotage.oversight.queue.sheet.write_sheet", full)
    with pytest.raises(OSError, match="No space"):
        desk.sheet()
    assert desk.reserved() == 0


def test_a_sheet_that_was_lost_is_written_again_and_reserves_no_more(desk: Desk) -> None:
    first = desk.sheet(number=2)
    with desk.queue() as queue:
        assert hand_out_again(queue, desk.tables, desk.policy, desk.folder / "again.csv", "Ada") == 2
    assert read_csv(desk.folder / "again.csv") == read_csv(first)
    assert desk.reserved() == 2


@pytest.mark.parametrize("name", ["out.txt", "absent.csv", "empty.csv", "broken.xlsx"])
def test_a_file_that_is_none_is_said_plainly(desk: Desk, name: str) -> None:
    if name != "absent.csv":
        (desk.folder / name).write_bytes(b"" if "empty" in name else b"nonsense")
    with pytest.raises(PilotageError):
        desk.back(desk.folder / name)
