"""The classifier of stackone-defender (Apache-2.0): a small ONNX model that its wheel brings along.

Needs the extra `stackone`. A long text is read in pieces, so that nothing of it is left out; the highest score counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pilotage.errors import PilotageError
from pilotage.guardrails.detectors.protocol import DetectorFault

PIECE = 8_000  # characters; the package would leave out what follows its own limit of 10,000
LAP = 200  # characters that a piece shares with the one before
_NOTHING = ("Text below minTextLength", "No classifiable sentences")  # why the package has nothing to score


class StackOne:
    """stackone-defender's packed-chunk classifier, its main head."""

    name = "stackone"

    def __init__(self) -> None:
        """PilotageError where the package, or what runs its model, is not installed."""
        try:
            import onnxruntime  # noqa: F401  # loaded by the package only when it first scores
            import tokenizers  # noqa: F401
            from stackone_defender.classifiers.tier2_classifier import Tier2Classifier
        except ImportError as error:
            what = f"the detector stackone needs the package {error.name}, which is not installed"
            raise PilotageError(what, next="install it with pip install 'pilotage[stackone]'") from None
        self._classifier: Any = Tier2Classifier()

    def score(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """The highest score of any part of each text; 0 where it has no sentence.

        One text after the other: scored together they would shift each other's scores, and gain no time. DetectorFault
        where the model fails.
        """
        try:
            return np.array([max(self._scores(text), default=0.0) for text in texts], dtype=np.float64)
        except DetectorFault:
            raise
        except Exception as error:
            raise DetectorFault(f"its model failed ({type(error).__name__})") from None

    def _scores(self, text: str) -> list[float]:
        parts = [part for start in range(0, max(len(text), 1), PIECE) for part in self._sentences(text, start)]
        return [float(score) for score in self._classifier.classify_chunks_batch(parts)]

    def _sentences(self, text: str, start: int) -> list[str]:
        prepared = self._classifier.prepare_chunks(text[max(0, start - LAP) : start + PIECE])
        if prepared["skipped"] and not str(prepared.get("skip_reason", "")).startswith(_NOTHING):
            raise DetectorFault("its model could not be loaded")
        return list(prepared["chunks"])
