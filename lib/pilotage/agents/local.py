"""A model file on this machine (GGUF), served inside this process by llama.cpp and asked like any chat server.

Needs the optional extra `local` (the package xllamacpp). One thread computes: an evaluation must not take the machine
away from whoever works at it, and with one thread and a seed the same question has the same answer.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pilotage.agents.chat import Chat, ChatAgent
from pilotage.agents.endpoint import Endpoint
from pilotage.agents.run import Prices
from pilotage.errors import PilotageError
from pilotage.hashes import sha256_file, sha256_json

CONTEXT_TOKENS = 4096  # of one conversation
MAGIC = b"GGUF"


class LocalAgent(ChatAgent):
    """The model file with its server, which runs until the agent is closed."""

    def __init__(self, path: Path, chat: Chat, name: str = "", prices: Prices | None = None) -> None:
        self._server: Any = _served(path)
        self._model_sha256 = sha256_file(path)
        address = f"{self._server.listening_address}/v1"
        super().__init__(
            Endpoint(address), replace(chat, model=path.stem), name or f"{path.stem} on this machine", prices
        )

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the model file itself, prompt, tools and settings; the address changes with each start."""
        return sha256_json({"kind": "local", "model": self._model_sha256, "is": self.described})

    async def close(self) -> None:
        """The server ends and its memory is given back."""
        await super().close()
        self._server = None


def _served(path: Path) -> Any:
    """A running llama.cpp server for the file; PilotageError where the file or the package is missing."""
    if not path.is_file():
        raise PilotageError("there is no such model file", str(path), "give the path of a .gguf file")
    with path.open("rb") as stream:
        if stream.read(len(MAGIC)) != MAGIC:
            raise PilotageError("is no model file in GGUF format", str(path), "give the path of a .gguf file")
    if find_spec("xllamacpp") is None:
        advice = "install it with: pip install 'pilotage[local]'"
        raise PilotageError("a model file needs the package xllamacpp, which is not installed", str(path), advice)
    import xllamacpp

    try:
        return xllamacpp.Server(_params(xllamacpp.CommonParams(), path))
    except RuntimeError as error:
        raise PilotageError(f"llama.cpp cannot load this model: {error}", str(path)) from None


def _params(params: Any, path: Path) -> Any:
    params.model.path = str(path)
    params.model_alias = {path.stem}
    params.hostnames, params.port = ["127.0.0.1"], 0  # any free one
    params.n_ctx, params.n_parallel = CONTEXT_TOKENS, 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.verbosity = -1
    return params
