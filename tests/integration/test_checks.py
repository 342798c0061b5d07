"""A check is one row whatever happens in it, and no row repeats a secret."""

from __future__ import annotations

import ssl
from typing import Any

import pytest

from pilotage.integration.checks import LONGEST, SEARCHED, Fault, Recorder, Skip, as_fault, ending, shown
from pilotage.integration.wrapper.calling import Answer

HUGE = "x" * 10_000


def row(error: Exception | None = None, evidence: str = "", hidden: tuple[str, ...] = ()) -> dict[str, Any]:
    told: list[dict[str, Any]] = []
    with Recorder(told.append, hidden).check("one") as found:
        found.evidence = evidence
        if error:
            raise error
    assert told[0] == {"begin": "one"}
    return told[1]


def test_a_block_that_raises_nothing_passes_with_its_evidence() -> None:
    assert row(evidence="3 calls")["status"] == "pass"
    assert row(evidence="3 calls")["evidence"] == "3 calls"


CASES = [
    (Fault("too_slow", "p95 3 s"), "fail", "too_slow"),
    (Skip("not_pinned", "no file"), "skipped", "not_pinned"),
    (TimeoutError(), "fail", "timed_out"),
    (ConnectionRefusedError("refused"), "fail", "unreachable"),
    (ssl.SSLCertVerificationError("expired"), "fail", "tls_error"),
    (ValueError("odd"), "fail", "unexpected"),
    (ModuleNotFoundError("no module", name="nats"), "skipped", "not_installed"),
    (ExceptionGroup("several", [ValueError("x"), ConnectionResetError("gone")]), "fail", "unreachable"),
]


@pytest.mark.parametrize(("error", "status", "reason"), CASES)
def test_each_exception_has_its_code(error: Exception, status: str, reason: str) -> None:
    found = row(error)
    assert (found["status"], found["reason"]) == (status, reason)


@pytest.mark.parametrize("error", [TimeoutError(), ConnectionResetError()])
def test_an_exception_without_words_is_named(error: Exception) -> None:
    assert row(error)["evidence"].endswith(type(error).__name__)


def test_the_cause_decides_and_not_the_wrapping() -> None:
    def wrapped() -> None:
        try:
            raise ssl.SSLError("bad certificate")
        except ssl.SSLError as cause:
            raise RuntimeError("request failed") from cause

    with pytest.raises(RuntimeError) as caught:
        wrapped()
    assert as_fault(caught.value).reason == "tls_error"


def test_secrets_personal_data_control_characters_and_length_are_kept_out_of_evidence() -> None:
    told = row(Fault("odd", f"s3cret-token \x1b[31m ann@example.com {HUGE}"), hidden=("s3cret-token",))["evidence"]
    assert "s3cret" not in told
    assert "ann@example.com" not in told
    assert "\x1b" not in told
    assert len(told) < LONGEST + 40


KEY = "SECRETKEY" * 40  # longer than what is quoted


@pytest.mark.parametrize("lead", [0, 40, 150, 155])
def test_a_secret_that_was_cut_in_two_is_hidden_all_the_same(lead: int) -> None:
    quoted = Answer(500, {}, f"{'x' * lead} {KEY} was refused".encode(), 1.0).quoted
    assert shown(quoted, (KEY,)).count("[secret]") == 1
    assert "SECR" not in shown(quoted, (KEY,))
    assert "SECR" not in shown(f"{'x' * lead} {KEY}"[:160], (KEY,))


@pytest.mark.parametrize("kept", [5, 50, 355])
def test_the_end_of_a_secret_that_was_cut_off_is_hidden(kept: int) -> None:
    told = shown(ending(f"{KEY} is wrong", kept + len(" is wrong")), (KEY,))
    assert told == "…[secret] is wrong"


def test_words_that_only_begin_like_a_secret_are_told() -> None:
    assert shown("the secrets of a secret place", ("secretive",)) == "the secrets of a secret place"
    assert shown("open sesame, opened", ("opener",)) == "open sesame, opened"


def test_a_secret_behind_all_that_is_searched_is_not_told() -> None:
    told = shown(f"{'ann@example.com ' * 1250}{KEY}"[: SEARCHED + 30], (KEY,))
    assert "SECR" not in told


def test_the_probe_goes_on_after_a_fault_and_knows_of_it() -> None:
    recorder = Recorder(lambda line: None)
    with recorder.check("one"):
        raise Fault("odd", "")
    with recorder.check("two"):
        pass
    assert (recorder.passed("one"), recorder.passed("two"), recorder.passed("never made")) == (False, True, False)
