"""The command line: what it lists, how it ends, how fast it answers."""

from __future__ import annotations

import errno
import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pilotage.cli.app import app
from pilotage.cli.run import last_lines
from pilotage.errors import PilotageError
from pilotage.runner.job import Request
from pilotage.runner.lock import only_run
from pilotage.runner.run import Outcome

COMMANDS = [
    "run",
    "check",
    "status",
    "init",
    "map",
    "import",
    "sample",
    "evaluate",
    "judge",
    "smoke-test",
    "pin",
    "load-test",
    "labels",
    "reviews",
    "baseline",
    "pilot",
    "guard",
    "propose",
    "approve",
    "reject",
    "show",
    "key",
    "log",
]


def invoke(*arguments: str):
    return CliRunner().invoke(app, list(arguments), prog_name="pilotage")


def outcome(answer: str, crashed: tuple[str, ...] = ()) -> Outcome:
    return Outcome(Path("reports/x"), answer, "in the loop", "because", crashed, False)


def test_help_lists_every_command():
    said = invoke("--help").output
    for command in COMMANDS:
        assert f"\n  {command} " in said
        assert invoke(command, "--help").exit_code == 0
    for word in ("--dataset", "--pages", "--set", "--as-of", "--jobs", "--fresh", "--fail-on", "[WORKSPACE]"):
        assert word in invoke("run", "--help").output


def test_the_version_is_that_of_the_package():
    assert invoke("--version").output.startswith("pilotage")


@pytest.mark.parametrize(
    "line", [["nonsense"], ["run", "--nonsense"], ["run", "--fail-on", "go"], ["run", "--jobs", "x"]]
)
def test_an_unknown_command_or_option_exits_2(line):
    assert invoke(*line).exit_code == 2


@pytest.mark.parametrize(
    ("answer", "fail_on", "crashed", "code"),
    [
        ("go", None, (), 0),
        ("no-go", None, (), 0),
        ("not yet", None, (), 0),
        ("go", "not-yet", (), 0),
        ("not yet", "not-yet", (), 3),
        ("no-go", "not-yet", (), 3),
        ("not yet", "no-go", (), 0),
        ("no-go", "no-go", (), 3),
        ("no-go", "no-go", ("pilot",), 1),
        ("go", None, ("pilot",), 1),
    ],
)
def test_exit_codes(monkeypatch, tiny, answer, fail_on, crashed, code):
    monkeypatch.setattr("pilotage.cli.run.run", lambda *given: outcome(answer, crashed))
    monkeypatch.setattr("pilotage.cli.run.stop_on_signals", lambda: None)
    options = ["--fail-on", fail_on] if fail_on else []
    assert invoke("run", str(tiny.root), *options).exit_code == code


def test_options_reach_the_run(monkeypatch, tiny):
    seen = []
    monkeypatch.setattr("pilotage.cli.run.run", lambda *given: seen.append(given) or outcome("go"))
    monkeypatch.setattr("pilotage.cli.run.stop_on_signals", lambda: None)
    line = "--dataset d --pages a,b --set a.x=1 --set b.y=2 --as-of 2026-10-12 --jobs 3 --fresh"
    assert invoke("run", str(tiny.root), *line.split()).exit_code == 0
    workspace, request, _ = seen[0]
    assert workspace.root == tiny.root
    pages, settings = ("a", "b"), ("a.x=1", "b.y=2")
    assert request == Request("d", pages, settings, as_of="2026-10-12", jobs=3, fresh=True)


def test_a_mistake_is_told_on_stderr_without_a_traceback(tmp_path, monkeypatch):
    monkeypatch.setenv("PILOTAGE_WORKSPACE", str(tmp_path))
    result = invoke("run")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "no playbook here or above" in result.stderr
    assert invoke("run", str(tmp_path / "nowhere")).exit_code == 2


