"""The load of each system as page 05 has it: recorded by the command, or of the embedded example measured now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING

from pilotage.errors import PilotageError
from pilotage.integration.load.ramp import Say, run_load
from pilotage.integration.load.recorded import load_path, read_result
from pilotage.integration.load.result import LoadResult
from pilotage.integration.load.target import target_of
from pilotage.integration.wrapper import example
from pilotage.playbook.systems import EMBEDDED, WrapperSystem

if TYPE_CHECKING:
    from pilotage.page import Page

EMBEDDED_S = 4.5  # the ramp against the embedded example, without starting it
NOT_YOURS = "the embedded example, not your system"


@dataclass(frozen=True)
class Outcome:
    """What is known of one system under load: the result, or why there is none that counts."""

    system: WrapperSystem
    result: LoadResult | None
    day: str = ""  # empty where it was measured as the page ran
    why: str = ""

    @property
    def embedded(self) -> bool:
        """Whether this is the example that pilotage starts itself."""
        return self.system.address == EMBEDDED

    @property
    def name(self) -> str:
        """The system's name, and that it is the example where it is."""
        return f"{self.system.name} ({NOT_YOURS})" if self.embedded else self.system.name


def load_outcomes(page: Page, measure: Callable[[WrapperSystem], LoadResult] | None = None) -> list[Outcome]:
    """One outcome for each system of the playbook with `load`; empty where none has it.

    The embedded example is put under load now, for some seconds; of all others the recorded result is read.
    """
    systems = [one for one in page.playbook.integration.systems if isinstance(one, WrapperSystem) and one.load]
    return [_outcome(page, system, measure or measure_embedded) for system in systems]


def _outcome(page: Page, system: WrapperSystem, measure: Callable[[WrapperSystem], LoadResult]) -> Outcome:
    if system.address == EMBEDDED:
        try:
            return Outcome(system, measure(system))
        except PilotageError as fault:
            return Outcome(system, None, "", fault.what)
    path = load_path(page.workspace, page.dataset, system.name)
    page.opened.file(path)
    result, day, why = read_result(path, system, page.dataset)
    if result is not None and (why := _too_old(page, day)):
        result = None
    return Outcome(system, result, day, why)


def _too_old(page: Page, day: str) -> str:
    """Why a result of this day does not count any more; empty where it does."""
    days = page.playbook.freshness_days.value
    aged = page.as_of - date.fromisoformat(day) > timedelta(days=days)
    return f"it was measured on {day}, more than {days} days before: measure anew" if aged else ""


def measure_embedded(system: WrapperSystem, seconds: float = EMBEDDED_S, say: Say = lambda _: None) -> LoadResult:
    """The embedded example under this entry's load; PilotageError where the packages for it are not installed."""
    if find_spec("uvicorn") is None or find_spec("starlette") is None:
        raise PilotageError("the embedded example cannot be started", next="pip install 'pilotage[api]'")
    with example() as (address, token):
        found = run_load(replace(target_of(system), address=address, token=token), seconds, say)
    return replace(found, address=EMBEDDED)
