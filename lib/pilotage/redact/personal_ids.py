"""Personal numbers of states, and documents that only their label tells from any other number."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from pilotage.redact.found import Found
from pilotage.redact.labels import Labels
from pilotage.redact.reading import Pattern, Reading, any_of
from pilotage.redact.schemes import ALONE, BY_LABEL, LABELLED, Scheme

_REACH = 60  # characters after a label in which its number begins
_BACK = 40  # characters before a label in which a number may stand that it names
_GENERIC = "id_number"
# The least that any of these numbers and dates has; the labels are not looked for without it.
_DIGITS = Pattern(r"\d(?:[ ,./-]{0,2}[0-9A-Za-z]){4}|[A-Za-z]\d{4}[A-Za-z]|\d{4}\? ?\d")
_BIRTH = Pattern(
    r"\b(?:\d{1,2}[./-] ?\d{1,2}[./-] ?(?:\d{4}|\d{2})|\d{4}[./-]\d{1,2}[./-]\d{1,2}"
    r"|\d{1,2}(?:st|nd|rd|th|er|\.|º)?(?: de| of)? [A-Za-z?\xc0-\xff]{3,12}\.?,?(?: de)? (?:19|20)\d{2}"
    r"|[A-Z][a-z]{2,8}\.? \d{1,2}(?:st|nd|rd|th)?,? (?:19|20)\d{2}|(?:19|20)\d{2} ?\? ?\d{1,2} ?\? ?\d{1,2} ?\?"
    r"|(?:19|20)\d{2}\? ?\d{1,2}\? ?\d{1,2}\?)"
)


def personal_ids(reading: Reading) -> Iterator[Found]:
    """Numbers whose form and check digits tell, then those that a label names."""
    if not _DIGITS.occurs(reading.data):
        return
    if _screen().occurs(reading.data):
        for scheme in ALONE:
            yield from _telling(reading, scheme)
    labels = reading.labels
    for scheme in LABELLED:
        for start, end in _windows(labels, scheme.key, _GENERIC):
            yield from _named(reading, scheme, start, end)
    for label, kind, name, pattern in BY_LABEL:
        for start, end in _windows(labels, label, back=0):
            yield from _first_named(
                reading, pattern, label, start, end, Found(kind, 0, 0, 0.75, f"called a {name} number")
            )
    for start, end in _windows(labels, "birth", back=0):
        yield from _first_named(
            reading, _BIRTH, "birth", start, end, Found("date_of_birth", 0, 0, 0.85, "a date called a day of birth")
        )


@lru_cache(maxsize=1)
def _screen() -> Pattern:
    return any_of([scheme.pattern.pattern for scheme in ALONE])


def _telling(reading: Reading, scheme: Scheme) -> Iterator[Found]:
    for start, end in scheme.pattern.spans(reading.data):
        if _free(reading, start, end) and scheme.fits(reading.plain[start:end]):
            yield Found("national_id", start, end, scheme.score, _reason(scheme))


def _named(reading: Reading, scheme: Scheme, window_start: int, window_end: int) -> Iterator[Found]:
    for start, end in scheme.pattern.spans(reading.data, window_start, window_end):
        if "other_number" in reading.labels.nearest(start) or not _free(reading, start, end):
            continue
        if scheme.fits(reading.plain[start:end]):
            exact = reading.labels.near(scheme.key, start, end)
            yield Found("national_id", start, end, 0.9 if exact else 0.7, _reason(scheme))


def _first_named(
    reading: Reading, pattern: Pattern, label: str, first: int, last: int, model: Found
) -> Iterator[Found]:
    """The first value after the label, where no other label stands between."""
    for start, end in pattern.spans(reading.data, first, last):
        digits = sum(character.isdigit() for character in reading.plain[start:end])
        if digits > 3 and label in reading.labels.nearest(start) and _free(reading, start, end):
            yield Found(model.kind, start, end, model.score, model.reason)
            return


def _reason(scheme: Scheme) -> str:
    return f"{scheme.name}: {'its form' if not scheme.check else 'form and check digits'} fit"


def _windows(labels: Labels, *names: str, back: int = _BACK) -> list[tuple[int, int]]:
    """Where a number that these labels name could stand; stretches that overlap are one."""
    spots = sorted(spot for name in names for spot in labels.spots.get(name, ()))
    windows: list[tuple[int, int]] = []
    for start, end in spots:
        low, high = max(0, (start if back else end) - back), end + _REACH
        if back and windows and low <= windows[-1][1]:
            windows[-1] = (windows[-1][0], high)
        else:
            windows.append((low, high))
    return windows


def _free(reading: Reading, start: int, end: int) -> bool:
    """Whether it is not a piece of something longer: of a number with a point, of an address, of a path."""
    data = reading.data
    before, after = data[max(0, start - 2) : start], data[end : end + 2]
    if before[-1:] in (b"-", b"_", b"@", b"$", b"/") or (before[-1:] in b".," and before[:1].isdigit() and before[-1:]):
        return False
    return not (after[:1] in (b"-", b"_", b"@") or (after[:1] in (b".", b",", b"/") and after[1:].isdigit()))
