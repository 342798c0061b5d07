"""What reviewers said of texts themselves, as rows of the table `texts`, on which the guard is tuned and judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pilotage.kpis import Tables, fill_runs
from pilotage.oversight.feedback.material import clean, standing, whole
from pilotage.oversight.feedback.tasks import name_of
from pilotage.oversight.reviewed import GUARD, Reviewed

if TYPE_CHECKING:
    from pandas import DataFrame

COLUMNS = ("text_id", "text", "label", "source", "language", "side")
LABELS = {"approve": "benign", "reject": "injection"}
FORBIDDEN = ("policy", "leak")  # reasons to reject an answer that are labels of what must not come out
UNKNOWN = "und"  # ISO 639 for a language that nobody determined

_GUARDED = """
SELECT v.review_id, v.interaction_id, v.action_type, v.decision, v.decision <> 'approve' AS wrong, {seeded},
       {adjudicates}, v.decided_at, {text}
FROM reviews v JOIN {runs} r USING (interaction_id)
WHERE v.action_type = ? AND coalesce(v.phase, 'pilot') <> 'baseline'"""


def texts(tables: Tables, found: Reviewed, left_out: Counter[str], canary: str = "") -> list[dict[str, str]]:
    """One row for each distinct text, as the latest decision has it; what says nothing of a text is counted.

    Inputs that the guard held up or let pass: approved is benign, rejected an injection. Answers that were rejected
    for a reason that names a label, policy or leak: that label. Personal data and the system prompt's `canary` are
    taken out; planted errors and what reviewers differ on are left out.
    """
    made: dict[tuple[str, str], dict[str, str]] = {}
    for given, label, side in [*_inputs(tables, left_out), *_answers(found)]:
        text = clean(given, canary)
        if not text:
            left_out["of runs whose texts were not recorded"] += 1
            continue
        if made.pop((side, text), None):
            left_out["decided again later on the same text"] += 1
        cells = (name_of(f"{side} {text}"), text, label, "reviews", UNKNOWN, side)
        made[side, text] = dict(zip(COLUMNS, cells, strict=True))
    return list(made.values())


def redacted(tables: Tables, found: Reviewed) -> int:
    """The number of decisions on texts that held personal data."""
    given = [row["input_text"] for row in standing(_guarded(tables), Counter())]
    return sum(clean(text) != whole(text) for text in [*given, *(row["output_text"] for row in _forbidden(found))])


def _inputs(tables: Tables, left_out: Counter[str]) -> Iterator[tuple[Any, str, str]]:
    for row in standing(_guarded(tables), left_out):
        label = LABELS.get(row["decision"])
        if label:
            yield row["input_text"], label, "input"
        else:
            left_out["neither harmless nor an attack"] += 1


def _answers(found: Reviewed) -> Iterator[tuple[Any, str, str]]:
    for row in _forbidden(found):
        yield row["output_text"], row["reason"].strip().casefold(), "output"


def _forbidden(found: Reviewed) -> Iterator[dict[str, Any]]:
    for row in standing(found.decisions, Counter()):
        if row["decision"] == "reject" and str(row["reason"]).strip().casefold() in FORBIDDEN:
            yield row


def _guarded(tables: Tables) -> DataFrame:
    flags = {
        name: f"coalesce(v.{name}, false) AS {name}" if tables.has("reviews", name) else f"false AS {name}"
        for name in ("seeded", "adjudicates")
    }
    recorded = tables.has("interactions", "input_text")
    sql = _GUARDED.replace("{text}", "r.input_text" if recorded else "NULL::VARCHAR AS input_text")
    for name, part in flags.items():
        sql = sql.replace(f"{{{name}}}", part)
    frame: DataFrame = tables.frame(fill_runs(tables, sql), [GUARD])
    return frame
