"""The parameters of the synthetic supplier-invoice desk: everything that is drawn, and everything truth.yaml states.

Shares are between 0 and 1, times are hours, minutes or seconds as named, money is in euro.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from pilotage.errors import PilotageError

# The calendar lies wholly in Italian summer time, so local time is UTC + 2 h on every day of it.
TIME_ZONE, UTC_OFFSET_H = "Europe/Rome", 2
PRODUCTION_END = np.datetime64("2026-10-12T00:00", "m")
AS_OF = "2026-10-12"


@dataclass(frozen=True)
class Segment:
    """One kind of invoices: how many, how laborious, how slow, how error-prone, and how well the agent does on them."""

    name: str
    share: float
    work: float
    wait: float
    error: float
    rework: float
    success: float


@dataclass(frozen=True)
class Handling:
    """How a case goes, by people alone or with the agent. Error and rework factors multiply the segment's rates."""

    minutes: float
    minutes_sigma: float
    lead_h: float
    lead_sigma: float
    error_factor: float
    rework_factor: float
    fee: float


@dataclass(frozen=True)
class Process:
    """The desk's calendar, its volume and what makes a case longer or dearer."""

    baseline_weeks: int = 12
    pilot_weeks: int = 8
    production_weeks: int = 8
    cases_per_week: int = 130
    pilot_cases_per_week: int = 45
    adoption: tuple[float, float] = (0.70, 0.94)  # first and last week of production, a straight line between
    people: Handling = Handling(56.0, 0.35, 52.0, 0.60, 1.0, 1.0, 0.0)
    with_agent: Handling = Handling(13.8, 0.35, 17.0, 0.60, 0.50, 0.45, 0.45)
    rework_minutes: float = 0.5  # a reworked case takes this share of minutes more
    rework_wait: float = 1.6
    dispute: float = 0.05  # the rare expensive variant: legal review and a credit note
    dispute_minutes: float = 1.6
    dispute_wait: float = 2.0
    dispute_cost: float = 8.0
    clarify: float = 0.25
    hour_rate: float = 38.0
    overhead: float = 6.5


@dataclass(frozen=True)
class Tool:
    """A tool of the agent: its failure rate per call and its part of the time of a run."""

    name: str
    failure: float
    weight: float


@dataclass(frozen=True)
class Agent:
    """What the agent does, how often it is right, how long it takes and what it costs."""

    tasks: int = 320
    trials: int = 3
    icc: float = 0.2
    escalated_if: tuple[float, float] = (0.44, 0.085)  # given a failure, given a success
    refused_if: tuple[float, float] = (0.05, 0.01)
    error_if: tuple[float, float] = (0.12, 0.0)
    invented_if: tuple[float, float] = (0.08, 0.0112)
    latency_median_s: float = 8.3
    task_sigma: float = 0.25
    run_sigma: float = 0.40
    input_tokens: float = 5200.0
    output_tokens: float = 340.0
    tokens_sigma: float = 0.25
    weekly_growth: float = 0.015
    price_per_1k: float = 0.004
    model_failure: float = 0.008
    third_call: float = 0.35
    tools: tuple[Tool, ...] = (
        Tool("read_invoice", 0.006, 1.0),
        Tool("find_purchase_order", 0.05, 5.0),
        Tool("match_lines", 0.004, 0.8),
        Tool("post_invoice", 0.012, 1.2),
        Tool("ask_person", 0.008, 0.6),
    )
    bad_run: float = 0.05  # share of runs on a bad connection, in which every tool fails `bad_factor` times as often
    bad_factor: float = 8.0
    second_run: float = 0.40  # share of production cases that come back once
    sub_agent_every: int = 14  # every so many live runs, one calls a sub-agent
    models: tuple[str, ...] = ("quill-2-mini",)
    prompts: tuple[str, str] = ("9c41d07e", "e2b75a13")


@dataclass(frozen=True)
class People:
    """Labels, feedback, reviews and courses: what people did around the agent."""

    labelled: int = 480
    labelled_twice: int = 60
    guided: int = 80
    production_labelled: int = 240
    rates: float = 0.25  # share of live runs that a user rates
    production_rates: float = 0.15
    dissatisfied_if: tuple[float, float] = (0.60, 0.070)
    correction: float = 0.4  # share of the dissatisfied who correct instead of only rejecting
    review_share: float = 0.15
    seeded: int = 60
    reviewed_twice: int = 75  # uniform reviews of the pilot that a second person repeats
    overruled: float = 0.04  # of what is right, rejected by that second person
    catch: tuple[float, float] = (0.93, 0.80)  # of a seeded error, by reviewer
    held_if: tuple[float, float, float] = (0.60, 0.45, 0.025)  # by a guard: an attack, another remark, any other input
    held_twice: int = 24  # so many of what was held up two people look at
    passed_checked: float = 0.15  # share of what passed the guard that a person looks at, drawn by chance
    guard_misjudged: float = 0.08  # of the inputs with a remark: an attack taken for harmless, or the other way round
    learners: int = 36
    texts: int = 1240
    inbox: int = 160  # inputs kept from the time before the pilot, as a sample of what production will bring
    inbox_unseen: float = 0.15  # share of them that are of a kind the pilot never met


