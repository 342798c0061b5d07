"""Tasks with known answers, and the scorers that tell right from wrong; one file per scorer, named as users name it."""

from pilotage.pilot.scorers.task import Score, Scorer, Task, score
from pilotage.pilot.scorers.tasks_file import SCORERS, read_tasks

__all__ = ["SCORERS", "Score", "Scorer", "Task", "read_tasks", "score"]
