"""What the reviews teach: each input once, with the answer that a person approved, or the one it should have been."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from pilotage.hashes import permanent_number
from pilotage.oversight.feedback.system_prompt import without
from pilotage.oversight.reviewed import Reviewed
from pilotage.redact import redact

if TYPE_CHECKING:
    from pandas import DataFrame

HELD_OUT = 0.5  # of the units: errors are few, and both training and testing live on them
TEXTS = ("input_text", "output_text", "correction")
_LONE = re.compile("[\ud800-\udfff]")  # JSON can spell half a character, and nothing can encode it


@dataclass(frozen=True)
class Lesson:
    """What stands of the reviews of one input; `unit` is the task or case in which it was first reviewed.

    `correction` is what should have been answered, "" where nobody wrote it. Personal data is taken out of all texts.
    """

    unit: str
    decision: str
    reason: str
    input: str
    answer: str
    correction: str

    @property
    def held_out(self) -> bool:
        """Whether it is kept for tasks, and so out of what is trained on: half of the units, by their names' hash."""
        return permanent_number("tasks", "feedback", self.unit) < HELD_OUT


@dataclass
class Material:
    """The lessons, oldest decision first; `left_out` counts by reason what teaches nothing.

    `redacted` is the number of lessons from which personal data was taken.
    """

    lessons: list[Lesson] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    redacted: int = 0


def material(found: Reviewed, canary: str = "") -> Material:
    """What the reviews of the agent's work teach; nothing where there are none.

    Planted errors are no work of the agent's and disputed items have no answer yet: both are left out and counted, as
    are runs whose texts were not recorded. Of several decisions on one input the latest counts. The system prompt's
    `canary` is replaced in every text.
    """
    made, by_input = Material(), dict[str, Lesson]()
    for row in standing(found.decisions, made.left_out):
        if not all(whole(row[name]) for name in TEXTS[:2]):
            made.left_out["of runs whose texts were not recorded"] += 1
            continue
        lesson = _lesson(row, canary)
        if earlier := by_input.pop(lesson.input, None):
            made.left_out["decided again later on the same input"] += 1
            lesson = replace(lesson, unit=earlier.unit)
        by_input[lesson.input] = lesson
        made.redacted += any(clean(row[name]) != whole(row[name]) for name in TEXTS)
    made.lessons = list(by_input.values())
    return made


def standing(decisions: DataFrame, left_out: Counter[str]) -> Iterator[dict[str, Any]]:
    """The decision that stands on each run and action type, oldest first: the last adjudication, else the latest.

    Planted errors and what reviewers differ on are counted in `left_out`. Columns as `Reviewed.decisions` has them.
    """
    planted = int(decisions["seeded"].sum())
    left_out.update({"on planted errors": planted} if planted else {})
    own = decisions[~decisions["seeded"].astype(bool)].sort_values(["decided_at", "review_id"], kind="stable")
    said: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in own.to_dict("records"):
        said.setdefault((row["interaction_id"], row["action_type"]), []).append(row)
    last = [one for rows in said.values() if (one := _settled(rows))]
    left_out.update({"disputed and not settled": len(said) - len(last)} if len(last) < len(said) else {})
    yield from sorted(last, key=lambda row: (row["decided_at"], row["review_id"]))


def _settled(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """What stands of the decisions on one item, oldest first; None where they differ and nobody has settled it."""
    settled = [row for row in rows if row["adjudicates"]]
    if not settled and len({bool(row["wrong"]) for row in rows}) > 1:
        return None
    return (settled or rows)[-1]


@cache
def clean(given: Any, canary: str = "") -> str:
    """The text without personal data, half characters and the system prompt's canary; "" for anything but text."""
    return redact(without(canary, whole(given)))


def whole(given: Any) -> str:
    """The text with � for each half character, without white space around it; "" for anything but text."""
    return _LONE.sub("\ufffd", given).strip() if isinstance(given, str) else ""


def _lesson(row: dict[str, Any], canary: str) -> Lesson:
    texts = (clean(row[name], canary) for name in ("reason", *TEXTS))
    return Lesson(str(row["unit"]), row["decision"], *texts)
