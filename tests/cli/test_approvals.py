"""The commands of change control, as people type them."""

from __future__ import annotations

import re
import shutil
import stat
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from pilotage.cli import approvals as commands
from pilotage.cli.app import app
from pilotage.hashes import sha256_file

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def playbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped playbook, Carla Example with a key, and a new pilot.yaml beside it."""
    shutil.copytree(ROOT / "playbook", tmp_path / "playbook", ignore=shutil.ignore_patterns("*.jsonl", "proposals"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PILOTAGE_WORKSPACE", raising=False)
    text = Path("playbook/roi.yaml").read_text()
    Path("new.yaml").write_text("\ufeff" + re.sub(r"(?m)^owner: .*$", "owner: Treasurer", text))
    return tmp_path / "playbook"


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), prog_name="pilotage")


def propose(*more: str) -> tuple[str, str]:
    said = invoke(
        "propose", "roi", "--with", "new.yaml", "--why", "the owner has changed", "--by", "deniz  example", *more
    )
    assert said.exit_code == 0, said.output
    found = re.match(r"proposed: (roi-[0-9a-f]{6}), version ([0-9a-f]{12}); waits for AI Owner", said.output)
    assert found, said.output
    return found[1], found[2]


def test_a_change_waits_for_the_second_role_and_is_then_applied_and_in_the_log(playbook: Path) -> None:
    made = invoke("key", "new", "--by", "Ada Example", "--into", "ada.pem")
    line = next(line for line in made.output.split("\n") if line.startswith("    public_key: "))
    governance = playbook / "governance.yaml"
    governance.write_text(governance.read_text().replace("- name: Ada Example\n", f"- name: Ada Example\n{line}\n"))

    id, version = propose()
    before = sha256_file(playbook / "roi.yaml")
    said = invoke("approve", id, "--version", version, "--by", "Ada Example", "--key", "ada.pem")
    assert said.output == (f"approved: {id} by Ada Example, verified\nwaits for AI Risk Officer: pilotage show {id}\n")
    assert sha256_file(playbook / "roi.yaml") == before
    assert "waits for AI Risk Officer" in invoke("show").output

    said = invoke("approve", id, "--version", version, "--by", "Femi Example")
    assert said.output == (
        f"approved: {id} by Femi Example, unverified (governance.yaml names no key for this person)\n"
        f"applied: playbook/roi.yaml is now {id}\n"
    )
    assert "\nowner: Treasurer\n" in (playbook / "roi.yaml").read_text()
    assert invoke("log", "verify").output.startswith("4 entries, none altered")
    shown = invoke("show", id).output
    assert "applied on" in shown
    assert "AI Owner         Ada Example" in shown
    assert ", verified\n" in shown


def test_a_refusal_is_told_on_stderr_and_exits_2() -> None:
    id, version = propose()
    for arguments, told in (
        (("approve", id, "--version", version, "--by", "Zoe"), "names nobody called 'Zoe'"),
        (("approve", id, "--version", "f" * 12, "--by", "Ada Example"), "is not the version of"),
        (("approve", id, "--version", version, "--by", "Carla Example"), "holds none of the roles"),
        (("reject", id, "--version", version, "--by", "Carla Example", "--why", "no"), "holds none of the roles"),
        (("propose", "roi", "--with", "new.yaml", "--why", "x", "--by", "Ben Example"), "proposes the very same"),
        (
            ("propose", "roi", "--with", "new.yaml", "--why", "x", "--by", "carla"),
            "names nobody called 'carla'; it names Ada",
        ),
        (("propose", "roi", "--with", "none.yaml", "--why", "x"), "none.yaml: cannot be read"),
        (("show", "roi-1"), "there is no proposal 'roi-1'"),
    ):
        said = invoke(*arguments)
        assert (said.exit_code, said.stdout) == (2, "")
        assert told in said.stderr


def test_a_rejection_leaves_the_file_as_it_is(playbook: Path) -> None:
    id, version = propose()
    said = invoke("reject", id, "--version", version, "--by", "Elif Example", "--why", "not now")
    assert said.output == f"rejected: {id}; playbook/roi.yaml stays as it is\n"
    assert "by Elif Example (unverified): not now" in invoke("show").output


def test_what_the_form_cannot_tell_is_told_by_the_check_of_that_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "CHECKS", {"roi": lambda workspace, text: ["the treasurer is no role"]})
    said = invoke("propose", "roi", "--with", "new.yaml", "--why", "x", "--by", "Ada Example")
    assert said.exit_code == 2
    assert "the treasurer is no role" in said.stderr


def test_what_moved_since_it_was_proposed_is_told_before_the_last_approval(
    playbook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    id, version = propose()
    assert invoke("approve", id, "--version", version, "--by", "ada example").stdout.startswith(
        f"approved: {id} by Ada Example, unverified"
    )
    before = sha256_file(playbook / "roi.yaml")
    monkeypatch.setattr(commands, "CHECKS", {"roi": lambda workspace, text: ["the treasurer has moved"]})
    said = invoke("approve", id, "--version", version, "--by", "Femi Example")
    assert (said.exit_code, said.stdout) == (2, "")
    assert "the treasurer has moved" in said.stderr
    assert sha256_file(playbook / "roi.yaml") == before
    monkeypatch.setattr(commands, "CHECKS", {})
    assert "applied:" in invoke("approve", id, "--version", version, "--by", "Femi Example").stdout


def test_the_login_name_of_an_approver_is_no_proposer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "carla")
    said = invoke("propose", "roi", "--with", "new.yaml", "--why", "x")
    assert said.exit_code == 2
    assert "names nobody called 'carla'" in said.stderr
    assert "--by NAME" in said.stderr
    assert invoke("show").output.startswith("no change was proposed yet")


def test_the_private_key_is_written_for_its_owner_and_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(Path.cwd() / "config"))
    said = invoke("key", "new", "--by", "Ada Example")
    path = Path("config/pilotage/ada-example.pem")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    secret = path.read_text().split("\n")[1]
    assert "PRIVATE" not in said.output
    assert secret not in said.output
    again = invoke("key", "new", "--by", "Ada Example")
    assert (again.exit_code, secret in again.output) == (2, False)


def test_a_key_is_not_written_into_the_playbook(playbook: Path) -> None:
    said = invoke("key", "new", "--by", "Ada", "--into", "playbook/ada.pem")
    assert said.exit_code == 2
    assert not (playbook / "ada.pem").exists()


def test_guardrails_with_a_rule_that_fails_its_own_examples_cannot_be_proposed() -> None:
    gates = yaml.safe_load(Path("playbook/guardrails.yaml").read_text())["gates"]
    limit = {"value": 300, "reason": "r", "source": "s", "set_by": "o"}
    rule = {"id": "no-promise", "kind": "policy", "side": "output", "action": "block", "reason": "r", "owner": "o",
            "patterns": ["guarantee"], "must_match": ["we promise"], "must_not_match": ["good day"]}  # fmt: skip
    policy = {
        "owner": "o", "review_cycle": "weekly", "confidence": 0.95, "benign_min": limit, "attacks_min": limit,
        "gates": gates, "bands": {"review_at": 0.5, "block_at": 0.9, "reason": "r", "source": "s", "set_by": "o"},
        "detectors": [{"name": "rules"}], "confidential": {"action": "review"},
        "personal_data": {"regions": ["DE"], "actions": {"other": "review"}}, "rules": [rule],
    }  # fmt: skip
    Path("guard.yaml").write_text(yaml.safe_dump(policy))
    said = invoke("propose", "guardrails", "--with", "guard.yaml", "--why", "x", "--by", "Ada Example")
    assert said.exit_code == 2
    assert "no-promise: must_match 1 is not found: 'we promise'" in said.stderr
    assert invoke("show").output.startswith("no change was proposed yet")
