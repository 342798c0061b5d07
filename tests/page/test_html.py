"""Text that comes from data is harmless on a page; our own pieces keep their structure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.page import html

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "</td></table><h1>",
    "&lt;b&gt;",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_cells_are_shown_as_text(value: str) -> None:
    shown = html.table("A caption", ("Name", "Text"), [(value, value)])
    assert "<script" not in shown
    assert "<img" not in shown
    assert shown.count("<table") == shown.count("</table>") == 1


@given(st.text())
def test_no_text_opens_a_tag(value: str) -> None:
    shown = html.text(value)
    assert "<" not in shown
    assert not any(char in shown for char in "\x00\u202e\u200b\ufeff")


def test_a_megabyte_in_a_cell_is_cut_and_says_so() -> None:
    shown = html.text("a" * 1_000_000)
    assert len(shown) < 300
    assert "1,000,000 characters" in shown


def test_a_lone_surrogate_can_be_written_to_a_file() -> None:
    assert html.text("\ud800").encode("utf-8") == "¤".encode()


@pytest.mark.parametrize(
    ("answer", "kind"), [("go", "go"), ("no-go", "no-go"), ("not yet", "not-yet"), ("other", "undecided")]
)
def test_the_answer_is_a_word_as_well_as_a_colour(answer: str, kind: str) -> None:
    assert html.badge(answer) == f'<span class="badge {kind}">{answer}</span>'
    assert f">{answer}<" in html.verdict(answer, "because")


def test_an_empty_table_says_so_and_keeps_its_headers() -> None:
    shown = html.table("Nothing", ("A", "B"), [])
    assert "nothing recorded" in shown
    assert shown.count('scope="col"') == 2


def test_rows_have_a_header_and_numbers_align() -> None:
    shown = html.table("T", ("Name", "N"), [("x", "1")], numeric=("N",))
    assert '<th scope="row">x</th><td class="num">1</td>' in shown


def test_lists_and_cards_escape_their_prose() -> None:
    assert html.bullets(["a < b"]) == "<ul><li>a &lt; b</li></ul>"
    assert html.bullets([]) == ""
    assert "<b>" not in html.cards([("<b>", "<b>", "<b>")])
