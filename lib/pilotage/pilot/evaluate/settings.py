"""How an evaluation is carried out: how often, how many at a time, how fast, how long, and for how much money."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from pilotage.agents.run import Prices
from pilotage.errors import InputFaults


@dataclass(frozen=True, slots=True)
class Settings:
    """The limits an evaluation keeps; None means that there is none. None of them changes what an answer is worth."""

    trials: int = 1  # times that each task is put to the agent
    concurrency: int = 8  # runs at a time, at most; fewer while the agent says that this is too many
    rpm: float | None = None  # requests a minute
    tpm: float | None = None  # tokens a minute, read and written
    budget: float | None = None  # money, in the currency of the prices
    prices: Prices | None = None  # of a million tokens; None takes the agent's own
    timeout_s: float = 600.0  # for one run with all its attempts and waits
    call_timeout_s: float | None = None  # for one attempt; None leaves it to the agent
    attempts: int = 6  # of one run, at most

    def check(self, prices: Prices | None) -> None:
        """InputFaults with every setting that cannot be followed; `prices` are those that hold."""
        faults = [*self._out_of_range(), *self._without_prices(prices)]
        if faults:
            raise InputFaults("the settings of the evaluation cannot be followed", faults)

    def _out_of_range(self) -> Iterator[str]:
        for name in ("trials", "concurrency", "attempts"):
            if getattr(self, name) < 1:
                yield f"{name} should be at least 1 (got {getattr(self, name)})"
        named = (("timeout", self.timeout_s), ("call-timeout", self.call_timeout_s))
        for name, value in (*named, ("rpm", self.rpm), ("tpm", self.tpm), ("budget", self.budget)):
            if value is not None and not 0 < value < math.inf:
                advice = "; leave it out to spend without a limit" if name == "budget" else ""
                yield f"{name} should be more than 0 (got {value:g}){advice}"
        for side in ("input", "output") if self.prices else ():
            price = getattr(self.prices, f"{side}_per_million")
            if not 0 <= price < math.inf:
                yield f"the price of {side} tokens should be at least 0 (got {price:g})"

    def _without_prices(self, prices: Prices | None) -> Iterator[str]:
        if self.budget is None:
            return
        if prices is None:
            yield "a budget can only be kept where prices are known: give --price-in and --price-out"
        elif prices.input_per_million == prices.output_per_million == 0:
            yield "a budget means nothing where tokens cost nothing: give the prices of a million tokens"