def test_an_unexpected_error_keeps_its_traceback(monkeypatch, tiny):
    def fail(*given):
        raise ZeroDivisionError

    monkeypatch.setattr("pilotage.cli.run.run", fail)
    monkeypatch.setattr("pilotage.cli.run.stop_on_signals", lambda: None)
    assert isinstance(invoke("run", str(tiny.root)).exception, ZeroDivisionError)


def test_the_last_lines_say_answer_why_and_where():
    assert last_lines(outcome("go"))[-3:] == ["go, in the loop", "because", "reports/x/index.html"]
    assert "crashed: pilot, see reports/x/pages/pilot.html" in last_lines(outcome("not yet", ("pilot",)))


def test_the_last_lines_say_that_an_answer_is_partial():
    partial = Outcome(Path("reports/x"), "not yet", None, "because", (), False, ("pilot", "roi"))
    assert last_lines(partial)[0].startswith("partial answer: pilot and roi not asked for")


@pytest.mark.parametrize("command", [(), ("baseline",), ("log",)])
def test_no_summary_of_a_command_is_cut(command):
    said = CliRunner().invoke(app, [*command, "--help"], prog_name="pilotage", terminal_width=80).output
    assert "..." not in said.split("Commands:")[1]


def test_python_runs_the_package_as_the_command():
    said = subprocess.run([sys.executable, "-m", "pilotage", "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("pilotage ")


def test_check_says_what_is_in_order_and_everything_that_is_not(tiny):
    said = invoke("check", str(tiny.root))
    assert (said.exit_code, said.output.splitlines()[-1]) == (0, "nothing to complain about")
    assert "  03_roi after baseline, pilot" in said.output
    (tiny.root / "data/other").mkdir()
    (tiny.root / "data/other/dataset.yaml").write_text("nonsense: 1")
    (tiny.root / "notebooks/01_baseline.ipynb").write_text("")
    said = invoke("check", str(tiny.root))
    assert said.exit_code == 2
    assert said.stderr.count("01_baseline.ipynb: this is not a notebook") == 1
    assert "data/other/dataset.yaml cannot be followed" in said.stderr


def test_status_says_where_each_page_stands_without_running_any(ran):
    def states():
        return [line.strip() for line in invoke("status", str(ran.root)).output.splitlines()]

    name = ran.folders()[0]
    assert states() == [
        "data/tiny", f"reports/{name}: not yet (in the loop)",
        "01_baseline: up to date", "02_pilot: up to date", "03_roi: up to date", "04_decision: up to date",
    ]  # fmt: skip
    ran.page("baseline", "'edited'")
    (ran.root / "reports" / name / "evidence/roi.json").unlink()
    assert "01_baseline: stale because its notebook changed" in states()
    assert "03_roi: stale because evidence/roi.json is gone or altered" in states()
    facts = json.loads((ran.root / "reports" / name / "run.json").read_text())
    facts["pages"] = {"pilot": {"status": "crashed", "seconds": 1, "error": "cell 3 of 5: E: v"}}
    facts["finished_at"] = None
    (ran.root / "reports" / name / "run.json").write_text(json.dumps(facts))
    assert f"reports/{name}: unfinished; `pilotage run` goes on from there" in states()
    assert "02_pilot: crashed (cell 3 of 5: E: v)" in states()
    assert "03_roi: not run yet" in states()
    assert ran.folders() == [name]


def status_of(workspace) -> dict[str, str]:
    """What `pilotage status` says of each page."""
    said = invoke("status", str(workspace.root)).output
    return dict(re.findall(r"^  (\d\d_\w+): (.*)$", said, re.M))


def test_staleness_goes_on_to_what_needs_the_page(ran):
    ran.page("pilot", "'edited'", reads=("data/tiny/cases.csv",))
    assert status_of(ran) == {
        "01_baseline": "up to date",
        "02_pilot": "stale because its notebook changed",
        "03_roi": "may be stale because 02_pilot is",  # not where the pilot concludes the same again
        "04_decision": "stale because 02_pilot is",
    }


def test_pages_whose_tables_changed_may_be_stale_until_they_are_taken_in(ran):
    ran.page("roi", reads=("reports/.intake/tiny/checks.json",))
    ran.run()
    (ran.root / "data/tiny/cases.csv").touch()
    assert set(status_of(ran).values()) == {"up to date"}
    dataset = ran.root / "data/tiny/dataset.yaml"
    dataset.write_text(dataset.read_text() + "    rows: 3\n")
    assert status_of(ran) == {
        "01_baseline": "up to date",
        "02_pilot": "up to date",
        "03_roi": "may be stale: its tables have changed",
        "04_decision": "may be stale because 03_roi may be",
    }


def test_status_names_the_parameter_that_run_would_change_back(ran):
    ran.run(settings=("pilot.scale=3",))
    assert status_of(ran)["02_pilot"] == "stale because scale changed from 3 to the notebook's own"
    ran.run(as_of="2026-10-11")
    assert status_of(ran)["01_baseline"] == "stale because as_of changed from 2026-10-11 to 2026-10-12"


def test_status_says_which_pages_an_answer_lacks(ran):
    ran.page("pilot", "'edited'", reads=("data/tiny/cases.csv",))
    ran.page("baseline", "'edited'")
    ran.run(pages=("baseline",))
    assert (
        ": not yet (in the loop), a partial answer: pilot and roi not asked for"
        in invoke("status", str(ran.root)).output
    )
    assert status_of(ran)["02_pilot"] == "not run (it was not asked for)"
    assert status_of(ran)["04_decision"] == "stale because 02_pilot has no result"


def test_status_before_any_run(tiny):
    assert invoke("status", str(tiny.root)).output == "data/tiny\n  no run yet\n"


def test_the_log_is_verified(tiny, monkeypatch):
    assert "no entry yet" in invoke("log", "verify", str(tiny.root)).output
    (tiny.root / "playbook/audit_log.jsonl").write_text("{}\n")
    said = invoke("log", "verify", str(tiny.root))
    assert said.exit_code == 2
    assert "not as it was written" in said.stderr


def decided_under(tiny, run: str, text: str) -> None:
    (tiny.root / "reports" / run).mkdir(parents=True, exist_ok=True)
    (tiny.root / "reports" / run / "decision.json").write_text(text)


@pytest.mark.parametrize("command", [("log", "verify"), ("check",)])
def test_a_log_that_was_deleted_or_cut_is_noticed_by_the_runs_decided_under_it(tiny, command):
    for name in ("Ann", "Bob"):
        assert invoke("baseline", "lock", str(tiny.root), "--by", name).exit_code == 0
    lines = tiny.workspace.log.read_text().splitlines(keepends=True)
    heads = [json.loads(line)["hash"] for line in lines]
    for run, head in zip(("a", "b"), heads, strict=True):
        decided_under(tiny, run, json.dumps({"audit_log_head": head}))
    for run, text in {"before": '{"audit_log_head": null}', "damaged": "{", "list": "[]"}.items():
        decided_under(tiny, run, text)
    assert invoke(*command, str(tiny.root)).exit_code == 0
    (tiny.root / "reports/latest").symlink_to("b")
    tiny.workspace.log.write_text(lines[0])
    said = invoke(*command, str(tiny.root))
    assert said.exit_code == 2
    lost = f"reports/b was decided under entry {heads[1][:12]}, which the log no longer has"
    assert [line.strip() for line in said.stderr.splitlines()][1:-1] == [lost]
    tiny.workspace.log.unlink()
    said = invoke(*command, str(tiny.root)).stderr
    assert said.count("which the log no longer has") == 2
    assert "ask who changed it" in said


def test_a_torn_line_is_mended_not_blamed_on_somebody(tiny):
    invoke("baseline", "lock", str(tiny.root), "--by", "Ann")
    with tiny.workspace.log.open("a") as log:
        log.write('{"at":')
    for command in (("log", "verify"), ("baseline", "lock")):
        said = invoke(*command, str(tiny.root)).stderr
        assert "line 2: is torn: remove this line and enter its decision again" in said
        assert "ask who changed it" not in said


def test_the_baseline_is_locked_in_the_log(tiny, monkeypatch):
    monkeypatch.setenv("PILOTAGE_WORKSPACE", str(tiny.root))
    said = invoke("baseline", "lock", "--by", "Ann Example")
    assert said.output.startswith("locked: the baseline of data/tiny, entry 1 of the audit log")
    assert invoke("log", "verify").output.startswith("1 entry, none altered; head ")


def test_the_baseline_of_a_named_workspace_is_locked(tiny):
    assert invoke("baseline", "lock", str(tiny.root), "--by", "Ann").exit_code == 0
    assert invoke("log", "verify", str(tiny.root)).output.startswith("1 entry")


@pytest.mark.parametrize("name", ["", "  "])
def test_a_lock_is_by_somebody(tiny, name):
    said = invoke("baseline", "lock", str(tiny.root), "--by", name)
    assert said.exit_code == 2
    assert "name yourself: --by NAME" in said.stderr
    assert not tiny.workspace.log.exists()


def test_a_lock_without_a_name_is_by_the_login_name(tiny, monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: "ann")
    assert invoke("baseline", "lock", str(tiny.root)).output.splitlines()[0].endswith(", by ann")


def test_a_lock_where_nobody_is_logged_in_asks_for_a_name(tiny, monkeypatch):
    def nobody():
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert "name yourself: --by NAME" in invoke("baseline", "lock", str(tiny.root)).stderr


def test_a_lock_waits_for_no_run_but_refuses_while_one_is_at_work(tiny):
    with only_run(tiny.workspace.reports):
        said = invoke("baseline", "lock", str(tiny.root), "--by", "Ann")
    assert said.exit_code == 2
    assert "another run is at work here" in said.stderr
    assert not tiny.workspace.log.exists()


def test_a_name_cannot_act_on_the_terminal(tiny):
    said = invoke("baseline", "lock", str(tiny.root), "--by", "\x1b[31mAnn\x1b]0;x\x07\nlocked: all of it")
    assert said.output.splitlines()[0].endswith(", by ¤[31mAnn¤]0;x¤ locked: all of it")


def test_neither_a_fault_nor_a_reason_can_act_on_the_terminal(tiny, monkeypatch):
    said = invoke("run", str(tiny.root), "--set", "\x1b]0;x\x07=" + "1" * 5000)
    assert "--set ¤]0;x¤=111" in said.stderr
    assert len(said.stderr) < 1500
    lines = last_lines(Outcome(Path("reports/x"), "not yet", None, "\x1b[31m" + "x" * 5000, (), False))
    assert lines[-2].startswith("¤[31mxxx")
    assert len(lines[-2]) < 1100


@pytest.mark.parametrize(
    "line",
    [
        ("map", "data/tiny/cases.csv", "--into", "data/cases.csv"),
        ("sample", "--variant", "go", "--into", "data/cases.csv"),
        ("init", "data/tiny/cases.csv"),
        ("init", "data/tiny/cases.csv/mine"),
    ],
)
def test_a_place_that_cannot_be_written_is_said_in_a_line(tiny, monkeypatch, line):
    monkeypatch.chdir(tiny.root)
    (tiny.root / "data/cases.csv").write_text("")
    said = invoke(*line)
    assert said.exit_code == 2
    assert isinstance(said.exception, SystemExit)
    assert re.search(r"cases\.csv\S*: .*(is a file|Not a directory|File exists)", said.stderr)


def test_a_full_disk_is_said_in_a_line(tiny, monkeypatch):
    def full(*given):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "reports/x/run.json")

    monkeypatch.setattr("pilotage.cli.run.run", full)
    monkeypatch.setattr("pilotage.cli.run.stop_on_signals", lambda: None)
    said = invoke("run", str(tiny.root))
    assert (said.exit_code, said.stdout) == (2, "")
    assert said.stderr == "reports/x/run.json: this cannot be read or written (No space left on device)\n"


def test_an_unexpected_error_of_a_library_keeps_its_traceback(monkeypatch, tiny):
    def fail(*given):
        raise TimeoutError

    monkeypatch.setattr("pilotage.cli.run.run", fail)
    monkeypatch.setattr("pilotage.cli.run.stop_on_signals", lambda: None)
    assert isinstance(invoke("run", str(tiny.root)).exception, TimeoutError)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"answer": 1}'])
