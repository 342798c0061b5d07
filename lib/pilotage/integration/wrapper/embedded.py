"""A small REST API before an old database: the example of how to wrap one, over made-up invoices in SQLite.

`python -m pilotage.integration.wrapper.embedded` serves it on loopback at a free port; its address is the first line it
writes, and it ends when its standard input does. The token that callers must bring is the environment variable
PILOTAGE_WRAPPER_TOKEN. What it promises is in embedded_openapi.json beside this file, which it also serves.

What a wrapper owes its callers is in one place each: who may call (`Bearer`), one shape for all errors
(`problem`, RFC 9457), reading page by page or many at once (`list_invoices`), and writing that may be repeated safely
(`post`: the same Idempotency-Key is the same posting, with another content it is refused). Every value reaches SQL as a
parameter, and nothing of the database (its names, its errors) reaches the caller.
"""

from __future__ import annotations

import hmac
import json
import os
import re
import socket
import sqlite3
import sys
import uuid
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from pilotage.agents.own_server import when_stdin_ends
from pilotage.agents.reference.tables import database, money
from pilotage.integration.wrapper import TOKEN_ENV

DOCUMENT = json.loads(Path(__file__).with_name("embedded_openapi.json").read_text(encoding="utf-8"))
OPEN = "/openapi.json"  # what the API is may be read by everybody; its data may not
LONGEST_BODY = 10_000  # bytes of a posting
MOST_NUMBERS, MOST_ITEMS, USUAL_ITEMS = 100, 200, 50
_NUMBER = re.compile(r"INV-[0-9]{5}")
_AMOUNT = re.compile(r"[0-9]{1,9}\.[0-9]{2}")
_KEY = re.compile(r"[\x21-\x7e]{1,100}")
_INVOICES = (
    "SELECT number, supplier, cents, currency, issued, due, paid FROM invoices JOIN suppliers ON name = supplier"
)
_POSTINGS = """CREATE TABLE postings (id TEXT PRIMARY KEY, invoice TEXT NOT NULL REFERENCES invoices,
 cents INTEGER NOT NULL, key TEXT NOT NULL UNIQUE)"""


class Bearer:
    """Lets nobody in who does not bring the token; the document of the API stays open."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._expected = app, f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The app's answer, or 401."""
        if scope["type"] == "http" and scope["path"] != OPEN:
            brought = dict(scope["headers"]).get(b"authorization", b"")
            # Compared in constant time, so that nobody learns the token byte by byte.
            if not hmac.compare_digest(brought, self._expected):
                refused = problem(401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"})
                await refused(scope, receive, send)
                return
        await self._app(scope, receive, send)


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """An error, in the one shape that all errors here have (RFC 9457)."""
    body = {"type": "about:blank", "title": _TITLES.get(status, "Error"), "status": status, "detail": detail}
    return JSONResponse(body, status, headers, media_type="application/problem+json")


_TITLES = {
    400: "Bad request", 401: "Not authorised", 404: "Not found", 405: "Method not allowed", 409: "Conflict",
    413: "Too long", 422: "Cannot be posted", 500: "Internal error",
}  # fmt: skip


async def refused(request: Request, error: Exception) -> JSONResponse:
    """Whatever goes wrong on purpose, such as a path or method that is not there, in our shape."""
    assert isinstance(error, HTTPException)
    return problem(error.status_code, error.detail, dict(error.headers or {}))


async def broken(request: Request, error: Exception) -> JSONResponse:
    """Whatever goes wrong by mistake: the server's log has the traceback, the caller has not."""
    return problem(500, "the fault is ours and was logged")


async def document(request: Request) -> Response:
    """The OpenAPI document."""
    return JSONResponse(DOCUMENT)


async def read_invoice(request: Request) -> Response:
    """One invoice by its number."""
    number = request.path_params["number"]
    row = _db(request).execute(f"{_INVOICES} WHERE number = ?", (number,)).fetchone()
    if row is None:
        raise HTTPException(404, "there is no such invoice")
    return JSONResponse(_invoice(row))


async def list_invoices(request: Request) -> Response:
    """Invoices in the order of their numbers: of a supplier, or all those asked for by number in one call.

    `next` is where the following page begins, as `after`; null on the last page.
    """
    asked = request.query_params
    numbers = _numbers(asked.get("numbers"))
    after, limit = asked.get("after", ""), _limit(asked.get("limit"))
    where, values = ["number > ?"], [after]
    if "supplier" in asked:
        where.append("supplier = ?")
        values.append(asked["supplier"])
    if numbers is not None:
        where.append(f"number IN ({', '.join('?' * len(numbers))})")
        values += numbers
    sql = f"{_INVOICES} WHERE {' AND '.join(where)} ORDER BY number LIMIT ?"
    rows = _db(request).execute(sql, (*values, limit + 1)).fetchall()
    items = [_invoice(row) for row in rows[:limit]]
    return JSONResponse({"items": items, "next": items[-1]["number"] if len(rows) > limit else None})


async def list_suppliers(request: Request) -> Response:
    """All suppliers; there are few, so they come at once."""
    rows = _db(request).execute("SELECT name, region, currency, terms_days FROM suppliers ORDER BY name").fetchall()
    names = ("name", "region", "currency", "terms_days")
    return JSONResponse({"items": [dict(zip(names, row, strict=True)) for row in rows]})


async def post(request: Request) -> Response:
    """Post an amount on an invoice. Sent again under the same Idempotency-Key it answers the same and posts nothing."""
    key = request.headers.get("Idempotency-Key", "")
    if not _KEY.fullmatch(key):
        raise HTTPException(400, "the header Idempotency-Key should be 1 to 100 visible characters")
    invoice, cents = _posting(await _body(request))
    db = _db(request)
    if db.execute("SELECT 1 FROM invoices WHERE number = ?", (invoice,)).fetchone() is None:
        raise HTTPException(422, "invoice: there is no such invoice")
    with db:
        # One statement decides who is first, so that two requests at the same time cannot both be.
        fresh = db.execute(
            "INSERT INTO postings VALUES (?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
            (uuid.uuid4().hex, invoice, cents, key),
        ).rowcount
    id, *content = db.execute("SELECT id, invoice, cents FROM postings WHERE key = ?", (key,)).fetchone()
    if not fresh and content != [invoice, cents]:
        raise HTTPException(409, "this Idempotency-Key was used for another posting")
    return JSONResponse(_shown(id, invoice, cents), 201, {"Location": f"/postings/{id}"})


async def read_posting(request: Request) -> Response:
    """One posting."""
    id = request.path_params["id"]
    row = _db(request).execute("SELECT id, invoice, cents FROM postings WHERE id = ?", (id,)).fetchone()
    if row is None:
        raise HTTPException(404, "there is no such posting")
    return JSONResponse(_shown(*row))


async def take_back(request: Request) -> Response:
    """Take a posting back."""
    with _db(request) as db:
        gone = db.execute("DELETE FROM postings WHERE id = ?", (request.path_params["id"],)).rowcount
    if not gone:
        raise HTTPException(404, "there is no such posting")
    return Response(status_code=204)


def application(token: str) -> Starlette:
    """The API over a fresh copy of the made-up table."""
    db = database()
    db.execute(_POSTINGS)
    routes = [
        Route(OPEN, document),
        Route("/invoices", list_invoices),
        Route("/invoices/{number}", read_invoice),
        Route("/suppliers", list_suppliers),
        Route("/postings", post, methods=["POST"]),
        Route("/postings/{id}", read_posting),
        Route("/postings/{id}", take_back, methods=["DELETE"]),
    ]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Bearer, token=token)],
        exception_handlers={HTTPException: refused, Exception: broken},
    )
    app.router.redirect_slashes = False
    app.state.db = db
    return app


