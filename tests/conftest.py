"""A workspace so small that a run takes seconds: the real playbook, a dataset of three rows, pages of a few lines."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from io import StringIO
from itertools import count
from pathlib import Path
from typing import Any
from weakref import finalize

import duckdb
import pyarrow as pa
import pytest
import yaml
from hypothesis import settings
from pandas import DataFrame

from pilotage.kpis import Tables
from pilotage.page import Page
from pilotage.page.opened import Opened
from pilotage.playbook import Playbook, read_policy
from pilotage.records.intake import intake
from pilotage.records.schemas import TABLES
from pilotage.records.store import OF_EVENTS, SQL_TYPES
from pilotage.runner.job import Request
from pilotage.runner.progress import Lines
from pilotage.runner.run import Outcome, run
from pilotage.workspace import Workspace

# The same examples each time: whether a change is sound is not to hang on luck.
# `--hypothesis-profile default` tries others.
settings.register_profile("same examples", derandomize=True, deadline=None)
settings.load_profile("same examples")

ROOT = Path(__file__).parent.parent
DAY = datetime(2026, 10, 12, 9, 30, tzinfo=UTC)
PAGES = {"baseline": (), "pilot": (), "roi": ("baseline", "pilot"), "decision": ("baseline", "pilot", "roi")}
PARAMETERS = (
    'dataset = "tiny"  # folder under data/\nas_of = ""  # day\nscale = 1  # factor\nsegment: str | None = None  # part'
)
BEGIN = """
import hashlib, json, os
from pathlib import Path
root, run = Path(os.environ["PILOTAGE_WORKSPACE"]), Path(os.environ["PILOTAGE_RUN"])
stage, needs, reads = {stage!r}, {needs!r}, {reads!r}
work = run / "work" / stage
def digest(path): return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "absent"
def put(path, value): path.parent.mkdir(parents=True, exist_ok=True); path.write_text(json.dumps(value))
"""
END = """
files = {"run:evidence/" + need + ".json": digest(run / "evidence" / (need + ".json")) for need in needs}
files |= {name: digest(root / name) for name in reads}
gate = dict(name="g", kpi="k", tier="in the loop", required=True, answer="go", why="w", limit=None)
put(work / "evidence" / (stage + ".json"), dict(schema=1, stage=stage, gates=[gate], files=files, scale=scale))
if stage == "decision":
    put(work / "decision.json", dict(schema=1, answer="not yet", tier="in the loop", why="it is a test", run=run.name))
put(work / "opened.json", dict(files=files, parts={}, globs={}))
"""


def name_of(stage: str) -> str:
    """The page's notebook without its suffix, such as 02_pilot."""
    return f"{list(PAGES).index(stage) + 1:02}_{stage}"


def cell(source: str, *tags: str, kind: str = "code") -> dict[str, Any]:
    """One notebook cell."""
    body: dict[str, Any] = {
        "cell_type": kind,
        "id": f"c{abs(hash((source, tags))):x}"[:16],
        "metadata": {"tags": list(tags)},
        "source": source,
    }
    return body if kind == "markdown" else {**body, "execution_count": None, "outputs": []}


