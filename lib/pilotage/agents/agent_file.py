"""agent.yaml: an agent described key by key, checked whole before anything is called.

    kind: chat                          # chat, http, a2a, function, local or reference
    address: https://models.example.com/v1
    model: my-model
    system_prompt: prompts/desk.md      # a file, seen from the folder of agent.yaml
    tools: [desk.tools:lookup]          # Python functions, importable from the current folder
    escalation_tool: hand_over          # using it means that a person takes over
    request: {temperature: 0, seed: 7}  # sent along with each request; the trial's number is added to a seed
    key_env: MY_KEY                     # the environment variable with the key, never the key itself
    mcp: {address: https://tools.example.com/mcp, key_env: TOOLS_KEY}  # more tools, or command: [python, server.py]
    headers_env: {X-Team: MY_TEAM}      # further headers from environment variables
    prices: {input_per_million: 1.5, output_per_million: 6}
    timeout_s: 60                       # for one attempt

`kind: http` takes the address of an endpoint, `kind: a2a` that of an agent by the Agent2Agent protocol,
`kind: function` module:function, `kind: local` the path of a model file in GGUF format; `kind: reference` takes the
settings of the stand-in (`pilotage.agents.reference`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from pilotage.agents.agent_form import (
    KINDS,
    A2aForm,
    AgentForm,
    ChatForm,
    FunctionForm,
    HttpForm,
    LocalForm,
    ReferenceForm,
    TokenPrices,
    environment,
)
from pilotage.agents.run import Prices
from pilotage.errors import InputFaults
from pilotage.forms import fill, near, read_mapping

if TYPE_CHECKING:
    from pilotage.agents.endpoint import Endpoint
    from pilotage.agents.run import Agent

KEY_ENV = "OPENAI_API_KEY"  # what every chat client looks for
EXAMPLE_MCP = ("python", "-m", "pilotage.integration.mcp.embedded")  # the reference agent's tools as a server
_SECRET = re.compile(r"key|token|secret|passw|pwd|sig|code|auth", re.I)


def read_agent_file(path: Path) -> dict[str, Any]:
    """The file's keys; InputFaults where it is no YAML mapping."""
    given, faults = read_mapping(path)
    if faults:
        raise InputFaults(f"{path} cannot be followed", faults)
    return given


def build(given: dict[str, Any], folder: Path, title: str) -> Agent:
    """The agent that these keys describe, paths seen from `folder`; InputFaults under the title with every fault."""
    kind = given.get("kind")
    if kind not in KINDS:
        said = "is missing" if kind is None else "should be one of the known words"
        raise InputFaults(title, [f"kind: {said}{near(str(kind), KINDS)}"])
    shown, secrets = _without_secrets(given)
    form, faults = fill(FORMS[kind], _placed(shown, folder))
    if secrets or form is None:
        raise InputFaults(title, [*secrets, *faults])
    return OPENED[kind](form)


def _without_secrets(given: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The keys as faults may quote them, and one fault for each place where a secret seems to stand in the open."""
    faults, shown = [], dict(given)
    address, key_env = given.get("address"), given.get("key_env")
    if isinstance(key_env, str) and not environment(key_env):
        # What stands there is not repeated: it may be the key itself.
        faults.append("key_env: should name an environment variable that is set, and holds a key of plain characters")
        shown["key_env"] = "KEY"
    if isinstance(address, str) and re.match(r"\s*https?://[^/?#]*@", address, re.I):
        faults.append("address: should not hold a user name or password; send them in a header (headers_env)")
        shown["address"] = re.sub(r"//[^/?#]*@", "//", address)
    if isinstance(address, str) and any(_SECRET.search(name) for name, _ in parse_qsl(address.partition("?")[2])):
        faults.append("address: seems to hold a secret after the question mark; send it in a header (headers_env)")
        shown["address"] = str(shown["address"]).partition("?")[0]
    return shown, faults


def _placed(given: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The keys with their paths seen from the current folder."""
    paths = ["system_prompt", *(["address"] if given["kind"] == "local" else [])]
    return given | {key: str(folder / given[key]) for key in paths if isinstance(given.get(key), str) and given[key]}


def _endpoint(form: ChatForm | HttpForm | A2aForm, default_key_env: str = "") -> Endpoint:
    from pilotage.agents.endpoint import Endpoint

    key_env = form.key_env or default_key_env
    return Endpoint(form.address, environment(key_env) or None, key_env, form.headers_env)


def _prices(given: TokenPrices | None) -> Prices | None:
    return Prices(given.input_per_million, given.output_per_million) if given else None


def _conversation(form: ChatForm | LocalForm, model: str) -> Any:
    from pilotage.agents.chat import Chat

    return Chat(
        model,
        form.system_prompt,
        form.functions,
        form.request,
        form.max_turns,
        form.escalation_tool,
        form.timeout_s,
    )


def _chat(form: ChatForm) -> Agent:
    from pilotage.agents.chat import ChatAgent

    endpoint, conversation = _endpoint(form, KEY_ENV), _conversation(form, form.model)
    if form.mcp is None:
        return ChatAgent(endpoint, conversation, form.name or "", _prices(form.prices))
    from pilotage.agents.mcp_tools import McpTools

    key_env = form.mcp.key_env or ""
    tools = McpTools(form.mcp.address or form.mcp.command, environment(key_env), secrets=(key_env,))
    return ChatAgent(endpoint, conversation, form.name or "", _prices(form.prices), tools)


def _http(form: HttpForm) -> Agent:
    from pilotage.agents.http import HttpAgent

    prices = _prices(form.prices)
    return HttpAgent(_endpoint(form), form.name or "", form.model, prices, form.request, form.timeout_s)


def _a2a(form: A2aForm) -> Agent:
    from pilotage.agents.a2a import A2aAgent

    return A2aAgent(_endpoint(form), form.name or "", _prices(form.prices), form.timeout_s)


def _function(form: FunctionForm) -> Agent:
    from pilotage.agents.function import FunctionAgent

    prices = _prices(form.prices)
    return FunctionAgent(form.address, form.function, form.name or "", form.model, prices, form.timeout_s)


def _local(form: LocalForm) -> Agent:
    from pilotage.agents.local import LocalAgent

    return LocalAgent(Path(form.address), _conversation(form, ""), form.name or "", _prices(form.prices))


def _reference(form: ReferenceForm) -> Agent:
    from pilotage.agents.reference import Behaviour, ReferenceAgent

    settings = form.model_dump(exclude={"kind", "timeout_s", "tools"})
    if form.tools == "own":
        return ReferenceAgent(Behaviour(**settings), form.timeout_s)
    from pilotage.agents.mcp_tools import McpTools

    return ReferenceAgent(Behaviour(**settings), form.timeout_s, McpTools(EXAMPLE_MCP))


FORMS: dict[str, type[AgentForm]] = {
    "chat": ChatForm,
    "http": HttpForm,
    "a2a": A2aForm,
    "function": FunctionForm,
    "local": LocalForm,
    "reference": ReferenceForm,
}
OPENED: dict[str, Callable[[Any], Agent]] = {
    "chat": _chat,
    "http": _http,
    "a2a": _a2a,
    "function": _function,
    "local": _local,
    "reference": _reference,
}
