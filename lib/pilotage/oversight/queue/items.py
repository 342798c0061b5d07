"""What is in the review queue: the items put in, what a reviewer gets to see of one, and what was decided."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, get_args

from pilotage.errors import PilotageError
from pilotage.playbook import TIERS, Tier
from pilotage.playbook.governance import same_name

Decision = Literal["approve", "reject", "correct"]
Stream = Literal["uniform", "guided"]
_TEXTS = ("item_id", "interaction_id", "action_type")


@dataclass(frozen=True)
class NewItem:
    """One item for the queue: a run, why it is there, and how many people shall decide it, each for themselves.

    `inclusion_probability` is the chance with which the run was chosen for its stream, above 0 to 1; `queued_at` needs
    a zone; `seeded` marks a planted error, `adjudicates` an item that settles a disagreement. `barred` are people who
    know the run from elsewhere and do not get the item.
    """

    item_id: str
    interaction_id: str
    action_type: str
    tier: Tier
    stream: Stream
    inclusion_probability: float
    queued_at: datetime
    seeded: bool = False
    copies: int = 1
    adjudicates: bool = False
    barred: tuple[str, ...] = ()


@dataclass(frozen=True)
class Framed:
    """A run that was considered for the queue, with the uniform stream's chance for it, drawn or not."""

    interaction_id: str
    action_type: str
    tier: Tier
    chance: float
    drawn_at: datetime


@dataclass(frozen=True)
class Claim:
    """An item in a reviewer's hands. Nothing in it tells a planted, shared or suspicious item from another.

    `lease_until` is when it goes back to the queue; None for one handed out in a sheet, which stays the reviewer's.
    """

    item_id: str
    interaction_id: str
    action_type: str
    reviewer: str
    token: int
    lease_until: datetime | None


@dataclass(frozen=True)
class Listed:
    """A decision from a sheet, by its item; `seconds` is None where nobody measured the time spent."""

    item_id: str
    decision: Decision
    reason: str = ""
    correction: str = ""
    seconds: float | None = None


@dataclass(frozen=True)
class Decided:
    """One decision as the queue keeps it, with its item."""

    review_id: str
    item_id: str
    interaction_id: str
    action_type: str
    tier: Tier
    stream: Stream
    inclusion_probability: float
    seeded: bool
    adjudicates: bool
    reviewer: str
    decision: Decision
    reason: str
    correction: str
    seconds: float | None
    queued_at: datetime
    decided_at: datetime


@dataclass(frozen=True)
class Dispute:
    """An item whose reviewers differ on whether it was right; `by` is who decided what.

    `adjudication` is the item that shall settle it, None before a draw has added one.
    """

    item_id: str
    interaction_id: str
    action_type: str
    by: tuple[tuple[str, Decision], ...]
    adjudication: str | None


@dataclass(frozen=True)
class Counts:
    """How far the queue is, in decisions wanted: an item for two people counts twice.

    `leased` are being decided, `listed` handed out in sheets, `unanswered` those of the open ones that somebody put
    back or let run out.
    """

    items: int
    wanted: int
    decided: int
    leased: int
    listed: int
    open: int
    unanswered: int


def person(name: str) -> str:
    """The reviewer's name in one spelling; PilotageError where it is empty."""
    spelt = " ".join(unicodedata.normalize("NFKC", name).encode("utf-8", "replace").decode().split())
    if not spelt:
        raise PilotageError("a review needs the name of its reviewer", next="say who decides")
    return spelt


def key_of(name: str) -> str:
    """Who the reviewer is, whatever the case their name is written in; PilotageError where it is empty."""
    return same_name(person(name))


def stamp(at: datetime) -> str:
    """The moment as the queue keeps it, in UTC, of one length, so that texts compare as times do."""
    if at.utcoffset() is None:
        raise PilotageError("a time in the review queue needs a zone", next="give it in UTC")
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def faults_of(item: NewItem) -> Iterator[str]:
    """Why this cannot be an item; nothing where it can."""
    yield from (f"{name} is empty" for name in _TEXTS if not getattr(item, name).strip())
    if item.tier not in TIERS:
        yield f"tier is one of {', '.join(TIERS)} (got {item.tier!r})"
    if item.stream not in get_args(Stream):
        yield f"stream is one of {', '.join(get_args(Stream))} (got {item.stream!r})"
    if not 0 < item.inclusion_probability <= 1:
        yield f"the inclusion probability lies above 0 and is at most 1 (got {item.inclusion_probability:g})"
    if item.copies < 1:
        yield f"at least one person decides an item (got {item.copies} copies)"
    if item.queued_at.utcoffset() is None:
        yield "its time needs a zone"


def faults_of_decision(decision: str, reason: str, correction: str, seconds: float | None) -> Iterator[str]:
    """Why this cannot be a decision; nothing where it can."""
    if decision not in get_args(Decision):
        yield f"a decision is one of {', '.join(get_args(Decision))} (got {decision!r})"
    elif decision != "approve" and not reason.strip():
        yield f"to {decision} needs a reason"
    if correction.strip() and decision != "correct":
        yield f"a correction belongs to the decision correct (got {decision!r})"
    if seconds is not None and not (math.isfinite(seconds) and seconds >= 0):
        yield f"the seconds spent are a number from 0 (got {seconds})"
