from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from pilotage.cli.load_test import load_test_now
from pilotage.errors import InputFaults, PilotageError
from pilotage.integration.load import chosen_for_load, load_path, read_result
from pilotage.integration.load.ramp import SHARES
from pilotage.workspace import Workspace

ROOT = Path(__file__).parents[3]


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    """A workspace with the project's playbook and a dataset without files."""
    shutil.copytree(ROOT / "playbook", tmp_path / "playbook")
    (tmp_path / "data" / "mine").mkdir(parents=True)
    (tmp_path / "data" / "mine" / "dataset.yaml").write_text("name: mine\n")
    return Workspace(tmp_path)


@pytest.fixture
def put(place: Workspace) -> Any:
    """Writes the entry into the playbook in place of all systems."""

    def write(entry: dict[str, Any]) -> None:
        path = place.playbook / "integration.yaml"
        facts = yaml.safe_load(path.read_text()) | {"systems": [entry | {"safe_calls": list(entry["safe_calls"])}]}
        path.write_text(yaml.safe_dump(facts))

    return write


@pytest.mark.parametrize(
    ("change", "names", "why"),
    [
        ({"staging": False}, [], "staging: is not true"),
        ({}, ["stagin API"], "there is no system 'stagin API'"),
        ({"load": None}, ["staging API"], "load: is missing"),
        ({"load": None}, [], "no system has `load`"),
        ({"safe_calls": ({"path": "/a", "method": "POST"},)}, [], "names no GET"),
        ({"auth": "bearer", "key_env": "NOT_SET_ANYWHERE"}, [], "NOT_SET_ANYWHERE is not set"),
    ],
)
def test_a_refused_system_gets_no_request(
    worker: Any, facts: Any, place: Workspace, put: Any, change: dict[str, Any], names: list[str], why: str
) -> None:
    put(facts(worker.address, **change))
    with pytest.raises(InputFaults, match=why) as refused:
        load_test_now(place, names, "mine", 1.0)
    assert refused.value.exit_code == 2
    assert worker.seen == 0


def test_one_refused_system_keeps_load_from_the_others_too(policy_of: Any, facts: Any) -> None:
    policy = policy_of(facts("http://127.0.0.1:9"), facts("http://127.0.0.1:9", name="live API", staging=False))
    with pytest.raises(InputFaults, match="live API: staging"):
        chosen_for_load(policy)


def test_only_wrappers_can_be_put_under_load(policy_of: Any) -> None:
    with pytest.raises(InputFaults, match="only systems with the pattern wrapper"):
        chosen_for_load(policy_of({"name": "tools"}), ["tools"])


def test_a_dataset_that_is_not_there_gets_no_load(worker: Any, facts: Any, place: Workspace, put: Any) -> None:
    put(facts(worker.address))
    with pytest.raises(PilotageError, match="there is no dataset 'min'"):
        load_test_now(place, [], "min", 1.0)
    assert worker.seen == 0


@pytest.mark.parametrize(("service_s", "code"), [(0.0, 0), (0.4, 3)])
def test_the_exit_code_says_whether_the_limits_were_held(
    worker: Any, facts: Any, entry: Any, place: Workspace, put: Any, service_s: float, code: int, capsys: Any
) -> None:
    worker.service_s = service_s
    put(facts(worker.address))
    assert load_test_now(place, [], "mine", 1.5) == code
    told = capsys.readouterr()
    assert ("staging API holds at 20" in told.out) == (code == 0)
    assert "10 requests a second asked" in told.err
    assert ("(limit 300 ms), 0% failed (limit 5%): holds" in told.out) == (code == 0)
    result, _, why = read_result(load_path(place, "mine", "staging API"), entry(worker.address), "mine")
    assert (result is not None, why) == (True, "")
    assert result is not None
    assert len(result.steps) == (len(SHARES) if code == 0 else 1)
