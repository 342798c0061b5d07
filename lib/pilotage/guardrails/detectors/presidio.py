"""People's names in what an agent says, through presidio-analyzer (MIT) and a language model of spaCy.

Needs the extra `presidio` and one of spaCy's models with names in it. One that is not installed is never fetched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pilotage.errors import PilotageError

# Read in this order: the one for many languages first. Each is a package of that name.
MODELS = ("xx_ent_wiki_sm", "en_core_web_lg", "en_core_web_md", "en_core_web_sm")
_LANGUAGE = "en"  # what presidio files the model under, whatever it reads


@dataclass(frozen=True, slots=True)
class Name:
    """One name of a person, in characters of the text; `score` from 0 to 1 as presidio tells it."""

    start: int
    end: int
    score: float


class Names:
    """presidio's analyzer with its recognizer of names alone; the other kinds are `redact`'s."""

    def __init__(self, models: tuple[str, ...] = MODELS) -> None:
        """PilotageError where the package or every one of the models is not installed."""
        try:
            from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
            from presidio_analyzer.nlp_engine import SpacyNlpEngine
            from presidio_analyzer.predefined_recognizers import SpacyRecognizer
        except ImportError as error:
            what = f"finding names needs the package {error.name}, which is not installed"
            raise PilotageError(what, next="install it with pip install 'pilotage[presidio]'") from None
        engine = SpacyNlpEngine(models=[{"lang_code": _LANGUAGE, "model_name": _installed(models)}])
        engine.load()
        recognizer = SpacyRecognizer(supported_language=_LANGUAGE, supported_entities=["PERSON"])
        registry = RecognizerRegistry(recognizers=[recognizer], supported_languages=[_LANGUAGE])
        self._analyzer: Any = AnalyzerEngine(
            registry=registry, nlp_engine=engine, supported_languages=[_LANGUAGE], default_score_threshold=0.0
        )

    def find(self, text: str) -> list[Name]:
        """The names in the order of the text; none where there is none."""
        found = self._analyzer.analyze(text, language=_LANGUAGE, entities=["PERSON"])
        return sorted((Name(one.start, one.end, one.score) for one in found), key=lambda name: name.start)


def _installed(models: tuple[str, ...]) -> str:
    """The first of the models that is there; presidio itself would try to fetch one from the network."""
    import spacy

    for model in models:
        if spacy.util.is_package(model):
            return model
    what = "finding names needs one of spaCy's language models, and none is installed"
    raise PilotageError(what, next=f"install one of {', '.join(models)}, such as with `spacy download {models[0]}`")
