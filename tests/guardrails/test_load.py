"""The guard of a workspace, or every reason why its policy cannot be followed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pilotage.errors import InputFaults, PilotageError
from pilotage.guardrails.assembly import detectors_beside
from pilotage.guardrails.guard import load
from pilotage.playbook import read_policy
from pilotage.playbook.guardrails import DetectorSetting, GuardrailsPolicy, Rule
from pilotage.workspace import Workspace

BAD_RULE = Rule(
    id="no-good",
    kind="policy",
    side="output",
    action="block",
    reason="a test",
    owner="a test",
    patterns=("promise",),
    must_match=("nothing of the kind",),
    must_not_match=("a promise",),
)


@pytest.fixture(scope="module")
def workspace(request: pytest.FixtureRequest) -> Workspace:
    return Workspace(request.config.rootpath)


@pytest.fixture(scope="module")
def policy(workspace: Workspace) -> GuardrailsPolicy:
    """The shipped policy with two of its rules, since all take a while to compile."""
    shipped = read_policy(workspace, ("guardrails",)).guardrails
    return shipped.model_copy(update={"rules": shipped.rules[:2]})


def faults_of(workspace: Workspace, policy: GuardrailsPolicy, **changed: Any) -> list[str]:
    with pytest.raises(InputFaults) as fault:
        load(workspace, policy.model_copy(update=changed))
    return fault.value.faults


def test_a_workspace_may_be_named_by_its_folder(workspace: Workspace) -> None:
    assert load(str(workspace.root)).policy == read_policy(workspace, ("guardrails",)).guardrails


def test_a_folder_that_is_not_there_is_no_workspace_above_it(workspace: Workspace) -> None:
    with pytest.raises(PilotageError, match="there is no such folder"):
        load(workspace.root / "absent")


def test_a_rule_that_fails_its_own_examples_is_refused(workspace: Workspace, policy: GuardrailsPolicy) -> None:
    said = "\n".join(faults_of(workspace, policy, rules=(BAD_RULE,)))
    assert "no-good: must_match 1 is not found" in said
    assert "no-good: must_not_match 1 is found" in said


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"name": "classifier", "model": "absent.npz", "sha256": "0" * 64}, "detectors: classifier: "),
        ({"name": "classifier", "model": "pyproject.toml", "sha256": "0" * 64}, "this is not the model that was named"),
        ({"name": "moderation"}, "detectors: moderation: address: is missing"),
        ({"name": "moderation", "address": "ftp://x"}, "address: should be an address such as"),
        ({"name": "moderation", "address": "http://me:pw@localhost/"}, "should hold no user name, password or key"),
        ({"name": "moderation", "address": "http://localhost/?key=pw"}, "should hold no user name, password or key"),
        ({"name": "moderation", "address": "http://localhost/", "key_env": "NOT_SET_1"}, "key_env: should name"),
    ],
)
def test_a_detector_that_cannot_work_is_refused_with_the_reason_and_no_secret(
    workspace: Workspace, policy: GuardrailsPolicy, setting: dict[str, str], told: str
) -> None:
    said = "\n".join(faults_of(workspace, policy, detectors=(DetectorSetting(**setting),)))  # type: ignore[arg-type]
    assert told in said
    assert "pw" not in said


@pytest.mark.parametrize("model", ["/etc/model.npz", "../model.npz", "data/../../model.npz"])
def test_a_model_outside_the_workspace_or_without_its_hash_is_no_setting(model: str) -> None:
    with pytest.raises(ValueError, match="stays in it"):
        DetectorSetting(name="classifier", model=model, sha256="0" * 64)
    with pytest.raises(ValueError, match="should be the hash"):
        DetectorSetting(name="classifier", model="data/model.npz")


def test_a_detector_that_the_model_was_not_adapted_with_says_nothing_and_is_refused(
    workspace: Workspace, policy: GuardrailsPolicy
) -> None:
    asked = DetectorSetting(name="moderation", address="http://localhost/v1/moderations")
    (fault,) = faults_of(workspace, policy, detectors=(*policy.detectors, asked))
    assert fault.startswith("detectors: moderation: the classifier's model does not know how harmless texts score")


def test_all_faults_are_told_at_once(workspace: Workspace, policy: GuardrailsPolicy) -> None:
    personal = policy.personal_data.model_copy(update={"actions": {"shoe_size": "block", "other": "note"}})
    assert policy.system_prompt is not None
    prompt = policy.system_prompt.model_copy(update={"canary": "not there 4711", "cases": "absent.yaml"})
    missing = (DetectorSetting(name="classifier", model="absent.npz", sha256="0" * 64),)
    faults = faults_of(
        workspace, policy, rules=(BAD_RULE,), personal_data=personal, system_prompt=prompt, detectors=missing
    )
    for told in (
        "no-good: ",
        "personal_data.actions.shoe_size: ",
        "does not hold the canary",
        "absent.yaml",
        "absent.npz",
    ):
        assert any(told in fault for fault in faults), told


def test_what_is_combined_with_the_classifier_can_be_had_alone(workspace: Workspace, policy: GuardrailsPolicy) -> None:
    assert [one.name for one in detectors_beside(workspace, policy)] == ["rules"]


def test_the_playbook_is_not_needed_where_a_policy_is_given(policy: GuardrailsPolicy, tmp_path: Path) -> None:
    alone = policy.model_copy(update={"system_prompt": None})
    assert load(Workspace(tmp_path), alone).check_input("What is due?").decision == "allow"
