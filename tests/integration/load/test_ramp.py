from __future__ import annotations

import math
import socket
from collections.abc import Callable
from typing import Any

import pytest

from pilotage.errors import InputFaults, PilotageError
from pilotage.integration.load import run_load, target_of
from pilotage.integration.load.result import NOT_SENT, LoadResult, Sent, step_of

SECONDS, TRIES = 3.0, 4


def at_a_quiet_moment(worker: Any, run: Callable[[], LoadResult]) -> LoadResult:
    """The first of a few runs that held, else the last: on a busy machine it is the sender that is late."""
    for _ in range(TRIES):
        worker.seen = 0
        found = run()
        if found.held:
            break
    return found


def test_a_system_that_keeps_up_holds_to_twice_the_rate(worker: Any, entry: Any) -> None:
    found = at_a_quiet_moment(worker, lambda: run_load(target_of(entry(worker.address)), SECONDS))
    assert found.held
    assert [step.offered_per_s for step in found.steps] == [10.0, 20.0, 30.0, 40.0][: len(found.steps)]
    assert worker.seen == 3 + sum(step.n for step in found.steps)


def test_one_worker_gives_way_beyond_one_request_each_service_time(worker: Any, entry: Any) -> None:
    worker.service_s = 1 / 50  # so it can do at most 50 a second: 30 it can, 60 it cannot
    target = target_of(entry(worker.address, rate=30.0, p95_ms=250.0))
    found = at_a_quiet_moment(worker, lambda: run_load(target, 2 * SECONDS))
    assert found.held
    assert found.saturation is not None
    assert found.saturation.offered_per_s in (45.0, 60.0)
    assert found.saturation.achieved_per_s < 51


def test_a_limit_missed_below_the_target_ends_the_ramp_there(worker: Any, entry: Any) -> None:
    worker.service_s = 0.2  # 5 a second
    found = run_load(target_of(entry(worker.address, rate=40.0)), SECONDS)
    assert not found.held
    assert found.at_target is None
    assert [step.offered_per_s for step in found.steps] == [20.0]


def test_load_brings_the_key_in_the_header_that_the_entry_names(
    worker: Any, entry: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOAD_KEY", "a-key")
    system = entry(worker.address, auth="bearer", key_env="LOAD_KEY", key_header="X-API-Key")
    found = run_load(target_of(system), 0.3)
    assert worker.headers["X-API-Key"] == "a-key"
    assert "Authorization" not in worker.headers
    assert "a-key" not in repr((found, target_of(system)))


def test_a_line_break_ends_no_load_with_a_bare_error_and_tells_no_key(
    worker: Any, entry: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = entry(worker.address, auth="bearer", key_env="LOAD_KEY")
    monkeypatch.setenv("LOAD_KEY", "a-key\n")
    run_load(target_of(system), 0.3)
    assert worker.headers["Authorization"] == "Bearer a-key"
    monkeypatch.setenv("LOAD_KEY", "a-key\nand more")
    with pytest.raises(InputFaults, match="LOAD_KEY holds a character that no header takes") as told:
        target_of(system)
    assert "a-key" not in str(told.value)


@pytest.mark.parametrize(("status", "fault"), [(500, "status 500"), (403, "status 403"), (307, "status 307")])
def test_refusals_failures_and_redirects_are_errors(worker: Any, entry: Any, status: int, fault: str) -> None:
    worker.status, worker.to = status, "/somewhere" if status == 307 else ""
    found = run_load(target_of(entry(worker.address)), 1.0)
    assert found.steps[0].faults == {fault: found.steps[0].n}
    assert found.steps[0].error_rate == 1
    assert found.steps[0].p95_ms is None
    assert worker.seen == 3 + found.steps[0].n


def test_a_request_without_an_answer_says_how_long_it_was_waited_for(
    entry: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pilotage.integration.load.ramp.WARM_UP", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        system = entry(f"http://127.0.0.1:{silent.getsockname()[1]}", p95_ms=550.0)
        with pytest.raises(PilotageError, match=r"no answer in 1\.1 s"):
            run_load(target_of(system), 1.0)


def test_nothing_that_answers_is_said_at_once(entry: Any) -> None:
    with pytest.raises(PilotageError, match="cannot be put under load: no answer"):
        run_load(target_of(entry("http://127.0.0.1:9")), 1.0)


def test_waiting_in_line_counts_as_the_systems_time() -> None:
    # A worker that takes 1 s, asked every 0.5 s: the tenth answer comes at 10 s and was due at 4.5 s.
    sent = [Sent(due_s=0.5 * place, done_s=1.0 + place) for place in range(10)]
    step = step_of(2.0, sent, 5)
    assert step.p99_ms == pytest.approx(5455, abs=100)
    assert step.achieved_per_s == 1.0


def test_slow_but_steady_answers_are_no_lack_of_pace() -> None:
    step = step_of(10.0, [Sent(place / 10, place / 10 + 3.0) for place in range(20)], 30)
    assert step.achieved_per_s == pytest.approx(10.0)


def test_what_was_not_sent_counts_as_failed_and_is_named() -> None:
    answered = [Sent(place / 10, place / 10 + 0.1) for place in range(8)]
    step = step_of(10.0, [*answered, Sent(0.8, 0.8, NOT_SENT), Sent(0.9, 0.9, NOT_SENT)], 200)
    assert (step.errors, step.not_sent, step.error_rate) == (2, 2, 0.2)
    assert step.p95_ms is None
    assert step.achieved_per_s == pytest.approx(8.0)


@pytest.mark.parametrize(("n", "bounded"), [(58, False), (59, True)])
def test_p95_has_an_upper_bound_from_59_answers_on(n: int, bounded: bool) -> None:
    # The largest of n lies above the 95% point with a chance of 1 - .95^n, which passes 95% at 59.
    assert (1 - 0.95**n >= 0.95) is bounded
    step = step_of(10.0, [Sent(place / 10, place / 10 + 0.1) for place in range(n)], 1)
    assert (step.p95_high_ms is not None) is bounded


@pytest.mark.parametrize(("n", "sure"), [(298, False), (299, True)])
def test_one_per_cent_of_errors_is_excluded_from_299_answers_on(n: int, sure: bool) -> None:
    assert (0.99**n <= 0.05) is sure
    step = step_of(10.0, [Sent(place / 10, place / 10 + 0.1) for place in range(n)], 1)
    assert (step.error_rate_high <= 0.01) is sure
    assert math.isclose(step.error_rate, 0.0)
