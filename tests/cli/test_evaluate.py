"""`pilotage evaluate`: what it says, how it ends, and every input that it cannot follow."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pilotage.cli.app import app
from pilotage.pilot.evaluate import Settings

ROOT = Path(__file__).parents[2]
LINE = ("evaluate", "--tasks", "tasks.jsonl", "--into", "x")


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A workspace that is the current folder, with ten tasks whose answer is "yes"."""
    (tmp_path / "data").mkdir()
    shutil.copytree(ROOT / "playbook", tmp_path / "playbook", ignore=shutil.ignore_patterns("audit_log.jsonl"))
    write_tasks(tmp_path, 10)
    monkeypatch.setenv("PILOTAGE_WORKSPACE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("pilotage.pilot.evaluate.retries.BASE_S", 0.002)
    return tmp_path


def write_tasks(root: Path, n: int, **more: object) -> None:
    lines = [{"task_id": f"t{i}", "input": f"q{i}", "scorers": [{"exact": "yes"}], **more} for i in range(n)]
    (root / "tasks.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))


def evaluate(*more: str, agent: str = "ours:answer", into: str = "x"):
    line = ["evaluate", "--tasks", "tasks.jsonl", "--into", into, "--agent", agent, *more]
    return CliRunner().invoke(app, line, prog_name="pilotage")


@pytest.fixture
def ours(root, request):
    """Writes the module that the agent `NAME:answer` comes from, and gives that text; each a module of its own."""

    def write(code: str) -> str:
        name = f"ours_{abs(hash((request.node.name, code)))}"
        (root / f"{name}.py").write_text(code)
        return f"{name}:answer"

    return write


@contextmanager
def server(answer: Callable[[BaseHTTPRequestHandler, dict], None]) -> Iterator[str]:
    """A chat server that does as it is told with each request; its base URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            answer(self, json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def log_message(self, *given):
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    thread = threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_address[1]}/v1"
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def reply(handler, body, status=200, kind="application/json"):
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def said_yes(**more):
    return {"choices": [{"message": {"role": "assistant", "content": "yes"}, "finish_reason": "stop"}], **more}


def identity(output: str) -> tuple[int, int, int, int]:
    """Planned, scored, errored, skipped as they were said; AssertionError where they do not add up."""
    found = re.search(r"^planned ([\d,]+) = scored ([\d,]+) \+ errored ([\d,]+) \+ skipped ([\d,]+)", output, re.M)
    assert found, output
    planned, *parts = (int(number.replace(",", "")) for number in found.groups())
    assert planned == sum(parts)
    return planned, *parts


YES = "def answer(text): return 'yes'\n"


def test_help_names_every_option_and_its_true_default():
    said = " ".join(CliRunner().invoke(app, ["evaluate", "--help"], terminal_width=200).output.split())
    options = (
        "tasks into agent trials concurrency rpm tpm budget price-in price-out timeout call-timeout attempts resume"
    )
    for option in (*options.split(), "prompt", "tools"):
        assert f"--{option}" in said
    settings = Settings()
    for option in ("trials", "concurrency", "attempts"):
        assert re.search(rf"--{option} \S+ [^-]*default: {getattr(settings, option)}\.", said)
    assert f"default: {settings.timeout_s:.0f}." in said


def test_a_whole_evaluation_ends_with_0_and_says_what_to_do_next(root, ours):
    done = evaluate(agent=ours(YES))
    assert done.exit_code == 0, done.output
    assert identity(done.stdout) == (10, 10, 0, 0)
    assert "accuracy: 100% (10 of 10)" in done.stdout
    assert done.stdout.splitlines()[-2:] == ["written: data/x", "  pilotage run --dataset x"]


def test_options_reach_the_evaluation(root, ours, monkeypatch):
    seen = []

    async def noted(*given, **more):
        seen.append((given, more))
        raise KeyboardInterrupt

    monkeypatch.setattr("pilotage.pilot.evaluate.run_tasks", noted)
    line = (
        "--trials 2 --concurrency 3 --rpm 4 --tpm 5 --budget 6 --price-in 7 --price-out 8 --timeout 9 "
        "--call-timeout 10 --attempts 11 --resume --prompt p.txt --tools a:b --tools c:d"
    )
    assert evaluate(*line.split(), into="data/y").exit_code == 130
    (tasks, into, agent, settings), more = seen[0]
    assert (str(tasks), into, agent) == ("tasks.jsonl", "y", "ours:answer")
    assert (settings.trials, settings.concurrency, settings.rpm, settings.tpm, settings.budget) == (2, 3, 4, 5, 6)
    assert (settings.prices.input_per_million, settings.prices.output_per_million) == (7, 8)
    assert (settings.timeout_s, settings.call_timeout_s, settings.attempts) == (9, 10, 11)
    assert (more["resume"], str(more["prompt"]), more["tools"]) == (True, "p.txt", ("a:b", "c:d"))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["--budget", "0", "--price-in", "1", "--price-out", "1"], "budget should be more than 0 (got 0)"),
        (["--budget", "-5", "--price-in", "1", "--price-out", "1"], "budget should be more than 0 (got -5)"),
        (["--budget", "5"], "a budget can only be kept where prices are known"),
        (["--price-in", "5"], "one price is missing"),
        (["--trials", "0"], "trials should be at least 1"),
        (["--agent", "nowhere:answer"], "no module"),
        (["--agent", "?"], "is no agent"),
        (["--tasks", "nowhere.jsonl"], "there is no such file"),
        (["--into", "elsewhere/x"], "no folder directly in the workspace's data/"),
        (["--prompt", "nowhere.txt"], "system_prompt"),
    ],
)
def test_a_command_line_that_cannot_be_followed_exits_2_and_leaves_nothing(root, ours, line, said):
    done = evaluate(*line, agent=ours(YES))
    assert done.exit_code == 2, done.output
    assert said in done.stderr
    assert done.stdout == ""
    assert list((root / "data").iterdir()) == []


def test_task_ids_that_stand_twice_are_refused_with_their_lines(root, ours):
    text = (root / "tasks.jsonl").read_text()
    (root / "tasks.jsonl").write_text(text + text)
    done = evaluate(agent=ours(YES))
    assert done.exit_code == 2
    assert "line 11: task_id: 't0' stands already on line 1" in done.stderr
    assert done.stderr.count("stands already") == 10


def test_a_file_without_tasks_is_refused(root, ours):
    (root / "tasks.jsonl").write_text("\n")
    done = evaluate(agent=ours(YES))
    assert done.exit_code == 2
    assert "holds no task" in done.stderr


def test_a_second_evaluation_into_the_same_dataset_is_refused_and_resuming_calls_nothing(root, ours):
    agent = ours(
        "def answer(text):\n    with open('calls', 'a') as calls:\n        calls.write(text)\n    return 'yes'\n"
    )
    assert evaluate(agent=agent).exit_code == 0
    again = evaluate(agent=agent)
    assert again.exit_code == 2
    assert "--resume" in again.stderr
    assert "--into" in again.stderr
    called = (root / "calls").read_text()
    assert evaluate("--resume", agent=agent).exit_code == 0
    assert (root / "calls").read_text() == called


def test_another_agent_does_not_resume(root, ours):
    assert evaluate(agent=ours(YES)).exit_code == 0
    other = evaluate("--resume", agent=ours("def answer(text): return 'no'\n"))
    assert other.exit_code == 2
    assert "the agent" in other.stderr


def test_a_server_that_is_down_is_told_after_a_few_runs(root):
    write_tasks(root, 200)
    done = evaluate("--attempts", "2", agent="chat:m@http://127.0.0.1:9/v1")
    assert done.exit_code == 1
    planned, scored, errored, _ = identity(done.stdout)
    assert (planned, scored) == (200, 0)
    assert 20 <= errored <= 28
    assert "(connection): no connection to http://127.0.0.1:9/v1" in done.stdout
    assert "accuracy: not known" in done.stdout
    assert "pilotage run" not in done.stdout


def test_html_is_told_as_such(root):
    with server(lambda to, asked: reply(to, "<html><b>Welcome</b>", kind="text/html")) as address:
        done = evaluate("--attempts", "2", agent=f"chat:m@{address}")
    assert done.exit_code == 1
    assert identity(done.stdout) == (10, 0, 10, 0)
    assert "HTML instead of JSON" in done.stdout
    assert "<b>" not in done.stdout


def test_a_server_that_never_answers_costs_no_more_than_its_time(root):
    asleep = threading.Event()
    began = time.monotonic()
    with server(lambda to, asked: asleep.wait(20)) as address:
        done = evaluate("--call-timeout", "0.3", "--attempts", "2", agent=f"chat:m@{address}")
        asleep.set()
    assert time.monotonic() - began < 15
    assert done.exit_code == 1
    assert identity(done.stdout) == (10, 0, 10, 0)
    assert "(timeout): no answer" in done.stdout
    assert "within 0.3 s" in done.stdout


def test_a_server_that_drips_its_answer_for_ever_is_cut_off(root):
    def drip(to, asked):
        to.send_response(200)
        to.send_header("Content-Type", "application/json")
        to.end_headers()
        try:
            for _ in range(400):
                to.wfile.write(b" ")
                to.wfile.flush()
                time.sleep(0.05)
        except OSError:
            return  # the caller has hung up, as it should

    with server(drip) as address:
        done = evaluate("--call-timeout", "0.3", "--attempts", "1", "--concurrency", "10", agent=f"chat:m@{address}")
    assert done.exit_code == 1
    assert identity(done.stdout) == (10, 0, 10, 0)


def test_an_answer_without_usage_is_scored_and_its_cost_is_not_made_up(root):
    with server(lambda to, asked: reply(to, said_yes())) as address:
        done = evaluate("--price-in", "1", "--price-out", "1", agent=f"chat:m@{address}")
        assert done.exit_code == 0, done.output
        assert identity(done.stdout) == (10, 10, 0, 0)
        assert "spent" not in done.stdout
        kept = evaluate("--price-in", "1", "--price-out", "1", "--budget", "5", agent=f"chat:m@{address}", into="y")
    assert kept.exit_code == 1
    assert "the agent tells no tokens" in kept.stdout
    assert identity(kept.stdout)[2] == 0


def test_broken_tool_arguments_are_the_tool_s_failure_and_the_run_goes_on(root, ours):
    def broken(to, asked):
        if any(message["role"] == "tool" for message in asked["messages"]):
            return reply(to, said_yes())
        name = asked["tools"][0]["function"]["name"]
        call = {"id": "c1", "type": "function", "function": {"name": name, "arguments": '{"x": '}}
        return reply(to, {"choices": [{"message": {"role": "assistant", "tool_calls": [call]}}]})

    tool = ours('def answer(x: str) -> str:\n    "Looks up."\n    return x\n')
    with server(broken) as address:
        done = evaluate("--tools", tool, agent=f"chat:m@{address}")
    assert done.exit_code == 0, done.output
    assert identity(done.stdout) == (10, 10, 0, 0)
    log = (root / "data/x/evaluation/attempts.jsonl").read_text()
    assert log.count('"error_type":"invalid_json"') == 10


def test_a_function_that_raises_is_told_with_what_it_raised(root, ours):
    done = evaluate(agent=ours("def answer(text): raise KeyError('no such invoice')\n"))
    assert done.exit_code == 1
    assert identity(done.stdout) == (10, 0, 10, 0)
    assert "KeyError: 'no such invoice'" in done.stdout
    assert "Traceback" not in done.output


def test_a_budget_is_kept_and_what_is_left_can_be_resumed(root, ours):
    agent = ours("def answer(text): return {'output': 'yes', 'usage': {'input_tokens': 100_000, 'output_tokens': 0}}\n")
    prices = ["--price-in", "1", "--price-out", "1", "--concurrency", "1"]
    done = evaluate(*prices, "--budget", "0.45", agent=agent)
    assert done.exit_code == 1
    assert identity(done.stdout) == (10, 4, 0, 6)
    assert "6 runs skipped: the budget is used up" in done.stdout
    assert "spent: 0.4 EUR" in done.stdout
    assert "of all 10 it lies between 40% and 100%" in done.stdout
    more = evaluate(*prices, "--budget", "5", "--resume", agent=agent)
    assert more.exit_code == 0
    assert "spent: 1 EUR" in more.stdout


def test_a_function_that_blocks_holds_up_neither_the_others_nor_the_end(root, start):
    (root / "blocking.py").write_text(
        "import time\ndef answer(text):\n    time.sleep(3600 if text == 'q3' else 0)\n    return 'yes'\n"
    )
    process = start(*LINE, "--agent", "blocking:answer", "--call-timeout", "0.5", "--attempts", "2")
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert identity(said) == (10, 9, 1, 0)
    assert "(timeout): " in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_good_order_with_130_and_says_how_to_go_on(root, start, number):
    write_tasks(root, 400)
    (root / "slow.py").write_text("import time\ndef answer(text):\n    time.sleep(0.1)\n    return 'yes'\n")
    process = start(*LINE, "--agent", "slow:answer", "--concurrency", "4")
    log = root / "data/x/evaluation/attempts.jsonl"
    wait_for(lambda: log.exists() and log.read_bytes().count(b"\n") > 12)
    process.send_signal(number)
    process.send_signal(number)  # impatience changes nothing
    said, complained = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in complained
    planned, scored, errored, skipped = identity(said)
    assert (planned, errored) == (400, 0)
    assert 8 <= scored < 400
    assert f"{skipped} runs skipped: the evaluation was interrupted" in said
    assert "--resume" in said
    assert log.read_bytes().endswith(b"\n")
    assert (root / "data/x/interactions.parquet").exists()
    assert os.listdir(root / "data/x/evaluation") == ["attempts.jsonl"]


def test_lines_of_progress_go_to_stderr_and_the_account_to_stdout(root, ours, monkeypatch):
    monkeypatch.setattr("pilotage.pilot.evaluate.progress.Lines.every_s", 0.1)
    agent = ours("import time\ndef answer(text):\n    time.sleep(0.15)\n    return 'yes'\n")
    done = evaluate("--concurrency", "2", agent=agent)
    assert re.search(r"^\d+ of 10 runs, [\d.]+ a second, 2 at a time, \d+ s left$", done.stderr, re.M)
    assert "runs," not in done.stdout


def wait_for(condition, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_the_sample_s_tasks_are_the_stand_in_s_own_and_need_not_be_named(root):
    from pilotage.agents.reference import make_tasks
    from pilotage.agents.reference import write_tasks as write
    from pilotage.cli.data import STAND_IN_TASKS

    shutil.copytree(ROOT / "data/sample", root / "data/sample")
    write(root / "again.jsonl", make_tasks(STAND_IN_TASKS, 7))
    assert (root / "again.jsonl").read_bytes() == (ROOT / "data/sample/tasks.jsonl").read_bytes()
    said = CliRunner().invoke(app, ["evaluate", "--into", "y"], prog_name="pilotage")
    assert said.exit_code == 0
    assert f"planned {STAND_IN_TASKS} = scored {STAND_IN_TASKS}" in said.stdout
    other = CliRunner().invoke(app, ["evaluate", "--into", "z", "--agent", "ours:answer"], prog_name="pilotage")
    assert other.exit_code == 2
    assert "--tasks FILE" in other.stderr
