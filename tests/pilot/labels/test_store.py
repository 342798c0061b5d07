"""The label store: nothing lost, a torn end tolerated, a later line of the same person on the same run stands."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.errors import InputFaults, PilotageError
from pilotage.pilot.labels.store import Label, append, path_of, read, read_on, read_with_faults, standing
from pilotage.workspace import Workspace

Desk = Callable[..., Workspace]
AT = datetime(2026, 10, 1, 9, tzinfo=UTC)
YES = Label("i1", "hallucination", 1.0, "human", "Ada", "uniform", 0.25, AT, 12.5)


def test_without_a_store_there_is_no_label(desk: Desk) -> None:
    workspace = desk()
    assert read(workspace, "desk") == ()
    append(workspace, "desk", [])
    assert not path_of(workspace, "desk").exists()


def test_what_was_appended_is_read_in_its_order(desk: Desk) -> None:
    workspace = desk()
    unsure, judge = replace(YES, value=None, remark="=torn page"), replace(YES, value=0.125, source="judge")
    append(workspace, "desk", [YES, unsure])
    append(workspace, "desk", [judge])
    assert read(workspace, "desk") == (YES, unsure, judge)
    assert standing(read(workspace, "desk")) == (unsure, judge)


TEXT = st.text(min_size=1, max_size=20).filter(lambda text: text.strip())


@given(name=TEXT, value=st.none() | st.floats(allow_nan=False, allow_infinity=False), chance=st.floats(1e-6, 1))
def test_every_label_comes_back_as_it_went(name: str, value: float | None, chance: float) -> None:
    from tempfile import TemporaryDirectory

    label = replace(YES, interaction_id=name, labeller=name, value=value, inclusion_probability=chance)
    with TemporaryDirectory() as folder:
        workspace = _workspace(Path(folder))
        append(workspace, "desk", [label])
        found = read(workspace, "desk")
    kept = name.encode("utf-8", "replace").decode().replace("\0", "�")
    assert found == (replace(label, interaction_id=found[0].interaction_id, labeller=found[0].labeller),)
    assert found[0].labeller.replace("\0", "�") == kept


def _workspace(root: Path) -> Workspace:
    (root / "data" / "desk").mkdir(parents=True)
    (root / "data" / "desk" / "dataset.yaml").write_text("name: d\ntables:\n  interactions: {file: runs.csv}\n")
    return Workspace(root)


def test_a_torn_last_line_is_no_label_and_the_next_append_goes_on_cleanly(desk: Desk) -> None:
    workspace = desk()
    append(workspace, "desk", [YES])
    path = path_of(workspace, "desk")
    whole = path.read_bytes()
    for cut in range(1, len(whole)):
        path.write_bytes(whole + whole[:cut].rstrip(b"\n"))
        if cut < len(whole) - 1:
            assert read(workspace, "desk") == (YES,)
        append(workspace, "desk", [replace(YES, value=0.0)])
        labels = read(workspace, "desk")
        assert labels[-1].value == 0.0
        assert set(labels[:-1]) == {YES}


def test_a_last_line_that_only_lost_its_end_is_kept(desk: Desk) -> None:
    workspace = desk()
    append(workspace, "desk", [YES])
    path = path_of(workspace, "desk")
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    append(workspace, "desk", [replace(YES, value=0.0)])
    assert [label.value for label in read(workspace, "desk")] == [1.0, 0.0]


FAULTY = {
    "is not JSON": "nonsense",
    "is not a JSON object": "[1]",
    "lacks 'value'": json.dumps({"interaction_id": "i", "metric": "m", "labeller": "l", "labelled_at": "2026-01-01"}),
    "inclusion probability": '{"interaction_id":"i","metric":"m","labeller":"l","labelled_at":"2026-01-01","value":1,'
    '"source":"human","stream":"uniform","inclusion_probability":2}',
    "stream is one of": '{"interaction_id":"i","metric":"m","labeller":"l","labelled_at":"2026-01-01","value":1,'
    '"source":"human","stream":"all","inclusion_probability":1}',
}


def test_every_line_that_is_no_label_is_named(desk: Desk) -> None:
    workspace = desk()
    append(workspace, "desk", [YES])
    path = path_of(workspace, "desk")
    path.write_bytes("\n".join(FAULTY.values()).encode() + b"\n\n" + path.read_bytes())
    labels, faults = read_with_faults(workspace, "desk")
    assert labels == (YES,)
    assert [fault.split(":")[0] for fault in faults] == [f"line {number}" for number in range(1, 6)]
    assert all(word in fault for word, fault in zip(FAULTY, faults, strict=True))
    with pytest.raises(InputFaults, match="cannot be read whole"):
        read(workspace, "desk")


WRONG = {
    "value": float("nan"),
    "inclusion_probability": 0.0,
    "source": "robot",
    "stream": "all",
    "labeller": "  ",
    "labelled_at": datetime(2026, 1, 1),
    "interaction_id": "",
}


@pytest.mark.parametrize("name", WRONG)
def test_a_label_that_is_none_is_refused_and_nothing_of_its_batch_is_written(desk: Desk, name: str) -> None:
    workspace = desk()
    with pytest.raises(InputFaults) as caught:
        append(workspace, "desk", [YES, replace(YES, **{name: WRONG[name]})])
    assert [fault.split(":")[0] for fault in caught.value.faults] == ["label 2"]
    assert read(workspace, "desk") == ()


def test_a_users_own_file_of_that_name_is_never_written_to(desk: Desk) -> None:
    workspace = desk(labels="  labels: {file: lab*.jsonl}\n")
    own = workspace.dataset("desk") / "labels.jsonl"
    own.write_text("{}\n")
    with pytest.raises(PilotageError, match=r"maps"):
        append(workspace, "desk", [YES])
    assert own.read_text() == "{}\n"


def test_two_writers_at_once_lose_nothing(desk: Desk) -> None:
    workspace = desk()
    people = ["Ada", "Grace", "Edsger"]

    def work(name: str) -> None:
        for number in range(30):
            append(workspace, "desk", [replace(YES, labeller=name, interaction_id=f"i{number}")])

    threads = [threading.Thread(target=work, args=(name,)) for name in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(standing(read(workspace, "desk"))) == 90


def test_reading_on_gives_each_line_once_and_begins_again_where_the_store_shrank(desk: Desk) -> None:
    workspace = desk()
    path = path_of(workspace, "desk")
    assert read_on(workspace, "desk", path, 0) == ((), 0)
    append(workspace, "desk", [YES])
    first, done = read_on(workspace, "desk", path, 0)
    assert (first, done) == ((YES,), path.stat().st_size)
    assert read_on(workspace, "desk", path, done) == ((), done)
    path.write_bytes(path.read_bytes() + b'{"torn')
    assert read_on(workspace, "desk", path, done) == ((), done)
    no = replace(YES, value=0.0)
    append(workspace, "desk", [no])
    assert read_on(workspace, "desk", path, done)[0] == (no,)
    path.write_bytes(path.read_bytes()[:done])
    assert read_on(workspace, "desk", path, 2 * done) == ((YES,), done)
    path.write_bytes(b"nonsense\n")
    with pytest.raises(InputFaults, match="cannot be read whole"):
        read_on(workspace, "desk", path, 0)
