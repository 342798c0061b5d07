"""An evaluation from its first call to its account: faults, waits, limits, resuming, refusals."""

from __future__ import annotations

import asyncio
import json
import os
from types import SimpleNamespace

import pytest

from pilotage.agents import Answer, Prices
from pilotage.errors import InputFaults, PilotageError
from pilotage.pilot.evaluate import Settings, run_tasks
from pilotage.pilot.evaluate.log import Log

PRICES = Prices(1.0, 1.0)


def counts(account):
    return account.planned, account.scored, account.errored, account.skipped


def test_every_task_is_put_once_and_scored(house, played):
    house.tasks(20)
    agent = played()
    account = house.evaluate(agent)
    assert counts(account) == (20, 20, 0, 0)
    assert account.complete
    assert sorted(agent.called) == sorted(f"q{i}" for i in range(20))


def test_each_task_is_put_as_often_as_there_are_trials(house, played):
    agent = played()
    account = house.evaluate(agent, trials=3)
    assert counts(account) == (9, 9, 0, 0)
    assert agent.called.count("q1") == 3


def test_no_more_runs_are_at_work_than_allowed(house, played):
    async def slow(run):
        await asyncio.sleep(0.005)
        return Answer("yes")

    house.tasks(40)
    agent = played(slow)
    house.evaluate(agent, concurrency=7)
    assert agent.most == 7


def test_a_wrong_answer_is_scored_and_wrong(house, played):
    async def one_wrong(run):
        return Answer("no" if run.text == "q1" else "yes")

    account = house.evaluate(played(one_wrong))
    assert (account.scored, account.correct) == (3, 2)


@pytest.mark.parametrize("kind", ["throttled", "server", "connection", "timeout", "unreadable"])
def test_a_fault_that_may_pass_is_tried_again(house, played, fault, kind):
    async def third_time(run):
        if run.attempts < 3:
            raise fault(kind)
        return Answer("yes")

    account = house.evaluate(played(third_time))
    assert (*counts(account), account.attempts) == (3, 3, 0, 0, 9)
    assert [line["attempt"] for line in house.lines() if line["final"]] == [3, 3, 3]


@pytest.mark.parametrize("kind", ["rejected", "crashed"])
def test_one_that_will_not_pass_is_not(house, played, fault, kind):
    async def refused(run):
        raise fault(kind, "no such model")

    account = house.evaluate(played(refused))
    assert (*counts(account), account.attempts) == (3, 0, 3, 0, 3)
    assert account.failed == ((kind, 3, "no such model"),)


def test_after_so_many_attempts_a_run_has_errored(house, played, fault):
    async def never(run):
        raise fault()

    account = house.evaluate(played(never), attempts=4)
    assert (*counts(account), account.attempts) == (3, 0, 3, 0, 12)
    rows = house.table("interactions")
    assert [(row["outcome"], row["success"], row["attempts"]) for row in rows] == [("error", None, 4)] * 3


def test_an_agent_that_breaks_its_word_costs_its_run_only(house, played):
    async def broken(run):
        if run.text == "q1":
            raise ZeroDivisionError("by \x1b zero")
        return Answer("yes")

    account = house.evaluate(played(broken))
    assert counts(account) == (3, 2, 1, 0)
    assert account.failed == (("crashed", 1, "the agent failed with ZeroDivisionError: by ¤ zero"),)


def test_an_agent_that_cancels_itself_cancels_nothing_else(house, played):
    async def cancelled(run):
        if run.text == "q1":
            raise asyncio.CancelledError
        return Answer("yes")

    account = house.evaluate(played(cancelled))
    assert counts(account) == (3, 2, 1, 0)
    assert account.failed == (("crashed", 1, "the agent cancelled itself"),)


def test_an_attempt_that_hangs_is_ended_and_made_again(house, played):
    async def hangs_once(run):
        if run.attempts == 1:
            await asyncio.sleep(3600)
        return Answer("yes")

    account = house.evaluate(played(hangs_once), call_timeout_s=0.1)
    assert counts(account) == (3, 3, 0, 0)
    assert house.lines()[0]["fault"]["detail"] == "no answer within 0.1 s"


def test_a_run_has_a_deadline_over_all_its_attempts(house, played):
    async def hangs(run):
        await asyncio.sleep(3600)

    account = house.evaluate(played(hangs), call_timeout_s=0.1, timeout_s=0.25, attempts=100)
    assert counts(account) == (3, 0, 3, 0)
    assert account.attempts <= 9
    assert "that a task may take with all its attempts" in house.lines()[-1]["fault"]["detail"]
    assert all(0.2 <= row["latency_s"] < 2 for row in house.table("interactions"))


