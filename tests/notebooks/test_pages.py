"""Every page follows the recipe, and leaves the evidence that was promised."""

from __future__ import annotations

import ast
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "notebooks").glob("*.ipynb"))
STAGES = [path.stem.split("_", 1)[1] for path in PAGES]
EVIDENCE = {"schema", "stage", "question", "dataset", "synthetic", "as_of", "inputs", "kpis", "gates", "checks",
            "facts", "tables", "figures"}  # fmt: skip
KPI = {"name", "label", "layer", "unit", "dimension", "count", "n", "clusters", "estimate", "low", "high", "confidence",
       "method", "baseline", "target", "better"}  # fmt: skip
GATE = {"name", "kpi", "tier", "required", "answer", "why", "limit", "more_needed", "unit"}


def cells(path: Path, kind: str) -> list[tuple[str, list[str]]]:
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [("".join(c["source"]), c["metadata"].get("tags", [])) for c in found if c["cell_type"] == kind]


@pytest.mark.parametrize("path", PAGES, ids=STAGES)
def test_a_page_is_one_question_and_four_facts(path: Path) -> None:
    prose = [text for text, _ in cells(path, "markdown")]
    assert re.fullmatch(r"# .+\?", prose[0])
    assert not any(re.match(r"# ", text) for text in prose[1:])
    facts = next(text for text in prose if "**Decides**" in text)
    assert re.findall(r"\*\*(\w+)\*\*", facts)[:4] == ["Decides", "Owner", "Reads", "Writes"]


@pytest.mark.parametrize("path", PAGES, ids=STAGES)
def test_a_page_says_first_that_it_has_not_decided_and_explains_each_parameter(path: Path) -> None:
    code = cells(path, "code")
    assert code[0][0].endswith("not_decided_yet()")
    assert code[1][1] == ["parameters"]
    assert all(re.search(r"  # .+", line) for line in code[1][0].splitlines())
    assert code[1][0].startswith('dataset = "sample"')


@pytest.mark.parametrize("path", PAGES, ids=STAGES)
def test_a_page_wires_and_does_not_compute(path: Path) -> None:
    for source, _ in cells(path, "code"):
        nodes = list(ast.walk(ast.parse(source)))
        assert not [
            n for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef | ast.For | ast.While | ast.If | ast.Try)
        ]
        assert source.count("\n") < 12


@pytest.mark.parametrize("path", PAGES, ids=STAGES)
def test_no_output_is_kept_in_git(path: Path) -> None:
    found = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert not [c for c in found if c["cell_type"] == "code" and (c["outputs"] or c["execution_count"] is not None)]


def evidence(report: Path, stage: str) -> dict[str, Any]:
    text = (report / "evidence" / f"{stage}.json").read_text(encoding="utf-8")
    return json.loads(text, parse_constant=lambda name: pytest.fail(f"{stage}: {name} is no number"))


@pytest.mark.parametrize("stage", STAGES)
def test_evidence_keeps_its_contract(sample_report: Path, stage: str) -> None:
    found = evidence(sample_report, stage)
    assert set(found) == EVIDENCE
    assert (found["schema"], found["stage"], found["dataset"], found["synthetic"]) == (1, stage, "sample", True)
    assert found["question"].endswith("?")
    assert date.fromisoformat(found["as_of"])
    assert all(set(kpi) >= KPI for kpi in found["kpis"])
    assert all(set(gate) == GATE and gate["answer"] in ("go", "no-go", "not yet") for gate in found["gates"])
    assert all(kpi["reason"] for kpi in found["kpis"] if kpi["estimate"] is None)


@pytest.mark.parametrize("stage", STAGES)
def test_every_input_and_output_is_the_file_whose_hash_is_stated(sample_report: Path, stage: str) -> None:
    from pilotage.hashes import sha256_file

    found = evidence(sample_report, stage)
    root = sample_report.parents[1]
    for name, digest in found["inputs"].items():
        path = sample_report / name if name.startswith("evidence/") else root / name
        assert sha256_file(path) == digest, name
    for row in [*found["tables"], *found["figures"]]:
        assert sha256_file(sample_report / row["path"]) == row["sha256"]


@pytest.mark.parametrize("stage", STAGES)
def test_every_page_says_that_its_data_is_synthetic(sample_report: Path, stage: str) -> None:
    assert "Synthetic data" in (sample_report / "pages" / f"{stage}.html").read_text(encoding="utf-8")


def test_the_sample_ends_in_go_in_the_loop_and_the_next_tier_is_not_yet(sample_report: Path) -> None:
    found = json.loads((sample_report / "decision.json").read_text(encoding="utf-8"))
    assert (found["answer"], found["tier"]) == ("go", "in the loop")
    above = {gate["answer"] for gate in found["gates"] if gate["tier"] == "on the loop"}
    assert "not yet" in above
    assert "no-go" not in above
