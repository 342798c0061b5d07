"""`pilotage labels` from the terminal: draw, hand out, take back, say how far it is."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pilotage.cli.labels import labels
from pilotage.pilot.labels.store import read
from pilotage.workspace import Workspace

Command = Callable[..., Result]
RUNS = "interaction_id,input_text,output_text\n" + "".join(f"i{n},asked {n},said {n}\n" for n in range(40))
YAML = "name: desk\ntables:\n  interactions: {file: runs.csv, constants: {phase: pilot}}\n"


@pytest.fixture
def workspace(
    tmp_path: Path, workspace_copy: Callable[[Path], Workspace], monkeypatch: pytest.MonkeyPatch
) -> Workspace:
    """The shipped playbook with one dataset of forty runs."""
    monkeypatch.setattr("pilotage.records.expectations.expect", lambda taken, own: {})
    workspace = workspace_copy(tmp_path / "house")
    folder = workspace.dataset("desk")
    folder.mkdir()
    (folder / "runs.csv").write_text(RUNS)
    (folder / "dataset.yaml").write_text(YAML)
    monkeypatch.chdir(workspace.root)
    monkeypatch.delenv("PILOTAGE_WORKSPACE", raising=False)
    return workspace


@pytest.fixture
def command(workspace: Workspace) -> Command:
    return lambda *arguments: CliRunner().invoke(labels, [*arguments, "--dataset", "desk"], catch_exceptions=False)


def test_the_round_from_draw_to_status(command: Command, workspace: Workspace) -> None:
    assert "no runs have been drawn" in command("status").output
    assert "40 runs of 40 drawn by chance alone, each with 100%" in command("draw", "--n", "40").output
    said = command("export", "a.csv", "--labeller", "Ada").output
    assert "written: a.csv, 40 rows" in said
    assert "personal data" in said
    with open("a.csv", encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows[:30]:
        row["value"] = "yes" if row["id"] == "i1" else "no"
    with open("a.csv", "w", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    assert (
        "30 labels of hallucination by Ada added, 0 known already\n10 rows are blank"
        in command("import", "a.csv").output
    )
    assert "0 labels of hallucination by Ada added, 30 known already" in command("import", "a.csv").output
    assert len(read(workspace, "desk")) == 30
    said = command("status").output
    assert "Ada, 30 uniform, 0 guided, 0 unsure, 0 changed, not measured seconds per label" in said
    again = command("export", "b.xlsx", "--labeller", "Ada").output
    assert "10 rows" in again
    assert "nothing is left" not in again


def test_a_mistake_is_told_without_a_traceback_and_exits_2(command: Command) -> None:
    for arguments, told in {
        ("draw",): "nothing says how many runs to draw",
        ("draw", "--guided", "5"): "no judge has scored",
        ("export", "a.csv", "--labeller", "Ada"): "no runs have been drawn yet",
        ("export", "a.csv", "--labeller", " "): "needs the name of the person",
        ("import", "absent.csv"): "there is no such file",
    }.items():
        result = command(*arguments)
        assert (result.exit_code, told in result.stderr) == (2, True), (arguments, result.output)
        assert "Traceback" not in result.output


def test_who_has_nothing_left_gets_no_file(command: Command) -> None:
    command("draw", "--n", "40")
    command("export", "a.xlsx", "--labeller", "Ada")
    assert "such a file already" in command("export", "a.xlsx", "--labeller", "Ada").stderr


@pytest.mark.parametrize(
    "line", [["labels", "draw", "--n", "3"], ["labels", "status"], ["judge", "--agent", "chat:m@http://127.0.0.1:9/v1"]]
)
def test_a_command_that_writes_into_a_dataset_or_pays_for_it_has_no_default(line, tmp_path, monkeypatch):
    from pilotage.cli.app import app as whole

    (tmp_path / "data").mkdir()
    (tmp_path / "playbook").mkdir()
    (tmp_path / "playbook" / "playbook.yaml").touch()
    monkeypatch.setenv("PILOTAGE_WORKSPACE", str(tmp_path))
    said = CliRunner().invoke(whole, line, prog_name="pilotage")
    assert said.exit_code == 2
    assert "name it: --dataset NAME" in said.stderr
