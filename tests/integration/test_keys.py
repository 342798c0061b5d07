"""A key goes out in the header that the entry names, and comes back in no evidence."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from pydantic import ValidationError

from pilotage.integration.checks import secrets_of, shown
from pilotage.integration.keys import key_headers, made_up
from pilotage.playbook.systems import WrapperSystem

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
