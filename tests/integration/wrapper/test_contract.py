"""The contract check against the embedded example, whole or with one fault, by a document of one or a few paths."""

from __future__ import annotations

import copy
import json
import time
from typing import Any
from urllib.parse import parse_qs

import pytest

from pilotage.integration.checks import Fault, Finding
from pilotage.integration.wrapper import contract
from pilotage.integration.wrapper.calling import Api
from pilotage.integration.wrapper.document import Document
from pilotage.integration.wrapper.embedded import DOCUMENT

JSON = {"Content-Type": "application/json"}
SAFE_CALLS = {"/suppliers": "/suppliers", "/invoices": "/invoices?limit=2", "/invoices/{number}": "/invoices/INV-10001"}


@pytest.fixture
def told(serving: Any, between: Any, entry: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the contract check says of one path, with few examples: the fault's code, or the evidence."""
    monkeypatch.setattr(contract, "EXAMPLES", 4)
    monkeypatch.setattr(contract, "BAD_EXAMPLES", 2)

    def run(path: str, after: Any = None, responses: Any = None, **more: Any) -> tuple[str, str, set[str]]:
        raw = copy.deepcopy({**DOCUMENT, "paths": {path: DOCUMENT["paths"][path]}})
        if responses:
            raw["paths"][path]["get"]["responses"] = responses
        raw["paths"] |= more.get("paths", {})
        calls = more.get("calls", [SAFE_CALLS[path]] if path in SAFE_CALLS else [])
        safe_calls = tuple({"path": at, "method": more.get("method", "GET")} for at in calls)
        app, found = between(after=after), Finding()
        with serving(app) as address, Api(address, "made-for-the-test") as api:
            try:
                contract.check_contract(entry(address, safe_calls=safe_calls), api, Document(raw, ""), found)
            except Fault as fault:
                return fault.reason, fault.evidence, {method for method, _, _ in app.seen}
        return "", found.evidence, {method for method, _, _ in app.seen}

    return run


def test_an_answer_that_breaks_its_schema_breaks_the_contract(told: Any) -> None:
    def nameless(scope: Any, status: int, headers: Any, body: bytes) -> Any:
        return status, headers, json.dumps({"items": [{"region": "emea"}]}).encode()

    code, evidence, _ = told("/suppliers", nameless)
    assert code == "contract_broken"
    assert "GET /suppliers answers 200" in evidence


def test_a_server_that_fails_on_some_input_is_found(told: Any) -> None:
    def unlucky(scope: Any, status: int, headers: Any, body: bytes) -> Any:
        big = any(
            value.isdigit() and int(value) > 20 for value in parse_qs(scope["query_string"].decode()).get("limit", [])
        )
        return (500, {"Content-Type": "application/json"}, b'{"detail": "?"}') if big else (status, headers, body)

    assert told("/invoices", unlucky)[0] == "server_error"


def test_writing_operations_are_never_called(told: Any) -> None:
    _, _, methods = told("/postings/{id}")
    assert methods == {"GET"}


def test_a_refusal_that_the_document_forgets_is_noted_and_no_failure(told: Any) -> None:
    only_good = {"200": DOCUMENT["paths"]["/invoices/{number}"]["get"]["responses"]["200"]}
    code, evidence, _ = told("/invoices/{number}", None, only_good)
    assert code == ""
    assert "does not name: GET /invoices/{number}: 404" in evidence


def test_an_answer_without_end_to_some_input_is_found(told: Any) -> None:
    def endless(scope: Any, status: int, headers: Any, body: bytes) -> Any:
        return status, headers, b" " * 5_000_000 if b"supplier=" in scope["query_string"] else body

    assert told("/invoices", endless)[0] == "answer_too_long"


def test_a_document_without_reading_operations_is_not_passed(told: Any) -> None:
    assert told("/postings")[0] == "no_safe_call"


def test_a_document_of_another_api_is_not_passed(told: Any) -> None:
    nothing = told("/suppliers", lambda scope, *rest: (404, JSON, b'{"detail": "no"}'), calls=["/invoices/INV-10001"])
    assert nothing[0] == "not_documented"
    assert nothing[1].startswith("not among the documented operations, such as /suppliers: GET /invoices/INV-10001")


def test_a_safe_call_that_the_document_leaves_out_is_noted(told: Any) -> None:
    code, evidence, _ = told("/suppliers", calls=["/invoices/INV-10001", "/suppliers"])
    assert code == ""
    assert "safe calls that it does not name: GET /invoices/INV-10001" in evidence


def test_a_document_of_which_nothing_is_served_is_not_passed(told: Any) -> None:
    code, evidence, _ = told("/suppliers", lambda scope, *rest: (404, JSON, b'{"detail": "no"}'))
    assert code == "call_failed"
    assert "none of" in evidence
    assert told("/postings/{id}")[0] == "no_safe_call"


def test_a_head_of_a_documented_get_is_an_answer_too(told: Any) -> None:
    assert told("/invoices/{number}", method="HEAD")[0] == ""


def test_a_large_document_ends_in_time_and_what_was_not_tried_is_named(told: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(contract, "TOGETHER_S", 0.3)
    began = time.monotonic()
    code, evidence, _ = told(
        "/suppliers", paths={f"/suppliers{n}": DOCUMENT["paths"]["/suppliers"] for n in range(300)}
    )
    assert code == ""
    assert "; no time was left for GET /suppliers" in evidence
    assert time.monotonic() - began < 4


def test_a_stream_without_end_is_named_and_not_called(told: Any) -> None:
    events = {"get": {"responses": {"200": {"description": "e", "content": {"text/event-stream": {}}}}}}
    code, evidence, _ = told("/suppliers", paths={"/events": events})
    assert code == ""
    assert "streams have no end: GET /events" in evidence


def test_an_integer_that_comes_back_rounded_breaks_no_contract(told: Any) -> None:
    def echo(scope: Any, status: int, headers: Any, body: bytes) -> Any:
        name = scope["path"].rpartition("/")[2]
        return (200, JSON, json.dumps({"id": float(name)}).encode()) if name.isdigit() else (status, headers, body)

    number = {"type": "integer"}
    answer = {"schema": {"type": "object", "properties": {"id": {"type": "string"}}}}  # so that to compare is to fail
    item = {"parameters": [{"name": "id", "in": "path", "required": True, "schema": {**number, "minimum": 2**53}}],
            "get": {"responses": {"200": {"description": "i", "content": {"application/json": answer}}}}}  # fmt: skip
    assert told("/suppliers", echo, paths={"/by-id/{id}": item})[0] == ""
