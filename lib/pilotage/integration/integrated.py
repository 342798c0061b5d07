"""All that page 05 found: what the probes say, the load, calls that should have been one, the process, the advice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pilotage.approvals import LiveState, live_state
from pilotage.hashes import read_object
from pilotage.integration.calls.similar import N_PLUS_ONE as REPEATED
from pilotage.integration.calls.tool_calls import CallFindings, tool_call_findings
from pilotage.integration.checks import Check
from pilotage.integration.flow.agent import AgentInFlow, agent_in_flow
from pilotage.integration.flow.mined import Flow, mined, phases_in
from pilotage.integration.load import Outcome, Peak, load_outcomes, pilot_peak
from pilotage.integration.load.result import CONFIDENCE, Step
from pilotage.integration.patterns import Advice, advise
from pilotage.integration.pins import pin_path
from pilotage.integration.smoke_test import probed
from pilotage.kpis import Kpi, Tables, label_of
from pilotage.page import Page
from pilotage.playbook import IntegrationPolicy
from pilotage.playbook.systems import EMBEDDED
from pilotage.workspace import Workspace

N_PLUS_ONE, P95, FAILED = "n_plus_one_rate", "load_p95_ms", "load_error_rate"


@dataclass(frozen=True)
class Integrated:
    """The checks of all systems, the load, the calls, the flow of each phase and of the agent, the advice, the figures,
    and how the policy stands."""

    checks: tuple[Check, ...]
    load: tuple[Outcome, ...]
    peak: Peak
    calls: CallFindings
    flows: tuple[Flow, ...]
    agent: AgentInFlow
    advice: tuple[Advice, ...]
    kpis: tuple[Kpi, ...]
    live: LiveState
    governance: LiveState

    def kpi(self, name: str) -> Kpi:
        """The figure over the whole."""
        return next(kpi for kpi in self.kpis if kpi.name == name and kpi.whole)

    @property
    def flow(self) -> Flow:
        """The process that is looked at in detail: the latest phase, or all events where none has a phase."""
        return self.flows[-1]


def integrated(page: Page, tables: Tables) -> Integrated:
    """Everything the page shows: every system is probed now, and the embedded example put under load."""
    page.depend_on_approvals()
    page.opened.matching(page.workspace.playbook / "pins" / "*.json")
    policy = page.playbook.integration
    if any(one.address != EMBEDDED for one in policy.systems):
        page.opened.elsewhere = "the systems that it probes may have changed"
    checks = tuple(probed(page.workspace, policy.systems))
    load = tuple(load_outcomes(page))
    calls = tool_call_findings(tables, policy)
    flows = tuple(mined(tables, phase) for phase in phases_in(tables) or (None,))
    names = repeated(page.workspace, policy, calls)
    advice = tuple(advise(one, one.name in names) for one in policy.systems)
    kpis = (calls.kpi, *_load_kpis(load))
    live, governance = (live_state(page.workspace, name) for name in ("integration", "governance"))
    peak, agent = pilot_peak(tables), agent_in_flow(tables)
    return Integrated(checks, load, peak, calls, flows, agent, advice, kpis, live, governance)


def repeated(workspace: Workspace, policy: IntegrationPolicy, calls: CallFindings) -> list[str]:
    """The systems whose pinned tools were called so often that one call should have done; the table of calls names
    tools and no system."""
    often = {f"tool {name}" for name in calls.of(REPEATED)["tool"]}
    pinned = {
        one.name: read_object(pin_path(workspace, one.name)) or {} for one in policy.systems if one.pattern == "mcp"
    }
    return [name for name, pin in pinned.items() if often & set(pin.get("definitions", ()))]


def _load_kpis(load: Sequence[Outcome]) -> Iterator[Kpi]:
    """The slow answers and the failures of each system at production's rate, where it was measured."""
    for one in load:
        step = one.result.at_target if one.result else None
        if step is not None:
            yield _load_kpi(P95, "ms", one, step, None, step.p95_ms, step.p95_high_ms)
            yield _load_kpi(FAILED, "share", one, step, step.errors, step.error_rate, step.error_rate_high)


def _load_kpi(
    name: str, unit: str, one: Outcome, step: Step, count: int | None, estimate: float | None, high: float | None
) -> Kpi:
    reason = "fewer than 95% of the requests were answered" if estimate is None else ""
    return Kpi(
        name, label_of(name), "efficiency", unit, f"system={one.name}", count, step.n, step.n, estimate, None, high,
        CONFIDENCE, "requests at production's rate", "lower", reason=reason,
    )  # fmt: skip
