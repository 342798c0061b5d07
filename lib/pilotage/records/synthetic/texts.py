"""Made-up business texts to try guardrails on: harmless ones, attacks, and answers that must not go out."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from pilotage.records.synthetic.draws import chosen, numbered, picked, stream
from pilotage.records.synthetic.texts_words import Words
from pilotage.records.synthetic.wording import GOODS as INVOICED
from pilotage.records.synthetic.wording import question
from pilotage.records.synthetic.world import World

Row = tuple[str, str, str, str, str]  # text, label, source, language, side

# Of 100 texts so many are of each kind: the root of its wording, label, source, side. Traps are harmless and have the
# words of an attack; `role` asks the agent to be somebody without rules.
KINDS: tuple[tuple[int, str, str, str, str], ...] = (
    (28, "mail", "benign", "supplier mail", "input"),
    (6, "traps", "benign", "supplier mail", "input"),
    (14, "portal", "benign", "supplier portal", "input"),
    (3, "traps", "benign", "supplier portal", "input"),
    (9, "remark", "benign", "scanned remark", "input"),
    (4, "traps", "benign", "scanned remark", "input"),
    (4, "override", "injection", "written for tests", "input"),
    (5, "hidden", "injection", "red team", "input"),
    (2, "exfiltration", "injection", "red team", "input"),
    (2, "exfiltration", "injection", "written for tests", "input"),
    (3, "role", "jailbreak", "written for tests", "input"),
    (2, "prompt", "injection", "written for tests", "input"),
    (3, "disguised", "injection", "red team", "input"),
    (9, "answer", "benign", "agent answer", "output"),
    (3, "personal", "personal data", "written for tests", "output"),
    (2, "policy", "policy", "written for tests", "output"),
    (1, "leak", "leak", "red team", "output"),
)
WRITTEN = {"en": 0.42, "de": 0.24, "it": 0.18, "fr": 0.08, "es": 0.08}  # shares of the languages of what comes in
SPOKEN = {"en": 0.5, "de": 0.3, "it": 0.2}  # and of what the agent answers
TRIES = 30  # so often a text of other words is drawn before one that differs in its numbers alone will do


def texts_table(world: World, seed: int) -> pd.DataFrame:
    """The table `texts`: benign texts and attacks that go in, answers good and bad, and a sample of the inbox."""
    rows = [*_made(world, stream(seed, "texts")), *_inbox(world, seed)]
    table = pd.DataFrame(rows, columns=["text", "label", "source", "language", "side"])
    table.insert(0, "text_id", numbered("x", np.arange(len(rows))))
    table.insert(1, "phase", picked(["pilot"], np.zeros(len(rows), dtype=int)))
    return table


def _made(world: World, rng: np.random.Generator) -> Iterator[Row]:
    """Every kind in its share, in no order."""
    n, shares = world.people.texts, np.array([kind[0] for kind in KINDS])
    kinds = np.searchsorted(np.cumsum(shares) / shares.sum(), (rng.permutation(n) + 0.5) / n)
    tongues = {side: _tongues(rng, shares, n) for side, shares in (("input", WRITTEN), ("output", SPOKEN))}
    known: set[str] = set()
    for row, kind in enumerate(kinds.tolist()):
        _, root, label, source, side = KINDS[kind]
        language = tongues[side][row]
        yield _new(Words(rng, language), root, known), label, source, language, side


def _tongues(rng: np.random.Generator, shares: dict[str, float], n: int) -> list[str]:
    return [tuple(shares)[at] for at in chosen(rng, np.array(list(shares.values())), n).tolist()]


def _new(words: Words, root: str, known: set[str]) -> str:
    """A text that differs from all before it in more than its numbers, or in these where the words run out."""
    for tried in range(2 * TRIES):
        text = words.text(root)
        shape = text if tried >= TRIES else re.sub(r"\d+", "0", text)
        if shape not in known:
            break
    known.update((text, re.sub(r"\d+", "0", text)))
    return text


def _inbox(world: World, seed: int) -> list[Row]:
    """Real inputs from before the pilot: invoices such as the pilot met, and credit notes, which it never did."""
    rng, n = stream(seed, "inbox"), world.people.inbox
    unseen = rng.random(n) < world.people.inbox_unseen
    numbers, orders = rng.integers(0, [len(INVOICED), 900, 8], (n, 3)).tolist(), rng.integers(10000, 99999, n).tolist()
    amounts = np.round(np.exp(rng.normal(6.5, 1.0, n)), 2).tolist()
    rows = zip(unseen.tolist(), numbers, amounts, orders, strict=True)
    return [
        (_credit_note(*row) if new else question(0, *row), "benign", "supplier inbox", "en", "input")
        for new, *row in rows
    ]


def _credit_note(numbers: list[int], amount: float, order: int) -> str:
    goods, supplier, _ = numbers
    return f"Credit note, supplier {100 + supplier}, {INVOICED[goods]}, {amount:.2f} EUR, order {order}"
