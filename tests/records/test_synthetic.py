"""The synthetic desk: the same bytes anywhere, small, whole, and accepted by the intake as it stands."""

from __future__ import annotations

import shutil
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from pilotage.errors import PilotageError
from pilotage.records.intake import intake
from pilotage.records.schemas import TABLES
from pilotage.records.synthetic import VARIANTS, make_tables, write_sample
from pilotage.records.synthetic.money import planned
from pilotage.records.synthetic.world import UTC_OFFSET_H, world_of
from pilotage.workspace import Workspace

ROOT = Path(__file__).parents[2]
CHILDREN = ("events", "model_calls", "tool_calls", "labels", "feedback", "reviews")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return make_tables(7)


def test_the_sample_on_disk_is_what_seed_7_writes(tmp_path):
    write_sample(tmp_path, seed=7)
    tasks = {"tasks.jsonl"}  # of the stand-in: see tests/cli/test_evaluate.py
    assert contents(tmp_path) == {k: v for k, v in contents(ROOT / "data/sample").items() if k not in tasks}


@pytest.mark.parametrize("variant", VARIANTS)
def test_one_seed_gives_the_same_bytes_and_another_seed_others(tmp_path, variant):
    for folder, seed in (("a", 3), ("b", 3), ("c", 4)):
        write_sample(tmp_path / folder, seed, variant)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    other = contents(tmp_path / "c")
    assert all(other[name] != data for name, data in contents(tmp_path / "a").items() if name.endswith(".csv"))


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_sample_is_at_most_3_mib_and_a_variant_400_kb(tmp_path, variant):
    write_sample(tmp_path, 7, variant)
    size = sum(len(data) for data in contents(tmp_path).values())
    assert size <= (3 * 2**20 if variant == "sample" else 400_000)


def test_files_have_plain_line_ends_and_no_byte_that_is_not_utf8(tmp_path):
    write_sample(tmp_path, 7, "go")
    for data in contents(tmp_path).values():
        assert b"\r" not in data
        assert data.decode("utf-8").endswith("\n")


def test_an_unknown_variant_is_refused_and_writes_nothing(tmp_path):
    with pytest.raises(PilotageError, match="no variant 'better'"):
        write_sample(tmp_path / "x", 7, "better")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("variant", VARIANTS)
def test_all_eleven_tables_are_there_with_canonical_columns_and_values(variant):
    drawn = make_tables(5, variant)
    assert set(drawn) == set(TABLES)
    for name, table in drawn.items():
        assert len(table)
        assert set(table.columns) <= set(TABLES[name].names)
        assert set(TABLES[name].required) <= set(table.columns)
        for column in TABLES[name].columns:
            if column.allowed and column.name in table:
                assert set(table[column.name].dropna()) <= set(column.allowed), (name, column.name)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_id_that_is_named_exists_and_belongs_to_the_same_phase(variant):
    drawn = make_tables(11, variant)
    cases, runs = drawn["cases"].set_index("case_id"), drawn["interactions"].set_index("interaction_id")
    assert cases.index.is_unique
    assert runs.index.is_unique
    assert drawn["events"]["case_id"].isin(cases.index).all()
    live = runs["case_id"].dropna()
    assert (cases.loc[live, "phase"].to_numpy() == runs.loc[live.index, "phase"].to_numpy()).all()
    assert runs["parent_interaction"].dropna().isin(runs.index).all()
    for name in CHILDREN[1:]:
        owner = runs.loc[drawn[name]["interaction_id"], "phase"].to_numpy()
        assert (owner == drawn[name]["phase"].to_numpy()).all(), name
    assert not drawn["tool_calls"].duplicated(["interaction_id", "seq"]).any()


def test_nothing_happens_after_the_day_the_dataset_lives_on(tables):
    for name, table in tables.items():
        for column in (c.name for c in TABLES[name].columns if c.type == "time" and c.name in table):
            assert table[column].max() < pd.Timestamp("2026-10-11T22:00"), (name, column)


def test_the_whole_calendar_has_one_offset_from_utc(tables):
    times = pd.concat(
        [t[c.name] for n, t in tables.items() for c in TABLES[n].columns if c.type == "time" and c.name in t]
    )
    for moment in (times.min(), times.max()):
        aware = moment.to_pydatetime().replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo("Europe/Rome"))
        assert aware.utcoffset().total_seconds() == UTC_OFFSET_H * 3600