def test_status_of_a_damaged_decision_says_how_to_mend_it(ran, text):
    run = ran.root / "reports/latest"
    (run / "decision.json").write_text(text)
    (run / "checks.json").write_text(text)
    (run / "manifests/pilot.json").write_text("[]")
    said = invoke("status", str(ran.root))
    assert said.exit_code == 0
    assert "its decision.json is gone or damaged; `pilotage run` makes a new one" in said.output
    assert "02_pilot: stale because it did not finish" in said.output


def test_a_variant_of_the_sample_has_a_folder_of_its_own(tiny, monkeypatch):
    monkeypatch.setenv("PILOTAGE_WORKSPACE", str(tiny.root))
    said = invoke("sample", "--variant", "no-go").output
    assert said == "written: data/sample-no-go (seed 7)\n  pilotage run --dataset sample-no-go\n"
    assert (tiny.root / "data/sample-no-go/truth.yaml").is_file()


def test_map_shows_the_draft_and_writes_it_where_it_is_told(tiny, monkeypatch):
    monkeypatch.setenv("PILOTAGE_WORKSPACE", str(tiny.root))
    said = invoke("map", str(tiny.root / "data/tiny/cases.csv"), "--into", "data/mine")
    text = (tiny.root / "data/mine/dataset.yaml").read_text()
    assert said.output.startswith(text)
    assert "undecided: " in said.output
    assert said.output.splitlines()[-4:] == [
        "written: data/mine/dataset.yaml; read it and correct it, then:",
        "  pilotage check",
        "  pilotage baseline lock --dataset mine --by NAME    # before the pilot starts",
        "  pilotage run --dataset mine",
    ]


