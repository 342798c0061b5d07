"""The embedded example served in this process, whole or with one fault put between it and its callers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from pilotage.integration.checks import Recorder
from pilotage.integration.wrapper import probe as wrapper_probe
from pilotage.integration.wrapper.embedded import application
from pilotage.playbook.systems import WrapperSystem
from pilotage.workspace import Workspace

TOKEN = "made-for-the-test"
Edit = Callable[[Mapping[str, Any], int, dict[str, str], bytes], tuple[int, dict[str, str], bytes]]


@dataclass
class Between:
    """An ASGI app before another: `before` changes the request's scope, `after` the answer; it counts what it sees."""

    app: Any = None
    before: Callable[[dict[str, Any]], None] | None = None
    after: Edit | None = None
    seen: list[tuple[str, str, dict[bytes, bytes]]] = field(default_factory=list)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        self.seen.append((scope["method"], scope["path"], dict(scope["headers"])))
        if self.before:
            self.before(scope)
        said: list[dict[str, Any]] = []

        async def keep(message: dict[str, Any]) -> None:
            said.append(message)

        await self.app(scope, receive, keep)
        headers = {key.decode(): value.decode() for key, value in said[0].get("headers", [])}
        status, body = said[0]["status"], b"".join(one.get("body", b"") for one in said[1:])
        if self.after:
            status, headers, body = self.after(scope, status, headers, body)
        headers = {k: v for k, v in headers.items() if k.lower() != "content-length"}
        raw = [(k.encode(), v.encode()) for k, v in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body})


@contextmanager
def _serving(app: Any) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def serving() -> Callable[[Any], Any]:
    """Serves an ASGI app on loopback: with serving(app) as address."""
    return _serving


@pytest.fixture
def between() -> Callable[..., Between]:
    """Builds an app that stands before the embedded example: between(after=...)."""
    return lambda **parts: Between(application(TOKEN), **parts)


@pytest.fixture
def entry(monkeypatch: pytest.MonkeyPatch) -> Callable[..., WrapperSystem]:
    """Builds a system's entry for an address: entry(address, probe_may_write=False)."""
    monkeypatch.setenv("TEST_TOKEN", TOKEN)

    def build(address: str, **more: Any) -> WrapperSystem:
        limit = {"value": 150, "reason": "r", "source": "s", "set_by": "b"}
        facts = {
            "name": "an API", "pattern": "wrapper", "what": "w", "address": address, "key_env": "TEST_TOKEN",
            "update_frequency": "hourly", "consistency": "strong", "probe_may_write": True, "p95_ms_max": limit,
            "safe_calls": ({"path": "/invoices/INV-10001"}, {"path": "/suppliers"}),
            "idempotent_calls": (
                {"method": "POST", "path": "/postings", "body": {"invoice": "INV-10001", "amount": "12.50"}},
            ),
        }  # fmt: skip
        return WrapperSystem.model_validate({**facts, **more})

    return build


@pytest.fixture
def probed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[WrapperSystem], dict[str, dict[str, Any]]]:
    """The probe's rows by check, without the contract check, which has tests of its own."""
    monkeypatch.setattr(wrapper_probe, "check_contract", lambda *given: None)
    monkeypatch.setattr(wrapper_probe, "TIMED", 10)

    def run(system: WrapperSystem) -> dict[str, dict[str, Any]]:
        rows: dict[str, dict[str, Any]] = {}
        wrapper_probe.probe(system, Recorder(lambda line: rows.update({line["id"]: line} if "id" in line else {})),
                            Workspace(tmp_path))  # fmt: skip
        return rows

    return run