def write_notebook(path: Path, cells: Iterable[Mapping[str, Any]]) -> None:
    """A notebook with these cells, and a kernel name that exists nowhere: the runner must not depend on it."""
    spec = {"name": "someones-own", "display_name": "x", "language": "python"}
    notebook = {"cells": list(cells), "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook), encoding="utf-8")


@dataclass
class Tiny:
    """A workspace whose pages write their evidence by hand."""

    root: Path

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.root)

    def page(self, stage: str, *middle: str, needs: tuple[str, ...] | None = None, reads: tuple[str, ...] = ()) -> None:
        """Write the page's notebook; `middle` are cells that run before it writes its evidence."""
        needs = PAGES[stage] if needs is None else needs
        cells = [
            cell(f"# What about {stage}?\n\n- **Decides:** nothing\n- **Owner:** a test", kind="markdown"),
            cell(PARAMETERS, "parameters"),
            cell(BEGIN.format(stage=stage, needs=needs, reads=reads)),
            *(cell(source) for source in middle),
            cell(END),
        ]
        write_notebook(self.root / "notebooks" / f"{name_of(stage)}.ipynb", cells)

    def pages(self, **needs: tuple[str, ...]) -> None:
        """Let the playbook have these pages only."""
        path = self.root / "playbook" / "playbook.yaml"
        facts = yaml.safe_load(path.read_text(encoding="utf-8"))
        facts["pages"] = [
            {"stage": stage, "notebook": name_of(stage), "needs": list(need)} for stage, need in needs.items()
        ]
        path.write_text(yaml.safe_dump(facts), encoding="utf-8")

    def run(self, **request: Any) -> Outcome:
        """One run, and what it said, line by line, in `said`."""
        stream = StringIO()
        try:
            return run(self.workspace, Request(**request), Lines(stream), clock=lambda: DAY)
        finally:
            self.said = stream.getvalue().splitlines()

    def ran(self) -> list[str]:
        """The pages that the last run executed, in order of their ends."""
        return [line.split(":")[0][3:] for line in self.said if ": done in" in line or ": crashed" in line]

    def states(self, outcome: Outcome) -> dict[str, str]:
        """Each page's status in run.json."""
        facts = json.loads((outcome.folder / "run.json").read_text())
        return {stage: state["status"] for stage, state in facts["pages"].items()}

    def folders(self) -> list[str]:
        """The names of the run folders."""
        return sorted(path.name for path in (self.root / "reports").glob("*Z-*"))


def build_tiny(root: Path) -> Tiny:
    """The workspace with baseline, pilot, roi and decision, where only the pilot reads a data file."""
    tiny = Tiny(root)
    shutil.copytree(ROOT / "playbook", root / "playbook", ignore=shutil.ignore_patterns("audit_log.jsonl", "proposals"))
    for folder in ("notebooks", "data/tiny"):
        (root / folder).mkdir(parents=True)
    tiny.pages(**PAGES)
    for stage in PAGES:
        tiny.page(stage, reads=("data/tiny/cases.csv",) if stage == "pilot" else ())
    (root / "data/tiny/cases.csv").write_text(
        "case_id,phase,opened_at\n1,baseline,2026-09-01T08:00:00\n2,pilot,2026-09-02T08:00:00\n3,pilot,2026-09-03T08:00:00\n"
    )
    (root / "data/tiny/dataset.yaml").write_text(
        "name: three cases\nsynthetic: true\nas_of: 2026-10-12\ntime_zone: Europe/Rome\n"
        "tables:\n  cases:\n    file: cases.csv\n"
    )
    return tiny


SHARED = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """A folder that all workers of a session share; the process that starts them makes it and removes it."""
    if given := getattr(config, "workerinput", {}).get("shared"):
        config.stash[SHARED] = Path(given)
    else:
        config.stash[SHARED] = root = Path(tempfile.mkdtemp(prefix="pilotage-tests-"))
        config.add_cleanup(lambda: shutil.rmtree(root, ignore_errors=True))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell each worker of pytest-xdist the folder."""
    node.workerinput["shared"] = str(node.config.stash[SHARED])


def made_once(config: pytest.Config, name: str, make: Callable[[Path], Path]) -> Path:
    """What `make` makes in the folder given: the first worker who asks makes it for all, and nobody changes it."""
    root = config.stash[SHARED] / name
    made = root.with_suffix(".made")
    with root.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another worker that makes it now holds this until it is there
        if not made.exists():
            shutil.rmtree(root, ignore_errors=True)
            made.write_text(str(make(root)), encoding="utf-8")
    return Path(made.read_text(encoding="utf-8"))


def take_in(root: Path) -> Path:
    """A tiny workspace whose dataset is taken in already."""
    tiny = build_tiny(root)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Great Expectations imports modules that Python has deprecated
        intake(tiny.workspace, "tiny")
    return root


@pytest.fixture(scope="session")
def taken_in(pytestconfig: pytest.Config) -> Path:
    """A tiny workspace whose dataset is taken in already; made once, since that loads Great Expectations."""
    return made_once(pytestconfig, "taken_in", take_in)


@pytest.fixture(scope="session")
def has_run(taken_in: Path, pytestconfig: pytest.Config) -> Path:
    """A tiny workspace with one finished run."""

    def make(root: Path) -> Path:
        shutil.copytree(taken_in, root)
        Tiny(root).run()
        return root

    return made_once(pytestconfig, "has_run", make)


@pytest.fixture
def tiny(taken_in: Path, tmp_path: Path) -> Tiny:
    """A tiny workspace of the test's own that never ran."""
    shutil.copytree(taken_in, tmp_path / "house")
    return Tiny(tmp_path / "house")


