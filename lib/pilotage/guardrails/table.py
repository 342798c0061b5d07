"""A table of texts through the guard, one row out for each row in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pandas import DataFrame, Series, isna

from pilotage.errors import PilotageError
from pilotage.guardrails.findings import Side
from pilotage.words import listed, plain

if TYPE_CHECKING:
    from pilotage.guardrails.guard import Guard

IDS = ("id", "text_id")
SIDES = ("input", "output")


def check_table(guard: Guard, frame: DataFrame) -> DataFrame:
    """See `Guard.check_table`."""
    if "text" not in frame.columns:
        raise PilotageError("the table has no column text", next="name the column that holds the texts so")
    texts = [None if _empty(text) else text for text in frame["text"].tolist()]
    decided = guard.check_many(texts, _sides(frame))
    rows = {
        "id": _ids(frame),
        "decision": [one.decision for one in decided],
        "score": Series([one.score for one in decided], dtype=float),
        "findings": Series([[finding.as_dict() for finding in one.findings] for one in decided], dtype=object),
    }
    return DataFrame(rows)


def _ids(frame: DataFrame) -> list[Any]:
    name = next((name for name in IDS if name in frame.columns), None)
    return list(frame.index) if name is None else frame[name].tolist()


def _sides(frame: DataFrame) -> list[Side | None]:
    given = frame["side"].tolist() if "side" in frame.columns else [None] * len(frame)
    sides = [None if _empty(side) or side == "" else side for side in given]
    if wrong := sorted({plain(side) for side in sides if side is not None and side not in SIDES}):
        raise PilotageError(f"side should be input or output, and not {listed(wrong)}")
    return sides


def _empty(value: Any) -> bool:
    return value is None or (not isinstance(value, str | bytes | list | dict | tuple) and isna(value) is True)
