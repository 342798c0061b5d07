"""The playbook is followed to the letter, or every reason why it cannot be is told at once."""

# ruff: noqa: E501 (a table of cases is read line by line: one case, one line)

from __future__ import annotations

import shutil
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel, ValidationError

from pilotage.errors import InputFaults
from pilotage.kpis.definitions import DEFINITIONS
from pilotage.playbook import PlaybookFaults, load_playbook, read_policy
from pilotage.playbook.common import Assumption, BaselineKpi, Limit, Model, PilotKpi
from pilotage.playbook.guardrails import GuardKpi
from pilotage.playbook.load import FILES
from pilotage.workspace import Workspace

ROOT = Path(__file__).parents[2]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    shutil.copytree(ROOT / "playbook", tmp_path / "playbook", ignore=shutil.ignore_patterns("*.jsonl"))
    (tmp_path / "notebooks").mkdir()
    for name in ("01_baseline", "02_pilot", "03_guardrails", "04_oversight", "05_integration", "08_roi", "09_decision"):
        (tmp_path / "notebooks" / f"{name}.ipynb").write_text("{}")
    return Workspace(tmp_path)


def edit(workspace: Workspace, name: str, old: str, new: str) -> None:
    path = workspace.playbook / f"{name}.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def faults_of(workspace: Workspace, name: str) -> list[str]:
    with pytest.raises(PlaybookFaults) as caught:
        read_policy(workspace, (name,))
    return list(caught.value.groups[f"playbook/{name}.yaml"])


def test_the_shipped_playbook_is_followed(workspace: Workspace) -> None:
    book = load_playbook(workspace)
    assert book.tier == "in the loop"
    assert [page.stage for page in book.pages] == [
        "baseline", "pilot", "guardrails", "oversight", "integration", "roi", "decision"
    ]  # fmt: skip
    assert book.pilot.gates["task_success_rate"].limits["on the loop"].value == 0.92
    assert book.assumptions.cost_per_error.span == (60, 120, 240)
    assert book.assumptions.people_cost_per_hour.span == (38, 38, 38)
    assert book.assumptions.expected_icc.point == 0.2
    assert all(book.decision.asks.after(answer) for answer in ("go", "no-go", "not yet"))


def test_every_shipped_limit_and_assumption_is_marked_as_an_example(workspace: Workspace) -> None:
    book = load_playbook(workspace)
    decided = list(find_decided(book))
    assert (
        len(decided) == 2 + 3 + 2 + 7 * 3 + 2 + 3 * 3 + (1 + 1 + 9 + 1 + 6 + 2 + 2) + (1 + 3 + 2 + 1 + 1 + 3) + 2 + 11
    )
    assert all(part.example for part in decided)


def test_every_field_has_its_sentence() -> None:
    for model in all_models():
        for name, field in model.model_fields.items():
            sentence = field.description or ""
            assert sentence.endswith("."), f"{model.__name__}.{name}"