def main() -> None:
    """Serve until standard input ends."""
    token = os.environ.get(TOKEN_ENV)
    if not token:
        sys.exit(f"{TOKEN_ENV} is not set: it is the token that callers must bring")
    config = uvicorn.Config(application(token), log_level="warning", access_log=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # else each answer waits 40 ms for company
    when_stdin_ends(lambda: setattr(server, "should_exit", True))
    print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
    server.run(sockets=[listening])


def _db(request: Request) -> sqlite3.Connection:
    """The database; all handlers run on one thread, so one connection is enough."""
    db: sqlite3.Connection = request.app.state.db
    return db


def _invoice(row: tuple[Any, ...]) -> dict[str, Any]:
    number, supplier, cents, currency, issued, due, paid = row
    return {
        "number": number, "supplier": supplier, "amount": money(cents), "currency": currency, "issued": issued,
        "due": due, "paid": bool(paid),
    }  # fmt: skip


def _shown(id: str, invoice: str, cents: int) -> dict[str, Any]:
    return {"id": id, "invoice": invoice, "amount": money(cents)}


def _numbers(text: str | None) -> list[str] | None:
    """The invoice numbers of a list with commas; None where nobody asked for any."""
    if text is None:
        return None
    numbers = text.split(",")
    if len(numbers) > MOST_NUMBERS or not all(map(_NUMBER.fullmatch, numbers)):
        raise HTTPException(400, f"numbers should be up to {MOST_NUMBERS} such as INV-10001, with commas between")
    return numbers


def _limit(text: str | None) -> int:
    """How many items a page has."""
    if text is None:
        return USUAL_ITEMS
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= MOST_ITEMS:
        raise HTTPException(400, f"limit should be a whole number from 1 to {MOST_ITEMS}")
    return int(text)


async def _body(request: Request) -> Any:
    """The JSON that was sent, read only as far as a posting may be long."""
    sent = b""
    async for piece in request.stream():
        sent += piece
        if len(sent) > LONGEST_BODY:
            raise HTTPException(413, f"a posting has at most {LONGEST_BODY:,} bytes")
    try:
        return json.loads(sent)
    except (ValueError, RecursionError):
        raise HTTPException(400, "the body should be JSON") from None


def _posting(body: Any) -> tuple[str, int]:
    """Invoice and cents of a posting; every fault of it is told at once."""
    given = body if isinstance(body, dict) else {}
    invoice, amount = given.get("invoice"), given.get("amount")
    faults = [f"{name}: unknown" for name in given if name not in ("invoice", "amount")]
    if not (isinstance(invoice, str) and _NUMBER.fullmatch(invoice)):
        faults.append("invoice: should be a number such as INV-10001")
    if not (isinstance(amount, str) and _AMOUNT.fullmatch(amount)):
        faults.append('amount: should be text with two decimals such as "12.50"')
    if faults:
        raise HTTPException(422, "; ".join(faults))
    return str(invoice), int(str(amount).replace(".", ""))


if __name__ == "__main__":
    main()
