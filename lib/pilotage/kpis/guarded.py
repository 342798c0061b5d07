"""What the guard would do, put beside the tables, so that its KPIs are measured like all others."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

from pilotage.kpis.tables import Tables

if TYPE_CHECKING:
    from pandas import DataFrame

_TEXTS = """
CREATE OR REPLACE TEMP TABLE guarded AS
SELECT t.text_id, ? AS phase, t.side, t.label, t.source, t.language, s.shape AS cluster, g.decision, g.score,
       coalesce(g.seen, false) AS seen
FROM texts t JOIN (SELECT text_id::VARCHAR AS text_id, shape::VARCHAR AS shape FROM shapes) s USING (text_id)
LEFT JOIN (SELECT text_id::VARCHAR AS text_id, decision::VARCHAR AS decision, score::DOUBLE AS score,
                  seen::BOOLEAN AS seen FROM given) g USING (text_id)"""
_RUNS = """
CREATE OR REPLACE TEMP TABLE guarded_runs AS
SELECT interaction_id::VARCHAR AS interaction_id, decision::VARCHAR AS decision FROM given"""

_CODE = re.compile(r"\b(?=[a-f-]*\d)[0-9a-f-]{6,}\b")
_NUMBER = re.compile(r"\d+")


def guarded(tables: Tables, checked: DataFrame, phase: str = "pilot") -> Tables:
    """The tables with the relation `guarded`: what the guard decided on each row of `texts`.

    `checked` has a row per text with text_id, decision (allow, review, block; None: not decided), score (probability or
    None) and seen (whether the guard was adapted on it, which takes it out of the figures). A text that is not among
    them counts as not decided, and a row of `texts` that was set aside as missing: both widen the interval. Texts of
    another phase are left out; those without one are of this. Texts alike but for case, numbers and codes are one
    cluster, since they come from one template.
    """
    texts = tables.frame("SELECT text_id, text FROM texts WHERE coalesce(phase, ?) = ?", [phase, phase])
    texts["shape"] = [shape(text) for text in texts["text"]]
    tables.connection.register("shapes", texts[["text_id", "shape"]])
    tables.connection.register("given", checked[["text_id", "decision", "score", "seen"]])
    tables.connection.execute(_TEXTS, [phase])
    return _known(tables, "guarded", tables.missing("texts"))


def guarded_runs(tables: Tables, checked: DataFrame) -> Tables:
    """The tables with the relation `guarded_runs`: what the guard decided on the input of each run it was shown.

    `checked` has interaction_id and decision (as in `guarded`). Pass the runs that stand for real traffic.
    """
    tables.connection.register("given", checked[["interaction_id", "decision"]])
    tables.connection.execute(_RUNS)
    return _known(tables, "guarded_runs", 0)


def shape(text: str) -> str:
    """What is left of a text without case, format characters, blanks, numbers and codes such as 3fa9-02d1."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    if not plain.isascii():
        plain = "".join(char for char in plain if unicodedata.category(char) != "Cf")
    return " ".join(_NUMBER.sub("0", _CODE.sub("0", plain)).split())


def _known(tables: Tables, name: str, missing: int) -> Tables:
    """The tables, which now know of the relation and its columns."""
    columns = [row[0] for row in tables.connection.execute(f"DESCRIBE {name}").fetchall()]
    for view in ("given", "shapes"):
        tables.connection.unregister(view)
    return replace(tables, facts={**tables.facts, name: {"columns": columns, "missing": missing}})
