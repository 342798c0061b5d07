"""A probe may hang, crash or start things: the smoke test ends all the same, says so, and leaves nothing running."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from pilotage.errors import InputFaults
from pilotage.integration import process
from pilotage.integration import smoke_test as harness
from pilotage.integration.checks import Check
from pilotage.playbook import IntegrationPolicy
from pilotage.workspace import Workspace

FAKE = Path(__file__).with_name("fake_probe.py")
TOKENS: set[str] = set()  # of this process's smoke tests: others may run beside
Test = Callable[..., list[Check]]


@pytest.fixture
def smoke_test(house: Workspace, policy_of: Callable[..., IntegrationPolicy], monkeypatch: pytest.MonkeyPatch) -> Test:
    """Runs probes whose systems are named for what they do."""
    begin = process.ProbeProcess.__init__

    def faked(self: process.ProbeProcess, *given: object) -> None:
        begin(self, *given)  # type: ignore[arg-type]
        self._command = [sys.executable, str(FAKE), self.system.name]
        TOKENS.add(self._environment[process.MARK])

    monkeypatch.setattr(process.ProbeProcess, "__init__", faked)
    return lambda *names, **more: harness.smoke_test(house, policy_of(*({"name": name} | more for name in names)))


def outcomes(checks: list[Check]) -> list[tuple[str, str, str]]:
    return [(check.id, check.status, check.reason) for check in checks]


def marked() -> list[psutil.Process]:
    """Processes that carry the mark of one of this test's probes."""
    found = []
    for one in psutil.process_iter():
        try:
            found += [one] if one.environ().get(process.MARK) in TOKENS else []
        except (psutil.Error, OSError):
            continue
    return found


def test_each_check_of_a_good_system_is_a_row(smoke_test: Test) -> None:
    assert outcomes(smoke_test("is good")) == [("a", "pass", ""), ("b", "pass", ""), ("c", "pass", "")]


@pytest.mark.parametrize("story", ["hangs", "hangs and will not end", "hangs and complains when it is ended"])
def test_a_probe_that_hangs_is_stopped_at_its_deadline_and_what_it_had_yet_to_do_is_skipped(
    smoke_test: Test, story: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "GRACE_S", 0.3)
    began = time.monotonic()
    checks = smoke_test(story, deadline_s=2)
    assert outcomes(checks) == [("a", "pass", ""), ("b", "fail", "deadline"), ("c", "skipped", "not_reached")]
    assert time.monotonic() - began < 30
    assert not marked()


def test_a_probe_that_crashes_fails_where_it_was_and_its_last_words_are_told_without_personal_data(
    smoke_test: Test,
) -> None:
    checks = smoke_test("crashes")
    assert outcomes(checks) == [("a", "pass", ""), ("b", "fail", "probe_crashed"), ("c", "skipped", "not_reached")]
    assert "exit code 7: Traceback" in checks[1].evidence
    assert "ann@example.com" not in checks[1].evidence


@pytest.mark.parametrize("story", ["crashes with its key on its lips", "garbles its key"])
def test_no_piece_of_a_key_is_in_the_last_words_of_a_probe(
    smoke_test: Test, story: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "SECRETKEY" * 9)
    [crashed] = [one for one in smoke_test(story, auth="bearer", key_env="A_KEY") if one.reason == "probe_crashed"]
    assert "[secret]" in crashed.evidence
    assert not re.search("SECR|TKEY", crashed.evidence)


def test_without_its_packages_nothing_counts_as_passed_and_the_extra_is_named(smoke_test: Test) -> None:
    checks = smoke_test("lacks a package")
    assert outcomes(checks)[1:] == [("b", "skipped", "not_installed"), ("c", "skipped", "not_installed")]
    assert "pip install 'pilotage[mcp]'" in checks[1].evidence


def test_a_system_that_declares_nothing_to_check_is_skipped_and_does_not_vanish(smoke_test: Test) -> None:
    assert outcomes(smoke_test("has nothing to check")) == [("mcp.declared", "skipped", "nothing_declared")]


def test_what_a_probe_started_and_left_is_gone_afterwards(smoke_test: Test) -> None:
    assert outcomes(smoke_test("leaves a server behind"))[-1] == ("c", "pass", "")
    assert not marked()


def test_at_the_deadline_all_that_a_probe_started_is_gone_too(smoke_test: Test) -> None:
    before = set(psutil.pids())
    smoke_test("leaves a server behind and hangs", deadline_s=4)  # time to begin, also on a busy machine
    assert not [pid for pid in set(psutil.pids()) - before if "time.sleep(61)" in str(_command(pid))]


def _command(pid: int) -> list[str]:
    try:
        return psutil.Process(pid).cmdline()
    except psutil.Error:
        return []


def test_a_line_that_no_probe_writes_is_told_and_the_other_systems_keep_their_rows(smoke_test: Test) -> None:
    checks = smoke_test("garbles what it tells", "is good")
    assert outcomes(checks)[3] == ("probe", "fail", "probe_crashed")
    assert "Hello, I am a library" in checks[3].evidence
    assert outcomes(checks)[4:] == [("a", "pass", ""), ("b", "pass", ""), ("c", "pass", "")]


def test_nothing_that_is_told_later_makes_a_failure_pass(smoke_test: Test) -> None:
    assert outcomes(smoke_test("changes its mind"))[1] == ("b", "fail", "odd")


def test_a_process_that_does_not_end_after_its_last_check_is_stopped_at_its_deadline(smoke_test: Test) -> None:
    checks = smoke_test("ends and lingers", deadline_s=1)
    assert outcomes(checks)[-1] == ("probe", "fail", "deadline")


def test_an_interruption_stops_every_probe(smoke_test: Test, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> list[Check]:
        while not any(probe.is_running() for probe in marked()):
            time.sleep(0.05)
        raise KeyboardInterrupt

    whole = harness.checks_of
    monkeypatch.setattr(
        harness, "checks_of", lambda probe: interrupted() if probe.system.name == "stop" else whole(probe)
    )
    with pytest.raises(harness.Stopped) as stopped:
        smoke_test("stop", "hangs")
    assert not marked()
    assert {(check.status, check.reason) for check in stopped.value.checks} == {("skipped", "not_reached")}
    assert {check.system for check in stopped.value.checks} == {"stop", "hangs"}


def test_systems_come_in_the_order_of_the_playbook_with_what_is_required(house: Workspace, smoke_test: Test) -> None:
    checks = smoke_test("is good", "crashes", required=False)
    assert list(dict.fromkeys(check.system for check in checks)) == ["is good", "crashes"]
    assert not any(check.required for check in checks)


def test_unknown_systems_and_unset_variables_are_told_at_once_before_anything_is_probed(
    house: Workspace, policy_of: Callable[..., IntegrationPolicy], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    policy = policy_of({"name": "tools", "key_env": "NO_SUCH_KEY", "auth": "bearer"})
    with pytest.raises(InputFaults) as caught:
        harness.smoke_test(house, policy, ["tool", "tools"])
    assert caught.value.faults == [
        "there is no system 'tool'; did you mean 'tools'?",
        "tools: key_env: the environment variable NO_SUCH_KEY is not set",
    ]


def test_where_the_page_probes_a_system_without_its_variable_every_check_is_skipped(
    house: Workspace, policy_of: Callable[..., IntegrationPolicy], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    system = policy_of({"key_env": "NO_SUCH_KEY", "auth": "bearer"}).systems[0]
    checks = harness.probed(house, [system])
    assert len(checks) > 3
    assert {(check.status, check.reason) for check in checks} == {("skipped", "not_configured")}
