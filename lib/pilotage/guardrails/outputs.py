"""What comes out: the agent's answers, and texts made for tests, as the guard's output side decides on them."""

from __future__ import annotations

from collections import Counter

from pilotage.guardrails.measured import Measured
from pilotage.page import html
from pilotage.redact import KINDS as PERSONAL
from pilotage.words import number, sentence_case

DECISIONS = ("allow", "review", "block")


def outputs_table(found: Measured) -> html.Html:
    """For the answers of the pilot's runs, and for each label of the test texts, how many go which way."""
    texts = found.outputs
    groups = [("answers of the pilot's runs", found.answers["decision"].tolist())]
    groups += [(f"test texts: {label}", group["decision"].tolist()) for label, group in texts.groupby("label")]
    rows = [(name, f"{len(decisions):,}", *_shares(decisions)) for name, decisions in groups if decisions]
    header = ("What", "How many", "Allowed", "To a person", "Blocked")
    return html.table("What the guard does with what comes out", header, rows, header[1:])


def _shares(decisions: list[str]) -> list[str]:
    times = Counter(decisions)
    return [number(times[name] / len(decisions), "share") for name in DECISIONS]


def findings_table(found: Measured) -> html.Html:
    """What was found, the most frequent first: in how many of the pilot's answers, and in how many test texts."""
    answers, texts = (_found(frame["findings"]) for frame in (found.answers, found.outputs))
    kinds = sorted({*answers, *texts}, key=lambda key: (-answers[key], -texts[key], key))
    rows = [(_named(*key), f"{answers[key]:,}", f"{texts[key]:,}") for key in kinds]
    header = ("Found", "In answers of the pilot", "In test texts")
    return html.table("What was found in what comes out", header, rows, header[1:])


def _found(findings: object) -> Counter[tuple[str, str]]:
    """In how many texts each kind of finding stands."""
    return Counter(key for found in findings for key in {(one["kind"], one["rule"]) for one in found})  # type: ignore[attr-defined]  # a column of lists


def _named(kind: str, rule: str) -> str:
    if kind == "personal_data":
        return sentence_case(PERSONAL.get(rule, rule))
    return f"{sentence_case(kind.replace('_', ' '))}: {rule}"
