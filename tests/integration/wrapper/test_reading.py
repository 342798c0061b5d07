"""Documents are read as JSON or YAML, whatever they are called, and cannot keep the probe busy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pilotage.integration.checks import Fault
from pilotage.integration.wrapper.reading import parsed

NINE = "bcdefghij"
BOMB = "a: &a [x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("a" + NINE, NINE, strict=False)
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 2024-01-01", "2024-01-01"),
        ("a: 2024-01-01T10:00:00Z", "2024-01-01T10:00:00Z"),
        ("a: !!timestamp 2024-01-01", "2024-01-01"),
        ("a: no", "no"),
        ("a: on", "on"),
        ("a: 12:30:00", "12:30:00"),
        ("a: 3.1.0", "3.1.0"),
        ("a: true", True),
        ("a: ~", None),
        ("a:", None),
        ("a: -3", -3),
        ("a: 1e3", 1000.0),
        ("a: '200'", "200"),
        ("a: {200: ok, on: x}", {"200": "ok", "on": "x"}),
        ("b: &b {x: 1}\na: {<<: *b, y: *b}", {"x": 1, "y": {"x": 1}}),
        ('{"a": 1}', 1),
        ("{a: 1}", 1),
    ],
)
def test_yaml_says_what_json_would_say(text: str, value: Any) -> None:
    assert parsed("/openapi.json", text.encode())["a"] == value


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty"),
        ("<html>the documentation", "begin with “<html>the documentation”"),
        ('{"a": 1,', "Expecting property name"),
        ("a: [1", "did not find expected"),
        ("[1]", "holds no object"),
        ("a: &a {b: *a}", "an alias stands for what it is in"),
        (BOMB, "more than 500,000 values"),
        (BOMB.replace("[x, x, x]", "{x: 1}").replace(": &", ": !!map &").replace("[", "{<<: [").replace("]", "]}"),
         "more than 500,000 values"),
        ("[" * 100_000, "nested without end"),
        ('{"a":' * 100_000, "nested without end"),
        ("- " * 100_000, "nested without end"),
        ("- 1\n" * 900_000, "more than 500,000 values"),
        (f"a: &a 1\nb: [{'*a,' * 900_000}]", "more than 500,000 values"),
        ("!!python/object/apply:os.system [ls]", "could not determine a constructor"),
        ("a: !!binary aGk=", "not JSON serializable"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_why_and_soon(text: str, why: str, within: Callable[..., bool]) -> None:
    def read() -> None:
        with pytest.raises(Fault, match=why) as told:
            parsed("/openapi.yaml", text.encode())
        assert told.value.reason == "bad_openapi"

    assert within(1.0, read)
