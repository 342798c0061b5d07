"""Where JSON pointers lead."""

from __future__ import annotations

import pytest

from pilotage.integration.pointers import pointed

DOCUMENT = {"a/b": {"c~d": [{"e f": 1}, None]}, "": 2}


@pytest.mark.parametrize(
    ("pointer", "found"),
    [("#", DOCUMENT), ("#/a~1b/c~0d/0/e%20f", 1), ("#/a~1b/c~0d/1", None), ("#/", 2), ("/a~1b/c~0d/0", {"e f": 1})],
)
def test_a_pointer_leads_through_names_and_places_and_may_lead_to_null(pointer, found):
    assert pointed(DOCUMENT, pointer) == found


@pytest.mark.parametrize("pointer", ["#/x", "#/a~1b/c~0d/2", "#/a~1b/c~0d/-1", "#/a~1b/c~0d/" + "9" * 5000, "#//x"])
def test_a_pointer_that_leads_nowhere_is_told(pointer):
    with pytest.raises(LookupError):
        pointed(DOCUMENT, pointer)
