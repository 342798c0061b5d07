"""What every part of the generator draws with: one stream of random numbers per part, times, and steps in order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence

PARTS = (
    "cases", "events", "runs", "calls", "wording", "pilot sample", "production sample", "labels", "feedback", "reviews",
    "training", "texts", "costs", "inbox", "guard reviews", "second looks",
)  # fmt: skip  # a new part goes to the end: a part's place in this list is what seeds it


def stream(seed: int, part: str) -> Generator:
    """The random numbers of one part. Parts are independent: editing one leaves the bytes of the others alone."""
    return Generator(PCG64(SeedSequence([seed, PARTS.index(part)])))


def lognormal(rng: Generator, mean: np.ndarray | float, sigma: float, size: int) -> np.ndarray:
    """Lognormal values with the given mean (not median), any positive unit."""
    return mean * np.exp(sigma * rng.standard_normal(size) - sigma**2 / 2)


def chosen(rng: Generator, probabilities: np.ndarray, size: int) -> np.ndarray:
    """`size` indices drawn with the given probabilities."""
    return np.searchsorted(np.cumsum(probabilities)[:-1], rng.random(size), side="right")


def office_minutes(rng: Generator, monday: np.datetime64, week: np.ndarray) -> np.ndarray:
    """A minute of a working day, Monday to Friday 07:30 to 18:30, in the given week after `monday`; datetime64[m]."""
    day = rng.integers(0, 5, len(week)) + 7 * week
    minute = day * 1440 + rng.integers(450, 1110, len(week))
    return np.asarray(monday.astype("datetime64[m]") + minute.astype("timedelta64[m]"))


def in_steps(mask: np.ndarray, weights: np.ndarray, total: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Spread `total` over the steps that happen: start and length of each, shape (cases, steps), 0 where it does not.

    `mask` says which steps happen; `weights` is how much of the total each takes. A row without a step is all zero.
    """
    share = np.where(mask, weights, 0.0)
    share = share / np.maximum(share.sum(axis=1, keepdims=True), 1e-12)
    length = share * total[:, None]
    return np.where(mask, np.cumsum(length, axis=1) - length, 0.0), length


def numbered(prefix: str, index: np.ndarray, digits: int = 4) -> np.ndarray:
    """Ids such as c0012 for the index 11; None for -1."""
    return where_known(index >= 0, np.array([f"{prefix}{i + 1:0{digits}d}" for i in index.tolist()], dtype=object))


def picked(names: Sequence[str], index: np.ndarray) -> np.ndarray:
    """The name at each index, as an object array."""
    return np.asarray(np.array(names, dtype=object)[index])


def where_known(known: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The values as objects, None where not known."""
    kept = np.full(len(values), None, dtype=object)
    kept[known] = values[known]
    return kept
