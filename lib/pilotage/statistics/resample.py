"""The bootstrap over clusters, with the seed given."""

from __future__ import annotations

import numpy as np

from pilotage.statistics.intervals import FloatArray

# So many counts are drawn at once; it bounds the memory, whatever the number of clusters.
AT_ONCE = 2_000_000


def resampled_sums(rows: FloatArray, resamples: int, seed: int) -> FloatArray:
    """The column sums of as many rows drawn with replacement, once per resample: shape (resamples, columns).

    Rows that are equal are drawn together, which gives the same distribution. Source: Efron 1979.
    """
    rng = np.random.default_rng(seed)
    kinds, held = np.unique(rows, axis=0, return_counts=True)
    shares = held / held.sum()
    step = max(1, AT_ONCE // len(kinds))
    parts = [
        rng.multinomial(len(rows), shares, size=min(step, resamples - done)) @ kinds
        for done in range(0, resamples, step)
    ]
    return np.concatenate(parts)


def resampled_means(values: FloatArray, resamples: int, seed: int) -> FloatArray:
    """The means of as many values drawn with replacement, one per resample.

    The draw depends on the places of the values only, so that turning their signs turns those of the means.
    """
    rng, n = np.random.default_rng(seed), len(values)
    step = max(1, AT_ONCE // n)
    parts = [
        values[rng.integers(n, size=(min(step, resamples - done), n))].mean(axis=1)
        for done in range(0, resamples, step)
    ]
    return np.concatenate(parts)
