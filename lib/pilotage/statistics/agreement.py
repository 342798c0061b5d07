"""How far raters agree with each other: people among themselves, or a judge with people.

Agreement beyond chance is not defined when only one category was ever given, nor sensitivity without a positive case:
the interval is then NaN, from -inf to inf, with an n_eff of 0, so that nothing compared with it is ever met.
"""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from pilotage.errors import PilotageError
from pilotage.statistics.clusters import clustered_rate, korn_graubard_size
from pilotage.statistics.influence import (
    Codes,
    checked_zero_or_one,
    cluster_codes,
    cluster_sums,
    few_either_way,
    robust_variance,
)
from pilotage.statistics.intervals import FloatArray, Interval, check_confidence, clopper_pearson, wilson
from pilotage.statistics.resample import resampled_sums

Level = Literal["nominal", "ordinal", "interval"]


def cohen_kappa(
    first: npt.ArrayLike, second: npt.ArrayLike, confidence: float = 0.95, clusters: npt.ArrayLike | None = None
) -> Interval:
    """Cohen's kappa of two raters' categories, one entry per item in both; 1 is full agreement, 0 no more than chance.

    `clusters` names items that belong together (runs of one task). The variance is the linearised one (Fleiss, Cohen &
    Everitt 1969), added up by cluster; it is turned into a number of independent items `n_eff`, at most the items, and
    the interval is Wilson's for the share of agreement carried over to kappa, so that full agreement on few items
    still leaves doubt. Not defined (NaN, -inf to inf) when both gave one and the same category throughout.
    PilotageError when there is no item, or the lengths differ. Source: Cohen 1960; Fleiss, Cohen & Everitt 1969.
    """
    one, other = np.asarray(first), np.asarray(second)
    if one.ndim != 1 or one.shape != other.shape:
        raise PilotageError(f"{one.size} ratings do not match {other.size} ratings of the same items")
    category = _categories(np.concatenate([one, other]))
    a, b = category[: len(one)], category[len(one) :]
    kinds = int(category.max()) + 1
    shares_a, shares_b = np.bincount(a, minlength=kinds) / len(a), np.bincount(b, minlength=kinds) / len(b)
    chance = (shares_b[a] + shares_a[b]) / 2
    return _beyond_chance((a == b).astype(float), chance, cluster_codes(clusters, len(a)), confidence, "cohen")


def fleiss_kappa(counts: npt.ArrayLike, confidence: float = 0.95, clusters: npt.ArrayLike | None = None) -> Interval:
    """Fleiss' kappa: `counts` has a row per item and a column per category, how many raters gave the item that one.

    Every item has the same number of raters, at least two. The interval is made as `cohen_kappa` makes it. Not defined
    (NaN, -inf to inf) when only one category was given. PilotageError when there is no item, or the raters of the
    items differ in number (`krippendorff_alpha` takes those). Source: Fleiss 1971.
    """
    table = np.asarray(counts, dtype=float)
    if table.ndim != 2 or not table.size:
        raise PilotageError("there are no ratings, so there is no agreement")
    raters = table[0].sum()
    if not (np.isfinite(table).all() and (table >= 0).all() and raters >= 2 and (table.sum(axis=1) == raters).all()):
        raise PilotageError("every item needs the same number of ratings, two or more", next="use krippendorff_alpha")
    agree = (np.square(table).sum(axis=1) - raters) / (raters * (raters - 1))
    shares = table.sum(axis=0) / table.sum()
    return _beyond_chance(agree, table @ shares / raters, cluster_codes(clusters, len(table)), confidence, "fleiss")