def test_every_file_says_what_it_decides_and_names_its_owner() -> None:
    for name in (*FILES, "expectations"):
        lines = (ROOT / "playbook" / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith("# Decides "), name
        assert lines[1].startswith("# Edited by "), name
        assert lines[2].startswith("owner: "), name


def test_a_playbook_once_read_cannot_be_changed(workspace: Workspace) -> None:
    book = load_playbook(workspace)
    with pytest.raises(ValidationError):
        book.tier = "outside the loop"
    with pytest.raises(ValidationError):
        book.pilot.gates["latency_p95_s"].limits["in the loop"].value = 99.0


def test_a_page_opens_only_the_files_it_names(workspace: Workspace) -> None:
    (workspace.playbook / "roi.yaml").unlink()
    book = read_policy(workspace, ("playbook", "assumptions", "pilot"))
    assert book.pilot.confidence == 0.95
    assert not hasattr(book, "roi")


def test_a_word_where_a_number_belongs_is_told_in_the_house_style(workspace: Workspace) -> None:
    edit(workspace, "baseline", "value: 200", "value: many")
    with pytest.raises(InputFaults) as caught:
        load_playbook(workspace)
    expected = "playbook/baseline.yaml cannot be followed:\n  min_cases: should be an integer (got 'many')"
    assert str(caught.value) == expected


def test_all_faults_of_all_files_are_told_at_once(workspace: Workspace) -> None:
    edit(workspace, "baseline", "value: 200", "value: many")
    edit(workspace, "baseline", "weeks_max: 12", "week_max: 12")
    edit(workspace, "pilot", "pass_k: 2", "pass_k: '2'")
    edit(workspace, "roi", "horizon_months: 36", "horizon_months: 36\nhorizon_months: 24")
    (workspace.playbook / "decision.yaml").unlink()
    (workspace.notebooks / "08_roi.ipynb").unlink()
    with pytest.raises(PlaybookFaults) as caught:
        load_playbook(workspace)
    assert str(caught.value).split("\n") == [
        "playbook/playbook.yaml cannot be followed:",
        "  pages[6].notebook: notebooks/08_roi.ipynb is missing",
        "playbook/baseline.yaml cannot be followed:",
        "  min_cases: should be an integer (got 'many')",
        "  plan.weeks_max: is missing",
        "  plan.week_max: is not a known key; did you mean 'weeks_max'?",
        "playbook/pilot.yaml cannot be followed:",
        "  pass_k: should be an integer (got '2')",
        "playbook/roi.yaml cannot be followed:",
        "  line 6: 'horizon_months' stands already on line 5",
        "playbook/decision.yaml cannot be followed:",
        "  is missing",
    ]
    assert caught.value.exit_code == 2
    assert "playbook/pilot.yaml: pass_k: should be an integer (got '2')" in caught.value.faults


CASES = [
    # file, what stands there, what somebody writes instead, what is told
    ("baseline", "value: 200", "value: 0", "min_cases: should be at least 1 (got 0)"),
    ("baseline", "value: 200", "value: 200.5", "min_cases: should be an integer (got 200.5)"),
    ("baseline", "value: 200", "value: true", "min_cases: should be an integer (got true)"),
    ("baseline", "value: 200", "value:", "min_cases: should be an integer (got nothing)"),
    ("baseline", "value: recorded", "value: recordd", "grade_required: should be one of the known words (got 'recordd'); did you mean 'recorded'?"),
    ("baseline", "confidence: 0.90", "confidence: 1", "confidence: should be less than 1 (got 1)"),
    ("baseline", "weeks_max: 12", "weeks_max: [12]", "plan.weeks_max: should be an integer"),
    ("pilot", "pass_k: 2", "pass_k: .inf", "pass_k: should be an integer (got inf)"),
    ("pilot", "required: true", "required: 'yes'", "gates.task_success_rate.required: should be true or false (got 'yes')"),
    ("pilot", "value: 0.85", "value: .nan", "gates.task_success_rate.limits.in the loop: should be a finite number (got nan)"),
    ("pilot", "value: 0.85", "value: 85", "gates.task_success_rate.limits: should go one way from 'in the loop' to 'outside the loop': stricter, or the same"),
    ("pilot", "value: 0.97", "value: 97", "gates: task_success_rate: outside the loop: the limit of a rate lies above 0 and below 1 (got 97); 5% is 0.05, and no pilot can prove never or always"),
    ("pilot", "value: 0.97", "value: 1.0", "gates: task_success_rate: outside the loop: the limit of a rate lies above 0 and below 1 (got 1); 5% is 0.05, and no pilot can prove never or always"),
    ("pilot", "value: 0.02\n        reason: This", "value: 0\n        reason: This", "gates: tool_call_failure_rate: outside the loop: the limit of a rate lies above 0 and below 1 (got 0); 5% is 0.05, and no pilot can prove never or always"),
    ("pilot", "confidence: 0.95", "confidence: 0.79", "confidence: should be at least 0.8 (got 0.79)"),
    ("baseline", "confidence: 0.90", "confidence: 0.4", "confidence: should be at least 0.5 (got 0.4)"),
    ("pilot", "      in the loop:", "      in loop:", "gates.task_success_rate.limits.in loop: should be one of the known words (got 'in loop'); did you mean 'in the loop'?"),
    ("pilot", "  pass_hat_k:", "  pass_hat:", "gates.pass_hat: should be one of the known words (got 'pass_hat'); did you mean 'pass_hat_k'?"),
    ("pilot", "owner: Quality", "ower: Quality", "ower: is not a known key; did you mean 'owner'?"),
    ("pilot", "owner: Quality lead, shared services", "owner: ''", "owner: should not be empty (got '')"),
    ("roi", "[build]", "build", "one_off_categories: should be a list (got 'build')"),
    ("roi", "[cost_per_case]", "[cost_per_case, error_rate]", "layers: should name each KPI once; error_rate stands more than once"),
    ("roi", "owner:", "\towner:", "line 3, column 1: found character that cannot start any token"),
    ("decision", "  no-go:", "  nogo:", "asks.nogo: is not a known key; did you mean 'no-go'?"),
    ("decision", "within_days: 14", "within_days: soon", "asks.go[1].within_days: should be an integer (got 'soon')"),
    ("assumptions", "value: 38", "low: 38", "people_cost_per_hour: should have either value, or all of low, likely and high"),
    ("assumptions", "low: 60", "low: 600", "cost_per_error: should be in order: low, then likely, then high"),
    ("assumptions", "high: 0.85", "high: 85", "share_of_cases_with_agent: should lie between 0 and 1; 85% is 0.85"),
    ("assumptions", "value: 38", "value: -38", "people_cost_per_hour: should not be negative"),
    ("assumptions", "  value: 38\n", "", "people_cost_per_hour: should have either value, or all of low, likely and high"),
    ("assumptions", "quality: measured", "quality: known", "people_cost_per_hour.quality: should be one of the known words (got 'known'); known: measured, estimated, guessed"),
    ("playbook", "currency: EUR", "currency: euro", "currency: should be a three-letter code such as EUR (got 'euro')"),
    ("playbook", "en-GB", "English (UK)", "language: should be a language tag such as en or en-GB (got 'English (UK)')"),
    ("playbook", "Europe/Rome", "Europe/Roma", "time_zone: should be the name of a time zone, such as Europe/Rome (got 'Europe/Roma')"),
    ("playbook", "tier: in the loop", "tier: on-the-loop", "tier: should be one of the known words (got 'on-the-loop'); did you mean 'on the loop'?"),
    ("playbook", "stage: roi", "stage: money", "pages[6].stage: should be one of the known words (got 'money'); known: baseline, pilot, guardrails, oversight, integration, governance, organization, roi, decision, monitoring"),
    ("playbook", "02_pilot,", "../02_pilot,", "pages[2].notebook: should be a file name without folder and without .ipynb (got '../02_pilot')"),
    ("playbook", "02_pilot,", "01_baseline,", "pages: the notebook '01_baseline' stands 2 times"),
    ("playbook", "stage: pilot", "stage: baseline", "pages: the stage 'baseline' stands 2 times"),
    ("playbook", "needs: [baseline, pilot]", "needs: [baseline, monitoring]", "pages: roi needs 'monitoring', which is not among the pages"),
    ("playbook", "02_pilot, needs: []", "02_pilot, needs: [roi]", "pages: needs go in a circle: pilot → roi → pilot"),
    ("playbook", "02_pilot, needs: []", "02_pilot, needs: [pilot]", "pages: needs go in a circle: pilot → pilot"),
    ("playbook", "  - {stage: decision", "  # {stage: decision", "pages: the page 'decision' is missing: without it nothing is decided"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "told"), CASES, ids=[f"{case[0]}: {case[2]!r}" for case in CASES])
def test_what_is_wrong_is_told_where_it_stands(workspace: Workspace, name: str, old: str, new: str, told: str) -> None:
    edit(workspace, name, old, new)
    assert told in faults_of(workspace, name)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"# nothing decided\n", "is empty"),
        (b"- a\n- b\n", "should be a mapping of keys to values"),
        (b"owner: \xe9t\xe9\n", "is not UTF-8 text (byte 7)"),
        (b"owner: 'open\n", "line 2, column 1: found unexpected end of stream"),
        (b"owner: a\n  b: c\n", "line 2, column 4: mapping values are not allowed in this context"),
        (b"a: &x [*x]\n", "cannot be read: Circular reference detected"),
        (b"owner: !!python/object:os.system {}\n", "line 1, column 8: could not determine a constructor for the tag"),
        (b"owner: 2026-02-31\n", "cannot be read as YAML: day is out of range for month"),
        (b"owner: \x00\n", "cannot be read as YAML:"),
        (b"owner: " + b"[" * 5000 + b"]" * 5000, "cannot be read"),
    ],
)
def test_a_file_that_is_no_mapping_is_told_plainly(workspace: Workspace, content: bytes, told: str) -> None:
    (workspace.playbook / "roi.yaml").write_bytes(content)
    assert faults_of(workspace, "roi")[0].startswith(told)


