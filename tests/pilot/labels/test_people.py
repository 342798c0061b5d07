"""Whoever shaped the agent and labels as well is named."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pilotage import audit_log
from pilotage.errors import InputFaults
from pilotage.pilot.labels.people import tuners
from pilotage.workspace import Workspace

AT = datetime(2026, 10, 1, tzinfo=UTC)


def test_without_a_log_nobody_is_named(tmp_path: Path) -> None:
    assert tuners(Workspace(tmp_path), ["Ada"]) == {}


def test_who_proposed_a_change_is_named_and_who_locked_a_baseline_is_not(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    audit_log.append(workspace.log, "baseline lock", {"dataset": "desk"}, "Grace", AT)
    assert tuners(workspace, ["Ada", "Grace"]) == {}
    audit_log.append(workspace.log, "proposal made", {"prompt": "shorter"}, " ada  LOVELACE ", AT)
    assert tuners(workspace, ["Ada Lovelace", "Grace", "Ada Lovelace"]) == {"Ada Lovelace": ("proposal made",)}


def test_a_log_that_was_altered_says_nothing(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    audit_log.append(workspace.log, "proposal made", {}, "Ada", AT)
    workspace.log.write_text(workspace.log.read_text().replace("Ada", "Eve"))
    with pytest.raises(InputFaults):
        tuners(workspace, ["Ada"])
