from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

RIGHT = b"Bearer made-for-the-test"
Answer = tuple[int, dict[str, str], bytes]


def writes_let_in(scope: dict[str, Any], only: bytes | None = None) -> None:
    """Who writes is taken for one with the token: every caller, or those who bring any."""
    given = dict(scope["headers"]).get(b"authorization")
    if scope["method"] == "POST" and (only is None or given):
        kept = [(key, value) for key, value in scope["headers"] if key != b"authorization"]
        scope["headers"] = [*kept, (b"authorization", RIGHT)]


def refused_writes_answer(status: int) -> Callable[..., Answer]:
    """A writing call is answered so where the token is not right."""

    def after(scope: Mapping[str, Any], was: int, headers: dict[str, str], body: bytes) -> Answer:
        refused = scope["method"] == "POST" and was == 401
        return (status, {"Content-Type": "application/json"}, b'{"detail": "no"}') if refused else (was, headers, body)

    return after


@pytest.mark.parametrize(
    ("before", "who"),
    [(writes_let_in, "without a token"), (lambda scope: writes_let_in(scope, RIGHT), "with a wrong token")],
)
def test_a_write_that_strangers_may_make_is_no_auth_and_is_taken_back(
    before: Any, who: str, serving: Any, between: Any, entry: Any, probed: Any
) -> None:
    app = between(before=before)
    with serving(app) as address:
        rows = probed(entry(address))
    assert {id: row["reason"] for id, row in rows.items() if row["reason"]} == {"wrapper.auth": "no_auth"}
    assert rows["wrapper.auth"]["evidence"] == f"POST /postings {who} answers 201; 1 of 1 made were taken back"
    assert app.app.state.db.execute("SELECT count(*) FROM postings").fetchone() == (0,)


def test_strangers_write_under_keys_of_the_probes_own(serving: Any, between: Any, entry: Any, probed: Any) -> None:
    app = between()
    with serving(app) as address:
        evidence = probed(entry(address))["wrapper.auth"]["evidence"]
    strange = [head for method, _, head in app.seen if method == "POST" and head.get(b"authorization") != RIGHT]
    keys = [head[b"idempotency-key"] for head in strange]
    assert [head.get(b"authorization", b"")[:7] for head in strange] == [b"", b"Bearer "]
    assert len({*keys}) == 2
    assert all(key.startswith(b"pilotage-") for key in keys)
    assert evidence == "2 safe calls and 1 writing call refused without a token and with a wrong one"


@pytest.mark.parametrize("status", [400, 422])
def test_a_refused_content_says_nothing_of_the_token(
    status: int, serving: Any, between: Any, entry: Any, probed: Any
) -> None:
    with serving(between(after=refused_writes_answer(status))) as address:
        row = probed(entry(address))["wrapper.auth"]
        silent = probed(entry(address, safe_calls=()))["wrapper.auth"]
    told = f"POST /postings without a token answers {status}, which says nothing of the token"
    assert row["status"] == "pass"
    assert row["evidence"] == f"2 safe calls refused without a token and with a wrong one; {told}"
    assert (silent["status"], silent["reason"]) == ("skipped", "no_safe_call")


def test_a_write_that_fails_for_strangers_is_a_server_error(
    serving: Any, between: Any, entry: Any, probed: Any
) -> None:
    with serving(between(after=refused_writes_answer(500))) as address:
        row = probed(entry(address))["wrapper.auth"]
    assert row["reason"] == "server_error"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"probe_may_write": False}, "probe_may_write is false"),
        ({"idempotent_calls": ()}, "idempotent_calls names none"),
    ],
)
def test_where_no_write_was_tried_the_evidence_says_so(
    change: dict[str, Any], why: str, serving: Any, between: Any, entry: Any, probed: Any
) -> None:
    app = between(before=writes_let_in)
    with serving(app) as address:
        row = probed(entry(address, **change))["wrapper.auth"]
    assert row["status"] == "pass"
    assert row["evidence"].endswith(f"; writing calls were not tried, since {why}")
    assert "POST" not in {method for method, _, _ in app.seen}
