"""Servers that are broken in one way each fail with the reason that says so; good ones fail nothing."""

from __future__ import annotations

import os
import time
import urllib.request
from contextlib import suppress

import psutil
import pytest

from pilotage.integration.checks import Fault
from pilotage.integration.codes import COMMON
from pilotage.integration.mcp import CODES, planned, stdio
from pilotage.integration.mcp.http import HttpPipe
from pilotage.integration.mcp.official import check_official
from pilotage.integration.mcp.server import McpServer
from pilotage.integration.mcp.session import open_session
from pilotage.integration.mcp.stdio import StdioPipe
from pilotage.workspace import Workspace

HELPER = ["/bin/sleep", "59.75"]  # as the server with the fault "helper" starts it
HEADERS = {"Authorization": "Bearer a-token-of-the-tests"}

STDIO = [
    ("", {}),
    ("changed", {"pinned": "definition_changed"}),
    ("older_differs", {"pinned": "definition_changed"}),
    ("helper", {}),
    ("noise_at_end", {"stdout": "stdout_noise"}),
    ("json_at_end", {"stdout": "stdout_noise"}),
    ("no_content", {"safe_calls": "wrong_answer", "invalid_arguments": "accepted_invalid"}),
    ("wrong_version", {"protocol_version": "wrong_version"}),
    ("legacy_only", {"protocol_version": "wrong_version"}),
    ("noise_at_start", {"stdout": "stdout_noise"}),
    ("noise_in_call", {"stdout": "stdout_noise"}),
    ("invalid_schema", {"tool_schemas": "invalid_schema", "pinned": "definition_changed"}),
    ("external_ref", {"tool_schemas": "external_ref", "pinned": "definition_changed"}),
    ("duplicate_name", {"tool_names": "duplicate_name"}),
    ("illegal_name", {"tool_names": "illegal_name", "pinned": "definition_changed"}),
    ("no_tools", {"tool_names": "bad_list", "pinned": "definition_changed"}),
    ("endless_list", {"protocol_version": "bad_list"}),
    ("rug_pull_list", {"same_tools_again": "rug_pull"}),
    ("rug_pull_call", {"same_tools_again": "rug_pull"}),
    ("poisoned_zero_width", {"poisoning": "poisoned_description", "pinned": "definition_changed"}),
    ("zero_width", {"poisoning": "hidden_characters", "pinned": "definition_changed"}),
    ("costly", {"tool_list_tokens": "list_too_costly", "pinned": "definition_changed"}),
    ("crash_at_start", {"reachable": "crashed"}),
    ("crash_in_call", {"safe_calls": "crashed", "invalid_arguments": "crashed"}),
    ("crash_on_invalid", {"invalid_arguments": "crashed"}),
    ("always_error", {"safe_calls": "call_failed"}),
    ("masked_call", {"safe_calls": "masked_error", "invalid_arguments": "masked_error"}),
    ("masked_invalid", {"invalid_arguments": "masked_error"}),
    ("masked_unknown", {"unknown_tool": "masked_error"}),
    ("takes_invalid", {"invalid_arguments": "accepted_invalid"}),
    ("takes_unknown", {"unknown_tool": "accepted_unknown_tool"}),
    ("leaky", {"invalid_arguments": "leaks_traceback"}),
    ("wrong_answer", {"safe_calls": "wrong_answer"}),
    ("structured", {"pinned": "definition_changed"}),
    ("structured_otherwise", {"pinned": "definition_changed", "safe_calls": "wrong_answer"}),
    ("unstructured", {"pinned": "definition_changed", "safe_calls": "wrong_answer"}),
    ("unlisted_block", {"official_client": "sdk_refuses"}),
    ("long_list", {"protocol_version": "answer_too_long"}),
    ("long_answer", {"safe_calls": "answer_too_long", "invalid_arguments": "answer_too_long"}),
]
HTTP = [
    ("", {}),
    ("sse", {}),
    ("redirect", {"reachable": "http_error"}),
    ("no_auth", {"auth": "no_auth"}),
    ("any_token", {"auth": "any_token"}),
    ("any_origin", {"origin": "origin_accepted"}),
    ("same_origin_only", {"origin": "origin_accepted"}),
    ("to_login", {"auth": "refused_otherwise"}),
    ("login_page", {"auth": "refused_otherwise"}),
    ("origin_error", {"origin": "refused_otherwise"}),
    ("no_protocol", {"reachable": "not_json_rpc"}),
    ("server_error", {"reachable": "http_error"}),
    ("changed", {"pinned": "definition_changed"}),
    ("crash_in_call", {"safe_calls": "connection_lost"}),
    ("cut", {"safe_calls": "answer_cut", "invalid_arguments": "answer_cut", "unknown_tool": "answer_cut"}),
    ("cut_piece", {"safe_calls": "answer_cut", "invalid_arguments": "answer_cut", "unknown_tool": "answer_cut"}),
    ("long_answer", {"safe_calls": "answer_too_long", "invalid_arguments": "answer_too_long"}),
    ("masked_invalid", {"invalid_arguments": "masked_error"}),
]


