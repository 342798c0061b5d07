"""Page 03's gates: what the texts show is compared with the limits, and what speaks against it holds them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from pilotage.approvals import LiveState
from pilotage.guardrails.control import Control
from pilotage.guardrails.cycle import Due
from pilotage.guardrails.gates import gates
from pilotage.guardrails.measured import KPIS, PHASE, Measured
from pilotage.guardrails.parts import parts
from pilotage.kpis import Tables, measure
from pilotage.kpis.guarded import guarded, guarded_runs, shape
from pilotage.page import Page
from pilotage.verdict import Gate

WORDS = ["amber", "birch", "cedar", "daisy", "elder", "fern", "grass", "hazel", "iris", "juniper"]
InMemory = Callable[..., Tables]
NewPage = Callable[..., Page]


def texts(benign: int, stopped: int, attacks: int = 100, caught: int = 90, copies: int = 1) -> pd.DataFrame:
    """Inputs with the guard's decision; each sentence stands there `copies` times."""
    rows = [
        (f"{label} {WORDS[i // copies % 10]} {WORDS[i // copies // 10 % 10]} {WORDS[i // copies // 100 % 10]}", label,
         "review" if i < hit else "allow")
        for label, n, hit in (("benign", benign, stopped), ("injection", attacks, caught))
        for i in range(n)
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["text", "label", "decision"])
    return frame.assign(
        text_id=[f"x{i:05}" for i in range(len(frame))], phase="pilot", side="input", source="mail", language="en",
        score=0.5, seen=False, findings=[[] for _ in range(len(frame))], attack=frame["label"] == "injection",
        shape=[shape(text) for text in frame["text"]],
    )  # fmt: skip


def live(status: str = "approved", example: bool = False) -> LiveState:
    return LiveState("guardrails", status, "a" * 64, "", "", "", (), True, example, f"it is {status}")  # type: ignore[arg-type]


@pytest.fixture
def judged(page: NewPage, in_memory: InMemory) -> Callable[..., dict[str, Gate]]:
    """The gates of the tier asked for, by name, for these texts."""

    def judge_them(
        frame: pd.DataFrame,
        synthetic: bool = True,
        state: LiveState | None = None,
        people: LiveState | None = None,
        drift: Any = None,
        missing: dict[str, int] | None = None,
    ) -> dict[str, Gate]:
        desk = page("guardrails", synthetic=synthetic)
        tables = in_memory(
            {
                "texts": frame[["text_id", "text", "side", "label", "source", "language", "phase"]],
                "interactions": pd.DataFrame(
                    {
                        "interaction_id": ["r1"],
                        "started_at": [pd.Timestamp("2026-10-01")],
                        "phase": ["pilot"],
                        "case_id": ["c1"],
                    }
                ),
            },
            missing=missing or {},
        )
        runs = pd.DataFrame({"interaction_id": ["r1"], "decision": ["allow"]})
        known = guarded_runs(guarded(tables, frame, PHASE), runs)
        kpis = tuple(measure(known, name, PHASE, 0.9) for name in KPIS)
        found = Measured(SimpleNamespace(), frame, runs, runs, known, kpis)  # type: ignore[arg-type]
        control = Control(state or live(), people or live(), (), Due("weekly", None, date(2026, 10, 12), False, "due"))
        made = gates(desk, found, parts(found, desk.playbook), drift, control)
        return {gate.name: gate for gate in made if gate.tier in (None, "in the loop")}

    return judge_them


CASES = [
    # benign, stopped, attacks, caught: the answers of false alarms and of the catch
    ((500, 0, 100, 90), ("go", "go")),
    ((500, 250, 100, 90), ("no-go", "go")),
    ((500, 0, 100, 10), ("go", "no-go")),
    ((200, 0, 100, 90), ("not yet", "go")),
    ((500, 0, 40, 40), ("go", "not yet")),
]


@pytest.mark.parametrize(("counts", "answers"), CASES)
def test_the_worse_end_of_each_range_decides(judged: Any, counts: Any, answers: Any) -> None:
    found = judged(texts(*counts))
    assert (found["guard_false_positive_rate"].answer, found["guard_catch_rate"].answer) == answers


def test_each_source_and_language_alone_is_judged_only_where_both_kinds_are_there(judged: Any) -> None:
    parts_of = {
        counts: judged(texts(*counts))["guard_parts"] for counts in ((500, 0, 100, 90), (500, 0, 0, 0), (0,) * 4)
    }
    assert [gate.answer for gate in parts_of.values()] == ["go", "not yet", "not yet"]
    assert [gate.why for gate in parts_of.values()] == [
        "each of 4 parts clears its limit alone", "no attacks to count", "no harmless texts and no attacks to count",
    ]  # fmt: skip


def test_copies_of_one_sentence_say_no_more_than_one(judged: Any) -> None:
    found = judged(texts(1000, 0, copies=10))["guard_false_positive_rate"]
    assert found.answer == "not yet"
    assert "only 100 harmless inputs that are not made alike; 300 are needed" in found.why


def test_texts_that_the_source_counted_and_that_are_gone_open_nothing(judged: Any) -> None:
    whole, part = judged(texts(500, 60)), judged(texts(440, 0), missing={"texts": 60})
    assert part["guard_false_positive_rate"].answer != "go"
    assert whole["guard_false_positive_rate"].answer != "go"


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (live("never approved"), "it is never approved"),
        (live("changed"), "it is changed"),
        (live("unknown"), "it is unknown"),
        (live(example=True), "the people in playbook/governance.yaml are still examples"),
    ],
)
def test_on_real_data_a_guard_that_nobody_here_approved_holds_its_gates(judged: Any, state: Any, told: str) -> None:
    for real, people in ((True, None), (True, state), (False, state)):
        made = judged(texts(500, 0), synthetic=not real, state=None if people else state, people=people)
        gate = made["guard_approved"]
        assert (gate.answer, gate.required) == ("not yet", real) or (people and state.example)
        assert told in gate.why or (people and state.example)


def test_losing_the_inputs_of_runs_opens_nothing_on_real_data(judged: Any) -> None:
    held = judged(texts(500, 0), synthetic=False)["guard_false_positive_rate"]
    assert held.answer == "not yet"
    assert "whether they fit is not known" in held.why


def test_drift_holds_the_gate_only_where_what_arrives_is_surely_stopped_too_often(judged: Any) -> None:
    def alarm(low: float) -> Any:
        return SimpleNamespace(answer="drift", stopped_now=SimpleNamespace(low=low, estimate=low + 0.1))

    assert judged(texts(500, 0), drift=alarm(0.5))["guard_false_positive_rate"].answer == "not yet"
    assert judged(texts(500, 0), drift=alarm(0.0))["guard_false_positive_rate"].answer == "go"
    assert judged(texts(500, 0), drift=alarm(0.5))["guard_catch_rate"].answer == "go"


def test_one_bad_source_is_told_and_decides_nothing_alone(judged: Any) -> None:
    frame = texts(500, 0)
    frame.loc[:29, ["source", "decision"]] = ["scanned remark", "block"]
    found = judged(frame)["guard_parts"]
    assert (found.answer, found.required) == ("no-go", False)
    assert "scanned remark (harmless)" in found.why


def test_without_a_text_nothing_is_a_pass(judged: Any) -> None:
    found = judged(replace_all(texts(2, 0, 2, 2)))
    assert {found[name].answer for name in ("guard_false_positive_rate", "guard_catch_rate")} == {"not yet"}


def replace_all(frame: pd.DataFrame) -> pd.DataFrame:
    """The texts as another kind, so that none is harmless or an attack."""
    return frame.assign(label="policy", attack=False)
