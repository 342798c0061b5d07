"""Every interaction of the pilot is accounted for, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pilotage.kpis import Tables
from pilotage.pilot.accounting import Accounting, accounting, accounting_text

Build = Callable[..., Tables]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from([True, False, None]), st.sampled_from(["answered", "error", None])), max_size=12
    ),
    st.integers(0, 5),
)
def test_planned_is_scored_and_errored_and_unscored_and_missing(
    tables: Build, drawn: list[tuple[bool | None, str | None]], missing: int
) -> None:
    rows: list[dict[str, Any]] = [
        {"interaction_id": str(i), "phase": "pilot", "success": success, "outcome": outcome}
        for i, (success, outcome) in enumerate(drawn)
    ]
    other = {"interaction_id": "x", "phase": "production", "success": True, "outcome": "answered"}
    found = accounting(tables(interactions=[*rows, other], missing={"interactions": missing}))
    assert found.planned == len(drawn) + missing
    assert found.scored == sum(success is not None for success, _ in drawn)
    assert found.errored == sum(success is None and outcome == "error" for success, outcome in drawn)


def test_what_has_no_result_is_named_with_what_it_does_to_the_ranges() -> None:
    said = accounting_text(Accounting(scored=90, errored=6, unscored=0, missing=4))
    assert said.startswith(
        "Of 100 interactions of the pilot: 90 judged right or wrong, 6 lost to an error, 0 not checked"
    )
    assert "The 10 not judged count as the worst and as the best case" in said
    assert "worst" not in accounting_text(Accounting(scored=1, errored=0, unscored=0, missing=0))
