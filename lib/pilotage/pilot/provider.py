"""What the agent does when the provider of its model fails: how such runs end, and what they cost in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pilotage.kpis import OWNERS, Kpi, Tables, fill_runs
from pilotage.page import html
from pilotage.pilot.estimates import What, in_cell, rate, ratio, unknown
from pilotage.pilot.looks import PHASE
from pilotage.words import count

if TYPE_CHECKING:
    import numpy as np

ENDINGS: Mapping[str, str] = {
    "right": "answered rightly",
    "wrong": "answered wrongly",
    "escalated": "handed to a person, rightly or not",
    "refused": "refused",
    "error": "ended in an error",
    "not judged": "answered, and nobody judged it",
}


@dataclass(frozen=True)
class Endings:
    """How a group of runs ended, each ending a share of all of them, and the seconds they lost (mean per run)."""

    runs: int
    shares: Mapping[str, Kpi]
    seconds_lost: Kpi


@dataclass(frozen=True)
class ProviderFailures:
    """Runs whose provider failed, beside those whose provider did not; both None, with the `reason`, if not known.

    `rate` is the share of runs with a failure; `unseen` counts runs that say neither how their model calls ended nor
    how often they were tried; `astray` the failed model calls that belong to no run.
    """

    rate: Kpi
    failed: Endings | None
    others: Endings | None
    unseen: int = 0
    astray: int = 0
    reason: str = ""

    @property
    def kpis(self) -> list[Kpi]:
        """What goes into the evidence."""
        groups = [group for group in (self.failed, self.others) if group and group.runs]
        return [self.rate, *(kpi for group in groups for kpi in (*group.shares.values(), group.seconds_lost))]


RATE = What("provider_failure_rate", "Runs in which the model's provider failed")


def provider_failures(tables: Tables) -> ProviderFailures:
    """The pilot's runs in which a model call failed, or that were tried more than once, and how they ended.

    A sub-agent's failures are those of the run above it. Escalated, refused and error are the run's own outcome;
    right and wrong are what was judged of the others. Seconds lost are those the user waited beyond the agent's work.
    """
    if not (tables.has("model_calls", "status") or tables.has("interactions", "attempts")):
        why = "no dataset column says how model calls ended or how often a run was tried"
        return ProviderFailures(unknown(RATE, why), None, None, reason=why)
    rows = tables.arrays(fill_runs(tables, _SQL), [PHASE])
    (astray,) = tables.row("SELECT count(*) FROM model_calls WHERE interaction_id IS NULL AND status <> 'ok'")
    known, touched = rows["known"], rows["failed"]
    unseen = int(rows["runs"][~known].sum())
    if not known.any():
        why = "no run says how its model calls ended or how often it was tried"
        return ProviderFailures(unknown(RATE, why), None, None, unseen, int(astray), why)
    held = rows["runs"] * touched
    with_failure, sizes = _by_cluster(rows["cluster"][known], held[known], rows["runs"][known])
    share = rate(RATE, with_failure, sizes, "there is no run")
    failed, others = (
        _endings({name: values[known & (touched == group)] for name, values in rows.items()}, word)
        for group, word in ((True, "failed"), (False, "not"))
    )
    return ProviderFailures(share, failed, others, unseen, int(astray))


_SQL = f"""{OWNERS},
answers AS (SELECT o.unit, count(*) FILTER (m.status <> 'ok') AS failed
            FROM model_calls m JOIN owners o USING (interaction_id) GROUP BY o.unit),
tries AS (SELECT o.unit, max(r.attempts) AS attempts FROM runs r JOIN owners o USING (interaction_id) GROUP BY o.unit)
SELECT dense_rank() OVER (ORDER BY r.cluster) - 1 AS cluster,
       a.failed IS NOT NULL OR t.attempts IS NOT NULL AS known,
       coalesce(a.failed > 0, false) OR coalesce(t.attempts > 1, false) AS failed,
       CASE WHEN r.outcome IN ('escalated', 'refused', 'error') THEN r.outcome
            WHEN r.success THEN 'right' WHEN NOT r.success THEN 'wrong' ELSE 'not judged' END AS ending,
       count(*) AS runs, count(r.latency_s - r.service_s) AS timed,
       coalesce(sum(r.latency_s - r.service_s ORDER BY r.latency_s - r.service_s), 0)::DOUBLE AS lost
FROM runs r LEFT JOIN answers a ON a.unit = r.interaction_id LEFT JOIN tries t ON t.unit = r.interaction_id
WHERE r.is_unit AND r.phase = ? GROUP BY r.cluster, known, a.failed, t.attempts, ending ORDER BY ALL"""


def _by_cluster(cluster: np.ndarray, *columns: np.ndarray) -> list[np.ndarray]:
    """The columns added up by cluster, one entry for each that has rows."""
    import numpy as np

    _, codes = np.unique(cluster, return_inverse=True)
    return [np.bincount(codes, column) for column in columns]


def _endings(rows: dict[str, np.ndarray], group: str) -> Endings:
    import numpy as np

    part = f"provider={group}"
    sizes, timed, lost = _by_cluster(rows["cluster"], rows["runs"], rows["timed"], rows["lost"])
    ended = np.asarray(rows["ending"], dtype=object)
    shares = {}
    for name, label in ENDINGS.items():
        (held,) = _by_cluster(rows["cluster"], rows["runs"] * (ended == name))
        what = What(f"ended_{name.replace(' ', '_')}", f"Runs: {label}", part)
        shares[name] = rate(what, held, sizes, "there is no such run")
    seconds = What("seconds_lost", "Seconds waited beyond the agent's work", part, "s")
    why = "the runs do not say both how long the user waited and how long the agent worked"
    return Endings(int(sizes.sum()), shares, ratio(seconds, lost, timed, why))


def provider_table(found: ProviderFailures) -> html.Html:
    """How runs ended with and without a failure of the provider; in words where there was none or nobody knows."""
    if not found.failed or not found.others:
        return html.note(f"What the agent does when its model's provider fails is not known: {found.reason}.")
    small = "".join(html.paragraph(remark, "small") for remark in _remarks(found))
    if not found.failed.runs:
        text = f"No model call failed and no run was tried twice in {count(found.others.runs, 'runs')}, so what "
        return html.Html(html.paragraph(f"{text}the agent does when its provider fails is not known.") + small)
    header = ("How they ended", f"Provider failed ({count(found.failed.runs, 'runs')})",
              f"It did not ({count(found.others.runs, 'runs')})")  # fmt: skip
    pairs = [(label, found.failed.shares[name], found.others.shares[name]) for name, label in ENDINGS.items()]
    pairs.append(("seconds lost, mean", found.failed.seconds_lost, found.others.seconds_lost))
    rows = ((label, in_cell(failed), in_cell(other)) for label, failed, other in pairs)
    return html.Html(html.table(_finding(found, found.failed), header, rows, header[1:]) + small)


def _finding(found: ProviderFailures, failed: Endings) -> str:
    good, bad = (failed.shares[name].count or 0 for name in ("right", "error"))
    return (
        f"The model's provider failed in {in_cell(found.rate)} of the runs: of {count(failed.runs, 'such runs')}, "
        f"{good:,} still ended right and {bad:,} in an error."
    )


def _remarks(found: ProviderFailures) -> list[str]:
    remarks = []
    if found.unseen:
        remarks.append(
            f"{count(found.unseen, 'runs')} say neither how model calls ended nor how often they were tried."
        )
    if found.astray:
        remarks.append(f"{count(found.astray, 'failed model calls')} belong to no run, and count nowhere here.")
    return remarks
