from __future__ import annotations

import os
import subprocess
import sys

import pytest

from pilotage.errors import PilotageError
from pilotage.runner.lock import only_run

HOLD = """
import sys
from pathlib import Path
from pilotage.runner.lock import only_run
with only_run(Path(sys.argv[1])):
    print("held", flush=True)
    input()
"""


@pytest.fixture
def holder(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    process.stdout.readline()
    yield process
    process.kill()
    process.communicate()


def test_a_second_run_is_refused_and_the_first_one_named(tmp_path, holder):
    with pytest.raises(PilotageError, match=rf"another run is at work here \(pid {holder.pid}\)"), only_run(tmp_path):
        raise AssertionError("two runs at once")


def test_a_killed_run_blocks_nobody(tmp_path, holder):
    holder.kill()
    holder.wait()
    with only_run(tmp_path):
        assert (tmp_path / ".lock").read_text() == f"{os.getpid()}\n"


def test_the_lock_is_gone_afterwards_also_after_an_error(tmp_path):
    with pytest.raises(KeyError), only_run(tmp_path):
        raise KeyError
    assert list(tmp_path.iterdir()) == []
