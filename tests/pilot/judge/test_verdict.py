"""Only a clear yes or no is a verdict; whatever else is neither a pass nor a fail."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.pilot.judge.verdict import verdict_in

CASES = [
    ('{"reason": "x", "verdict": "yes"}', True),
    ('{"reason": "x", "verdict": "no"}', False),
    (' {"verdict": " YES "} ', True),
    ('{"verdict": true}', True),
    ('{"verdict": "false"}', False),
    ('So:\n```json\n{"verdict": "no"}\n```\nDone.', False),
    ('{"note": {"verdict": "no"}} {"verdict": "yes"}', True),
    ('broken { then {"verdict": "yes"}', True),
    ('It says {"verdict": "no"} but: {"verdict": "yes"}', None),
    ('{"verdict": "no"} and again {"verdict": "no"}', False),
    ('{"verdict": "perhaps"}', None),
    ('{"verdict": 1}', None),
    ('{"verdict": null}', None),
    ('{"verdict": ["yes"]}', None),
    ('{"reason": "cut o', None),
    ("yes", None),
    ("", None),
    ("{" * 100_000, None),
    ("[" * 100_000 + '{"verdict": "yes"}', True),
]


@pytest.mark.parametrize(("text", "verdict"), CASES)
def test_a_verdict_is_read_or_it_is_none(text: str, verdict: bool | None) -> None:
    assert verdict_in(text) is verdict


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    assert verdict_in(text) in (True, False, None)
    assert verdict_in('{"verdict": "yes"' + text) in (True, False, None)
