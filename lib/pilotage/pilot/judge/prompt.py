"""What a judge is asked: a text of the playbook with places for what the agent was given and what it answered."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from pilotage.errors import InputFaults, PilotageError
from pilotage.forms import near
from pilotage.workspace import Workspace

PLACES = {
    "input": "what the agent was given is put there",
    "answer": "what the agent answered is put there",
    "mark": "it fences the data off, so that an answer cannot end its own fence; write it into both fences",
}
_PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_REMARK = re.compile(r"\A(\s*<!--.*?-->)+\s*", re.DOTALL)


@dataclass(frozen=True)
class Prompt:
    """The text that a judge is sent, with its places; `sha256` in hex is of that text, remarks at its head left out."""

    text: str
    sha256: str

    def render(self, given: str, answer: str) -> str:
        """The text with both in their places, and between them a mark that neither can have known."""
        mark = hashlib.sha256(f"{given}\0{answer}".encode("utf-8", "replace")).hexdigest()[:12]
        values = {"input": given, "answer": answer, "mark": mark}
        # In one pass: an answer that holds a place of its own is not filled in.
        return _PLACE.sub(lambda place: values[place[1]], self.text)


def default_prompt(workspace: Workspace, metric: str) -> Path:
    """The playbook's prompt for the metric; PilotageError where it has none."""
    folder = workspace.playbook / "prompts"
    known = sorted(path.stem.removeprefix("judge_") for path in folder.glob("judge_*.md"))
    if metric not in known:
        advice = f"name the file with --prompt, or write playbook/prompts/judge_{metric}.md"
        raise PilotageError(f"the playbook has no judge's prompt for {metric!r}{near(metric, known)}", next=advice)
    return folder / f"judge_{metric}.md"


def read_prompt(path: Path) -> Prompt:
    """The prompt in the file; PilotageError where it cannot be read, InputFaults where its places are not as needed."""
    try:
        text = _REMARK.sub("", path.read_bytes().decode("utf-8-sig")).strip()
    except FileNotFoundError:
        raise PilotageError("there is no such file", str(path), "name the file with the judge's prompt") from None
    except OSError as fault:
        raise PilotageError(f"cannot be read: {fault.strerror}", str(path)) from None
    except UnicodeDecodeError:
        raise PilotageError("is not UTF-8 text", str(path), "save it as UTF-8") from None
    named = _PLACE.findall(text)
    unknown = [name for name in dict.fromkeys(named) if name not in PLACES]
    faults = [f"{{{{{name}}}}} is not a known place{near(name, PLACES)}" for name in unknown]
    faults += [f"{{{{{name}}}}} is missing: {why}" for name, why in PLACES.items() if name not in named]
    if faults:
        raise InputFaults(f"the judge's prompt {path.name} cannot be used", faults)
    return Prompt(text, hashlib.sha256(text.encode()).hexdigest())
