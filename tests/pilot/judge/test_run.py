"""Every run put to a judge is accounted for; its labels are what it said, with its name and its chance."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pilotage.cli.app import app
from pilotage.kpis import Tables, measure
from pilotage.pilot.evaluate import Settings
from pilotage.pilot.judge import agreements
from pilotage.pilot.judge.asking import open_judge
from pilotage.pilot.judge.draw import draw
from pilotage.pilot.judge.prompt import read_prompt
from pilotage.pilot.judge.run import Judging, judge_runs
from pilotage.pilot.labels import store
from pilotage.pilot.labels.store import Label
from pilotage.records.intake import intake
from pilotage.records.store import open_tables
from pilotage.workspace import Workspace

Start = Callable[..., Any]


@pytest.fixture
def judge(desk: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs `pilotage judge` on the desk."""
    monkeypatch.chdir(desk)
    monkeypatch.delenv("PILOTAGE_WORKSPACE", raising=False)
    return lambda agent, *more: CliRunner().invoke(app, ["judge", "--dataset", "desk", "--agent", agent, *more])


def labels(desk: Path) -> dict[str, Label]:
    """The judge's labels that stand, by run."""
    return {label.interaction_id: label for label in store.standing(store.read(Workspace(desk), "desk"))}


def tables(desk: Path) -> Tables:
    facts = intake(Workspace(desk), "desk").checks["tables"]
    return Tables(open_tables(Workspace(desk), "desk", ("interactions", "labels")), facts)


def test_a_judge_labels_every_run_that_has_a_text_and_signs_with_model_and_key(
    desk: Path, judge: Callable[..., Result], judge_server: Start
) -> None:
    server = judge_server()
    result = judge(server.agent)
    assert result.exit_code == 0, result.output
    assert "planned 40 = judged 40 + unparseable 0 + errored 0 + skipped 0" in result.output
    assert "1 run of the pilot without a text" in result.output
    found = labels(desk)
    assert {name for name, label in found.items() if label.value} == {f"i{i:02}" for i in range(0, 40, 4)}
    first = found["i00"]
    assert (first.source, first.stream, first.inclusion_probability) == ("judge", "uniform", 1.0)
    (log,) = (desk / "data/desk/judge").iterdir()
    assert first.labeller == f"judge:judge-model@{log.name.removeprefix('hallucination-')}"
    assert all(body["temperature"] == 0 and body["response_format"]["type"] == "json_schema" for body in server.asked)


def test_its_agreement_with_people_comes_out_as_it_is(desk: Path, judge: Any, judge_server: Start) -> None:
    judge(judge_server(sensitivity=0.0).agent)
    (one,) = agreements(tables(desk), "pilot")
    assert (one.runs, one.n, one.positive, one.always) == (40, 10, 3, "no")
    (alone,) = (measure(tables(desk), "hallucination_rate", "pilot"),)
    assert (alone.count, alone.n) == (3, 10)  # what a judge says is no label of people


def test_a_judge_that_always_says_yes_is_named_at_once(judge: Any, judge_server: Start) -> None:
    assert "always says the same, which carries no information" in judge(judge_server(always="yes").agent).output


def test_answers_that_cannot_be_read_are_counted_and_label_nothing(desk: Path, judge: Any, judge_server: Start) -> None:
    result = judge(judge_server(garbled=0.3).agent)
    assert result.exit_code == 1
    unreadable = 40 - len(labels(desk))
    assert 0 < unreadable < 40
    assert f"judged {40 - unreadable} + unparseable {unreadable} + errored 0 + skipped 0" in result.output
    assert "I would rather not say" in result.output


def test_a_server_without_schemas_is_asked_plainly_and_prose_around_the_verdict_is_read(
    desk: Path, judge: Any, judge_server: Start
) -> None:
    server = judge_server(schema=False, prose=True)
    result = judge(server.agent, "--concurrency", "1")
    assert result.exit_code == 0, result.output
    assert len(labels(desk)) == 40
    assert sum("response_format" in body for body in server.asked) == 1  # refused once, then not tried again


def test_a_server_that_fails_is_tried_again(desk: Path, judge: Any, judge_server: Start) -> None:
    result = judge(judge_server(failing=2).agent, "--concurrency", "2")
    assert result.exit_code == 0, result.output
    assert "(42 attempts)" in result.output


