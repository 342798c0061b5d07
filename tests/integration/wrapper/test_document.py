"""Where the paths of a document are called, and what in a document makes it unfit to test by."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from pilotage.integration.checks import Fault
from pilotage.integration.wrapper.calling import Api
from pilotage.integration.wrapper.document import Document, find
from pilotage.playbook.systems import WrapperSystem
from pilotage.workspace import Workspace

OK = {"200": {"description": "ok"}}
FACTS = {"openapi": "3.0.3", "info": {"title": "a", "version": "1"}}
HERE, AWAY = "https://h", "https://production.example.com"


def found(raw: dict[str, Any], entry: Any, tmp_path: Any, address: str = HERE, call: str = "/t") -> Document:
    """The document as the probe has it for this address and one safe call."""
    (tmp_path / "api.json").write_text(json.dumps({**FACTS, **raw}))
    system: WrapperSystem = entry(address, openapi="api.json", safe_calls=({"path": call},), idempotent_calls=())
    with Api(address, None) as api:
        return find(system, api, Workspace(tmp_path))


@pytest.mark.parametrize(
    ("address", "servers", "path", "call"),
    [
        ("https://h", [], "/t", "/t"),
        ("https://h/v1", [], "/t", "/t"),
        ("https://h/v1", [{"url": "/v1"}], "/t", "/t"),
        ("https://h", [{"url": "/v1"}], "/t", "/v1/t"),
        ("https://h/api", [{"url": "/api/v1"}], "/t", "/v1/t"),
        ("https://h/api", [{"url": "https://h/api/v1"}], "/t", "/v1/t"),
        ("https://h/drf", [], "/drf/t", "/t"),
        ("https://h/api/drf", [{"url": "/api"}], "/drf/t", "/t"),
        ("https://h/v2", [{"url": f"{AWAY}/v1"}, {"url": "https://h/v2"}], "/t", "/t"),
        ("https://h", [{"url": f"{AWAY}/v9"}, {"url": "https://h/v2"}], "/t", "/v2/t"),
        ("https://h", [{"url": "{s}://x/{p}", "variables": {"s": {"default": "https"}, "p": {"default": "v1"}}}],
         "/t", "/v1/t"),
        ("https://h", [{"url": "{s}://x/{p}"}], "/t", "/t"),
        ("https://h/v1", [{"url": "./"}, 7, {"url": None}, {"url": "https://[x"}], "/t", "/t"),
    ],
)  # fmt: skip
def test_the_documents_paths_are_called_where_the_safe_calls_fit(
    address: str, servers: Any, path: str, call: str, entry: Any, tmp_path: Any
) -> None:
    paths = {path: {"get": {"responses": OK}}}
    document = found({"servers": servers, "paths": paths}, entry, tmp_path, address, call)
    assert document.template("GET", f"{call}?a=1") == path
    assert document.called(path) == call


def test_paths_beside_the_address_are_none_of_its_operations(entry: Any, tmp_path: Any) -> None:
    paths = {path: {"get": {"responses": OK}} for path in ("/drf/t", "/admin", "/drfx")}
    document = found({"paths": paths}, entry, tmp_path, "https://h/drf")
    assert [path for _, path, _ in document.operations()] == ["/drf/t"]


def test_a_head_is_documented_by_its_get(entry: Any, tmp_path: Any) -> None:
    document = found({"paths": {"/t": {"get": {"responses": OK}}}}, entry, tmp_path)
    head, post = (entry(HERE, safe_calls=({"path": "/t", "method": one},)).safe_calls[0] for one in ("HEAD", "POST"))
    assert document.names(head)
    assert not document.names(post)


@pytest.mark.parametrize(
    ("template", "path", "named"),
    [
        ("/files/{path}", "/files/a/b.txt", True),
        ("/t", "/t/", True),
        ("/t/", "/t", True),
        ("/t/{id}/", "/t/7", True),
        ("/", "/", True),
        ("/t/{id}/beds", "/t/7/x/beds", False),
        ("/t", "/t/7", False),
        ("/t/{id}", "/t/", False),
        ("/t", "/other", False),
    ],
)
def test_a_call_is_named_by_what_a_server_may_take_it_for(template: str, path: str, named: bool, entry: Any) -> None:
    document = Document({"paths": {template: {"get": {"responses": OK}}}}, "")
    assert document.names(entry(HERE, safe_calls=({"path": path},)).safe_calls[0]) is named


@pytest.mark.parametrize(
    "raw",
    [
        {"paths": {"/t": {"get": {"responses": OK}}, "x-note": "by hand", "x-gateway": {"get": "x"}}},
        {"openapi": "3.1.0", "paths": {"/t": {"get": {"summary": "no responses"}}}},
    ],
)
def test_what_the_standard_allows_is_no_fault(raw: Any, entry: Any, tmp_path: Any) -> None:
    assert [path for _, path, _ in found(raw, entry, tmp_path).operations()] == ["/t"]


def test_before_3_1_an_operation_must_have_responses(entry: Any, tmp_path: Any) -> None:
    with pytest.raises(Fault, match="says nothing of its responses"):
        found({"paths": {"/t": {"get": {"summary": "no responses"}}}}, entry, tmp_path)


ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}


@pytest.mark.parametrize(
    ("path", "item", "told"),
    [
        ("/t/{id}", {"get": {"responses": OK}}, "GET /t/{id}: declares no parameter id"),
        ("/t/{id}", {"get": {"parameters": 5, "responses": OK}}, "GET /t/{id}: declares no parameter id"),
        ("/t/{id}", {"get": {"parameters": [{**ID, "in": "query"}], "responses": OK}}, "declares no parameter id"),
        ("/t/{id}", {"get": {"parameters": [ID], "responses": OK}}, ""),
        ("/t/{id}", {"parameters": [ID], "get": {"responses": OK}}, ""),
        ("/t/{id}", {"get": {"parameters": [{"$ref": "#/components/parameters/id"}], "responses": OK}}, ""),
        ("/t/{id+}", {"get": {"parameters": [ID], "responses": OK}}, ""),
        ("/t/{id:int}", {"get": {"parameters": [ID], "responses": OK}}, ""),
        ("/t", {"get": {"parameters": [{**ID, "in": "query", "schema": {"pattern": "(((("}}], "responses": OK}},
         "pattern '((((': has unbalanced parentheses"),
        ("/t", {"get": {"parameters": [{**ID, "in": "query", "schema": {"pattern": "^(?<a>[[\\p{L}]]$"}}],
                        "responses": OK}}, ""),
        ("/t", {"get": {"parameters": [{**ID, "in": "query", "schema": {"pattern": "[](])"}}], "responses": OK}}, ""),
        ("/t", {"get": {"responses": {**OK, "400": {"x-a": {"pattern": "("}, "example": {"pattern": "("}}}}}, ""),
    ],
)  # fmt: skip
def test_what_a_document_cannot_mean_is_told_and_nothing_else(
    path: str, item: Any, told: str, entry: Any, tmp_path: Any
) -> None:
    raw = {"paths": {path: item}, "components": {"parameters": {"id": ID}}}
    if not told:
        assert found(raw, entry, tmp_path).raw["paths"] == {path: item}
        return
    with pytest.raises(Fault, match=re.escape(told)) as fault:
        found(raw, entry, tmp_path)
    assert fault.value.reason == "bad_openapi"


@pytest.mark.parametrize(
    ("operation", "streams"),
    [
        ({"responses": {"200": {"content": {"text/event-stream": {}}}}}, True),
        ({"responses": {"2XX": {"$ref": "#/components/responses/Events"}}}, True),
        ({"responses": {"default": {"content": {"text/event-stream; charset=utf-8": {}}}}}, True),
        ({"produces": ["text/event-stream"], "responses": OK}, True),
        ({"responses": {"200": {"content": {"application/json": {}}}, "400": {"$ref": "#/nowhere"}}}, False),
        ({"responses": {"200": {"$ref": "#/nowhere"}}}, False),
        ({"responses": [200]}, False),
        ({}, False),
    ],
)
def test_streams_of_events_are_known_by_their_type(operation: Any, streams: bool) -> None:
    answer = {"content": {"text/event-stream": {}}}
    assert Document({"components": {"responses": {"Events": answer}}}, "").streams(operation) is streams
