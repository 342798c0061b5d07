"""The router as an agent's own process loads it: from files, once a day, for all its threads."""

from __future__ import annotations

import csv
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path
from threading import current_thread
from typing import Any

import pytest

from pilotage.errors import PilotageError
from pilotage.oversight import routers
from pilotage.oversight.routers import load, route
from pilotage.workspace import Workspace

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 9, 1, 9)
WRONG = "Please cancel the order of the blue chairs for the office in Turin"
ACTION = {"interaction_id": "new", "action_type": "post invoice", "confidence": 0.9, "amount": 5.0}
RUN = {"segment": "emea", "latency_s": 1, "input_tokens": 1, "output_tokens": 1, "model": "m", "prompt_hash": "p"}


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="") as stream:
        table = csv.DictWriter(stream, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def make_dataset(root: Path, name: str, reviews: int) -> None:
    """A dataset of so many reviewed runs, all right but the first."""
    folder = root / "data" / name
    folder.mkdir(parents=True)
    times = [AT + timedelta(hours=n) for n in range(reviews)]
    write(folder / "interactions.csv", [
        {"interaction_id": f"i{n}", "phase": "pilot", "case_id": f"c{n}", "started_at": at, "outcome": "answered",
         "attempts": 1, "success": 1, "input_text": f"Pay the {n}th bill" if n else WRONG, "output_text": "done", **RUN}
        for n, at in enumerate(times)
    ])  # fmt: skip
    write(folder / "reviews.csv", [
        {"review_id": f"r{n}", "interaction_id": f"i{n}", "phase": "pilot", "action_type": "post invoice",
         "tier": "in the loop", "reviewer": "a", "decision": "approve" if n else "reject", "seconds": 30,
         "stream": "uniform", "inclusion_probability": 1.0, "queued_at": at, "decided_at": at}
        for n, at in enumerate(times)
    ])  # fmt: skip
    tables = "".join(f"  {table}: {{file: {table}.csv}}\n" for table in ("interactions", "reviews"))
    (folder / "dataset.yaml").write_text(f"name: {name}\ntime_zone: UTC\ntables:\n{tables}")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp("desk")
    shutil.copytree(ROOT / "playbook", root / "playbook", ignore=shutil.ignore_patterns("audit_log.jsonl", "proposals"))
    make_dataset(root, "desk", 60)
    make_dataset(root, "sample", 1)
    return Workspace(root)


@pytest.fixture
def here(place: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv("PILOTAGE_WORKSPACE", str(place.root))
    monkeypatch.setattr(routers, "_CURRENT", routers._Current())
    return place


def test_the_tier_is_that_of_the_reviews_by_that_day(place):
    before, after = (load(place, "desk", day) for day in (date(2026, 9, 2), date(2026, 9, 30)))
    assert (before.tiers["post invoice"], after.tiers["post invoice"]) == (None, "in the loop")
    assert not before.alarms


def test_an_input_that_people_found_handled_wrongly_asks(place):
    router = load(place.root, "desk", date(2026, 9, 30))
    assert any("got wrong" in why for why in router.route({**ACTION, "input_text": WRONG}, ()).reasons)
    fine = router.route({**ACTION, "input_text": "Confirm the meeting on Monday"}, ())
    assert fine.reasons == ("post invoice is in the loop: a person decides each one",)


def test_the_draw_is_that_of_the_review_queue(place):
    assert load(place, "desk", date(2026, 9, 30)).salt == "desk"


def test_a_process_routes_by_its_only_own_dataset(here):
    assert route({**ACTION, "input_text": WRONG}, ()).decision == "ask a person"
    assert routers._CURRENT.router().salt == "desk"


def test_many_threads_load_one_router(here, monkeypatch):
    loads = []
    real = routers.load
    monkeypatch.setattr(routers, "load", lambda *given: loads.append(given) or real(*given))
    with ThreadPoolExecutor(8) as pool:
        decisions = list(pool.map(lambda n: route({**ACTION, "input_text": f"bill {n}"}, ()).decision, range(40)))
    assert set(decisions) == {"ask a person"}
    assert len(loads) == 1


def test_what_changes_is_obeyed_without_making_anybody_wait(here, monkeypatch):
    monkeypatch.setattr(routers, "LOOK_EVERY_S", 0.0)
    policy = here.playbook / "oversight.yaml"
    assert "is in the loop" in route(ACTION, ()).reasons[0]
    text = policy.read_text(encoding="utf-8")
    policy.write_text(text.replace("  value: 50\n", "  value: 500\n", 1), encoding="utf-8")
    try:
        found = route(ACTION, ()).reasons[0]
        assert "is in the loop" in found or "not live" in found
        end = time.monotonic() + 60
        while "not live" not in route(ACTION, ()).reasons[0] and time.monotonic() < end:
            time.sleep(0.05)
        assert "not live" in route(ACTION, ()).reasons[0]
    finally:
        policy.write_text(text, encoding="utf-8")


def test_a_playbook_that_cannot_be_read_any_more_lets_nothing_act(here, tmp_path, monkeypatch):
    monkeypatch.setattr(routers, "LOOK_EVERY_S", 0.0)
    shutil.copytree(here.root, tmp_path / "desk")
    monkeypatch.setenv("PILOTAGE_WORKSPACE", str(tmp_path / "desk"))
    assert route(ACTION, ()).decision == "ask a person"
    (tmp_path / "desk" / "playbook" / "oversight.yaml").write_text("owner: nobody\n", encoding="utf-8")
    with pytest.raises(PilotageError, match="cannot be followed"):
        route_until_it_breaks()


def route_until_it_breaks() -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        route(ACTION, ())
        time.sleep(0.05)


def test_several_datasets_have_to_be_named(here, tmp_path, monkeypatch):
    for name in ("one", "two"):
        make_dataset(tmp_path, name, 1)
    shutil.copytree(here.playbook, tmp_path / "playbook")
    monkeypatch.setenv("PILOTAGE_WORKSPACE", str(tmp_path))
    with pytest.raises(PilotageError, match="several datasets: one, two"):
        route(ACTION, ())


@pytest.mark.parametrize(("where", "dataset", "message"), [("", "dask", "no dataset 'dask'"), ("no", "desk", "folder")])
def test_what_is_not_there_is_said(place, where, dataset, message):
    with pytest.raises(PilotageError, match=message):
        load(place.root / where, dataset, date(2026, 9, 30))


def quick(monkeypatch: pytest.MonkeyPatch, workspace: Workspace, load: Any) -> Any:
    """A process that looks at each call, in a workspace where loading is this."""
    monkeypatch.setattr(routers, "LOOK_EVERY_S", 0.0)
    monkeypatch.setattr(routers, "find_workspace", lambda: workspace)
    monkeypatch.setattr(routers, "load", load)
    return routers._Current()


def test_files_that_vanish_while_they_are_looked_at_stop_nobody(place, monkeypatch):
    before = routers._marks(place, "desk")
    real = routers.os.walk
    gone = [(str(place.dataset("desk")), [], ["reviews.sqlite-wal"])]
    monkeypatch.setattr(routers.os, "walk", lambda folder: [*real(folder), *gone])
    assert routers._marks(place, "desk") == before


def test_what_sqlite_shares_between_processes_changes_nothing(place):
    before, shared = routers._marks(place, "desk"), place.dataset("desk") / "reviews.sqlite-shm"
    shared.write_text("x")
    assert routers._marks(place, "desk") == before
    shared.unlink()


def test_a_fault_nobody_expected_is_told_as_one_of_the_house(here, monkeypatch):
    def broken(*_: Any) -> Any:
        raise OSError("the disk is gone")

    with pytest.raises(PilotageError, match="no router can be loaded: OSError: the disk is gone"):
        quick(monkeypatch, here, broken).router()


def test_an_older_router_never_takes_the_place_of_a_newer_one():
    current = routers._Current()
    for turn, name in ((2, "newer"), (1, "older")):
        made = routers.Future()
        made.set_result(name)
        current._take(made, turn)
    assert current._loaded.result() == "newer"


def test_the_caller_looks_at_no_file(here, monkeypatch):
    current = quick(monkeypatch, here, lambda *_: "router")
    assert current.router() == "router"
    looking = []
    monkeypatch.setattr(routers, "_marks", lambda *_: looking.append(current_thread().name) or ())
    current.router()
    end = time.monotonic() + 10
    while not looking and time.monotonic() < end:
        time.sleep(0.01)
    assert looking
    assert current_thread().name not in looking
