"""What a page leaves behind: evidence/<stage>.json, references and figures only; no rows, no clock, no NaN."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pilotage.hashes import ABSENT
from pilotage.kpis import Kpi
from pilotage.verdict import Gate

if TYPE_CHECKING:
    from pilotage.page.session import Page


def evidence_of(page: Page, kpis: Sequence[Kpi], gates: Sequence[Gate]) -> dict[str, Any]:
    """The page's evidence, schema 1: anyone with the inputs named here can compute it again."""
    return {
        "schema": 1,
        "stage": page.stage,
        "question": page.question,
        "dataset": page.dataset,
        "synthetic": page.synthetic,
        "as_of": page.as_of.isoformat(),
        "inputs": dict(sorted(_inputs(page))),
        "kpis": [kpi.as_dict() for kpi in kpis],
        "gates": [gate.as_dict() for gate in gates],
        "checks": list(_checks(page)),
        "facts": page.remarks,
        "tables": page.saved["tables"],
        "figures": page.saved["figures"],
    }


def _inputs(page: Page) -> Iterator[tuple[str, str]]:
    """Every file the page opened, and the user's own files behind the canonical tables."""
    yield from ((name.removeprefix("run:"), found) for name, found in page.opened.files.items() if found != ABSENT)
    for fact in page.facts.values():
        yield from ((source["path"], source["sha256"]) for source in fact["sources"])


def _checks(page: Page) -> Iterator[dict[str, Any]]:
    for table, fact in page.facts.items():
        for check in fact["checks"]:
            yield {"name": f"{table}: {check['name']}", "passed": bool(check["passed"]), "detail": check["detail"]}