@pytest.mark.parametrize(("fault", "expected"), STDIO, ids=[name or "good" for name, _ in STDIO])
def test_each_fault_on_standard_output_has_its_reason_and_only_that(fault, expected, pinned, mcp_servers):
    checks = mcp_servers.checked(mcp_servers.raw(fault), pinned)
    assert mcp_servers.failed(checks) == expected
    assert set(expected.values()) <= {*CODES, *COMMON}


@pytest.mark.parametrize(("fault", "expected"), HTTP, ids=[name or "good" for name, _ in HTTP])
def test_each_fault_over_http_has_its_reason(fault, expected, pinned, served, mcp_servers):
    checks = mcp_servers.checked(served(mcp_servers.RAW_HTTP, f"--fault={fault}", name="raw"), pinned)
    found = mcp_servers.failed(checks)
    assert {id: found.get(id) for id in expected} == expected
    assert fault.startswith("crash") or found == expected


def test_the_good_server_gets_every_check_that_was_planned_in_that_order(pinned, mcp_servers):
    checks = mcp_servers.checked(mcp_servers.raw(), pinned)
    assert [f"mcp.{id}" for id in checks] == planned(mcp_servers.raw())


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("hang", {"safe_calls": "timed_out", "invalid_arguments": "timed_out"}),
        ("mute", {"reachable": "timed_out"}),
        ("pretty", {"reachable": "timed_out", "stdout": "stdout_noise"}),
    ],
)
def test_a_server_that_does_not_answer_is_not_waited_for(fault, expected, pinned, mcp_servers):
    began = time.monotonic()
    assert mcp_servers.failed(mcp_servers.checked(mcp_servers.raw(fault), pinned)) == expected
    assert time.monotonic() - began < 8


def test_calls_slower_than_the_limit_are_too_slow(pinned, mcp_servers):
    limit = {"value": 50, "reason": "r", "source": "s", "set_by": "t"}
    checks = mcp_servers.checked(mcp_servers.raw("slow", p95_ms_max=limit), pinned)
    assert mcp_servers.failed(checks) == {"p95": "too_slow"}


@pytest.mark.parametrize("fault", ["empty", "blank"])
def test_an_answer_that_says_nothing_proves_nothing(fault, pinned, mcp_servers):
    system = mcp_servers.raw(fault, safe_calls=({"tool": "add", "arguments": {"a": 2, "b": 3}},))
    checks = mcp_servers.checked(system, pinned)
    assert mcp_servers.failed(checks) == {"safe_calls": "wrong_answer"}
    assert checks["safe_calls"][2] == "add: the answer is empty, which shows nothing; name a call that finds some"


def test_a_crash_is_told_with_exit_code_and_last_words(pinned, mcp_servers):
    _, _, evidence = mcp_servers.checked(mcp_servers.raw("crash_in_call"), pinned)["safe_calls"]
    assert evidence == "exit code 139, last on standard error: Segmentation fault (made up)"


def test_a_stack_does_not_hide_the_line_that_names_the_error(pinned, mcp_servers):
    _, _, evidence = mcp_servers.checked(mcp_servers.raw("crash_as_node"), pinned)["reachable"]
    said = "throw err; ^ Error: Cannot find module 'x' Node.js v22.1.0"
    assert " ".join(evidence.split()) == f"exit code 1, last on standard error: {said}"


def test_a_command_that_is_not_there_cannot_start(pinned, mcp_servers):
    checks = mcp_servers.checked(mcp_servers.entry(command=("no-such-program-anywhere",)), pinned)
    assert checks == {"reachable": ("fail", "cannot_start", "no-such-program-anywhere: No such file or directory")}


