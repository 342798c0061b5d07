"""Everything personal or secret in a text, with its place in the text as it was given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain

from pilotage.redact.addresses import emails, ip_addresses, mac_addresses
from pilotage.redact.credentials import secrets
from pilotage.redact.found import Found, apart
from pilotage.redact.numbers import cards, ibans, wallets
from pilotage.redact.personal_ids import personal_ids
from pilotage.redact.phones import phones
from pilotage.redact.reading import Reading
from pilotage.redact.regions import REGIONS

_ROUNDS = 8  # a word that named one number may come to stand beside the next once that is replaced


def find(text: str, regions: Sequence[str] = REGIONS) -> list[Found]:
    """Personal data and secrets in the text, sorted, none overlapping; [] where there is none, as in an empty text.

    Offsets count characters of the given text, also where invisible or fullwidth characters stand in a value.
    `regions` (ISO 3166) are the countries whose telephone numbers are read without a country code. Time grows linearly
    with the length of the text. Any text will do: lone surrogates, NUL bytes, any script. Names of people, postal
    addresses and other things that only a language model can tell are not looked for.
    """
    if not text:
        return []
    reading = Reading(text)
    found = apart(_all(reading, regions))
    spans = (reading.origin(find.start, find.end) for find in found)
    return [replace(find, start=start, end=end) for find, (start, end) in zip(found, spans, strict=True)]


def redact(text: str, regions: Sequence[str] = REGIONS) -> str:
    """The text with each find replaced by its kind in brackets: "[email]", "[iban]".

    Nothing is found in what comes back, so that redacting twice is redacting once.
    """
    for _ in range(_ROUNDS):
        found = find(text, regions)
        if not found:
            break
        ends = [0, *(find.end for find in found)]
        pieces = (f"{text[end : find.start]}[{find.kind}]" for end, find in zip(ends, found, strict=False))
        text = "".join(chain(pieces, [text[ends[-1] :]]))
    return text


def _all(reading: Reading, regions: Sequence[str]) -> Iterator[Found]:
    yield from emails(reading)
    yield from secrets(reading)
    yield from ibans(reading)
    yield from cards(reading)
    yield from wallets(reading)
    yield from ip_addresses(reading)
    yield from mac_addresses(reading)
    yield from personal_ids(reading)
    yield from phones(reading, regions)
