"""One check of one system: a row with its answer, the code of the reason, the evidence and how long it took."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import takewhile
from typing import Any, Literal

from pilotage.integration.keys import key_of, spellings
from pilotage.playbook.systems import AnySystem
from pilotage.redact import redact
from pilotage.words import plain

Status = Literal["pass", "fail", "skipped"]
LONGEST = 2000  # characters of evidence; a server's own words can have no end
SEARCHED = 20_000  # characters in which secrets are looked for; nothing behind them is told
PIECE = 4  # characters of a secret that was cut in two are hidden, fewer are told
HIDDEN = "\ue000"  # stands for a secret until all are hidden: no secret begins with it


@dataclass(frozen=True)
class Check:
    """A row of the smoke test. `reason` is one of `codes.CODES`, empty where the check passed."""

    system: str
    id: str
    status: Status
    reason: str
    evidence: str
    duration_s: float
    required: bool

    def as_dict(self) -> dict[str, Any]:
        """The row as JSON and tables have it."""
        return asdict(self)


def by_system(checks: Iterable[Check]) -> dict[str, list[Check]]:
    """The checks of each system, in the order in which they come."""
    found: dict[str, list[Check]] = {}
    for check in checks:
        found.setdefault(check.system, []).append(check)
    return found


class Fault(Exception):
    """A check failed: the code of the reason, and what was seen."""

    status: Status = "fail"

    def __init__(self, reason: str, evidence: str) -> None:
        self.reason, self.evidence = reason, evidence
        super().__init__(f"{reason}: {evidence}")


class Skip(Fault):
    """A check could not be made; it counts as not passed."""

    status: Status = "skipped"


@dataclass
class Finding:
    """What a check has to say when it passes."""

    evidence: str = ""


class Recorder:
    """Where a probe writes its checks; each is told the moment it begins and the moment it ends.

    `hidden` are the values of secrets: they are taken out of all evidence.
    """

    def __init__(self, tell: Callable[[dict[str, Any]], None], hidden: tuple[str, ...] = ()) -> None:
        self._tell, self._hidden = tell, hidden
        self._passed: dict[str, bool] = {}

    @contextmanager
    def check(self, id: str) -> Iterator[Finding]:
        """One check. It passes unless its block raises; the probe goes on after it in either case.

        Fault and Skip carry their reason; any other exception is a fault with the code `unexpected`.
        """
        self._tell({"begin": id})
        found, began = Finding(), time.perf_counter()
        status: Status = "pass"
        reason, evidence = "", ""
        try:
            yield found
            evidence = found.evidence
        except Fault as fault:
            status, reason, evidence = fault.status, fault.reason, fault.evidence
        except Exception as error:
            meant = as_fault(error)
            status, reason, evidence = meant.status, meant.reason, meant.evidence
        self._passed[id] = status == "pass" and self._passed.get(id, True)
        took = round(time.perf_counter() - began, 4)
        self._tell(
            {
                "id": id,
                "status": status,
                "reason": reason,
                "evidence": shown(evidence, self._hidden),
                "duration_s": took,
            }
        )

    def passed(self, id: str) -> bool:
        """Whether the check was made, and passed; later checks that need it ask this."""
        return self._passed.get(id, False)


def secrets_of(system: AnySystem) -> tuple[str, ...]:
    """The values of the secrets that the system's entry names, the longest first: none may be repeated anywhere."""
    parts = (system, *getattr(system, "sources", ()))
    found = (key_of(one.key_env) for one in parts)
    header = getattr(system, "key_header", None)
    return tuple(sorted({one for key in found if key for one in spellings(key, header)}, key=len, reverse=True))


def shown(text: str, hidden: Iterable[str], longest: int = LONGEST) -> str:
    """A system's own words as they may be shown: without secrets, personal data and control characters, cut."""
    text, hidden = text[:SEARCHED], tuple(hidden)
    for secret in hidden:
        text = text.replace(secret, HIDDEN)
    for secret in hidden:
        text = _without_ends(_without_starts(text, secret), secret)
    return plain(redact(text.replace(HIDDEN, "[secret]")), longest)


def ending(text: str, longest: int) -> str:
    """The end of a text; the … before it is where `shown` looks for the rest of a secret that was cut in two."""
    return text if len(text) <= longest else f"…{text[-longest:]}"


def _without_starts(text: str, secret: str) -> str:
    """The text without starts of the secret that no word follows: there it was cut."""
    told, last = list[str](), 0
    for found in re.finditer(re.escape(secret[:PIECE]), text):
        at = found.start()
        pairs = zip(text[at : at + len(secret)], secret, strict=False)
        end = at + len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
        if at >= last and not re.match(r"[^\W_]|\s", text[end : end + 1]):
            told += [text[last:at], HIDDEN]
            last = end
    return "".join([*told, text[last:]])


def _without_ends(text: str, secret: str) -> str:
    """The text without ends of the secret behind a …"""
    first, *cut = text.split("…")
    return "…".join([first, *(_without_end(one, secret) for one in cut)])


def _without_end(text: str, secret: str) -> str:
    most = min(len(text), len(secret))
    length = next((n for n in range(most, PIECE - 1, -1) if secret.endswith(text[:n])), 0)
    return HIDDEN + text[length:] if length else text


def as_fault(error: BaseException) -> Fault:
    """The fault that an exception means, looked for inside of groups and causes; `unexpected` where none is known."""
    import ssl

    if isinstance(error, ModuleNotFoundError):
        return Skip("not_installed", f"the package {error.name} is missing")
    for one in _chain(error):
        if isinstance(one, Fault):
            return one
        if isinstance(one, ssl.SSLError):
            return Fault("tls_error", str(one))
        if isinstance(one, TimeoutError) or "timeout" in type(one).__name__.lower():
            return Fault("timed_out", f"no answer in time: {str(one) or type(one).__name__}")
        if isinstance(one, ConnectionError) or "connect" in type(one).__name__.lower():
            return Fault("unreachable", str(one) or type(one).__name__)
    return Fault("unexpected", f"{type(error).__name__}: {error}")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception, those grouped in it and those that caused it: the innermost of them first."""
    inner = list(error.exceptions) if isinstance(error, BaseExceptionGroup) else []
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    for one in [*inner, *([cause] if cause is not None else [])]:
        yield from _chain(one)
    yield error
