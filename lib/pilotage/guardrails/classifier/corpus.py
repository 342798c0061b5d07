"""The training texts in one table: read alike only once, our own added, each with the group it is left out with."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from pilotage.guardrails.classifier.seen import keys_of
from pilotage.guardrails.classifier.sources import Source
from pilotage.guardrails.classifier.templates import Templates, in_document, written

OWN = "pilotage_templates"  # the name our own texts go by
_EACH = 60  # attacks, and as many harmless texts, for each language
_EMBEDDED = 200  # texts of each group and label that are also put into documents
_LONGEST = 400  # characters of a text that is

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """Texts, labels (1 attack), and the group of each."""

    texts: list[str]
    attack: npt.NDArray[np.int64]
    group: npt.NDArray[np.str_]

    def chosen(self, rows: npt.NDArray[Any]) -> Corpus:
        """The corpus of these rows."""
        places = np.arange(len(self.texts))[rows]
        return Corpus([self.texts[at] for at in places], self.attack[places], self.group[places])

    def weights(self) -> Floats:
        """Each label weighs half; within it a group weighs as the root of its texts, so that no large one decides."""
        weights = np.zeros(len(self.texts))
        for label in (0, 1):
            for name in np.unique(self.group):
                rows = (self.attack == label) & (self.group == name)
                weights[rows] = 1 / np.sqrt(max(rows.sum(), 1))
            weights[self.attack == label] /= max(weights[self.attack == label].sum(), 1e-12)
        return weights


def corpus(sources: Sequence[Source], own: bool, seed: int) -> Corpus:
    """All texts, sources first; one that reads like an earlier one is left out; with ours, some also in documents."""
    texts = [text for source in sources for text in source.texts]
    attack = [label for source in sources for label in source.labels]
    group = [source.group for source in sources for _ in source.texts]
    if own:
        for made in written(templates(), _EACH, seed):
            texts.append(made.text)
            attack.append(made.label)
            group.append(OWN)
    whole = Corpus(texts, np.array(attack, dtype=np.int64), np.array(group, dtype=np.str_))
    _, first = np.unique(keys_of(texts), return_index=True)
    whole = whole.chosen(np.sort(first))
    return _with_embedded(whole, seed) if own else whole


def _with_embedded(whole: Corpus, seed: int) -> Corpus:
    """Some short texts of each group once more, between harmless sentences of ours."""
    draw = random.Random(f"{seed} embedded")
    texts, rows = list(whole.texts), list(range(len(whole.texts)))
    for name in np.unique(whole.group[whole.group != OWN]):
        for label in (0, 1):
            places = np.flatnonzero((whole.group == name) & (whole.attack == label))
            short = [int(at) for at in places if len(whole.texts[at]) <= _LONGEST]
            for at in draw.sample(short, min(_EMBEDDED, len(short))):
                texts.append(in_document(whole.texts[at], templates(), "en", draw))
                rows.append(at)
    return Corpus(texts, whole.attack[rows], whole.group[rows])


@cache
def templates() -> Templates:
    """Our own templates, by language."""
    text = files("pilotage.guardrails.classifier").joinpath("templates.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)  # type: ignore[no-any-return]


@cache
def ideas() -> dict[str, list[str]]:
    """The entries of each idea, as a model that is trained now takes them over."""
    text = files("pilotage.guardrails.classifier").joinpath("cues.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)  # type: ignore[no-any-return]
