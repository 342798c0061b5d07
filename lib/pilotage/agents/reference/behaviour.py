"""What the stand-in does by chance: all of it follows from a seed and from what it is asked, never from when."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

Trouble = Literal["429", "500", "hang"]


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The settings of the stand-in: rates from 0 to 1, times in seconds.

    `latency_s` is the mean and `jitter_s` how far an answer may be from it. The outage begins `outage_after_s` after
    the first request and lasts `outage_s`; it alone goes by the clock.
    """

    seed: int = 0
    error_rate: float = 0.0
    escalation_rate: float = 0.0
    latency_s: float = 0.0
    jitter_s: float = 0.0
    rate_429: float = 0.0
    rate_500: float = 0.0
    hang: float = 0.0
    retry_after_s: float = 1.0
    outage_after_s: float = 0.0
    outage_s: float = 0.0

    def ends_wrong(self, question: str, trial: int) -> bool:
        """Whether the answer to this question at this trial is a wrong one."""
        return chance(self.seed, "error", question, trial) < self.error_rate

    def hands_over(self, question: str, trial: int) -> bool:
        """Whether this question at this trial is handed over to a person."""
        return chance(self.seed, "escalation", question, trial) < self.escalation_rate

    def trouble(self, request: bytes, seen: int) -> Trouble | None:
        """What goes wrong with a request that was seen so many times before; None for nothing."""
        if not (self.rate_429 or self.rate_500 or self.hang):
            return None
        drawn = chance(self.seed, "trouble", request, seen)
        for kind, rate in (("429", self.rate_429), ("500", self.rate_500), ("hang", self.hang)):
            if drawn < rate:
                return kind  # type: ignore[return-value]
            drawn -= rate
        return None

    def wait_s(self, request: bytes, seen: int) -> float:
        """How long the answer takes, in seconds."""
        if not self.jitter_s:
            return self.latency_s
        return max(0.0, self.latency_s + self.jitter_s * (2 * chance(self.seed, "wait", request, seen) - 1))


def chance(seed: int, what: str, text: str | bytes, number: int) -> float:
    """A number from 0 to below 1 that looks drawn evenly, and is always the same for the same four arguments."""
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    drawn = blake2b(f"{seed}|{what}|{number}|".encode() + raw, digest_size=8).digest()
    return (int.from_bytes(drawn, "big") >> 11) / 2**53
