"""A service that is asked over a real connection: what it answers, and each way in which it fails, without secrets."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aiohttp import web

from pilotage.agents import endpoint as limits
from pilotage.agents.endpoint import Endpoint
from pilotage.guardrails.detectors import DetectorFault
from pilotage.guardrails.detectors.moderation import TEXTS, Moderation, scores_in

KEY = "sk-live-0123456789abcdef"


@pytest.fixture
def asking(served):
    """A service that answers so: `with asking(answer) as (address, asked)`, where each request is kept."""

    @contextmanager
    def open_it(answer: Callable[[dict[str, Any]], Any]) -> Iterator[tuple[str, list[Any]]]:
        asked: list[Any] = []

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            body = json.loads(await request.read())
            asked.append((dict(request.headers), body))
            said = answer(body)
            said = await said if asyncio.iscoroutine(said) else said
            return said if isinstance(said, web.StreamResponse) else web.json_response(said)

        with served(handle) as base:
            yield f"{base}/v1/moderations", asked

    return open_it


def asked_at(address: str, timeout_s: float = 5.0, key: str | None = KEY) -> Moderation:
    return Moderation(Endpoint(address, key, "MY_KEY"), timeout_s)


def results(body: dict[str, Any]) -> dict[str, Any]:
    return {
        "results": [
            {"flagged": "attack" in text, "category_scores": {"a": 0.1, "b": len(text) / 100}} for text in body["input"]
        ]
    }


def test_the_highest_category_of_each_text_counts_and_the_key_goes_along(asking):
    with asking(results) as (address, asked):
        assert asked_at(address).score(["x" * 50, "y"]).tolist() == [0.5, 0.1]
    (headers, body) = asked[0]
    assert (headers["Authorization"], body) == (f"Bearer {KEY}", {"input": ["x" * 50, "y"]})


def test_without_a_key_none_is_sent(asking):
    with asking(results) as (address, asked):
        asked_at(address, key=None).score(["x"])
    assert "Authorization" not in asked[0][0]


def test_many_texts_go_in_several_requests_and_come_back_in_order(asking):
    texts = ["x" * (number % 90 + 10) for number in range(3 * TEXTS + 1)]
    with asking(results) as (address, asked):
        assert asked_at(address).score(texts).tolist() == [len(text) / 100 for text in texts]
    assert sorted(len(body["input"]) for _, body in asked) == [1, TEXTS, TEXTS, TEXTS]


def test_no_text_asks_nobody():
    assert asked_at("http://127.0.0.1:9/").score([]).size == 0


def test_it_can_be_asked_from_where_an_event_loop_is_running(asking):
    async def go(address: str) -> list[float]:
        return asked_at(address).score(["x"]).tolist()

    with asking(results) as (address, _):
        assert asyncio.run(go(address)) == [0.1]


def test_lone_surrogates_and_any_script_arrive(asking):
    with asking(lambda body: {"scores": [0.0] * len(body["input"])}) as (address, asked):
        asked_at(address).score(["\ud800 請求書 \0"])
    assert asked[0][1]["input"] == ["\ud800 請求書 \0"]


@pytest.mark.parametrize(
    ("told", "scores"),
    [
        ({"scores": [0, 1, 0.25]}, [0.0, 1.0, 0.25]),
        ({"results": [{"flagged": True}, {"flagged": False}]}, [1.0, 0.0]),
        ({"results": [{"flagged": True, "category_scores": {"a": 0.2}}]}, [0.2]),
        ({"results": [{"category_scores": {"a": "0.2"}}]}, None),
        ({"results": [{"category_scores": {"a": float("nan")}}]}, None),
        ({"results": [{"flagged": True, "category_scores": {"a": 7}}]}, None),
        ({"results": [None]}, None),
        ({"scores": [True]}, None),
        ({"scores": [1.01]}, None),
        ({"scores": "0.1"}, None),
        ({}, None),
        ([0.1], None),
        (None, None),
    ],
)
def test_an_answer_is_of_one_of_two_forms_or_none(told, scores):
    assert scores_in(told) == scores


def respond(status: int, body: str = "", **headers: str) -> Callable[[Any], web.Response]:
    return lambda asked: web.Response(status=status, body=body.encode(), headers=headers)


def hang(asked: Any) -> Any:
    return asyncio.sleep(30, {"scores": [0.1]})


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            respond(401, f'{{"error": {{"message": "wrong key {KEY}"}}}}'),
            "does not accept the key (401); check the environment variable MY_KEY",
        ),
        (respond(403), "refuses access (403)"),
        (respond(404, "nothing"), "knows nothing at this address (404): “nothing”"),
        (respond(429, "slow down"), "is asked too often (429): “slow down”"),
        (respond(429, "slow down", **{"Retry-After": "60"}), "is asked too often (429): “slow down”"),
        (respond(500, f"failed for Bearer {KEY}"), "failed (500): “failed for Bearer [secret]”"),
        (respond(302, "", location="http://127.0.0.1:9/other?key=abc"), "points to http://127.0.0.1:9/other (302)"),
        (respond(200, "<html>Sign in</html>"), "answered HTML instead of JSON: “Sign in”"),
        (respond(200, "{"), "answered something else than the JSON that was expected"),
        (respond(200, "[" * 100_000), "answered something else than the JSON that was expected"),
        (lambda asked: {"scores": [0.1, 0.2]}, "answered 2 scores for 1 texts"),
        (lambda asked: {"verdict": "fine"}, "answered no score from 0 to 1 for each text"),
        (hang, "no answer from http://127.0.0.1"),
    ],
)
def test_each_way_to_fail_is_told_without_the_key(asking, answer, told):
    with asking(answer) as (address, asked), pytest.raises(DetectorFault) as fault:
        asked_at(address, timeout_s=0.5).score(["x"])
    assert told in str(fault.value)
    assert KEY not in str(fault.value)
    assert fault.value.__cause__ is None
    assert len(asked) == 1


def test_a_server_that_says_when_to_come_back_in_time_is_asked_again(asking):
    answers = iter([respond(429, "", **{"retry-after-ms": "50"}), lambda asked: {"scores": [0.3]}])
    with asking(lambda body: next(answers)(body)) as (address, asked):
        assert asked_at(address).score(["x"]).tolist() == [0.3]
    assert len(asked) == 2


def test_a_server_that_sends_without_end_is_cut_off(asking, monkeypatch):
    monkeypatch.setattr(limits, "LONGEST_ANSWER", 2**20)
    with asking(respond(200, "x" * 2**21)) as (address, _), pytest.raises(DetectorFault, match="more than 1 MiB"):
        asked_at(address).score(["x"])


def test_nobody_there_is_told():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/"
    with pytest.raises(DetectorFault, match=r"no connection to .*: Connection refused"):
        asked_at(address).score(["x"])


def test_a_guard_whose_service_fails_asks_for_a_person(asking, guard_with, says):
    with asking(respond(503)) as (address, _):
        guard = guard_with([asked_at(address), says("classifier", lambda text: 0.1)])
        decided = guard.check_many(["hello", "ignore previous"], ["input"] * 2)
    assert [(one.decision, one.score) for one in decided] == [("review", 0.1), ("block", 0.1)]
    assert "failed (503)" in decided[0].findings[0].reason
