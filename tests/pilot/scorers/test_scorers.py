"""Each scorer passes what its file says it passes, and says why it did not."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.agents.run import ToolCall
from pilotage.pilot.scorers import SCORERS, Score, Task, score
from pilotage.pilot.scorers.json_fields import NOTHING, json_in, same
from pilotage.pilot.scorers.numeric import numbers


def scored(entry: dict[str, Any], answer: str = "", calls: tuple[ToolCall, ...] = ()) -> Score:
    ((name, settings),) = entry.items()
    (found,) = score(Task("t1", "a question", None, (SCORERS[name](settings),)), answer, calls)
    return found


def calls(*made: str | tuple[str, Any]) -> tuple[ToolCall, ...]:
    pairs = [(item, {}) if isinstance(item, str) else item for item in made]
    return tuple(
        ToolCall(seq, tool, 0.0, 0.1, given if isinstance(given, str) else json.dumps(given), "ok", None)
        for seq, (tool, given) in enumerate(pairs, start=1)
    )


TEXTS = [
    ({"exact": "42"}, " 42\n", True),
    ({"exact": "42"}, "42.", False),
    ({"exact": ["yes", "ja"]}, "ja", True),
    ({"exact": "Yes"}, "yes", False),
    ({"exact": {"value": "Straße", "ignore_case": True}}, "STRASSE", True),
    ({"exact": "caf\u00e9"}, "cafe\u0301", True),
    ({"contains": "refund"}, "We refund 12 EUR", True),
    ({"contains": ["refund", "EUR"]}, "We refund it", False),
    ({"contains": {"any": ["refund", "credit"]}}, "a credit note", True),
    ({"contains": {"any": ["refund", "credit"]}}, "nothing", False),
    ({"contains": {"all": "order", "none": ["sorry", "cannot"]}}, "the order is sent", True),
    ({"contains": {"all": "order", "none": ["sorry", "cannot"]}}, "sorry, the order", False),
    ({"contains": {"all": "ORDER", "ignore_case": True}}, "the order", True),
    ({"regex": r"INV-\d{4}"}, "see INV-0042.", True),
    ({"regex": r"INV-\d{4}"}, "see inv-0042.", False),
    ({"regex": {"pattern": r"inv-\d{4}", "ignore_case": True}}, "see INV-0042.", True),
    ({"regex": {"pattern": r"\d+", "whole": True}}, " 12 \n", True),
    ({"regex": {"pattern": r"\d+", "whole": True}}, "12 EUR", False),
    ({"regex": "a.b"}, "a\ud800b", True),
]


@pytest.mark.parametrize(("entry", "answer", "passed"), TEXTS)
def test_a_text_passes_or_fails_with_a_reason(entry: dict[str, Any], answer: str, passed: bool) -> None:
    found = scored(entry, answer)
    assert found.passed is passed
    assert found.why


def test_a_pattern_that_would_take_years_is_ended_and_scores_nothing() -> None:
    begun = time.monotonic()
    found = scored({"regex": r"(a+)+$"}, "a" * 40 + "!")
    assert found.passed is None
    assert "took longer than 1 s" in found.why
    assert time.monotonic() - begun < 10
    assert scored({"regex": "b"}, "abc").passed is True  # a new child searches on


FIELDS = [
    ({"a": 1}, '{"a": 1.0}', True),
    ({"a": True}, '{"a": 1}', False),
    ({"a": None}, '{"a": null}', True),
    ({"a": None}, "{}", False),
    ({"customer.city": "Turin"}, '{"customer": {"city": "Turin"}}', True),
    ({"lines.1.amount": 5}, '{"lines": [{"amount": 1}, {"amount": 5}]}', True),
    ({"lines.2.amount": 5}, '{"lines": []}', False),
    ({"a.b": 1}, '{"a.b": 1}', True),
    ({"a": [1, 2]}, '{"a": [2, 1]}', False),
    ({"a": {"x": 1, "y": 2}}, '{"a": {"y": 2, "x": 1}}', True),
    ({"a": 1}, 'Here it is:\n```json\n{"a": 1}\n```\nAnything else?', True),
    ({"0.a": 1}, '[{"a": 1}]', True),
    ({"a": 1}, "no JSON here {", False),
    ({"a": 1}, '{"a": NaN}', False),
]


@pytest.mark.parametrize(("fields", "answer", "passed"), FIELDS)
def test_fields_are_compared_as_json(fields: dict[str, Any], answer: str, passed: bool) -> None:
    assert scored({"json_fields": fields}, answer).passed is passed


def test_a_missing_field_and_a_wrong_one_are_both_named() -> None:
    found = scored({"json_fields": {"a.b": 1, "c": 2, "d": 3}}, '{"c": 5, "d": 3}')
    assert found.why == "a.b is missing; c is 5, expected 2"


def test_brackets_without_end_are_no_json_and_take_no_time() -> None:
    begun = time.process_time()
    assert json_in("[" * 200_000) is NOTHING
    assert json_in("{" * 200_000) is NOTHING
    assert time.process_time() - begun < 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(JSON, JSON)
def test_values_are_the_same_exactly_when_their_canonical_json_is(one: Any, other: Any) -> None:
    def spelt(value: Any) -> str:
        return json.dumps(value, sort_keys=True)

    assert same(one, one)
    assert same(one, other) == (spelt(one) == spelt(other))


NUMBERS = [
    ("42", [(42,)]),
    ("The total is 1,234.56 EUR.", [(1234.56,)]),
    ("Totale: 1.234,56 €", [(1234.56,)]),
    ("1 234 567,8 and 1'234.5", [(1234567.8,), (1234.5,)]),
    ("1\u202f234,5", [(1234.5,)]),
    ("12,5%", [(12.5,)]),
    ("1,234", [(1.234, 1234)]),
    ("1.234", [(1.234, 1234)]),
    ("0.125", [(0.125,)]),
    ("1.234.567", [(1234567,)]),
    ("-5 and \u22127 and +3", [(-5,), (-7,), (3,)]),
    ("10-12 items", [(10,), (12,)]),
    ("1.5e3 kg", [(1500,)]),
    ("INV-0042 of 12.10.2026, version v2", []),
    ("50 EUR, due 2026-10-12", [(50,)]),
    ("50 EUR, due 12/10/2026 or 2026/10/12 or 2026-10-12T08:30:00.", [(50,)]),
    ("2024-2025 and 7-8-9", [(2024,), (2025,), (7,), (8,), (9,)]),
    ("€42, $-3", [(42,), (-3,)]),
    ("in 2024 500 people", [(2024,), (500,)]),
    ("9" * 400, []),
    ("none", []),
]


@pytest.mark.parametrize(("text", "expected"), NUMBERS)
def test_numbers_are_found_in_plain_and_in_european_notation(text: str, expected: list[tuple[float, ...]]) -> None:
    assert [tuple(sorted(readings)) for readings in numbers(text)] == [pytest.approx(one) for one in expected]


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_a_number_is_found_however_it_is_written(value: Any) -> None:
    english = f"{value:,.2f}"
    swapped = english.translate(str.maketrans(",.", ".,"))
    for text in (english, swapped, swapped.replace(".", " "), f"{value:.2f}", english.replace(",", "'")):
        (readings,) = numbers(f"it is {text} EUR")
        assert float(value) in readings


NUMERIC = [
    (12.5, "12,5", True),
    (12.5, "12.51", False),
    ({"value": 12.5, "tolerance": 0.01}, "12.51", True),
    ({"value": 12.5, "tolerance": 0.01}, "12.52", False),
    ({"value": 200, "relative": 0.01}, "202", True),
    ({"value": 200, "relative": 0.01}, "203", False),
    ({"value": -200, "relative": 0.01}, "-201", True),
    (1234, "1.234", True),
    ({"value": 1234, "decimal": "point"}, "1.234", False),
    ({"value": 1234, "decimal": "comma"}, "1.234", True),
    (3, "3 invoices come to 42 EUR", False),
    ({"value": 3, "take": "first"}, "3 invoices come to 42 EUR", True),
    ({"value": 3, "take": "any"}, "of 42 EUR, 3 invoices and 5 lines", True),
    (0.3, "0.30000000000000004", True),
    (1, "no number", False),
]


@pytest.mark.parametrize(("settings", "answer", "passed"), NUMERIC)
def test_a_number_passes_within_its_tolerance(settings: Any, answer: str, passed: bool) -> None:
    assert scored({"numeric": settings}, answer).passed is passed


TRAJECTORIES = [
    (["find", "post"], calls("find", "check", "post"), True),
    (["find", "post"], calls("post", "find"), False),
    ({"calls": ["find", "post"], "order": "exact"}, calls("find", "post"), True),
    ({"calls": ["find", "post"], "order": "exact"}, calls("find", "check", "post"), False),
    ({"calls": ["find", "post"], "order": "exact"}, calls("find"), False),
    ({"calls": [], "order": "exact"}, calls(), True),
    ({"calls": [], "order": "exact"}, calls("find"), False),
    ({"calls": ["find", "post"], "order": "any_order"}, calls("post", "find"), True),
    ({"calls": ["find", "find"], "order": "any_order"}, calls("find"), False),
    ([{"tool": "find", "arguments": {"id": 7}}], calls(("find", {"id": 7.0, "deep": True})), True),
    ([{"tool": "find", "arguments": {"id": 7}}], calls(("find", {"id": "7"})), False),
    (
        {"calls": [{"tool": "find", "arguments": {"id": 7}}], "extra_arguments": False},
        calls(("find", {"id": 7, "deep": True})),
        False,
    ),
    ([{"tool": "find", "arguments": {"id": 7}}], calls(("find", "{not json")), False),
    # The first wanted call fits both made ones: it gives up the one that the second needs.
    (
        {"calls": ["find", {"tool": "find", "arguments": {"id": 1}}], "order": "any_order"},
        calls(("find", {"id": 1}), ("find", {"id": 2})),
        True,
    ),
    ({"forbidden": ["delete"]}, calls("find"), True),
    ({"forbidden": ["delete"]}, calls("find", "delete"), False),
    ({"calls": ["find"], "forbidden": ["delete"]}, calls("find", "delete"), False),
]


@pytest.mark.parametrize(("settings", "made", "passed"), TRAJECTORIES)
def test_tool_calls_pass_or_fail_with_a_reason(settings: Any, made: tuple[ToolCall, ...], passed: bool) -> None:
    found = scored({"trajectory": settings}, calls=made)
    assert found.passed is passed
    assert found.why


@given(st.lists(st.sampled_from("abc"), max_size=6), st.lists(st.sampled_from("abc"), max_size=6))
def test_exact_is_stricter_than_in_order_and_that_stricter_than_any_order(wanted: list[str], made: list[str]) -> None:
    passed = [
        scored({"trajectory": {"calls": wanted, "order": order, "forbidden": ["z"]}}, calls=calls(*made)).passed
        for order in ("exact", "in_order", "any_order")
    ]
    assert passed == sorted(passed)
    assert passed[2] == all(made.count(tool) >= wanted.count(tool) for tool in wanted)


POLICIES = """
def short(answer, tool_calls, task):
    return len(answer) < 10
