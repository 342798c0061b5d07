"""Which runs are drawn: each with exactly the chance stated, nobody taken back, two streams that do not overlap."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pilotage.errors import PilotageError
from pilotage.hashes import permanent_number
from pilotage.pilot.labels.sampling import SHARED, Plan, extend, is_shared, overtaken, to_do
from pilotage.pilot.labels.store import Label, standing

AT = datetime(2026, 10, 1, tzinfo=UTC)
M = "hallucination"


def drawn(plan: Plan, names: list[str], **wanted: object) -> Plan:
    return Plan(plan.metric, plan.salt, (*plan.draws, extend(plan, names, AT, **wanted)))  # type: ignore[arg-type]


def names(n: int, begin: int = 0) -> list[str]:
    return [f"i{number}" for number in range(begin, begin + n)]


def label(name: str, value: float | None = 0.0, by: str = "Ada", **more: object) -> Label:
    return Label(name, M, value, "human", by, "uniform", 1.0, AT, **more)  # type: ignore[arg-type]


def test_the_numbers_of_runs_are_uniform_and_independent_between_uses() -> None:
    many = names(20_000)
    first = [permanent_number("uniform", "d", name) for name in many]
    second = [permanent_number("guided", "d", name) for name in many]
    assert abs(sum(first) / len(many) - 0.5) < 0.01
    for tenth in range(10):
        share = sum(tenth / 10 <= value < (tenth + 1) / 10 for value in first) / len(many)
        assert abs(share - 0.1) < 0.01
    both = sum(a < 0.2 and b < 0.2 for a, b in zip(first, second, strict=True)) / len(many)
    assert abs(both - 0.04) < 0.005


def test_the_uniform_stream_has_about_the_number_asked_for_and_one_chance() -> None:
    plan = drawn(Plan(M, "d"), names(4000), uniform=400)
    items = plan.items.values()
    assert {item.chance for item in items} == {0.1}
    assert abs(len(items) - 400) < 4 * (4000 * 0.1 * 0.9) ** 0.5


def test_over_many_salts_each_run_is_drawn_as_often_as_its_chance_says() -> None:
    """Both streams, after two draws with a frame that grew and a suspicion that changed in between."""
    runs, later = names(12), names(6, 12)
    before = {name: at / 12 for at, name in enumerate(runs)}
    after = {name: 1 - at / 18 for at, name in enumerate([*runs, *later])}
    times, stated, counted = 3000, Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for salt in range(times):
        plan = drawn(Plan(M, str(salt)), runs, uniform=3, guided=3, suspicion=before)
        plan = drawn(plan, [*runs, *later], uniform=6, guided=5, suspicion=after)
        for item in plan.items.values():
            counted[item.interaction_id, item.stream] += 1
            stated[item.interaction_id, item.stream] += 1 / item.chance  # Horvitz-Thompson: its mean is one
    for name in [*runs, *later]:
        for stream in ("uniform", "guided"):
            weight, often = stated[name, stream] / times, counted[name, stream]
            assert weight == pytest.approx(1, abs=5 * (times / max(often, 1)) ** 0.5 / times**0.5), (name, stream)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 60), st.integers(0, 30)), min_size=1, max_size=4
    )
)  # fmt: skip
def test_drawing_more_takes_nobody_back_and_no_run_is_in_both_streams(steps: list[tuple[int, int, int]]) -> None:
    plan, runs = Plan(M, "d"), names(20)
    for more, uniform, guided in steps:
        runs = [*runs, *names(more, len(runs))]
        before = plan.items
        plan = drawn(plan, runs, uniform=uniform, guided=guided, suspicion=dict.fromkeys(runs, 0.3))
        assert before.keys() <= plan.items.keys()
        assert all(plan.items[name].stream == "uniform" for name, item in before.items() if item.stream == "uniform")
        assert {i.chance for i in plan.items.values() if i.stream == "uniform"} <= {plan.chance}
        assert all(0 < item.chance <= 1 for item in plan.items.values())


def test_the_guided_stream_prefers_the_suspicious_and_leaves_nobody_out_of_reach() -> None:
    runs = names(4000)
    suspicion = {name: float(at % 10 == 0) for at, name in enumerate(runs)}
    plan = drawn(Plan(M, "d"), runs, guided=200, suspicion=suspicion)
    bad = sum(suspicion[name] for name in plan.items)
    assert abs(len(plan.items) - 200) < 4 * 200**0.5
    assert bad / len(plan.items) > 0.6
    assert bad < len(plan.items)


def test_more_than_there_is_means_all() -> None:
    plan = drawn(Plan(M, "d"), names(50), uniform=1000)
    assert set(plan.items) == set(names(50))
    assert plan.chance == 1
    assert drawn(plan, names(50), guided=10, suspicion={"i1": 1.0}).items == plan.items


def test_nothing_to_draw_from_and_nothing_to_be_guided_by_are_said() -> None:
    with pytest.raises(PilotageError, match="no run of the pilot"):
        extend(Plan(M, "d"), [], AT, 10)
    with pytest.raises(PilotageError, match="no judge has scored"):
        extend(Plan(M, "d"), names(5), AT, 0, 10, {})


def test_one_run_is_for_one_person_and_a_shared_one_for_two() -> None:
    plan = drawn(Plan(M, "d"), names(400), uniform=400)
    shared = {name for name in names(400) if is_shared(plan, name)}
    assert abs(len(shared) / 400 - SHARED) < 0.06
    by_ada = [label(name) for name in names(400)]
    assert not to_do(plan, by_ada, "Ada", names(400))
    assert {item.interaction_id for item in to_do(plan, by_ada, "Grace", names(400))} == shared
    both = [*by_ada, *(label(name, by="Grace") for name in shared)]
    assert not to_do(plan, both, "Edsger", names(400))


def test_what_one_left_unsure_or_took_back_is_left_for_another() -> None:
    plan = drawn(Plan(M, "d"), names(10), uniform=10)
    labels = [label("i1", None), label("i2", None, withdrawn=True)]
    assert {item.interaction_id for item in to_do(plan, labels, "Grace", names(10))} == set(names(10))
    assert {item.interaction_id for item in to_do(plan, labels, "Ada", names(10))} == set(names(10)) - {"i1"}


def test_the_order_is_each_persons_own_and_mixes_the_streams() -> None:
    runs = names(300)
    plan = drawn(Plan(M, "d"), runs, uniform=100, guided=100, suspicion=dict.fromkeys(runs, 0.5))
    ada, grace = (to_do(plan, [], name, runs) for name in ("Ada", "Grace"))
    assert ada != grace
    assert ada == to_do(plan, [], "Ada", runs)
    streams = [item.stream for item in ada]
    half = len(streams) // 2
    assert min(streams[:half].count("guided"), streams[half:].count("guided")) > 20


def test_runs_that_are_no_longer_there_are_not_asked_about() -> None:
    plan = drawn(Plan(M, "d"), names(10), uniform=10)
    assert {item.interaction_id for item in to_do(plan, [], "Ada", names(4))} == set(names(4))


def test_a_sample_that_grew_has_one_chance_for_all_its_labels() -> None:
    runs = names(400)
    suspicion = dict.fromkeys(runs, 0.5)
    small = drawn(Plan(M, "d"), runs, uniform=80, guided=120, suspicion=suspicion)
    given_before = [
        Label(i.interaction_id, M, 0.0, "human", "Ada", i.stream, i.chance, AT, 3.0) for i in small.items.values()
    ]
    large = drawn(small, runs, uniform=250)
    now = standing([*given_before, *overtaken(large, given_before)])
    assert {item.inclusion_probability for item in now if item.stream == "uniform"} == {large.chance}
    moved = {i.interaction_id for i in small.items.values() if i.stream == "guided"} & {
        i.interaction_id for i in large.items.values() if i.stream == "uniform"
    }
    assert moved, "no run of the guided stream came into the uniform one"
    assert all(item.stream == "uniform" for item in now if item.interaction_id in moved)
    assert overtaken(large, now) == []
    assert [(item.value, item.seconds, item.labelled_at) for item in now] == [(0.0, 3.0, AT)] * len(now)
