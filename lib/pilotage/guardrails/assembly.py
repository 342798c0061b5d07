"""From the policy to a guard that works, or to every reason why it would not."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from pilotage.errors import InputFaults, PilotageError
from pilotage.forms import near
from pilotage.guardrails.classifier import Model, shipped
from pilotage.guardrails.classifier import load as load_model
from pilotage.guardrails.confidential import ConfidentialTerms
from pilotage.guardrails.detectors import Detector
from pilotage.guardrails.guard import Guard
from pilotage.guardrails.input_side import InputSide
from pilotage.guardrails.output_side import OutputSide
from pilotage.guardrails.personal_data import FOUND, PersonalDataFinder, unknown_kinds
from pilotage.guardrails.rules import RuleBook, compile_rules
from pilotage.guardrails.system_prompt import PromptLayer, read_prompt_layer
from pilotage.playbook.guardrails import DetectorSetting, GuardrailsPolicy
from pilotage.workspace import Workspace

if TYPE_CHECKING:
    from pilotage.guardrails.detectors.presidio import Names

T = TypeVar("T")


def assemble(workspace: Workspace, policy: GuardrailsPolicy) -> Guard:
    """The guard; InputFaults with everything in the policy that cannot be followed."""
    parts = _Parts(workspace, policy)
    rules, model = parts.rules(), parts.model()
    detectors = [parts.detector(setting, rules, model) for setting in policy.detectors]
    layer, names = parts.layer(), parts.names()
    parts.check_kinds()
    if model is not None:
        parts.check_combined(model)
    if parts.faults or rules is None or model is None:
        raise InputFaults("playbook/guardrails.yaml cannot be followed", parts.faults)
    confidential = ConfidentialTerms(policy.confidential)
    inputs = InputSide(rules, [one for one in detectors if one], model, confidential, policy.bands)
    personal = PersonalDataFinder(policy.personal_data)
    return Guard(policy, inputs, OutputSide(rules, personal, confidential, layer.leak if layer else None, names))


def detectors_beside(workspace: Workspace, policy: GuardrailsPolicy) -> list[Detector]:
    """The detectors that the policy names besides the classifier: what its model must be trained or adapted with.

    InputFaults with every reason why one of them cannot be used.
    """
    parts = _Parts(workspace, policy)
    rules = parts.rules()
    beside = [parts.detector(setting, rules, None) for setting in policy.detectors if setting.name != "classifier"]
    if parts.faults:
        raise InputFaults("playbook/guardrails.yaml cannot be followed", parts.faults)
    return [one for one in beside if one]


@dataclass
class _Parts:
    """Makes each part of a guard; what goes wrong is kept in `faults`, a line each."""

    workspace: Workspace
    policy: GuardrailsPolicy
    faults: list[str] = field(default_factory=list)

    def rules(self) -> RuleBook | None:
        return self._made("", lambda: compile_rules(self.policy.rules))

    def model(self) -> Model | None:
        """The classifier's model, which also combines the detectors; the one shipped where the policy names none."""
        setting = next((one for one in self.policy.detectors if one.name == "classifier"), None)
        if setting is None or setting.model is None:
            return self._made("detectors: classifier", shipped)
        path = self.workspace.root / setting.model
        return self._made("detectors: classifier", lambda: load_model(path, setting.sha256))

    def detector(self, setting: DetectorSetting, rules: RuleBook | None, model: Model | None) -> Detector | None:
        if setting.name == "rules":
            return rules
        if setting.name == "classifier":
            return model
        return self._made(f"detectors: {setting.name}", lambda: _optional(setting))

    def layer(self) -> PromptLayer | None:
        given = self.policy.system_prompt
        return self._made("system_prompt", lambda: read_prompt_layer(self.workspace, given)) if given else None

    def names(self) -> Names | None:
        return self._made("personal_data.names", _names) if self.policy.personal_data.names else None

    def check_kinds(self) -> None:
        for kind in unknown_kinds(self.policy.personal_data):
            self.faults.append(f"personal_data.actions.{kind}: is no kind of personal data{near(kind, FOUND)}")

    def check_combined(self, model: Model) -> None:
        """The model must know how harmless texts score with each detector, or none of its scores says anything."""
        for setting in self.policy.detectors:
            if setting.name not in model.reference:
                what = "the classifier's model does not know how harmless texts score with it; adapt it: guard tune"
                self.faults.append(f"detectors: {setting.name}: {what}")

    def _made(self, where: str, make: Callable[[], T]) -> T | None:
        try:
            return make()
        except InputFaults as fault:
            self.faults += [f"{where}: {line}" if where else line for line in fault.faults]
        except PilotageError as fault:
            line = "; ".join(part.strip() for part in str(fault).split("\n"))
            self.faults.append(f"{where}: {line}" if where else line)
        return None


def _optional(setting: DetectorSetting) -> Detector:
    if setting.name == "moderation":
        return _moderation(setting)
    from pilotage.guardrails.detectors.stackone import StackOne

    return StackOne()


def _moderation(setting: DetectorSetting) -> Detector:
    """The service at the policy's address; InputFaults where it, or its key, is not there."""
    from pilotage.agents.endpoint import Endpoint
    from pilotage.guardrails.detectors.moderation import Moderation

    faults, key = [], os.environ.get(setting.key_env or "", "").strip()
    if fault := _address_fault(setting.address):
        faults.append(fault)
    if setting.key_env and not key:
        faults.append("key_env: should name an environment variable that is set")
    if faults:
        raise InputFaults("the service cannot be asked", faults)
    return Moderation(Endpoint(setting.address or "", key or None, setting.key_env or ""))


def _address_fault(address: str | None) -> str:
    """What is wrong with an address, which is not repeated, since it may hold a secret; empty text for nothing."""
    if not address:
        return "address: is missing"
    try:
        parts = urlsplit(address)
        well = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True)
    except ValueError:  # a port that is no number
        well = False
    if not well:
        return "address: should be an address such as https://models.example.com/v1/moderations"
    return (
        "address: should hold no user name, password or key; use key_env" if "@" in parts.netloc or parts.query else ""
    )


def _names() -> Any:
    from pilotage.guardrails.detectors.presidio import Names

    return Names()
