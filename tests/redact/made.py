"""Made-up personal data for the tests: valid by the rules of its check digits, drawn by chance, of nobody."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from importlib import import_module


def drawn(rng: random.Random, template: str, fits: Callable[[str], bool]) -> str:
    """A value of the form (# digit, A letter, everything else as it stands) that fits."""
    for _ in range(200_000):
        value = "".join(
            rng.choice(string.digits) if mark == "#" else rng.choice(string.ascii_uppercase) if mark == "A" else mark
            for mark in template
        )
        if fits(value):
            return value
    raise AssertionError(f"nothing of the form {template} fits")


def personal(rng: random.Random, module: str, template: str) -> str:
    """A valid number of this module of python-stdnum; D in the template stands for a day, M for a month, Y a year."""
    day, month, year = f"{rng.randint(1, 28):02d}", f"{rng.randint(1, 12):02d}", f"{rng.randint(50, 99):02d}"
    written = template.replace("DD", day).replace("MM", month).replace("YY", year)
    return drawn(rng, written, import_module(f"stdnum.{module}").is_valid)


def iban(rng: random.Random, country: str, spaced: bool) -> str:
    """A bank account of that country: right structure and check digits."""
    import re

    from stdnum import numdb
    from stdnum.iso7064 import mod_97_10

    structure = numdb.get("iban").info(country)[0][1]["bban"]
    alphabet = {"n": string.digits, "a": string.ascii_uppercase, "c": string.digits + string.ascii_uppercase}
    parts = re.findall(r"(\d+)!([nac])", structure)
    account = "".join(rng.choice(alphabet[kind]) for size, kind in parts for _ in range(int(size)))
    number = country + str(mod_97_10.calc_check_digits(account + country)) + account
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4)) if spaced else number


def card(rng: random.Random, prefix: str, length: int, joint: str = "") -> str:
    """A payment card with Luhn's check digit, in groups of four where a joint is given."""
    from stdnum import luhn

    body = prefix + "".join(rng.choice(string.digits) for _ in range(length - len(prefix) - 1))
    number = body + luhn.calc_check_digit(body)
    return joint.join(number[at : at + 4] for at in range(0, length, 4)) if joint else number