def test_waits_and_failed_attempts_are_the_user_s_and_not_the_service_s(house, played, fault):
    async def slow_to_start(run):
        if run.attempts < 3:
            await asyncio.sleep(0.05)
            raise fault("server", "broken", 0.1)
        await asyncio.sleep(0.05)
        return Answer("yes")

    house.tasks(1)
    house.evaluate(played(slow_to_start))
    (row,) = house.table("interactions")
    assert 0.05 <= row["service_s"] < 0.15
    assert row["latency_s"] >= 0.35
    assert row["attempts"] == 3


def test_calls_that_a_later_attempt_built_on_count_as_service(house, played, fault):
    async def goes_on(run):
        if run.attempts == 1:
            run.note("ok", took=5.0)
            run.note("error", (None, None), took=7.0)
            raise fault()
        run.note("ok", took=0.001)
        return Answer("yes")

    house.tasks(1)
    house.evaluate(played(goes_on))
    (row,) = house.table("interactions")
    assert 5.0 <= row["service_s"] < 6.0
    assert (row["input_tokens"], row["attempts"]) == (20, 2)
    assert [len(line["model_calls"]) for line in house.lines()] == [2, 1]


def test_waiting_for_a_place_is_no_user_s_wait(house, played):
    async def slow(run):
        await asyncio.sleep(0.03)
        return Answer("yes")

    house.tasks(10)
    house.evaluate(played(slow), concurrency=1)
    assert max(row["latency_s"] for row in house.table("interactions")) < 0.2


def test_too_many_requests_lower_the_number_at_work_and_a_named_wait_holds_all(house, played, fault):
    began = []

    async def busy(run):
        loop = asyncio.get_running_loop()
        began.append(loop.time())
        if len(began) == 1:
            raise fault("throttled", "too many", 0.3)
        await asyncio.sleep(0.002)
        return Answer("yes")

    house.tasks(30)
    account = house.evaluate(played(busy), concurrency=2)
    assert counts(account) == (30, 30, 0, 0)
    assert min(at for at in began[2:]) - began[0] >= 0.25  # one was under way already


def test_a_server_that_wants_a_longer_rest_than_a_task_may_take_ends_the_session(house, played, fault):
    async def tomorrow(run):
        if run.text in ("q0", "q1"):
            return Answer("yes")
        raise fault("throttled", "come back tomorrow", 40_000)

    house.tasks(30)
    account = house.evaluate(played(tomorrow), concurrency=1)
    assert counts(account) == (30, 2, 0, 28)
    assert "left alone for 40,000 s" in account.stopped
    again = house.evaluate(resume=True)
    assert counts(again) == (30, 30, 0, 0)


def test_where_nothing_is_ever_answered_it_ends_after_a_few_runs(house, played, fault):
    async def down(run):
        raise fault("connection", "no connection")

    house.tasks(500)
    account = house.evaluate(played(down), attempts=2, concurrency=4)
    assert 20 <= account.errored <= 24
    assert account.planned == account.errored + account.skipped
    assert "all ended in an error" in account.stopped


def test_one_answer_is_enough_to_go_on_to_the_end(house, played, fault):
    async def mostly_down(run):
        if run.text == "q3":
            return Answer("yes")
        raise fault("rejected")

    house.tasks(60)
    assert counts(house.evaluate(played(mostly_down), concurrency=2)) == (60, 1, 59, 0)


def test_an_answer_that_cannot_be_scored_is_counted_and_never_dropped(house, played, tmp_path, monkeypatch):
    (tmp_path / "odd_policy.py").write_text("def judge(answer, calls, task): return {}[task.task_id]\n")
    monkeypatch.syspath_prepend(tmp_path)
    house.tasks(3, [{"policy": "odd_policy:judge"}, {"exact": "yes"}])
    account = house.evaluate(played())
    assert counts(account) == (3, 0, 3, 0)
    assert account.failed[0][:2] == ("not scored", 3)
    assert "KeyError" in account.failed[0][2]
    assert [(row["outcome"], row["success"]) for row in house.table("interactions")] == [("answered", None)] * 3
    assert {row["metric"] for row in house.table("labels")} == {"exact"}