def test_map_asks_for_a_lock_only_where_there_is_a_baseline(tiny, monkeypatch):
    monkeypatch.setenv("PILOTAGE_WORKSPACE", str(tiny.root))
    (tiny.root / "runs.csv").write_text("run_id,success\na,1\n")
    said = invoke("map", str(tiny.root / "runs.csv"), "--into", "my runs").output
    assert "baseline lock" not in said
    assert said.endswith("  pilotage check\n  pilotage run --dataset 'my runs'\n")


@pytest.mark.parametrize("into", ["mine", "data/mine", "data/../data/mine", "{root}/data/mine"])
def test_map_writes_under_data_however_the_folder_is_named(tiny, monkeypatch, into):
    monkeypatch.chdir(tiny.root / "notebooks")
    said = invoke("map", str(tiny.root / "data/tiny/cases.csv"), "--into", into.format(root=tiny.root))
    assert said.exit_code == 0
    assert (tiny.root / "data/mine/dataset.yaml").is_file()


@pytest.mark.parametrize(
    ("into", "instead"),
    [
        ("{root}/elsewhere", "--into data/elsewhere"),
        ("playbook/mine", "--into data/mine"),
        ("../mine", "--into data/mine"),
        ("data/a/b", "--into data/b"),
        ("data", "--into data/NAME"),
        ("..", "--into data/"),
    ],
)
@pytest.mark.parametrize("command", ["map", "sample"])
def test_a_dataset_is_written_nowhere_else(tiny, monkeypatch, into, instead, command):
    monkeypatch.chdir(tiny.root)
    files = ["data/tiny/cases.csv"] if command == "map" else []
    said = invoke(command, *files, "--into", into.format(root=tiny.root))
    assert said.exit_code == 2
    assert "is no folder directly in the workspace's data/" in said.stderr
    assert f"write {instead}" in said.stderr
    assert sorted(path.name for path in (tiny.root / "data").iterdir() if path.is_dir()) == ["tiny"]


