"""A run that is stopped or killed: nothing is left at work, and the next run goes on to the same end."""

from __future__ import annotations

import json
import os
import random
import signal
import time

import pytest

SLEEP = "import time, subprocess; subprocess.Popen(['sleep', '60']); (root / 'asleep').touch(); time.sleep(60)"


def evidence(root) -> dict[str, bytes]:
    """What the last run concluded, file by file."""
    run = root / "reports/latest"
    return {path.name: path.read_bytes() for path in sorted(run.glob("evidence/*.json"))}


def processes_of(root) -> list[str]:
    """The command lines of processes that know this workspace from their environment."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as stream:
                ours = f"PILOTAGE_WORKSPACE={root}".encode() in stream.read()
            with open(f"/proc/{pid}/cmdline") as stream:
                words = stream.read()
        except OSError:
            continue
        if ours and words:
            found.append(words)
    return found


def wait_for(condition, seconds: float = 20) -> None:
    """Wait until it holds; AssertionError when it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="processes are looked up in /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_run_ends_its_kernels_within_two_seconds_and_leaves_no_trace(tiny, start, tmp_path, number):
    (tmp_path / "t").mkdir()
    tiny.pages(pilot=(), decision=("pilot",))
    tiny.page("pilot", SLEEP, needs=())
    tiny.page("decision", needs=("pilot",))
    run = start("run", str(tiny.root), TMPDIR=str(tmp_path / "t"))
    wait_for((tiny.root / "asleep").exists)
    assert len(processes_of(tiny.root)) == 2
    run.send_signal(number)
    wait_for(lambda: not processes_of(tiny.root), 2)
    _, said = run.communicate(timeout=10)
    assert run.returncode == 130
    assert "Traceback" not in said
    assert not (tiny.root / "reports/.lock").exists()
    assert list((tmp_path / "t").iterdir()) == []
    tiny.page("pilot", needs=())
    outcome = tiny.run()
    assert tiny.folders() == [outcome.folder.name]


@pytest.mark.skipif(not os.path.isdir("/proc"), reason="processes are looked up in /proc")
def test_a_run_killed_three_times_ends_with_the_evidence_of_an_undisturbed_one(tiny, ran, start):
    pauses = random.Random(20261012)
    for _ in range(3):
        run = start("run", str(tiny.root))
        time.sleep(pauses.uniform(0.6, 2.4))
        run.kill()
        run.communicate(timeout=10)
        wait_for(lambda: not processes_of(tiny.root), 10)
    last = start("run", str(tiny.root))
    assert last.wait(timeout=60) == 0
    assert evidence(tiny.root) == evidence(ran.root)
    names = [folder for folder in tiny.folders() if (tiny.root / "reports" / folder / "run.json").exists()]
    assert len(names) == 1


@pytest.mark.parametrize("stage", ["baseline", "roi", "decision"])
def test_an_unfinished_run_goes_on_at_the_first_page_not_up_to_date(ran, stage):
    run = ran.root / "reports" / ran.folders()[0]
    before = evidence(ran.root)
    facts = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**facts, "finished_at": None}))
    (run / f"manifests/{stage}.json").unlink()
    (run / f"work/{stage}").mkdir(parents=True)
    (run / f"work/{stage}/opened.json").write_text("half a fi")
    ran.run()
    assert ran.ran() == [stage]
    assert ran.folders() == [run.name]
    assert evidence(ran.root) == before
    assert not (run / "work").exists()


def test_an_unfinished_run_of_another_day_stays_and_a_new_one_begins(ran):
    run = ran.root / "reports" / ran.folders()[0]
    facts = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**facts, "finished_at": None}))
    outcome = ran.run(as_of="2026-10-13")
    assert outcome.folder != run


def test_a_page_that_crashed_in_an_unfinished_run_takes_no_older_result(ran):
    old = ran.root / "reports" / ran.folders()[0]
    outcome = ran.run(fresh=True)
    facts = json.loads((outcome.folder / "run.json").read_text())
    crashed = {"status": "crashed", "seconds": 1.0, "error": "out of memory"}
    facts |= {"finished_at": None, "pages": {**facts["pages"], "pilot": crashed}}
    (outcome.folder / "run.json").write_text(json.dumps(facts))
    for stage in ("baseline", "pilot"):
        (outcome.folder / f"manifests/{stage}.json").unlink()
    again = ran.run()
    assert again.folder == outcome.folder != old
    assert ran.states(again)["baseline"] == "copied"
    assert ran.states(again)["pilot"] == "done"


def test_a_run_whose_reader_leaves_goes_on_to_its_end(tiny, start):
    tiny.page("decision", "1/0")
    run = start("run", str(tiny.root))
    assert run.stdout.readline() == "01_baseline: running\n"
    run.stdout.close()
    assert run.wait(timeout=60) == 1  # that of a run with a crashed page
    assert run.stderr.read() == ""
    run.stdout = None
    assert json.loads((tiny.root / "reports/latest/run.json").read_text())["finished_at"]
