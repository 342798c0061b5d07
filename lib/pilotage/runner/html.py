"""A notebook as one HTML file that stands alone: nbconvert with the house's own template."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import TemplateExporter
from nbconvert.preprocessors import Preprocessor

from pilotage.runner.clean import filters

TEMPLATES = Path(__file__).parent / "template"
SHOWN = ("text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/plain")
WIDGET = "application/vnd.jupyter.widget-view+json"


class Curate(Preprocessor):
    """Keeps what an executive reads: no code, no analyst cells, no warnings, no widgets, no traceback."""

    def preprocess(self, nb: Any, resources: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """The notebook without what is not shown, and the resources as they were."""
        nb.cells = [cell for cell in nb.cells if self._keep(cell)]
        for cell in nb.cells[:2]:
            cell.metadata["opening"] = cell.cell_type == "markdown"  # the question and its four short facts
        return nb, resources

    def _keep(self, cell: Any) -> bool:
        if "analyst" in cell.metadata.get("tags", []) or cell.cell_type == "raw":
            return False
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if _shown(output)]
            return bool(cell.outputs)
        return bool(cell.source.strip())


def render(notebook: Path | None, page: Mapping[str, Any], base: str) -> str:
    """The page's HTML; `page` is what the frame says of it, `base` the way from its file to the run's folder.

    None for a page that never ran: the frame alone.
    """
    nb = nbformat.read(notebook, as_version=4) if notebook else nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
    exporter = _exporter()
    exporter.filters = filters(base)
    # A new filter reaches the template only with a new environment; the compiled template stays cached by jinja.
    exporter.environment.filters.update(exporter.filters)
    style = (TEMPLATES / "memo" / "memo.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    body, _ = exporter.from_notebook_node(nb, {"page": {**page, "style": style, "style_hash": digest}})
    return str(body)


def _shown(output: Any) -> bool:
    if output.output_type == "stream":
        return bool(output.name == "stdout" and output.text.strip())
    data = output.get("data", {})
    return WIDGET not in data and any(kind in data for kind in SHOWN)


@cache
def _exporter() -> Any:
    """One exporter per process: making it costs more than using it."""
    new: Any = TemplateExporter
    exporter = new(
        template_name="memo",
        template_file="index.html.j2",
        extra_template_basedirs=[str(TEMPLATES)],
        file_extension=".html",
    )
    exporter.display_data_priority = list(SHOWN)
    exporter.register_preprocessor(Curate, enabled=True)
    return exporter
