"""What a labeller is asked about an answer, in words, and which answer speaks against the agent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """One question with the answers yes, no and unsure; `kpi` is what its labels are counted in, "" where none is."""

    text: str
    yes_is_a_fault: bool = True
    kpi: str = ""


QUESTIONS = {
    "hallucination": Question(
        "Does the answer state something as a fact that what the agent was given does not support?",
        kpi="hallucination_rate",
    ),
    "task_success": Question("Did the answer do what was asked, and rightly?", yes_is_a_fault=False),
}


def question_of(metric: str, text: str = "") -> Question:
    """The metric's question; `text` words it anew, as it must for a metric that has none here."""
    known = QUESTIONS.get(metric)
    if known is None:
        return Question(text or f"Does “{metric}” hold for this answer?")
    return Question(text or known.text, known.yes_is_a_fault, known.kpi)
