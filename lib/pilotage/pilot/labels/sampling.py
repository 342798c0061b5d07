"""Which runs people label: a uniform stream and one guided by suspicion, each run's chance known.

Each run has numbers of its own between 0 and 1, hashed from its id (permanent random numbers, Ohlsson 1995). It is in
the uniform stream where its first number lies below one chance that is the same for all, and otherwise in the guided
stream where its second lies below a chance that grows with its suspicion (Poisson sampling). So a sample grows with
its chances and with the runs that come in, and whoever was drawn stays drawn. Runs are drawn, not tasks: the KPIs
count runs, all with the same chance, and treat the runs of one task as one cluster themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pilotage.errors import PilotageError
from pilotage.hashes import permanent_number
from pilotage.pilot.labels.store import Label, Stream, restamped

SHARED = 0.15  # of the runs, which two people label, so that their agreement is known
LEAST_SUSPICION = 0.05  # so that no run is beyond the guided stream's reach
_HALVINGS = 60  # as many as a float has digits


@dataclass(frozen=True)
class Draw:
    """One draw, as the plan keeps it: the runs it added, and the chances that count from then on.

    `chance` is that of the uniform stream; `guided` gives every run of the guided stream its chance there, if it was
    not drawn uniformly. `frame` is the number of runs drawn from.
    """

    metric: str
    at: datetime
    frame: int
    chance: float
    uniform: tuple[str, ...]
    guided: Mapping[str, float]


@dataclass(frozen=True)
class Item:
    """One run to label: its stream, and the chance with which it was chosen for it."""

    interaction_id: str
    stream: Stream
    chance: float


@dataclass(frozen=True)
class Plan:
    """All draws of one metric, first to last.

    `salt` keeps the numbers of two datasets apart. It is the dataset's name and nobody's choice: a sample that does
    not please cannot be drawn again.
    """

    metric: str
    salt: str
    draws: tuple[Draw, ...] = ()

    @property
    def chance(self) -> float:
        """The chance of the uniform stream; 0 before the first draw."""
        return self.draws[-1].chance if self.draws else 0.0

    @property
    def guided(self) -> dict[str, float]:
        """The chance of every run that the guided stream ever drew, before what the uniform stream took of them."""
        return {name: chance for draw in self.draws for name, chance in draw.guided.items()}

    @property
    def items(self) -> dict[str, Item]:
        """Every run drawn, by its id. One that both streams drew is the uniform stream's: that one must be whole."""
        uniform = {name: Item(name, "uniform", self.chance) for draw in self.draws for name in draw.uniform}
        guided = {name: Item(name, "guided", (1 - self.chance) * chance) for name, chance in self.guided.items()}
        return {**guided, **uniform}


def extend(
    plan: Plan,
    units: Sequence[str],
    at: datetime,
    uniform: int = 0,
    guided: int = 0,
    suspicion: Mapping[str, float] | None = None,
) -> Draw:
    """The draw that brings the streams to about `uniform` and `guided` runs in all; it takes nothing back.

    `suspicion` (0 to 1) is known of some units; the others count as average. The numbers are expectations: each run
    is drawn for itself, which is what makes its chance exactly the one stated. Units that came in since the last draw
    join with the chances that stand. PilotageError where there is nothing to draw from or nothing to be guided by.
    """
    if not units:
        raise PilotageError("the dataset has no run of the pilot to draw from", next="map interactions of phase pilot")
    if guided and not suspicion:
        what = f"no judge has scored “{plan.metric}” yet, so nothing says which runs are suspicious"
        raise PilotageError(what, next="let a judge score them first, or draw without --guided")
    chance = max(plan.chance, min(1.0, uniform / len(units)))
    known = {name for draw in plan.draws for name in draw.uniform}
    new = tuple(name for name in units if name not in known and permanent_number("uniform", plan.salt, name) < chance)
    chosen = _guided(plan, units, guided, chance, suspicion or {}) if guided else {}
    taken = known.union(new)
    return Draw(plan.metric, at, len(units), chance, new, {k: v for k, v in chosen.items() if k not in taken})


def _guided(
    plan: Plan, units: Sequence[str], wanted: int, chance: float, suspicion: Mapping[str, float]
) -> dict[str, float]:
    """The runs of the guided stream with the chance of each; one drawn before keeps the greater of its two chances."""
    average = sum(suspicion.values()) / len(suspicion)
    weights = {name: LEAST_SUSPICION + suspicion.get(name, average) for name in units}
    factor = _factor(list(weights.values()), wanted / (1 - chance) if chance < 1 else 0.0)
    before = plan.guided
    chances = {name: max(before.get(name, 0.0), min(1.0, factor * weight)) for name, weight in weights.items()}
    return {name: c for name, c in chances.items() if permanent_number("guided", plan.salt, name) < c}


def _factor(weights: Sequence[float], wanted: float) -> float:
    """The factor at which the weights, each at most 1, sum to the number wanted; all of them 1 where that is more."""
    low, high = 0.0, 1 / min(weights)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        enough = sum(min(1.0, middle * weight) for weight in weights) >= wanted
        low, high = (low, middle) if enough else (middle, high)
    return high


def to_do(plan: Plan, labels: Iterable[Label], labeller: str, units: Iterable[str]) -> list[Item]:
    """What is left for this labeller, of the runs that are still there, in an order of the labeller's own.

    `labels` are those that stand. A run is left while nobody has decided it; one of those that are shared, while fewer
    than two people have. Both streams are mixed, so that nobody can tell a suspicious run from another.
    """
    own, others = set[str](), dict[str, int]()
    for label in labels:
        if label.source != "human" or label.metric != plan.metric or label.withdrawn:
            continue
        if label.labeller == labeller:
            own.add(label.interaction_id)
        elif label.value is not None:
            others[label.interaction_id] = others.get(label.interaction_id, 0) + 1
    present = set(units)
    left = [
        item
        for name, item in plan.items.items()
        if name in present and name not in own and others.get(name, 0) < (2 if is_shared(plan, name) else 1)
    ]
    return sorted(left, key=lambda item: permanent_number("order", f"{plan.salt}\0{labeller}", item.interaction_id))


def is_shared(plan: Plan, interaction_id: str) -> bool:
    """Whether two people label the run."""
    return permanent_number("shared", plan.salt, interaction_id) < SHARED


def overtaken(plan: Plan, labels: Iterable[Label]) -> list[Label]:
    """The standing labels of people whose run counts in another stream or with another chance since a later draw.

    They come with the stream and the chance of now: a sample that grew has one chance for all its runs.
    """
    items = plan.items
    return [
        restamped(label, item.stream, item.chance)
        for label in labels
        if label.source == "human" and label.metric == plan.metric and (item := items.get(label.interaction_id))
        if (label.stream, label.inclusion_probability) != (item.stream, item.chance)
    ]
