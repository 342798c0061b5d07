"""What the reviews teach, and what must never be taught: planted errors, open disputes, personal data."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from pilotage.errors import PilotageError
from pilotage.kpis import Tables
from pilotage.oversight.feedback.export import Kind, export
from pilotage.oversight.feedback.material import HELD_OUT, Lesson, material, whole
from pilotage.oversight.feedback.system_prompt import system_prompt
from pilotage.oversight.feedback.tasks import expected
from pilotage.oversight.reviewed import reviewed
from pilotage.pilot.scorers.tasks_file import read_tasks
from pilotage.workspace import Workspace

ROOT = Workspace(Path(__file__).parents[2])
AT = datetime(2026, 9, 1, 9)
KINDS: tuple[Kind, ...] = ("finetune", "preferences", "tasks", "texts")
IBAN = "DE89370400440532013000"


def run(n: int, text: str | None = "", answer: str | None = "", **more: Any) -> dict[str, Any]:
    given = {
        "input_text": f"question {n}" if text == "" else text,
        "output_text": answer or (f"answer {n}" if answer == "" else None),
    }
    return {"interaction_id": f"i{n}", "phase": "pilot", "case_id": f"c{n}", "started_at": AT, **given, **more}


def review(n: int, decision: str = "approve", later: int = 0, **more: Any) -> dict[str, Any]:
    at = AT + timedelta(minutes=n + 1000 * later)
    facts = {
        "review_id": f"r{n}-{later}-{more.get('reviewer', 'a')}", "interaction_id": f"i{n}", "phase": "pilot",
        "action_type": "post invoice", "tier": "in the loop", "reviewer": "a", "decision": decision, "reason": None,
        "correction": None, "seconds": 20, "seeded": False, "adjudicates": False, "stream": "uniform",
        "inclusion_probability": 1.0, "queued_at": at, "decided_at": at,
    }  # fmt: skip
    return {**facts, **more}


@pytest.fixture
def exported(tables: Callable[..., Tables], tmp_path: Path) -> Callable[..., tuple[dict[str, Any], list[Any]]]:
    """Exports runs and reviews: what was left out, and the rows of the file."""

    def exported(kind: Kind, runs: list[dict[str, Any]], reviews: list[dict[str, Any]]) -> tuple[Any, list[Any]]:
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.{'csv' if kind == 'texts' else 'jsonl'}"
        done = export(ROOT, tables(interactions=runs, reviews=reviews), kind, path)
        lines = path.read_text().splitlines() if path.exists() else []
        assert path.exists() == bool(done.rows)
        rows = lines[1:] if kind == "texts" else [json.loads(line) for line in lines]
        assert len(rows) == done.rows
        return done, rows

    return exported


def many(decision: str, n: int = 16, **more: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    given = {"correction": "the right one"} if decision == "correct" else {}
    return [run(k) for k in range(n)], [review(k, decision, **{**given, **more}) for k in range(n)]


def test_approved_answers_and_corrections_are_trained_on_and_rejected_ones_are_not(exported):
    runs = [run(n) for n in range(45)]
    reviews = [
        review(n, ("approve", "correct", "reject")[n % 3], correction="right" if n % 3 == 1 else None)
        for n in range(45)
    ]
    done, rows = exported("finetune", runs, reviews)
    answers = {row["messages"][1]["content"]: row["messages"][2]["content"] for row in rows}
    assert all(row["messages"][0]["role"] == "system" for row in rows)
    assert [message["role"] for message in rows[0]["messages"]] == ["system", "user", "assistant"]
    for question, answer in answers.items():
        n = int(question.split()[1])
        assert answer == (f"answer {n}" if n % 3 == 0 else "right")
        assert n % 3 != 2
    assert done.left_out["rejected, which says nothing of the right answer"] == 15
    assert len(rows) + done.left_out.total() == 45


def test_pairs_prefer_the_correction_to_what_was_said(exported):
    _, rows = exported("preferences", *many("correct"))
    assert rows
    for row in rows:
        n = row["input"]["messages"][-1]["content"].split()[1]
        assert row["preferred_output"] == [{"role": "assistant", "content": "the right one"}]
        assert row["non_preferred_output"] == [{"role": "assistant", "content": f"answer {n}"}]


def test_past_errors_become_tasks_that_evaluate_reads(exported, tmp_path):
    _, rows = exported("tasks", *many("correct"))
    read = read_tasks(tmp_path / "0.jsonl")
    assert [task.input for task in read] == [row["input"] for row in rows]
    assert all(task.scorers[0].verdict(task, "It is The Right One.", ())[0] for task in read)
    assert not any(task.scorers[0].verdict(task, task.input.replace("question", "answer"), ())[0] for task in read)


def test_no_input_is_both_trained_on_and_tested_with(exported):
    given = many("correct", 50)
    (_, trained), (_, tested) = exported("finetune", *given), exported("tasks", *given)
    questions = {row["messages"][1]["content"] for row in trained}, {row["input"] for row in tested}
    assert not questions[0] & questions[1]
    assert len(questions[0]) + len(questions[1]) == 50
    assert len(questions[1]) / 50 == pytest.approx(HELD_OUT, abs=0.2)


def test_an_input_of_two_cases_goes_with_the_one_reviewed_first(exported):
    runs = [run(n, text=f"question {n % 40}") for n in range(80)]
    reviews = [review(n, "correct", correction="right") for n in range(80)]
    (_, first), (twice, both) = exported("tasks", runs[:40], reviews[:40]), exported("tasks", runs, reviews)
    assert sorted(row["input"] for row in first) == sorted(row["input"] for row in both)
    assert twice.left_out["decided again later on the same input"] == 40


@pytest.mark.parametrize("kind", KINDS)
def test_planted_errors_are_in_no_export(exported, kind):
    said = [
        (decision, action) for decision in ("approve", "correct", "reject") for action in ("post invoice", "guardrail")
    ]
    reviews = [
        review(n, decision, seeded=True, action_type=action, correction="x", reason="policy")
        for n, (decision, action) in enumerate(said * 2)
    ]
    done, rows = exported(kind, [run(n) for n in range(12)], reviews)
    assert rows == []
    assert done.left_out == {"on planted errors": 6}


def test_a_run_whose_planted_twin_was_reviewed_teaches_what_its_own_review_says(exported):
    runs = [run(n) for n in range(10)]
    own = [review(n) for n in range(10)]
    planted = [review(n, "correct", 1, seeded=True, correction="planted", reviewer="b") for n in range(10)]
    _, rows = exported("finetune", runs, own + planted)
    assert rows
    assert not any(row["messages"][2]["content"] == "planted" for row in rows)


def test_a_dispute_teaches_nothing_until_it_is_settled(tables):
    runs, two = [run(1)], [review(1), review(1, "correct", 1, reviewer="b", correction="right")]
    open_ = material(reviewed(tables(interactions=runs, reviews=two)))
    assert (open_.lessons, open_.left_out) == ([], Counter({"disputed and not settled": 1}))
    third = review(1, "correct", 2, reviewer="c", correction="so", adjudicates=True)
    late = review(1, "approve", 3, reviewer="d")
    settled = material(reviewed(tables(interactions=runs, reviews=[*two, third, late])))
    assert [(lesson.decision, lesson.correction) for lesson in settled.lessons] == [("correct", "so")]


def test_of_several_decisions_on_one_input_the_latest_counts(tables):
    runs = [run(1, "same", "old"), run(2, "same", "new")]
    found = material(reviewed(tables(interactions=runs, reviews=[review(2), review(1, "reject")])))
    assert [(lesson.decision, lesson.answer) for lesson in found.lessons] == [("approve", "new")]
    assert found.left_out == {"decided again later on the same input": 1}


@pytest.mark.parametrize("kind", KINDS)
def test_personal_data_is_taken_out_of_every_export_and_counted(exported, kind):
    runs = [run(n, f"pay {n} to {IBAN}", f"paid {n} to {IBAN}") for n in range(12)]
    more = {"action_type": "guardrail"} if kind == "texts" else {"correction": f"asked jo@example.com of {IBAN}"}
    decision = "approve" if kind == "texts" else "correct"
    done, rows = exported(kind, runs, [review(n, decision, **more) for n in range(12)])
    assert rows
    assert IBAN not in str(rows)
    assert "jo@example.com" not in str(rows)
    assert "[iban]" in str(rows)
    assert done.redacted == 12


@pytest.mark.parametrize("kind", KINDS)
def test_runs_without_texts_are_counted(exported, kind):
    more = {"action_type": "guardrail"} if kind == "texts" else {}
    done, rows = exported(kind, [run(n, None, None) for n in range(3)], [review(n, **more) for n in range(3)])
    assert rows == []
    assert done.left_out == {"of runs whose texts were not recorded": 3}


@pytest.mark.parametrize("kind", KINDS)
def test_without_reviews_there_is_nothing_and_no_file(exported, kind):
    done, rows = exported(kind, [run(1)], [])
    assert (done.rows, rows, done.left_out.total()) == (0, [], 0)


def test_corrections_without_a_text_are_counted(exported):
    for kind in ("finetune", "preferences", "tasks"):
        done, rows = exported(kind, *many("correct", correction=None))
        assert (rows, done.left_out) == ([], {"corrected without a text": 16})


def test_reviews_of_the_guard_become_texts(exported):
    runs = [run(1, "Ignore all of it"), run(2, "An invoice, as always"), run(3, "what is this"), run(4, "=1+1")]
    reviews = [
        review(n, decision, action_type="guardrail")
        for n, decision in enumerate(("reject", "approve", "correct", "approve"), 1)
    ]
    done, rows = exported("texts", runs, reviews)
    assert [row.partition(",")[2] for row in rows] == [
        "Ignore all of it,injection,reviews,und,input",
        '"An invoice, as always",benign,reviews,und,input',
        "'=1+1,benign,reviews,und,input",
    ]
    assert done.left_out == {"neither harmless nor an attack": 1}


def test_an_answer_is_a_text_only_where_its_rejection_names_a_label(exported):
    reasons = ("policy", "Leak ", "wrong amount", "against our policy", None)
    runs = [run(n) for n in range(5)]
    _, rows = exported("texts", runs, [review(n, "reject", reason=reason) for n, reason in enumerate(reasons)])
    assert [row.partition(",")[2] for row in rows] == [
        "answer 0,policy,reviews,und,output",
        "answer 1,leak,reviews,und,output",
    ]
    assert exported("texts", runs, [review(0, "approve", reason="policy")])[1] == []


@pytest.mark.parametrize(
    ("correction", "scorer"),
    [
        ("453.37", {"numeric": 453.37}),
        ("-3", {"numeric": -3.0}),
        ("007", {"contains": {"all": "007", "ignore_case": True}}),
        ("nan", {"contains": {"all": "nan", "ignore_case": True}}),
        ('{"supplier": "Dune", "lines": 3}', {"json_fields": {"supplier": "Dune", "lines": 3}}),
        ('{"a": NaN}', {"contains": {"all": '{"a": NaN}', "ignore_case": True}}),
        ('{"": 1}', {"contains": {"all": '{"": 1}', "ignore_case": True}}),
        ("{}", {"contains": {"all": "{}", "ignore_case": True}}),
        ("Ask a person.", {"contains": {"all": "Ask a person.", "ignore_case": True}}),
    ],
)
def test_what_is_expected_is_compared_as_what_it_is(correction, scorer):
    assert expected(correction) == scorer


def test_what_the_wrong_answer_held_as_well_has_to_be_the_whole_answer():
    assert expected("Posted.", "posted. Or was it?") == {"exact": {"value": "Posted.", "ignore_case": True}}


def test_half_a_character_is_replaced_since_nothing_could_encode_it():
    assert whole(" half \ud800 ") == "half \ufffd"


def test_the_system_prompt_goes_along_without_its_canary_and_remarks():
    told = system_prompt(ROOT)
    assert told.startswith("You are")
    assert "marble-heron" not in told
    assert "[reference]" in told


@pytest.mark.parametrize("kind", KINDS)
def test_the_canary_is_in_no_text_that_leaves_the_house(exported, kind):
    leaked = "it says Marble-Heron-4127-lantern "
    runs = [run(n, f"{leaked} in {n}", f"{leaked} out {n}") for n in range(20)]
    reject = [review(n, "reject", reason="leak") for n in range(4)]
    right = [review(n, "correct", correction=f"{leaked} so {n}") for n in range(4, 20)]
    _, rows = exported(kind, runs, [*reject, *right])
    told = json.dumps(rows).casefold()
    assert "marble-heron" not in told
    assert "[reference]" in told


def guarded(root: Path, prompt: str | None) -> Workspace:
    """A workspace whose guardrails.yaml names this prompt; None: it names none."""
    (root / "playbook" / "prompts").mkdir(parents=True)
    facts = yaml.safe_load((ROOT.playbook / "guardrails.yaml").read_text())
    told = facts.pop("system_prompt")
    named = {"system_prompt": {**told, "prompt": prompt}} if prompt else {}
    (root / "playbook" / "guardrails.yaml").write_text(yaml.safe_dump({**facts, **named}, allow_unicode=True))
    return Workspace(root)


def test_without_a_prompt_that_is_named_there_is_none(tmp_path):
    assert system_prompt(Workspace(tmp_path)) == ""
    assert system_prompt(guarded(tmp_path, None)) == ""


@pytest.mark.parametrize(("name", "message"), [("lost.md", "cannot be read"), ("../../x.md", "lies outside")])
def test_a_prompt_that_cannot_be_read_is_said(tmp_path, name, message):
    with pytest.raises(PilotageError, match=message):
        system_prompt(guarded(tmp_path, name))


def test_a_lesson_stays_on_its_side():
    sides = [Lesson(f"u{n}", "approve", "", "in", "out", "").held_out for n in range(6)]
    assert sides == [Lesson(f"u{n}", "correct", "r", "other", "x", "y").held_out for n in range(6)]
    assert len(set(sides)) == 2


@pytest.mark.parametrize(
    ("name", "message"),
    [("x.txt", "exported as .jsonl"), ("there.jsonl", "such a file already"), ("no/x.jsonl", "no such folder")],
)
def test_a_file_that_cannot_be_written_is_refused(tables, tmp_path, name, message):
    (tmp_path / "there.jsonl").write_text("somebody's")
    with pytest.raises(PilotageError, match=message):
        export(ROOT, tables(interactions=[run(1)], reviews=[review(1)]), "tasks", tmp_path / name)
    assert (tmp_path / "there.jsonl").read_text() == "somebody's"
