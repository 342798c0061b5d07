from __future__ import annotations

from pathlib import Path

import pytest

from pilotage.errors import InputFaults, PilotageError
from pilotage.guardrails.classifier import read_source


@pytest.mark.parametrize(
    ("name", "content", "labels"),
    [
        ("a.jsonl", '{"text": "x", "label": 1}\n\n{"text": "y", "label": "benign", "more": 2}\n', (1, 0)),
        ("a.csv", 'text,label\n"two\nlines",Injection\nb,0\n', (1, 0)),
        ("a.csv", "\ufefflabel,text\n1.0,a\nfalse,b\n", (1, 0)),
    ],
)
def test_texts_and_labels_are_read_as_they_are_written(
    name: str, content: str, labels: tuple[int, ...], tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    found = read_source(tmp_path / name, "MIT")
    assert (found.name, found.labels, found.licence, len(found.sha256)) == ("a", labels, "MIT", 64)


def test_every_line_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "x", "label": 1}\n[1]\n{"text": "x", "label": "maybe"}\n{"text": " ", "label": 0}\nnope')
    with pytest.raises(InputFaults) as told:
        read_source(path)
    assert [fault.split(":")[0] for fault in told.value.faults] == ["line 2", "line 3", "line 4", "line 5"]
    assert "maybe" not in str(told.value)


def test_no_file_an_empty_one_and_one_that_is_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_text("text,label\n")
    (tmp_path / "bytes.jsonl").write_bytes(b"\xff\xfe\x00")
    for name, what in (("none.csv", "no such file"), ("empty.csv", "cannot be trained"), ("bytes.jsonl", "UTF-8")):
        with pytest.raises(PilotageError, match=what):
            read_source(tmp_path / name)
