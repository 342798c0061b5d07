"""The stand-in's tasks: seeded, no two alike, and what it gets right is known to the last one."""

from __future__ import annotations

import json
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilotage.agents.reference import Behaviour, known_accuracy, make_tasks, write_tasks
from pilotage.agents.reference.behaviour import chance
from pilotage.agents.reference.mind import think
from pilotage.agents.reference.questions import KINDS, read
from pilotage.agents.reference.tables import INVENTED, database, invoices
from pilotage.agents.reference.tools import TOOLS, NotFound, find_invoices, lookup_invoice, total_due
from pilotage.errors import PilotageError
from pilotage.pilot.scorers import read_tasks, score

BY_NAME = {tool.__name__: tool for tool in TOOLS}


def answered(question: str, trial: int, behaviour: Behaviour, offered=tuple(BY_NAME)) -> tuple[str, list[str]]:
    """What the stand-in says in the end, with its tools at hand, and the tools it used."""
    messages, used = [{"role": "user", "content": question}], []
    while (wish := think(messages, offered, trial, behaviour)).tool:
        used.append(wish.tool)
        messages.append({"role": "tool", "content": json.dumps(BY_NAME[wish.tool](**wish.arguments))})
    return wish.text, used


class Call:
    """As much of a tool call as a trajectory asks for."""

    def __init__(self, tool: str) -> None:
        self.tool, self.arguments = tool, "{}"


def test_tasks_follow_from_the_seed_and_no_two_are_alike(tmp_path):
    tasks = make_tasks(400, 1)
    assert tasks == make_tasks(400, 1)
    assert tasks != make_tasks(400, 2)
    assert len({task.input for task in tasks}) == len({task.task_id for task in tasks}) == 400
    assert {task.segment for task in tasks} == {"emea", "americas", "apac"}
    assert {read(task.input)[0].name for task in tasks} == set(KINDS)
    write_tasks(tmp_path / "tasks.jsonl", tasks)
    assert [task.input for task in read_tasks(tmp_path / "tasks.jsonl")] == [task.input for task in tasks]


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_question_is_understood_as_that_kind(kind):
    for task in make_tasks(40, 5, [kind]):
        assert read(task.input)[0].name == kind


def test_more_tasks_than_there_are_questions_are_refused():
    with pytest.raises(PilotageError, match="there are only 60 questions of these kinds"):
        make_tasks(61, 1, ["total"])


@pytest.mark.parametrize(("error_rate", "escalation_rate"), [(0, 0), (1, 0), (0, 1), (0.3, 0.2)])
def test_exactly_so_many_are_scored_right_as_is_known_beforehand(tmp_path, error_rate, escalation_rate):
    behaviour = Behaviour(seed=11, error_rate=error_rate, escalation_rate=escalation_rate)
    write_tasks(tmp_path / "tasks.jsonl", make_tasks(300, 4))
    tasks, right = read_tasks(tmp_path / "tasks.jsonl"), 0
    for task in tasks:
        for trial in (1, 2):
            text, used = answered(task.input, trial, behaviour)
            passed = all(one.passed for one in score(task, text, [Call(tool) for tool in used]))
            assert passed is not (behaviour.ends_wrong(task.input, trial) or behaviour.hands_over(task.input, trial)), (
                task.input,
                text,
            )
            right += passed
    assert right == known_accuracy(tasks, 2, 11, error_rate, escalation_rate)
    assert abs(right / 600 - (1 - error_rate) * (1 - escalation_rate)) < 0.08


def test_a_wrong_answer_names_a_wrong_amount_or_a_supplier_that_does_not_exist():
    behaviour = Behaviour(error_rate=1)
    text, _ = answered(make_tasks(1, 1, ["supplier"])[0].input, 1, behaviour)
    assert any(name in text for name in INVENTED)
    assert not {row.supplier.name for row in invoices()} & set(INVENTED)


def test_handing_over_uses_the_tool_for_it_and_says_so():
    task = make_tasks(1, 1, ["owed"])[0]
    assert answered(task.input, 1, Behaviour(escalation_rate=1)) == (
        "I have handed this over to a person.",
        ["hand_over"],
    )