def test_scoring_that_never_ends_holds_up_nothing_but_its_run(house, played, tmp_path, monkeypatch):
    (tmp_path / "endless.py").write_text("import time\ndef judge(answer, calls, task): time.sleep(3600)\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("pilotage.pilot.evaluate.scoring.LIMIT_S", 0.2)
    house.tasks(2, [{"policy": "endless:judge"}])
    account = house.evaluate(played())
    assert counts(account) == (2, 0, 2, 0)
    assert "longer than 0.2 s" in account.failed[0][2]


def test_a_task_without_scorers_is_left_to_people(house):
    house.tasks(4, [])
    account = house.evaluate()
    assert (*counts(account), account.unjudged) == (4, 0, 0, 0, 4)
    assert account.complete
    assert [row["success"] for row in house.table("interactions")] == [None] * 4


def test_money_stops_at_the_budget_and_what_remains_is_skipped(house, played):
    async def dear(run):
        run.note(tokens=(60_000, 40_000))
        return Answer("yes")

    house.tasks(50)
    account = house.evaluate(played(dear), prices=PRICES, budget=1.05, concurrency=4)
    assert 8 <= account.scored <= 10
    assert account.spent == pytest.approx(account.scored * 0.1)
    assert account.spent <= 1.05
    assert counts(account) == (50, account.scored, 0, 50 - account.scored)
    assert account.stopped == "the budget is used up"
    more = house.evaluate(played(dear), resume=True, prices=PRICES, budget=2.05, concurrency=4)
    assert account.scored < more.scored <= 20
    assert more.spent <= 2.05


def test_a_first_wave_of_dear_answers_does_not_pass_the_budget(house, played):
    async def dear(run):
        await asyncio.sleep(0.001)
        run.note(tokens=(500_000, 500_000))
        return Answer("yes")

    house.tasks(50)
    account = house.evaluate(played(dear), prices=PRICES, budget=2.5, concurrency=50)
    assert counts(account) == (50, 2, 0, 48)
    assert account.spent == 2.0


def test_a_budget_that_nobody_can_keep_stops_at_once(house, played):
    async def silent(run):
        return Answer("yes")

    house.tasks(50)
    account = house.evaluate(played(silent), prices=PRICES, budget=100.0, concurrency=4)
    assert account.scored <= 8
    assert "tells no tokens" in account.stopped
    assert account.planned == account.scored + account.skipped
    assert counts(house.evaluate(played(silent), resume=True)) == (50, 50, 0, 0)


@pytest.mark.parametrize("budget", [0.0, -1.0])
def test_a_budget_of_nothing_is_refused_before_anything_is_called(house, played, budget):
    agent = played(prices=PRICES)
    with pytest.raises(InputFaults, match="cannot be followed"):
        house.evaluate(agent, budget=budget)
    assert agent.called == []
    assert not house.log().exists()


def test_an_evaluation_that_is_there_is_not_begun_again(house, played):
    house.evaluate()
    before = house.log().read_bytes()
    with pytest.raises(PilotageError, match="there is an evaluation of played already") as told:
        house.evaluate()
    assert "--resume" in told.value.next
    assert house.log().read_bytes() == before


@pytest.mark.parametrize(
    "name", ["dataset.yaml", "interactions.parquet", "model_calls.parquet", "tool_calls.parquet", "labels.parquet"]
)
def test_a_file_of_another_making_is_left_alone(house, played, name):
    folder, agent = house.workspace.dataset("x"), played()
    folder.mkdir()
    (folder / name).write_text("mine\n")
    with pytest.raises(PilotageError, match=f"holds {name}, which no evaluation made"):
        house.evaluate(agent)
    assert [path.name for path in folder.iterdir()] == [name]
    assert (folder / name).read_text() == "mine\n"
    assert agent.called == []


def test_resuming_calls_only_what_has_not_ended(house, played):
    house.tasks(9)
    house.evaluate(played())
    lines = house.log().read_text().splitlines()
    gone = [json.loads(line)["task_id"] for line in lines[-4:]]
    house.log().write_text("\n".join([*lines[:-4], '{"key": "torn']))
    agent = played()
    account = house.evaluate(agent, resume=True)
    assert sorted(agent.called) == sorted(f"q{name[1:]}" for name in gone)
    assert counts(account) == (9, 9, 0, 0)


def test_what_errored_is_called_again_when_resumed_and_its_last_end_counts(house, played, fault):
    async def some(run):
        if int(run.text[1:]) % 3 == 0:
            raise fault("rejected", "a wrong key")
        return Answer("yes")

    house.tasks(9)
    assert counts(house.evaluate(played(some))) == (9, 6, 3, 0)
    lines = house.log().read_bytes()
    still = house.evaluate(played(some), resume=True)
    assert (*counts(still), still.attempts) == (9, 6, 3, 0, 12)
    assert still.failed == (("rejected", 3, "a wrong key"),)
    agent = played()
    mended = house.evaluate(agent, resume=True)
    assert sorted(agent.called) == ["q0", "q3", "q6"]
    assert (*counts(mended), mended.attempts, mended.failed) == (9, 9, 0, 0, 15, ())
    assert house.log().read_bytes().startswith(lines)
    assert [row["outcome"] for row in house.table("interactions")] == ["answered"] * 9


def test_an_outage_that_is_over_keeps_nothing_from_being_called(house, played, fault):
    async def down(run):
        raise fault("connection")

    house.tasks(100)
    assert "all ended in an error" in house.evaluate(played(down), attempts=1).stopped
    assert counts(house.evaluate(resume=True)) == (100, 100, 0, 0)


def test_what_errored_and_was_not_called_again_stays_errored_and_says_why(house, played, fault):
    async def second_fails(run):
        run.note(tokens=(600_000, 0))
        if run.text == "q1":
            raise fault("rejected")
        return Answer("yes")

    money = {"prices": PRICES, "concurrency": 1}
    account = house.evaluate(played(second_fails), **money)
    assert counts(account) == (3, 2, 1, 0)
    again = house.evaluate(played(), resume=True, budget=2.0, **money)
    assert counts(again) == (3, 2, 1, 0)
    assert again.lines()[1] == "not all that had errored were called again: the budget is used up"


def test_money_that_nobody_knows_counts_against_the_budget_of_every_later_session(house, played, fault):
    """One answer costs 1; what times out may cost as much, however often the evaluation is resumed."""

    async def times_out(run):
        if len(agent.called) == 1:
            run.note(tokens=(1_000_000, 0))
            return Answer("yes")
        run.note("timeout", (None, None))
        raise fault("timeout")

    house.tasks(60)
    agent = played(times_out)
    for session in range(4):
        account = house.evaluate(agent, resume=session > 0, prices=PRICES, budget=10.0, attempts=1)
        assert len(agent.called) == 10
        assert (account.spent, account.unpriced, account.stopped) == (1.0, 9, "the budget is used up")


def test_what_was_called_before_a_stop_is_in_the_log_and_in_the_account(house, played):
    async def work():
        agent, stop = played(turns, prices=PRICES), asyncio.Event()
        evaluation = asyncio.create_task(house.begin(agent, concurrency=4, stop=stop))
        while len(agent.called) < 4:
            await asyncio.sleep(0.01)
        stop.set()
        return await evaluation

    async def turns(run):
        run.note(tokens=(1_000_000, 0))
        await asyncio.sleep(60)

    house.tasks(20)
    account = asyncio.run(work())
    assert (*counts(account), account.attempts, account.spent) == (20, 0, 0, 20, 4, 4.0)
    assert [(line["final"], len(line["model_calls"])) for line in house.lines()] == [(False, 1)] * 4
    assert "no run came to an end, so there is no dataset yet" in account.lines()
    assert not (house.workspace.dataset("x") / "dataset.yaml").exists()
    assert counts(house.evaluate(resume=True)) == (20, 20, 0, 0)


def test_an_answer_whose_scoring_was_cut_off_is_paid_for_and_not_scored(house, played, tmp_path, monkeypatch):
    (tmp_path / "slow_policy.py").write_text("import time\ndef judge(answer, calls, task): time.sleep(5)\n")
    monkeypatch.syspath_prepend(tmp_path)

    async def work():
        agent, stop = played(prices=PRICES), asyncio.Event()
        evaluation = asyncio.create_task(house.begin(agent, stop=stop))
        await asyncio.sleep(0.3)
        stop.set()
        return await evaluation

    house.tasks(2, [{"policy": "slow_policy:judge"}])
    account = asyncio.run(work())
    assert (*counts(account), account.unjudged) == (2, 0, 0, 2, 0)
    assert account.spent == pytest.approx(30e-6)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda house, played: {"agent": played(fingerprint="0" * 64)}, "the agent (address, model"),
        (lambda house, played: {"trials": 2}, "the number of trials"),
        (lambda house, played: house.tasks(4) and {}, "the task file"),
    ],
)
def test_what_was_begun_otherwise_is_not_resumed(house, played, change, said):
    house.evaluate()
    with pytest.raises(InputFaults, match="cannot be resumed") as told:
        house.evaluate(resume=True, **change(house, played))
    assert said in str(told.value)
    assert "begun with played and 1 trials" in str(told.value)