@dataclass(frozen=True)
class Money:
    """Planned amounts: one-off in the months before the pilot, running from its first full month."""

    one_off: tuple[tuple[str, tuple[float, ...]], ...] = (("build", (15000.0, 19000.0, 18000.0, 8000.0)),)
    running: tuple[tuple[str, float], ...] = (
        ("licences", 1100.0),
        ("infrastructure", 450.0),
        ("monitoring", 500.0),
        ("review labour", 850.0),
        ("retraining", 300.0),
        ("change management", 200.0),
    )
    months: tuple[str, ...] = ("2026-03", "2026-04", "2026-05", "2026-06", "2026-07", "2026-08", "2026-09")
    scale: float = 1.0


@dataclass(frozen=True)
class World:
    """One variant of the desk. `numbers("share")` gives a parameter of every segment as an array."""

    variant: str = "sample"
    segments: tuple[Segment, ...] = (
        Segment("emea", 0.40, 1.00, 1.00, 0.075, 0.17, 0.945),
        Segment("americas", 0.30, 0.95, 0.95, 0.070, 0.15, 0.940),
        Segment("apac", 0.18, 1.30, 1.35, 0.120, 0.26, 0.880),
        Segment("intercompany", 0.12, 0.80, 0.70, 0.040, 0.10, 0.950),
    )
    process: Process = field(default_factory=Process)
    agent: Agent = field(default_factory=Agent)
    people: People = field(default_factory=People)
    money: Money = field(default_factory=Money)

    def numbers(self, name: str) -> np.ndarray:
        """The named parameter of every segment, in the segments' order; shape (segments,)."""
        return np.array([getattr(segment, name) for segment in self.segments])

    def start(self, phase: str) -> np.datetime64:
        """The Monday, 00:00 local time, on which a phase begins; the phases follow one another up to PRODUCTION_END."""
        process = self.process
        after = {
            "baseline": process.baseline_weeks + process.pilot_weeks + process.production_weeks,
            "pilot": process.pilot_weeks + process.production_weeks,
            "production": process.production_weeks,
        }
        return PRODUCTION_END - np.timedelta64(7 * after[phase], "D")

    def adoption(self) -> np.ndarray:
        """The share of cases that go through the agent in each week of production."""
        return np.linspace(*self.process.adoption, self.process.production_weeks)


def _small(variant: str, tasks: int, success_shift: float, labelled: int, labelled_twice: int) -> World:
    """A desk with a fifth of the volume and a tenth of the costs, so that a variant stays under 400 KB."""
    world = World(variant)
    segments = tuple(replace(s, success=s.success + success_shift) for s in world.segments)
    people = People(
        labelled=labelled, labelled_twice=labelled_twice, guided=10, production_labelled=15, rates=0.6, seeded=40,
        reviewed_twice=12, review_share=1.0, held_twice=2, learners=12, texts=480, inbox=40,
    )  # fmt: skip
    process = replace(
        world.process,
        baseline_weeks=9,
        production_weeks=2,
        cases_per_week=24,
        adoption=(0.94, 0.98),
        pilot_cases_per_week=6,
    )
    return replace(
        world,
        segments=segments,
        process=process,
        agent=replace(world.agent, tasks=tasks, trials=2, second_run=0.1),
        people=people,
        money=replace(world.money, scale=0.10),
    )


def _go() -> World:
    world = _small("go", 46, 0.045, labelled=138, labelled_twice=20)
    tools = tuple(replace(tool, failure=tool.failure / 8) for tool in world.agent.tools)
    agent = replace(
        world.agent, tools=tools, invented_if=(0.01, 0.001), escalated_if=(0.40, 0.05), latency_median_s=6.5
    )  # fmt: skip
    return replace(world, agent=agent, people=replace(world.people, dissatisfied_if=(0.3, 0.02)))


def _no_go() -> World:
    world = _small("no-go", 46, -0.23, labelled=90, labelled_twice=20)
    tools = tuple(replace(tool, failure=min(0.3, tool.failure * 6)) for tool in world.agent.tools)
    return replace(world, agent=replace(world.agent, tools=tools, bad_factor=3.0, invented_if=(0.12, 0.03)))


def _not_yet() -> World:
    world = _small("not-yet", 40, 0.0, labelled=30, labelled_twice=8)
    return replace(world, process=replace(world.process, pilot_cases_per_week=2))


_VARIANTS = {"sample": World, "go": _go, "no-go": _no_go, "not-yet": _not_yet}
VARIANTS = tuple(_VARIANTS)


def world_of(variant: str) -> World:
    """The parameters of a variant by its name; PilotageError for any other name."""
    if variant not in _VARIANTS:
        raise PilotageError(f"there is no variant {variant!r}", next=f"Choose one of: {', '.join(VARIANTS)}.")
    return _VARIANTS[variant]()