@pytest.fixture
def ran(has_run: Path, tmp_path: Path) -> Tiny:
    """A tiny workspace of the test's own with one finished run."""
    shutil.copytree(has_run, tmp_path / "ran" / "house", symlinks=True)
    return Tiny(tmp_path / "ran" / "house")


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts `pilotage` with arguments in a process of its own, which is gone after the test."""
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: str, **environment: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "pilotage.cli", *arguments]
        paths = os.pathsep.join(str(Path(path).resolve()) for path in sys.path if path)
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        started.append(subprocess.Popen(command, env={**os.environ, "PYTHONPATH": paths, **environment}, **pipes))
        return started[-1]

    yield begin
    for process in started:
        process.terminate()
        process.communicate(timeout=20)


TRIES = 5  # others share the machine: one try that is quick enough shows that the code is


def cpu_seconds(call: Callable[[], object]) -> float:
    began = time.process_time()
    call()
    return time.process_time() - began


@pytest.fixture
def within() -> Callable[[float, Callable[[], object]], bool]:
    """Whether a call takes at most so many seconds of the processor in one of a few tries."""
    return lambda limit, call: any(cpu_seconds(call) <= limit for _ in range(TRIES))


@pytest.fixture
def linear() -> Callable[..., bool]:
    """Whether a call that is given a size grows about in line with it: three times that is far from its square."""

    def grows(call: Callable[[int], object], small: int, large: int, least: float = 0.002) -> bool:
        times = large / small
        assert times >= 5, "sizes so close tell a line from a square no more"
        call(small)
        return any(
            cpu_seconds(lambda: call(large)) <= 3 * times * max(cpu_seconds(lambda: call(small)), least)
            for _ in range(TRIES)
        )

    return grows


Rows = list[dict[str, Any]]


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    """One DuckDB for all tests of a process, with the canonical tables, typed and without rows, in the database `bare`.

    To start one takes longer than what most tests ask of it.
    """
    engine = duckdb.connect()
    engine.execute("ATTACH ':memory:' AS bare")
    for name, table in TABLES.items():
        columns = {column.name: SQL_TYPES[column.type] for column in table.columns}
        columns |= OF_EVENTS if name == "events" else {}
        types = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
        engine.execute(f"CREATE TABLE bare.{name} ({types})")
    return engine


NUMBERS = count(1)


def _empty() -> duckdb.DuckDBPyConnection:
    """All canonical tables without rows, in a database of their own that goes once nobody holds the connection."""
    name, connection = f"made_{next(NUMBERS)}", _engine().cursor()
    connection.execute(f"ATTACH ':memory:' AS {name}; COPY FROM DATABASE bare TO {name} (SCHEMA); USE {name}")
    finalize(connection, _engine().execute, f"DETACH {name}").atexit = False
    return connection


def build_tables(missing: Mapping[str, int] | None = None, **rows: Rows) -> Tables:
    """The canonical tables in memory, filled with these rows; a table that is not named is absent from the dataset."""
    connection = _empty()
    for name, given in rows.items():
        numbered = [{"row_number": number, **row} if name == "events" else row for number, row in enumerate(given)]
        columns = {column for row in numbered for column in row}
        if columns:
            filled = pa.table({column: [row.get(column) for row in numbered] for column in sorted(columns)})
            connection.register("given", filled)
            connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM given")
    return Tables(connection, {name: _facts(given, (missing or {}).get(name, 0)) for name, given in rows.items()})


def _facts(rows: Rows, missing: int) -> dict[str, Any]:
    columns = sorted({column for row in rows for column in row})
    empty: dict[str, Any] = {"checks": [], "sources": [], "absent": [], "set_aside": 0, "first": None, "last": None}
    return {"rows": len(rows), "missing": missing, "columns": columns, **empty}


@pytest.fixture
def tables() -> Callable[..., Tables]:
    """Builds canonical tables from rows: tables(interactions=[{...}], missing={"interactions": 1})."""
    return build_tables


def build_in_memory(frames: Mapping[str, DataFrame], missing: Mapping[str, int] | None = None) -> Tables:
    """The generator's tables in DuckDB, without files between; `missing` rows were counted and are not there."""
    connection, facts = _empty(), {}
    for name, frame in frames.items():
        numbered = frame.assign(row_number=range(len(frame))) if name == "events" else frame
        connection.register("given", numbered)
        connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM given")
        times = frame[TABLES[name].time].dropna() if TABLES[name].time else []
        facts[name] = {**_facts([], (missing or {}).get(name, 0)), "rows": len(frame), "columns": list(frame.columns)}
        facts[name]["last"] = str(max(times)) if len(times) else None
    return Tables(connection, facts)


