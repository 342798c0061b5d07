"""`pilotage reviews` from the terminal: draw, hand out, take back, withdraw, say how far it is."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pilotage.cli.reviews import reviews
from pilotage.oversight.queue.store import open_queue
from pilotage.workspace import Workspace

Command = Callable[..., Result]
RUNS = "interaction_id,outcome,input_text,output_text\n" + "".join(
    f"i{n},answered,asked {n},said {n}\n" for n in range(40)
)
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
    return lambda *arguments: CliRunner().invoke(reviews, [*arguments, "--dataset", "desk"], catch_exceptions=False)


def fill(name: str, decision: str, number: int) -> None:
    with open(name, encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows[:number]:
        row["decision"] = decision
    with open(name, "w", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


def test_the_round_from_draw_to_status(command: Command, workspace: Workspace) -> None:
    assert "nothing has been drawn for people to review in desk" in command("status").output
    assert "40 items added: 40 by chance alone, 0 by suspicion, 0 known errors" in command("draw").output
    assert "0 items added" in command("draw").output
    said = command("sheet", "a.csv", "--by", "Ada", "--n", "3").output
    assert "written: a.csv, 3 rows, reserved for Ada" in said
    assert "personal data" in said
    fill("a.csv", "approve", 2)
    said = command("import", "a.csv").output
    assert "2 decisions by Ada added, 0 known already\n1 blank row reserved for Ada still" in said
    assert "0 decisions by Ada added, 2 known already" in command("import", "a.csv").output
    said = command("status").output
    assert "2 made" in said
    assert "1 in sheets" in said
    assert "  Ada: 2 decided, 0 being decided, 1 in a sheet, 0 put back, 0 run out" in said
    assert "1 row, reserved for Ada" in command("sheet", "again.csv", "--by", "Ada", "--again").output
    assert "1 item of Ada put back" in command("withdraw", "--by", "Ada").output
    assert "nothing is reserved for Ada" in command("sheet", "none.csv", "--by", "Ada", "--again").output
    assert not Path("none.csv").exists()
    assert "1 put back or run out before" in command("status").output
    with open_queue(workspace, "desk") as queue:
        assert queue.counts().decided == 2


def test_status_tells_nobody_how_many_planted_errors_somebody_holds(command: Command, workspace: Workspace) -> None:
    from datetime import UTC, datetime

    from pilotage.oversight.queue.items import NewItem

    item = ("post invoice", "in the loop", "guided", 1.0, datetime(2026, 10, 1, tzinfo=UTC))
    with open_queue(workspace, "desk") as queue:
        queue.add([NewItem("q1", "i1", *item, seeded=True)])
    said = command("status").output
    assert "by suspicion" not in said
    assert said.startswith("by chance, planted errors among them: 1 decision wanted")


def test_a_mistake_is_told_without_a_traceback_and_exits_2(command: Command) -> None:
    for arguments, told in {
        ("sheet", "a.csv", "--by", "Ada"): "no runs have been drawn yet",
        ("withdraw", "--by", "Ada"): "no runs have been drawn yet",
        ("import", "absent.csv"): "there is no such file",
    }.items():
        result = command(*arguments)
        assert (result.exit_code, told in result.stderr) == (2, True), (arguments, result.output)
    command("draw")
    for arguments, told in {
        ("sheet", "a.csv", "--by", " "): "needs the name of its reviewer",
        ("sheet", "a.ods", "--by", "Ada"): "handed out as .xlsx or .csv",
    }.items():
        result = command(*arguments)
        assert (result.exit_code, told in result.stderr) == (2, True), (arguments, result.output)


@pytest.mark.parametrize("line", ["draw", "sheet a.csv --by Ada", "import a.csv", "withdraw --by Ada"])
def test_what_writes_needs_its_dataset_named(workspace: Workspace, line: str) -> None:
    result = CliRunner().invoke(reviews, line.split(), catch_exceptions=False)
    assert (result.exit_code, "name it: --dataset NAME" in result.stderr) == (2, True)
