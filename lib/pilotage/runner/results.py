"""What pages leave in a run, read with care: a file that was damaged reads like one that is not there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from pilotage.hashes import read_object
from pilotage.verdict import Answer, gate_from_dict, overall


@dataclass(frozen=True)
class Decided:
    """What every decision.json says; `tier` is None where the answer is for no tier."""

    answer: Answer
    tier: str | None
    why: str


_DECIDED = TypeAdapter(Decided)


def read_decision(folder: Path) -> Decided | None:
    """What the folder's decision.json says; None where it says no answer, tier and why."""
    try:
        return _DECIDED.validate_python(read_object(folder / "decision.json"))
    except ValueError:
        return None


def read_answer(folder: Path, stage: str) -> str | None:
    """The page's required gates added up, empty where it has none; None where its evidence lists no proper gates."""
    evidence = read_object(folder / "evidence" / f"{stage}.json") or {}
    try:
        gates = [gate_from_dict(row) for row in evidence["gates"]]
        return overall(gates) if any(gate.required for gate in gates) else ""
    except (KeyError, TypeError):
        return None
