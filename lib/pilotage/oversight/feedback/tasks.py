"""Past errors as tasks for `pilotage evaluate`: the same input again, and the corrected answer as what is expected."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from pilotage.oversight.feedback.material import Lesson, Material

_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,10})?", re.ASCII)  # 007 is a code and no number


def tasks(made: Material, left_out: Counter[str]) -> Iterator[dict[str, Any]]:
    """A task for each corrected answer of the units held out; a task's name is a hash of its input and stays.

    A number is expected as a number, a JSON object by its fields, any other text somewhere in the answer, or as the
    whole answer where what was wrong held it as well. What is trained on, and what has no corrected answer, is counted
    in `left_out`.
    """
    for lesson in made.lessons:
        if why := _unfit(lesson):
            left_out[why] += 1
            continue
        scorer = expected(lesson.correction, lesson.answer)
        yield {"task_id": name_of(lesson.input), "input": lesson.input, "scorers": [scorer]}


def name_of(text: str) -> str:
    """The name of what was made from this text: the same text has the same name at every export."""
    return f"review-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def expected(correction: str, wrong: str = "") -> dict[str, Any]:
    """The scorer that tells the corrected answer from others, such as the `wrong` one that was given."""
    if _NUMBER.fullmatch(correction):
        return {"numeric": float(correction)}
    if fields := _fields(correction):
        return {"json_fields": fields}
    if correction.casefold() in wrong.casefold():
        return {"exact": {"value": correction, "ignore_case": True}}
    return {"contains": {"all": correction, "ignore_case": True}}


def _unfit(lesson: Lesson) -> str:
    """Why the lesson is no task; "" where it is one."""
    if lesson.decision == "approve":
        return "approved: only past errors become tasks"
    if lesson.decision == "reject":
        return "rejected, which says nothing of the right answer"
    if not lesson.correction:
        return "corrected without a text"
    return "" if lesson.held_out else "left for training"


def _fields(text: str) -> dict[str, Any]:
    """The fields of a JSON object that can be named in a task; {} where the text is none, or one of them cannot."""
    try:
        given = json.loads(text, parse_constant=_no_number) if text.startswith("{") else {}
    except (ValueError, RecursionError):
        return {}
    return given if all(all(name.split(".")) for name in given) else {}


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")
