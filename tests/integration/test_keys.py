"""A key goes out in the header that the entry names, and comes back in no evidence."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pilotage.integration.checks import secrets_of, shown
from pilotage.integration.keys import key_headers, key_of, made_up, spellings, unfit
from pilotage.integration.mcp.server import McpServer
from pilotage.integration.smoke_test import unset
from pilotage.playbook.systems import McpSystem, WrapperSystem
from pilotage.workspace import Workspace

BASIC = f"Basic {base64.b64encode(b'desk:open sesame').decode()}"
LIMIT = {"value": 1, "reason": "r", "source": "s", "set_by": "b"}
FACTS = {
    "name": "an API", "pattern": "wrapper", "what": "w", "address": "https://h", "key_env": "A_KEY",
    "update_frequency": "hourly", "consistency": "strong", "p95_ms_max": LIMIT,
}  # fmt: skip


@pytest.mark.parametrize(
    ("key", "header", "sent"),
    [
        ("k", None, {"Authorization": "Bearer k"}),
        ("k", "X-API-Key", {"X-API-Key": "k"}),
        (BASIC, "Authorization", {"Authorization": BASIC}),
        ("", "X-API-Key", {}),
        (None, None, {}),
        (" k\n", None, {"Authorization": "Bearer k"}),
        ("\n", "X-API-Key", {}),
    ],
)
def test_the_key_goes_where_the_entry_says(key: str | None, header: str | None, sent: dict[str, str]) -> None:
    assert key_headers(key, header) == sent


def test_a_made_up_key_has_the_form_of_the_real_one() -> None:
    scheme, _, rest = made_up(BASIC, "Authorization").partition(" ")
    assert (scheme, base64.b64decode(rest)[:9]) == ("Basic", b"pilotage:")
    assert " " not in made_up("abc", "X-API-Key")
    assert made_up("abc", None) != made_up("abc", None)


def test_no_part_of_a_key_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", BASIC)
    hidden = secrets_of(WrapperSystem.model_validate({**FACTS, "key_header": "Authorization"}))
    said = f"got {BASIC}, so {BASIC.partition(' ')[2]}; desk:open sesame may not, nor open sesame"
    assert shown(said, hidden) == "got [secret], so [secret]; [secret] may not, nor [secret]"


def basic(pair: str) -> str:
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


@pytest.mark.parametrize(
    ("pair", "said", "told"),
    [
        ("sk_live_abc123:", "no such key sk_live_abc123", "no such key [secret]"),
        ("apikey123:X", "apikey123 at X, eXactly", "[secret] at X, eXactly"),
        ("desk:open sesame\n", "desk says open sesame", "desk says [secret]"),
    ],
)
def test_the_user_may_be_the_key_and_what_is_too_short_hides_no_other_words(pair: str, said: str, told: str) -> None:
    assert shown(said, tuple(spellings(basic(pair), "Authorization"))) == told


def test_a_key_is_read_without_the_line_break_at_its_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("A_KEY", " abcSECRET1\n")
    system = McpSystem.model_validate({**FACTS, "pattern": "mcp"})
    assert McpServer(system, Workspace(tmp_path)).headers == {"Authorization": "Bearer abcSECRET1"}
    assert (key_of("A_KEY"), unfit("A_KEY")) == ("abcSECRET1", "")
    assert (key_of(None), key_of("NOT_SET_ANYWHERE")) == ("", "")


@pytest.mark.parametrize("key", ["abcSECRET1\nSECRET2def", "abcSECRET1\x7fSECRET2def", "abcSECRET1\u20acSECRET2def"])
def test_a_key_that_no_header_takes_is_refused_by_its_variable(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", key)
    [wrong] = unset(WrapperSystem.model_validate(FACTS))
    assert wrong.startswith("key_env: the environment variable A_KEY holds a character that no header takes")
    assert "SECRET" not in wrong


def test_a_server_that_is_started_may_be_given_a_key_of_several_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "abcSECRET1\nSECRET2def")
    facts = {name: value for name, value in FACTS.items() if name != "address"}
    system = McpSystem.model_validate({**facts, "pattern": "mcp", "command": ("python", "server.py")})
    assert unset(system) == []
    assert shown(f"got {os.environ['A_KEY']!r}", secrets_of(system)) == "got '[secret]\\n[secret]'"


@pytest.mark.parametrize(
    "wrong",
    [
        {"key_header": "X API Key"},
        {"key_header": "X-Key: a"},
        {"key_header": "X-API-Key", "auth": "none", "key_env": None},
        {"key_header": "X-API-Key", "address": "embedded"},
    ],
)
def test_a_header_that_brings_no_key_is_refused(wrong: dict[str, Any]) -> None:
    WrapperSystem.model_validate(FACTS)
    with pytest.raises(ValidationError, match="key_header"):
        WrapperSystem.model_validate({**FACTS, **wrong})