def test_runs_that_got_no_answer_are_errored_and_label_nothing(desk: Path, judge: Any, judge_server: Start) -> None:
    result = judge(judge_server(failing=10).agent, "--attempts", "1", "--concurrency", "1")
    assert result.exit_code == 1
    assert "judged 30 + unparseable 0 + errored 10 + skipped 0" in result.output
    assert len(labels(desk)) == 30


def test_a_budget_skips_the_rest_and_resume_asks_only_about_that(desk: Path, judge: Any, judge_server: Start) -> None:
    server = judge_server()
    paid = ("--price-in", "1", "--price-out", "1", "--concurrency", "1")
    result = judge(server.agent, *paid, "--budget", "0.0015")
    assert result.exit_code == 1
    assert "the budget is used up" in result.output
    done = len(labels(desk))
    assert 0 < done < 40
    assert f"judged {done} + unparseable 0 + errored 0 + skipped {40 - done}" in result.output
    again = judge(server.agent)
    assert again.exit_code == 2
    assert f"{done} of 40 runs have their answer" in again.output
    assert judge(server.agent, "--resume").exit_code == 0
    assert (len(server.asked), len(labels(desk))) == (40, 40)


def test_asking_again_when_all_is_done_calls_nobody_and_adds_nothing(
    desk: Path, judge: Any, judge_server: Start
) -> None:
    server = judge_server()
    judge(server.agent)
    before = (desk / "data/desk/labels.jsonl").read_bytes()
    result = judge(server.agent)
    assert result.exit_code == 0
    assert "planned 40 = judged 40" in result.output
    assert len(server.asked) == 40
    assert (desk / "data/desk/labels.jsonl").read_bytes() == before


def test_a_killed_judging_resumes_without_asking_twice(desk: Path, judge: Any, judge_server: Start) -> None:
    server = judge_server()
    judge(server.agent)
    (log,) = (desk / "data/desk/judge").glob("*/attempts.jsonl")
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(lines[:21]) + lines[21][:30])  # twenty answers, and a torn line
    (desk / "data/desk/labels.jsonl").unlink()
    result = judge(server.agent, "--resume")
    assert result.exit_code == 0, result.output
    assert len(server.asked) == 60
    assert len(labels(desk)) == 40


def test_another_prompt_is_another_judge(desk: Path, judge: Any, judge_server: Start) -> None:
    server = judge_server()
    judge(server.agent, "--n", "5")
    own = desk / "own.md"
    own.write_text("{{input}} {{answer}} {{mark}}")
    assert judge(server.agent, "--prompt", str(own), "--n", "5").exit_code == 0
    assert len({label.labeller for label in store.read(Workspace(desk), "desk")}) == 2


def test_the_same_model_elsewhere_is_another_judge(desk: Path, judge: Any, judge_server: Start) -> None:
    judge(judge_server().agent)
    before = labels(desk)
    judge(judge_server(always="yes").agent)
    found = store.standing(store.read(Workspace(desk), "desk"))
    assert len(found) == 80
    assert set(before.values()) < set(found), "the second judge's labels took the place of the first one's"


def test_a_resumed_judging_asks_the_errored_runs_again_and_nobody_else(
    desk: Path, judge: Any, judge_server: Start
) -> None:
    """What errored for a reason of ours, such as a wrong key, must not cost the labels for good."""
    server = judge_server(failing=10)
    first = judge(server.agent, "--attempts", "1", "--concurrency", "1")
    assert "--resume asks about what has no answer" in first.output
    before = labels(desk)
    refused = judge(server.agent)
    assert (refused.exit_code, len(server.asked)) == (2, 40)
    assert "30 of 40 runs have their answer" in refused.output
    result = judge(server.agent, "--resume")
    assert result.exit_code == 0, result.output
    assert "planned 40 = judged 40 + unparseable 0 + errored 0 + skipped 0" in result.output
    assert (len(server.asked), len(labels(desk))) == (50, 40)
    assert before.items() < labels(desk).items()


def test_errored_runs_that_a_budget_left_are_told(desk: Path, judge: Any, judge_server: Start) -> None:
    server = judge_server(failing=10)
    judge(server.agent, "--attempts", "1", "--concurrency", "1")
    paid = ("--price-in", "1", "--price-out", "1", "--budget", "0.005", "--concurrency", "1")
    result = judge(server.agent, "--resume", *paid)
    assert result.exit_code == 1, result.output
    assert "not all that had errored were asked again: the budget is used up" in result.output
    assert len(server.asked) < 50


