"""People's names through presidio; without the package only that its absence is told."""

from __future__ import annotations

import sys

import pytest

from pilotage.errors import PilotageError
from pilotage.guardrails.detectors.presidio import MODELS, Names


def test_a_missing_package_is_told_with_the_extra_that_brings_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "presidio_analyzer", None)
    with pytest.raises(PilotageError, match=r"presidio_analyzer.*not installed") as fault:
        Names()
    assert "pip install 'pilotage[presidio]'" in str(fault.value)


def test_a_missing_language_model_is_told_and_never_fetched(monkeypatch):
    pytest.importorskip("presidio_analyzer", reason="needs the extra presidio")
    monkeypatch.setattr("spacy.cli.download", lambda *named: pytest.fail("it was fetched"))
    with pytest.raises(PilotageError, match="language models, and none is installed"):
        Names(models=("xx_no_such_model",))


@pytest.fixture(scope="module")
def names():
    pytest.importorskip("presidio_analyzer", reason="needs the extra presidio")
    spacy = pytest.importorskip("spacy")
    if not any(map(spacy.util.is_package, MODELS)):
        pytest.skip(f"needs one of spaCy's models: {', '.join(MODELS)}")
    return Names()


def test_names_are_found_at_their_places(names):
    text = "Please ask Maria Schmidt about the invoice that John Miller sent."
    assert [text[one.start : one.end] for one in names.find(text)] == ["Maria Schmidt", "John Miller"]
    assert names.find("Please check the invoice.") == names.find("") == []


def test_a_name_takes_the_action_of_its_kind_unless_it_may_be_said(names, guard_with):
    guard = guard_with(names=names, actions={"name": "block", "other": "note"}, allowed=("Maria Schmidt",))
    assert guard.check_output("Please ask Maria Schmidt.").decision == "allow"
    assert guard.check_output("Please ask John Miller.").decision == "block"
