"""What every detector is to the guard: texts in, one number each out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class DetectorFault(Exception):
    """The detector can say nothing now, whatever the text; told plainly and without secrets."""


class Detector(Protocol):
    """Looks for injections."""

    @property
    def name(self) -> str:
        """What findings and the policy call it."""
        ...

    def score(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """One number from 0 to 1 for each text, higher where an injection is more likely; no text, no number.

        DetectorFault where it can answer for none of them; any other exception is held against these texts.
        """
        ...
