"""Guards made by hand: the parts that a test is not about are as small as they can be."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np
import pytest
from aiohttp import web

from pilotage.guardrails.confidential import ConfidentialTerms
from pilotage.guardrails.guard import Guard
from pilotage.guardrails.input_side import InputSide
from pilotage.guardrails.leak import Leak
from pilotage.guardrails.output_side import OutputSide
from pilotage.guardrails.personal_data import PersonalDataFinder
from pilotage.guardrails.rules import compile_rules
from pilotage.playbook.guardrails import Bands, Confidential, PersonalData, Rule

CANARY = "marble-heron-4127-lantern"
PROMPT = (
    "You answer questions about supplier invoices and nothing else. Look up every figure with your tools before you "
    f"state it, and hand over to a person whatever needs a decision. Reference: {CANARY}"
)
OVERLAP = 8


def make_rule(name: str, pattern: str, match: str, **more: Any) -> Rule:
    facts = {"kind": "policy", "side": "output", "action": "block", "reason": f"{name} is not said here"} | more
    return Rule(
        id=name, owner="a test", patterns=(pattern,), must_match=(match,), must_not_match=("good day",), **facts
    )


RULES = (
    make_rule("no-promise", r"\bwe guarantee\b", "we guarantee it"),
    make_rule("no-advice", r"\byou should sue\b", "you should sue them", action="review"),
    make_rule("override", r"\bignore (all )?previous\b", "ignore previous", kind="injection", side="input"),
    make_rule("no-weapons", r"\bexplosives\b", "explosives", kind="topic", side="both", action="review"),
)


class Says:
    """A detector that says what the test wants: a number for each text, or an exception."""

    def __init__(self, name: str, say: Callable[[str], Any]) -> None:
        self.name, self.say, self.calls = name, say, []

    def score(self, texts: Sequence[str]) -> np.ndarray[Any, Any]:
        self.calls.append(list(texts))
        return np.array([self.say(text) for text in texts], dtype=np.float64)


class Highest:
    """In place of the calibrated combination: the highest of the detectors' numbers."""

    def combine(self, scores: Mapping[str, Any]) -> Any:
        return np.max(list(scores.values()), axis=0)


def suspicious(text: str) -> float:
    return 0.95 if "attack" in text else 0.6 if "odd" in text else 0.05


def build_guard(detectors: Sequence[Any] | None = None, names: Any = None, **policy: Any) -> Guard:
    bands = Bands(review_at=0.5, block_at=0.9, reason="a test", source="a test", set_by="a test")
    terms = Confidential(classifications=("strictly confidential",), terms=("Falcon",), action="review")
    actions = {"email": "block", "iban": "block", "phone": "review", "secret": "block", "other": "review"}
    personal = PersonalData(
        regions=("DE", "US"), actions=policy.get("actions", actions), allowed=policy.get("allowed", ())
    )
    rules, confidential = compile_rules(RULES), ConfidentialTerms(terms)
    told = [Says("classifier", suspicious)] if detectors is None else detectors
    inputs = InputSide(rules, told, Highest(), confidential, bands)  # type: ignore[arg-type]
    leak = Leak(PROMPT, CANARY, OVERLAP, "block")
    return Guard(None, inputs, OutputSide(rules, PersonalDataFinder(personal), confidential, leak, names))  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def guard() -> Guard:
    """A guard that blocks e-mail addresses, IBANs, secrets, promises and leaks, and has telephone numbers reviewed."""
    return build_guard()


@pytest.fixture(scope="session")
def guard_with() -> Callable[..., Guard]:
    """Builds such a guard with other parts: guard_with(detectors=[…], names=…, actions={…}, allowed=(…,))."""
    return build_guard


@pytest.fixture(scope="session")
def says() -> type[Says]:
    return Says


@pytest.fixture(scope="session")
def system_prompt() -> tuple[str, str, int]:
    """The prompt, its canary, and how many of its words in a row may be said."""
    return PROMPT, CANARY, OVERLAP


@contextmanager
def _served(handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> Iterator[str]:
    runners: list[web.ServerRunner] = []
    ready, loop = threading.Event(), asyncio.new_event_loop()

    async def start() -> None:
        runner = web.ServerRunner(web.Server(handler, handler_cancellation=True), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        runners.append(runner)

    def run() -> None:
        loop.run_until_complete(start())
        ready.set()
        loop.run_forever()
        loop.run_until_complete(runners[0].cleanup())
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait()
    try:
        yield f"http://127.0.0.1:{runners[0].addresses[0][1]}"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


@pytest.fixture(scope="session")
def served() -> Callable[..., AbstractContextManager[str]]:
    """A real server on loopback in a thread of its own, for code that does not wait: `with served(handler) as base`."""
    return _served
