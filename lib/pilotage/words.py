"""How numbers read: one spelling per unit, the same on every page, in every sentence and in the terminal."""

from __future__ import annotations

import math
import re


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
LONGEST = 160  # characters that are shown of one text from data


def plain(value: object, longest: int | None = LONGEST) -> str:
    """A text from data that can be shown anywhere: control, direction and zero-width characters as ¤, cut when long.

    None reads as empty text; `longest` None cuts nothing.
    """
    text = _CONTROL.sub("¤", "" if value is None else str(value))
    if longest is None or len(text) <= longest:
        return text
    return f"{text[:longest]}… ({len(text):,} characters)"


def number(value: float | None, unit: str = "", currency: str = "") -> str:
    """A value as people read it: shares as per cent, money with its currency, everything else with its unit.

    None reads "unknown", an infinite value "without bound".
    """
    if value is None:
        return "unknown"
    if math.isinf(value):
        return "without bound"
    if unit == "share":
        return f"{_digits(100 * value, 1)}%"
    if unit == "money":
        return f"{_digits(value, 2 if abs(value) < 100 else 0)} {currency}".strip()
    return f"{_digits(value, 1)} {unit}".strip()


def span(low: float | None, high: float | None, unit: str = "", currency: str = "") -> str:
    """An interval as people read it: "1.2% to 3.4%"; a missing side reads "without bound"."""
    if low is None and high is None:
        return "without bound"
    ends = [math.inf if end is None else end for end in (low, high)]
    return f"{number(ends[0], unit, currency)} to {number(ends[1], unit, currency)}"


def count(n: int, noun: str) -> str:
    """ "1 case", "1,200 cases": `noun` is given in the plural."""
    return f"{n:,} {singular(noun) if n == 1 else noun}"


def singular(noun: str) -> str:
    """The singular of the regular plurals this house counts: cases, interactions, tool calls, tasks, weeks."""
    return noun.removesuffix("s")


def listed(items: list[str]) -> str:
    """ "a", "a and b", "a, b and c"; empty text for none."""
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else "".join(items)


def _digits(value: float, decimals: int) -> str:
    """Thousands with commas; large numbers lose their decimals, small shares keep enough to be told from zero."""
    if abs(value) >= 1000:
        decimals = 0
    elif value and abs(value) < 0.1:
        decimals = 2
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
