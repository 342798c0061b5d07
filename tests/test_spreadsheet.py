"""What a spreadsheet opens never runs."""

from __future__ import annotations

import pandas as pd
import pytest

from pilotage.spreadsheet import csv_text, safe_cell


@pytest.mark.parametrize("text", ["=cmd()", "+1", "-1", "@x", "\tx", "\rx"])
def test_a_formula_becomes_text(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


def test_numbers_and_harmless_text_stay_and_nothing_stays_nothing() -> None:
    frame = pd.DataFrame({"=name": ["=cmd()", None, "fine"], "n": [-1.5, 2.0, 3.0]})
    assert csv_text(frame) == "'=name,n\n'=cmd(),-1.5\n,2.0\nfine,3.0\n"
