"""An agent is opened from a short text or an agent.yaml, and whatever is wrong with either is told at once."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
import sys

import pytest

from pilotage.agents import open_agent
from pilotage.agents.chat import ChatAgent
from pilotage.agents.function import FunctionAgent
from pilotage.agents.http import HttpAgent
from pilotage.agents.run import Prices
from pilotage.errors import InputFaults, PilotageError

KEY = "sk-live-0123456789abcdef"
DESK = '''
def lookup(number: str) -> str:
    """One invoice."""
    return number

def hand_over() -> str:
    """A person takes over."""
    return ""

def answer(text):
    return text

def odd(number: "Nowhere") -> str:
    return ""

NUMBER = 7
'''


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A current folder with a module of its own name, so that no test finds that of another."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    (tmp_path / f"desk_{tmp_path.name}.py").write_text(DESK)
    return tmp_path


@pytest.fixture
def desk(folder):
    return f"desk_{folder.name}"


def write(folder, text, name="agent.yaml"):
    (folder / name).write_text(text)
    return str(folder / name)


def test_each_way_of_naming_an_agent_opens_it(desk, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    chat = open_agent("chat:org/model@2@http://127.0.0.1:8080/v1/")
    assert isinstance(chat, ChatAgent)
    assert (chat.name, chat.model) == ("org/model@2 at 127.0.0.1:8080/v1", "org/model@2")
    assert (chat.endpoint.address, chat.endpoint.key) == ("http://127.0.0.1:8080/v1", KEY)
    endpoint = open_agent("https://agents.example.com/desk?version=2")
    assert isinstance(endpoint, HttpAgent)
    assert (endpoint.name, endpoint.endpoint.key) == ("agents.example.com/desk", None)
    function = open_agent(f"{desk}:answer")
    assert isinstance(function, FunctionAgent)
    assert (function.name, function.model, function.prices) == (f"{desk}:answer", None, None)
    assert not chat.simulated | endpoint.simulated | function.simulated


def test_an_agent_file_says_all_there_is_to_say(folder, desk, monkeypatch):
    monkeypatch.setenv("DESK_KEY", KEY)
    monkeypatch.setenv("DESK_TEAM", "team-7")
    (folder / "deep" / "prompts").mkdir(parents=True)
    (folder / "deep" / "prompts" / "desk.md").write_text("Be brief.")
    path = write(
        folder / "deep",
        f"""
kind: chat
name: Invoice desk
address: https://models.example.com/v1
model: m
system_prompt: prompts/desk.md
tools: ['{desk}:lookup', '{desk}:hand_over']
escalation_tool: hand_over
max_turns: 4
request: {{temperature: 0, seed: 7}}
key_env: DESK_KEY
headers_env: {{X-Team: DESK_TEAM}}
prices: {{input_per_million: 1.5, output_per_million: 6}}
timeout_s: 60
""",
    )
    agent = open_agent(path)
    assert isinstance(agent, ChatAgent)
    assert (agent.name, agent.model, agent.prices) == ("Invoice desk", "m", Prices(1.5, 6.0))
    assert agent.prompt_hash == hashlib.sha256(b"Be brief.").hexdigest()
    assert (agent.endpoint.key, dict(agent.endpoint.headers)) == (KEY, {"X-Team": "team-7"})
    assert list(agent.tools) == ["lookup", "hand_over"]
    chat = agent.chat
    assert (chat.system_prompt, chat.max_turns, chat.timeout_s, chat.escalation_tool) == (
        "Be brief.",
        4,
        60.0,
        "hand_over",
    )
    assert open_agent(path, timeout_s=5, name=None).chat.timeout_s == 5


def test_every_fault_of_an_agent_file_is_told_at_once(folder, desk):
    path = write(
        folder,
        f"""
