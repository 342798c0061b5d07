from __future__ import annotations

import json

import pytest

from pilotage.hashes import sha256_file, sha256_json
from pilotage.runner.manifest import Opened, copy_page, stale_reason, write_manifest

KEY = {"cells": "c", "parameters": {"as_of": "2026-10-12"}}


@pytest.fixture
def root(tmp_path):
    """A run in which the roi page opened a file, a part, a glob, upstream evidence, and a file that is not there."""
    run = tmp_path / "reports/run"
    for path, text in {
        tmp_path / "data/a.csv": "1",
        tmp_path / "checks.json": '{"tables": {"cases": {"rows": 3}, "events": 1}}',
        run / "evidence/pilot.json": "{}",
        run / "evidence/roi.json": "{}",
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    opened = Opened(
        files={
            "data/a.csv": sha256_file(tmp_path / "data/a.csv"),
            "data/none.csv": "absent",
            "run:evidence/pilot.json": sha256_file(run / "evidence/pilot.json"),
        },
        parts={"checks.json#tables.cases": sha256_json({"rows": 3}), "checks.json#tables.labels": "absent"},
        globs={"data/*.csv": ["data/a.csv"]},
    )
    write_manifest(run, "roi", KEY, opened, ["evidence/roi.json"])
    return tmp_path


def reason(root, key=KEY):
    return stale_reason(root, root / "reports/run", "roi", key)


def test_a_page_is_up_to_date_while_nothing_it_rests_on_changes(root):
    (root / "checks.json").write_text('{"tables": {"events": 2, "cases": {"rows": 3}}, "more": 1}')
    (root / "reports/run/evidence/other.json").write_text("{}")
    assert reason(root) is None


def test_a_page_that_looked_at_systems_elsewhere_is_never_up_to_date(root):
    opened = Opened({}, elsewhere="the systems that it probes may have changed")
    write_manifest(root / "reports/run", "roi", KEY, opened, ["evidence/roi.json"])
    assert reason(root) == "the systems that it probes may have changed"


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("data/a.csv", "2", "data/a.csv changed"),
        ("data/a.csv", None, "data/a.csv changed"),
        ("data/none.csv", "1", "data/none.csv changed"),
        ("data/b.csv", "1", "data/*.csv matches other files"),
        ("checks.json", '{"tables": {"cases": {"rows": 4}}}', "tables.cases in checks.json changed"),
        ("checks.json", '{"tables": {"cases": {"rows": 3}, "labels": 1}}', "tables.labels in checks.json changed"),
        ("checks.json", "no json", "tables.cases in checks.json changed"),
        ("checks.json", None, "tables.cases in checks.json changed"),
        ("reports/run/evidence/pilot.json", "{ }", "evidence/pilot.json changed"),
        ("reports/run/evidence/roi.json", "{ }", "evidence/roi.json is gone or altered"),
        ("reports/run/evidence/roi.json", None, "evidence/roi.json is gone or altered"),
        ("reports/run/manifests/roi.json", "{", "it did not finish"),
        ("reports/run/manifests/roi.json", '{"schema": 2}', "it did not finish"),
        ("reports/run/manifests/roi.json", "[1]", "it did not finish"),
        ("reports/run/manifests/roi.json", '{"schema": 1, "stage": "roi"}', "it did not finish"),
        ("reports/run/manifests/roi.json", None, "it did not finish"),
    ],
)
def test_each_change_is_found_and_named(root, path, text, why):
    if text is None:
        (root / path).unlink()
    else:
        (root / path).write_text(text)
    assert reason(root) == why


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (KEY | {"cells": "d"}, "its notebook changed"),
        (KEY | {"parameters": {}}, "as_of changed from 2026-10-12 to the notebook's own"),
        (
            KEY | {"parameters": {"as_of": "2026-10-13", "low": None}},
            "as_of changed from 2026-10-12 to 2026-10-13 and low changed from the notebook's own to none",
        ),
        (KEY | {"run": "another"}, "it belongs to another run"),
    ],
)
def test_a_changed_key_is_named_by_its_part(root, key, why):
    assert reason(root, key) == why


def test_a_copied_page_is_up_to_date_in_its_new_run(root):
    new = root / "reports/new"
    (new / "evidence").mkdir(parents=True)
    (new / "evidence/pilot.json").write_text("{}")
    copy_page(root / "reports/run", new, "roi")
    assert stale_reason(root, new, "roi", KEY) is None
    assert json.loads((new / "manifests/roi.json").read_text())["stage"] == "roi"
