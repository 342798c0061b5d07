"""A judge of known quality behind an OpenAI-compatible address on this machine, and a pilot it can judge."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

INVENTED = "INVENTED"  # stands in an answer that states something nobody said


@dataclass
class JudgeServer:
    """Says yes to a share `sensitivity` of the invented answers and no to a share `specificity` of the others.

    `always` says the same to all. `garbled` is the share of its answers that nobody can read, `failing` how many first
    requests it answers with a 500; with `schema` False it refuses a request for JSON by a schema.
    """

    sensitivity: float = 1.0
    specificity: float = 1.0
    always: str = ""
    garbled: float = 0.0
    failing: int = 0
    schema: bool = True
    prose: bool = False
    wait_s: float = 0.0
    asked: list[dict[str, Any]] = field(default_factory=list)
    address: str = ""

    @property
    def agent(self) -> str:
        """How the command line names it."""
        return f"chat:judge-model@{self.address}"

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.asked.append(body)
        await asyncio.sleep(self.wait_s)
        if self.failing:
            self.failing -= 1
            return web.Response(status=500, text="no")
        if "response_format" in body and not self.schema:
            return web.json_response({"error": {"message": "response_format is not supported"}}, status=400)
        message = {"role": "assistant", "content": self.said(body["messages"][-1]["content"])}
        usage = {"prompt_tokens": 100, "completion_tokens": 20}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return web.json_response({"model": "judge-model", "choices": [choice], "usage": usage})

    def said(self, prompt: str) -> str:
        """The judge's words: settled by the prompt, so that it says the same whenever it is asked again."""
        if chance("garbled", prompt) < self.garbled:
            return "I would rather not say."
        invented = INVENTED in prompt
        right = chance("right", prompt) < (self.sensitivity if invented else self.specificity)
        verdict = self.always or ("yes" if invented == right else "no")
        told = json.dumps({"reason": "because", "verdict": verdict})
        return f"Let me see. So:\n```json\n{told}\n```" if self.prose else told


def chance(use: str, text: str) -> float:
    return int.from_bytes(hashlib.sha256(f"{use}{text}".encode()).digest()[:6], "big") / 2**48


@pytest.fixture
def judge_server() -> Iterator[Callable[..., JudgeServer]]:
    """Starts judges: judge_server(always="yes"); they are gone after the test."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    runners: list[web.AppRunner] = []

    async def begin(server: JudgeServer) -> None:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", server.answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        runners.append(runner)
        server.address = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"

    def start(**settings: Any) -> JudgeServer:
        server = JudgeServer(**settings)
        asyncio.run_coroutine_threadsafe(begin(server), loop).result(10)
        return server

    yield start
    for runner in runners:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A workspace with the dataset `desk`: forty runs, every fourth answer invented; people labelled the first ten."""
    folder = tmp_path / "data/desk"
    folder.mkdir(parents=True)
    (tmp_path / "playbook").symlink_to(Path(__file__).parents[3] / "playbook")
    runs = ["interaction_id,phase,started_at,outcome,input_text,output_text"]
    runs += [f"i{i:02},pilot,2026-10-01T08:00:{i:02},answered,question {i},{said(i)}" for i in range(40)]
    runs += ["e1,pilot,2026-10-01T09:00:00,error,question,", "b1,production,2026-10-01T09:00:00,answered,q,a"]
    (folder / "runs.csv").write_text("\n".join(runs) + "\n")
    labels = ["interaction_id,metric,value,source,labeller,stream,inclusion_probability,labelled_at"]
    labels += [f"i{i:02},hallucination,{int(i % 4 == 0)},human,ann,uniform,0.25,2026-10-02T08:00:00" for i in range(10)]
    (folder / "labels.csv").write_text("\n".join(labels) + "\n")
    tables = "tables:\n  interactions: {file: runs.csv}\n  labels: {file: labels.csv}\n"
    (folder / "dataset.yaml").write_text(f"name: a desk\nsynthetic: false\ntime_zone: UTC\n{tables}")
    return tmp_path


def said(i: int) -> str:
    return f"{INVENTED} answer {i}" if i % 4 == 0 else f"answer {i}"
