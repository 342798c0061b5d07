"""Whether a notebook's code is Python, as IPython reads it."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterable
from itertools import takewhile

from pilotage.runner.notebook import Cell
from pilotage.words import plain


def syntax_faults(cells: Iterable[Cell]) -> list[str]:
    """One sentence for each code cell that Python cannot compile, with the cell's number and the line in it."""
    numbered = ((number, _fault(cell.source)) for number, cell in enumerate(cells, 1) if cell.kind == "code")
    return [f"cell {number}, {fault}" for number, fault in numbered if fault]


def _fault(source: str) -> str | None:
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        # Magics and shell lines are Python once they are transformed.
        text = TransformerManager().transform_cell(source)  # type: ignore[no-untyped-call]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "cell", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError as fault:
        # The transformer leaves out the empty lines that a cell begins with.
        skipped = len(list(takewhile(lambda line: not line.strip(), source.splitlines())))
        line = f" ({plain(fault.text.strip())})" if fault.text else ""
        return f"line {(fault.lineno or 1) + skipped}: {fault.msg}{line}"
    except ValueError as fault:
        return f"line 1: {fault}"  # a zero byte
    return None
