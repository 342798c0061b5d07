"""What a reviewer reads of a run: what the agent was given and what it proposes, without personal data."""

from __future__ import annotations

from collections.abc import Sequence

from pilotage.errors import PilotageError
from pilotage.kpis import Tables
from pilotage.redact import redact

_TEXTS = """SELECT interaction_id, coalesce(input_text, ''), coalesce(output_text, '') FROM interactions
            WHERE interaction_id IN (SELECT unnest(?))"""


def check_answers(tables: Tables) -> None:
    """PilotageError where the dataset holds no text of the agent that anybody could review."""
    if not tables.has("interactions", "output_text"):
        what = "the table `interactions` has no column `output_text`: there is no answer that anybody could review"
        raise PilotageError(what, next="map the agent's answers in dataset.yaml")


def texts_of(tables: Tables, runs: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Of each run what the agent was given and what it answered, redacted; "" where it was not recorded.

    A run that the dataset does not have is absent.
    """
    rows = tables.connection.execute(_TEXTS, [list(runs)]).fetchall()
    return {name: (str(redact(given)), str(redact(answer))) for name, given, answer in rows}
