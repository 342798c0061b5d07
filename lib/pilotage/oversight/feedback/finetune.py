"""Lessons as examples to train a model on, in the formats of OpenAI's fine-tuning, which other tools read as well.

Supervised: https://platform.openai.com/docs/guides/supervised-fine-tuning; preferences:
https://platform.openai.com/docs/guides/direct-preference-optimization.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from pilotage.oversight.feedback.material import Lesson, Material

_KEPT = "of units held out for evaluation"


def examples(made: Material, system: str, left_out: Counter[str]) -> Iterator[dict[str, Any]]:
    """An example a lesson: approved answers as given, corrected ones as they should have been.

    `system` is the system prompt, "" for none. What was rejected, or corrected without a text, and what is held out for
    evaluation is counted in `left_out`.
    """
    for lesson in made.lessons:
        answer = lesson.answer if lesson.decision == "approve" else lesson.correction
        if why := _unfit(lesson, answer):
            left_out[why] += 1
        else:
            yield {"messages": [*_asked(lesson, system), {"role": "assistant", "content": answer}]}


def preferences(made: Material, system: str, left_out: Counter[str]) -> Iterator[dict[str, Any]]:
    """A pair for each corrected answer: the correction is preferred to what the agent said."""
    for lesson in made.lessons:
        told = "approved as it was" if lesson.decision == "approve" else ""
        same = "corrected to what had been said" if lesson.correction == lesson.answer else ""
        if why := told or _unfit(lesson, lesson.correction) or same:
            left_out[why] += 1
            continue
        yield {
            "input": {"messages": _asked(lesson, system)},
            "preferred_output": [{"role": "assistant", "content": lesson.correction}],
            "non_preferred_output": [{"role": "assistant", "content": lesson.answer}],
        }


def _unfit(lesson: Lesson, answer: str) -> str:
    """Why the lesson is no example; "" where it is one."""
    if lesson.decision == "reject":
        return "rejected, which says nothing of the right answer"
    if not answer:
        return "corrected without a text"
    return _KEPT if lesson.held_out else ""


def _asked(lesson: Lesson, system: str) -> list[dict[str, str]]:
    told = [{"role": "system", "content": system}] if system else []
    return [*told, {"role": "user", "content": lesson.input}]
