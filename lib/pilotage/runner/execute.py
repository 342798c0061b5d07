"""One page executed by papermill, in a kernel that the run can end at any moment."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from contextvars import copy_context
from functools import cache
from pathlib import Path
from typing import Any

import pilotage
from pilotage.hashes import write_json_atomically
from pilotage.runner import slow_import
from pilotage.runner.kernels import Kernels
from pilotage.runner.progress import one_line

CellStarts = Callable[[int, int], None]
# Without a limit, one cell that waits for an answer would hold every later run too. The slowest cell of the pages
# takes seconds on the sample and minutes on millions of rows; an hour is for a user's own.
LONGEST_CELL_S = 3600
# papermill marks the failed cell with two cells of its own; a reader gets the plain note of the export instead.
ERROR_MARKS = ("papermill-error-cell-tag",)
INJECTED = "injected-parameters"
# What papermill notes about the machine it ran on has no place in a folder that is mailed.
MACHINE_NOTES = ("input_path", "output_path", "environment_variables")


def execute(
    source: Path, target: Path, parameters: Mapping[str, Any], folder: Path,
    environment: Mapping[str, str], kernels: Kernels, on_cell: CellStarts,
) -> str | None:  # fmt: skip
    """Run the notebook into `target`, saved after each cell; None when all cells ran, else what failed, in one line."""
    papermill = _papermill()
    place = _Place(on_cell)
    try:
        # In a context of its own, since jupyter keeps there the event loop that is closed when the page has ended.
        copy_context().run(
            papermill.execute_notebook,
            _braces(source), _braces(target), parameters=dict(parameters),
            engine_name="pilotage", kernel_name="python3", progress_bar=False, start_timeout=120,
            resources={"metadata": {"path": str(folder)}}, kernels=kernels,
            environment=kernel_environment(environment, kernels.folder), place=place,
        )  # fmt: skip
        return None
    except papermill.PapermillExecutionError as fault:
        return f"{place}: {one_line(f'{fault.ename}: {fault.evalue}')}"
    except TimeoutError:
        return f"{place}: it took longer than the {LONGEST_CELL_S:,} s that a cell may take"
    except Exception as fault:
        # A kernel that was killed, ran out of memory or never started is a crashed page, not a crashed run.
        return f"{place}: {one_line(f'{type(fault).__name__}: {fault}')}"
    finally:
        _tidy(target)


def kernel_environment(extra: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The environment of a page's kernel: same library, one BLAS thread, no start-up files of the user's."""
    ours = {"OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "IPYTHONDIR": str(folder / "ipython")}
    library = str(Path(pilotage.__file__).parent.parent)
    if library != sysconfig.get_path("purelib"):
        paths = [library, *filter(None, [os.environ.get("PYTHONPATH")])]
        ours["PYTHONPATH"] = os.pathsep.join(paths)
    return {**os.environ, **ours, **extra}


class _Place:
    """Where the page is: counts cells as they start, so that a kernel's death can be placed too."""

    def __init__(self, on_cell: CellStarts) -> None:
        self.on_cell, self.number, self.total = on_cell, 0, 0

    def start(self, index: int, cells: Sequence[Any]) -> None:
        # The cell that papermill puts in is in nobody's notebook, so nobody would find cell 5 as the fifth.
        written = [INJECTED not in cell.metadata.get("tags", []) for cell in cells]
        self.number, self.total = sum(written[: index + 1]), sum(written)
        self.on_cell(self.number, self.total)

    def __str__(self) -> str:
        return f"cell {self.number} of {self.total}" if self.total else "before its first cell"


@cache
def _papermill() -> Any:
    """papermill with our engine, imported when the first page has to run."""
    slow_import.leave_out()
    import papermill
    from papermill.clientwrap import PapermillNotebookClient
    from papermill.engines import Engine, papermill_engines

    logging.getLogger("papermill").setLevel(logging.CRITICAL)

    class Client(PapermillNotebookClient):  # type: ignore[misc]
        """papermill's client, which tells the run's `Kernels` of its kernel as soon as there is a process."""

        kernels: Kernels

        def start_new_kernel(self, **kwargs: Any) -> None:
            super().start_new_kernel(**kwargs)
            self.kernels.started(self.km)

    class PilotageEngine(Engine):  # type: ignore[misc]
        """Holds the client of each page and reports the cells as they start."""

        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **kwargs: Any) -> None:
            kernels, place = kwargs["kernels"], kwargs["place"]
            manager = kernels.manager()
            client = Client(
                nb_man, km=manager, timeout=LONGEST_CELL_S,
                startup_timeout=kwargs["start_timeout"], resources=kwargs["resources"],
                on_cell_start=lambda cell, cell_index: place.start(cell_index, nb_man.nb.cells),
                shutdown_kernel="immediate", log=logging.getLogger("papermill"),
            )  # fmt: skip
            client.kernels = kernels
            try:
                client.execute(env=kwargs["environment"], cleanup_kc=True)
            finally:
                kernels.end(manager)
                _close_loop()

    papermill_engines.register("pilotage", PilotageEngine)
    return papermill


def _close_loop() -> None:
    """Close the event loop that jupyter made for this page; it would stay open as long as the process lives."""
    from jupyter_core.utils import ensure_event_loop

    ensure_event_loop().close()
    asyncio.set_event_loop(None)


def _braces(path: Path) -> str:
    """papermill formats paths; a folder named with braces is a folder all the same."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _tidy(path: Path) -> None:
    """Take out of the executed notebook what belongs to papermill or to this machine."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    notes = notebook["metadata"].get("papermill", {})
    notebook["metadata"]["papermill"] = {key: note for key, note in notes.items() if key not in MACHINE_NOTES}
    notebook["cells"] = [cell for cell in notebook["cells"] if not {*cell["metadata"].get("tags", [])} & {*ERROR_MARKS}]
    write_json_atomically(path, notebook)