def test_a_case_opens_and_closes_with_its_first_and_last_event(tables):
    cases = tables["cases"].set_index("case_id")
    span = tables["events"].groupby("case_id")["timestamp"].agg(["min", "max"])
    closed = cases["closed_at"].dropna()
    assert (span.loc[cases.index, "min"] == cases["opened_at"]).all()
    assert (span.loc[closed.index, "max"] == closed).all()
    assert 0 < len(cases) - len(closed) < 30
    assert (cases.loc[cases["closed_at"].isna(), "phase"] == "production").all()


def test_calls_of_a_run_add_up_to_its_tokens_and_stay_within_its_time(tables):
    runs = tables["interactions"].set_index("interaction_id")
    tokens = tables["model_calls"].groupby("interaction_id")[["input_tokens", "output_tokens"]].sum()
    assert (tokens == runs.loc[tokens.index, ["input_tokens", "output_tokens"]]).all(axis=None)
    spent = pd.concat([tables[n] for n in ("model_calls", "tool_calls")]).groupby("interaction_id")["duration_s"].sum()
    assert ((spent - runs.loc[spent.index, "service_s"]).abs() < 0.1).all()
    assert (runs["service_s"] <= runs["latency_s"] + 0.01).all()


def test_every_run_of_the_pilot_was_checked_but_few_of_production(tables):
    runs = tables["interactions"]
    known = runs[runs["parent_interaction"].isna()].groupby("phase")["success"].count()
    of_all = runs[runs["parent_interaction"].isna()].groupby("phase").size()
    assert known["pilot"] == of_all["pilot"]
    assert 0 < known["production"] < of_all["production"] / 2


def test_adoption_rises_over_the_weeks_of_production(tables):
    cases = tables["cases"][tables["cases"]["phase"] == "production"]
    adopted = cases["case_id"].isin(tables["interactions"]["case_id"])
    week = (cases["opened_at"] - cases["opened_at"].min()).dt.days // 7
    share = adopted.groupby(week).mean()
    assert share.iloc[:2].mean() + 0.1 < share.iloc[-2:].mean()


def test_the_texts_hold_markup_and_formulas_that_the_house_must_survive(tables):
    texts = tables["interactions"]["input_text"]
    assert texts.str.contains("<script>", regex=False).any()
    assert texts.str.startswith("=HYPERLINK(").any()
    assert tables["texts"].query("label == 'injection'")["side"].eq("input").all()


def test_two_people_labelled_some_runs_and_a_judge_all_of_the_pilot(tables):
    labels = tables["labels"].query("metric == 'hallucination' and stream == 'uniform' and phase == 'pilot'")
    people = labels[labels["source"] == "human"].groupby("interaction_id").size()
    world = world_of("sample")
    assert (len(people), (people == 2).sum()) == (world.people.labelled, world.people.labelled_twice)
    runs = tables["interactions"].query("phase == 'pilot' and parent_interaction.isna()")
    assert (labels["source"] == "judge").sum() == len(runs)


def test_what_was_spent_once_is_about_sixty_thousand(tables):
    once = sum(amount for _, category, amount in planned(world_of("sample")) if category == "build")
    assert once == 60_000
    assert set(tables["costs"]["kind"]) == {"planned", "actual"}


def test_the_intake_sets_nothing_aside_and_gives_the_drawn_tables_back(tmp_path):
    shutil.copytree(ROOT / "playbook", tmp_path / "playbook")
    write_sample(tmp_path / "data/small", 7, "not-yet")
    taken = intake(Workspace(tmp_path), "small")
    for name, drawn in make_tables(7, "not-yet").items():
        facts = taken.checks["tables"][name]
        assert (facts["rows"], facts["missing"], facts["reasons"]) == (len(drawn), 0, {}), name
        assert [check for check in facts["checks"] if not check["passed"]] == []
        read = pd.read_parquet(taken.folder / "tables" / f"{name}.parquet")
        for column in drawn:
            assert same(read[column], drawn[column]), (name, column)


def same(read: pd.Series, drawn: pd.Series) -> bool:
    if drawn.dtype.kind == "M":
        read = pd.to_datetime(read, utc=True).dt.tz_localize(None)
        return bool(((read == drawn) | (read.isna() & drawn.isna())).all())
    if drawn.dtype.kind in "iuf":
        return bool(((read - drawn).abs().fillna(0) < 1e-6).all() and (read.isna() == drawn.isna()).all())
    return (
        read.astype(object).where(read.notna(), None).tolist()
        == drawn.astype(object).where(drawn.notna(), None).tolist()
    )
