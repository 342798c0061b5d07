from __future__ import annotations

import json
import re
import socket
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from pilotage.integration.wrapper import CODES, planned
from pilotage.integration.wrapper import probe as wrapper_probe
from pilotage.integration.wrapper.embedded import DOCUMENT

TRACE = 'Traceback (most recent call last):\n  File "/srv/app.py", line 3, in get\nKeyError: 7'
MISSING = object()
Answer = tuple[int, dict[str, str], bytes]


def let_in(scope: dict[str, Any]) -> None:
    """Every caller is taken for one with the token."""
    kept = [(key, value) for key, value in scope["headers"] if key != b"authorization"]
    scope["headers"] = [*kept, (b"authorization", b"Bearer made-for-the-test")]


def answer_half(listening: socket.socket) -> None:
    """One caller gets less than was announced."""
    caller, _ = listening.accept()
    with caller:
        caller.recv(10_000)
        caller.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"id":')


def new_key(scope: dict[str, Any]) -> None:
    """The caller's Idempotency-Key is lost on the way."""
    scope["headers"] = [
        (key, uuid.uuid4().hex.encode() if key == b"idempotency-key" else value) for key, value in scope["headers"]
    ]


def hold_up(scope: dict[str, Any]) -> None:
    if scope["path"].startswith("/invoices"):
        time.sleep(0.2)


def on_errors(make: Callable[[int, bytes], Answer]) -> Callable[..., Answer]:
    """Changes every error of a GET but the refusal of a token."""

    def after(scope: Mapping[str, Any], status: int, headers: dict[str, str], body: bytes) -> Answer:
        bad = scope["method"] == "GET" and status >= 400 and status != 401
        return make(status, body) if bad else (status, headers, body)

    return after


def openapi(body: bytes, status: int = 200) -> Callable[..., Answer]:
    """Another document in place of the example's own."""

    def after(scope: Mapping[str, Any], was: int, headers: dict[str, str], old: bytes) -> Answer:
        return (status, {"Content-Type": "application/json"}, body) if scope["path"] == "/openapi.json" else (
            was, headers, old)  # fmt: skip

    return after


def conflict(answer: Answer) -> Callable[..., Answer]:
    """Another content under a used key is refused in this way."""
    return lambda scope, status, headers, body: answer if status == 409 else (status, headers, body)


def same_whatever_is_sent() -> Callable[..., Answer]:
    """Another content under a used key is answered as if it were the first."""
    first: dict[bytes, bytes] = {}

    def after(scope: Mapping[str, Any], status: int, headers: dict[str, str], body: bytes) -> Answer:
        if scope["method"] != "POST" or status in (400, 401):
            return status, headers, body
        key = dict(scope["headers"])[b"idempotency-key"]
        return 201, {"Content-Type": "application/json"}, first.setdefault(key, body)

    return after


def html(status: int, body: bytes) -> Answer:
    return status, {"Content-Type": "text/html"}, b"<!doctype html><h1>Oops</h1>"


def replayed_without_location(refusing: bool) -> Callable[..., Answer]:
    """A repeated POST is answered with 200 and without Location; other content is refused, or taken for the first."""
    first: dict[bytes, bytes] = {}

    def after(scope: Mapping[str, Any], status: int, headers: dict[str, str], body: bytes) -> Answer:
        if scope["method"] != "POST" or not (status == 201 or (status == 409 and not refusing)):
            return status, headers, body
        key = dict(scope["headers"])[b"idempotency-key"]
        return (200, JSON, first[key]) if key in first else (status, headers, first.setdefault(key, body))

    return after


JSON = {"Content-Type": "application/json"}


def with_schemas(**schemas: Any) -> bytes:
    """The example's document with these schemas too."""
    known = DOCUMENT["components"]
    return json.dumps({**DOCUMENT, "components": {**known, "schemas": {**known["schemas"], **schemas}}}).encode()


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


