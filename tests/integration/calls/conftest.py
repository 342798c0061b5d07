"""The shipped policy on calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from pilotage.playbook import IntegrationPolicy, read_policy
from pilotage.workspace import Workspace


@pytest.fixture(scope="session")
def policy() -> IntegrationPolicy:
    """Five calls at least, 50 ms together, paging exempt."""
    return read_policy(Workspace(Path(__file__).parents[3]), ("integration",)).integration
