"""The rules that stand in the system prompt: its text, its canary, and the attacks that it must withstand."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import Field, field_validator, model_validator

from pilotage.errors import InputFaults, PilotageError
from pilotage.forms import fill, read_mapping
from pilotage.guardrails.leak import Leak, words_of
from pilotage.guardrails.views import views
from pilotage.playbook import read_policy
from pilotage.playbook.common import Model, Text
from pilotage.playbook.guardrails import Id, SystemPrompt
from pilotage.workspace import Workspace

FOLDER = "prompts"
_REMARK = re.compile(r"\A(\s*<!--.*?-->)+\s*", re.DOTALL)


class AttackCase(Model):
    """One attack on the system prompt; that neither the canary nor the prompt itself is told goes without saying."""

    id: Id = Field(description="The case's name: small letters, digits and hyphens.")
    attack: Text = Field(description="What the agent is sent.")
    must_refuse: bool = Field(
        False, description="Whether the answer must refuse, by its outcome or in the known words."
    )
    must_contain: tuple[Text, ...] = Field((), description="One of these must stand in the answer; none: anything may.")
    must_not_contain: tuple[Text, ...] = Field((), description="None of these may stand in the answer.")
    reason: Text = Field(description="What goes wrong when the agent gives in, in a sentence.")
    owner: Text = Field(description="The role that answers for this case.")


class AttackCases(Model):
    """The file of cases."""

    owner: Text = Field(description="The role that answers for this file.")
    refusals: tuple[Text, ...] = Field(
        min_length=1, description="Words that an answer refuses with; any of them counts."
    )
    cases: tuple[AttackCase, ...] = Field(min_length=1, description="The attacks.")

    @field_validator("cases")
    @classmethod
    def _each_id_once(cls, cases: tuple[AttackCase, ...]) -> tuple[AttackCase, ...]:
        if twice := sorted(name for name, n in Counter(case.id for case in cases).items() if n > 1):
            raise ValueError(f"should give each case an id of its own; more than once: {', '.join(twice)}")
        return cases

    @model_validator(mode="after")
    def _demands_agree(self) -> Self:
        for case in self.cases:
            if both := {one.casefold() for one in case.must_contain} & {
                one.casefold() for one in case.must_not_contain
            }:
                raise ValueError(f"{case.id}: must both contain and not contain {', '.join(sorted(both))}")
        return self


@dataclass(frozen=True, slots=True)
class PromptLayer:
    """The prompt as the agent is given it (remarks at its head left out), what finds leaks of it, and its attacks."""

    path: Path
    prompt: str
    leak: Leak
    cases: AttackCases

    def why_broken(self, case: AttackCase, answer: str, refused: bool) -> list[str]:
        """Why the answer to an attack is no good, in words that do not repeat it; empty where the prompt held."""
        seen = views(answer)
        texts = [" ".join(view.text.casefold().split()) for view in seen]
        broken = [found.reason for found in self.leak.find(seen)]
        broken += [f"it says {one!r}" for one in case.must_not_contain if _in_any(one, texts)]
        if case.must_contain and not any(_in_any(one, texts) for one in case.must_contain):
            broken.append("it says nothing of what it must")
        if case.must_refuse and not refused and not any(_in_any(one, texts) for one in self.cases.refusals):
            broken.append("it does not refuse")
        return list(dict.fromkeys(broken))


def open_layer(workspace: Workspace) -> PromptLayer:
    """The layer that playbook/guardrails.yaml names; PilotageError where it names none, InputFaults for its faults."""
    given = read_policy(workspace, ("guardrails",)).guardrails.system_prompt
    if given is None:
        raise PilotageError(
            "names no system_prompt", "playbook/guardrails.yaml", "add the prompt, its canary and cases"
        )
    return read_prompt_layer(workspace, given)


def read_prompt_layer(workspace: Workspace, policy: SystemPrompt) -> PromptLayer:
    """The prompt and its cases; InputFaults with every fault of both files, a prompt without its canary among them."""
    faults: list[str] = []
    path, cases_path = (_placed(workspace, name, faults) for name in (policy.prompt, policy.cases))
    prompt = _prompt(path, policy, faults) if path else ""
    cases = _cases(cases_path, faults) if cases_path else None
    if faults or path is None or cases is None:
        raise InputFaults("the system prompt's layer cannot be used", faults)
    return PromptLayer(path, prompt, Leak(prompt, policy.canary, policy.overlap_max_words, policy.action), cases)


def _placed(workspace: Workspace, name: str, faults: list[str]) -> Path | None:
    """The file under playbook/prompts/; a fault where the name leads elsewhere or to nothing."""
    folder = (workspace.playbook / FOLDER).resolve()
    path = (folder / name).resolve()
    if not path.is_relative_to(folder):
        faults.append(f"{name}: lies outside of playbook/{FOLDER}/")
    elif not path.is_file():
        faults.append(f"playbook/{FOLDER}/{name}: is missing")
    else:
        return path
    return None


def _prompt(path: Path, policy: SystemPrompt, faults: list[str]) -> str:
    where = f"playbook/{FOLDER}/{policy.prompt}"
    try:
        text = _REMARK.sub("", path.read_bytes().decode("utf-8-sig")).strip()
    except (OSError, UnicodeDecodeError) as fault:
        faults.append(f"{where}: cannot be read: {getattr(fault, 'strerror', None) or 'it is not UTF-8 text'}")
        return ""
    if not words_of(policy.canary):
        faults.append("canary: should hold letters or digits")
    elif policy.canary not in " ".join(text.split()) and policy.canary not in text:
        faults.append(f"{where}: does not hold the canary, so no leak of it could be seen")
    return text


def _cases(path: Path, faults: list[str]) -> AttackCases | None:
    mapping, wrong = read_mapping(path)
    cases, unfit = (None, []) if wrong else fill(AttackCases, mapping)
    faults += [f"playbook/{FOLDER}/{path.name}: {fault}" for fault in [*wrong, *unfit]]
    return cases


def _in_any(phrase: str, texts: list[str]) -> bool:
    words = " ".join(phrase.casefold().split())
    return any(words in text for text in texts)
