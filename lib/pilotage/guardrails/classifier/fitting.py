"""Logistic regression, fitted by scikit-learn: from labelled rows to a weight for each column."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from pilotage.errors import PilotageError
from pilotage.guardrails.classifier.calibration import Floats
from pilotage.guardrails.classifier.model import Linear

STRENGTH = 3.0  # scikit-learn's C with weights of mean 1; chosen by leaving sources out
_ITERATIONS = 200
_NEAR_ENOUGH = 1e-3  # largest slope that is taken for none; weights are kept to 8 bits


def fit(rows: csr_array, attack: NDArray[np.int64], weights: Floats) -> Linear:
    """The weights that tell attacks (1) from harmless rows (0) best, pulled towards 0 (L2).

    The same for the same rows, on one thread. PilotageError where scikit-learn is not installed.
    """
    try:
        from sklearn.linear_model import LogisticRegression
        from threadpoolctl import threadpool_limits
    except ImportError:
        advice = "install it with pip install 'pilotage[guard]'"
        raise PilotageError("a classifier is fitted with scikit-learn, which is not installed", next=advice) from None
    used = np.unique(rows.indices)
    model = LogisticRegression(C=STRENGTH, tol=_NEAR_ENOUGH, max_iter=_ITERATIONS)
    with threadpool_limits(1):
        model.fit(rows[:, used], attack, sample_weight=weights / weights.mean())
    found = np.zeros(rows.shape[1])
    found[used] = model.coef_[0]
    return Linear(found, float(model.intercept_[0]))
