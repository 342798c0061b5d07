"""The task file: every fault at once, with its line and what was meant."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pilotage.errors import InputFaults, PilotageError
from pilotage.pilot.scorers import read_tasks


def line(**given: Any) -> str:
    return json.dumps({"task_id": "t1", "input": "a question", "scorers": [{"exact": "42"}]} | given)


def faults(path: Path, *lines: str) -> list[str]:
    path.write_text("\n".join(lines))
    with pytest.raises(InputFaults) as caught:
        read_tasks(path)
    return caught.value.faults


def test_tasks_come_in_the_order_of_the_file_with_their_scorers(tmp_path: Path) -> None:
    path = tmp_path / "tasks.jsonl"
    more = line(task_id="t2", segment="emea", scorers=[{"numeric": {"value": 12.5, "tolerance": 0.01}}, {"regex": "a"}])
    path.write_text("\ufeff" + line() + "\n\n" + more + "\n" + line(task_id=3, scorers=[]))
    tasks = read_tasks(path)
    assert [task.task_id for task in tasks] == ["t1", "t2", "3"]
    assert [task.segment for task in tasks] == [None, "emea", None]
    assert [[scorer.name for scorer in task.scorers] for task in tasks] == [["exact"], ["numeric", "regex"], []]


ONE_FAULT = [
    ({"task_id": ""}, "task_id: is missing"),
    ({"task_id": True}, "task_id: should be text (got true)"),
    ({"input": None}, "input: is missing"),
    ({"input": "a\ud800"}, "input: holds half a character (a lone surrogate)"),
    ({"segment": 3}, "segment: should be text (got 3)"),
    ({"inputs": "x"}, "inputs: is not a known key; did you mean 'input'?"),
    ({"scorers": None}, "scorers: is missing; write [] where people will judge the answer"),
    ({"scorers": {"exact": "a"}}, 'scorers: should be a list such as [{"exact": "42"}]'),
    ({"scorers": [{"exakt": "a"}]}, "scorers[1]: 'exakt' is not a known scorer; did you mean 'exact'?"),
    ({"scorers": ["exact"]}, "scorers[1].exact: has no expected value"),
    ({"scorers": [{"exact": ""}]}, "scorers[1].exact: has no expected value"),
    ({"scorers": [{"exact": []}]}, "scorers[1].exact.value: should not be empty"),
    ({"scorers": [{"exact": {"ignore_case": True}}]}, "scorers[1].exact.value: is missing"),
    (
        {"scorers": [{"exact": 42}]},
        "scorers[1].exact.value: should be text in quotation marks, or a list of texts (got 42)",
    ),
    (
        {"scorers": [{"contains": {"al": "a", "all": "b"}}]},
        "scorers[1].contains.al: is not a known setting; did you mean 'all'?",
    ),
    ({"scorers": [{"contains": {}}]}, "scorers[1].contains: should name a text under all, any or none"),
    (
        {"scorers": [{"regex": "("}]},
        "scorers[1].regex.pattern: is no regular expression: missing ), unterminated subpattern at position 0",
    ),
    ({"scorers": [{"numeric": "12"}]}, "scorers[1].numeric.value: should be a finite number (got '12')"),
    (
        {"scorers": [{"numeric": {"value": 1, "tolerance": -1}}]},
        "scorers[1].numeric.tolerance: should be at least 0 (got -1)",
    ),
    (
        {"scorers": [{"numeric": {"value": 1, "take": "best"}}]},
        "scorers[1].numeric.take: should be one of last, first, any (got 'best')",
    ),
    ({"scorers": [{"json_fields": {}}]}, "scorers[1].json_fields: should name at least one field"),
    ({"scorers": [{"json_fields": {"a..b": 1}}]}, "scorers[1].json_fields: 'a..b' is no dotted path"),
    ({"scorers": [{"trajectory": [{"arguments": {}}]}]}, "scorers[1].trajectory.calls[1].tool: is missing"),
    (
        {"scorers": [{"trajectory": {"order": "in_order"}}]},
        "scorers[1].trajectory: should name calls, or forbidden tools; no call at all is order: exact without calls",
    ),
    (
        {"scorers": [{"policy": "nowhere"}]},
        "scorers[1].policy.function: names no function; write module:function, such as my_agent:answer (got 'nowhere')",
    ),
    (
        {"scorers": [{"policy": "json:dump_"}]},
        "scorers[1].policy.function: there is no 'dump_'; did you mean 'dump'? (got 'json:dump_')",
    ),
    (
        {"scorers": [{"policy": "json:__name__"}]},
        "scorers[1].policy.function: cannot be called; name a function (got 'json:__name__')",
    ),
]


@pytest.mark.parametrize(("given", "fault"), ONE_FAULT)
def test_a_fault_is_told_with_its_line_and_place(tmp_path: Path, given: dict[str, Any], fault: str) -> None:
    assert faults(tmp_path / "tasks.jsonl", line(task_id="t0"), line(**given)) == [f"line 2: {fault}"]


def test_every_fault_is_told_at_once_in_the_order_of_the_lines(tmp_path: Path) -> None:
    lines = [line(), "{broken", line(input=""), "[1]", line(task_id="t9", scorers=[{"exat": "a"}, {"regex": "["}])]
    found = faults(tmp_path / "tasks.jsonl", *lines)
    assert [fault.split(":")[0] for fault in found] == ["line 2", "line 3", "line 3", "line 4", "line 5", "line 5"]
    assert "line 3: task_id: 't1' stands already on line 1" in found


def test_a_key_given_twice_and_a_number_that_json_lacks_are_faults(tmp_path: Path) -> None:
    found = faults(tmp_path / "tasks.jsonl", '{"task_id": "a", "task_id": "b"}', '{"task_id": NaN}')
    assert found == ["line 1: the key 'task_id' stands there twice", "line 2: NaN is no number of JSON"]


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff"])
def test_an_empty_file_is_a_fault(tmp_path: Path, text: str) -> None:
    (tmp_path / "tasks.jsonl").write_text(text)
    with pytest.raises(PilotageError, match="holds no task"):
        read_tasks(tmp_path / "tasks.jsonl")


def test_a_file_that_is_not_there_or_no_text_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(PilotageError, match="no such file"):
        read_tasks(tmp_path / "tasks.jsonl")
    (tmp_path / "tasks.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PilotageError, match="not UTF-8"):
        read_tasks(tmp_path / "tasks.jsonl")


def test_a_csv_has_one_simple_scorer_a_row(tmp_path: Path) -> None:
    path = tmp_path / "tasks.csv"
    path.write_text(
        'task_id;input;segment;expected;scorer\n1;"two\nlines";emea;42;\n2;b;;12.5;numeric\n3;c;;a.c;regex\n'
    )
    tasks = read_tasks(path)
    assert [(task.task_id, task.segment, task.scorers[0].name) for task in tasks] == [
        ("1", "emea", "exact"),
        ("2", None, "numeric"),
        ("3", None, "regex"),
    ]
    assert tasks[0].input == "two\nlines"


def test_faults_of_a_csv_are_told_with_the_line_their_row_begins_on(tmp_path: Path) -> None:
    rows = [
        "task_id,input,expected,scorer",
        '1,"two\nlines",42,',
        "1,b,42,exakt",
        "2,b,,exact",
        "3,b,x,numeric",
        "4,b,x,json_fields",
        "5,b",
    ]
    assert faults(tmp_path / "tasks.csv", *rows) == [
        "line 4: scorer: 'exakt' is not a known scorer; did you mean 'exact'?",
        "line 4: task_id: '1' stands already on line 2",
        "line 5: expected: is missing",
        "line 6: scorers[1].numeric.value: should be a finite number (got 'x')",
        "line 7: scorer: json_fields has settings that fit no cell; write these tasks as JSON lines",
        "line 8: has 2 cells where the header names 4 columns",
    ]


def test_a_csv_whose_header_lacks_a_column_says_which(tmp_path: Path) -> None:
    assert faults(tmp_path / "tasks.csv", "id,input,expect", "1,a,b") == [
        "line 1: id: is not a known column; known: task_id, input, segment, expected, scorer",
        "line 1: expect: is not a known column; did you mean 'expected'?",
        "line 1: lacks the columns task_id and expected",
    ]


def test_reading_and_scoring_load_nothing_heavy() -> None:
    """The scorers lie on the path of every call; apart from what `pilotage.pilot` itself loads they cost little."""
    code = (
        "import sys, pilotage.pilot; had = {*sys.modules}; import pilotage.pilot.scorers; print(*{*sys.modules} - had)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    heavy = {"pandas", "numpy", "duckdb", "openai", "pyarrow", "scipy", "ipywidgets"}
    assert not heavy & {name.partition(".")[0] for name in loaded}
