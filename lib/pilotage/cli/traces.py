"""`pilotage import`: what other tools recorded of the agent, made a dataset."""

from __future__ import annotations

import shlex
from pathlib import Path

from pilotage.cli.data import dataset_folder
from pilotage.cli.speak import tell
from pilotage.errors import PilotageError
from pilotage.forms import near
from pilotage.workspace import find_workspace

FORMATS = ("otlp",)
_TABLES = ("csv", "tsv", "xlsx", "excel", "jsonl", "ndjson", "json", "parquet")
_TRACES = ("openinference", "phoenix", "langfuse", "mlflow", "logfire", "openlit", "openllmetry", "traceloop", "otel")


def import_files(files: list[Path], into: Path, given_as: str, replace: bool) -> None:
    """Make the dataset of --into from the files, and say what was found, what to mind and how to go on."""
    _check_format(given_as.strip().lower())
    folder = dataset_folder(find_workspace(), into)
    from pilotage.records.traces import import_otlp

    imported = import_otlp(files, folder, replace)
    option = f"--dataset {shlex.quote(folder.name)}"
    written = f"written: data/{folder.name}/dataset.yaml; read it and correct it, then:"
    tell("\n".join([*imported.told, "", written, f"  pilotage check {option}", f"  pilotage run {option}"]))


def _check_format(word: str) -> None:
    """PilotageError with the way to go for anything that is not read here."""
    if word in FORMATS:
        return
    if word in _TABLES:
        advice = "tables are mapped, not imported: `pilotage map FILE... --into data/NAME`"
    elif word in _TRACES:
        advice = "its spans are OpenTelemetry's: export them as OTLP in JSON, and write --as otlp"
    else:
        advice = "OTLP in JSON is what OpenTelemetry exporters and collectors write: --as otlp"
    raise PilotageError(f"nothing is read --as {word!r}{near(word, FORMATS)}", next=advice)
