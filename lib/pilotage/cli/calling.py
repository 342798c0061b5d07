"""What the commands that call an agent have in common: their limits, their end on a signal, and what they say then."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

from pilotage.cli.speak import INTERRUPTED, tell
from pilotage.errors import PilotageError

if TYPE_CHECKING:
    from pilotage.pilot.evaluate import Settings
    from pilotage.workspace import Workspace

INCOMPLETE = 1


class Account(Protocol):
    """What became of every run."""

    @property
    def interrupted(self) -> bool:
        """Whether a signal ended it."""

    @property
    def complete(self) -> bool:
        """Whether every run came to what it was for."""

    def lines(self, currency: str = "") -> list[str]:
        """What a person is told."""


def settings_of(price_in: float | None, price_out: float | None, **said: float | None) -> Settings:
    """The limits that were said, by their names in Settings; PilotageError where only one of the prices is given."""
    from pilotage.agents.run import Prices
    from pilotage.pilot.evaluate import Settings

    given = {name: value for name, value in said.items() if value is not None}
    if price_in is None and price_out is None:
        return Settings(**given)  # type: ignore[arg-type]  # each of its option's type
    if price_in is None or price_out is None:
        raise PilotageError("one price is missing", next="give both --price-in and --price-out, for a million tokens")
    return Settings(**given, prices=Prices(price_in, price_out))  # type: ignore[arg-type]


def carry_out(work: Callable[[asyncio.Event], Awaitable[Account]], workspace: Workspace) -> int:
    """Do the work, say what became of it, and give the exit code; a signal sets its event, and it ends in good order.

    A further signal does not disturb that.
    """
    account = asyncio.run(_until_signal(work))
    tell("\n".join(account.lines(_currency(workspace))))
    if account.interrupted:
        tell("stopped; what was finished is kept", sys.stderr)
        return INTERRUPTED
    return 0 if account.complete else INCOMPLETE


async def _until_signal(work: Callable[[asyncio.Event], Awaitable[Account]]) -> Account:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, stop.set)
    return await work(stop)


def _currency(workspace: Workspace) -> str:
    """The playbook's currency; empty text where the playbook cannot be read, which is not these commands' matter."""
    from pilotage.forms import read_mapping

    facts, _ = read_mapping(workspace.playbook / "playbook.yaml")
    return str(facts.get("currency", ""))