def test_without_safe_calls_no_tool_is_called_and_that_is_no_pass(pinned, mcp_servers):
    system = mcp_servers.raw("crash_in_call", safe_calls=())
    checks = mcp_servers.checked(system, pinned)
    assert mcp_servers.failed(checks) == {"safe_calls": "no_safe_call", "p95": "no_safe_call"}
    assert {checks[id][0] for id in ("safe_calls", "p95")} == {"skipped"}
    assert [f"mcp.{id}" for id in checks] == planned(system)


def test_a_good_server_written_with_the_sdk_passes_everything_over_http_and_stdio(own, served, mcp_servers):
    call = {"tool": "temperature", "arguments": {"city": "Bern"}, "contains": "Bern: 12"}
    given = {"name": "weather", "safe_calls": (call,)}
    over_http = served(mcp_servers.BY_SDK, **given, protocol_versions=("2026-07-28", "2025-11-25", "2025-03-26"))
    mcp_servers.pin(own, over_http)
    assert mcp_servers.failed(mcp_servers.checked(over_http, own)) == {}
    stdio = mcp_servers.entry(command=("python", mcp_servers.BY_SDK), **given)
    assert mcp_servers.failed(mcp_servers.checked(stdio, own)) == {}


def test_a_tool_that_only_one_version_lists_is_told_with_that_version(pinned, mcp_servers):
    _, _, evidence = mcp_servers.checked(mcp_servers.raw("older_differs"), pinned)["pinned"]
    assert evidence == "in 2025-11-25: tool wipe is new"


def test_an_older_version_may_leave_out_keys_that_it_does_not_know(own, mcp_servers):
    mcp_servers.pin(own, mcp_servers.raw("older_lacks_titles"))
    assert mcp_servers.failed(mcp_servers.checked(mcp_servers.raw("older_lacks_titles"), own)) == {}


def test_a_server_of_resources_alone_is_no_fault_unless_tools_are_named(own, mcp_servers):
    mcp_servers.pin(own, mcp_servers.raw("toolless"))
    assert mcp_servers.failed(mcp_servers.checked(mcp_servers.raw("toolless", safe_calls=()), own)) == {}
    named = mcp_servers.failed(mcp_servers.checked(mcp_servers.raw("toolless"), own))
    assert named["tool_names"] == "bad_list"


def test_texts_that_a_person_accepted_pass_while_they_are_as_pinned(own, mcp_servers):
    system = mcp_servers.raw("poisoned_zero_width", poisoning_accepted=("add",))
    assert mcp_servers.failed(mcp_servers.checked(system, own))["poisoning"] == "poisoned_description"  # not pinned so
    mcp_servers.pin(own, system)
    assert mcp_servers.failed(mcp_servers.checked(system, own)) == {}
    not_named = mcp_servers.raw("poisoned_zero_width")
    assert mcp_servers.failed(mcp_servers.checked(not_named, own)) == {"poisoning": "poisoned_description"}


def ended(process: psutil.Process) -> bool:
    """Whether the process has gone, or does so in a moment: a kill takes effect once it is scheduled."""
    with suppress(psutil.Error):
        for _ in range(100):
            if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                return True
            time.sleep(0.05)
        return False
    return True


def test_helpers_of_a_server_end_with_it_and_hold_nobody_up(mcp_servers, tmp_path):
    pipe = StdioPipe(("python", "-S", mcp_servers.RAW, "--fault=helper"), tmp_path)
    open_session(pipe, "2026-07-28")
    helper = psutil.Process(psutil.Process(pipe._process.pid).children()[0].pid)
    began = time.monotonic()
    pipe.close()
    assert time.monotonic() - began < 10
    assert ended(helper)


@pytest.mark.parametrize("said", ["", "input()"])
def test_the_id_of_a_server_that_has_ended_is_never_killed_once_another_may_have_it(said, tmp_path, monkeypatch):
    killed = []
    kill = os.killpg
    monkeypatch.setattr(os, "killpg", lambda group, how: (killed.append(psutil.pid_exists(group)), kill(group, how)))
    pipe = StdioPipe(("python", "-S", "-c", said), tmp_path)
    while not said and not pipe.broken:
        time.sleep(0.01)
    time.sleep(0.1)  # for the reader to see it too
    pipe.close()
    pipe.close()  # as after a call that it did not answer, and at the end
    assert killed == [True]
    assert not psutil.pid_exists(pipe._process.pid)