NO_VERSION = {key: value for key, value in DOCUMENT.items() if key != "openapi"}
ABROAD = {**DOCUMENT, "components": {**DOCUMENT["components"], "links": {"x": {"$ref": "https://example.com/x.json"}}}}
BROKEN = [
    ("auth", "no_auth", {"before": let_in}),
    ("errors", "masked_error", {"after": on_errors(lambda status, body: (200, JSON, b'{"error": "not found"}'))}),
    ("errors", "masked_error", {"after": on_errors(lambda status, body: (200, JSON, b'{"number": "INV-1"}'))}),
    ("errors", "error_shape", {"after": on_errors(html)}),
    ("errors", "trace_leaked", {"after": on_errors(lambda s, b: (s, JSON, json.dumps({"detail": TRACE}).encode()))}),
    ("errors", "trace_leaked", {"after": on_errors(lambda s, b: (500, JSON, b'"sqlite3.OperationalError: near"'))}),
    ("errors", "server_error", {"after": on_errors(lambda s, b: (500, JSON, b'{"detail": "sorry"}'))}),
    ("p95", "too_slow", {"before": hold_up}),
    ("idempotency", "not_idempotent", {"before": new_key}),
    ("idempotency", "not_idempotent", {"after": same_whatever_is_sent()}),
    ("idempotency", "not_idempotent", {"after": replayed_without_location(refusing=False)}),
    ("idempotency", "server_error", {"after": conflict((500, JSON, b'{"detail": "duplicate"}'))}),
    ("idempotency", "masked_error", {"after": conflict((200, JSON, b'{"ok": false}'))}),
    ("openapi", "no_openapi", {"after": openapi(b"{}", 404)}),
    ("openapi", "bad_openapi", {"after": openapi(b"<html>the documentation</html>")}),
    ("openapi", "bad_openapi", {"after": openapi(b"[" * 100_000)}),
    ("openapi", "bad_openapi", {"after": openapi(json.dumps(NO_VERSION).encode())}),
    ("openapi", "bad_openapi", {"after": openapi(json.dumps(ABROAD).encode())}),
    ("openapi", "bad_openapi", {"after": openapi(with_schemas(Loop=ref("Loop")))}),
    ("openapi", "bad_openapi", {"after": openapi(with_schemas(One=ref("Two"), Two={"allOf": [ref("One")]}))}),
    ("openapi", "answer_too_long", {"after": openapi(b" " * 10_000_000)}),
]


@pytest.mark.parametrize(("check", "code", "fault"), BROKEN)
def test_one_fault_fails_its_own_check_with_its_code(
    check: str, code: str, fault: Any, serving: Any, between: Any, entry: Any, probed: Any
) -> None:
    with serving(between(**fault)) as address:
        rows = probed(entry(address))
    assert {id: row["reason"] for id, row in rows.items() if row["status"] != "pass"} == {f"wrapper.{check}": code}


def test_every_planned_check_of_a_good_api_passes(serving: Any, between: Any, entry: Any, probed: Any) -> None:
    with serving(between()) as address:
        system = entry(address)
        rows = probed(system)
    assert list(rows) == planned(system)
    assert {row["status"] for row in rows.values()} == {"pass"}


def test_a_query_that_makes_no_sense_and_is_overlooked_is_counted_and_not_called_refused(
    serving: Any, between: Any, entry: Any, probed: Any
) -> None:
    def overlook(scope: Mapping[str, Any], status: int, headers: dict[str, str], body: bytes) -> Answer:
        return (200, JSON, b"[]") if b"=pilotage" in scope["query_string"] else (status, headers, body)

    with serving(between(after=overlook)) as address:
        row = probed(entry(address))["wrapper.errors"]
    assert row["status"] == "pass"
    assert re.match(r"\d+ of \d+ bad requests were refused.*; not refused: GET /\S+=pilotage \(200\)", row["evidence"])


def test_bad_requests_that_are_all_refused_are_said_to_be(serving: Any, between: Any, entry: Any, probed: Any) -> None:
    with serving(between()) as address:
        evidence = probed(entry(address))["wrapper.errors"]["evidence"]
    assert re.fullmatch(r"all \d+ bad requests were refused with a status of their own and no inner detail", evidence)


