"""A whole run on a tiny workspace: what it leaves, and what makes which pages run again."""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path

import pytest

from pilotage.runner import export
from pilotage.runner.kernels import Kernels


def test_a_run_leaves_the_decision_the_pages_and_what_they_rest_on(ran):
    run = ran.root / "reports" / ran.folders()[0]
    left = {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}
    stages = ("baseline", "pilot", "roi", "decision")
    expected = {"index.html", "run.json", "decision.json", "checks.json", "manifests/html.json"}
    for stage in stages:
        expected |= {
            f"pages/{stage}.html",
            f"notebooks/{stage}.ipynb",
            f"evidence/{stage}.json",
            f"manifests/{stage}.json",
        }
    assert left == expected
    assert os.readlink(ran.root / "reports/latest") == run.name


def test_run_json_says_what_was_run(ran):
    facts = json.loads((ran.root / "reports/latest/run.json").read_text())
    assert facts["schema"] == 1
    assert facts["run"] == ran.folders()[0] == "20261012T093000Z-tiny"
    assert (facts["dataset"], facts["as_of"], facts["parameters"]) == ("tiny", "2026-10-12", {})
    assert {state["status"] for state in facts["pages"].values()} == {"done"}
    assert facts["started_at"] <= facts["finished_at"]
    assert list(facts["sources"]) == ["data/tiny/cases.csv"]


def test_what_a_run_leaves_names_no_place_on_this_machine(ran):
    run = ran.root / "reports/latest/"
    for path in run.rglob("*"):
        assert path.is_dir() or str(ran.root.parent) not in path.read_text(encoding="utf-8"), path


def test_a_second_run_runs_no_page_and_makes_no_folder(ran):
    outcome = ran.run()
    assert outcome.reused
    assert (ran.ran(), ran.said, len(ran.folders())) == ([], [], 1)
    assert (outcome.answer, outcome.tier, outcome.why) == ("not yet", "in the loop", "it is a test")


def test_file_times_saved_outputs_and_cell_ids_re_run_nothing(ran):
    for path in (*ran.root.glob("data/tiny/*"), *ran.root.glob("playbook/*"), *ran.root.glob("notebooks/*")):
        os.utime(path, (1, 1))
    notebook = ran.root / "notebooks/02_pilot.ipynb"
    facts = json.loads(notebook.read_text())
    for number, cell in enumerate(facts["cells"]):
        cell["id"] = f"another{number}"
        cell["metadata"]["collapsed"] = True
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "saved"}]
    notebook.write_text(json.dumps(facts, indent=4))
    assert ran.run().reused


def test_one_changed_input_re_runs_exactly_the_pages_that_depend_on_it(ran):
    path = ran.root / "data/tiny/cases.csv"
    path.write_text(path.read_text() + "4,pilot,2026-09-04T08:00:00\n")
    outcome = ran.run()
    assert ran.states(outcome) == {"baseline": "copied", "pilot": "done", "roi": "done", "decision": "done"}
    assert len(ran.folders()) == 2
    assert outcome.folder.name == "20261012T093001Z-tiny"
    assert os.readlink(ran.root / "reports/latest") == outcome.folder.name


def test_a_page_that_concludes_the_same_again_wakes_no_page_after_it(ran):
    ran.page("baseline", "'a new cell'")
    outcome = ran.run()
    assert ran.states(outcome) == {"baseline": "done", "pilot": "copied", "roi": "copied", "decision": "done"}


def test_evidence_deleted_between_runs_comes_back(ran):
    evidence = ran.root / "reports/latest/evidence/pilot.json"
    before = evidence.read_bytes()
    evidence.unlink()
    outcome = ran.run()
    assert (outcome.folder / "evidence/pilot.json").read_bytes() == before
    assert ran.states(outcome) == {"baseline": "copied", "pilot": "done", "roi": "copied", "decision": "done"}


@pytest.mark.parametrize("path", ["decision.json", "notebooks/decision.ipynb", "manifests/decision.json"])
def test_whatever_of_the_decision_is_deleted_comes_back(ran, path):
    (ran.root / "reports/latest" / path).unlink()
    outcome = ran.run()
    assert (outcome.folder / path).is_file()
    assert ran.ran() == ["decision"]


def test_deleted_html_is_made_again_in_place(ran):
    index = ran.root / "reports/latest/index.html"
    before = index.read_bytes()
    index.unlink()
    assert ran.run().reused
    assert index.read_bytes() == before


