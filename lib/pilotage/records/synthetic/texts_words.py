"""How the sample's texts are worded: slots filled from texts.yaml, personal data that is nobody's, and disguises.

Addresses are of example.com and its like (RFC 2606), telephone numbers from ranges that regulators keep for films
(Ofcom, Bundesnetzagentur, Arcep, NANPA), accounts of banks whose code nobody has, with a checksum that holds.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from functools import cache
from importlib import resources
from typing import TypeVar

import numpy as np
import yaml

T = TypeVar("T")
SLOT = re.compile(r"<([a-z]+)>")
COMMON = "en"  # where a slot is looked up that a language has no options for
PHONES = (
    ("+44 20 7946 0{:03}", 1000),
    ("+44 7700 900{:03}", 1000),
    ("+49 30 23125{:03}", 1000),
    ("+33 6 39 98 {:02} 17", 100),
    ("+1 202 555 01{:02}", 100),
)
BOXES = ("billing", "audit.desk", "m.sample", "office", "ada", "claims")
LEET = str.maketrans("aeiostAEIOST", "431057431057")


class Words:
    """The wording in one language; options are drawn from `rng` as they are needed."""

    def __init__(self, rng: np.random.Generator, language: str) -> None:
        """A language of texts.yaml."""
        self.rng, self.options = rng, wording()[language]

    def text(self, root: str) -> str:
        """One text of this kind with every slot filled, such as text("mail")."""
        return self.disguised() if root == "disguised" else self.filled(root)

    def filled(self, root: str) -> str:
        """One option of `root`, and so on for the slots in it."""
        return self._fill(self._one(root)).strip()

    def disguised(self) -> str:
        """An attack that a reader of plain words would miss; what is encoded comes with the plea to decode it."""
        way = self._pick((zero_width, spaced, leet, None))
        return way(self.filled("override")) if way else self.filled("wrapped")

    def _fill(self, text: str) -> str:
        return SLOT.sub(lambda slot: self._fill(self._one(slot[1])), text)

    def _one(self, slot: str) -> str:
        if slot == "code":
            return base64.b64encode(self.filled("override").encode()).decode()
        if slot in MADE:
            return MADE[slot](self.rng)
        return self._pick(self.options.get(slot) or wording()[COMMON][slot])

    def _pick(self, options: Sequence[T]) -> T:
        return options[int(self.rng.integers(len(options)))]


@cache
def wording() -> dict[str, dict[str, list[str]]]:
    """The options by language and slot, as texts.yaml has them."""
    text = resources.files(__package__).joinpath("texts.yaml").read_text(encoding="utf-8")
    options: dict[str, dict[str, list[str]]] = yaml.safe_load(text)
    return options


def iban(rng: np.random.Generator) -> str:
    """An account number with a checksum that holds (ISO 13616, mod 97), of a bank code that no bank has."""
    country, bank, digits = (("DE", "99", 16), ("AT", "99", 14))[int(rng.integers(2))]
    account = bank + "".join(map(str, rng.integers(0, 10, digits).tolist()))
    check = 98 - int(account + "".join(str(int(letter, 36)) for letter in country) + "00") % 97
    return f"{country}{check:02}{account}"


def phone(rng: np.random.Generator) -> str:
    """A telephone number that is given to nobody."""
    form, numbers = PHONES[int(rng.integers(len(PHONES)))]
    return form.format(int(rng.integers(numbers)))


def address(rng: np.random.Generator) -> str:
    """An address of a domain that is kept for examples."""
    box, number, end = BOXES[int(rng.integers(len(BOXES)))], int(rng.integers(100)), int(rng.integers(3))
    return f"{box}{number}@example.{('com', 'org', 'net')[end]}"


def zero_width(text: str) -> str:
    """A blank without width after every letter of a word."""
    return " ".join("\u200b".join(word) for word in text.split(" "))


def spaced(text: str) -> str:
    """A blank after every letter, two more between words."""
    return "   ".join(" ".join(word) for word in text.split(" "))


def leet(text: str) -> str:
    """Digits in place of letters that look like them."""
    return text.translate(LEET)


# Values that are made and not chosen, by the slot they fill.
MADE: dict[str, Callable[[np.random.Generator], str]] = {
    "n": lambda rng: str(rng.integers(10000, 100000)),
    "eur": lambda rng: f"{rng.integers(40, 9000)}.{rng.integers(100):02}",
    "day": lambda rng: f"{rng.integers(1, 29)}/{rng.integers(3, 10)}",
    "ref": lambda rng: f"{rng.integers(2**28, 2**32):X}",
    "iban": iban,
    "phone": phone,
    "address": address,
}
