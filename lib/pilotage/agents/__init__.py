"""Calling an agent, be it a model behind a chat server, an endpoint, a function, a model file or a stand-in."""

from pilotage.agents.open import open_agent
from pilotage.agents.run import Agent, AgentFault, Answer, ModelCall, Prices, Run, ToolCall

__all__ = ["Agent", "AgentFault", "Answer", "ModelCall", "Prices", "Run", "ToolCall", "open_agent"]