def test_an_edit_of_the_template_makes_new_html_and_runs_no_page(ran, monkeypatch):
    page = ran.root / "reports/latest/pages/pilot.html"
    page.write_text(page.read_text().replace("<footer>", "<footer><!-- as an older template had it -->"))
    record = ran.root / "reports/latest/manifests/html.json"
    made = json.loads(record.read_text())
    made["pages/pilot.html"]["key"] = "that of an older template"
    record.write_text(json.dumps(made))
    assert ran.run().reused
    assert "older template" not in page.read_text()


def test_the_html_key_changes_with_the_code_that_makes_it(ran, monkeypatch):
    seen = []
    monkeypatch.setattr("pilotage.runner.html.render", lambda *given: seen.append(given) or "<p>new</p>")
    monkeypatch.setattr(export, "code", lambda: "another template")
    assert ran.run().reused
    assert len(seen) == 5


def test_setting_a_parameter_re_runs_that_page_and_what_its_evidence_changes(ran):
    outcome = ran.run(settings=("02_pilot.scale=3",))
    assert ran.states(outcome) == {"baseline": "copied", "pilot": "done", "roi": "done", "decision": "done"}
    assert json.loads((outcome.folder / "evidence/pilot.json").read_text())["scale"] == 3
    assert json.loads((outcome.folder / "run.json").read_text())["parameters"] == {"pilot": {"scale": 3}}


def test_another_day_re_runs_every_page(ran):
    outcome = ran.run(as_of="2026-10-13")
    assert sorted(ran.ran()) == ["baseline", "decision", "pilot", "roi"]
    assert json.loads((outcome.folder / "run.json").read_text())["as_of"] == "2026-10-13"


def test_fresh_re_runs_every_page(ran):
    ran.run(fresh=True)
    assert sorted(ran.ran()) == ["baseline", "decision", "pilot", "roi"]


def test_pages_asked_for_run_with_their_needs_and_the_decision(tiny):
    outcome = tiny.run(pages=("pilot",))
    assert tiny.states(outcome) == {"baseline": "not run", "pilot": "done", "roi": "not run", "decision": "done"}
    assert "did not run" in (outcome.folder / "pages/roi.html").read_text()
    assert outcome.not_asked == ("baseline", "roi")
    assert tiny.run(pages=("02_pilot",)).not_asked == ("baseline", "roi")
    assert tiny.run(pages=("02_pilot",)).reused
    outcome = tiny.run(pages=("roi",))
    assert tiny.states(outcome) == {"baseline": "done", "pilot": "copied", "roi": "done", "decision": "done"}


def test_the_first_run_of_some_pages_only_is_not_the_latest(tiny):
    tiny.run(pages=("baseline",))
    assert not (tiny.root / "reports/latest").is_symlink()


def test_a_partial_run_leaves_latest_and_the_next_whole_run_takes_from_both(ran):
    whole = os.readlink(ran.root / "reports/latest")
    original = (ran.root / "notebooks/02_pilot.ipynb").read_text()
    ran.page("pilot", "'edited'", reads=("data/tiny/cases.csv",))
    ran.page("baseline", "'edited'")
    partial = ran.run(pages=("baseline",))
    assert ran.states(partial) == {"baseline": "done", "pilot": "not run", "roi": "not run", "decision": "done"}
    assert (partial.folder / "decision.json").is_file()
    assert ran.run(pages=("baseline",)).reused
    assert os.readlink(ran.root / "reports/latest") == whole
    (ran.root / "notebooks/02_pilot.ipynb").write_text(original)
    outcome = ran.run()
    assert ran.states(outcome) == {"baseline": "copied", "pilot": "copied", "roi": "copied", "decision": "done"}
    assert os.readlink(ran.root / "reports/latest") == outcome.folder.name
    assert outcome.not_asked == ()


def test_pages_asked_for_while_all_are_up_to_date_are_the_latest_run(ran):
    outcome = ran.run(pages=("baseline",))
    assert (outcome.reused, outcome.not_asked) == (True, ())


def test_a_page_that_crashed_since_takes_no_result_from_before(ran):
    original = (ran.root / "notebooks/02_pilot.ipynb").read_text()
    ran.page("pilot", "1/0")
    assert ran.run(pages=("pilot",)).crashed == ("pilot",)
    (ran.root / "notebooks/02_pilot.ipynb").write_text(original)
    assert ran.states(ran.run())["pilot"] == "done"


def test_rows_set_aside_are_told_before_the_pages_also_when_nothing_changed(tiny):
    with (tiny.root / "data/tiny/cases.csv").open("a") as stream:
        stream.write("4,pilot,yesterday\n")
    tiny.pages(decision=())
    tiny.page("decision", needs=())
    tiny.run()
    told = [line for line in tiny.said if "set aside" in line]
    assert len(told) == 1
    assert re.fullmatch(
        r"data/tiny: cases: 1 of 4 rows set aside \(opened_at .+\); see reports/\.intake/tiny/rejected/cases\.csv",
        told[0],
    )
    assert tiny.said.index(told[0]) < tiny.said.index("04_decision: running")
    assert tiny.run().reused
    assert tiny.said == told


