"""The first screen of page 05, and what it leaves to the decision page."""

from __future__ import annotations

from collections.abc import Sequence

from pilotage.integration.checks import Check, by_system
from pilotage.integration.flow.words import in_phase
from pilotage.integration.integrated import N_PLUS_ONE, Integrated
from pilotage.integration.load import LoadResult, Outcome
from pilotage.integration.patterns import effort_of
from pilotage.integration.show import checks_finding, embedded
from pilotage.page import Page, html
from pilotage.words import count, number, sentence_case

Card = tuple[str, str]


def first_screen(page: Page, found: Integrated) -> html.Html:
    """Six cards: the systems, the load, the calls, the waiting, the effort, who agreed."""
    shown = html.cards(
        [
            ("Systems that hold", *_systems(page, found)),
            ("Production's load", *_load(page, found)),
            ("Calls that should be one", *_calls(found)),
            ("Where the work waits", *_waits(found)),
            ("Effort of connecting", *_effort(page)),
            ("Who agreed to it", *_agreed(found)),
        ]
    )
    return html.Html((page.banner if page.synthetic else "") + shown)


def left(page: Page, found: Integrated) -> dict[str, object]:
    """The facts that the decision page and machines read; its column “Measured” shows those named like a gate."""
    required, optional = ([one for one in found.checks if one.required == wanted] for wanted in (True, False))
    return {
        "integration_checks": f"{sum(map(_passed, required))} of {len(required)}",
        "integration_optional": f"{sum(map(_passed, optional))} of {len(optional)}",
        "patterns_fit": f"{sum(one.fits for one in found.advice)} of {len(found.advice)}",
        "systems_under_load": _under_load([one for one in found.load if one.system.required and not one.embedded]),
        "others_under_load": _under_load([one for one in found.load if not one.system.required or one.embedded]),
        "systems": {one.name: _stand(found, one.name) for one in page.playbook.integration.systems},
        "systems_simulated": [one.name for one in embedded(page.playbook.integration)],
    }


def _under_load(outcomes: Sequence[Outcome]) -> str:
    held = sum(one.result is not None and one.result.held for one in outcomes)
    return f"{held} of {len(outcomes)}"


def _stand(found: Integrated, name: str) -> str:
    own = [check for check in found.checks if check.system == name]
    bad = [f"{check.id} {check.reason}" for check in own if check.status != "pass"]
    return f"not passed: {', '.join(bad)}" if bad else f"{len(own)} checks passed" if own else "not probed"


def _systems(page: Page, found: Integrated) -> Card:
    systems = by_system(found.checks)
    good = sum(all(map(_passed, own)) for own in systems.values())
    bad = next((one for one in found.checks if one.required and not _passed(one)), None)
    said = f"{bad.system}: {bad.id} ({bad.reason})." if bad else checks_finding(found.checks)
    simulated = [one.name for one in embedded(page.playbook.integration)]
    mind = f" Of these, {len(simulated)} are simulated examples." if simulated else ""
    return f"{good} of {len(systems)}{', simulated' if len(simulated) == len(systems) else ''}", f"{said}{mind}"


def _passed(check: Check) -> bool:
    return check.status == "pass"


def _load(page: Page, found: Integrated) -> Card:
    if not found.load:
        return "Not stated", "No system says what production will ask of it."
    tested = [one for one in found.load if one.result]
    if not tested:
        return "Not tested", f"{sentence_case(found.load[0].why)}."
    if not page.synthetic and all(one.embedded for one in tested):
        return "Not tested", "Only the embedded example was put under load."
    held = [one for one in tested if one.result and one.result.held]
    worst = next((one for one in tested if one not in held), tested[0])
    value = f"{len(held)} of {count(len(found.load), 'systems')} held"
    return value, f"{worst.name}: {_at_production(worst.result)}."


def _at_production(result: LoadResult | None) -> str:
    step = result.at_target if result else None
    if step is None:
        return "it already gave way below production's rate"
    if step.p95_ms is None:
        return "fewer than 95% of requests were answered at production's rate"
    return f"95% of answers within {number(step.p95_ms, 'ms')} at production's rate"


def _calls(found: Integrated) -> Card:
    kpi = found.kpi(N_PLUS_ONE)
    if kpi.estimate is None:
        return "Not known", f"{sentence_case(kpi.reason)}."
    most = f"at most {number(kpi.high, 'share')}"
    return f"{number(kpi.estimate, 'share')} of runs", f"of {count(kpi.n, 'runs')} in the pilot; {most}."


def _waits(found: Integrated) -> Card:
    waits = found.flow.waits.dropna(subset=["share"])
    if waits.empty:
        return "Not known", "The event log shows no waiting."
    first = waits.iloc[0]
    return (
        f"Before “{first['activity']}”",
        f"{number(float(first['share']), 'share')} of all waiting{in_phase(found.flow)}.",
    )


def _effort(page: Page) -> Card:
    planned, actual, counted = effort_of(page.playbook.integration)
    systems = len(page.playbook.integration.systems)
    if not counted:
        return "Not counted", "No system has both a planned and an actual effort."
    more = f", {number(100 * (actual / planned - 1))}% more than planned" if actual > planned > 0 else ""
    return f"{number(actual)} days", f"of {number(planned)} planned{more}, in {counted} of {count(systems, 'systems')}."


def _agreed(found: Integrated) -> Card:
    names = {"approved": "Approved", "changed": "Changed by hand", "never approved": "Nobody", "unknown": "Not known"}
    return names[found.live.status], f"{sentence_case(found.live.why)}."
