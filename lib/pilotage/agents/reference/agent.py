"""The reference stand-in as an agent: a server in a process of its own, the invoice tools, known rates of error."""

from __future__ import annotations

from dataclasses import asdict

from pilotage.agents.chat import STAND_IN, Chat, ChatAgent
from pilotage.agents.endpoint import Endpoint
from pilotage.agents.mcp_tools import McpTools
from pilotage.agents.reference.behaviour import Behaviour
from pilotage.agents.reference.mind import HAND_OVER
from pilotage.agents.reference.process import ServerProcess
from pilotage.agents.reference.tools import TOOLS
from pilotage.agents.run import TIMEOUT_S
from pilotage.hashes import sha256_json

PROMPT = "You answer questions about invoices. Look up what you say; hand over what you are not sure of."


class ReferenceAgent(ChatAgent):
    """A stand-in for trying out an evaluation: what it gets right is known beforehand (`known_accuracy`).

    With `tools` it uses those of an MCP server instead of its own, and closes the connection when it is closed.
    """

    def __init__(self, behaviour: Behaviour, timeout_s: float = TIMEOUT_S, tools: McpTools | None = None) -> None:
        self.behaviour, self.server = behaviour, ServerProcess(behaviour)
        # The number of the trial travels as the request's seed, so that trials differ.
        chat = Chat(
            STAND_IN,
            PROMPT,
            () if tools else TOOLS,
            {"seed": 0},
            escalation_tool=HAND_OVER,
            timeout_s=timeout_s,
        )
        super().__init__(Endpoint(self.server.address), chat, "reference stand-in", mcp=tools)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over its settings and tools; the address changes with each start."""
        return sha256_json({"kind": "reference", "behaviour": asdict(self.behaviour), "is": self.described})

    async def close(self) -> None:
        """The server's process ends."""
        try:
            await super().close()
        finally:
            self.server.stop()
