"""The numbering plans of the countries, from the metadata of `phonenumbers`, as RE2 patterns: linear time, no loops."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from typing import Any

from pilotage.redact.reading import Pattern, any_of

_TYPES = ("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "uan")
_GROUP = re.compile(r"\((?:\[[\d-]+\]|\\d|\d)*?(?:\{(\d+)(?:,(\d+))?\})?\)")
_WIDEST = 4  # lengths that one group of a format may take; a wider one is no grouping
Shape = tuple[int, ...]
# How people group digits whatever their country's own format says.
COMMON: frozenset[Shape] = frozenset(
    {(3, 3, 4), (3, 3, 3), (3, 2, 2, 2), (2, 2, 2, 2), (3, 7), (3, 6), (3, 4, 4), (3, 3, 2, 2)}
)


class Plans:
    """The plans of some countries: which digits are a number there, and how they are grouped when written."""

    def __init__(self, regions: tuple[str, ...]) -> None:
        self._plans = {region: plan for region in regions if (plan := _metadata(region)) is not None}
        self.trunks = sorted({_trunk(plan) for plan in self._plans.values()} - {""}, key=len)
        self._shapes: dict[tuple[str, Shape], set[str]] = {}
        for region, plan in self._plans.items():
            for shape in COMMON.union(*map(_shapes, plan.number_format)):
                self._shapes.setdefault((_trunk(plan), shape), set()).add(region)
                self._shapes.setdefault(("any", shape), set()).add(region)
        self._known: dict[frozenset[str], Pattern] = {}

    def grouped(self, digits: str, shape: Shape, trunk: str = "any") -> bool:
        """Whether the digits, without the trunk prefix, are a number somewhere and so grouped there."""
        regions = self._shapes.get((trunk, shape))
        return bool(regions) and self._valid(frozenset(regions or ())).fits(digits.encode())

    def valid(self, digits: str, trunk: str = "any") -> bool:
        """Whether the digits, without the trunk prefix, are a number in a country with that prefix, or in any."""
        chosen = frozenset(region for region, plan in self._plans.items() if trunk in ("any", _trunk(plan)))
        return bool(chosen) and self._valid(chosen).fits(digits.encode())

    def mobile(self, digits: str, trunk: str) -> bool:
        """Whether the digits are a mobile number in a country with that trunk prefix."""
        return _mobile(tuple(self._plans), trunk).fits(digits.encode())

    def _valid(self, regions: frozenset[str]) -> Pattern:
        if regions not in self._known:
            self._known[regions] = any_of([_numbers(self._plans[region]) for region in sorted(regions)])
        return self._known[regions]


@lru_cache(maxsize=16)
def plans(regions: tuple[str, ...]) -> Plans:
    """The plans of these countries; one that has none is left out."""
    return Plans(regions)


@lru_cache(maxsize=1)
def international() -> Pattern:
    """Country code and number, of all countries."""
    from phonenumbers import SUPPORTED_REGIONS

    known = [plan for region in sorted(SUPPORTED_REGIONS) if (plan := _metadata(region)) is not None]
    return any_of([f"{plan.country_code}(?:{_numbers(plan)})" for plan in known])


@lru_cache(maxsize=1)
def country_codes() -> frozenset[str]:
    """The calling codes that are given out."""
    from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

    return frozenset(map(str, COUNTRY_CODE_TO_REGION_CODE))


@lru_cache(maxsize=64)
def _mobile(regions: tuple[str, ...], trunk: str) -> Pattern:
    found = (_metadata(region) for region in regions)
    patterns = [plan.mobile.national_number_pattern for plan in found if _trunk(plan) == trunk and plan.mobile]
    return any_of([pattern for pattern in patterns if pattern] or [r"[^\x00-\xff]"])


def _metadata(region: str) -> Any:
    from phonenumbers import PhoneMetadata

    return PhoneMetadata.metadata_for_region(region, None)


def _trunk(plan: Any) -> str:
    """What is dialled before a number inside the country; a 1 that is also the country code counts as part of that."""
    prefix = plan.national_prefix or ""
    return prefix if prefix.isdigit() else ""


def _numbers(plan: Any) -> str:
    described = (getattr(plan, kind) for kind in _TYPES)
    return "|".join(one.national_number_pattern for one in described if one and one.national_number_pattern)


def _shapes(form: Any) -> Iterator[Shape]:
    """The lengths of the groups that a written form has; none where a group may be of nearly any length."""
    spans = [(int(low or 1), int(high or low or 1)) for low, high in _GROUP.findall(form.pattern)]
    if len(spans) > 1 and all(high - low < _WIDEST for low, high in spans):
        yield from product(*(range(low, high + 1) for low, high in spans))