def test_keys_given_twice_are_all_named_with_their_lines(workspace: Workspace) -> None:
    (workspace.playbook / "roi.yaml").write_text("owner: a\nlayers: {quality: [], quality: []}\nowner: b\nowner: c\n")
    assert faults_of(workspace, "roi") == [
        "line 3: 'owner' stands already on line 1",
        "line 4: 'owner' stands already on line 1",
        "line 2: 'quality' stands already on line 2",
    ]


def test_a_page_that_this_version_does_not_have_is_a_fault_of_the_playbook(workspace: Workspace) -> None:
    edit(workspace, "playbook", "{stage: roi, notebook: 08_roi", "{stage: monitoring, notebook: 10_monitoring")
    edit(workspace, "playbook", "oversight, integration, roi]", "oversight, integration]")
    with pytest.raises(PlaybookFaults) as caught:
        load_playbook(workspace)
    assert caught.value.faults == [
        "playbook/playbook.yaml: pages[6].stage: monitoring: there is no playbook/monitoring.yaml in this version; "
        "it has pages for baseline, pilot, guardrails, oversight, integration, roi and decision"
    ]
    assert faults_of(workspace, "monitoring") == ["no page of this version goes by this file"]


def test_a_bare_limit_is_asked_for_its_reason(workspace: Workspace) -> None:
    edit(workspace, "pilot", "min_segment_n:", "min_segment_n: 30\nunused:")
    assert [told for told in faults_of(workspace, "pilot") if told.startswith("min_segment_n")] == [
        "min_segment_n.reason: is missing",
        "min_segment_n.source: is missing",
        "min_segment_n.set_by: is missing",
    ]