@pytest.mark.parametrize(("header", "key"), [("X-API-Key", "a-key"), ("Authorization", "Basic ZGVzazpvcGVu")])
def test_an_api_with_another_kind_of_key_is_probed_with_it(
    header: str, key: str, serving: Any, between: Any, entry: Any, probed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take(scope: dict[str, Any]) -> None:
        name = header.lower().encode()
        given = dict(scope["headers"]).get(name, b"").decode()
        kept = [pair for pair in scope["headers"] if pair[0] not in (name, b"authorization")]
        scope["headers"] = [*kept, (b"authorization", b"Bearer made-for-the-test")] if given == key else kept

    with serving(between(before=take)) as address:
        system = entry(address, key_header=header)
        monkeypatch.setenv("TEST_TOKEN", key)
        rows = probed(system)
    assert {row["status"] for row in rows.values()} == {"pass"}


def test_a_replay_without_the_location_of_the_first_answer_is_the_same_effect(
    serving: Any, between: Any, entry: Any, probed: Any
) -> None:
    with serving(between(after=replayed_without_location(refusing=True))) as address:
        row = probed(entry(address))["wrapper.idempotency"]
    assert (row["status"], row["reason"]) == ("pass", "")
    assert "refused other content under it; 1 of 1 made were taken back" in row["evidence"]


def test_two_effects_of_one_key_are_both_named(serving: Any, between: Any, entry: Any, probed: Any) -> None:
    with serving(between(before=new_key)) as address:
        evidence = probed(entry(address))["wrapper.idempotency"]["evidence"]
    assert re.search(r"gives Location /postings/(\S+) and then Location /postings/(?!\1)", evidence)


@pytest.mark.parametrize(("pause_s", "told"), [(0.0, "p95 of 40 calls is"), (0.2, "p95 of 20 calls is")])
def test_p95_says_of_how_many_calls_it_is_and_never_of_a_handful(
    serving: Any, between: Any, entry: Any, probed: Any, monkeypatch: pytest.MonkeyPatch, pause_s: float, told: str
) -> None:
    def paused(scope: dict[str, Any]) -> None:
        time.sleep(pause_s if scope["path"].startswith("/suppliers") else 0)

    monkeypatch.setattr(wrapper_probe, "TIMED", 40)
    with serving(between(before=paused)) as address:
        assert told in probed(entry(address))["wrapper.p95"]["evidence"]


def test_of_slow_calls_only_as_many_are_made_as_the_time_lets_in(
    serving: Any, between: Any, entry: Any, probed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wrapper_probe, "TIMED_S", 0.5)
    with serving(between(before=hold_up)) as address:
        row = probed(entry(address))["wrapper.p95"]
    assert row["reason"] == "too_slow"
    assert re.match(r"the slowest of \d calls?, all that 0.5 s let in, is", row["evidence"])


def test_a_probe_leaves_no_posting_behind(serving: Any, between: Any, entry: Any, probed: Any) -> None:
    app = between()
    with serving(app) as address:
        rows = probed(entry(address))
    assert app.app.state.db.execute("SELECT count(*) FROM postings").fetchone() == (0,)
    assert "1 of 1 made were taken back" in rows["wrapper.idempotency"]["evidence"]


def test_what_two_effects_of_one_key_made_is_taken_back_too(
    serving: Any, between: Any, entry: Any, probed: Any
) -> None:
    app = between(before=new_key)
    with serving(app) as address:
        rows = probed(entry(address))
    assert app.app.state.db.execute("SELECT count(*) FROM postings").fetchone() == (0,)
    assert "2 of 2 made were taken back" in rows["wrapper.idempotency"]["evidence"]


def test_what_cannot_be_taken_back_is_named(serving: Any, between: Any, entry: Any, probed: Any) -> None:
    paths = {path: {m: op for m, op in item.items() if m != "delete"} for path, item in DOCUMENT["paths"].items()}
    app = between(after=openapi(json.dumps({**DOCUMENT, "paths": paths}).encode()))
    with serving(app) as address:
        rows = probed(entry(address))
    assert "left there: /postings/" in rows["wrapper.idempotency"]["evidence"]
    assert "DELETE" not in {method for method, _, _ in app.seen}


def test_a_record_that_may_have_been_there_before_is_not_deleted(
    serving: Any, between: Any, entry: Any, probed: Any
) -> None:
    app = between(after=lambda scope, status, headers, body: (200 if status == 201 else status, headers, body))
    with serving(app) as address:
        rows = probed(entry(address))
    assert rows["wrapper.idempotency"]["status"] == "pass"
    assert "left there: /postings/" in rows["wrapper.idempotency"]["evidence"]
    assert "DELETE" not in {method for method, _, _ in app.seen}


def test_a_record_with_a_failed_status_is_no_masked_error(serving: Any, between: Any, entry: Any, probed: Any) -> None:
    def failed(scope: Mapping[str, Any], status: int, headers: dict[str, str], body: bytes) -> Answer:
        if scope["path"] != "/invoices/INV-10001" or status != 200:
            return status, headers, body
        return status, headers, json.dumps({**json.loads(body), "status": "payment failed", "code": 450}).encode()

    with serving(between(after=failed)) as address:
        rows = probed(entry(address))
    assert {row["status"] for row in rows.values()} == {"pass"}


def test_nothing_is_written_without_leave(serving: Any, between: Any, entry: Any, probed: Any) -> None:
    app = between()
    with serving(app) as address:
        rows = probed(entry(address, probe_may_write=False))
    assert rows["wrapper.idempotency"]["reason"] == "write_not_allowed"
    assert {method for method, _, _ in app.seen} == {"GET"}


def test_a_token_is_not_carried_to_where_a_redirect_leads(serving: Any, between: Any, entry: Any, probed: Any) -> None:
    elsewhere = between()
    with serving(elsewhere) as there:
        away = between(after=lambda scope, *rest: (307, {"Location": there + scope["path"]}, b""))
        with serving(away) as address:
            rows = probed(entry(address))
    assert {id: row["reason"] for id, row in rows.items()} == {"wrapper.reachable": "redirected"}
    assert elsewhere.seen == []


def test_a_schema_that_refers_to_itself_is_no_fault(serving: Any, between: Any, entry: Any, probed: Any) -> None:
    tree = {"allOf": [ref("Base")], "properties": {"children": {"type": "array", "items": ref("Tree")}}}
    document = with_schemas(Tree=tree, Base={"properties": {"parent": ref("Base"), "allOf": ref("Tree")}})
    with serving(between(after=openapi(document))) as address:
        rows = probed(entry(address))
    assert rows["wrapper.openapi"]["status"] == "pass"


def test_a_refused_token_says_so_and_nothing_more_is_asked(
    serving: Any, between: Any, entry: Any, probed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(between()) as address:
        system = entry(address)
        monkeypatch.setenv("TEST_TOKEN", "expired")
        rows = probed(system)
    assert {id: row["reason"] for id, row in rows.items()} == {"wrapper.reachable": "token_refused"}
    said = rows["wrapper.reachable"]["evidence"]
    assert said.endswith("401 although the token was sent in Authorization, after the word Bearer")


@pytest.mark.parametrize(("sent", "advised"), [(None, True), ("X-Key", True), ("x-api-key", False)])
def test_a_refused_token_says_in_which_header_the_document_wants_it(
    sent: str | None, advised: bool, serving: Any, between: Any, entry: Any, probed: Any, monkeypatch: Any
) -> None:
    schemes = {"key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}, "token": {"type": "http"}}
    known = {**DOCUMENT["components"], "securitySchemes": schemes}
    document = json.dumps({**DOCUMENT, "components": known}).encode()
    monkeypatch.setenv("TEST_TOKEN", "expired")
    with serving(between(after=openapi(document))) as address:
        said = probed(entry(address, key_header=sent))["wrapper.reachable"]["evidence"]
    assert f"was sent in {sent or 'Authorization'}" in said
    assert ("`key_header: X-API-Key` sends it there, as it is" in said) == advised


def test_plain_http_behind_https_is_a_tls_error(serving: Any, between: Any, entry: Any, probed: Any) -> None:
    with serving(between()) as address:
        rows = probed(entry(address.replace("http:", "https:")))
    assert {id: row["reason"] for id, row in rows.items()} == {"wrapper.reachable": "tls_error"}


def test_an_address_where_nothing_listens_is_unreachable(entry: Any, probed: Any) -> None:
    rows = probed(entry("http://127.0.0.1:9"))
    assert {id: row["reason"] for id, row in rows.items()} == {"wrapper.reachable": "unreachable"}


def test_an_answer_that_breaks_off_is_no_unreachable_address(entry: Any, probed: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=lambda: answer_half(listening))
        thread.start()
        rows = probed(entry(f"http://127.0.0.1:{listening.getsockname()[1]}"))
        thread.join()
    assert {id: row["reason"] for id, row in rows.items()} == {"wrapper.reachable": "answer_cut"}


def test_checks_are_planned_only_for_what_the_entry_declares(entry: Any) -> None:
    ids = planned(entry("http://h", auth="none", key_env=None, idempotent_calls=()))
    assert "wrapper.auth" not in ids
    assert "wrapper.idempotency" not in ids


def test_every_code_is_explained_in_a_sentence() -> None:
    assert all(meaning.endswith(".") and len(meaning) > 40 for meaning in CODES.values())
