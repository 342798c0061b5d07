"""Whether the words of two sets of texts differ: what production is asked against what the pilot was asked.

A classifier learns to tell the two apart; it can do so on texts it has not seen only when they differ.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from pilotage.errors import PilotageError
from pilotage.statistics.intervals import FloatArray, Interval, check_confidence, wilson

# Drawn from each side when there are more texts, so that the permutations take seconds.
MOST_TEXTS = 2_000
MOST_FEATURES = 20_000
FOLDS = 5
WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class VocabularyShift:
    """How well unseen texts of the two sides can be told apart by their words.

    `auc` is the chance that of one text of each side the right one is taken for the second: .5 is guessing, 1 certain;
    its interval is approximate. `p_value` is the exact permutation p-value of "no difference". `first_words` and
    `second_words` are the most telling words and word pairs of each side, the most telling first; they mean something
    only where the p-value is small. They are words of users: escape them. `first_texts` and `second_texts` count the
    distinct texts compared.
    """

    auc: Interval
    p_value: float
    first_texts: int
    second_texts: int
    first_words: tuple[str, ...]
    second_words: tuple[str, ...]


def vocabulary_shift(
    first: Iterable[str],
    second: Iterable[str],
    seed: int = 0,
    confidence: float = 0.95,
    permutations: int = 199,
    words: int = 10,
) -> VocabularyShift:
    """Whether the vocabulary of the second texts differs from that of the first, by a classifier two-sample test.

    Words and pairs of neighbouring words, without case, that stand in two texts or more; multinomial naive Bayes,
    fitted and tested on five folds; its score is taken per word, so that longer texts alone make no difference. Texts
    that are the same on one side count once; of more than two thousand a side, two thousand are drawn. The same seed
    gives the same answer. With fewer than about thirty texts a side only gross differences show: a large p-value is
    then no sign that the two are alike, as the interval of the AUC says. PilotageError when a side has no text with a
    word. Source: Lopez-Paz & Oquab 2017, arXiv:1610.06545; telling words by Monroe, Colaresi & Quinn 2008.
    """
    check_confidence(confidence)
    rng = np.random.default_rng(seed)
    sides = [_drawn(texts, rng) for texts in (first, second)]
    if not all(sides):
        raise PilotageError("one side has no text with a word, so there is nothing to compare")
    counts, names = _counted([*sides[0], *sides[1]])
    is_second = np.repeat([0.0, 1.0], [len(side) for side in sides])
    shuffled = rng.permuted(np.tile(is_second, (permutations, 1)), axis=1)
    scores = _unseen_scores(counts, np.vstack([is_second, shuffled]), rng)
    aucs = [_auc(score, labels) for score, labels in zip(scores, [is_second, *shuffled], strict=True)]
    p_value = (1 + sum(auc >= aucs[0] - 1e-12 for auc in aucs[1:])) / (1 + permutations)
    telling = _telling(counts, is_second, names, words)
    return VocabularyShift(
        _auc_interval(scores[0], is_second, confidence), p_value, len(sides[0]), len(sides[1]), *telling
    )


def _drawn(texts: Iterable[str], rng: np.random.Generator) -> list[tuple[str, ...]]:
    """The distinct texts as their words, in alphabetical order before any are drawn; those without a word left out."""
    distinct = sorted({tuple(WORD.findall(text.casefold())) for text in texts} - {()})
    if len(distinct) <= MOST_TEXTS:
        return distinct
    return [distinct[place] for place in np.sort(rng.choice(len(distinct), MOST_TEXTS, replace=False))]


def _counted(texts: Sequence[tuple[str, ...]]) -> tuple[Any, list[str]]:
    """How often each word and word pair stands in each text (sparse, texts × features), and what they are."""
    from scipy import sparse

    counted = [Counter([*words, *map(" ".join, pairwise(words))]) for words in texts]
    held = Counter(feature for counts in counted for feature in counts)
    shared = sorted((feature for feature, texts in held.items() if texts > 1), key=lambda of: (-held[of], of))
    names = shared[:MOST_FEATURES]
    place = {feature: column for column, feature in enumerate(names)}
    entries = [
        (row, place[feature], count)
        for row, counts in enumerate(counted)
        for feature, count in counts.items()
        if feature in place
    ]
    rows, columns, values = np.array(entries, dtype=int).reshape(-1, 3).T
    return sparse.csr_array((values.astype(float), (rows, columns)), shape=(len(texts), len(names))), names


def _unseen_scores(counts: Any, labels: FloatArray, rng: np.random.Generator) -> FloatArray:
    """For each row of labels each text's score for the second side, learnt from the texts of the other folds."""
    texts, features = counts.shape
    scores = np.zeros((len(labels), texts))
    lengths = np.maximum(counts.sum(axis=1), 1.0)
    fold = rng.permutation(texts) % min(FOLDS, texts)
    for part in range(min(FOLDS, texts)):
        known, unseen = np.flatnonzero(fold != part), np.flatnonzero(fold == part)
        seconds = np.asarray((counts[known].T @ labels[:, known].T).T)
        firsts = np.asarray(counts[known].sum(axis=0)) - seconds
        odds = np.log(seconds + 1) - np.log(firsts + 1)
        odds -= (np.log(seconds.sum(axis=1) + features) - np.log(firsts.sum(axis=1) + features))[:, np.newaxis]
        scores[:, unseen] = (counts[unseen] @ odds.T).T / lengths[unseen]
    return scores


