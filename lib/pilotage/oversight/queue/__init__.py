"""The durable queue of runs that people review, drawn by chance and by suspicion."""

from pilotage.oversight.queue.draw import Drawn, draw
from pilotage.oversight.queue.items import Claim, Counts, Decided, Decision, Dispute, Listed, NewItem
from pilotage.oversight.queue.opening import path_of
from pilotage.oversight.queue.store import Queue, open_queue

__all__ = [
    "Claim",
    "Counts",
    "Decided",
    "Decision",
    "Dispute",
    "Drawn",
    "Listed",
    "NewItem",
    "Queue",
    "draw",
    "open_queue",
    "path_of",
]
