"""A playbook with three people, each with a role and key, two who only propose, and changes that two roles approve."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from pilotage import approvals, audit_log
from pilotage.approvals import Proposal, State
from pilotage.hashes import canonical_json, sha256_json
from pilotage.workspace import Workspace

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
PEOPLE = {"Ann": ["AI Owner"], "Ben": ["AI Engineer"], "Cat": ["AI Risk Officer"]}
PROPOSERS = ("Zoe", "Yan")  # who have no role and no key


@dataclass
class Desk:
    """The workspace, the people's private keys, and a clock that moves on a minute with every act."""

    workspace: Workspace
    keys: dict[str, Path]
    minutes: int = 0

    @property
    def now(self) -> datetime:
        self.minutes += 1
        return NOON + timedelta(minutes=self.minutes)

    def live(self, policy: str = "roi") -> Path:
        return self.workspace.playbook / f"{policy}.yaml"

    def text(self, payback: int = 19) -> str:
        """roi.yaml with another first number of months, so that each number is another change."""
        facts = yaml.safe_load((ROOT / "playbook" / "roi.yaml").read_text(encoding="utf-8"))
        return yaml.safe_dump({**facts, "owner": f"Controller {payback}"})

    def propose(self, payback: int = 19, by: str = "Zoe", **more: Any) -> Proposal:
        return approvals.propose(self.workspace, "roi", self.text(payback), "it fits better", by, self.now, **more)

    def approve(
        self, one: Proposal, by: str, key: Path | str | None = "own", version: str = "", check: Any = None
    ) -> State:
        path = self._key(by, key)
        return approvals.approve(self.workspace, one.id, version or one.version[:8], by, self.now, path, check)

    def reject(self, one: Proposal, by: str, key: Path | str | None = "own", version: str = "") -> State:
        path = self._key(by, key)
        return approvals.reject(self.workspace, one.id, version or one.version, by, "too risky", self.now, path)

    def _key(self, by: str, key: Path | str | None) -> Path | None:
        return self.keys[by] if key == "own" else None if key is None else Path(key)

    def applied(self, payback: int = 19) -> Proposal:
        """A proposal that Ben and Cat have approved."""
        one = self.propose(payback)
        self.approve(one, "Ben")
        assert self.approve(one, "Cat").status == "applied"
        return one

    def state(self, one: Proposal) -> State:
        return approvals.replay(self.workspace)[one.id]

    def edit_governance(self, change: Callable[[dict[str, Any]], None]) -> None:
        """Edit governance.yaml by hand."""
        path = self.live("governance")
        facts = yaml.safe_load(path.read_text(encoding="utf-8"))
        change(facts)
        path.write_text(yaml.safe_dump(facts), encoding="utf-8")

    def person(self, name: str, **more: Any) -> None:
        """Change one person's entry of governance.yaml by hand."""

        def change(facts: dict[str, Any]) -> None:
            next(one for one in facts["people"] if one["name"] == name).update(more)

        self.edit_governance(change)

    def rewrite_log(self, change: Callable[[list[dict[str, Any]]], None]) -> None:
        """What a forger with the whole file does: entries changed at will, and a chain made anew that verifies."""
        entries = [json.loads(line) for line in self.workspace.log.read_text(encoding="utf-8").splitlines()]
        change(entries)
        previous = None
        lines = []
        for seq, entry in enumerate(entries, 1):
            body = {**{name: entry[name] for name in ("at", "by", "kind", "what")}, "seq": seq, "previous": previous}
            previous = sha256_json(body)
            lines.append(canonical_json({**body, "hash": previous}) + "\n")
        self.workspace.log.write_text("".join(lines), encoding="utf-8")
        assert audit_log.verify(self.workspace.log) == []


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, approvals.NewKey]:
    folder = tmp_path_factory.mktemp("keys")
    return {name: approvals.new_key(name, folder / f"{name}.pem") for name in (*PEOPLE, "Eve")}


@pytest.fixture
def desk(tmp_path: Path, keys: dict[str, approvals.NewKey]) -> Desk:
    return build(tmp_path, keys)


@pytest.fixture
def build_desk(keys: dict[str, approvals.NewKey]) -> Callable[[Path], Desk]:
    """Builds a desk in any folder."""
    return lambda folder: build(folder, keys)


def build(folder: Path, keys: dict[str, approvals.NewKey]) -> Desk:
    playbook = folder / "playbook"
    ignored = shutil.ignore_patterns("*.jsonl", "proposals", "prompts")
    shutil.copytree(ROOT / "playbook", playbook, ignore=ignored, dirs_exist_ok=True)
    facts = {
        "owner": "AI Risk Officer",
        "roles": {role: "Answers for something." for roles in PEOPLE.values() for role in roles},
        "people": [
            *({"name": name, "roles": roles, "public_key": keys[name].public} for name, roles in PEOPLE.items()),
            *({"name": name, "roles": []} for name in PROPOSERS),
        ],
        "changes": {
            "roi": {"approvals": ["AI Engineer", "AI Risk Officer"], "why": "Two look."},
            "governance": {"approvals": ["AI Owner", "AI Risk Officer"], "why": "Two look."},
        },
    }
    (playbook / "governance.yaml").write_text(yaml.safe_dump(facts), encoding="utf-8")
    return Desk(Workspace(folder), {name: key.path for name, key in keys.items()})
