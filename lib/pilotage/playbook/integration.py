"""integration.yaml: the systems around the agent, and what is asked of them before it goes live."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import Field, field_validator

from pilotage.playbook.common import Amount, Count, Limit, Model, Share, Text, TierGate
from pilotage.playbook.systems import McpSystem, System, slug

IntegrationKpi = Literal["n_plus_one_rate"]


class Calls(Model):
    """When calls one after the other count as calls that should have been one (Sentry's rule)."""

    calls_min: Count = Field(description="So many similar calls one after the other, at least.")
    total_ms_min: Amount = Field(description="Milliseconds that they take together, at least.")
    paging_arguments: tuple[Text, ...] = Field(description="Arguments that page through a list, and so may vary.")


class Flow(Model):
    """What counts as rework and as a bottleneck in the process."""

    wait_share_max: Limit[Share] = Field(description="The share of all waiting that one step may cause.")


class IntegrationPolicy(Model):
    """integration.yaml: systems, probes and limits."""

    owner: Text = Field(description="The role that answers for this file.")
    systems: tuple[System, ...] = Field(min_length=1, description="The systems that the agent touches.")
    calls: Calls = Field(description="When calls one after the other should have been one.")
    flow: Flow = Field(description="What counts as a bottleneck.")
    gates: Mapping[IntegrationKpi, TierGate] = Field(description="The gates, by the KPI they judge.")

    @field_validator("systems")
    @classmethod
    def _each_once_and_replaceable(cls, systems: tuple[System, ...]) -> tuple[System, ...]:
        if faults := list(_system_faults(systems)):
            raise ValueError("\n".join(faults))
        return systems

    def system(self, name: str) -> System | None:
        """The system of this name; None where the file names none."""
        return next((one for one in self.systems if one.name == name), None)


def _system_faults(systems: tuple[System, ...]) -> Iterator[str]:
    times = Counter(slug(one.name) for one in systems)
    yield from (f"{n} systems are called {name!r}, or nearly so" for name, n in times.items() if n > 1)
    tools = {one.name for one in systems if isinstance(one, McpSystem)}
    for one in systems:
        other = getattr(one, "replaceable_by", None)
        if other is not None and (other not in tools or other == one.name):
            yield f"{one.name}: replaceable_by: {other!r} is no other system here with the pattern mcp"