@pytest.fixture(scope="session")
def in_memory() -> Callable[..., Tables]:
    """Builds canonical tables from the generator's frames: in_memory(make_tables(7), missing={"cases": 3})."""
    return build_in_memory


@cache
def _shipped(names: tuple[str, ...]) -> Playbook:
    """The shipped playbook's files, read once: frozen as they are, pages can share them."""
    return read_policy(Workspace(ROOT), names)


def build_page(
    stage: str,
    run: Path,
    synthetic: bool = True,
    as_of: str = "2026-10-12",
    policies: tuple[str, ...] = (),
    dataset: str = "tiny",
) -> Page:
    """A page of the shipped playbook with no dataset behind it; `run` is the folder its upstream evidence lies in."""
    workspace = Workspace(ROOT)
    book = _shipped(("playbook", "assumptions", stage, *policies)).model_copy()
    about = {"title": "a test", "synthetic": synthetic, "baseline_source": "recorded"}
    return Page(stage, dataset, date.fromisoformat(as_of), workspace, run, book, Opened(workspace, run), about)


@pytest.fixture
def page(tmp_path: Path) -> Callable[..., Page]:
    """Builds a page: page("pilot", synthetic=False, as_of="2026-10-12")."""
    return lambda stage, **more: build_page(stage, tmp_path, **more)


@pytest.fixture(scope="session")
def workspace_copy() -> Callable[[Path], Workspace]:
    """Copies the project's playbook, pages and sample to a folder."""
    return copy_workspace


def copy_workspace(root: Path) -> Workspace:
    """A copy of the project's playbook, pages and sample, without what people decided."""
    for name in ("playbook", "notebooks", "data/sample"):
        ignored = shutil.ignore_patterns(
            "audit_log.jsonl", "proposals", "guard", "reviews.sqlite*", ".ipynb_checkpoints"
        )
        shutil.copytree(ROOT / name, root / name, ignore=ignored)
    return Workspace(root)


def run_sample(root: Path) -> Path:
    """The report folder of a run on the sample in a copy of the workspace."""
    outcome = run(copy_workspace(root), Request(dataset="sample"), Lines(StringIO()))
    assert not outcome.crashed, f"a page crashed: {outcome.folder}"
    return outcome.folder


def finished_run(config: pytest.Config) -> Path:
    """The report folder of one run on the sample; a page stepped through in it writes to its own `work` only."""
    return made_once(config, "finished", run_sample)


@pytest.fixture(scope="session")
def leave_one_system() -> Callable[[Workspace], None]:
    """Leaves one quick system in the playbook: what the others need is shown by the run on the whole sample."""

    def leave(workspace: Workspace) -> None:
        path = workspace.playbook / "integration.yaml"
        policy = yaml.safe_load(path.read_text(encoding="utf-8"))
        policy["systems"] = [one for one in policy["systems"] if one["pattern"] == "virtualization"]
        path.write_text(yaml.safe_dump(policy), encoding="utf-8")

    return leave


@pytest.fixture(scope="session")
def sample_report(request: pytest.FixtureRequest) -> Path:
    """The report folder of a finished run on the sample."""
    return finished_run(request.config)
