"""Putting tasks with known answers to an agent: every run accounted for, none called twice, none lost."""

from pilotage.pilot.evaluate.account import Account
from pilotage.pilot.evaluate.run import run_tasks, write_dataset
from pilotage.pilot.evaluate.settings import Settings

__all__ = ["Account", "Settings", "run_tasks", "write_dataset"]
