"""How numbers read: one spelling per unit, the same on every page, in every sentence and in the terminal."""

from __future__ import annotations

import math
import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
NEVER_MONTHS = 120.0  # ten years: a payback later than this reads as never
LONGEST = 240  # characters that are shown of one text from data


def plain(value: object, longest: int | None = LONGEST) -> str:
    """A text from data that can be shown anywhere: control, direction and zero-width characters as ¤, cut when long.

    None reads as empty text; `longest` None cuts nothing.
    """
    text = _CONTROL.sub("¤", "" if value is None else str(value))
    if longest is None or len(text) <= longest:
        return text
    return f"{text[:longest]}… ({len(text):,} characters)"


def number(value: float | None, unit: str = "", currency: str = "", more: int = 0) -> str:
    """A value as people read it: shares as per cent, money with its currency, everything else with its unit.

    None reads "unknown", an infinite value "without bound". `more` asks for so many further decimals.
    """
    if value is None:
        return "unknown"
    if math.isinf(value):
        return "without bound"
    if unit == "share":
        return _share(value, more)
    if unit == "h" and abs(value) >= 100:
        return f"{_digits(value / 24, 1 + more)} days"
    if unit == "months" and value >= NEVER_MONTHS:
        return "never"
    if unit == "money":
        return f"{_digits(value, (2 if abs(value) < 100 else 0) + more)} {currency}".strip()
    return f"{_digits(value, 1 + more)} {unit}".strip()


def apart(value: float, limit: float, unit: str = "", currency: str = "") -> tuple[str, str]:
    """Both numbers with enough decimals to be told apart, so that no sentence says 85% is not at least 85%."""
    for more in range(7):
        pair = (number(value, unit, currency, more), number(limit, unit, currency, more))
        if pair[0] != pair[1] or value == limit:
            break
    return pair


def span(low: float | None, high: float | None, unit: str = "", currency: str = "") -> str:
    """An interval as people read it: "1.2% to 3.4%"; with a side missing "1.2% or more", with both "without bound"."""
    first, last = (None if end is None or math.isinf(end) else number(end, unit, currency) for end in (low, high))
    if first is None and last is None:
        return "without bound"
    if first is None or last is None:
        return f"{first} or more" if last is None else f"{last} or less"
    return f"{first} to {last}"


def count(n: int, noun: str) -> str:
    """ "1 case", "1,200 cases": `noun` is given in the plural."""
    return f"{n:,} {singular(noun) if n == 1 else noun}"


def singular(noun: str) -> str:
    """The singular of the regular plurals this house counts: cases, interactions, tool calls, tasks, weeks."""
    return noun.removesuffix("s")


def sentence_case(text: str) -> str:
    """The text with a capital first letter; the rest as it is, since names of tables and columns stand in it."""
    return text[:1].upper() + text[1:]


def listed(items: list[str]) -> str:
    """ "a", "a and b", "a, b and c"; empty text for none."""
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def _share(value: float, more: int) -> str:
    """Per cent; a share that is not nothing never reads 0%, one that is not all never 100%."""
    percent, least = 100 * value, 10.0 ** -(1 + more)
    if 0 < percent < least / 10:
        return f"below {_digits(least / 10, 2 + more)}%"
    if 100 - least < percent < 100:
        return f"above {_digits(100 - least, 1 + more)}%"
    return f"{_digits(percent, 1 + more)}%"


def _digits(value: float, decimals: int) -> str:
    """Thousands with commas; thousands have no decimals unless asked for, small values one more."""
    if abs(value) >= 1000 and decimals <= 1:
        decimals = 0
    elif value and abs(value) < 0.1:
        decimals += 1
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
