"""The intervals hold what they promise: over many seeds of the sample they contain the true values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache, partial

import pytest

from pilotage.kpis import DEFINITIONS, Kpi, Tables, measure, measure_parts
from pilotage.records.synthetic import make_tables, truth

Parts = Callable[[str, str, str], list[Kpi]]
TRUE = [row for row in truth("sample") if row["name"] in DEFINITIONS and row["name"] != "pass_hat_k"]
PASS_2 = next(row for row in truth("sample") if row["name"] == "pass_hat_k" and row["dimension"] == "k=2")
# Success in production is known only for the runs that people labelled, which is no sample by chance.
KNOWN = [row for row in TRUE if (row["name"], row["phase"]) != ("task_success_rate", "production")]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seeds" in metafunc.fixturenames:
        metafunc.parametrize("seeds", [metafunc.config.getoption("--seeds")])


def test_at_least_93_per_cent_of_the_95_per_cent_intervals_contain_the_truth(
    seeds: int, in_memory: Callable[..., Tables]
) -> None:
    covered, asked = Counter[str](), Counter[str]()
    for seed in range(1, seeds + 1):
        tables = in_memory(make_tables(seed))
        parts_of = cache(partial(measure_parts, tables))  # all values of a part are measured at once
        for row in [*KNOWN, PASS_2]:
            kpi = found(tables, parts_of, row["name"], row["phase"], row["dimension"])
            asked[row["name"]] += 1
            covered[row["name"]] += holds(kpi, row["value"])
    print(*(f"{name:28} {covered[name] / asked[name]:.3f} of {asked[name]:,}" for name in sorted(asked)), sep="\n")
    assert covered.total() / asked.total() >= 0.93


def holds(kpi: Kpi, value: float) -> bool:
    low, high = (kpi.low, kpi.high)
    return (low is None or low <= value) and (high is None or value <= high)


def found(tables: Tables, parts_of: Parts, name: str, phase: str, dimension: str | None) -> Kpi:
    if dimension is None or name == "pass_hat_k":
        return measure(tables, name, phase, k=2)
    part, value = dimension.split("=", 1)
    return next(kpi for kpi in parts_of(name, phase, part) if kpi.dimension == f"{part}={value}")
