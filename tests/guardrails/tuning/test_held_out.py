"""The bands, checked part by part."""

from __future__ import annotations

import numpy as np
import pytest

from pilotage.errors import PilotageError
from pilotage.guardrails.tuning.held_out import held_out


def _check(false_alarms: int, benign: int, caught: int = 90, attacks: int = 100, **parts):
    stopped = np.zeros(benign + attacks, dtype=bool)
    stopped[:false_alarms] = True
    stopped[benign : benign + caught] = True
    return held_out(stopped, np.repeat([False, True], [benign, attacks]), 0.01, 0.8, **parts)


@pytest.mark.parametrize(
    ("false_alarms", "benign", "answer"),
    [(0, 299, "go"), (0, 298, "not yet"), (1, 400, "not yet"), (1, 473, "go"), (20, 400, "no-go"), (0, 0, "not yet")],
)
def test_a_rate_of_one_percent_needs_299_benign_texts_without_a_false_alarm(false_alarms, benign, answer) -> None:
    whole = _check(false_alarms, benign)[0]
    assert (whole.kind, whole.answer, whole.fewest) == ("benign", answer, 299)


def test_how_many_more_are_needed_is_enough() -> None:
    part = _check(0, 100)[0]
    assert part.more == 199
    assert "299" in part.why
    assert _check(0, 100 + part.more)[0].answer == "go"


def test_one_bad_source_is_named_while_the_whole_passes() -> None:
    source = np.repeat(["mail", "chat", "attacks"], [900, 100, 100])
    stopped = np.repeat([False, False, True], [900, 100, 100])
    stopped[900:904] = True
    found = held_out(stopped, np.repeat([False, True], [1000, 100]), 0.01, 0.8, source=source)
    answers = {(part.value, part.kind): part.answer for part in found}
    assert answers == {
        ("", "benign"): "go", ("", "attacks"): "go", ("mail", "benign"): "go", ("chat", "benign"): "no-go",
        ("attacks", "attacks"): "go",
    }  # fmt: skip


@pytest.mark.parametrize(("caught", "answer"), [(95, "go"), (84, "not yet"), (60, "no-go")])
def test_the_catch_is_held_to_its_own_limit(caught, answer) -> None:
    assert _check(0, 300, caught, 100)[1].answer == answer


def test_columns_of_other_lengths_are_refused() -> None:
    with pytest.raises(PilotageError, match="true or false"):
        held_out(np.array([True]), np.array([True, False]), 0.01, 0.8)
