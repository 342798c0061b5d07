"""The reference stand-in: no agent, but a server that plays one, seeded, with known rates of error and of trouble."""

from pilotage.agents.reference.agent import ReferenceAgent
from pilotage.agents.reference.behaviour import Behaviour
from pilotage.agents.reference.process import ServerProcess
from pilotage.agents.reference.tasks import ReferenceTask, known_accuracy, make_tasks, write_tasks

__all__ = [
    "Behaviour",
    "ReferenceAgent",
    "ReferenceTask",
    "ServerProcess",
    "known_accuracy",
    "make_tasks",
    "write_tasks",
]
