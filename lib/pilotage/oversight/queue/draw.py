"""What goes into the review queue: by chance, by suspicion, planted, for two people, and to settle what they differ on.

Each run has numbers of its own between 0 and 1, hashed from its id with the dataset's name (see
`hashes.permanent_number`): nobody can draw again until a sample pleases. A run is considered once, with the chance of
its action type's tier at that time, which is kept; so its inclusion probability stays the one it was drawn with.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from pilotage.errors import PilotageError
from pilotage.hashes import permanent_number
from pilotage.kpis import Tables
from pilotage.oversight.queue.items import Framed, NewItem
from pilotage.oversight.queue.runs import Run, doubted, judged_by, known_errors, reviewed_elsewhere, runs
from pilotage.oversight.queue.store import Queue
from pilotage.playbook import OversightPolicy, Tier
from pilotage.words import count

Key = tuple[str, str]  # a run's id and its action type
OWN, PLANTED, SETTLING = "run", "planted", "adjudication"  # what an item's id is hashed from besides the run


@dataclass(frozen=True)
class Drawn:
    """What a draw added: items by kind, `shared` of the uniform ones for two people; `remarks` say what could not be.

    `waiting` of the disputes have an item that shall settle them, and are undecided.
    """

    uniform: int
    guided: int
    planted: int
    adjudications: int
    shared: int
    waiting: int
    remarks: tuple[str, ...]


def draw(queue: Queue, tables: Tables, policy: OversightPolicy, tier_of: Callable[[str], Tier], now: datetime) -> Drawn:
    """Add what came in since the last draw, and say what that was; drawing twice adds nothing.

    `tier_of` gives the tier of an action type. Needs the table interactions. PilotageError where oversight.yaml says of
    no action type which outcomes it has.
    """
    actions = {outcome: action.name for action in policy.actions for outcome in action.outcomes}
    if not actions:
        advice = "name under each action in playbook/oversight.yaml the outcomes of the runs that end in it"
        raise PilotageError("no action type has outcomes, so no run can be told to be one", next=advice)
    found = runs(tables)
    by_key = {(run.interaction_id, actions[run.outcome]): run for run in found if run.outcome in actions}
    frame = _frame(queue, tables, policy, tier_of, by_key, now)
    own = _own(queue, policy, frame, by_key, doubted(tables), now)
    known = known_errors(tables, found)
    settling = _settling(queue, now)
    before = {item.item_id for item in queue.items()}
    queue.add([*own, *settling], frame.values())
    judges = judged_by(tables)
    wrong = {key: tuple(sorted(judges.get(key[0], ()))) for key in by_key if key[0] in known}
    planted = _planted(queue, policy, tier_of, wrong, now)
    queue.mix(policy.queue.seeded_share)
    queue.add(planted)
    new = [item for item in own if item.item_id not in before]
    remarks = _remarks(queue, policy, len(found) - len(by_key), bool(known), bool(planted))
    return Drawn(
        uniform=sum(item.stream == "uniform" for item in new),
        guided=sum(item.stream == "guided" for item in new),
        planted=len(planted),
        adjudications=len(settling),
        shared=sum(item.copies > 1 for item in new),
        waiting=len(queue.disputes()),
        remarks=tuple(remarks),
    )


def item_id(kind: str, dataset: str, key: Key) -> str:
    """An id that says nothing of the run, nor why the item is there."""
    text = "\0".join((kind, dataset, *key)).encode("utf-8", "replace")
    return hashlib.sha256(text).hexdigest()[:16]


def _frame(
    queue: Queue,
    tables: Tables,
    policy: OversightPolicy,
    tier_of: Callable[[str], Tier],
    found: Iterable[Key],
    now: datetime,
) -> dict[Key, Framed]:
    """Every run considered so far that is still there, and with the chances of now those that came in."""
    known = {(one.interaction_id, one.action_type): one for one in queue.frame()}
    elsewhere = reviewed_elsewhere(tables) - known.keys()
    tiers = {action.name: tier_of(action.name) for action in policy.actions}
    chances = {name: policy.queue.uniform_share[tier] for name, tier in tiers.items()}
    return {
        key: known.get(key) or Framed(*key, tiers[key[1]], chances[key[1]], now)
        for key in found
        if key not in elsewhere
    }


def _own(
    queue: Queue,
    policy: OversightPolicy,
    frame: Mapping[Key, Framed],
    found: Mapping[Key, Run],
    doubted: set[str],
    now: datetime,
) -> list[NewItem]:
    """The items of runs as themselves; one that both streams would draw is the uniform stream's."""
    items = []
    for key, one in frame.items():
        name, salt, unsure = key[0], queue.dataset, policy.escalation.confidence_min.value
        item = NewItem(item_id(OWN, salt, key), *key, one.tier, "uniform", one.chance, now)
        confidence = found[key].confidence
        if permanent_number("uniform", salt, name) < one.chance:
            shared = permanent_number("shared", salt, name) < policy.queue.overlap_share
            items.append(replace(item, copies=2 if shared else 1))
        elif name in doubted or (confidence is not None and confidence < unsure):
            chance = (1 - one.chance) * policy.queue.guided_share
            if permanent_number("guided", salt, name) < policy.queue.guided_share:
                items.append(replace(item, stream="guided", inclusion_probability=chance))
    return items


def _planted(
    queue: Queue,
    policy: OversightPolicy,
    tier_of: Callable[[str], Tier],
    known: Mapping[Key, tuple[str, ...]],
    now: datetime,
) -> list[NewItem]:
    """So many known errors that they are their share of the queue, chosen by chance.

    A run whose own item is undecided is none of them: it must be decided as itself first. `known` says of each who has
    judged the run elsewhere.
    """
    items = [item for item in queue.items() if not item.adjudicates]
    done = queue.decided_items()
    pending = {(item.interaction_id, item.action_type) for item in items if item.item_id not in done}
    taken = {(item.interaction_id, item.action_type) for item in items if item.seeded}
    share = policy.queue.seeded_share
    wanted = round(share / (1 - share) * (len(items) - len(taken))) - len(taken)
    free = [key for key in known if key not in pending | taken]
    free.sort(key=lambda key: permanent_number(PLANTED, queue.dataset, key[0]))
    return [
        NewItem(
            item_id(PLANTED, queue.dataset, key), *key, tier_of(key[1]), "guided", 1.0, now, True, barred=known[key]
        )
        for key in free[: max(0, wanted)]
    ]


def _settling(queue: Queue, now: datetime) -> list[NewItem]:
    """An item for each disagreement that has none, in the stream and with the chance of its run."""
    items = {item.item_id: item for item in queue.items()}
    found = []
    for dispute in queue.disputes():
        if dispute.adjudication is None:
            key = (dispute.interaction_id, dispute.action_type)
            name = item_id(SETTLING, queue.dataset, key)
            found.append(replace(items[dispute.item_id], item_id=name, queued_at=now, copies=1, adjudicates=True))
    return found


def _remarks(queue: Queue, policy: OversightPolicy, outside: int, known: bool, planted: bool) -> Iterable[str]:
    if outside:
        yield f"{count(outside, 'runs')} ended in no outcome that an action type of oversight.yaml names: not drawn"
    items = [item for item in queue.items() if not item.adjudicates]
    there = sum(item.seeded for item in items)
    wanted = round(policy.queue.seeded_share * len(items))
    if wanted and not known:
        yield "no error is known, so none was planted: what reviewers catch cannot be measured"
    elif there < wanted and not planted:
        yield f"{there} of {wanted} errors are planted: no other known one has been decided as itself yet"
