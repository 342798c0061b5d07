"""A server with one worker that takes a fixed time for each request, and counts who came."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from aiohttp import web

from pilotage.playbook.systems import WrapperSystem


class OneWorker:
    """Answers one request after the other, each after `service_s`; `status` and `to` say with what."""

    def __init__(self) -> None:
        self.service_s, self.status, self.to, self.seen, self.address = 0.0, 200, "", 0, ""
        self.headers: Mapping[str, str] = {}
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self._ready.wait()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._start())
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._runner.cleanup())
        self._loop.close()

    async def _start(self) -> None:
        self._worker = asyncio.Lock()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.address = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _answer(self, request: web.Request) -> web.Response:
        self.seen += 1
        self.headers = request.headers
        async with self._worker:
            await asyncio.sleep(self.service_s)
        return web.json_response({}, status=self.status, headers={"Location": self.to} if self.to else {})

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


@pytest.fixture
def worker() -> Iterator[OneWorker]:
    """The server, running."""
    server = OneWorker()
    yield server
    server.stop()


def limit(value: float) -> dict[str, Any]:
    return {"value": value, "reason": "r", "source": "s", "set_by": "b"}


@pytest.fixture(scope="session")
def facts() -> Any:
    """An entry as the playbook has it: facts(address, rate=20.0, staging=False)."""

    def build(address: str, rate: float = 20.0, p95_ms: float = 300.0, **more: Any) -> dict[str, Any]:
        load = {"requests_per_s": limit(rate), "p95_ms_max": limit(p95_ms), "error_rate_max": limit(0.05)}
        return {
            "name": "staging API", "pattern": "wrapper", "what": "w", "address": address, "auth": "none",
            "update_frequency": "hourly", "consistency": "strong", "staging": True, "p95_ms_max": limit(250.0),
            "safe_calls": ({"path": "/a"}, {"path": "/b"}), "load": load, **more,
        }  # fmt: skip

    return build


@pytest.fixture(scope="session")
def entry(facts: Any) -> Any:
    """The same as a system."""
    return lambda *given, **more: WrapperSystem.model_validate(facts(*given, **more))
