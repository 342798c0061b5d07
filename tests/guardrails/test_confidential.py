"""Mentions of what is confidential: whole words in any case, in any view, and nothing that only looks like them."""

from __future__ import annotations

import pytest

from pilotage.guardrails.confidential import MOST, ConfidentialTerms
from pilotage.guardrails.views import views
from pilotage.playbook.guardrails import Confidential

POLICY = Confidential(
    classifications=("strictly confidential", "极秘", "极密"),
    terms=("Falcon", "Falcon X", "Überflug", "R&D (2027)"),
    action="review",
)


def found(text):
    return [(one.rule, text[one.start : one.end]) for one in ConfidentialTerms(POLICY).find(views(text), "input")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("About Falcon.", [("term", "Falcon")]),
        ("FALCON falcon", [("term", "FALCON"), ("term", "falcon")]),
        ("falconry, Falcons, myFalcon", []),
        ("Falcon X", [("term", "Falcon X")]),
        ("Falcon Xerox", [("term", "Falcon")]),
        ("Überflug", [("term", "Überflug")]),
        ("STRICTLY\n  Confidential", [("classification", "STRICTLY\n  Confidential")]),
        ("strictly-confidential", [("classification", "strictly-confidential")]),
        ("strictly speaking confidential", []),
        ("这是极密文件", [("classification", "极密")]),
        ("the R&D (2027) plan", [("term", "R&D (2027)")]),
        ("Fal\u200bcon", [("term", "Fal\u200bcon")]),
        ("Ｆａｌｃｏｎ", [("term", "Ｆａｌｃｏｎ")]),
        ("", []),
    ],
)
def test_a_mention_is_a_whole_word_in_any_view(text, expected):
    assert found(text) == expected


def test_each_of_many_mentions_is_listed_up_to_a_bound():
    assert len(found("Falcon " * (MOST - 1))) == MOST - 1
    assert len(found("Falcon " * (MOST * 3))) == MOST


def test_nothing_is_found_where_the_policy_names_nothing():
    assert ConfidentialTerms(Confidential(action="block")).find(views("Falcon"), "output") == []
