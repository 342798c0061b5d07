"""The probe of an agent by A2A: from its card to a task that is cancelled."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pilotage.agents.a2a_forms import OLDER, SPOKEN, Interface, Refused, interfaces, number_of
from pilotage.agents.endpoint import is_loopback
from pilotage.agents.own_server import OwnServer
from pilotage.integration import pins
from pilotage.integration.a2a import TOKEN_ENV, planned
from pilotage.integration.a2a.card import check_card, check_urls, check_version, fetch_card, leads_here, pinned_form
from pilotage.integration.a2a.stream import check_order, listen
from pilotage.integration.a2a.tasks import check_cancel, check_ended, check_found_again, work
from pilotage.integration.a2a.transports import check_auth, check_served, check_unknown_task, check_wrong_version
from pilotage.integration.a2a.wire import Wire, connected
from pilotage.integration.checks import Fault, Finding, Recorder
from pilotage.integration.keys import key_of
from pilotage.playbook.systems import EMBEDDED, A2aSystem
from pilotage.workspace import Workspace

TIMED = 5  # safe tasks, for p95_ms_max
SHARE_OF_DEADLINE = 4  # one task may take a quarter of it, so that a slow one still leaves time for the other checks


def probe(system: A2aSystem, recorder: Recorder, workspace: Workspace) -> None:
    """Make the checks of `planned`, as far as one failed check leaves sense in the next."""

    async def run() -> None:
        async with _reached(system) as (address, wire):
            await _Probe(system, recorder, workspace, address, wire).run()

    asyncio.run(run())


def definitions(system: A2aSystem, workspace: Workspace) -> dict[str, Any]:
    """The agent's card in the form in which it is pinned, and the first pinned version that it offers."""

    async def run() -> dict[str, Any]:
        async with _reached(system) as (address, wire):
            card = await fetch_card(wire, address)
            check_card(card)
            return _found(card, address)

    return asyncio.run(run())


def _found(card: dict[str, Any], address: str) -> dict[str, Any]:
    versions = ", ".join(sorted({one.version for one in interfaces(card)}))
    return {"protocol_version": versions, "definitions": {"card": pinned_form(card, address)}}


@asynccontextmanager
async def _reached(system: A2aSystem) -> AsyncIterator[tuple[str, Wire]]:
    """The agent's address and a wire to it; the embedded one runs for so long."""
    if system.address != EMBEDDED:
        async with connected(key_of(system.key_env), is_loopback(system.address), system.key_header) as wire:
            yield system.address, wire
        return
    token = secrets.token_urlsafe(24)
    with OwnServer("pilotage.integration.a2a.embedded", environment={TOKEN_ENV: token}) as server:
        async with connected(token, local=True) as wire:
            yield server.address, wire