def krippendorff_alpha(
    ratings: npt.ArrayLike,
    level: Level = "nominal",
    confidence: float = 0.95,
    seed: int = 0,
    clusters: npt.ArrayLike | None = None,
    resamples: int = 2000,
) -> Interval:
    """Krippendorff's alpha; `ratings` has a row per unit and a column per rater, numbers with NaN where one is missing.

    Units with fewer than two ratings do not count; `n_eff` is the number of units (or clusters) that do. `level` says
    how far two categories are apart: "nominal" the same or not, "ordinal" by rank, "interval" by the squared
    difference. The interval is the percentile bootstrap over units, or over `clusters` of units; a resample with one
    category only counts against both bounds. Where all ratings agree, `low` is the exact bound for units in full
    disagreement. Not defined (NaN, -inf to inf) when only one category was given. PilotageError when no unit has two
    ratings. Source: Krippendorff 2011, Computing Krippendorff's Alpha-Reliability.
    """
    tail = check_confidence(confidence)
    values, pairs, codes = _coincidences(ratings, clusters)
    totals = np.apply_along_axis(lambda column: cluster_sums(column, codes), 0, pairs)
    groups = len(totals)
    whole = totals.sum(axis=0)[np.newaxis]
    estimate, unit_cost = (float(found[0]) for found in _alpha(whole, values, level))
    if math.isnan(estimate):
        return _not_defined(confidence, "bootstrap")
    if groups < 2:
        return Interval(estimate, -math.inf, 1.0, confidence, "bootstrap", float(groups))
    if estimate == 1:
        low = 1 - clopper_pearson(0, groups, confidence).high * unit_cost
        return Interval(1.0, low, 1.0, confidence, "clopper-pearson", float(groups))
    drawn = _alpha(resampled_sums(totals, resamples, seed), values, level)[0]
    low = np.quantile(np.where(np.isnan(drawn), -np.inf, drawn), tail, method="lower")
    high = np.quantile(np.where(np.isnan(drawn), 1.0, drawn), 1 - tail, method="higher")
    return Interval(
        estimate, min(float(low), estimate), max(float(high), estimate), confidence, "bootstrap", float(groups)
    )


def sensitivity(
    truth: npt.ArrayLike, judged: npt.ArrayLike, confidence: float = 0.95, clusters: npt.ArrayLike | None = None
) -> Interval:
    """The share of truly positive rows (truth is 1) that were judged positive; both hold 0 or 1 per row.

    Clopper-Pearson, or with `clusters` (a name per row) Korn-Graubard. Not defined (NaN, -inf to inf) without a truly
    positive row. PilotageError when there is no row or the lengths differ. Source: Clopper & Pearson 1934.
    """
    return _caught(truth, judged, 1.0, confidence, clusters)


def specificity(
    truth: npt.ArrayLike, judged: npt.ArrayLike, confidence: float = 0.95, clusters: npt.ArrayLike | None = None
) -> Interval:
    """The share of truly negative rows (truth is 0) that were judged negative; otherwise like `sensitivity`."""
    return _caught(truth, judged, 0.0, confidence, clusters)


def _caught(
    truth: npt.ArrayLike, judged: npt.ArrayLike, side: float, confidence: float, clusters: npt.ArrayLike | None
) -> Interval:
    check_confidence(confidence)
    true, said = checked_zero_or_one(truth, "true labels"), checked_zero_or_one(judged, "judged labels")
    if len(true) != len(said):
        raise PilotageError(f"{len(true)} true labels do not match {len(said)} judged labels")
    counted = true == side
    right = (said == side)[counted].astype(float)
    if not counted.any():
        return _not_defined(confidence, "clopper-pearson")
    if clusters is None:
        return clopper_pearson(float(right.sum()), len(right), confidence)
    codes = cluster_codes(clusters, len(true))[counted]
    return clustered_rate(cluster_sums(right, codes), np.bincount(codes), confidence)


