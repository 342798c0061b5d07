"""Our own training texts: templates in many languages written out, alone and inside documents."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_CHOICE = re.compile(r"\{([^{}|]*\|[^{}]*)\}")
_IN_DOCUMENT = 0.4  # share of the texts that stand in a document or between other sentences
_ENGLISH_MORE = 4  # most attacks on agents are in English

Templates = Mapping[str, Mapping[str, Sequence[str]]]  # language -> attack | benign | document -> templates


@dataclass(frozen=True, slots=True)
class Written:
    """One text of our own: label 1 is an attack."""

    text: str
    label: int
    language: str


def written(templates: Templates, each: int, seed: int) -> list[Written]:
    """`each` attacks and as many harmless texts per language (English: four times as many), the same for a seed."""
    return [
        Written(text, label, language)
        for language in sorted(templates)
        for label, kind in ((1, "attack"), (0, "benign"))
        for text in _texts(templates, language, kind, each, seed)
    ]


def _texts(templates: Templates, language: str, kind: str, each: int, seed: int) -> Iterator[str]:
    draw = random.Random(f"{seed} {language} {kind}")
    own = templates[language]
    for nth in range(each * (_ENGLISH_MORE if language == "en" else 1)):
        text = _spelt(own[kind][nth % len(own[kind])], draw)
        yield in_document(text, templates, language, draw) if draw.random() < _IN_DOCUMENT else text


def in_document(text: str, templates: Templates, language: str, draw: random.Random) -> str:
    """The text between harmless sentences, in half of the cases in the frame of an e-mail, a record, a page…"""
    around = [_spelt(draw.choice(templates[language]["benign"]), draw) for _ in range(draw.randint(1, 5))]
    around.insert(draw.randint(0, len(around)), text)
    inner = draw.choice((" ", "\n", "\n\n")).join(around)
    frames = [*templates[language]["document"], *templates["en"]["document"]]
    return _spelt(draw.choice(frames), draw).replace("{text}", inner) if draw.random() < 0.5 else inner


def _spelt(template: str, draw: random.Random) -> str:
    """The template with one part chosen for each choice."""
    return _CHOICE.sub(lambda match: draw.choice(match.group(1).split("|")), template)