def test_a_variant_never_takes_the_place_of_another(tiny, monkeypatch):
    monkeypatch.setenv("PILOTAGE_WORKSPACE", str(tiny.root))
    folder = tiny.root / "data/sample-no-go"
    for _ in range(2):
        assert invoke("sample", "--variant", "no-go").exit_code == 0
    before = (folder / "truth.yaml").read_text()
    said = invoke("sample", "--variant", "go", "--into", "data/sample-no-go")
    assert said.exit_code == 2
    assert "holds the synthetic dataset 'no-go', not 'go'" in said.stderr
    assert (folder / "truth.yaml").read_text() == before
    (folder / "dataset.yaml").write_text("name: ours\nsynthetic: false\n")
    assert "something else than a synthetic dataset" in invoke("sample", "--variant", "no-go").stderr


def test_the_sample_never_takes_the_place_of_other_data(tiny, monkeypatch):
    monkeypatch.setenv("PILOTAGE_WORKSPACE", str(tiny.root))
    said = invoke("sample", "--into", "data/tiny")
    assert said.exit_code == 2
    assert "something else than a synthetic dataset" in said.stderr


def test_map_never_overwrites_a_dataset(tiny, monkeypatch):
    monkeypatch.setenv("PILOTAGE_WORKSPACE", str(tiny.root))
    before = (tiny.root / "data/tiny/dataset.yaml").read_text()
    said = invoke("map", str(tiny.root / "data/tiny/cases.csv"), "--into", "data/tiny")
    assert said.exit_code == 2
    assert "there is a dataset.yaml already" in said.stderr
    assert (tiny.root / "data/tiny/dataset.yaml").read_text() == before


