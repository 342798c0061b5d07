"""The rules that hold for messages on every broker, and for their schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import pytest

from pilotage.integration.checks import Fault
from pilotage.integration.events.messages import Received, check_arrived, check_order, check_recognised, messages
from pilotage.integration.events.schema import check_schema

SENT = messages({"invoice": "INV-1"}, keys=2, each=3)
GOT = [Received(**asdict(one)) for one in SENT]
ONE = replace(GOT[0], redelivered=False)
AGAIN = replace(GOT[0], redelivered=True)


def reason(check: Any, *given: Any) -> str:
    with pytest.raises(Fault) as caught:
        check(*given)
    return caught.value.reason


def test_messages_that_arrived_in_each_keys_order_are_in_order() -> None:
    check_arrived(SENT, GOT)
    check_order(sorted(GOT, key=lambda one: one.key))


def test_a_message_that_is_missing_is_lost() -> None:
    assert reason(check_arrived, SENT, GOT[1:]) == "messages_lost"


def test_one_changed_byte_is_seen() -> None:
    assert reason(check_arrived, SENT, [replace(GOT[0], body=b'{"invoice":"INV-1"}'), *GOT[1:]]) == "bytes_changed"


def test_a_key_that_is_overtaken_within_its_partition_is_reordered() -> None:
    assert reason(check_order, [GOT[2], GOT[0], *GOT[3:]]) == "keys_reordered"


def test_a_key_in_two_partitions_is_reordered_even_where_it_happened_to_come_in_order() -> None:
    assert reason(check_order, [GOT[0], replace(GOT[2], partition=1)]) == "keys_reordered"


@pytest.mark.parametrize(
    ("again", "twice"),
    [
        ([], [ONE, ONE, GOT[1]]),
        ([replace(AGAIN, id="")], [ONE, ONE, GOT[1]]),
        ([replace(AGAIN, redelivered=False)], [ONE, ONE, GOT[1]]),
        ([AGAIN], [ONE, replace(ONE, id="new"), GOT[1]]),
        ([AGAIN], [ONE, ONE, ONE]),
    ],
)
def test_a_second_delivery_without_id_or_mark_is_a_duplicate_not_seen(
    again: list[Received], twice: list[Received]
) -> None:
    check_recognised(ONE, [AGAIN], [ONE, ONE, GOT[1]])
    assert reason(check_recognised, ONE, again, twice) == "duplicate_not_seen"


@pytest.mark.parametrize("twice", [[], [GOT[1]], [ONE, GOT[1]]])
def test_of_three_messages_those_that_did_not_come_are_lost_and_no_duplicate(twice: list[Received]) -> None:
    assert reason(check_recognised, ONE, [AGAIN], twice) == "messages_lost"


@pytest.mark.parametrize(
    ("schema", "message", "expected"),
    [
        ({}, {"a": 1}, "schema_accepts_anything"),
        ({"type": "object"}, {"a": 1}, "schema_accepts_anything"),
        ({"type": "object", "required": ["a"]}, {"a": "x", "b": 1}, "schema_accepts_anything"),
        ({"properties": {"a": {"type": "string"}}}, {"a": "x", "b": 1}, "schema_accepts_anything"),
        ({"required": ["b"]}, {"a": 1}, "message_invalid"),
        ({"type": "objekt"}, {"a": 1}, "schema_invalid"),
        ({"$ref": "#"}, {"a": 1}, "schema_invalid"),
        ({"$ref": "http://127.0.0.1:1/schema.json"}, {"a": 1}, "schema_invalid"),
    ],
)
def test_a_schema_that_protects_nothing_is_refused(
    schema: Mapping[str, Any], message: Mapping[str, Any], expected: str
) -> None:
    assert reason(check_schema, schema, message) == expected


def test_a_property_that_the_schema_leaves_open_is_named() -> None:
    open_ = {"required": ["a", "b"], "properties": {"a": {"type": "string"}}}
    with pytest.raises(Fault, match=r"accepted for b$"):
        check_schema(open_, {"a": "x", "b": 1})
    typed = {"properties": {"a": {"type": "string"}, "b": {"type": ["number", "null"]}, "c": {"enum": [1, "?"]}}}
    assert "refused" in check_schema(typed, {"a": "x", "b": 1, "c": 1})


def test_a_schema_of_a_tree_may_refer_to_itself() -> None:
    tree = {"type": "object", "properties": {"name": {"type": "string"}, "child": {"$ref": "#"}}}
    assert "refused" in check_schema(tree, {"name": "a", "child": {"name": "b"}})
