"""A run that another run started counts nowhere: so that other run must be there, and lead to one that counts."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

HEAD = "interaction_id,parent_interaction,latency_s\n"
UNKNOWN = "parent_interaction is not in interactions"
ITSELF = "parent_interaction is the row itself"
CIRCLE = "parent_interaction leads round in a circle"


def complaints(item):
    return dict(zip(item.set_aside["line"].to_pylist(), item.set_aside["reason"].to_pylist(), strict=True))


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("r1,,1\nr2,r1,1\nr3,r2,1\n", {}),
        ("r2,r1,1\nr1,,1\n", {}),
        ("r1,,1\nr2,nobody,1\n", {3: f"{UNKNOWN} (got 'nobody')"}),
        ("r1,r1,1\n", {2: f"{ITSELF} (got 'r1')"}),
        ("r1,r2,1\nr2,r1,1\n", {2: f"{CIRCLE} (got 'r2')", 3: f"{CIRCLE} (got 'r1')"}),
        ("r1,r2,1\nr2,r2,1\n", {2: f"{CIRCLE} (got 'r2')", 3: f"{ITSELF} (got 'r2')"}),
        ("r1,,-1\nr2,r1,1\nr3,r2,1\n", {3: f"{UNKNOWN} (got 'r1')", 4: f"{UNKNOWN} (got 'r2')"}),
        ("r1,,1\nr2,r1,1\nr2,r9,1\n", {4: "interaction_id was there already (duplicate of line 3)"}),
        ("r1,,1\nr2,r1,1\nr2,r1,1\n", {}),
    ],
)
def test_a_run_must_lead_to_one_that_nobody_started(take, rows, told):
    found = complaints(take("interactions", HEAD + rows))
    assert {line: reason for line, reason in found.items() if "negative" not in reason} == told


def test_a_parent_in_another_file_is_there(take):
    files = {"a.csv": "interaction_id,parent_interaction\nr1,r2\n", "b.csv": "interaction_id\nr2\n"}
    assert take("interactions", files).rows.num_rows == 2


def test_without_the_column_every_run_stands_alone(take):
    assert take("interactions", "interaction_id\nr1\nr2\n").rows.num_rows == 2


NAME = st.sampled_from(["", *"abcdef"])


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(named=st.lists(NAME, max_size=5))
def test_every_chain_of_the_accepted_runs_ends_in_an_accepted_run(take, named):
    rows = "".join(f"{name},{parent},1\n" for name, parent in zip("abcde", named, strict=False))
    kept = take("interactions", HEAD + rows).rows.to_pylist()
    above = {row["interaction_id"]: row["parent_interaction"] for row in kept}
    given_above = dict(zip("abcde", named, strict=False))
    assert set(above) == {name for name in given_above if ends(name, given_above)}


def ends(name, above):
    """Whether the chain ends, found step by step."""
    for _ in range(10):
        if name not in above:
            return False
        if not above[name]:
            return True
        name = above[name]
    return False
