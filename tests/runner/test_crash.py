"""Pages that do not come to their end: one broken notebook for each way."""

from __future__ import annotations

import json
import time

import pytest


@pytest.fixture
def two(tiny):
    """Only a pilot, and the decision."""
    tiny.pages(pilot=(), decision=("pilot",))
    tiny.page("decision", needs=("pilot",))
    return tiny


BROKEN = {
    "an error": ("1/0", "cell 4 of 5: ZeroDivisionError: division by zero"),
    "a killed kernel": ("os.kill(os.getpid(), 9)", "cell 4 of 5: DeadKernelError: Kernel died"),
    "an exit": ("os._exit(0)", "cell 4 of 5: DeadKernelError: Kernel died"),
    "no verdict": ("END = 'os.remove'; import atexit; put = lambda path, value: None", "never came to its verdict"),
    "a foreign file": ("put(work / 'evidence' / 'roi.json', {})", "it wrote evidence/roi.json"),
    "an unnamed need": ("needs = ('baseline',)", "it opened run:evidence/baseline.json without naming"),
    "other evidence": ("stage = 'roi'; put(work / 'evidence' / 'pilot.json', {})", "its evidence is not of schema 1"),
    "a gate that is none": ("END = 1; gates = [1]; dict = lambda **facts: {**facts, 'gates': [1]}", "decides nothing"),
    "a list for its files": (
        "dict = lambda **facts: {**facts, 'files': []} if 'globs' in facts else facts",
        "cannot be read",
    ),
    "a list for a record": ("END = 1; import builtins; dict = lambda **facts: [1]", "cannot be read"),
    "a hostile message": ("raise ValueError('<script>alert(1)</script>')", "ValueError: <script>alert(1)</script>"),
}


@pytest.mark.parametrize(("middle", "said"), BROKEN.values(), ids=BROKEN)
def test_a_page_that_breaks_is_not_decided_and_the_decision_still_comes(two, middle, said):
    two.page("pilot", middle, needs=())
    outcome = two.run()
    assert outcome.crashed == ("pilot",)
    assert two.states(outcome) == {"pilot": "crashed", "decision": "done"}
    assert said in json.loads((outcome.folder / "run.json").read_text())["pages"]["pilot"]["error"]
    page = (outcome.folder / "pages/pilot.html").read_text()
    assert "not decided" in page
    assert "<script" not in page
    assert "Traceback" not in page
    assert not (outcome.folder / "evidence/pilot.json").exists()
    assert not (outcome.folder / "work").exists()


def test_a_decision_page_that_decides_nothing_has_crashed(two):
    two.page(
        "decision", "dict = lambda **facts: {name: facts[name] for name in facts if name != 'tier'}", needs=("pilot",)
    )
    assert "decides nothing" in two.run().why


def test_a_decision_page_that_answers_something_else_has_crashed(two):
    two.page("decision", "dict = lambda **facts: {**facts, **({'answer': 'maybe'} if 'tier' in facts else {})}")
    assert "decides nothing" in two.run().why


def test_what_the_last_run_had_is_not_used_for_a_page_that_crashed(ran):
    ran.page("pilot", "1/0", reads=())
    outcome = ran.run()
    assert ran.states(outcome) == {"baseline": "copied", "pilot": "crashed", "roi": "not run", "decision": "done"}
    assert {path.stem for path in (outcome.folder / "evidence").iterdir()} == {"baseline", "decision"}
    opened = json.loads((outcome.folder / "manifests/decision.json").read_text())["opened"]["files"]
    assert opened["run:evidence/pilot.json"] == "absent"
    assert "needs pilot" in (outcome.folder / "pages/roi.html").read_text()


def test_a_crashed_page_runs_again_the_next_time(two):
    two.page("pilot", "flag = root / 'again'", "if not flag.exists(): flag.touch(); 1/0", needs=())
    assert two.run().crashed == ("pilot",)
    outcome = two.run()
    assert outcome.crashed == ()
    assert two.states(outcome) == {"pilot": "done", "decision": "done"}


def test_the_decision_exists_even_where_its_own_page_crashed(two):
    two.page("decision", "raise RuntimeError('no')", needs=("pilot",))
    outcome = two.run()
    assert outcome.crashed == ("decision",)
    decision = json.loads((outcome.folder / "decision.json").read_text())
    assert decision["answer"] == outcome.answer == "not yet"
    assert "the decision page itself crashed (cell 4 of 5: RuntimeError: no)" in decision["why"]
    assert set(decision) == {
        "schema", "answer", "tier", "why", "conditions", "gates", "kpis", "run", "dataset", "synthetic", "as_of",
        "baseline_grade", "audit_log_head",
    }  # fmt: skip
    assert "not decided" in (outcome.folder / "index.html").read_text()
    assert two.run().folder != outcome.folder


def test_a_decision_without_a_baseline_has_the_grade_none(two):
    two.page("decision", "1/0", needs=("pilot",))
    assert json.loads((two.run().folder / "decision.json").read_text())["baseline_grade"] == "none"


def test_the_decision_exists_also_where_the_audit_log_cannot_be_read(two):
    (two.root / "playbook/audit_log.jsonl").mkdir()
    two.page("decision", "1/0", needs=("pilot",))
    outcome = two.run()
    decision = json.loads((outcome.folder / "decision.json").read_text())
    assert (decision["answer"], decision["audit_log_head"]) == ("not yet", None)


def test_a_cell_that_hangs_is_a_crashed_page_that_names_the_cell_and_the_limit(two, monkeypatch):
    monkeypatch.setattr("pilotage.runner.execute.LONGEST_CELL_S", 2)
    two.page("pilot", "import time; time.sleep(60)", needs=())
    began = time.monotonic()
    outcome = two.run()
    assert time.monotonic() - began < 20
    assert two.states(outcome) == {"pilot": "crashed", "decision": "done"}
    error = json.loads((outcome.folder / "run.json").read_text())["pages"]["pilot"]["error"]
    assert error == "cell 4 of 5: it took longer than the 2 s that a cell may take"


def test_a_crash_can_write_nothing_to_the_terminal_but_its_words(two):
    two.page("pilot", r"raise ValueError('\x1b[31mred\x1b[0m \x1b]0;title\x07' + 'x' * 1000)", needs=())
    two.run()
    said = "\n".join(two.said)
    assert "ValueError: red ¤]0;title¤xxx" in said
    assert "\x1b" not in said
    assert "\x07" not in said
    assert max(map(len, two.said)) < 400