kind: chat
address: models.example.com
modle: m
system_prompt: none.md
tools: [{desk}:lookupp, {desk}:NUMBER, {desk}:odd, nowhere_at_all:f, lookup]
request: {{stream: true}}
key_env: {KEY}
headers_env: {{X-Team: NOT_SET_ANYWHERE, "bad header": NOT_SET_ANYWHERE}}
prices: {{input_per_million: -1}}
timeout_s: 0
""",
    )
    with pytest.raises(InputFaults) as caught:
        open_agent(path)
    assert KEY not in str(caught.value)
    assert caught.value.what == f"{path} cannot be followed"
    assert {fault.partition(" (got")[0] for fault in caught.value.faults} == {
        "key_env: should name an environment variable that is set, and holds a key of plain characters",
        "headers_env: the environment variable for 'X-Team' is not set, or no header can hold its value",
        "headers_env: the environment variable for 'bad header' is not set, or no header can hold its value",
        "headers_env: 'bad header' cannot be the name of a header",
        "request: stream: cannot be set here, since pilotage sets it",
        "system_prompt: cannot be read: No such file or directory",
        "tools[1]: there is no 'lookupp'; did you mean 'lookup'?",
        "tools[2]: cannot be called; name a function",
        "tools[3]: cannot be described to a model: name 'Nowhere' is not defined",
        "tools[4]: there is no module 'nowhere_at_all'; call this from the folder that holds it, or install it",
        "tools[5]: names no function; write module:function, such as my_agent:answer",
        "timeout_s: should be more than 0",
        "prices.input_per_million: should be at least 0",
        "prices.output_per_million: is missing",
        "address: should be an address such as https://models.example.com/v1",
        "model: is missing",
        "modle: is not a known key; did you mean 'model'?",
    }


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("[]", ["is empty"]),
        ("name: x", ["kind: is missing; known: chat, http, a2a, function, local, reference"]),
        ("kind: chatt", ["kind: should be one of the known words; did you mean 'chat'?"]),
        ("kind: [chat]", ["kind: should be one of the known words; did you mean 'chat'?"]),
        ("kind: function", ["address: is missing"]),
        ("kind: http\naddress: http://x\ntools: [a:b]", ["tools: is not a known key; known: "]),
        ("kind: reference\nerror_rate: 2", ["error_rate: should be at most 1 (got 2)"]),
        ("kind: reference\nrate_429: .6\nhang: .6", ["rate_429, rate_500 and hang: should be at most 1 together"]),
    ],
)
def test_a_file_that_cannot_be_followed_says_why(folder, text, faults):
    with pytest.raises(InputFaults) as caught:
        open_agent(write(folder, text))
    assert [fault[: len(start)] for fault, start in zip(caught.value.faults, faults, strict=True)] == faults


def test_a_file_that_is_not_there_is_told():
    with pytest.raises(InputFaults, match=r"agent\.yaml cannot be followed:\n  is missing"):
        open_agent("agent.yaml")


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("nonsense", "nonsense: is no agent\n  name one of: reference"),
        ("", "is no agent"),
        ("chat:m", "chat:m: names no server\n  write chat:MODEL@BASE_URL"),
        ("chat:m@localhost:80", "names no server"),
        ("nowhere_at_all:f", "there is no module 'nowhere_at_all'"),
        ("local:none.gguf", "none.gguf: there is no such model file\n  give the path of a .gguf file"),
        ("reference?sed=1", "sed: is not a known key; did you mean 'seed'?"),
        ("reference?error_rate=much", "error_rate: should be a number (got 'much')"),
        ("reference?error_rate", "error_rate: should be a number (got '')"),
        ("http://x:notaport/", "address: should be an address such as"),
        ("http:///x", "address: should be an address such as"),
        ("chat:m@https://x/v1?a=b", "address: should end before the question mark"),
    ],
)
def test_a_text_that_names_no_agent_says_what_to_write(what, told):
    with pytest.raises(PilotageError) as caught:
        open_agent(what)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "what",
    [
        f"https://me:{KEY}@x.example/agent",
        f"https://x.example/agent?api_key={KEY}",
        f"https://me:{KEY}@x.example:port/agent?api_key={KEY}",
        f"chat:m@https://me:{KEY}@x.example/v1?token={KEY}",
        f"chat:m@ftp://me:{KEY}@x.example/",
    ],
)
def test_a_secret_in_an_address_is_refused_and_not_repeated(what):
    with pytest.raises(PilotageError) as caught:
        open_agent(what)
    assert KEY not in str(caught.value)
    assert "x.example" in str(caught.value) or "should not hold a user name" in str(caught.value)


def test_a_key_that_no_header_can_hold_is_refused_and_not_repeated(folder, monkeypatch):
    monkeypatch.setenv("DESK_KEY", f"{KEY}\nü")
    with pytest.raises(InputFaults) as caught:
        open_agent("chat:m@http://x/v1", key_env="DESK_KEY")
    assert caught.value.faults == [
        "key_env: should name an environment variable that is set, and holds a key of plain characters"
    ]


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"escalation_tool": "hand_over"}, "escalation_tool: should be one of the tools; known: none"),
        ({"request": {"seed": 1.5}}, "request: seed: should be an integer"),
        ({"request": {"temperature": float("inf")}}, "request: should be what JSON can say"),
        ({"prices": {"input_per_million": float("nan"), "output_per_million": 1}}, "prices.input_per_million: should"),
    ],
)
def test_settings_are_checked_like_a_file(settings, fault):
    with pytest.raises(InputFaults) as caught:
        open_agent("chat:m@http://x/v1", **settings)
    assert [told[: len(fault)] for told in caught.value.faults] == [fault]


def test_two_tools_of_one_name_are_refused(desk):
    with pytest.raises(InputFaults, match="tools: each should have a name of its own"):
        open_agent("chat:m@http://x/v1", tools=[f"{desk}:lookup", f"{desk}:lookup"])


def test_a_module_that_fails_says_where_without_a_traceback(folder):
    (folder / f"broken_{folder.name}.py").write_text("import os\n\n1 / 0\n")
    with pytest.raises(InputFaults) as caught:
        open_agent(f"broken_{folder.name}:f")
    assert "cannot be imported: ZeroDivisionError: division by zero" in str(caught.value)
    assert f"broken_{folder.name}.py, line 3" in str(caught.value)
    (folder / f"needs_{folder.name}.py").write_text("import nowhere_at_all\n")
    with pytest.raises(InputFaults, match="needs 'nowhere_at_all', which is not installed"):
        open_agent(f"needs_{folder.name}:f")


CHANGES = {
    "model": {"model": "other"},
    "address": {"address": "http://y/v1"},
    "temperature": {"request": {"temperature": 1}},
    "prompt": {"system_prompt": "p.md"},
    "turns": {"max_turns": 3},
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_makes_the_agent_another_changes_its_fingerprint(folder, change):
    (folder / "p.md").write_text("Be brief.")
    base = {"kind": "chat", "address": "http://x/v1", "model": "m"}
    first, same, other = (
        open_agent("chat:m@http://x/v1", **more).fingerprint
        for more in ({}, {"name": "n", "timeout_s": 3}, base | CHANGES[change])
    )
    assert first == same
    assert first != other
    assert len(first) == 64


def test_new_code_of_a_tool_or_function_makes_another_agent(folder, desk):
    def prints():
        chat = open_agent("chat:m@http://x/v1", tools=[f"{desk}:lookup"])
        return chat.fingerprint, open_agent(f"{desk}:answer").fingerprint

    before = prints()
    assert prints() == before
    (folder / f"{desk}.py").write_text(DESK + "\n# changed\n")
    after = prints()
    assert after[0] != before[0]
    assert after[1] != before[1]


def test_importing_agents_is_light_and_so_is_opening_a_function(desk):
    heavy = "{'openai', 'aiohttp', 'pydantic', 'pandas', 'numpy', 'scipy', 'pyarrow', 'xllamacpp'}"
    code = (
        "import resource, sys\n"
        "used = lambda: sum(resource.getrusage(resource.RUSAGE_SELF)[:2])\n"
        "before = used()\n"
        "import pilotage.agents\n"
        f"print(used() - before, *({heavy} & set(sys.modules)))\n"
        f"pilotage.agents.open_agent({desk + ':answer'!r})\n"
        "print(*({'openai', 'aiohttp', 'xllamacpp'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second = done.stdout.split("\n")[:2]
    assert len(first.split()) == 1
    assert float(first) < 0.1
    assert second == ""


def test_closing_what_was_never_used_is_fine(desk):
    for what in ("chat:m@http://x/v1", "http://x", f"{desk}:answer"):
        assert asyncio.run(open_agent(what).close()) is None


@pytest.mark.parametrize(
    "address",
    [f"HTTPS://me:{KEY}@x.example/agent", f" https://me:{KEY}@x.example/agent", f"https://x.example/agent?pwd={KEY}"],
)
def test_a_secret_in_a_described_address_is_refused_however_it_is_written(tmp_path, address):
    (tmp_path / "agent.yaml").write_text(f"kind: http\naddress: {json.dumps(address)}\n")
    with pytest.raises(InputFaults) as caught:
        open_agent(str(tmp_path / "agent.yaml"))
    assert KEY not in str(caught.value)
