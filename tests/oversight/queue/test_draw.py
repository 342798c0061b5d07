"""Which runs are reviewed: each with exactly the chance kept with it, drawn once, and what is mixed in stays blind."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pilotage.errors import PilotageError
from pilotage.oversight.queue.draw import draw
from pilotage.oversight.queue.store import open_queue
from pilotage.playbook import read_policy
from pilotage.workspace import Workspace

T = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
LESS = "on the loop"


@pytest.fixture(scope="module")
def policy():
    return read_policy(Workspace(Path(__file__).parents[3]), ("oversight",)).oversight


@pytest.fixture
def queue(desk):
    with open_queue(desk, "desk", 10) as opened:
        yield opened


def run(n, **more):
    return {"interaction_id": f"r{n}", "phase": "pilot", "outcome": "answered", "confidence": 0.9, **more}


def add(queue, tables, policy, tier=LESS, at=T):
    return draw(queue, tables, policy, lambda action: tier, at)


def work_off(queue, who, wrong=()):
    while found := queue.claim(who, T):
        bad = found.interaction_id in wrong
        queue.decide(found, "reject" if bad else "approve", "other" if bad else "", "", 5.0, T)


def test_the_streams_hold_their_share_of_the_runs_and_keep_the_chance(queue, tables, policy):
    unsure = {n for n in range(1000) if n % 4 == 0}
    made = tables(interactions=[run(n, confidence=0.2 if n in unsure else 0.9) for n in range(1000)])
    drawn = add(queue, made, policy)
    assert drawn.uniform == pytest.approx(200, abs=45)
    assert drawn.guided == pytest.approx(250 * 0.8 * 0.5, abs=35)
    assert drawn.shared == pytest.approx(30, abs=19)
    items = queue.items()
    assert {(i.stream, round(i.inclusion_probability, 6)) for i in items} == {("uniform", 0.2), ("guided", 0.4)}
    assert all(int(i.interaction_id[1:]) in unsure for i in items if i.stream == "guided")
    assert len({i.interaction_id for i in items}) == len(items), "no run in both streams"
    assert not any(i.interaction_id in i.item_id for i in items)


def test_drawing_again_adds_only_what_came_in_and_a_run_keeps_its_chance(queue, tables, policy):
    first = [run(n) for n in range(150)]
    add(queue, tables(interactions=first), policy)
    before = set(queue.items())
    again = add(queue, tables(interactions=first), policy, tier="in the loop")
    assert (again.uniform, again.guided, set(queue.items())) == (0, 0, before)
    more = add(queue, tables(interactions=[*first, *(run(n) for n in range(150, 160))]), policy, tier="in the loop")
    assert more.uniform == 10
    assert {i.inclusion_probability for i in set(queue.items()) - before} == {1.0}


def test_a_judges_label_against_a_run_makes_it_suspicious(queue, tables, policy):
    labels = [
        {"interaction_id": f"r{n}", "metric": "hallucination", "value": n % 2, "source": "judge"} for n in range(400)
    ]
    add(queue, tables(interactions=[run(n) for n in range(400)], labels=labels), policy)
    guided = [int(i.interaction_id[1:]) for i in queue.items() if i.stream == "guided"]
    assert len(guided) > 40
    assert all(n % 2 for n in guided)


def test_only_units_of_pilot_and_production_with_an_action_type_are_drawn(queue, tables, policy):
    rows = [
        run(1), run(2, phase="production"), run(3, phase="baseline"), run(4, parent_interaction="r1"),
        run(5, outcome="escalated"), run(6, outcome=None),
    ]  # fmt: skip
    drawn = add(queue, tables(interactions=rows), policy, tier="in the loop")
    assert {(i.interaction_id, i.action_type) for i in queue.items()} == {
        ("r1", "post invoice"), ("r2", "post invoice"), ("r5", "hand over"),
    }  # fmt: skip
    assert "1 run ended in no outcome" in drawn.remarks[0]
    without = policy.model_copy(
        update={"actions": tuple(a.model_copy(update={"outcomes": ()}) for a in policy.actions)}
    )
    with pytest.raises(PilotageError, match="no action type has outcomes"):
        add(queue, tables(interactions=rows), without)


def test_known_errors_are_planted_about_in_their_share_but_never_before_their_own_item_is_decided(
    queue, tables, policy
):
    made = tables(interactions=[run(n, success=n % 10 != 0) for n in range(200)])
    assert add(queue, made, policy, tier="in the loop").planted == 0, "each is still to be decided as itself"
    work_off(queue, "Ada")
    work_off(queue, "Bob")
    drawn = add(queue, made, policy, tier="in the loop")
    assert drawn.planted == round(0.06 / 0.94 * 200)
    planted = [i for i in queue.items() if i.seeded]
    assert all(int(i.interaction_id[1:]) % 10 == 0 for i in planted)
    assert {i.item_id for i in planted}.isdisjoint(i.item_id for i in queue.items() if not i.seeded)
    assert add(queue, made, policy, tier="in the loop").planted == 0
    assert (queue.left("Zoe"), queue.claim("Zoe", T)) == (0, None), "nothing is there yet that would hide them"
    add(queue, tables(interactions=[run(n) for n in range(200, 240)]), policy, tier="in the loop")
    assert queue.left("Zoe") in (42, 43), "one in 17"


def test_who_judged_a_run_elsewhere_does_not_get_it_planted(queue, tables, policy):
    review = {
        "review_id": "v1", "interaction_id": "r1", "action_type": "post invoice", "reviewer": "Ada", "seeded": False,
        "decision": "reject", "stream": "uniform", "inclusion_probability": 1.0, "phase": "pilot",
        "queued_at": datetime(2026, 6, 1), "decided_at": datetime(2026, 6, 2), "seconds": 3, "tier": "in the loop",
    }  # fmt: skip
    made = tables(interactions=[run(n) for n in range(1, 30)], reviews=[review])
    drawn = add(queue, made, policy, tier="in the loop")
    assert (drawn.uniform, drawn.planted) == (28, 1)
    assert queue.left("Ada") == queue.left("Bob") - 1


def test_where_no_error_is_known_nothing_is_planted_and_that_is_said(queue, tables, policy):
    drawn = add(queue, tables(interactions=[run(n) for n in range(50)]), policy, tier="in the loop")
    assert drawn.planted == 0
    assert "no error is known, so none was planted" in drawn.remarks[-1]


def test_a_disagreement_gets_one_item_that_settles_it_for_somebody_else(queue, tables, policy):
    made = tables(interactions=[run(n) for n in range(60)])
    shared = add(queue, made, policy, tier="in the loop").shared
    assert shared > 0
    work_off(queue, "Ada")
    work_off(queue, "Bob", wrong={f"r{n}" for n in range(60)})
    drawn = add(queue, made, policy, tier="in the loop")
    assert (drawn.adjudications, drawn.waiting) == (shared, shared)
    assert add(queue, made, policy, tier="in the loop").adjudications == 0
    settling = [i for i in queue.items() if i.adjudicates]
    assert {(i.copies, i.stream, i.inclusion_probability) for i in settling} == {(1, "uniform", 1.0)}
    assert (queue.left("Ada"), queue.left("Bob")) == (0, 0)
    work_off(queue, "Zoe")
    assert queue.disputes() == ()
