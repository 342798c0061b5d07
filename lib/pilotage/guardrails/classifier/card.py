"""The model card: what a model was made from, how well it did, what it cannot do; all from the model's own facts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pilotage.guardrails.classifier.corpus import OWN
from pilotage.guardrails.classifier.model import Model
from pilotage.words import number, plain

LIMITS = (
    "It reads words, not meaning: an attack that is worded as an ordinary wish passes it.",
    "On texts unlike those it was trained on it is far less sure than here; adapt it on some 300 harmless texts of the "
    "pilot (`pilotage guard tune`), and watch for drift.",
    "Most of the named sources are in English. What it knows of other languages comes from our own templates and word "
    "lists; no source in those languages was at hand to check it with.",
    "Its probability holds for a mix of texts like the one it was calibrated on, half of which were attacks.",
    "It judges what goes in. What comes out is judged by rules.",
)


def card(model: Model) -> str:
    """The card in Markdown; the same for the same model."""
    meta = model.meta
    parts = [
        "# Model card: the injection classifier",
        f"SHA-256 of the file: `{model.sha256}`. Made on {plain(meta['made'])} with seed {meta['seed']}.",
        "## What it does",
        _what(model),
        "## What it was trained on",
        _table(("source", "licence", "attacks", "harmless", "SHA-256"), _sources(meta)),
        f"After leaving out texts that read alike, and with some texts put into documents: "
        f"{meta['texts']['attacks']:,} attacks and {meta['texts']['harmless']:,} harmless texts. {_own(meta)}",
        "## How well it tells them apart",
        "Each group of sources was left out of the training in turn; its attacks are compared with the harmless texts "
        "of all groups, each scored without its own group. Nothing was adapted.",
        _table(("group left out", "attacks", "AUROC", "caught at 1% false alarms"), _figures(meta)),
        *_adapted(meta),
        "## What it cannot do",
        "\n".join(f"- {limit}" for limit in LIMITS),
    ]
    return "\n\n".join(parts) + "\n"


def _what(model: Model) -> str:
    features, ideas = model.features, model.features.cues.ideas
    return (
        "It gives each text a probability that it holds a prompt injection or a jailbreak: logistic regression over "
        f"hashed n-grams of characters ({_many(features.characters)}) and words ({_many(features.words)}) and "
        f"{len(ideas)} ideas in {sum(map(len, ideas.values())):,} spellings. A text longer than "
        f"{model.windows.length} characters is read in pieces, and its worst piece counts. Nothing in the file is "
        "code; the words it looks for are in it, so that editing a rule changes no score."
    )


def _sources(meta: Any) -> Iterable[tuple[str, ...]]:
    for one in meta["sources"]:
        yield (
            plain(one["name"]),
            plain(one["licence"]),
            f"{one['attacks']:,}",
            f"{one['harmless']:,}",
            f"`{one['sha256'][:12]}`",
        )


def _own(meta: Any) -> str:
    if not meta["own"]:
        return "None of our own texts are among them."
    return f"Among them are our own, written for pilotage in {meta['languages']} languages (`{OWN}`)."


def _figures(meta: Any) -> Iterable[tuple[str, ...]]:
    for one in meta["figures"]:
        yield plain(one["group"]), f"{one['attacks']:,}", f"{one['auroc']:.3f}", number(one["caught"], "share")


def _adapted(meta: Any) -> list[str]:
    if "adapted" not in meta:
        return []
    told = meta["adapted"]
    text = (
        f"Adapted from `{told['base'][:12]}` on {told['harmless']:,} harmless texts and {told['attacks']:,} attacks of "
        "a pilot. The figures above are of the model before that."
    )
    return ["## What it was adapted on", text]


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _many(lengths: tuple[int, ...]) -> str:
    return f"{lengths[0]} to {lengths[-1]}" if len(lengths) > 1 else str(lengths[0])
