from __future__ import annotations

import pytest

from pilotage.playbook import Page
from pilotage.runner.plan import in_order, unknown_pages, wanted

PAGES = (
    Page(stage="decision", notebook="09_decision", needs=("roi", "pilot")),
    Page(stage="roi", notebook="08_roi", needs=("pilot",)),
    Page(stage="baseline", notebook="01_baseline", needs=()),
    Page(stage="pilot", notebook="02_pilot", needs=()),
)


def test_a_page_comes_after_all_it_needs():
    order = [page.stage for page in in_order(PAGES)]
    assert order.index("pilot") < order.index("roi") < order.index("decision")
    assert sorted(order) == sorted(page.stage for page in PAGES)


@pytest.mark.parametrize(
    ("names", "stages"),
    [
        ((), {"baseline", "pilot", "roi", "decision"}),
        (("pilot",), {"pilot", "decision"}),
        (("08_roi",), {"roi", "pilot", "decision"}),
        (("baseline", "02_pilot"), {"baseline", "pilot", "decision"}),
        (("decision",), {"decision", "roi", "pilot"}),
    ],
)
def test_pages_are_wanted_with_their_needs_and_always_the_decision(names, stages):
    assert wanted(PAGES, names) == stages


def test_an_unknown_page_is_named_with_the_nearest_known_one():
    assert unknown_pages(PAGES, ["pilto", "xyz", "roi"]) == [
        "'pilto' is not a page; did you mean 'pilot'?",
        "'xyz' is not a page; known: decision, roi, baseline, pilot, 09_decision, 08_roi, 01_baseline, 02_pilot",
    ]
