from __future__ import annotations

import pytest

from pilotage.playbook import Page
from pilotage.runner.notebook import Cell, read_parameters
from pilotage.runner.settings import read_settings

CELL = """
dataset = "sample"  # folder under data/
as_of = ""  # day
weeks = 8  # weeks
share = .5  # from 0 to 1
draw = False  # yes or no
segment: str | None = None  # part
limit: float | None = None  # seconds
tools = ["a"]  # names
"""
PAGES = [Page(stage="pilot", notebook="02_pilot", needs=())]
DECLARED = {"pilot": read_parameters((Cell("code", CELL, ("parameters",)),), "02_pilot.ipynb")}


def read(*texts: str):
    return read_settings(texts, PAGES, DECLARED)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("pilot.weeks=12", 12),
        ("02_pilot.weeks= 12", 12),
        ("pilot.share=1", 1.0),
        ("pilot.draw=True", True),
        ("pilot.draw=false", False),
        ("pilot.segment=emea", "emea"),
        ("pilot.segment=a=b", "a=b"),
        ("pilot.segment=none", None),
        ("pilot.limit=2.5", 2.5),
        ("pilot.limit=null", None),
        ("pilot.tools=['b', 'c']", ["b", "c"]),
    ],
)
def test_a_value_takes_the_type_the_page_declares(text, value):
    settings, faults = read(text)
    assert faults == []
    (found,) = settings["pilot"].values()
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("pilot.weeks", "should read page.parameter=value"),
        ("weeks=3", "should read page.parameter=value"),
        ("pilto.weeks=3", "'pilto' is not a page; did you mean 'pilot'?"),
        ("pilot.week=3", "pilot has no parameter 'week'; did you mean 'weeks'?"),
        ("pilot.weeks=many", "should be an integer (got 'many')"),
        ("pilot.weeks=1.5", "should be an integer (got '1.5')"),
        ("pilot.share=nan", "should be a number (got 'nan')"),
        ("pilot.draw=1", "should be true or false (got '1')"),
        ("pilot.limit=fast", "should be a number or none (got 'fast')"),
        ("pilot.tools=print(1)", "should be a list (got 'print(1)')"),
        ("pilot.tools={'a': 1}", "should be a list"),
        ("pilot.dataset=other", "use --dataset, which sets it for every page"),
        ("pilot.as_of=2026-01-01", "use --as-of, which sets it for every page"),
    ],
)
def test_what_cannot_be_followed_is_said_in_a_sentence(text, fault):
    settings, (found,) = read(text)
    assert settings == {}
    assert found.startswith(f"--set {text}: ")
    assert fault in found


def test_all_wrong_settings_are_told_at_once():
    settings, faults = read("pilot.weeks=many", "pilot.draw=true", "roi.x=1")
    assert len(faults) == 2
    assert settings == {"pilot": {"draw": True}}