def _auc(scores: FloatArray, is_second: npt.NDArray[np.float64]) -> float:
    """The chance that a text of the second side scores higher than one of the first, ties counted half."""
    ranks = _ranks(scores)
    seconds = float(is_second.sum())
    firsts = len(is_second) - seconds
    return float((ranks[is_second == 1].sum() - seconds * (seconds + 1) / 2) / (seconds * firsts))


def _ranks(values: FloatArray) -> FloatArray:
    """The rank of each value from 1, equal values sharing the mean of theirs."""
    place, held = np.unique(values, return_inverse=True, return_counts=True)[1:]
    return np.asarray((np.cumsum(held) - (held - 1) / 2)[place])


def _auc_interval(scores: FloatArray, is_second: FloatArray, confidence: float) -> Interval:
    """Wilson's interval at the number of texts that DeLong's variance makes the AUC worth, at most the smaller side."""
    auc = _auc(scores, is_second)
    first, second = scores[is_second == 0], scores[is_second == 1]
    ranks = _ranks(np.concatenate([first, second]))
    beaten = (ranks[len(first) :] - _ranks(second)) / len(first)
    beating = 1 - (ranks[: len(first)] - _ranks(first)) / len(second)
    variance = sum(float(of.var()) / max(len(of) - 1, 1) for of in (beaten, beating))
    smaller = float(min(len(first), len(second)))
    n_eff = min(auc * (1 - auc) / variance, smaller) if variance > 0 else smaller
    bounds = wilson(auc * n_eff, n_eff, confidence) if n_eff > 0 else None
    low, high = (bounds.low, bounds.high) if bounds else (0.0, 1.0)
    return Interval(auc, low, high, confidence, "delong, wilson", n_eff)


def _telling(
    counts: Any, is_second: FloatArray, names: Sequence[str], words: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The features whose log-odds lie furthest from even, measured by their standard error, for either side."""
    seconds = np.asarray(counts.T @ is_second)
    firsts = np.asarray(counts.sum(axis=0)) - seconds
    odds = np.log((seconds + 1) / (seconds.sum() + len(names))) - np.log((firsts + 1) / (firsts.sum() + len(names)))
    z = odds / np.sqrt(1 / (seconds + 1) + 1 / (firsts + 1))
    order = np.argsort(z, kind="stable")
    lowest = tuple(names[place] for place in order[:words] if z[place] < 0)
    return lowest, tuple(names[place] for place in order[::-1][:words] if z[place] > 0)
