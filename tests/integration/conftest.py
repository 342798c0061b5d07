"""A workspace with systems of a test's own, and pins in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pilotage.playbook import IntegrationPolicy
from pilotage.workspace import Workspace

LIMIT = {"value": 1000, "reason": "r", "source": "s", "set_by": "b"}
MCP = {
    "name": "tools", "pattern": "mcp", "what": "Looks up.", "address": "http://127.0.0.1:9/mcp", "auth": "none",
    "update_frequency": "hourly", "consistency": "eventual", "p95_ms_max": LIMIT,
}  # fmt: skip


@pytest.fixture
def house(tmp_path: Path) -> Workspace:
    """An empty workspace."""
    (tmp_path / "playbook").mkdir()
    return Workspace(tmp_path)


@pytest.fixture(scope="session")
def policy_of() -> Callable[..., IntegrationPolicy]:
    """A policy with these systems: policy_of({"name": "a"}, {"name": "b", "required": False})."""

    def made(*systems: dict[str, Any]) -> IntegrationPolicy:
        return IntegrationPolicy.model_validate(
            {
                "owner": "Somebody",
                "systems": tuple(MCP | one for one in systems),
                "calls": {"calls_min": 5, "total_ms_min": 50.0, "paging_arguments": ("page", "cursor")},
                "flow": {"wait_share_max": {**LIMIT, "value": 0.4}},
                "gates": {},
            },
            strict=False,
        )

    return made
