"""The agent that a short text names, as on the command line, or that an agent.yaml describes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from pilotage.errors import PilotageError

if TYPE_CHECKING:
    from pilotage.agents.run import Agent

WAYS = (
    "reference (a stand-in for trying things out), chat:MODEL@BASE_URL, http://… or https://… (a JSON endpoint), "
    "a2a:https://… (an agent by A2A), module:function, local:PATH.gguf, or a path to an agent.yaml"
)


def open_agent(what: str, **settings: Any) -> Agent:
    """The agent that `what` names, ready to begin runs; close it when done.

    `settings` have the names of agent.yaml's keys (see `pilotage.agents.agent_file`) and go before what it says; None
    says nothing. InputFaults with all faults where the description cannot be followed, PilotageError where `what` is
    no description at all. The reference stand-in's server, and that of a model file, run from here on.
    """
    from pilotage.agents.agent_file import build, read_agent_file

    path = Path(what)
    if path.suffix in (".yaml", ".yml"):
        given, folder, title = read_agent_file(path), path.parent, f"{what} cannot be followed"
    else:
        given, folder, title = described(what), Path(), f"the agent {without_secrets(what)} cannot be called"
    return build(given | {key: value for key, value in settings.items() if value is not None}, folder, title)


def described(what: str) -> dict[str, Any]:
    """The keys of agent.yaml that the text stands for; PilotageError where it is of no known form."""
    if re.match(r"https?://", what):
        return {"kind": "http", "address": what}
    if re.match(r"a2a:https?://", what):
        return {"kind": "a2a", "address": what.removeprefix("a2a:")}
    if re.fullmatch(r"reference(\?.*)?", what):
        settings = parse_qsl(what.partition("?")[2], keep_blank_values=True)
        return {"kind": "reference", **{key: _number(value) for key, value in settings}}
    if what.startswith("local:"):
        return {"kind": "local", "address": what.removeprefix("local:")}
    if chat := re.fullmatch(r"chat:(.+?)@(https?://.*)", what):
        return {"kind": "chat", "model": chat[1], "address": chat[2]}
    if what.startswith("chat:"):
        raise PilotageError(
            "names no server", without_secrets(what), "write chat:MODEL@BASE_URL, as chat:my-model@http://localhost/v1"
        )
    if re.fullmatch(r"[\w.]+:[\w.]+", what):
        return {"kind": "function", "address": what}
    raise PilotageError("is no agent", without_secrets(what), f"name one of: {WAYS}")


def without_secrets(what: str) -> str:
    """The text without a user name and password in an address, and without what follows its question mark."""
    return re.sub(r"//[^/\s]*@", "//", what).partition("?")[0]


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