def test_helpers_of_a_server_that_crashed_end_with_it(mcp_servers, tmp_path):
    said = "import os, subprocess as s; print(s.Popen(['/bin/sleep', '59.5']).pid, file=__import__('sys').stderr)"
    pipe = StdioPipe(("python", "-S", "-c", f"{said}; os._exit(3)"), tmp_path)
    with pytest.raises(Fault, match=r"exit code 3, last on standard error: \d+") as told:
        pipe.request({"method": "x", "id": 1}, {}, 5)
    pipe.close()
    with suppress(psutil.NoSuchProcess):
        assert ended(psutil.Process(int(told.value.evidence.split()[-1])))


def test_helpers_of_a_server_end_also_with_the_official_client(mcp_servers, tmp_path):
    before = set(psutil.pids())
    with McpServer(mcp_servers.raw("helper"), Workspace(tmp_path)) as server:
        assert check_official(server, 2, None).endswith("lists 2 tools")
    left = [one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] == HELPER and one.pid not in before]
    assert all(ended(one) for one in left)


def test_a_server_that_asks_without_end_is_given_up_in_time_and_fills_no_memory(mcp_servers, tmp_path):
    pipe = StdioPipe(("python", "-S", mcp_servers.RAW, "--fault=ping_flood"), tmp_path)
    session, began = open_session(pipe, "2026-07-28"), time.monotonic()
    with pytest.raises(Fault, match="timed_out"):
        session.ask("tools/call", {"name": "add", "arguments": {}}, 0.3)
    assert pipe._waiting < 2 * stdio.WAITING_BYTES
    pipe.close()
    assert time.monotonic() - began < 10


def test_a_server_gets_no_environment_variables_but_those_it_needs(monkeypatch, tmp_path):
    monkeypatch.setenv("SECRET_OF_ANOTHER", "x")
    monkeypatch.setenv("OWN_SECRET", "y")
    said = "import json, os; print(json.dumps({'jsonrpc': '2.0', 'id': 1, 'result': dict(os.environ)}), flush=True)"
    pipe = StdioPipe(("python", "-S", "-c", said + "; input()"), tmp_path, ("OWN_SECRET",))
    got = pipe.request({"method": "x", "id": 1}, {}, 5)["result"]
    pipe.close()
    assert got["OWN_SECRET"] == "y"
    assert "SECRET_OF_ANOTHER" not in got
    assert "PATH" in got


def test_a_stream_left_open_after_the_answer_costs_no_time(served, mcp_servers):
    pipe = HttpPipe(served(mcp_servers.RAW_HTTP, "--fault=sse_left_open").address or "", HEADERS)
    began = time.monotonic()
    assert open_session(pipe, "2026-07-28").tools()
    assert time.monotonic() - began < 5
    pipe.close()


@pytest.mark.parametrize("fault", ["asks", "asks_apart"])
def test_a_server_that_asks_its_client_in_the_middle_of_a_call_is_answered(fault, served, mcp_servers):
    pipe = HttpPipe(served(mcp_servers.RAW_HTTP, f"--fault={fault}").address or "", HEADERS)
    session = open_session(pipe, "2025-11-25")
    for _ in range(2):
        assert session.call("add", {"a": 2, "b": 3})["content"][0]["text"] == "5"
    pipe.close()


def test_a_server_is_told_of_every_session_that_it_has_ended(pinned, served, mcp_servers):
    system = served(mcp_servers.RAW_HTTP, "--fault=sessions", name="raw")
    assert mcp_servers.failed(mcp_servers.checked(system, pinned)) == {}
    with urllib.request.urlopen(system.address) as answer:  # 405 while one of them is open
        assert answer.status == 200


def test_a_head_without_end_is_given_up_in_time(served, mcp_servers):
    pipe = HttpPipe(served(mcp_servers.RAW_HTTP, "--fault=endless_head").address or "", HEADERS)
    began = time.monotonic()
    with pytest.raises(Fault, match="timed_out: no answer to x within 0"):
        pipe.request({"method": "x", "id": 1}, {}, 0.3)
    assert time.monotonic() - began < 5
    pipe.close()


def test_who_is_sent_to_a_login_is_told_as_turned_away_and_where_to(pinned, served, mcp_servers):
    _, _, evidence = mcp_servers.checked(served(mcp_servers.RAW_HTTP, "--fault=to_login"), pinned)["auth"]
    assert evidence == "no token is turned away with status 302, which leads to login.example, instead of 401"


def test_a_redirect_is_told_by_its_host_and_never_followed(pinned, served, mcp_servers):
    system = served(mcp_servers.RAW_HTTP, "--fault=redirect")
    _, _, evidence = mcp_servers.checked(system, pinned)["reachable"]
    assert evidence == "status 307 leads to elsewhere.example, and is not followed"
