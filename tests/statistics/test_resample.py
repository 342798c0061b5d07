"""The seeded bootstrap."""

from __future__ import annotations

import numpy as np
import pytest

from pilotage.statistics import resample
from pilotage.statistics.resample import resampled_means, resampled_sums


@pytest.mark.parametrize("at_once", [7, 1000])
def test_resampled_sums_spread_like_sums_of_drawn_rows_however_many_are_drawn_at_once(monkeypatch, at_once) -> None:
    monkeypatch.setattr(resample, "AT_ONCE", at_once)
    rows = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 2.0], [3.0, 1.0]])
    drawn = resampled_sums(rows, 20_000, seed=1)
    assert drawn.shape == (20_000, 2)
    assert drawn.mean(axis=0) == pytest.approx(rows.sum(axis=0), abs=0.05)
    assert np.cov(drawn.T) == pytest.approx(np.cov(rows.T, ddof=0) * len(rows), abs=0.15)


@pytest.mark.parametrize("at_once", [7, 1000])
def test_resampled_means_spread_like_means_of_drawn_values(monkeypatch, at_once) -> None:
    monkeypatch.setattr(resample, "AT_ONCE", at_once)
    values = np.array([0.0, 1.0, 5.0, 2.0])
    drawn = resampled_means(values, 20_000, seed=1)
    assert drawn.shape == (20_000,)
    assert drawn.mean() == pytest.approx(values.mean(), abs=0.03)
    assert drawn.var() == pytest.approx(values.var() / 4, rel=0.05)
    assert list(resampled_means(-values, 50, seed=2)) == list(-resampled_means(values, 50, seed=2))
