"""What a user can get wrong about a run: every fault at once, no traceback, nothing begun."""

from __future__ import annotations

import os
import time

import pytest
import yaml

from pilotage.errors import PilotageError


def refused(tiny, **request) -> str:
    """What a run says that does not begin; it leaves no folder."""
    with pytest.raises(PilotageError) as fault:
        tiny.run(**request)
    assert tiny.folders() == []
    assert fault.value.exit_code == 2
    return str(fault.value)


def test_a_cycle_in_needs_is_named(tiny):
    tiny.pages(baseline=("roi",), roi=("baseline",), decision=())
    said = refused(tiny)
    assert said.startswith("playbook/playbook.yaml cannot be followed:")
    assert "baseline → roi → baseline" in said


def test_unknown_pages_parameters_days_and_jobs_are_told_together(tiny):
    said = refused(tiny, pages=("pilto",), settings=("pilot.scael=2", "roi.scale=x"), as_of="12.10.2026", jobs=0)
    assert said.splitlines() == [
        "the command line cannot be followed:",
        "  --jobs should be at least 1 (got 0)",
        "  --as-of should be a day such as 2026-10-12 (got '12.10.2026')",
        "  'pilto' is not a page; did you mean 'pilot'?",
        "  --set pilot.scael=2: pilot has no parameter 'scael'; did you mean 'scale'?",
        "  --set roi.scale=x: should be an integer (got 'x')",
    ]


def test_faults_of_playbook_dataset_notebooks_and_line_are_told_together(tiny):
    dataset, notebook = tiny.root / "data/tiny/dataset.yaml", tiny.root / "notebooks/02_pilot.ipynb"
    dataset.write_text(dataset.read_text().replace("cases.csv", "gone.csv"))
    notebook.write_text("{")
    said = refused(tiny, pages=("x",))
    for part in (
        "data/tiny/dataset.yaml cannot be followed:",
        "02_pilot.ipynb: this is not a notebook",
        "'x' is not a",
    ):
        assert part in said
    policy = tiny.root / "playbook/pilot.yaml"
    policy.write_text(policy.read_text() + "\nnonsense: 1\n")
    said = refused(tiny)
    assert "playbook/pilot.yaml cannot be followed:" in said
    assert "data/tiny/dataset.yaml cannot be followed:" in said


def test_a_day_to_come_is_refused_for_real_data_only(tiny):
    dataset = tiny.root / "data/tiny/dataset.yaml"
    dataset.write_text(dataset.read_text().replace("synthetic: true\nas_of: 2026-10-12\n", ""))
    said = refused(tiny, as_of="2026-10-13")
    assert "--as-of 2026-10-13 is later than today, 2026-10-12 in UTC" in said


def test_a_dataset_must_be_there_and_be_the_only_one_or_named(tiny):
    assert "there is no dataset 'tinny' under data/; did you mean 'tiny'?" in refused(tiny, dataset="tinny")
    (tiny.root / "data/other").mkdir()
    (tiny.root / "data/other/dataset.yaml").write_text("name: other")
    assert "there are several datasets: other, tiny" in refused(tiny)
    for path in tiny.root.glob("data/*/dataset.yaml"):
        path.unlink()
    assert "there is no dataset under data/" in refused(tiny)


def test_a_name_that_leaves_data_is_no_dataset(tiny):
    assert "no dataset '../tiny'" in refused(tiny, dataset="../tiny")


def test_reports_that_cannot_be_written_are_said_so(tiny):
    reports = tiny.root / "reports"
    reports.rename(tiny.root / "elsewhere")
    reports.write_text("a file")
    said = refused(tiny)
    assert "reports" in said
    assert "cannot be written" in said


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_reports_without_permission_are_said_so(tiny):
    (tiny.root / "reports").chmod(0o500)
    assert "cannot be written" in refused(tiny)


def test_a_second_run_at_once_exits_2_naming_the_first(tiny, start):
    tiny.pages(decision=())
    tiny.page("decision", "import time; time.sleep(60)", needs=())
    first = start("run", str(tiny.root))
    while first.stdout.readline() != "04_decision: running\n":
        time.sleep(0.01)
    second = start("run", str(tiny.root))
    _, said = second.communicate(timeout=30)
    assert second.returncode == 2
    assert f"another run is at work here (pid {first.pid})" in said
    assert "Traceback" not in said


def test_a_fault_in_the_playbook_is_on_stderr_with_exit_2(tiny, start):
    path = tiny.root / "playbook/baseline.yaml"
    facts = yaml.safe_load(path.read_text())
    facts["min_cases"]["value"] = "many"
    path.write_text(yaml.safe_dump(facts))
    process = start("run", str(tiny.root))
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (2, "")
    assert err.startswith("playbook/baseline.yaml cannot be followed:\n  min_cases")
    assert "Traceback" not in err
