"""Fingerprints do not depend on spelling, and files appear whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from pilotage.hashes import sha256_file, sha256_json, write_json_atomically


def test_the_order_of_keys_does_not_matter() -> None:
    assert sha256_json({"a": 1, "b": [2]}) == sha256_json({"b": [2], "a": 1})
    assert sha256_json({"a": 1}) != sha256_json({"a": 2})


def test_not_a_number_is_refused_and_the_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "x.json"
    write_json_atomically(path, {"n": 1})
    before = sha256_file(path)
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json_atomically(path, {"n": float("nan")})
    assert sha256_file(path) == before
    assert [found.name for found in path.parent.iterdir()] == ["x.json"]
