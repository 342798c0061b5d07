"""Runs to label as a table that people fill in elsewhere: one row a run, CSV or XLSX."""

from __future__ import annotations

from pilotage.pilot.labels import store
from pilotage.pilot.labels.sampling import to_do
from pilotage.pilot.labels.sitting import Sitting, texts_of
from pilotage.records.hand_out import Layout, cell_text

LAYOUT = Layout(
    title="labels",
    columns=("id", "input", "answer", "value", "remark", "question", "dataset", "metric", "labeller"),
    filled_in=("value", "remark"),
    widths={"id": 16, "input": 50, "answer": 60, "value": 10, "remark": 30, "question": 40},
    choices={"value": dict.fromkeys(("yes", "no", "unsure"), "")},
)


def rows_of(sitting: Sitting) -> list[tuple[str, ...]]:
    """What is left for the labeller, a row a run in the columns of LAYOUT, the value blank; texts safe to open."""
    labels = store.standing(store.read(sitting.workspace, sitting.dataset))
    left = [item.interaction_id for item in to_do(sitting.plan, labels, sitting.labeller, sitting.present)]
    texts = texts_of(sitting.tables, left)
    about = (sitting.question.text, sitting.dataset, sitting.plan.metric, sitting.labeller)
    return [tuple(cell_text(text) for text in (name, *texts.get(name, ("", "")), "", "", *about)) for name in left]