@dataclass
class _Probe:
    """One run of the checks."""

    system: A2aSystem
    recorder: Recorder
    workspace: Workspace
    address: str
    wire: Wire

    @property
    def within_s(self) -> float:
        return self.system.deadline_s / SHARE_OF_DEADLINE

    async def run(self) -> None:
        """All checks in order."""
        card: dict[str, Any] = {}
        with self._check("card") as found:
            card = await fetch_card(self.wire, self.address)
            check_card(card)
            found.evidence = f"agent {card.get('name')!r}, {len(interfaces(card))} transports"
        if not self.recorder.passed("a2a.card"):
            return
        self._check_card(card)
        if not self.recorder.passed("a2a.protocol_version"):
            return
        near = [one for one in interfaces(card) if leads_here(one, self.address)]
        if near and (served := await self._transports(near)):
            await self._refusals(served)
            await self._tasks(served, bool(card["capabilities"].get("streaming")))

    def _check_card(self, card: dict[str, Any]) -> None:
        with self._check("card_urls") as found:
            found.evidence = check_urls(card, self.address)
        with self._check("pinned") as found:
            pins.check_pinned(pins.read_pin(self.workspace, self.system), _found(card, self.address), found)
        with self._check("protocol_version") as found:
            found.evidence = check_version(card, self.system.protocol_versions)

    async def _transports(self, declared: list[Interface]) -> list[Interface]:
        """Those of the declared transports that are served, and that the probe can speak."""
        served, faults = list[Interface](), list[Fault]()
        pinned = {number_of(one) for one in self.system.protocol_versions}
        # Versions that nobody speaks here, and transports of one's own, which the protocol allows under any name.
        strange = [one for one in declared if not one.spoken and one.binding != "GRPC"]
        with self._check("transports") as found:
            for one in (one for one in declared if one not in strange):
                try:
                    await check_served(self.wire, one)
                    served += [one] if one.binding in SPOKEN else []
                except Fault as fault:
                    faults.append(fault)
            if faults:
                raise Fault(faults[0].reason, "; ".join(fault.evidence for fault in faults))
            served = [one for one in served if one.number in pinned]
            if not served:
                raise Fault("no_spoken_transport", f"it declares {_listed(declared)}")
            found.evidence = f"{_listed(one for one in declared if one not in strange)} served as declared"
            found.evidence += f"; {_listed(strange)} not tried" if strange else ""
        return served

    async def _refusals(self, served: list[Interface]) -> None:
        if "a2a.wrong_version" in planned(self.system):
            with self._check("wrong_version") as found:
                newer = [one for one in served if one.number != OLDER]
                found.evidence = await check_wrong_version(self.wire, newer, self.system.safe_task)
        if self.system.auth == "bearer":
            with self._check("auth") as found:
                found.evidence = await check_auth(self.wire, served, self.system.safe_task)
        with self._check("unknown_task") as found:
            found.evidence = await check_unknown_task(self.wire, served)

    async def _tasks(self, served: list[Interface], streams: bool) -> None:
        """Life cycles over the card's preferred transport; those after the first only where it ended well."""
        first, given = served[0], dict[str, Any]()
        with self._check("task") as found:
            given = await work(self.wire, first, self.system.safe_task, self.within_s)
            found.evidence = check_ended(given)
        if given:
            with self._check("get_task") as found:
                found.evidence = await check_found_again(self.wire, first, given)
        if self.recorder.passed("a2a.task"):
            await self._streams(served, streams)
            await self._p95(first)
            await self._cancel(first, streams and self.recorder.passed("a2a.stream"))

    async def _streams(self, served: list[Interface], streams: bool) -> None:
        """The order of events over each transport."""
        with self._check("stream") as found:
            found.evidence = "the card declares no streaming, so that no events need to be in order"
            for one in served if streams else ():
                try:
                    heard = await listen(self.wire, one, self.system.safe_task, self.within_s)
                except Refused as refused:
                    raise Fault("refused", f"the card declares streaming, but {refused}") from None
                found.evidence = check_order(heard, self.within_s)

    async def _p95(self, interface: Interface) -> None:
        limit = self.system.p95_ms_max
        if limit is None:
            return
        with self._check("p95") as found:
            took_ms = []
            for _ in range(TIMED):
                began = time.perf_counter()
                await work(self.wire, interface, self.system.safe_task, self.within_s)
                took_ms.append((time.perf_counter() - began) * 1000)
            found.evidence = f"slowest of {TIMED} safe tasks {max(took_ms):,.0f} ms, limit {limit.value:g} ms"
            if max(took_ms) > limit.value:  # 95% of five are all five
                raise Fault("too_slow", found.evidence)

    async def _cancel(self, interface: Interface, streams: bool) -> None:
        if self.system.long_task:
            with self._check("cancel") as found:
                found.evidence = await check_cancel(self.wire, interface, self.system.long_task, streams, self.within_s)

    def _check(self, name: str) -> AbstractContextManager[Finding]:
        return self.recorder.check(f"a2a.{name}")


def _listed(declared: Iterable[Interface]) -> str:
    return ", ".join(f"{one.binding} {one.version}" for one in declared)
