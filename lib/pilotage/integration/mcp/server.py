"""The server of an entry: started where the entry says so, connected to as often as needed, ended afterwards."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from pilotage.agents.own_server import OwnServer
from pilotage.integration.keys import key_headers, key_of
from pilotage.integration.mcp import TOKEN_ENV
from pilotage.integration.mcp.http import HttpPipe
from pilotage.integration.mcp.session import Session, open_session
from pilotage.integration.mcp.stdio import StdioPipe
from pilotage.integration.offspring import below, names
from pilotage.playbook.systems import EMBEDDED, McpSystem
from pilotage.workspace import Workspace


class McpServer:
    """Whatever an entry names, as one thing that sessions can be opened with. Leaving it ends all of them."""

    def __init__(self, system: McpSystem, workspace: Workspace) -> None:
        self.system, self.folder = system, workspace.root
        self.address, self.token = system.address, key_of(system.key_env)
        self._left = ExitStack()
        self._sessions: dict[str, Session] = {}
        self.pipes: list[StdioPipe] = []
        self._before = set(below())

    def __enter__(self) -> Self:
        if self.address == EMBEDDED:
            # By the environment and not on the command line, which every user of the machine can read.
            self.token = secrets.token_urlsafe(16) if self.system.auth == "bearer" else ""
            started = OwnServer("pilotage.integration.mcp.embedded", "--http", environment={TOKEN_ENV: self.token})
            own = self._left.enter_context(started)
            self.address = own.address
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def secrets(self) -> tuple[str, ...]:
        """The environment variables that the entry names: a server gets no others of ours."""
        return tuple(one for one in (self.system.key_env, self.system.user_env) if one)

    @property
    def headers(self) -> dict[str, str]:
        """What brings the token."""
        return key_headers(self.token, None)

    def pipe(self, headers: Mapping[str, str] | None = None) -> StdioPipe | HttpPipe:
        """A new way to the server; over HTTP with these headers instead of the token's."""
        if self.address is not None:
            http = HttpPipe(self.address, self.headers if headers is None else headers)
            self._left.callback(http.close)
            return http
        stdio = StdioPipe(self.system.command, self.folder, self.secrets)
        self._left.callback(stdio.close)
        self.pipes.append(stdio)
        return stdio

    def open(self, version: str) -> Session:
        """A new conversation in this version."""
        return open_session(self.pipe(), version)

    def use(self, session: Session) -> None:
        """A conversation in which checks go on; the first one of all is that which most of them use."""
        self._sessions.setdefault(session.version, session)

    def again(self, version: str | None = None) -> Session:
        """The first conversation, or the one in this version; a new one where the last call has ended or blocked it."""
        version = version or next(iter(self._sessions))
        session = self._sessions[version]
        if session.pipe.broken:
            session.pipe.close()
            self._sessions[version] = self.open(version)
            self._sessions[version].schemas, self._sessions[version].outputs = session.schemas, session.outputs
        return self._sessions[version]

    def close(self) -> None:
        """Every connection is closed and every process has ended; what they printed at the end can be asked for."""
        self._left.close()

    def left_running(self) -> list[str]:
        """The programs that it left behind, by name. The probe ends them with itself; other users of the server may
        not. Only what is still below this process can be seen: on Linux all, where orphans are adopted."""
        return names(set(below()) - self._before)
