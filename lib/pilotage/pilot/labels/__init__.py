"""What people label, how they label it, and where their labels are kept."""

from pilotage.pilot.labels.form import form
from pilotage.pilot.labels.overview import overview

__all__ = ["form", "overview"]
