"""The checks of an MCP server, over standard input and output or HTTP, in every version that is pinned."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pilotage.integration.checks import Fault, Finding, Recorder, Skip
from pilotage.integration.mcp import calls, official
from pilotage.integration.mcp.guarded import check_auth, check_origin
from pilotage.integration.mcp.poisoning import check_poisoning
from pilotage.integration.mcp.replaceable import check_replaceable
from pilotage.integration.mcp.server import McpServer
from pilotage.integration.mcp.session import Session, WrongVersion
from pilotage.integration.mcp.tools import check_names, check_schemas, cost
from pilotage.integration.mcp.tools import definitions as told_of
from pilotage.integration.pins import Pin, check_pinned, differences, read_pin
from pilotage.playbook.systems import McpSystem
from pilotage.words import count, number
from pilotage.workspace import Workspace

AGAIN = 3  # times that the list is read once more
READ_BY_MODELS = ("name", "description", "inputSchema")
NOTHING_TO_CALL = "the server offers no tool that could be called"


def definitions(system: McpSystem, workspace: Workspace) -> dict[str, Any]:
    """What the server says of itself in the first of its pinned versions, for its pin; `warnings` is what in it looks
    like poisoning."""
    with McpServer(system, workspace) as server:
        session = server.open(system.protocol_versions[0])
        told = told_of(session.tools(), session.instructions)
        return {"protocol_version": session.version, "definitions": told, "warnings": _warnings(told)}


def _warnings(told: Mapping[str, Any]) -> list[str]:
    try:
        check_poisoning(told)
    except Fault as fault:
        return [f"the smoke test calls this poisoned: {fault.evidence}"]
    return []


def probe(system: McpSystem, recorder: Recorder, workspace: Workspace) -> None:
    """All checks of the entry; those which need a list of tools are made only where there is one."""
    with McpServer(system, workspace) as server:
        checks = _Checks(server, recorder, workspace)
        checks.run()
        checks.purity()


class _Checks:
    """The checks in order, and what earlier ones found for later ones."""

    def __init__(self, server: McpServer, recorder: Recorder, workspace: Workspace) -> None:
        self.server, self.system, self.recorder, self.workspace = server, server.system, recorder, workspace
        self.lists: dict[str, tuple[list[Any], str]] = {}  # by version: the tools and the instructions
        self.opened: Session | WrongVersion | None = None

    def run(self) -> None:
        """Everything; it stops early only where nothing can be asked any more."""
        self._reachable()
        if self.opened is None:
            return
        self._versions()
        if not self.lists:
            return
        if self.server.address is not None:
            self._guarded()
        self._listed()
        self._called()
        self._unknown()
        self._again()
        if all(self.recorder.passed(f"mcp.{one}") for one in ("protocol_version", "tool_names", "tool_schemas")):
            self._official()
        if self.system.replaceable_by is not None:
            with self.recorder.check("mcp.replaceable") as found:
                found.evidence = check_replaceable(self.server, self.server.again(), self.workspace)

    def _reachable(self) -> None:
        version, began = self.system.protocol_versions[0], time.perf_counter()
        with self.recorder.check("mcp.reachable") as found:
            try:
                self.opened = self.server.open(version)
            except WrongVersion as other:  # it answers: that is what this check asks
                self.opened = other
            found.evidence = f"first answer after {1000 * (time.perf_counter() - began):.0f} ms"

    def _versions(self) -> None:
        """Each pinned version is spoken and lists tools; the first that does is used from here on."""
        wrong: list[WrongVersion] = []
        with self.recorder.check("mcp.protocol_version") as found:
            try:
                for version in self.system.protocol_versions:
                    self._version(version, wrong)
            finally:
                if not self.lists:
                    self._other_version(wrong)
            if wrong:
                raise Fault("wrong_version", "; ".join(one.evidence for one in wrong))
            found.evidence = f"speaks {', '.join(self.lists)}, and lists {_tools(self._tools)}"

    def _version(self, version: str, wrong: list[WrongVersion]) -> None:
        try:
            first = self.opened is not None and version == self.system.protocol_versions[0]
            if first and isinstance(self.opened, WrongVersion):
                raise self.opened
            session = self.opened if first and isinstance(self.opened, Session) else self.server.open(version)
            self._take(session)
        except WrongVersion as fault:
            wrong.append(fault)

    def _take(self, session: Session) -> None:
        self.server.use(session)
        self.lists[session.version] = (session.tools(), session.instructions)

    def _other_version(self, wrong: list[WrongVersion]) -> None:
        """None of the pinned versions is spoken: the other checks are made in one that the server offers."""
        for version in dict.fromkeys(version for one in wrong for version in reversed(one.offered)):
            try:
                self._take(self.server.open(version))
                return
            except Fault:
                continue  # the check that is under way tells already what is wrong

    def _guarded(self) -> None:
        session = self.server.again()
        if self.system.auth == "bearer":
            with self.recorder.check("mcp.auth") as found:
                found.evidence = check_auth(self.server, session)
        with self.recorder.check("mcp.origin") as found:
            found.evidence = check_origin(self.server, session)

    @property
    def _tools(self) -> list[Any]:
        return next(iter(self.lists.values()))[0]

    @contextmanager
    def _in(self, version: str) -> Iterator[None]:
        """A fault that is found here names the version, where it is not the first."""
        try:
            yield
        except Skip:
            raise
        except Fault as fault:
            first = version == next(iter(self.lists))
            raise Fault(fault.reason, fault.evidence if first else f"in {version}: {fault.evidence}") from None

    def _listed(self) -> None:
        """What is asked of a list of tools, of the list in each version."""
        with self.recorder.check("mcp.tool_names") as found:
            for version, (tools, _) in self.lists.items():
                with self._in(version):
                    check_names(tools, may_be_empty=not self.system.safe_calls)
            found.evidence = f"{_tools(self._tools)}, about {cost(self._tools):,} tokens at every turn (an estimate)"
        with self.recorder.check("mcp.tool_schemas") as found:
            checked = 0
            for version, (tools, _) in self.lists.items():
                with self._in(version):
                    checked += check_schemas(tools)
            found.evidence = f"{count(checked, 'schemas')} are valid JSON Schema"
        with self.recorder.check("mcp.poisoning") as found:
            found.evidence = self._unpoisoned()
        with self.recorder.check("mcp.pinned") as found:
            self._pinned(read_pin(self.workspace, self.system), found)
        if self.system.tool_list_tokens_max is not None:
            with self.recorder.check("mcp.tool_list_tokens") as found:
                dearest = max((tools for tools, _ in self.lists.values()), key=cost)
                _check_cost(dearest, cost(dearest), self.system.tool_list_tokens_max.value, found)

    def _unpoisoned(self) -> str:
        """What was read, in a sentence; texts that a person has accepted are left out while they are as pinned."""
        pin, read, left_out = _sound_pin(self.workspace, self.system), 0, set[str]()
        for version, one in self.lists.items():
            told = told_of(*one)
            accepted = self._accepted(told, pin)
            left_out |= accepted
            with self._in(version):
                read += check_poisoning(told, accepted)
        said = f"nothing in {count(read, 'texts')} that the server tells a model"
        return said + (f"; accepted as pinned: {', '.join(sorted(left_out))}" if left_out else "")

    def _accepted(self, told: Mapping[str, Any], pin: Pin | None) -> set[str]:
        """The definitions that the entry accepts, as far as they are as pinned."""
        if pin is None:
            return set()
        named = {one if one == "instructions" else f"tool {one}" for one in self.system.poisoning_accepted}
        pinned = {name: value for name, value in pin.definitions.items() if name in named}
        return {name for name, value in pinned.items() if name in told and _filled(told[name], value) == value}

    def _pinned(self, pin: Pin, found: Finding) -> None:
        """Every version's definitions are as pinned; an older version may leave out keys that it does not know."""
        for version, one in self.lists.items():
            told = told_of(*one)
            if version != pin.protocol_version:
                told = {name: _filled(value, pin.definitions.get(name)) for name, value in told.items()}
            with self._in(version):
                check_pinned(pin, {"definitions": told}, found)

    def _called(self) -> None:
        safe = self.system.safe_calls
        with self.recorder.check("mcp.safe_calls") as found:
            found.evidence = self._answered()
        if self.recorder.passed("mcp.safe_calls") or not safe:
            with self.recorder.check("mcp.p95") as found:
                self._timed(found)
        if safe:
            with self.recorder.check("mcp.invalid_arguments") as found:
                found.evidence = f"refused {calls.check_invalid(self.server.again(), safe)}"

    def _answered(self) -> str:
        """Each safe call in each version, in a sentence; Skip where the entry names none, though there are tools."""
        safe = self.system.safe_calls
        if not safe and self._tools:
            raise Skip("no_safe_call", "there is no tool under safe_calls that may be called")
        for version in self.lists:
            for call in safe:
                with self._in(version):
                    calls.check_safe_call(self.server.again(version), call)
        made = f"{count(len(safe), 'calls')} answered as they should be: {calls.called(safe)}"
        return made if safe else NOTHING_TO_CALL

    def _timed(self, found: Finding) -> None:
        if not self.system.safe_calls:
            found.evidence = self._answered()
            return
        took, n = calls.p95_ms(self.server.again(), self.system.safe_calls[0])
        limit = self.system.p95_ms_max.value
        said = f"95% of {n} calls within {number(took)} ms (limit {number(limit)} ms)"
        if took > limit:
            raise Fault("too_slow", said)
        found.evidence = said

    def _unknown(self) -> None:
        with self.recorder.check("mcp.unknown_tool") as found:
            found.evidence = f"refused with {calls.check_unknown(self.server.again())}"

    def _again(self) -> None:
        """The same conversations list their tools again, after they were used."""
        with self.recorder.check("mcp.same_tools_again") as found:
            for version, one in self.lists.items():
                session, at_first = self.server.again(version), told_of(*one)
                for _ in range(AGAIN):
                    if gone := differences(at_first, told_of(session.tools(), session.instructions)):
                        with self._in(version):
                            raise Fault("rug_pull", "; ".join(gone))
            found.evidence = f"{_tools(self._tools)} as at first"

    def _official(self) -> None:
        with self.recorder.check("mcp.official_client") as found:
            answered = self.system.safe_calls and self.recorder.passed("mcp.safe_calls")
            call = self.system.safe_calls[0] if answered else None
            found.evidence = official.check_official(self.server, len(self._tools), call)

    def purity(self) -> None:
        """At last and once everything is closed, so that all that the server printed was seen.

        Of a server that did not answer only noise is told: it is why.
        """
        self.server.close()
        noise = sum(pipe.noise for pipe in self.server.pipes)
        if self.server.address is not None or not (self.lists or noise):
            return
        with self.recorder.check("mcp.stdout") as found:
            if noise:
                quoted = [line for pipe in self.server.pipes for line in pipe.quoted]
                raise Fault("stdout_noise", f"{count(noise, 'lines')}, such as “{quoted[0]}”")
            left = self.server.left_running()
            behind = f"; left running when the server had ended: {', '.join(left)}" if left else ""
            found.evidence = f"nothing but messages of the protocol{behind}"


def _sound_pin(workspace: Workspace, system: McpSystem) -> Pin | None:
    """The pin; none where it is not to be trusted, which mcp.pinned tells."""
    try:
        return read_pin(workspace, system)
    except Fault:
        return None


def _filled(told: Any, pinned: Any) -> Any:
    """A definition with the pinned keys that it lacks; what a model reads of a tool must be there itself."""
    if not isinstance(told, Mapping) or not isinstance(pinned, Mapping):
        return told
    return {key: value for key, value in pinned.items() if key not in READ_BY_MODELS} | dict(told)


def _check_cost(tools: list[Any], tokens: int, limit: int, found: Finding) -> None:
    said = f"{_tools(tools)}, about {tokens:,} tokens at every turn (limit {limit:,}; an estimate)"
    if tokens > limit:
        raise Fault("list_too_costly", said)
    found.evidence = said


def _tools(tools: list[Any]) -> str:
    return count(len(tools), "tools")