# What a KPI splits into is shown beside it and is no gate of its own.
SPLITS = {"tool_call_error_rate", "tool_call_timeout_rate", "rejection_rate", "correction_rate"}


def test_the_playbook_knows_the_kpis_the_library_has() -> None:
    known = (BaselineKpi, PilotKpi, GuardKpi)
    assert {name for kpis in known for name in get_args(kpis)} == set(DEFINITIONS) - SPLITS
    assert set(DEFINITIONS) >= SPLITS


def find_decided(part: object) -> list[BaseModel]:
    """Every limit and assumption below this part."""
    if isinstance(part, BaseModel):
        return (
            [part]
            if isinstance(part, Limit | Assumption)
            else [x for value in vars(part).values() for x in find_decided(value)]
        )
    inner = part.values() if isinstance(part, dict) else part if isinstance(part, tuple) else ()
    return [found for value in inner for found in find_decided(value)]


def all_models(root: type[BaseModel] | None = None) -> list[type[BaseModel]]:
    """Every model of the playbook's files, with generic ones in the forms that are used."""
    below = (root or Model).__subclasses__()
    return [model for sub in below for model in (sub, *all_models(sub)) if sub.__name__ != "Playbook"]


# What somebody writes into a system of integration.yaml, and what is told.
SYSTEMS = [
    (
        "pattern: wrapper ",
        "pattern: soap ",
        "systems[1].pattern: should be one of the known words (got 'soap'); known: wrapper, events, virtualization, mcp, a2a",
    ),
    (
        "address: embedded           # https://…; a token",
        "address: ftp://ledger  # https://…; a token",
        "systems[1].address: should begin with https:// or http:// and name a host (got 'ftp://ledger')",
    ),
    (
        "address: embedded           # kafka",
        "address: amqp://ann:s3cret@host  # kafka",
        "systems[2].address: should not hold a password; name its environment variable in key_env (got 'amqp://host')",
    ),
    (
        "address: embedded           # https://… or",
        "address: https://tools.example.com  # https://… or",
        "systems[4]: auth: write key_env for the token's environment variable, or auth: none",
    ),
    (
        "address: embedded           # https://… or",
        "command: [python]\n    address: embedded  # https://… or",
        "systems[4]: should have either an address or a command",
    ),
    ("safe_task: What", "safe_taks: What", "systems[6].safe_taks: is not a known key; did you mean 'safe_task'?"),
    (
        "replaceable_by: spare tools",
        "replaceable_by: desk agent",
        "systems: invoice tools: replaceable_by: 'desk agent' is no other system here with the pattern mcp",
    ),
    ("name: spare tools", "name: Invoice-Tools", "systems: 2 systems are called 'invoice-tools', or nearly so"),
]


@pytest.mark.parametrize(("old", "new", "told"), SYSTEMS)
def test_what_is_wrong_with_a_system_is_told_and_no_password_repeated(
    workspace: Workspace, old: str, new: str, told: str
) -> None:
    edit(workspace, "integration", old, new)
    faults = faults_of(workspace, "integration")
    assert told in faults
    assert "s3cret" not in str(faults)
