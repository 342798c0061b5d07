"""What an API may answer or document to keep the probe busy without end."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from pilotage.integration.wrapper.calling import Answer
from pilotage.integration.wrapper.document import Document
from pilotage.integration.wrapper.errors import SEARCHED, TRACES, leaks, wrong_queries

ROOM = {"get": {"responses": {"200": {}}}}


def refused(text: str) -> Answer:
    return Answer(500, {}, text.encode(), 1.0)


@pytest.mark.parametrize(
    "text",
    [
        'Traceback (most recent call last):\n  File "/srv/app.py", line 3',
        'File "/srv/app.py", line 3, in get',
        "java.lang.NullPointerException\n\n\tat com.example.Desk.get(Desk.java:42)",
        "Error: no\n    at Object.<anonymous> (/srv/app.js:12:5)",
        "sqlite3.OperationalError: no such table",
        "psycopg2.errors.SyntaxError",
        "sqlalchemy.dialects.postgresql.asyncpg.ProgrammingError",
        "SQLSTATE[42000]",
        "System.NullReferenceException",
        "java.lang.NumberFormatException\n\tat java.base/java.lang.Integer.parseInt(Integer.java:652)",
        "TypeError: x\n    at Layer.handle [as handle_request] (/srv/node_modules/express/lib/router/layer.js:95:5)",
        "TypeError: x\n    at file:///srv/app.mjs:3:7",
        '(psycopg2.errors.InvalidTextRepresentation) invalid input syntax for type integer: "x"',
        "invalid input syntax\nLINE 1: SELECT * FROM t",
        "You have an error in your SQL syntax; check the manual",
    ],
)
def test_traces_of_the_usual_languages_and_databases_are_found(text: str) -> None:
    assert leaks(refused(text))
    assert leaks(refused(json.dumps({"errors": [{"trace": text}], "status": 400})))
    assert not leaks(refused("x" * SEARCHED + "\n" + text))


@pytest.mark.parametrize(
    "text", ["no invoice at INV-7 (line 3: 2)", "SELECT one of the options", "the headline 1: SELECTED", "meet at a.js"]
)
def test_a_plain_refusal_is_no_trace(text: str) -> None:
    assert not leaks(refused(json.dumps({"detail": text, "nested": [None, 7, {"a": text}]})))


@pytest.mark.parametrize(
    "piece",
    ["\n", "\t\n", "sqlite3.a.", "sqlite3.", "a.", "at ", "\nat a.", "\nat a(", "\nat a/",
     "LINE 1: ", "psycopg2.errors.", 'File "', 'near "', "System.a",
     "goroutine 1", "psycopg.a.b.c.d.e."],
)  # fmt: skip
def test_looking_for_traces_takes_time_in_line_with_the_length(piece: str, linear: Callable[..., bool]) -> None:
    assert linear(lambda size: TRACES.search((piece * (size // len(piece) + 1))[:size]), 4_000, 60_000)


@pytest.mark.parametrize(
    ("template", "path", "fits"),
    [
        ("/rooms/{id}", "/rooms/7", True),
        ("/rooms/{id}", "/rooms/7/beds", False),
        ("/rooms/{from}-{until}", "/rooms/1-2", True),
        ("/rooms/{a}{b}{c}", "/rooms/123", True),
        ("/{a}/{b}/{c}/{d}/{e}", "/1/2/3/4/5", True),
        ("/rooms/{", "/rooms/{", True),
        ("/{a}{b}{c}{d}x", "/1234x", False),
    ],
)
def test_a_call_belongs_to_the_documented_path_that_it_fits(template: str, path: str, fits: bool) -> None:
    document = Document({"paths": {template: ROOM}}, "")
    assert document.template("GET", path) == (template if fits else None)


@pytest.mark.parametrize("template", ["/" + "{a}" * 40 + "x", "/" + "{a}-" * 40 + "x", "/" + "{" * 40_000])
def test_a_documented_path_cannot_keep_the_probe_busy(template: str, within: Callable[..., bool]) -> None:
    document: Any = Document({"paths": {template: ROOM}}, "")
    assert within(0.2, lambda: document.template("GET", "/" + "-" * 200))


@pytest.mark.parametrize("parameters", [5, None, [None], {"a": 1}, [{"in": "query", "schema": {"type": "integer"}}]])
def test_parameters_of_another_form_are_no_crash(parameters: Any) -> None:
    operation = {"parameters": parameters, "responses": {"200": {}}}
    assert list(wrong_queries(Document({"paths": {"/rooms": {"get": operation}}}, ""))) == []
