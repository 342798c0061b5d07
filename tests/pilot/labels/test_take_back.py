"""A table that went out and comes back, with all that people do to it by hand."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from pilotage.errors import InputFaults, PilotageError
from pilotage.kpis import Tables
from pilotage.pilot.labels.plan_file import draw_more
from pilotage.pilot.labels.questions import question_of
from pilotage.pilot.labels.sheet import LAYOUT, rows_of
from pilotage.pilot.labels.sitting import open_sitting
from pilotage.pilot.labels.store import Label, append, read, standing
from pilotage.pilot.labels.take_back import take_back
from pilotage.records.hand_out import LONGEST, cell_text, write_sheet
from pilotage.workspace import Workspace

Build = Callable[..., Tables]
AT = datetime(2026, 10, 1, 9, tzinfo=UTC)
M = "hallucination"
RUNS = {
    "i1": ("a question\r\nof two lines", "=HYPERLINK(1)"),
    "=i2": ("@SUM(A1)", "+1; \"quoted\", and 'so'"),
    "-3": ("<b>é ü 漢</b>", "\x07bell \x00"),
    "007": ("", "x" * 40_000),
    "i5": ("#N/A", "1.50"),
}


@dataclass
class Case:
    """A workspace with five odd runs, all drawn, and a folder for files."""

    workspace: Workspace
    tables: Tables
    folder: Path

    def export(self, name: str = "out.xlsx", labeller: str = "Ada") -> Path:
        path = self.folder / name
        path.unlink(missing_ok=True)
        sitting = open_sitting(self.workspace, "desk", self.tables, M, question_of(M), labeller)
        write_sheet(path, rows_of(sitting), LAYOUT)
        return path

    def back(self, path: Path, **more: bool) -> object:
        return take_back(self.workspace, "desk", path, AT + timedelta(days=1), **more)

    def values(self) -> dict[str, float | None]:
        return {label.interaction_id: label.value for label in standing(read(self.workspace, "desk"))}


@pytest.fixture
def case(desk: Callable[..., Workspace], tables: Build, tmp_path: Path) -> Case:
    workspace = desk()
    rows = [
        {"interaction_id": name, "phase": "pilot", "input_text": given, "output_text": answer}
        for name, (given, answer) in RUNS.items()
    ]
    built = tables(interactions=rows, labels=[])
    draw_more(workspace, "desk", M, built, AT, uniform=5)
    return Case(workspace, built, tmp_path)


def fill(path: Path, values: dict[str, object], remark: str = "") -> Path:
    """Fill the column value in, by id, as a person would."""
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        sheet = book.active
        head = {cell.value: cell.column for cell in sheet[1]}
        for row in range(2, sheet.max_row + 1):
            name = sheet.cell(row, head["id"]).value
            sheet.cell(row, head["value"]).value = values.get(name.removeprefix("'"))
            sheet.cell(row, head["remark"]).value = remark or None
        book.save(path)
        return path
    rows = read_csv(path)
    for row in rows:
        row["value"] = str(values.get(row["id"].removeprefix("'"), "") or "")
        row["remark"] = remark
    return write_csv(path, rows)


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def write_csv(path: Path, rows: list[dict[str, str]], delimiter: str = ",", encoding: str = "utf-8-sig") -> Path:
    with path.open("w", encoding=encoding, newline="", errors="replace") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


ANSWERS: dict[str, object] = {"i1": "yes", "=i2": "no", "-3": "unsure", "007": "Ja", "i5": None}
KEPT = {"i1": 1.0, "=i2": 0.0, "-3": None, "007": 1.0}


@pytest.mark.parametrize("name", ["out.xlsx", "out.csv"])
def test_what_was_filled_in_comes_back_once_and_blank_rows_stay_open(case: Case, name: str) -> None:
    path = fill(case.export(name), ANSWERS, remark="seen")
    done = case.back(path)
    assert (done.added, done.known, done.left_open, done.open_with_remark) == (4, 0, 1, 1)  # type: ignore[attr-defined]
    assert case.values() == KEPT
    labels = read(case.workspace, "desk")
    assert {(x.labeller, x.metric, x.stream, x.inclusion_probability, x.remark) for x in labels} == {
        ("Ada", M, "uniform", 1.0, "seen")
    }
    again = case.back(path)
    assert (again.added, again.known) == (0, 4)  # type: ignore[attr-defined]
    assert len(read(case.workspace, "desk")) == 4
    assert [row[0] for row in rows_of(open_sitting(case.workspace, "desk", case.tables, M, question_of(M), "Ada"))] == [
        "i5"
    ]


def test_no_cell_is_a_formula_and_only_what_is_asked_can_be_changed(case: Case) -> None:
    sheet = openpyxl.load_workbook(case.export()).active
    assert sheet.freeze_panes == "B2"
    assert sheet.protection.sheet
    assert [cell.value for cell in sheet[1]] == list(LAYOUT.columns)
    for row in sheet.iter_rows():
        for cell in row:
            assert cell.data_type != "f"
            assert not str(cell.value or "").startswith(("=", "+", "-", "@"))
            name = LAYOUT.columns[cell.column - 1]
            assert cell.protection.locked == (cell.row == 1 or name not in ("value", "remark"))
            assert cell.alignment.wrap_text
    (choices,) = sheet.data_validations.dataValidation
    assert (choices.formula1, str(choices.sqref)) == ('"yes,no,unsure"', "D2:D6")
    texts = {sheet.cell(row, 1).value: sheet.cell(row, 3).value for row in range(2, 7)}
    assert texts["'=i2"] == "'+1; \"quoted\", and 'so'"
    assert texts["i5"] == "1.50"
    assert texts["'-3"] == "¤bell ¤"
    assert texts["007"].startswith("x" * LONGEST)
    assert texts["007"].endswith("(cut: 40,000 characters)")


def test_a_csv_is_safe_to_open_and_known_to_excel_as_utf8(case: Case) -> None:
    path = case.export("out.csv")
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = read_csv(path)
    assert {row["id"] for row in rows} == {"i1", "'=i2", "'-3", "007", "i5"}
    assert next(row for row in rows if row["id"] == "i1")["input"] == "a question\nof two lines"
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row.values())


BY_HAND: dict[str, Callable[[list[dict[str, str]]], list[dict[str, str]]]] = {
    "another order": lambda rows: rows[::-1],
    "a row taken out": lambda rows: [row for row in rows if row["id"] != "i5"],
    "columns moved": lambda rows: [dict(reversed(list(row.items()))) for row in rows],
    "columns added": lambda rows: [{**row, "my notes": "!", "": ""} for row in rows],
    "columns taken out": lambda rows: [
        {k: v for k, v in row.items() if k not in ("input", "answer", "remark", "question")} for row in rows
    ],
    "names in capitals": lambda rows: [{f" {k.upper()} ": v for k, v in row.items()} for row in rows],
    "blanks around": lambda rows: [{k: f" {v} " for k, v in row.items()} for row in rows],
    "blank rows below": lambda rows: [*rows, dict.fromkeys(rows[0], "")],
}


@pytest.mark.parametrize("change", BY_HAND)
@pytest.mark.parametrize(("delimiter", "encoding"), [(",", "utf-8-sig"), (";", "cp1252"), ("\t", "utf-8")])
def test_what_people_do_to_a_table_does_it_no_harm(case: Case, change: str, delimiter: str, encoding: str) -> None:
    path = fill(case.export("out.csv"), ANSWERS)
    write_csv(path, BY_HAND[change](read_csv(path)), delimiter, encoding)
    case.back(path)
    assert case.values() == KEPT


@pytest.mark.parametrize(
    ("written", "value"),
    [(word, 1.0) for word in ("yes", "Y", "ja", "OUI", "sí", "sì", "x", "1", "TRUE", "Wahr")]
    + [(word, 0.0) for word in ("no", "N", "nein", "non", "0", "false", "FALSCH")]
    + [(word, None) for word in ("unsure", "U", "?", "unsicher")],
)
def test_yes_and_no_are_understood_as_people_write_them(case: Case, written: str, value: float | None) -> None:
    case.back(fill(case.export("out.csv"), {"i1": written}))
    assert case.values() == {"i1": value}


@pytest.mark.parametrize(("typed", "value"), [(True, 1.0), (False, 0.0), (1, 1.0), (0, 0.0), (1.0, 1.0)])
def test_a_workbooks_own_true_and_numbers_are_understood(case: Case, typed: object, value: float) -> None:
    case.back(fill(case.export(), {"i1": typed}))
    assert case.values() == {"i1": value}


def faults_of(case: Case, path: Path, **more: bool) -> list[str]:
    with pytest.raises(InputFaults) as caught:
        case.back(path, **more)
    assert not case.values() or more, "something was written in spite of faults"
    return caught.value.faults


def test_all_faults_are_told_at_once_with_their_rows_and_nothing_is_written(case: Case) -> None:
    path = fill(case.export("out.csv"), {"i1": "yes", "i5": "no"})
    rows = sorted(read_csv(path), key=lambda row: row["id"])
    by_id = {row["id"]: row for row in rows}
    by_id["i1"]["value"] = "perhaps"
    by_id["007"]["id"] = "7"  # as Excel saves it
    by_id["'-3"]["dataset"] = "other"
    by_id["i5"]["labeller"] = "Grace"
    rows = [{**row, "input": "", "answer": ""} for row in rows] + [{**by_id["'=i2"], "value": "no", "input": ""}]
    found = faults_of(case, write_csv(path, rows))
    line = {row["id"]: n for n, row in enumerate(rows[:5], 2)}
    assert sorted(found) == sorted(
        [
            f"line {line['i5']}: labeller is 'Grace', elsewhere in the file 'Ada'",
            f"line {line[chr(39) + '-3']}: dataset is 'other', elsewhere in the file 'desk'",
            f"line {line['7']} (7): is no run that was drawn; known: '-3, '=i2, 007, i1, i5",
            f"line {line['i1']} (i1): the value 'perhaps' is none of yes, no and unsure",
            f"line 7 ('=i2): stands already in line {line[chr(39) + '=i2']}",
        ]
    )


def test_another_datasets_file_is_one_fault_that_names_it(case: Case) -> None:
    path = fill(case.export("out.csv"), ANSWERS)
    write_csv(path, [{**row, "dataset": "other"} for row in read_csv(path)])
    assert faults_of(case, path) == ["it is of the dataset 'other', not of 'desk'"]


@pytest.mark.parametrize("name", ["dataset", "metric", "labeller"])
def test_an_emptied_column_is_named(case: Case, name: str) -> None:
    path = fill(case.export("out.csv"), ANSWERS)
    write_csv(path, [{**row, name: ""} for row in read_csv(path)])
    assert f"the column '{name}' is empty" in faults_of(case, path)


def test_a_row_torn_apart_is_a_fault(case: Case) -> None:
    path = fill(case.export("out.csv"), ANSWERS)
    path.write_text(path.read_text(encoding="utf-8") + "i1,too,few\n", encoding="utf-8")
    assert any("line" in fault for fault in faults_of(case, path))


def test_a_missing_column_is_named_with_the_one_that_may_be_meant(case: Case) -> None:
    path = fill(case.export("out.csv"), ANSWERS)
    write_csv(path, [{("values" if k == "value" else k): v for k, v in row.items()} for row in read_csv(path)])
    assert faults_of(case, path) == ["there is no column 'value'; did you mean 'values'?"]


def test_a_decision_that_changed_since_is_a_fault_unless_the_file_is_right(case: Case) -> None:
    path = fill(case.export(), ANSWERS)
    append(case.workspace, "desk", [Label("i1", M, 0.0, "human", "Ada", "uniform", 1.0, AT)])
    with pytest.raises(InputFaults) as caught:
        case.back(path)
    (fault,) = caught.value.faults
    assert "(i1): says yes, but Ada said no on 2026-10-01 09:00 UTC" in fault
    assert case.values() == {"i1": 0.0}
    case.back(path, correct=True)
    assert case.values() == KEPT
    assert len(read(case.workspace, "desk")) == 5, "the earlier answer was lost"


def test_another_persons_label_is_no_obstacle(case: Case) -> None:
    path = fill(case.export(), ANSWERS)
    append(case.workspace, "desk", [Label("i1", M, 0.0, "human", "Grace", "uniform", 1.0, AT)])
    case.back(path)
    assert {(x.labeller, x.value) for x in read(case.workspace, "desk") if x.interaction_id == "i1"} == {
        ("Ada", 1.0),
        ("Grace", 0.0),
    }


@pytest.mark.parametrize("name", ["out.txt", "absent.csv", "empty.csv", "broken.xlsx"])
def test_a_file_that_is_none_is_said_plainly(case: Case, name: str) -> None:
    if name != "absent.csv":
        (case.folder / name).write_bytes(b"" if "empty" in name else b"nonsense")
    with pytest.raises(PilotageError):
        case.back(case.folder / name)


def test_no_file_is_ever_written_over(case: Case) -> None:
    path = case.export()
    with pytest.raises(PilotageError, match="such a file already"):
        write_sheet(path, [], LAYOUT)
    with pytest.raises(PilotageError, match=r"\.xlsx or \.csv"):
        write_sheet(case.folder / "a.ods", [], LAYOUT)
    with pytest.raises(PilotageError, match="no such folder"):
        write_sheet(case.folder / "nowhere" / "a.csv", [], LAYOUT)


def test_ids_that_a_table_cannot_tell_apart_are_never_mixed_up(case: Case, tables: Build) -> None:
    rows = [{"interaction_id": f"i{mark}", "phase": "pilot", "output_text": "x"} for mark in "\x01\x02"]
    both = tables(interactions=rows, labels=[])
    draw_more(case.workspace, "desk", "task_success", both, AT, uniform=2)
    sitting = open_sitting(case.workspace, "desk", both, "task_success", question_of("task_success"), "Ada")
    path = case.folder / "odd.csv"
    write_sheet(path, rows_of(sitting), LAYOUT)
    assert cell_text("i\x01") == cell_text("i\x02")
    assert len(faults_of(case, fill(path, {"i¤": "yes"}))) >= 2
