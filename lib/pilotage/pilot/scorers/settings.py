"""A scorer's settings as the task file gives them: taken one by one, every fault kept until all are looked at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

_MISSING: Any = object()


class WrongSettings(Exception):
    """Settings that no scorer can be made of; `faults` has one line each."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(*faults)
        self.faults = tuple(faults)


class Settings:
    """The settings under one scorer's name; a bare value stands for the setting named by `bare`."""

    def __init__(self, given: Any, bare: str, known: Sequence[str]) -> None:
        self.faults: list[str] = []
        self._given: dict[str, Any] = given if isinstance(given, dict) else {bare: given}
        for name in self._given:
            if name not in known:
                from pilotage.forms import near

                self.faults.append(f"{name}: is not a known setting{near(name, known)}")

    def choice(self, name: str, allowed: Sequence[str]) -> str:
        """One of the known words; the first of them where nothing is given."""
        value = self._given.get(name, allowed[0])
        if value in allowed:
            return str(value)
        self._fault(name, f"should be one of {', '.join(allowed)}", value)
        return allowed[0]

    def flag(self, name: str, otherwise: bool) -> bool:
        """True or false."""
        value = self._given.get(name, otherwise)
        if isinstance(value, bool):
            return value
        self._fault(name, "should be true or false", value)
        return otherwise

    def number(self, name: str, otherwise: float | None = None, least: float | None = None) -> float:
        """A finite number, at least `least`; a fault where it is missing and nothing stands in for it."""
        value = self._given.get(name, _MISSING if otherwise is None else otherwise)
        if value is _MISSING or value is None:
            self.faults.append(f"{name}: is missing")
        elif isinstance(value, bool) or not isinstance(value, int | float) or not _finite(value):
            self._fault(name, "should be a finite number", value)
        elif least is not None and value < least:
            self._fault(name, f"should be at least {least:g}", value)
        else:
            return float(value)
        return 0.0

    def text(self, name: str) -> str:
        """A text that is not empty; a fault where it is missing."""
        value = self._given.get(name)
        if isinstance(value, str) and value:
            return value
        if value is None or value == "":
            self.faults.append(f"{name}: is missing" if value is None else f"{name}: should not be empty")
        else:
            self._fault(name, "should be text in quotation marks", value)
        return ""

    def texts(self, name: str) -> tuple[str, ...]:
        """One text or a list of them, none empty; nothing where the setting is not given."""
        value = self._given.get(name, [])
        items = value if isinstance(value, list) else [value]
        if not items and name in self._given:
            self.faults.append(f"{name}: should not be empty")
        for item in items:
            if not isinstance(item, str):
                self._fault(name, "should be text in quotation marks, or a list of texts", item)
            elif not item.strip():
                self.faults.append(f"{name}: should not be empty")
        return tuple(str(item) for item in items)

    def raw(self, name: str) -> Any:
        """Whatever stands there; None where nothing does."""
        return self._given.get(name)

    def has(self, name: str) -> bool:
        """Whether the setting is given."""
        return name in self._given

    def settle(self) -> None:
        """WrongSettings with every fault found, where there is one."""
        if self.faults:
            raise WrongSettings(self.faults)

    def _fault(self, name: str, should: str, got: Any) -> None:
        self.faults.append(f"{name}: {should}{shown(got)}")


def shown(value: Any) -> str:
    """What stands there instead, as a fault ends."""
    from pilotage.words import plain

    text = {None: "nothing", True: "true", False: "false"}.get(value) if _is_word(value) else None
    return f" (got {text or plain(repr(value), 60)})"


def _is_word(value: Any) -> bool:
    return value is None or isinstance(value, bool)


def _finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer beyond every float
        return False
