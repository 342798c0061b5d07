"""One trial per task: what makes repeated trials independent for methods that need it.

The rule in words, for those who choose in SQL: of each cluster the row whose md5(seed || id), as 32 hexadecimal digits,
comes first. It looks at nothing but the row's own id, so no draw can be repeated until it suits, and rows of other
clusters change nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from pilotage.errors import PilotageError
from pilotage.statistics.intervals import Interval, check_counts, clopper_pearson


def one_per_cluster(ids: npt.ArrayLike, clusters: npt.ArrayLike, seed: str = "") -> npt.NDArray[np.int64]:
    """The positions, rising, of one row per cluster, chosen by the hash of the rows' ids (the rule above).

    `ids` (texts) and `clusters` (any labels) hold one entry per row; none in, none out. A trial that comes in later may
    take the place of an earlier one, so a task enters once all its trials are there. PilotageError when the two do not
    match or an id occurs twice in a cluster.
    """
    names, labels = np.asarray(ids, dtype=object), np.asarray(clusters)
    if names.ndim != 1 or names.shape != labels.shape:
        raise PilotageError(f"{names.size} row ids do not match {labels.size} cluster labels")
    group = np.unique(labels, return_inverse=True)[1]
    texts = (f"{seed}{name}".encode() for name in names)
    hashes = np.array([hashlib.md5(text, usedforsecurity=False).hexdigest() for text in texts], dtype="U32")
    order = np.lexsort((hashes, group))
    same = group[order][1:] == group[order][:-1]
    if bool(np.any(same & (hashes[order][1:] == hashes[order][:-1]))):
        raise PilotageError("a row id occurs twice in its cluster", next="give every trial an id of its own")
    return np.sort(order[np.concatenate([np.ones(min(1, len(order)), dtype=bool), ~same])])


def one_trial_rate(
    k: float,
    n: float,
    confidence: float = 0.95,
    missing: int = 0,
    method: Callable[[float, float, float], Interval] = clopper_pearson,
) -> Interval:
    """The rate of k of n tasks, one chosen trial each, where `missing` trials of these or other tasks are not there.

    A missing trial may have been the chosen one of its task, in whose place another now stands: so the low bound turns
    `missing` of the successes into failures and the high bound as many failures into successes. Deleting a trial then
    never raises `low` nor lowers `high`, whoever takes its place. `method` is `clopper_pearson` or `anytime_rate`.
    PilotageError when n is 0.
    """
    k, n = check_counts(k, n, missing)
    found, worst, best = (method(held, n, confidence) for held in (k, max(k - missing, 0.0), min(k + missing, n)))
    return Interval(found.estimate, worst.low, best.high, confidence, found.method, n)
