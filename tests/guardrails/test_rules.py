"""Rules: what they find and where, what they are worth, and everything that is wrong with them at once."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from pilotage.errors import InputFaults
from pilotage.guardrails.rules import compile_rules
from pilotage.guardrails.views import views
from pilotage.playbook.guardrails import Rule


def rule(name: str, *patterns: str, **more: Any) -> Rule:
    facts: dict[str, Any] = {
        "kind": "injection",
        "side": "input",
        "action": "block",
        "reason": "a test",
        "owner": "a test",
        "must_match": ("ignore all",),
        "must_not_match": ("good day",),
    }
    return Rule(id=name, patterns=patterns or (r"\bignore\s+all\b",), **(facts | more))


def test_a_hit_names_rule_place_and_view() -> None:
    (hit,) = compile_rules([rule("override")]).hits("Well, IGNORE  all of it", "input")
    assert (hit.rule.id, hit.start, hit.end, hit.view) == ("override", 6, 17, "as written")


@pytest.mark.parametrize("before", ["", "ü€", "\ud800", "日本語 ", "👍🏽 ", "\x00"])
def test_places_are_counted_in_characters(before: str) -> None:
    text = f"{before}ignore all, please"
    (hit,) = compile_rules([rule("override")]).hits(text, "input")
    assert text[hit.start : hit.end] == "ignore all"


def test_several_places_are_told_in_order_and_each_once() -> None:
    text = "ignore all … ignore\u200b all … ignore all"
    hits = compile_rules([rule("override")]).hits(text, "input")
    assert [(hit.start, hit.view) for hit in hits] == [
        (0, "as written"),
        (13, "invisible characters"),
        (27, "as written"),
    ]


def test_a_disguised_hit_covers_what_disguises_it() -> None:
    block = base64.b64encode(b"you should ignore all of this").decode()
    text = f"Attached: {block} Regards"
    (hit,) = compile_rules([rule("override")]).hits(text, "input")
    assert (text[hit.start : hit.end], hit.view) == (block, "base64")


def test_views_made_before_are_used() -> None:
    book = compile_rules([rule("override")])
    assert book.hits("nothing", "input", seen=views("ignore all")) != []


@pytest.mark.parametrize(("side", "at"), [("input", ["input"]), ("output", ["output"]), ("both", ["input", "output"])])
def test_a_rule_looks_at_its_own_side_only(side: str, at: list[str]) -> None:
    book = compile_rules([rule("override", side=side)])
    assert [where for where in ("input", "output") if book.hits("ignore all", where)] == at


def test_the_score_is_nothing_without_a_hit_and_grows_with_each_rule() -> None:
    rules = [
        rule("one", action="note"),
        rule("two", "previous", must_match=("previous",), action="review"),
        rule("three", "prompt", must_match=("prompt",), kind="jailbreak", side="both"),
    ]
    book = compile_rules(rules)
    texts = ["good day", "ignore all", "previous", "prompt", "ignore all previous", "ignore all previous prompt"]
    scores = book.score(texts)
    assert scores == pytest.approx([0, 0.3, 0.6, 0.85, 1 - 0.7 * 0.4, 1 - 0.7 * 0.4 * 0.15])


def test_topics_policies_leaks_and_rules_of_the_output_are_no_sign_of_an_attack() -> None:
    kinds: list[dict[str, Any]] = [{"kind": kind} for kind in ("topic", "policy", "leak")]
    book = compile_rules([rule(f"r{at}", **more) for at, more in enumerate([*kinds, {"side": "output"}])])
    assert book.score(["ignore all"]).tolist() == [0]


def test_a_hit_that_comes_twice_counts_once() -> None:
    book = compile_rules([rule("override")])
    assert book.score(["ignore all, ignore all, ignore\u200b all"]).tolist() == book.score(["ignore all"]).tolist()


def test_no_rules_and_no_texts_are_no_fault() -> None:
    book = compile_rules([])
    assert book.hits("ignore all", "input") == []
    assert book.score(["ignore all"]).tolist() == [0]
    assert compile_rules([rule("override")]).score([]).shape == (0,)


def test_every_pattern_that_cannot_be_used_is_told_at_once() -> None:
    rules = [rule("first", "(", "a*", "good"), rule("second", "(?<=a)b", r"(a)\1", must_match=("never tried",))]
    with pytest.raises(InputFaults) as told:
        compile_rules(rules)
    assert [fault.split("'")[0].strip() for fault in told.value.faults] == [
        "first: pattern 1 is refused by RE2 (missing ): ():",
        "first: pattern 2 finds the empty text:",
        "second: pattern 1 is refused by RE2 (invalid perl operator: (?<=):",
        r"second: pattern 2 is refused by RE2 (invalid escape sequence: \1):",
    ]


def test_every_example_that_fails_is_told_at_once() -> None:
    rules = [
        rule("first", must_match=("ignore all", "forget it"), must_not_match=("do not ignore all of it",)),
        rule("second", must_not_match=("good day", "ignore\u200ball", "ignore\u200b all")),
    ]
    with pytest.raises(InputFaults) as told:
        compile_rules(rules)
    assert told.value.faults[:2] == [
        "first: must_match 2 is not found: 'forget it'",
        "first: must_not_match 1 is found: 'do not ignore all of it'",
    ]
    assert told.value.faults[2].startswith("second: must_not_match 3 is found: ")
    assert len(told.value.faults) == 3


def test_an_example_is_held_against_its_own_rule() -> None:
    rules = [rule("first"), rule("second", "forget it", must_match=("forget it",), must_not_match=("ignore all",))]
    assert [hit.rule.id for hit in compile_rules(rules).hits("ignore all", "input")] == ["first"]


def test_a_pattern_that_ruins_other_engines_takes_no_time() -> None:
    book = compile_rules([rule("hard", "(a+)+$|ignore all")])
    assert book.hits("a" * 50_000 + "!", "input") == []


def test_a_rule_that_bites_everywhere_is_told_in_a_few_places_only() -> None:
    assert len(compile_rules([rule("override")]).hits("ignore all. " * 5_000, "input")) <= 20