def test_other_limits_do_not_keep_from_resuming(house, played):
    house.evaluate()
    settings = {"concurrency": 2, "attempts": 9, "rpm": 1e6, "timeout_s": 5.0, "prices": PRICES, "budget": 5.0}
    assert counts(house.evaluate(resume=True, **settings)) == (3, 3, 0, 0)


def test_an_empty_task_file_is_refused(house, played):
    house.tasks(0)
    agent = played()
    with pytest.raises(PilotageError, match="holds no task"):
        house.evaluate(agent)
    assert not house.workspace.dataset("x").exists()


def test_two_at_once_are_refused(house, played):
    log = Log(house.log())
    with pytest.raises(PilotageError, match="another evaluation is at work"):
        house.evaluate(resume=True)
    log.close()


@pytest.mark.parametrize("how", ["stop", "cancel"])
def test_stopping_keeps_what_was_finished_and_leaves_no_call_under_way(house, played, how):
    async def work():
        agent, stop = played(slow), asyncio.Event()
        evaluation = asyncio.create_task(house.begin(agent, concurrency=3, stop=stop))
        while len(agent.called) < 8:
            await asyncio.sleep(0.001)
        stop.set() if how == "stop" else evaluation.cancel()
        (result,) = await asyncio.gather(evaluation, return_exceptions=True)
        return agent, result

    async def slow(run):
        await asyncio.sleep(0.01)
        return Answer("yes")

    house.tasks(50)
    agent, result = asyncio.run(work())
    assert agent.under_way == 0
    finished = len(house.table("interactions"))
    assert len(agent.called) - 3 <= finished < 50
    if how == "stop":
        assert result.interrupted
        assert counts(result) == (50, finished, 0, 50 - finished)
    else:
        assert isinstance(result, asyncio.CancelledError)
    assert counts(house.evaluate(resume=True)) == (50, 50, 0, 0)