def test_a_pilotage_error_exits_with_its_own_code():
    assert PilotageError("x").exit_code == 2


SLOW = ("pandas", "duckdb", "papermill", "nbconvert", "great_expectations", "matplotlib", "scipy", "numpy", "pyarrow")


def cpu_of(start, *arguments: str) -> tuple[float, str]:
    """The CPU seconds of one command, and what it said."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = start(*arguments)
    said, fault = process.communicate(timeout=30)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert process.returncode == 0, fault
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, said


def test_running_again_with_nothing_changed_takes_under_a_second(ran, start):
    said = cpu_of(start, "run", str(ran.root), "--as-of", "2026-10-12")[1]
    assert said.splitlines()[0] == "nothing has changed since the last run"
    assert said.splitlines()[-3:-1] == ["not yet, in the loop", "it is a test"]
    assert any(cpu_of(start, "run", str(ran.root), "--as-of", "2026-10-12")[0] < 1 for _ in range(5))


def test_help_is_quick(start):
    assert any(cpu_of(start, "--help")[0] < 0.5 for _ in range(5))


def test_nothing_heavy_is_loaded_to_find_that_nothing_changed(ran):
    program = (
        "import sys, pilotage.cli; sys.argv[1:] = ['run', sys.argv[1]]\n"
        "try: pilotage.cli.main()\n"
        f"except SystemExit: print([name for name in {SLOW!r} if name in sys.modules])"
    )
    paths = os.pathsep.join(str(Path(path).resolve()) for path in sys.path if path)
    command = [sys.executable, "-c", program, str(ran.root)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": paths}, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