def test_people_s_runs_come_first_and_the_others_have_the_chance_of_their_draw(
    desk: Path, judge: Any, judge_server: Start
) -> None:
    server = judge_server()
    assert judge(server.agent, "--n", "25").exit_code == 0
    found = labels(desk)
    assert len(found) == 25
    assert {name: found[name].inclusion_probability for name in found if name < "i10"} == {
        f"i{i:02}": 1.0 for i in range(10)
    }
    assert {label.inclusion_probability for name, label in found.items() if name >= "i10"} == {0.5}
    assert judge(server.agent, "--n", "40", "--resume").exit_code == 0
    grown = labels(desk)
    assert {label.inclusion_probability for label in grown.values()} == {1.0}
    assert all(grown[name].value == found[name].value for name in found)
    assert len(server.asked) == 40


def test_a_smaller_n_takes_no_run_back(desk: Path) -> None:
    whole = draw(tables(desk), "desk", "hallucination", 30)
    again = draw(tables(desk), "desk", "hallucination", 12, known=whole.chances)
    assert again == whole
    fewer = draw(tables(desk), "desk", "hallucination", 12)
    assert fewer.chances.keys() < whole.chances.keys()
    assert draw(tables(desk), "desk", "hallucination", 4).chances.keys() < {f"i{i:02}" for i in range(10)}


def test_a_stand_in_does_not_judge_a_real_agent(judge: Any) -> None:
    result = judge("reference")
    assert result.exit_code == 2
    assert "a stand-in's labels say nothing of a real agent" in result.output


def test_faults_are_told_before_anybody_is_asked(desk: Path, judge: Any, judge_server: Start) -> None:
    server = judge_server()
    unknown, poor = judge(server.agent, "--metric", "tone"), judge(server.agent, "--budget", "1")
    (desk / "data/desk/labels.jsonl").write_text("{}\n")
    broken = judge(server.agent)
    assert [result.exit_code for result in (unknown, poor, broken)] == [2, 2, 2]
    assert "no judge's prompt for 'tone'" in unknown.output
    assert "where prices are known" in poor.output
    assert "labels.jsonl cannot be read whole" in broken.output
    assert server.asked == []


def test_a_dataset_without_texts_cannot_be_judged(desk: Path, judge: Any, judge_server: Start) -> None:
    runs = desk / "data/desk/runs.csv"
    runs.write_text("\n".join(",".join(line.split(",")[:5]) for line in runs.read_text().splitlines()))
    result = judge(judge_server().agent)
    assert result.exit_code == 2
    assert "no column `output_text`" in result.output


def test_an_interruption_keeps_what_was_answered(desk: Path, judge_server: Start) -> None:
    server = judge_server(wait_s=0.02)
    prompt = read_prompt(desk / "playbook/prompts/judge_hallucination.md")
    asked = Judging(Workspace(desk), "desk", "hallucination", prompt, Settings(concurrency=2))

    async def interrupted() -> Any:
        opened, stop = open_judge(server.agent), asyncio.Event()
        stopping = asyncio.create_task(stop_after(5, stop))
        try:
            return await judge_runs(asked, tables(desk), opened, False, stop=stop)
        finally:
            await stopping
            await opened.close()

    async def stop_after(requests: int, stop: asyncio.Event) -> None:
        while len(server.asked) < requests:
            await asyncio.sleep(0.01)
        stop.set()

    account = asyncio.run(interrupted())
    assert account.interrupted
    assert 0 < account.judged < 40
    assert account.judged + account.skipped == 40
    assert len(labels(desk)) == account.judged


def test_no_secret_reaches_log_labels_or_terminal(
    desk: Path, judge: Any, judge_server: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    result = judge(judge_server(failing=1).agent)
    written = "".join(path.read_text() for path in (desk / "data/desk").rglob("*.jsonl"))
    assert "very-secret" not in result.output + written
    assert json.loads(written.splitlines()[0])


def test_an_unknown_agent_is_refused(judge: Any) -> None:
    result = judge("nonsense")
    assert result.exit_code == 2
    assert "is no agent" in result.output
