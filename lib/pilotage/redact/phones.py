"""Telephone numbers: valid in a country's plan, and written as telephone numbers are or called one.

Nearly any 7 to 11 digits are a number somewhere, so digits alone are not enough: a country code, a trunk zero with
groups, a country's own grouping, or a word such as "call" nearby must speak for it. Dates, amounts, order numbers and
pieces of longer numbers are left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pilotage.redact.found import Found
from pilotage.redact.phone_plans import Plans, country_codes, international, plans
from pilotage.redact.phone_runs import Run, runs
from pilotage.redact.reading import Pattern, Reading

_EXTENSION = Pattern(r"(?i:,? ?(?:x|ext\.?|extension|ex\.?|poste|anexo|ramal|int\.|dw|durchwahl|ap\.) ?:? ?\d{1,6})\b")
_MONEY = Pattern(
    r" ?(?:EUR|USD|GBP|CHF|PLN|SEK|NOK|DKK|CZK|HUF|RON|BRL|INR|JPY|CNY|[KkMm][NnRrMmGg]\b|Ft\b|Kc\b|[%$\xa2\xa3\xa5])"
)
_NAME = Pattern(r"\s{1,3}[A-Za-z\xc0-\xff?]{2}")
_LONGEST = 15  # digits with the country code: E.164
_AREA = 25  # characters before a grouped number in which a word may call it an order or a parcel
_Weight = tuple[float, str]
_NONE: _Weight = (0.0, "")


def phones(reading: Reading, regions: Sequence[str]) -> Iterator[Found]:
    """Telephone numbers with their extensions."""
    chosen = tuple(regions)
    for run in runs(reading):
        yield from _in_run(run, plans(chosen))


def _in_run(run: Run, known: Plans) -> Iterator[Found]:
    """The numbers that show a prefix first; then, in the groups between them, those known by grouping or by a label."""
    taken: set[int] = set(run.dates)
    for first in range(len(run.starts)):
        if first not in taken:
            last, weight = _prefixed(run, first, known)
            if last is not None:
                taken.update(range(first, last + 1))
                yield _found(run, first, last, weight)
    first = 0
    while first < len(run.starts):
        last = None if first in taken else _plain(run, first, taken, known)
        if last is not None:
            yield _found(run, first, last, _weigh(run, first, last, known))
        first = (first if last is None else last) + 1


def _prefixed(run: Run, first: int, known: Plans) -> tuple[int | None, _Weight]:
    """The last group of a number that begins here with + or 00 and a country code, or with a trunk zero."""
    plain, start = run.reading.plain, run.starts[first]
    plus = start > 0 and plain[start - 1] == "+"
    if not plus and (plain[start] != "0" or run.ends[first] - start < 2 or _hangs_on(run.reading, start)):
        return None, _NONE
    double_zero = plain.startswith("00", start) and plain[start + 2 : start + 3] != "0"
    for last in run.stretches(first):
        if _goes_on(run.reading, run.ends[last]) or (not plus and run.continues(first, last)):
            continue
        if (plus or double_zero) and _abroad(run, first, last, plus):
            return last, (0.9, "country code and a number of that country")
        if not plus and last > first and _trunk_zero(run, first, last, known):
            return last, (0.8, "trunk prefix and a number of a country")
    return None, _NONE


def _abroad(run: Run, first: int, last: int, plus: bool) -> bool:
    """A number with country code: valid, with or without a zero after it; or after a plus at least possible."""
    digits = run.digits(first, last).removeprefix("" if plus else "00")
    if international().fits(digits.encode()):
        return True
    if last > first:  # +44 (0)20, +44 (020)
        code = run.digits(first, first).removeprefix("" if plus else "00")
        rest = digits[len(code) :]
        if rest[:1] == "0" and international().fits((code + rest[1:]).encode()):
            return True
    return plus and 8 <= len(digits) <= _LONGEST and any(digits[:size] in country_codes() for size in (1, 2, 3))


def _trunk_zero(run: Run, first: int, last: int, known: Plans) -> bool:
    """Groups that begin with zero: a number of a country with that prefix, or one whose numbers begin with zero."""
    digits, shape, joints = run.digits(first, last), run.shape(first, last), run.joints[first:last]
    if not 9 <= len(digits) <= 13 or min(shape) < 2 or run.continues(first, last) or len(_kinds(joints)) > 3:
        return False
    if run.continued(first) and run.digits(first - 1, first - 1)[0] == "0":
        return False
    if shape[0] > 4 >= shape[-1] and _house(run, shape, joints, run.ends[last]):
        return False
    if "other_number" in run.reading.labels.nearest(run.starts[first], _AREA):
        return False
    prefixed = (digits[len(trunk) :] for trunk in ("0", "06") if digits.startswith(trunk))
    return known.valid(digits[1:], "0") or known.valid(digits, "") or any(known.valid(rest, "06") for rest in prefixed)


def _plain(run: Run, first: int, taken: set[int], known: Plans) -> int | None:
    """The last group of a number that begins here and shows no prefix."""
    inside = run.continued(first)
    if (inside and run.ends[first] - run.starts[first] < 7) or _hangs_on(run.reading, run.starts[first]):
        return None
    for last in run.stretches(first):
        if (inside and last > first) or run.continues(first, last) or not taken.isdisjoint(range(first, last + 1)):
            continue
        if _weigh(run, first, last, known)[0]:
            return last
    return None


def _weigh(run: Run, first: int, last: int, known: Plans) -> _Weight:
    """How sure the groups are a telephone number, 0 for not, and why."""
    start, end = run.starts[first], run.ends[last]
    digits, shape, joints = run.digits(first, last), run.shape(first, last), run.joints[first:last]
    if len(digits) > 13 or joints == ["."] or _goes_on(run.reading, end):
        return _NONE
    nearest = run.reading.labels.nearest(start)
    called = "phone" in nearest or (
        "other_number" not in nearest and run.reading.labels.near("phone", start, end, before=0)
    )
    if called and (_in_some_plan(digits, known) or (joints and max(shape) <= 8)):
        return 0.8, "a number of a country, called a telephone number"
    if called or "other_number" in nearest:
        return _NONE
    if not joints:
        mobile = digits[0] == "0" and 10 <= len(digits) <= 11 and known.mobile(digits[1:], "0")
        return (0.5, "a mobile number of a country, with its trunk prefix") if mobile and not nearest else _NONE
    if _house(run, shape, joints, end) or _MONEY.compiled.match(run.reading.data, end) or len(_kinds(joints)) > 2:
        return _NONE
    if _american(run, first, digits, shape, joints) or _own_grouping(digits, shape, joints, known):
        return 0.6, "a number of a country, grouped as telephone numbers are there"
    return _NONE


def _in_some_plan(digits: str, known: Plans) -> bool:
    trunks = (trunk for trunk in known.trunks if digits.startswith(trunk))
    national = known.valid(digits) or any(known.valid(digits[len(trunk) :], trunk) for trunk in trunks)
    return national or (len(digits) > 9 and international().fits(digits.encode()))


def _american(run: Run, first: int, digits: str, shape: Sequence[int], joints: Sequence[str]) -> bool:
    """(NXX) NXX-XXXX, NXX-XXX-XXXX or NXX.XXX.XXXX, also where the area code is not given out: examples use those."""
    if tuple(shape[-3:]) != (3, 3, 4) or digits[:-10] not in ("", "1", "001") or digits[-10] in "01":
        return False
    in_parentheses = ")" in "".join(joints[:2])
    return set(joints) == {"."} or _kinds(joints) <= ({"-", ".", ""} if in_parentheses else {"-"})


def _own_grouping(digits: str, shape: Sequence[int], joints: Sequence[str], known: Plans) -> bool:
    """Grouped as in the format of a country in which the digits are a number."""
    if all("/" in joint for joint in joints) or tuple(shape) == (3, 2, 4) or _range(digits, shape, joints):
        return False
    if known.grouped(digits, tuple(shape)):
        return len(digits) >= 8 or set(joints) <= {" ", "-"}
    for trunk in known.trunks:
        if digits.startswith(trunk) and shape[0] >= len(trunk):
            rest = (shape[0] - len(trunk), *shape[1:]) if shape[0] > len(trunk) else tuple(shape[1:])
            if known.grouped(digits[len(trunk) :], rest, trunk):
                return True
    return False


def _range(digits: str, shape: Sequence[int], joints: Sequence[str]) -> bool:
    """From one year, page or amount to another, as in 1990-2000."""
    if tuple(shape) != (4, 4) or joints[0].strip() != "-":
        return False
    return int(digits[:4]) < int(digits[4:]) <= 2 * int(digits[:4])


def _house(run: Run, shape: Sequence[int], joints: Sequence[str], end: int) -> bool:
    """Two groups and a name after them: more likely two numbers of an address, as in "Apt. 117 5720 Main Street"."""
    return (
        len(shape) == 2
        and shape[1] < 6
        and joints[0].isspace()
        and _NAME.compiled.match(run.reading.data, end) is not None
    )


def _kinds(joints: Sequence[str]) -> set[str]:
    return {joint.strip(" ()") for joint in joints}


def _hangs_on(reading: Reading, start: int) -> bool:
    """Whether something before makes it a part of a word, an amount, a code or a longer number."""
    before = reading.plain[max(0, start - 3) : start].rstrip("(")
    last, prior = before[-1:], before[-2:-1]
    if last in ("-", ".", "/", ",") or (last == ":" and not prior.isalpha()):
        return prior.isalnum() and prior.isascii()
    return (last.isalnum() and last.isascii()) or (last != "" and last in "#$€£¥₹_@=*&")


def _goes_on(reading: Reading, end: int) -> bool:
    """Whether something after makes it a part of a word, an amount or a longer number; an extension does not."""
    last, next_one = reading.plain[end : end + 1], reading.plain[end + 1 : end + 2]
    if last.isalnum() and last.isascii():
        return _EXTENSION.compiled.match(reading.data, end) is None
    return (last != "" and last in "€$£¥₹%_@") or (last in (".", ",", ":") and next_one.isdigit())


def _found(run: Run, first: int, last: int, weight: _Weight) -> Found:
    """The find from its plus or parenthesis to its extension."""
    plain, start, end = run.reading.plain, run.starts[first], run.ends[last]
    opening = "+(" if ")" in plain[start:end] else "+"
    while start and plain[start - 1] in opening and run.starts[first] - start < 2:
        start -= 1
    extension = _EXTENSION.compiled.match(run.reading.data, end)
    return Found("phone", start, extension.end() if extension else end, *weight)
