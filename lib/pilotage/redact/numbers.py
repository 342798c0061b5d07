"""Numbers with check digits that no state gives: bank accounts (IBAN), payment cards, crypto wallets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from pilotage.redact.check_digits import luhn
from pilotage.redact.found import Found
from pilotage.redact.reading import Pattern, Reading

_IBAN_START = Pattern(r"\b[A-Za-z]{2}[ -]?\d{2}[ -]?[A-Za-z0-9]{2}")
_SHORTEST, _IBAN_LONGEST = 14, 34
_CARD = Pattern(
    r"\b(?:\d{12,19}|\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{4}(?:[ -]\d{3})?|3\d{3}[ -]\d{6}[ -]\d{4,5}"
    r"|\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{1,3}|\d{4}[._/]\d{4}[._/]\d{4}[._/]\d{4}|[56]\d{5}[ -]\d{10,13})\b"
)
_FOURS = Pattern(r"\d{4} \d{4} \d{4} \d{4}|\d{4}-\d{4}-\d{4}-\d{4}|3[47]\d\d[ -]\d{6}[ -]\d{5}")
# Issuer's first digits and lengths: ISO/IEC 7812; Visa, Mastercard, American Express, Diners, Discover, JCB, Maestro,
# UnionPay, Mir, RuPay, Elo.
_ISSUERS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|222[1-9]|22[3-9]\d|2[3-6]\d{2}|27[01]\d|2720)\d+|3[47]\d{13}"
    r"|3(?:0[0-59]|[689]\d)\d{11,16}|(?:6011|64[4-9]\d|65\d{2})\d{12,15}|(?:2131|1800)\d{11}|35\d{14}|0604\d{8}"
    r"|(?:5018|5020|5038|5893|6304|6759|676[1-3]|5[06-8]\d{2}|6\d{3})\d{8,15}|62\d{14,17}|220[0-4]\d{12,15}|(?:60|81|82|508)\d{13,14}"
)
_BITCOIN = Pattern(r"\b(?:bc1[02-9ac-hj-np-z]{11,71}|[13][1-9A-HJ-NP-Za-km-z]{25,34})\b")
_ETHEREUM = Pattern(r"\b0x[0-9a-fA-F]{40}\b")


def ibans(reading: Reading) -> Iterator[Found]:
    """Account numbers whose country, length and check digits (ISO 7064, mod 97-10) fit."""
    for start, _ in _IBAN_START.spans(reading.data):
        written = reading.plain[start : start + 2 * _IBAN_LONGEST]
        length = _iban_lengths().get(written[:2].upper())
        end = _end_of(written, length) if length else None
        if end is not None and not _goes_on(written, end) and _mod_97(written[:end]):
            yield Found("iban", start, start + end, 0.99, "country, length and check digits are those of an IBAN")
        elif (end := _end_of_word(written)) is not None and reading.labels.near("iban", start, start + end):
            yield Found("iban", start, start + end, 0.8, "called an IBAN, with its check digits")


def _end_of(written: str, length: int) -> int | None:
    """Where the last of so many letters and digits ends, single spaces, dots and hyphens between them left out."""
    taken = 0
    for place, character in enumerate(written):
        if character.isascii() and character.isalnum():
            taken += 1
            if taken == length:
                return place + 1
        elif character not in " -." or not written[place - 1].isalnum():
            return None
    return None


def _end_of_word(written: str) -> int | None:
    """Where an unbroken account number of some other length ends, if its check digits fit."""
    end = len(written) - len(written.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"))
    return end if _SHORTEST <= end <= _IBAN_LONGEST and not _goes_on(written, end) and _mod_97(written[:end]) else None


def _goes_on(written: str, end: int) -> bool:
    after = written[end : end + 1]
    return after.isascii() and after.isalnum()


def _mod_97(written: str) -> bool:
    compact = re.sub(r"[ .-]", "", written).upper()
    return int("".join(str(int(character, 36)) for character in compact[4:] + compact[:4])) % 97 == 1


@lru_cache(maxsize=1)
def _iban_lengths() -> dict[str, int]:
    """Characters of an IBAN by country, from the registry that python-stdnum carries."""
    from stdnum import numdb

    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    registry, lengths = numdb.get("iban"), {}
    for country in (one + two for one in letters for two in letters):
        structure = registry.info(country)[0][1].get("bban")
        if structure:
            lengths[country] = 4 + sum(int(part) for part in re.findall(r"(\d+)!", structure))
    return lengths


def cards(reading: Reading) -> Iterator[Found]:
    """Payment cards: Luhn's check digit, and an issuer's first digits and length or the word "card" nearby.

    Bare digits that a label calls something else (an order, a parcel) are left.
    """
    for start, end in _CARD.spans(reading.data):
        written = reading.plain[start:end]
        digits = re.sub(r"\D", "", written)
        if not luhn(digits) or len(set(digits)) < 2 or _inside(reading.data, start, end):
            continue
        called = reading.labels.near("card", start, end)
        if called:
            yield Found("card", start, end, 0.97, "length and check digit of a payment card, and called a card")
        elif _ISSUERS.fullmatch(digits) and not (
            digits == written and "other_number" in reading.labels.nearest(start, 25)
        ):
            score = 0.96 if len(digits) > 13 else 0.85
            yield Found("card", start, end, score, "first digits, length and check digit of a payment card")


def _inside(data: bytes, start: int, end: int) -> bool:
    """Whether the number goes on: with a hyphen, a point and a digit, or as part of a name."""
    before, after = data[max(0, start - 2) : start], data[end : end + 2]
    goes_on = after[:1] in (b"-", b".", b" ", b",") and after[1:2].isdigit() and data[end - 5 : end - 4] in (b" ", b"-")
    if goes_on and after[:1] == b" " and _FOURS.fits(data[start:end]):  # a date or a count may stand beside it
        goes_on = data[end + 1 : end + 5].isdigit()
    return (
        before[-1:] in (b"_", b"#", b"$")
        or (before[-1:] in (b"-", b".") and before[:1].isalnum())
        or goes_on
        or after[:1] == b"_"
    )


def wallets(reading: Reading) -> Iterator[Found]:
    """Bitcoin addresses whose check sum fits, and Ethereum's, which are known by their form."""
    for start, end in _BITCOIN.spans(reading.data):
        from stdnum import bitcoin

        if bitcoin.is_valid(reading.plain[start:end]):
            yield Found("wallet", start, end, 0.98, "form and check sum of a Bitcoin address")
    for start, end in _ETHEREUM.spans(reading.data):
        yield Found("wallet", start, end, 0.85, "form of an Ethereum address")
