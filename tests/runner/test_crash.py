"""Pages that do not come to their end: one broken notebook for each way."""

from __future__ import annotations

import json

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
