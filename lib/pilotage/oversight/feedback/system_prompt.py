"""The system prompt that belongs to an example to train on."""

from __future__ import annotations

import re

from pilotage.errors import PilotageError
from pilotage.playbook import read_policy
from pilotage.playbook.guardrails import SystemPrompt
from pilotage.redact import redact
from pilotage.workspace import Workspace

_REMARK = re.compile(r"\A(\s*<!--.*?-->)+\s*", re.DOTALL)
REFERENCE = "[reference]"


def system_prompt(workspace: Workspace) -> str:
    """The text that guardrails.yaml names, remarks at its head left out; "" where there is no such file or name.

    In place of the canary stands [reference]: in a file that leaves the house it would betray nothing any more.
    PilotageError where the prompt cannot be read.
    """
    given = _named(workspace)
    if given is None:
        return ""
    folder = (workspace.playbook / "prompts").resolve()
    path = (folder / given.prompt).resolve()
    where = f"playbook/prompts/{given.prompt}"
    if not path.is_relative_to(folder):
        raise PilotageError("lies outside of playbook/prompts/", where, "move it there, or name another")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as fault:
        why = getattr(fault, "strerror", None) or "it is not UTF-8 text"
        raise PilotageError(f"the system prompt cannot be read: {why}", where) from None
    return redact(without(given.canary, _REMARK.sub("", text)).strip())


def canary_of(workspace: Workspace) -> str:
    """The canary that guardrails.yaml names for the system prompt; "" where it names none."""
    given = _named(workspace)
    return given.canary if given else ""


def without(canary: str, text: str) -> str:
    """The text with [reference] for each canary, however it is spaced or capitalised; as it is where there is none."""
    words = r"\s+".join(map(re.escape, canary.split()))
    return re.sub(words, REFERENCE, text, flags=re.IGNORECASE) if words else text


def _named(workspace: Workspace) -> SystemPrompt | None:
    if not (workspace.playbook / "guardrails.yaml").is_file():
        return None
    return read_policy(workspace, ("guardrails",)).guardrails.system_prompt