def test_a_question_about_two_things_takes_two_tools():
    assert answered(make_tasks(1, 1, ["owed"])[0].input, 1, Behaviour())[1] == ["lookup_invoice", "total_due"]


@pytest.mark.parametrize(
    ("question", "offered", "text"),
    [
        ("What is the weather?", (), "I can only answer questions about invoices."),
        ("", (), "I can only answer questions about invoices."),
        ("What is the amount of invoice INV-10001?", (), "I have no tool to look that up."),
    ],
)
def test_what_it_cannot_answer_it_says(question, offered, text):
    assert answered(question, 1, Behaviour(), offered) == (text, [])


def test_a_tool_that_failed_is_no_ground_for_an_answer():
    question = {"role": "user", "content": "What is the amount of invoice INV-99999?"}
    failed = {"role": "tool", "content": "error: NotFound: there is no invoice INV-99999"}
    assert think([question, failed], BY_NAME, 1, Behaviour()).text == "I could not look that up."


def test_the_tools_say_what_the_table_holds():
    row = invoices()[7]
    assert lookup_invoice(row.number) == {
        "number": row.number,
        "supplier": row.supplier.name,
        "amount": row.amount,
        "currency": row.supplier.currency,
        "issued": row.issued.isoformat(),
        "due": row.due.isoformat(),
        "paid": row.paid,
    }
    theirs = [other for other in invoices() if other.supplier == row.supplier]
    unpaid = [other for other in theirs if not other.paid]
    assert find_invoices(row.supplier.name)["numbers"] == [other.number for other in unpaid]
    assert find_invoices(row.supplier.name, open_only=False)["count"] == len(theirs)
    assert total_due(row.supplier.name)["total"] == f"{sum(other.cents for other in unpaid) / 100:.2f}"
    for lost in (lambda: lookup_invoice("x' OR 1"), lambda: find_invoices("x"), lambda: total_due("x")):
        with pytest.raises(NotFound):
            lost()


def test_the_table_is_the_same_every_time():
    assert invoices()[0].number == "INV-10001"
    with_count = "SELECT COUNT(*), SUM(cents), COUNT(DISTINCT supplier) FROM invoices"
    first, second = database(), database()
    assert isinstance(first, sqlite3.Connection)
    assert first.execute(with_count).fetchall() == second.execute(with_count).fetchall()
    first.close()
    second.close()


@given(st.integers(), st.text(max_size=20), st.integers(0, 10**6))
@settings(max_examples=200, deadline=None)
def test_chance_lies_from_0_to_below_1_and_is_always_the_same(seed, text, number):
    drawn = chance(seed, "x", text, number)
    assert 0 <= drawn < 1
    assert drawn == chance(seed, "x", text, number)


def test_chance_is_even_over_texts_and_trials():
    drawn = [chance(3, "error", f"question {place}", trial) for place in range(2000) for trial in (1, 2)]
    for low in range(10):
        assert abs(sum(low <= 10 * one < low + 1 for one in drawn) - 400) < 100


def test_rates_of_trouble_are_kept_and_do_not_overlap():
    behaviour = Behaviour(rate_429=0.05, rate_500=0.05, hang=0.01, seed=2)
    kinds = [behaviour.trouble(str(place).encode(), 0) for place in range(20_000)]
    for kind, rate in (("429", 0.05), ("500", 0.05), ("hang", 0.01)):
        assert abs(kinds.count(kind) / 20_000 - rate) < 0.006
    assert any(behaviour.trouble(b"the same", seen) for seen in range(100))
    assert not all(behaviour.trouble(b"the same", seen) for seen in range(100))


def test_an_answer_takes_as_long_as_it_should():
    behaviour = Behaviour(latency_s=0.1, jitter_s=0.02)
    waits = [behaviour.wait_s(str(place).encode(), 0) for place in range(2000)]
    assert 0.08 <= min(waits) < 0.082
    assert 0.118 < max(waits) <= 0.12
    assert abs(sum(waits) / 2000 - 0.1) < 0.001
    assert Behaviour(latency_s=0.01, jitter_s=1).wait_s(b"x", 0) >= 0