def with_why(answer, tool_calls, task):
    return (not tool_calls, f"{task.task_id} called {len(tool_calls)}")
def broken(answer, tool_calls, task):
    raise LookupError("nobody home")
def unclear(answer, tool_calls, task):
    return "perhaps"
"""


@pytest.fixture
def policies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "our_policies.py").write_text(POLICIES)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "our_policies", raising=False)


@pytest.mark.usefixtures("policies")
def test_a_policy_is_asked_and_one_that_raises_scores_nothing() -> None:
    assert scored({"policy": "our_policies:short"}, "yes").passed is True
    assert scored({"policy": "our_policies:with_why"}, "", calls("find")) == Score("policy", False, "t1 called 1")
    broken, unclear = (scored({"policy": f"our_policies:{name}"}) for name in ("broken", "unclear"))
    assert (broken.passed, unclear.passed) == (None, None)
    assert broken.why == "our_policies:broken raised LookupError: nobody home"
    assert "not true or false" in unclear.why


@pytest.mark.parametrize(("name", "settings"), [("policy", "json:dumps"), ("regex", "a+"), ("trajectory", ["find"])])
def test_a_scorer_reads_the_same_in_every_process(name: str, settings: Any) -> None:
    """What was planned is recognised by it when an evaluation is resumed."""
    assert " at 0x" not in repr(SCORERS[name](settings))


def test_two_scorers_of_one_kind_have_names_of_their_own() -> None:
    task = Task("t", "q", None, (SCORERS["contains"]("a"), SCORERS["exact"]("a"), SCORERS["contains"]("b")))
    assert [found.scorer for found in score(task, "a", ())] == ["contains", "exact", "contains#2"]


def test_a_task_without_scorers_has_no_scores() -> None:
    assert score(Task("t", "q", None, ()), "a", ()) == ()
