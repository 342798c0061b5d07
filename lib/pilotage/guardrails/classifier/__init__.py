"""The injection classifier: hashed n-grams and ideas, logistic regression, calibrated on local labels."""

from pilotage.guardrails.classifier.adapting import adapt, cross_fitted
from pilotage.guardrails.classifier.card import card
from pilotage.guardrails.classifier.file import load, save, shipped
from pilotage.guardrails.classifier.model import Model
from pilotage.guardrails.classifier.sources import Source, read_source
from pilotage.guardrails.classifier.training import train

__all__ = ["Model", "Source", "adapt", "card", "cross_fitted", "load", "read_source", "save", "shipped", "train"]
