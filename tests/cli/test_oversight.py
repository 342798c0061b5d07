"""`pilotage oversight` from the terminal: a promotion proposed and approved, a risk accepted, everything replayed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from pilotage.approvals import new_key
from pilotage.cli.app import app
from pilotage.hashes import write_json_atomically
from pilotage.kpis import Tables
from pilotage.playbook.edit import with_values
from pilotage.workspace import Workspace

ROOT = Path(__file__).parents[2]
POST = "post invoice"
START = datetime(2026, 1, 5, 8)
WAY = ("--dataset", "desk")


def tables_of(in_memory: Callable[..., Tables], right: int, wrong: int = 0) -> Tables:
    """Reviews of so many right runs, then wrong ones, one an hour, after sixty planted errors that were all caught."""
    rows, runs = [], []
    for n in range(-60, right + wrong):
        at = START + timedelta(hours=n)
        bad = n < 0 or n >= right
        rows.append({
            "review_id": f"r{n}", "interaction_id": f"i{n}", "action_type": POST, "tier": "in the loop",
            "reviewer": "Rita", "seeded": n < 0, "decision": "reject" if bad else "approve",
            "reason": "why", "seconds": 30.0, "stream": "uniform", "inclusion_probability": 1.0,
            "queued_at": at, "decided_at": at,
        })  # fmt: skip
        runs.append({"interaction_id": f"i{n}", "case_id": f"c{n}", "started_at": at, "phase": "pilot"})
    return in_memory({"reviews": pd.DataFrame(rows), "interactions": pd.DataFrame(runs)})


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_memory: Callable[..., Tables]) -> Callable[..., Workspace]:
    """The shipped playbook, Elif with a key, and reviews to order in the place of a dataset: desk(300, 4)."""
    house = tmp_path / "house"
    shutil.copytree(ROOT / "playbook", house / "playbook", ignore=shutil.ignore_patterns("*.jsonl", "proposals"))
    monkeypatch.chdir(house)
    monkeypatch.delenv("PILOTAGE_WORKSPACE", raising=False)
    path, made = house / "playbook/governance.yaml", new_key("Elif", tmp_path / "keys/elif.pem")
    named = f"- name: Elif Example\n    public_key: {made.public}\n"
    path.write_text(path.read_text(encoding="utf-8").replace("- name: Elif Example\n", named), encoding="utf-8")

    def fill(right: int, wrong: int = 0) -> Workspace:
        tables, place = tables_of(in_memory, right, wrong), Workspace(house)
        for module in ("oversight", "opened"):
            monkeypatch.setattr(f"pilotage.cli.{module}.opened", lambda name, *_: (place, name, tables))
        return place

    return fill


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), prog_name="pilotage")


def promote(*more: str, to: str = "on the loop") -> Result:
    return invoke("oversight", "promote", POST, "--to", to, "--why", "proved", "--by", "Carla Example", *WAY, *more)


def page(place: Workspace, tier: str) -> None:
    folder = place.reports / "latest/evidence"
    folder.mkdir(parents=True, exist_ok=True)
    write_json_atomically(folder / "oversight.json", {"dataset": "desk", "facts": {"tiers": {POST: tier}}})


def test_a_promotion_is_proposed_approved_by_both_roles_and_found_again(desk: Any) -> None:
    place = desk(700)
    said = promote()
    assert said.exit_code == 0, said.output
    found = re.search(
        r"proposed: (oversight-\w+), version (\w+): post invoice on the loop; waits for AI Owner", said.output
    )
    assert found, said.output
    approve = ("approve", found[1], "--version", found[2], "--by")
    assert "waits for AI Risk Officer" in invoke(*approve, "Ada Example").output
    assert "applied:" in invoke(*approve, "Elif Example", "--key", "../keys/elif.pem").output
    page(place, "on the loop")
    said = invoke("oversight", "verify", *WAY, "--as-of", "2200-01-01")
    assert (said.exit_code, said.stderr) == (0, "")
    assert "the replay tell the same tiers" in said.stdout
    assert f"[{found[1]}]" in said.stdout


def test_what_the_reviews_no_longer_prove_is_not_approved(desk: Any) -> None:
    desk(700)
    found = re.search(r"proposed: (\S+), version (\w+)", promote().output)
    assert found
    desk(700, 60)
    said = invoke("approve", found[1], "--version", found[2], "--by", "Ada Example")
    assert (said.exit_code, said.stdout) == (2, "")
    assert "not proved" in said.stderr


def test_what_is_not_proved_is_refused_with_what_is_lacking(desk: Any) -> None:
    desk(100, 30)
    said = promote()
    assert (said.exit_code, said.stdout) == (2, "")
    assert "post invoice cannot be on the loop: not proved: 30 errors in 130 reviews" in said.stderr


def test_a_tier_with_less_review_is_not_proposed_around_the_evidence(desk: Any) -> None:
    desk(700)
    live = Path("playbook/oversight.yaml").read_text(encoding="utf-8")
    Path("new.yaml").write_text(with_values(live, {("actions", 0, "tier"): "on the loop"}), encoding="utf-8")
    said = invoke("propose", "oversight", "--with", "new.yaml", "--why", "x", "--by", "Ada Example")
    assert said.exit_code == 2
    assert "pilotage oversight promote" in said.stderr
    text = with_values(live, {("actions", 0, "what"): "Posts."})
    Path("new.yaml").write_text(text, encoding="utf-8")
    assert invoke("propose", "oversight", "--with", "new.yaml", "--why", "x", "--by", "Ada Example").exit_code == 0


def test_differences_exit_3_and_are_told_on_stderr(desk: Any) -> None:
    page(desk(700), "outside the loop")
    said = invoke("oversight", "verify", *WAY, "--as-of", "2026-12-31")
    assert said.exit_code == 3
    assert "page 04 tells outside the loop, the replay in the loop" in said.stderr
    assert "post invoice (limited risk): in the loop since" in said.stdout


def test_a_day_that_is_none_is_wrong_input(desk: Any) -> None:
    desk(60)
    said = invoke("oversight", "verify", *WAY, "--as-of", "soon")
    assert (said.exit_code, said.stdout) == (2, "")
    assert "'soon' is no day" in said.stderr


def accept(*more: str, by: str = "Elif Example", until: str = "") -> Result:
    last = until or (datetime.now() + timedelta(days=30)).date().isoformat()
    told = ("--tier", "on the loop", "--owner", "Ada Example", "--until", last, "--why", "pays", "--by", by)
    return invoke("oversight", "accept-risk", *(more or (POST,)), *told, "--key", "../keys/elif.pem")


def call_high(place: Workspace) -> None:
    """Name the first action type a high risk."""
    path = place.playbook / "oversight.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("risk_class: limited", "risk_class: high"), encoding="utf-8")


def test_a_risk_that_is_not_high_needs_no_acceptance(desk: Any) -> None:
    place = desk(60)
    assert "of high risk" in accept().stderr
    assert not place.log.exists()


def test_a_risk_is_accepted_with_a_signature_and_taken_back(desk: Any) -> None:
    call_high(desk(60))
    said = accept()
    assert said.exit_code == 0, said.output
    assert "signed by Elif Example, owned by Ada Example; verified" in said.stdout
    assert "pilotage oversight withdraw-risk 1 " in said.stdout
    gone = ("oversight", "withdraw-risk", "1", "--why", "too much", "--by", "Femi Example")
    assert "withdrawn: acceptance 1" in invoke(*gone).stdout
    assert "already" in invoke(*gone).stderr


def test_an_acceptance_that_cannot_count_is_not_written(desk: Any) -> None:
    place = desk(60)
    call_high(place)
    for said, told in (
        (accept("fly"), "names no action type 'fly' of high risk"),
        (accept(by="Femi Example"), "names no key for Femi Example"),
        (accept(by="Ada Example"), "is not AI Risk Officer"),
        (accept(until="2999-01-01"), "180 days at most"),
        (accept(until="never"), "is no day"),
    ):
        assert said.exit_code == 2
        assert told in said.stderr
    assert not place.log.exists()