def test_an_edit_of_the_notebook_while_it_runs_waits_for_the_next_run(tiny):
    tiny.pages(pilot=(), decision=("pilot",))
    notebook = tiny.root / "notebooks/02_pilot.ipynb"
    tiny.page("decision", needs=("pilot",))
    edit = f"p = Path({str(notebook)!r}); p.write_text(p.read_text().replace('What about', 'How about'))"
    tiny.page("pilot", edit, reads=())
    outcome = tiny.run()
    assert "What about pilot?" in (outcome.folder / "notebooks/pilot.ipynb").read_text()
    assert tiny.run() != outcome
    assert tiny.ran() == ["pilot", "decision"]


def test_a_page_starts_without_the_debugger_which_it_may_still_import_and_its_folder_hides_no_module(tiny):
    (tiny.root / "ipykernel.py").write_text("raise RuntimeError('a file of the workspace')")
    tiny.pages(decision=())
    loaded = "import sys; from importlib.util import find_spec; assert 'debugpy' not in sys.modules"
    tiny.page("decision", loaded, "assert find_spec('debugpy')", needs=())
    assert tiny.states(tiny.run()) == {"decision": "done"}


def test_a_page_may_stand_in_a_folder_with_spaces_and_braces(tiny):
    odd = tiny.root.parent / "a {house} of one's own"
    tiny.root.rename(odd)
    tiny.root = odd
    tiny.pages(decision=())
    tiny.page("decision", needs=())
    assert tiny.states(tiny.run()) == {"decision": "done"}


def test_kernels_of_the_users_choice_and_start_up_files_play_no_part(tiny, monkeypatch, tmp_path):
    spec = tmp_path / "jupyter/kernels/python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text('{"argv": ["false"], "display_name": "broken", "language": "python"}')
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("HOME", "/nonexistent")
    tiny.pages(decision=())
    check = "import sys, pilotage; assert [sys.executable, pilotage.__file__] == {!r}"
    import sys

    import pilotage

    tiny.page("decision", check.format([sys.executable, pilotage.__file__]), needs=())
    assert tiny.states(tiny.run()) == {"decision": "done"}


def test_sockets_and_the_lock_are_gone_after_a_run(tiny, monkeypatch, tmp_path):
    (tmp_path / "t").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "t"))
    tiny.pages(decision=())
    tiny.page("decision", needs=())
    tiny.run()
    assert list((tmp_path / "t").iterdir()) == []
    assert not Path(tiny.root / "reports/.lock").exists()


@pytest.mark.parametrize("path", ["decision.json", "run.json", "manifests/decision.json", "manifests/html.json"])
@pytest.mark.parametrize("text", ["{", '{"pages": []}'])
def test_a_damaged_file_of_the_last_run_is_mended_by_the_next(ran, path, text):
    before = json.loads((ran.root / "reports/latest/decision.json").read_text())
    (ran.root / "reports/latest" / path).write_text(text)
    outcome = ran.run()
    assert ran.run().reused
    after = json.loads((outcome.folder / "decision.json").read_text())
    assert {**after, "run": ""} == {**before, "run": ""}
    assert os.readlink(ran.root / "reports/latest") == outcome.folder.name


def test_the_html_says_what_was_set_for_the_run(ran):
    assert "set for this run" not in (ran.root / "reports/latest/index.html").read_text()
    outcome = ran.run(settings=("pilot.scale=3", "roi.segment=<b>"))
    for page in ("index.html", "pages/baseline.html"):
        text = (outcome.folder / page).read_text()
        assert "<span>with pilot.scale=3 and roi.segment=&lt;b&gt; set for this run</span>" in text


@pytest.fixture
def short_temporary(monkeypatch):
    """A folder for temporary files whose path is short enough for sockets, wherever pytest keeps its own."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        monkeypatch.setattr("tempfile.tempdir", folder)
        yield Path(folder)


def test_what_a_killed_run_left_is_removed_and_another_workspaces_stays(tiny, short_temporary, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    killed, other = Kernels(tiny.workspace.reports), Kernels(tmp_path / "elsewhere")
    assert killed.folder.is_dir()
    tiny.pages(decision=())
    tiny.page("decision", needs=())
    tiny.run()
    assert list(short_temporary.iterdir()) == [other.folder]
