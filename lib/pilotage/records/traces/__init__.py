"""Traces of an agent, as OpenTelemetry exports them, taken in as a dataset."""

from __future__ import annotations

from pilotage.records.traces.importing import Imported, import_otlp

__all__ = ["Imported", "import_otlp"]
