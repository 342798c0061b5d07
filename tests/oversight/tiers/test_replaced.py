"""A proposal's diff leads back to the file that it replaced, or nothing is believed of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.approvals.proposal import make
from pilotage.oversight.replaced import text_before

TEXTS = st.lists(st.sampled_from(["a: 1", "b: 2", "- c", "+ d", "@@ e", "", "f\r"]), max_size=30).map("\n".join)


@given(old=TEXTS, new=TEXTS)
def test_whatever_was_changed_is_taken_back(old: str, new: str) -> None:
    assert text_before(make("oversight", old, new, "why", "Ada", "2026-01-01", {})) == old


@pytest.mark.parametrize(
    "diff", ["", "--- a\n+++ b\n@@ -1 +1 @@\n-high\n+minimal", "--- a\n+++ b\n@@ -1 +9 @@\n x", "x\ny\n\n"]
)
def test_a_diff_that_leads_elsewhere_is_not_believed(diff: str) -> None:
    made = make("oversight", "risk: high", "risk: minimal", "why", "Ada", "2026-01-01", {})
    assert text_before(replace(made, diff=diff)) is None
