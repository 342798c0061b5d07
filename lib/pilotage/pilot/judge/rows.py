"""The runs of a phase side by side: what people said of each, and what a judge did."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from pilotage.kpis import DEFINITIONS, Tables, fill_runs
from pilotage.kpis.rows import HUMAN_LABELS

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Rows:
    """One entry per run of the phase, in the order of their names; NaN where nobody said anything.

    `human` is 0 or 1 as the KPI counts it, `score` the judge's, `chance` that with which the run was drawn for the
    judge; `failed` runs ended in an error and have no answer to judge.
    """

    cluster: np.ndarray
    human: np.ndarray
    score: np.ndarray
    chance: np.ndarray
    failed: np.ndarray

    @property
    def labelled(self) -> np.ndarray:
        """Which runs people labelled."""
        return _known(self.human)

    @property
    def judged(self) -> np.ndarray:
        """Which runs the judge scored."""
        return _known(self.score)

    def where(self, some: np.ndarray) -> Rows:
        """Only these runs."""
        return Rows(**{column.name: getattr(self, column.name)[some] for column in fields(self)})


def _known(values: np.ndarray) -> np.ndarray:
    import numpy as np

    known: np.ndarray = ~np.isnan(values)
    return known


_JUDGES = """
SELECT l.metric, l.labeller, count(DISTINCT l.interaction_id) AS runs, max(l.labelled_at) AS latest
FROM labels l JOIN {runs} r USING (interaction_id)
WHERE l.source = 'judge' AND l.stream = 'uniform' AND r.phase = ? AND (l.metric = ? OR ? = '')
GROUP BY l.metric, l.labeller ORDER BY l.metric, runs DESC, latest DESC, l.labeller"""

_ROWS = """
WITH human AS ({human}),
judge AS (SELECT interaction_id, arg_max(value, labelled_at) AS score,
                 arg_max(inclusion_probability, labelled_at) AS chance
          FROM labels WHERE source = 'judge' AND stream = 'uniform' AND metric = ? AND labeller = ?
          GROUP BY interaction_id)
SELECT r.cluster, h.value::DOUBLE AS human, j.score::DOUBLE AS score, j.chance::DOUBLE AS chance,
       coalesce(r.outcome = 'error', false) AS failed
FROM {runs} r LEFT JOIN human h ON h.id = r.interaction_id LEFT JOIN judge j USING (interaction_id)
WHERE r.phase = ? AND (r.is_unit OR h.id IS NOT NULL) ORDER BY r.interaction_id"""


def judges(tables: Tables, phase: str, metric: str = "") -> list[tuple[str, str]]:
    """Metric and labeller of every judge of the phase's runs; of one metric the one with most runs, then the latest,
    comes first. Empty where no judge was asked."""
    found = tables.connection.execute(fill_runs(tables, _JUDGES), [phase, metric, metric]).fetchall()
    return [(str(row[0]), str(row[1])) for row in found]


def rows_of(tables: Tables, phase: str, metric: str, judge: str) -> Rows:
    """The runs of the phase that are no sub-agent's, or were labelled, with the labels of people and of one judge."""
    import numpy as np

    sql = fill_runs(tables, _ROWS.replace("{human}", _human(metric)))
    found = tables.arrays(sql, [metric, judge, phase])
    numbers = {name: np.ma.filled(np.ma.asarray(found[name]), np.nan) for name in ("human", "score", "chance")}
    return Rows(cluster=np.asarray(found["cluster"]).astype(str), failed=np.asarray(found["failed"], bool), **numbers)


def _human(metric: str) -> str:
    """People's labels of each run as its KPI counts them; those of a metric without a KPI by majority."""
    for definition in DEFINITIONS.values():
        if definition.metric == metric:
            return definition.rows
    return HUMAN_LABELS.replace("{metric}", metric.replace("'", "''")).replace("{against}", "avg")
