"""What people fill in is read as they wrote it, and every fault is told with its place."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ConfigDict, Field

from pilotage.forms import fill, near, parse_mapping, read_mapping


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")

    value: int
    unit: str = ""


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid")

    parts: tuple[Part, ...] = ()
    named: dict[str, Part] = {}
    words: dict[str, str] = {}
    code: str = Field("", pattern=r"^[a-z]{0,3}$")
    several: int = Field(2, gt=1)


def test_scalars_are_what_yaml_says_or_the_text_that_was_written():
    text = "{a: no, b: 007, c: 1.0, d: ~}"
    assert parse_mapping(text) == ({"a": False, "b": 7, "c": 1.0, "d": None}, [])
    assert parse_mapping(text, typed=False) == ({"a": "no", "b": "007", "c": "1.0", "d": "~"}, [])


@pytest.mark.parametrize("typed", [True, False])
@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "is empty"),
        ("[a]", "should be a mapping of keys to values"),
        ("a: 1\nb: {c: 1, c: 2}\na: 2", "line 3: 'a' stands already on line 1"),
        ("a: [\n", "line 2, column 1: "),
        ("a: \x07", "cannot be read as YAML: "),
        ("? [a]\n: b", "line 1, column 3: found unhashable key"),
    ],
)
def test_a_text_that_is_no_mapping_says_why(typed, text, fault):
    mapping, faults = parse_mapping(text, typed)
    assert (mapping, faults[0][: len(fault)]) == ({}, fault)


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path):
    assert read_mapping(tmp_path / "none.yaml") == ({}, ["is missing"])
    assert read_mapping(tmp_path) == ({}, ["cannot be read: Is a directory"])


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        ({"parts": [{"value": 1}, {"value": "x"}]}, ["parts[2]: should be an integer (got 'x')"]),
        ({"named": {"a": {}}}, ["named.a: is missing"]),
        ({"words": {"value": ["x"]}}, ["words.value: should be text"]),
        ({"part": []}, ["part: is not a known key; did you mean 'parts'?"]),
        ({"parts": [{"value": 1, "zzz": 2}]}, ["parts[1].zzz: is not a known key; known: value, unit"]),
        ({"parts": [{"value": 1, "Unit2": 2}]}, ["parts[1].Unit2: is not a known key; did you mean 'unit'?"]),
        ({"code": "{x}"}, ["code: should match ^[a-z]{0,3}$ (got '{x}')"]),
        ({"several": 1}, ["several: should be more than 1 (got 1)"]),
        ([], ["should be a mapping of keys to values"]),
    ],
)
def test_each_fault_of_a_form_says_where_and_what(given, faults):
    assert fill(Form, given) == (None, faults)


def test_a_name_near_none_of_many_is_left_alone():
    assert near("zzz", ["a", "b"]) == "; known: a, b"
    assert near("zzz", (f"a{at}" for at in range(99))) == ""
    assert near("zzz", []) == ""


class Keyed(BaseModel):
    key_env: str = Field("", pattern=r"^[A-Z_]*$")


def test_what_stands_where_the_name_of_a_keys_variable_should_is_never_repeated():
    _, faults = fill(Keyed, {"key_env": "tok4-secret"})
    assert [fault.partition(":")[0] for fault in faults] == ["key_env"]
    assert "tok4" not in faults[0]
