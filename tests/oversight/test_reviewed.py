"""What stands of the reviews cannot be chosen by who reviews: each way of doing so leaves the errors where they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilotage.oversight.evidence import evidence, stand_for
from pilotage.oversight.reviewed import items_of

BEGIN = datetime(2026, 9, 1, 8)


def wrong_of(found, action="post invoice"):
    units = found.certifying(action)
    return int(units["wrong"].sum()), len(units)


def test_an_earlier_look_by_suspicion_takes_no_error_out_of_the_uniform_stream(reviews):
    rows = [{"run": f"i{n}", "decision": "reject" if n < 10 else "approve"} for n in range(100)]
    before = [{**row, "stream": "guided", "at": BEGIN - timedelta(days=1)} for row in rows[:10]]
    assert wrong_of(reviews(rows)) == wrong_of(reviews([*before, *rows])) == (10, 100)


def test_of_a_tasks_runs_the_first_to_begin_counts_whichever_is_decided_first(reviews):
    runs = [
        {"run": f"i{n}", "task_id": f"t{n // 3}", "decision": "reject" if n % 3 == 0 else "approve"} for n in range(9)
    ]
    late = sorted(runs, key=lambda row: row["decision"])  # what is right is decided first
    for order in (runs, late):
        found = reviews(order)
        begun = {row["run"]: BEGIN + timedelta(hours=int(row["run"][1:])) for row in runs}
        found.decisions["started_at"] = found.decisions["interaction_id"].map(begun)
        assert wrong_of(replace(found, items=items_of(found.decisions))) == (3, 3)


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ([("ada", "reject"), ("ada", "approve!")], True),  # nobody differs, and the author is a party
        ([("ada", "reject"), ("bob", "approve!")], True),  # nobody differs: one more opinion
        ([("ada", "reject"), ("bob", "approve"), ("ada", "approve!")], True),  # a party settles
        ([("ada", "reject"), ("bob", "approve"), ("ADA ", "approve!")], True),  # under another spelling
        ([("ada", "reject"), ("bob", "approve"), ("eve", "approve!")], False),
        ([("ada", "approve"), ("bob", "reject"), ("eve", "reject!")], True),
    ],
)
def test_only_somebody_without_a_part_in_it_settles_a_disagreement(reviews, said, wrong):
    rows = [
        {"run": "i1", "reviewer": name, "decision": what.rstrip("!"), "adjudicates": what.endswith("!")}
        for name, what in said
    ]
    assert reviews(rows).items["wrong"].tolist() == [wrong]


def test_one_person_under_three_spellings_is_one_person(reviews):
    found = reviews([{"reviewer": name} for name in ("Özil", "özil", " ÖZIL ")])
    assert found.decisions["reviewer"].nunique() == 1


def test_knowing_a_planted_error_again_proves_nothing(reviews):
    once = {"run": "p1", "seeded": True, "decision": "reject"}
    assert len(reviews([once] * 100).planted) == 1


def test_a_reviewer_who_meets_no_planted_error_lowers_what_the_others_prove(reviews, policy):
    own = [{"reviewer": "bob" if n % 5 else "ann", "decision": "approve" if n % 50 else "reject"} for n in range(600)]
    tests = [{"run": f"p{n}", "seeded": True, "decision": "reject", "reviewer": "ann"} for n in range(60)]
    shared = evidence(reviews([*own, *tests]), policy, "post invoice", "on the loop")
    alone = evidence(
        reviews([*[{**row, "reviewer": "ann"} for row in own], *tests]), policy, "post invoice", "on the loop"
    )
    assert alone.certified
    assert not shared.certified
    assert shared.catch.estimate == pytest.approx(0.2)


def test_the_weight_is_one_where_all_do_both_alike():
    import pandas as pd

    names = pd.Series(["ann", "bob"] * 10)
    assert stand_for(names, names) == (["ann", "bob"], 1.0)
    assert stand_for(names, pd.Series(["eve"])) == ([], 0.0)
    assert stand_for(names, pd.Series([], dtype=str)) == ([], 0.0)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.floats(0, 1)), min_size=1, max_size=6))
@settings(max_examples=200)
def test_the_lowered_catch_rate_is_never_above_that_of_the_reviews(people):
    import pandas as pd

    done = pd.Series([f"r{i}" for i, (n, _, _) in enumerate(people) for _ in range(n)], dtype=str)
    met = pd.Series([f"r{i}" for i, (_, n, _) in enumerate(people) for _ in range(n)], dtype=str)
    names, factor = stand_for(done, met)
    if not names:
        return
    catch = {f"r{i}": rate for i, (_, _, rate) in enumerate(people)}
    kept = met[met.isin(names)]
    assert factor * kept.map(catch).mean() <= done.map(catch).mean() + 1e-9


def test_adding_a_rejection_never_certifies(reviews, policy):
    rows = [{"run": f"i{n}", "decision": "reject" if n < 12 else "approve"} for n in range(300)]
    rows += [{"run": f"p{n}", "seeded": True, "decision": "reject"} for n in range(60)]
    before = evidence(reviews(rows), policy, "post invoice", "on the loop")
    for stream, at in (("guided", -1), ("guided", 1), ("uniform", 1)):
        more = [
            {
                "run": f"i{n}",
                "decision": "reject",
                "reviewer": "eve",
                "stream": stream,
                "at": BEGIN + timedelta(days=at),
            }
            for n in range(0, 300, 7)
        ]
        after = evidence(reviews([*rows, *more]), policy, "post invoice", "on the loop")
        assert after.log_e <= before.log_e + 1e-9
        assert after.errors >= before.errors


@pytest.mark.parametrize(("share", "tested"), [(0.8, 0.0), (0.8, 0.3), (0.5, 0.5)])
def test_a_reviewer_who_misses_everything_promotes_no_agent_at_its_limit(reviews, policy, share, tested):
    """Bob finds nothing and does `share` of the reviews; `tested` of the planted errors go to him, the rest to Ann."""
    limit, goes = policy.limits["limited"]["on the loop"].value, 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        bob = np.r_[rng.random(400) < share, rng.random(50) < tested]
        found = (rng.random(450) < np.r_[np.full(400, limit), np.ones(50)]) & ~bob & (rng.random(450) < 0.95)
        rows = [
            {"reviewer": "bob" if b else "ann", "decision": "reject" if f else "approve", "seeded": n >= 400}
            for n, (b, f) in enumerate(zip(bob, found, strict=True))
        ]
        goes += evidence(reviews(rows), policy, "post invoice", "on the loop").certified
    assert goes <= 2
