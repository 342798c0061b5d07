"""Reviews made to order, and a workspace whose people propose, approve and accept."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pilotage import approvals
from pilotage.approvals import Proposal
from pilotage.approvals.acceptance import Acceptance, accept_risk
from pilotage.oversight.propose import propose_tier
from pilotage.oversight.reviewed import Reviewed, items_of
from pilotage.oversight.tiers import Standing, standings
from pilotage.playbook import OversightPolicy, Tier, read_policy
from pilotage.playbook.edit import with_values
from pilotage.workspace import Workspace

ROOT = Path(__file__).parents[3]
START = datetime(2026, 1, 5, 8)  # when the first review is decided, UTC; one follows each hour
POST = "post invoice"


def review(number: int, wrong: bool, **more: Any) -> dict[str, Any]:
    """One decision, the number's hour after the start."""
    at = START + timedelta(hours=number)
    row = {
        "review_id": f"r{number:05}", "interaction_id": f"i{number:05}", "unit": f"t{number:05}", "phase": "pilot",
        "action_type": POST, "reviewer": "Rita", "decision": "reject" if wrong else "approve", "reason": None,
        "correction": None, "seconds": 60.0, "seeded": False, "adjudicates": False, "stream": "uniform",
        "inclusion_probability": 1.0, "tier": "in the loop", "queued_at": at, "decided_at": at, "wrong": wrong,
        "started_at": at, "confidence": 0.9, "input_text": "in", "output_text": "out",
    }  # fmt: skip
    return {**row, **more}


def make_reviewed(rows: Sequence[dict[str, Any]], missing: int = 0) -> Reviewed:
    """The decisions as `reviewed` gives them; planted errors hold no unit."""
    ordered = sorted(rows, key=lambda row: (row["decided_at"], row["review_id"]))
    frame = pd.DataFrame(ordered, columns=list(review(0, False)))
    frame = frame.astype({"seeded": bool, "adjudicates": bool, "wrong": bool, "decided_at": "datetime64[us]"})
    return Reviewed(frame, items_of(frame), missing)


def planted(caught: int, of: int) -> list[dict[str, Any]]:
    """Decisions on planted errors, all in the half hour before the first review."""
    return [
        review(0, n < caught, review_id=f"p{n}", interaction_id=f"p{n}", unit=f"p{n}", seeded=True,
               decided_at=START - timedelta(seconds=of - n))
        for n in range(of)
    ]  # fmt: skip


def stream(right: int, wrong: int = 0, first: int = 0) -> list[dict[str, Any]]:
    """So many right ones, then so many wrong ones, one an hour."""
    return [review(first + n, n >= right) for n in range(right + wrong)]


@dataclass
class House:
    """A workspace of the shipped playbook; Elif, AI Risk Officer, has a key."""

    workspace: Workspace
    key: Path

    @property
    def policy(self) -> OversightPolicy:
        return read_policy(self.workspace, ("oversight",)).oversight

    @property
    def file(self) -> Path:
        return self.workspace.playbook / "oversight.yaml"

    def edit(self, **values: Any) -> None:
        """Edit the first action type of oversight.yaml by hand."""
        self.file.write_text(self.text(**values), encoding="utf-8")

    def text(self, **values: Any) -> str:
        """oversight.yaml with other values of the first action type."""
        paths = {("actions", 0, name): value for name, value in values.items()}
        return with_values(self.file.read_text(encoding="utf-8"), paths)

    def grant(self, at: datetime, evidence: dict[str, Any] | None = None, **values: Any) -> Proposal:
        """A change of the first action type proposed, approved and applied without a look at the reviews."""
        made = approvals.propose(
            self.workspace, "oversight", self.text(**values), "we trust it", "Carla Example", at.replace(tzinfo=UTC),
            evidence,
        )  # fmt: skip
        return self.approve(made, at)

    def propose(self, found: Reviewed, to: Tier, at: datetime) -> Proposal:
        when = at.replace(tzinfo=UTC)
        return propose_tier(self.workspace, "desk", found, POST, to, "it works", "Carla Example", when)

    def approve(self, made: Proposal, at: datetime) -> Proposal:
        for name in ("Ada Example", "Elif Example"):
            key = self.key if name == "Elif Example" else None
            approvals.approve(self.workspace, made.id, made.version, name, at.replace(tzinfo=UTC), key)
        return made

    def accept(self, at: datetime, until: date, tier: Tier = "on the loop", **more: Any) -> Acceptance:
        told: dict[str, Any] = {
            "subject": POST, "owner": "Ada Example", "by": "Elif Example", "why": "the gain is worth it",
            "role": "AI Risk Officer", "longest_days": 180, "key": self.key,
        }  # fmt: skip
        return accept_risk(self.workspace, tier=tier, until=until, at=at.replace(tzinfo=UTC), **{**told, **more})

    def standing(self, found: Reviewed, as_of: date) -> Standing:
        return standings(self.workspace, found, self.policy, as_of)[POST]


@pytest.fixture(scope="session")
def elifs_key(tmp_path_factory: pytest.TempPathFactory) -> approvals.NewKey:
    return approvals.new_key("Elif Example", tmp_path_factory.mktemp("keys") / "elif.pem")


@pytest.fixture
def house(tmp_path: Path, elifs_key: approvals.NewKey) -> House:
    shutil.copytree(ROOT / "playbook", tmp_path / "playbook", ignore=shutil.ignore_patterns("*.jsonl", "proposals"))
    path = tmp_path / "playbook/governance.yaml"
    named = f"- name: Elif Example\n    public_key: {elifs_key.public}\n"
    path.write_text(path.read_text(encoding="utf-8").replace("- name: Elif Example\n", named), encoding="utf-8")
    return House(Workspace(tmp_path), elifs_key.path)


@pytest.fixture(scope="session")
def made() -> Callable[..., Reviewed]:
    """Builds reviews: made(rows, missing=0)."""
    return make_reviewed


class Rows:
    """What reviews are made of."""

    review, planted, stream = staticmethod(review), staticmethod(planted), staticmethod(stream)
    start, post = START, POST


@pytest.fixture(scope="session")
def rows() -> type[Rows]:
    return Rows


@pytest.fixture(scope="session")
def policy() -> OversightPolicy:
    return read_policy(Workspace(ROOT), ("oversight",)).oversight
