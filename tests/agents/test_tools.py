"""A Python function as a tool: what the model is told of it."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from pilotage.agents.tools import schema_of, tool_of


def look(
    number: str,
    year: int,
    share: float = 0.5,
    paid: bool | None = None,
    kind: Literal["a", "b"] = "a",
    tags: list[str] | None = None,
    more: dict[str, Any] | None = None,
    any_thing=None,
) -> str:
    """Look something up.

    Second line.
    """
    return ""


class Desk:
    def __call__(self, number: str) -> str:
        """Ask the desk."""
        return number

    def ask(self, number: str) -> str:
        """Ask it."""
        return number


def test_the_signature_and_the_docstring_tell_the_model_about_a_tool():
    tool = tool_of(look)
    assert (tool.name, tool.description) == ("look", "Look something up.\n\nSecond line.")
    nothing = {"type": "null"}
    assert tool.offered["function"]["parameters"] == {
        "type": "object",
        "properties": {
            "number": {"type": "string"},
            "year": {"type": "integer"},
            "share": {"type": "number"},
            "paid": {"anyOf": [{"type": "boolean"}, nothing]},
            "kind": {"enum": ["a", "b"]},
            "tags": {"anyOf": [{"type": "array", "items": {"type": "string"}}, nothing]},
            "more": {"anyOf": [{"type": "object"}, nothing]},
            "any_thing": {},
        },
        "required": ["number", "year"],
        "additionalProperties": False,
    }


def test_a_given_schema_goes_before_the_signature():
    def bare(number):
        """x"""

    bare.json_schema = {"type": "object", "properties": {"number": {"type": "string", "pattern": "^INV"}}}
    assert tool_of(bare).parameters is bare.json_schema


@pytest.mark.parametrize(("made", "name"), [(Desk(), "Desk"), (Desk().ask, "ask")])
def test_methods_and_objects_that_can_be_called_are_tools_too(made, name):
    tool = tool_of(made)
    assert (tool.name, list(tool.parameters["properties"])) == (name, ["number"])


def test_further_named_arguments_are_allowed_where_the_function_takes_them():
    assert schema_of(lambda **more: None) == {
        "type": "object",
        "properties": {},
        "required": [],
        "additionalProperties": True,
    }
