"""What page 05 makes of what was found: its gates, its first screen, its tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from pilotage.approvals import LiveState
from pilotage.integration.calls.tool_calls import tool_call_findings
from pilotage.integration.checks import Check
from pilotage.integration.flow.agent import agent_in_flow
from pilotage.integration.flow.mined import mined
from pilotage.integration.gates import gates
from pilotage.integration.integrated import Integrated, repeated
from pilotage.integration.load import LoadResult, Outcome, pilot_peak
from pilotage.integration.load.result import Sent, step_of
from pilotage.integration.load.target import limits_of
from pilotage.integration.patterns import advise
from pilotage.integration.screen import first_screen, left
from pilotage.integration.show import checks_alt, checks_figure, checks_table, example_note, limits, systems_table
from pilotage.kpis import Tables
from pilotage.page import Page
from pilotage.verdict import Gate

GOOD = Check("invoice tools", "mcp.reachable", "pass", "", "answers in 3 ms", 0.01, True)
FAILED = Check("invoice tools", "mcp.pinned", "fail", "definition_changed", "<b>tool a</b> is new", 0.02, True)
SKIPPED = Check("invoice tools", "mcp.safe_calls", "skipped", "not_reached", "after mcp.pinned", 0.0, True)
OPTIONAL = Check("desk agent", "a2a.card", "fail", "unreachable", "refused", 0.0, False)
NewPage = Callable[..., Page]
NewTables = Callable[..., Tables]


@pytest.fixture
def desk(page: NewPage) -> NewPage:
    """The page of two systems: the invoice tools, which are required, and the desk agent, which is not."""

    def made(**more: Any) -> Page:
        paper = page("integration", **more)
        kept = [one for one in paper.playbook.integration.systems if one.name in ("invoice tools", "desk agent")]
        policy = paper.playbook.integration.model_copy(update={"systems": tuple(kept)})
        paper.playbook = paper.playbook.model_copy(update={"integration": policy})
        return paper

    return made


@pytest.fixture
def found(desk: NewPage, tables: NewTables) -> Callable[..., Integrated]:
    """What the page found, with these checks and loads, on tables of two runs and one case."""
    state = LiveState("integration", "never approved", "", "", "", "", (), False, True, "nobody ever approved it")

    def made(*checks: Check, load: Sequence[Outcome] = ()) -> Integrated:
        paper = desk()
        policy = paper.playbook.integration
        given = tables(
            interactions=[{"interaction_id": f"i{n}", "phase": "pilot"} for n in (1, 2)],
            tool_calls=[
                {
                    "interaction_id": "i1",
                    "seq": n,
                    "tool": "lookup_invoice",
                    "status": "ok",
                    "duration_s": 0.1,
                    "arguments": f"n={n}",
                }
                for n in range(6)
            ],
            events=[{"case_id": "c1", "activity": name, "timestamp": None, "phase": "pilot"} for name in ("a", "b")],
        )
        calls = tool_call_findings(given, policy)
        advice = tuple(advise(one, one.name in repeated(paper.workspace, policy, calls)) for one in policy.systems)
        flow, agent = mined(given, "pilot"), agent_in_flow(given)
        return Integrated(
            checks, tuple(load), pilot_peak(given), calls, (flow,), agent, advice, (calls.kpi,), state, state
        )

    return made


def named(page: Page, integrated: Integrated, tables: Tables) -> dict[str, Gate]:
    return {gate.name: gate for gate in gates(page, integrated, tables) if gate.tier in (None, "in the loop")}


CASES = [
    ((GOOD, OPTIONAL), "go", "1 of 1 check passed"),
    (
        (GOOD, FAILED),
        "not yet",
        "1 of 2 checks passed; invoice tools: what the system says of itself is not what was pinned (mcp.pinned)",
    ),
    ((GOOD, SKIPPED), "not yet", "1 of 2 checks passed"),
    ((), "not yet", "no check was made"),
    ((OPTIONAL,), "not yet", "no check was made"),
    ((replace(GOOD, system="another"),), "not yet", "1 of 1 check passed; invoice tools was not probed"),
]


@pytest.mark.parametrize(("checks", "answer", "why"), CASES)
def test_the_systems_hold_only_where_every_required_check_was_made_and_passed(
    desk: NewPage, tables: NewTables, found: Any, checks: tuple[Check, ...], answer: str, why: str
) -> None:
    gate = named(desk(), found(*checks), tables())["integration_checks"]
    assert (gate.answer, gate.required, gate.why) == (answer, True, why)


def test_a_system_that_one_can_do_without_is_told_and_holds_nothing(
    desk: NewPage, tables: NewTables, found: Any
) -> None:
    made = named(desk(), found(GOOD, OPTIONAL), tables())
    assert made["integration_checks"].answer == "go"
    assert (made["integration_optional"].answer, made["integration_optional"].required) == ("not yet", False)
    assert "desk agent: nothing answers at the address (a2a.card)" in made["integration_optional"].why


def test_on_real_data_embedded_examples_and_example_limits_of_the_systems_hold_the_gate(
    desk: NewPage, tables: NewTables, found: Any
) -> None:
    made = named(desk(synthetic=False), found(GOOD, OPTIONAL), tables())
    assert made["integration_checks"].answer == "not yet"
    assert made["integration_checks"].why.endswith(
        "would be go, but invoice tools is still the embedded example; limits of invoice tools are still examples"
    )
    assert "desk agent is still the embedded example" in made["integration_optional"].why


def loaded(page: NewPage, state: str, embedded: bool = False) -> Outcome:
    """A required system under load: proved (60 answers), held (10, too few), missed (one in two fails) or untested."""
    system = page("integration").playbook.integration.systems[0]
    if not embedded:
        system = system.model_copy(update={"address": "https://staging.example.com"})
    n, faults = (60 if state == "proved" else 10), (5 if state == "missed" else 0)
    sent = [Sent(k / 20, k / 20 + 0.003, "500" if k < faults else "") for k in range(n)]
    result = LoadResult(system.name, "x", ("/",), limits_of(system.load), (step_of(20, sent, 1),))
    return Outcome(system, None if state == "untested" else result, why="nobody has measured it")


@pytest.mark.parametrize(
    ("state", "answer"), [("proved", "go"), ("held", "not yet"), ("untested", "not yet"), ("missed", "no-go")]
)
def test_load_counts_where_it_is_proved(
    desk: NewPage, page: NewPage, tables: NewTables, found: Any, state: str, answer: str
) -> None:
    gate = named(desk(), found(GOOD, load=[loaded(page, state)]), tables())["systems_under_load"]
    assert (gate.answer, gate.required) == (answer, True)


def test_neither_the_embedded_example_nor_a_system_one_can_do_without_decides_on_the_load(
    desk: NewPage, page: NewPage, tables: NewTables, found: Any
) -> None:
    optional = loaded(page, "missed")
    optional = replace(optional, system=optional.system.model_copy(update={"required": False}))
    load = [loaded(page, "proved"), loaded(page, "missed", embedded=True), optional]
    made = named(desk(), found(GOOD, load=load), tables())
    assert (made["systems_under_load"].answer, made["systems_under_load"].required) == ("go", True)
    assert (made["others_under_load"].answer, made["others_under_load"].required) == ("no-go", False)


def test_the_worst_system_under_load_decides(desk: NewPage, page: NewPage, tables: NewTables, found: Any) -> None:
    made = found(GOOD, load=[loaded(page, state) for state in ("proved", "missed", "untested")])
    assert named(desk(), made, tables())["systems_under_load"].answer == "no-go"


def test_calls_that_should_be_one_are_judged_at_each_tier_and_change_the_advice_for_the_tools_they_went_to(
    desk: NewPage, tables: NewTables, found: Any
) -> None:
    paper, integrated = desk(), found(GOOD)
    rates = [gate for gate in gates(paper, integrated, tables()) if gate.name == "n_plus_one_rate"]
    assert [gate.tier for gate in rates] == ["in the loop", "on the loop", "outside the loop"]
    assert not any(gate.answer == "go" for gate in rates)
    assert all("a call that takes many at once" in gate.why for gate in rates if gate.answer == "not yet")
    assert not any("assumptions" in gate.why for gate in rates)
    assert repeated(paper.workspace, paper.playbook.integration, integrated.calls) == ["invoice tools"]
    assert "many at once" in integrated.advice[0].reasons[0]
    assert "many at once" not in integrated.advice[1].reasons[0]


def test_every_limit_of_the_policy_is_shown_once(page: NewPage) -> None:
    names = [name for name, _ in limits(page("integration").playbook.integration)]
    assert len(names) == len(set(names)) == 11
    assert "invoice API: Requests a second at production's peak" in names


def test_the_first_screen_has_six_cards_and_names_the_first_failure(desk: NewPage, found: Any) -> None:
    shown = first_screen(desk(), found(GOOD, FAILED, SKIPPED, OPTIONAL))
    assert shown.count('<div class="card">') == 6
    assert "0 of 2" in shown
    assert "invoice tools: mcp.pinned (definition_changed)." in shown
    assert "5 days" in shown


@pytest.mark.parametrize(
    ("state", "rate", "told"),
    [
        ("proved", 20.0, "95% of answers within 3 ms at production&#x27;s rate."),
        ("missed", 20.0, "fewer than 95% of requests were answered at production&#x27;s rate."),
        ("missed", 10.0, "it already gave way below production&#x27;s rate."),
    ],
)
def test_the_card_of_the_load_says_how_production_would_be_answered(
    desk: NewPage, page: NewPage, found: Any, state: str, rate: float, told: str
) -> None:
    one = loaded(page, state)
    assert one.result is not None
    step = replace(one.result.steps[0], offered_per_s=rate)
    shown = first_screen(desk(), found(GOOD, load=[replace(one, result=replace(one.result, steps=(step,)))]))
    assert f"invoice API: {told}" in shown


def test_the_decision_page_learns_how_each_system_stands_and_which_are_examples(desk: NewPage, found: Any) -> None:
    facts = left(desk(), found(GOOD, FAILED))
    assert facts["systems"]["invoice tools"] == "not passed: mcp.pinned definition_changed"
    assert facts["integration_checks"] == "1 of 2"
    assert facts["systems"]["desk agent"] == "not probed"
    assert facts["systems_simulated"] == ["invoice tools", "desk agent"]


def test_examples_are_called_simulated_and_a_systems_own_words_are_escaped(page: NewPage) -> None:
    assert "Simulated: invoice API" in example_note(page("integration"))
    assert "<b>tool a</b>" not in checks_table([FAILED])
    assert "&lt;b&gt;tool a" in checks_table([FAILED])


def test_what_the_agent_may_do_at_each_system_is_stated(page: NewPage) -> None:
    shown = systems_table(page("integration"))
    assert "read invoices and suppliers; change postings" in shown
    assert "desk agent (not required)" in shown


def test_the_figure_says_in_words_what_it_draws() -> None:
    checks = [GOOD, FAILED, SKIPPED, OPTIONAL]
    assert checks_alt(checks) == (
        "invoice tools and desk agent did not pass every check; 0 of 2 systems did. "
        "invoice tools: 1 passed, 1 failed and 1 skipped; desk agent: 1 failed."
    )
    assert checks_figure(checks) is not None
    assert checks_figure([]) is None
    assert checks_alt([replace(GOOD)]) == "All 1 check of 1 system passed. invoice tools: 1 passed."
