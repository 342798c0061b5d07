"""When a judge may make a KPI of people's labels steadier, and by how much (PPI++).

The judge moves the estimate by as much as people's labels show that it goes with them. It is used only where that is
sound, and nothing is lost where it is not: people's labels then stand alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pilotage.kpis import DEFINITIONS, Kpi, Tables
from pilotage.pilot.judge.agreement import agreement
from pilotage.pilot.judge.rows import Rows, judges, rows_of
from pilotage.words import count

if TYPE_CHECKING:
    import numpy as np

    from pilotage.statistics import Interval


def with_judge(tables: Tables, kpi: Kpi, phase: str, confidence: float, judge: str | None) -> tuple[Kpi, str]:
    """The KPI with the PPI++ interval (method "ppi++") and no reason; or the KPI as it came and why no judge enters it.

    `kpi` is one of people's labels, measured over the same tables at the same `confidence` (two-sided). `judge` was
    named beforehand: whoever chooses among judges finds one that flatters. `n`, `clusters` and `count` stay those of
    people's labels; `n_eff` is how many labels people alone would have had to give. A run that the judge should have
    scored and did not counts as the best and as the worst it could have said, so that losing the judge's labels narrows
    nothing. Source: Angelopoulos, Duchi & Zrnic, arXiv:2311.01453.
    """
    metric = DEFINITIONS[kpi.name].metric
    asked = [name for _, name in judges(tables, phase, metric)] if metric else []
    if reason := _unfit(kpi) or _unnamed(judge, asked):
        return kpi, reason
    (judge,) = _going_by(judge, asked)
    rows = rows_of(tables, phase, metric or "", judge)
    if reason := _unsound(tables, kpi, rows, phase, judge):
        return kpi, reason
    pieces = _pieces(rows, kpi.better)
    intervals = [_interval(pieces, fill, confidence) for fill in _fills(pieces)]
    if any(interval.method != "ppi++" for interval in intervals):
        return kpi, f"what {judge} says does not go with what people say, so people's labels stand alone"
    low, high = min(one.low for one in intervals), max(one.high for one in intervals)
    n_eff = min(one.n_eff or 0.0 for one in intervals)
    return replace(kpi, estimate=intervals[0].estimate, low=low, high=high, method="ppi++", n_eff=n_eff), ""


def _unnamed(judge: str | None, asked: Sequence[str]) -> str:
    """Why no judge counts: none was asked, or none of those asked was named beforehand."""
    if not asked:
        return "no judge was asked"
    if judge is None:
        return "no judge is named in `playbook/pilot.yaml`"
    if not _going_by(judge, asked):
        return f"{judge}, which `playbook/pilot.yaml` names, was not asked"
    several = len(_going_by(judge, asked)) > 1
    return f"several judges go by the name {judge}: name one with its key in `playbook/pilot.yaml`" if several else ""


def _going_by(judge: str | None, asked: Sequence[str]) -> list[str]:
    """The judges that a name means: the one that signs so, else all that sign so before their key (`name@key`)."""
    return [one for one in asked if one == judge] or [one for one in asked if one.partition("@")[0] == judge]


def _unfit(kpi: Kpi) -> str:
    """Why this KPI takes no judge, whatever the judge."""
    if DEFINITIONS[kpi.name].metric is None:
        return "it counts no labels of people"
    if kpi.estimate is None:
        return kpi.reason
    if kpi.unmeasured:
        return f"{count(kpi.unmeasured, 'labels')} missing or without a value"
    if kpi.method == "anytime-valid":
        return "every look counts here, and a judge's range is right at one look only"
    return ""


def _unsound(tables: Tables, kpi: Kpi, rows: Rows, phase: str, judge: str) -> str:
    """Why this judge does not enter the KPI; empty where it may."""
    import numpy as np

    from pilotage.statistics import why_labels_alone
    from pilotage.statistics.judged import FEWEST_LABELS

    labelled = rows.where(rows.labelled)
    if alone := why_labels_alone(labelled.human):
        return alone
    if (both := int(labelled.judged.sum())) < FEWEST_LABELS:
        return f"{judge} judged {both:,} of the runs that people labelled; {FEWEST_LABELS} are needed to compare them"
    if always := agreement(tables, phase, DEFINITIONS[kpi.name].metric or "", judge).always:
        return f"{judge} always says {always}, which carries no information"
    if _spread(_human_chances(tables, kpi, phase)):
        return "people's labels were drawn with unequal chances"
    others = rows.where(~rows.labelled & rows.judged)
    if not len(others.score):
        return f"{judge} judged no run beyond those that people labelled"
    return f"{judge}'s runs were drawn with unequal chances" if _spread(np.asarray(others.chance)) else ""


def _human_chances(tables: Tables, kpi: Kpi, phase: str) -> np.ndarray:
    import numpy as np

    sql = """SELECT DISTINCT inclusion_probability AS chance FROM labels JOIN interactions i USING (interaction_id)
             WHERE metric = ? AND source = 'human' AND stream = 'uniform' AND i.phase = ?"""
    return np.asarray(tables.arrays(sql, [DEFINITIONS[kpi.name].metric, phase])["chance"], dtype=float)


def _spread(chances: np.ndarray) -> bool:
    return bool(len(chances)) and float(chances.max() - chances.min()) > 1e-6


@dataclass(frozen=True)
class _Pieces:
    """The labelled runs and the others that were drawn for the judge; a score it owes is NaN."""

    labelled: Rows
    others: Rows


def _pieces(rows: Rows, better: str) -> _Pieces:
    """A run that ended in an error has no answer to judge: it has a score of its own, the one that speaks against the
    agent, labelled or not. Of the runs not labelled, so many owe a score as the judge's draw was to bring and did not.
    """
    import numpy as np

    against = 1.0 if better == "lower" else 0.0
    known = replace(rows, score=np.where(rows.failed & ~rows.judged, against, rows.score))
    others = known.where(~known.labelled)
    scored = ~np.isnan(rows.score[~rows.labelled])
    chance = float(others.chance[scored][0])
    wanted = scored | _first(others.failed & ~scored, chance * int((others.failed & ~scored).sum()))
    answered = ~others.failed | scored
    owed = chance * int(answered.sum()) - int(scored.sum())
    return _Pieces(known.where(known.labelled), others.where(wanted | _first(~scored & ~others.failed, owed)))


def _first(some: np.ndarray, n: float) -> np.ndarray:
    """The first n of these, rounded."""
    import numpy as np

    chosen: np.ndarray = some & (np.cumsum(some) <= round(n))
    return chosen


def _fills(pieces: _Pieces) -> list[tuple[float, float]]:
    """What scores that are owed are taken to be, of labelled runs and of others: the judge's mean first, which gives
    the estimate; then what moves it furthest each way."""
    import numpy as np

    scores = np.concatenate([pieces.labelled.score, pieces.others.score])
    mean = float(np.nanmean(scores))
    if not np.isnan(scores).any():
        return [(mean, mean)]
    least, most = float(min(0.0, np.nanmin(scores))), float(max(1.0, np.nanmax(scores)))
    return [(mean, mean), (least, most), (most, least)]


def _interval(pieces: _Pieces, fill: tuple[float, float], confidence: float) -> Interval:
    import numpy as np

    from pilotage.statistics import ppi_rate

    here, there = pieces.labelled, pieces.others
    judged = np.where(np.isnan(here.score), fill[0], here.score)
    rest = np.where(np.isnan(there.score), fill[1], there.score)
    apart = len(np.unique(np.concatenate([here.cluster, there.cluster]))) == len(here.cluster) + len(there.cluster)
    if apart:
        return ppi_rate(here.human, judged, rest, confidence)
    return ppi_rate(here.human, judged, rest, confidence, here.cluster, there.cluster)
