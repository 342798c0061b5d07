from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pilotage.integration.smoke_test import smoke_test
from pilotage.integration.wrapper.calling import Api
from pilotage.playbook import read_policy
from pilotage.playbook.systems import HttpCall
from pilotage.workspace import Workspace

PROBLEM = {"type", "title", "status", "detail"}


@pytest.fixture
def api(serving: Any, between: Any) -> Any:
    with serving(between()) as address, Api(address, "made-for-the-test") as opened:
        yield opened


def test_the_embedded_example_passes_all_its_checks_in_a_process_of_its_own() -> None:
    workspace = Workspace(Path(__file__).parents[3])
    checks = smoke_test(workspace, read_policy(workspace, ("integration",)).integration, ["invoice API"])
    assert [(check.id, check.evidence) for check in checks if check.status != "pass"] == []
    assert len(checks) == 7


def test_pages_together_are_all_invoices_of_a_supplier(api: Any) -> None:
    whole = api.get("/invoices?supplier=Alder%20Paper&limit=200").value["items"]
    pages, after = [], ""
    while after is not None:
        page = api.get(f"/invoices?supplier=Alder%20Paper&limit=7&after={after}").value
        pages, after = pages + page["items"], page["next"]
    assert len(whole) > 7
    assert pages == whole


def test_one_call_for_many_invoices_says_what_many_calls_say(api: Any) -> None:
    numbers = ["INV-10003", "INV-10001", "INV-99999"]
    many = api.get(f"/invoices?numbers={','.join(numbers)}").value["items"]
    assert many == [api.get(f"/invoices/{number}").value for number in ("INV-10001", "INV-10003")]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nowhere", None, 404),
        ("GET", "/invoices/1' OR '1'='1", None, 404),
        ("GET", "/invoices?limit=many", None, 400),
        ("GET", "/invoices?limit=201", None, 400),
        ("GET", "/invoices?numbers=INV-10001,x", None, 400),
        ("PUT", "/suppliers", None, 405),
        ("POST", "/postings", b"{", 400),
        ("POST", "/postings", b"[" * 9_000, 400),
        ("POST", "/postings", b" " * 10_001, 413),
        ("POST", "/postings", b'{"invoice": "INV-10001", "amount": 12.5}', 422),
        ("POST", "/postings", b'{"invoice": "INV-99999", "amount": "12.50"}', 422),
        ("DELETE", "/postings/none", None, 404),
    ],
)
def test_every_refusal_has_the_one_shape(api: Any, method: str, path: str, body: bytes | None, status: int) -> None:
    answer = api.send(method, path, {**api.headers, "Idempotency-Key": "k"}, body)
    assert (answer.status, answer.media_type) == (status, "application/problem+json")
    assert set(answer.value) == PROBLEM


def test_a_posting_without_a_key_is_refused(api: Any) -> None:
    call = HttpCall(method="POST", path="/postings", body={"invoice": "INV-10001", "amount": "1.00"})
    assert api.call(call).status == 400


def test_a_key_posts_once_and_takes_no_other_amount(api: Any) -> None:
    call = HttpCall(method="POST", path="/postings", body={"invoice": "INV-10001", "amount": "1.00"})
    first, second = (api.call(call, Idempotency_Key="one") for _ in range(2))
    other = call.model_copy(update={"body": {"invoice": "INV-10001", "amount": "2.00"}})
    assert first.value == second.value == api.get(first.headers["Location"]).value
    assert api.call(other, Idempotency_Key="one").status == 409