def test_a_disk_that_fills_up_ends_it_with_its_reason_and_it_can_be_resumed(house, played, monkeypatch):
    house.tasks(300)
    write, written, agent = os.write, [], played()

    def full(to, data):  # for a moment only
        written.append(to)
        return write(to, data[:7] if len(written) == 10 else data)

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space left"):
            house.evaluate(agent, concurrency=4)
    assert len(agent.called) < 60  # the others stop as well
    account = house.evaluate(resume=True)
    assert counts(account) == (300, 300, 0, 0)


def test_progress_is_shown_and_closed(house, played):
    shown = []
    progress = SimpleNamespace(
        every_s=0.01, show=lambda standing: shown.append(standing), close=lambda: shown.append(0)
    )

    async def slow(run):
        await asyncio.sleep(0.02)
        return Answer("yes")

    house.tasks(10)
    house.evaluate(played(slow), concurrency=2, progress=progress)
    assert shown.pop() == 0
    assert shown[-1].planned == 10
    assert [one.ended for one in shown] == sorted(one.ended for one in shown)


def test_it_runs_inside_a_running_event_loop_as_a_notebook_has_one(house):
    async def cell():
        tasks = house.workspace.root / "tasks.jsonl"
        return await run_tasks(tasks, "x", "reference", Settings(concurrency=2), workspace=house.workspace)

    account = asyncio.run(cell())
    assert account.simulated
    assert account.planned == 3 == account.scored


def test_no_secret_reaches_the_log(house, monkeypatch, tmp_path):
    monkeypatch.setenv("MY_KEY", "sk-very-secret-123456")
    agent = tmp_path / "agent.yaml"
    agent.write_text("kind: chat\naddress: http://127.0.0.1:9/v1\nmodel: m\nkey_env: MY_KEY\n")
    account = house.evaluate(str(agent), attempts=1)
    assert counts(account) == (3, 0, 3, 0)
    for path in house.workspace.dataset("x").rglob("*"):
        assert path.is_dir() or b"very-secret" not in path.read_bytes()