def _beyond_chance(agree: FloatArray, chance: FloatArray, codes: Codes, confidence: float, of: str) -> Interval:
    """(agreement - chance) / (1 - chance) from both per item; chance moves twice as fast as its mean over items."""
    check_confidence(confidence)
    observed, expected = float(agree.mean()), float(chance.mean())
    if expected >= 1 - 1e-12:
        return _not_defined(confidence, f"{of} kappa")
    room = 1 - expected
    kappa = (observed - expected) / room
    influence = (agree - observed) - (1 - kappa) * 2 * (chance - expected)
    variance = robust_variance(influence / len(agree), codes)
    clusters = int(codes.max()) + 1
    n_eff = float(korn_graubard_size(observed, variance, len(agree), clusters, confidence))
    if few_either_way(agree, codes):
        n_eff = min(n_eff, float(clusters))
    method = f"{of} kappa, wilson"
    if n_eff <= 0:
        return Interval(kappa, -expected / room, 1.0, confidence, method, 0.0)
    share = wilson(observed * n_eff, n_eff, confidence)
    low, high = (share.low - expected) / room, (share.high - expected) / room
    return Interval(kappa, min(low, kappa), max(high, kappa), confidence, method, n_eff)


def _coincidences(ratings: npt.ArrayLike, clusters: npt.ArrayLike | None) -> tuple[FloatArray, FloatArray, Codes]:
    """The distinct values, per unit with two ratings its pairs of values (flat, values × values), and its cluster."""
    table = np.asarray(ratings, dtype=float)
    if table.ndim != 2:
        raise PilotageError("ratings must have a row per unit and a column per rater")
    known = ~np.isnan(table)
    pairable = known.sum(axis=1) >= 2
    if not pairable.any():
        raise PilotageError("no unit has two ratings, so there is no agreement", next="have some units rated twice")
    values = np.unique(table[known])
    counts = np.stack([(table[pairable] == value).sum(axis=1) for value in values], axis=1).astype(float)
    pairs = counts[:, :, np.newaxis] * counts[:, np.newaxis, :]
    diagonal = np.arange(len(values))
    pairs[:, diagonal, diagonal] -= counts
    pairs /= (counts.sum(axis=1) - 1)[:, np.newaxis, np.newaxis]
    codes = np.unique(cluster_codes(clusters, len(table))[pairable], return_inverse=True)[1]
    return values, pairs.reshape(len(pairs), -1), codes


def _alpha(pairs: FloatArray, values: FloatArray, level: Level) -> tuple[FloatArray, FloatArray]:
    """Alpha for each row of pairs (sums over units), and what it loses when every unit is in full disagreement.

    Both are NaN or infinite where one category is left.
    """
    kinds = len(values)
    table = pairs.reshape(-1, kinds, kinds)
    margins = table.sum(axis=2)
    apart = _distances(margins, values, level)
    rows = margins.sum(axis=1)
    by_chance = np.einsum("bi,bj,bij->b", margins, margins, apart)
    observed = np.einsum("bij,bij->b", table, apart)
    with np.errstate(invalid="ignore", divide="ignore"):
        alpha = np.where(by_chance > 0, 1 - (rows - 1) * observed / by_chance, np.nan)
        return alpha, apart.max(axis=(1, 2)) * rows * (rows - 1) / by_chance


def _distances(margins: FloatArray, values: FloatArray, level: Level) -> FloatArray:
    """How far each pair of values is apart, for each row of margins (how often each value was given)."""
    kinds = len(values)
    if level == "nominal":
        return np.broadcast_to(1 - np.eye(kinds), (len(margins), kinds, kinds))
    # Ordinal: the ratings up to and between the two, each end counted half.
    place = np.cumsum(margins, axis=1) - margins / 2 if level == "ordinal" else np.broadcast_to(values, margins.shape)
    return np.square(place[:, :, np.newaxis] - place[:, np.newaxis, :])


def _categories(labels: npt.NDArray[Any]) -> Codes:
    if not labels.size:
        raise PilotageError("there are no ratings, so there is no agreement")
    if labels.dtype.kind == "f" and bool(np.isnan(labels).any()):
        raise PilotageError("an item lacks a rating", next="use krippendorff_alpha, which takes items with gaps")
    return cluster_codes(labels, len(labels))


def _not_defined(confidence: float, method: str) -> Interval:
    return Interval(math.nan, -math.inf, math.inf, confidence, method, 0.0)
