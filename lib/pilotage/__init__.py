"""pilotage: from an AI agent's pilot to one decision that anyone can recompute."""

__version__ = "0.1.0"
