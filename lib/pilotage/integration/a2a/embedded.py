"""`python -m pilotage.integration.a2a.embedded`: the reference agent served over A2A on loopback, as an example.

It prints its address first and ends with standard input. The bearer token that it asks for is the value of the
environment variable PILOTAGE_A2A_TOKEN; it does not start without one.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
import re
import socket
from collections.abc import Awaitable, Callable

import uvicorn
from a2a.helpers import new_task_from_user_message, new_text_message, new_text_part
from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.events import EventQueue
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes, create_rest_routes
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import (
    AgentCapabilities,
    AgentCard,
    AgentInterface,
    AgentSkill,
    HTTPAuthSecurityScheme,
    SecurityRequirement,
    SecurityScheme,
    StringList,
)
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pilotage.agents.a2a_forms import CARD_PATH, VERSION
from pilotage.agents.own_server import when_stdin_ends
from pilotage.agents.reference import Behaviour, ReferenceAgent
from pilotage.agents.run import Agent, AgentFault
from pilotage.integration.a2a import TOKEN_ENV

RPC_PATH, REST_PATH = "/rpc", "/v1"
LONGEST_WAIT_S = 300.0
_WAIT = re.compile(r"Wait (\d+) seconds?\.?\s*")


class Desk(AgentExecutor):
    """Each message is a task of its own: submitted, working, an artifact with the answer, completed.

    A text that begins with "Wait 30 seconds." is answered so much later, so that there is something to cancel.
    """

    def __init__(self, agent: Agent) -> None:
        self._agent = agent

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        """Work on the message; what the agent could not answer is a failed task."""
        assert context.message is not None
        task = context.current_task or new_task_from_user_message(context.message)
        await event_queue.enqueue_event(task)
        updater = TaskUpdater(event_queue, task.id, task.context_id)
        await updater.start_work()
        text = context.get_user_input()
        if waits := _WAIT.match(text):
            await asyncio.sleep(min(float(waits[1]), LONGEST_WAIT_S))
            text = text[waits.end() :]
        try:
            answer = await self._agent.begin(text, int(context.metadata.get("trial", 1))).attempt()
        except AgentFault as fault:
            await updater.failed(new_text_message(str(fault)))
            return
        if answer.outcome == "escalated":
            await updater.requires_input(new_text_message(answer.text))
            return
        await updater.add_artifact([new_text_part(answer.text)], name="answer")
        await updater.complete()

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        """The task is canceled; the SDK stops what still works on it."""
        assert context.current_task is not None
        await TaskUpdater(event_queue, context.current_task.id, context.current_task.context_id).cancel()


def card(address: str) -> AgentCard:
    """The agent card, always the same but for the address."""
    skill = AgentSkill(
        id="invoices", name="Invoice questions", tags=["invoices", "suppliers"],
        description="Amount, supplier and due day of an invoice; what is owed to a supplier.",
        examples=["What is the amount of invoice INV-10001?"],
    )  # fmt: skip
    scheme = SecurityScheme(http_auth_security_scheme=HTTPAuthSecurityScheme(scheme="Bearer"))
    return AgentCard(
        name="Invoice desk",
        description="Answers questions about invoices from made-up tables.",
        version="1.0.0",
        supported_interfaces=[
            AgentInterface(url=f"{address}{RPC_PATH}", protocol_binding="JSONRPC", protocol_version=VERSION),
            AgentInterface(url=f"{address}{REST_PATH}", protocol_binding="HTTP+JSON", protocol_version=VERSION),
        ],
        capabilities=AgentCapabilities(streaming=True, push_notifications=False),
        default_input_modes=["text/plain"],
        default_output_modes=["text/plain"],
        skills=[skill],
        security_schemes={"bearer": scheme},
        security_requirements=[SecurityRequirement(schemes={"bearer": StringList()})],
    )


def application(agent: Agent, address: str, token: str) -> Starlette:
    """The server: the card for everybody, all else for who brings the token."""
    own = card(address)
    handler = DefaultRequestHandler(Desk(agent), InMemoryTaskStore(), own)
    routes = [
        *create_agent_card_routes(own),
        *create_jsonrpc_routes(handler, RPC_PATH),
        *create_rest_routes(handler, path_prefix=REST_PATH),
    ]
    return Starlette(routes=routes, middleware=[Middleware(BaseHTTPMiddleware, dispatch=_guard(token))])


def _guard(token: str) -> Callable[[Request, Callable[[Request], Awaitable[Response]]], Awaitable[Response]]:
    wanted = f"Bearer {token}".encode()

    async def guard(request: Request, go_on: Callable[[Request], Awaitable[Response]]) -> Response:
        given = request.headers.get("authorization", "").encode()
        if request.url.path == CARD_PATH or hmac.compare_digest(given, wanted):
            return await go_on(request)
        return JSONResponse({"error": "unauthorized"}, 401, {"WWW-Authenticate": "Bearer"})

    return guard


async def serve(token: str) -> None:
    """Serve until standard input ends."""
    # asyncio sends without delay on sockets that name their protocol; others wait 40 ms for an acknowledgement.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    agent = ReferenceAgent(Behaviour())
    try:
        server = uvicorn.Server(
            uvicorn.Config(
                application(agent, address, token), log_level="error", lifespan="off", timeout_graceful_shutdown=1
            )
        )
        when_stdin_ends(lambda: setattr(server, "should_exit", True))
        print(address, flush=True)
        await server.serve(sockets=[listening])
    finally:
        await agent.close()


def main() -> None:
    """Serve, with the token of the environment."""
    token = os.environ.get(TOKEN_ENV, "")
    if not token:
        raise SystemExit(f"the environment variable {TOKEN_ENV} is not set")
    logging.getLogger("a2a").setLevel(logging.CRITICAL)  # it warns of every wrong request, and probes make many
    asyncio.run(serve(token))


if __name__ == "__main__":
    main()
