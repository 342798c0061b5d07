"""Tables that pilotage itself adds to in a dataset's folder: they join what dataset.yaml maps, in one account."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pilotage.records.dataset import Dataset, TableSource
from pilotage.records.encodings import REPLACEMENT
from pilotage.records.row_checks import repeats
from pilotage.records.sources import matched
from pilotage.records.take_in import Reader, Taken, take_in


def own_file(dataset: Dataset, folder: Path, name: str) -> Path | None:
    """Where pilotage's own file of this name lies or will lie; None where dataset.yaml maps a file of that name."""
    path = folder / name
    mapped = (file for source in dataset.tables.values() for file in matched(folder, source.file))
    return None if path in mapped else path


def with_own(
    taken: Mapping[str, Taken], table: str, path: Path, source: TableSource, reader: Reader
) -> dict[str, Taken]:
    """The tables with the rows of pilotage's own file added to this one, which is made of them alone if not mapped."""
    own = take_in(table, source, [path], "UTC", taken, reader)
    return {**taken, table: _joined(taken[table], own) if table in taken else own}


def as_text(value: object) -> str | None:
    """A value as the cell of a table before it is parsed; None where nothing was said."""
    if value is None or value == "":
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", REPLACEMENT)


def _joined(mapped: Taken, own: Taken) -> Taken:
    """Both as one table, and one account: every row of the own file was counted, so it adds to those declared.

    A mapped row with the key of an own one is a copy that somebody exported: it counts once, as pilotage wrote it.
    """
    copied = _copies(mapped, own)
    rows = pa.concat_tables([mapped.rows.filter(pa.array(~copied)), own.rows]).combine_chunks()
    again = int(copied.sum())
    return replace(
        mapped,
        rows=rows,
        columns=tuple(name for name in mapped.table.names if name in {*mapped.columns, *own.columns}),
        read=mapped.read + own.read,
        exact_duplicates=mapped.exact_duplicates + own.exact_duplicates + again,
        repeats=0 if mapped.table.key else repeats(rows),
        set_aside=pa.concat_tables([mapped.set_aside, own.set_aside]),
        reasons=dict(sorted((Counter(mapped.reasons) + Counter(own.reasons)).items())),
        sources=(*mapped.sources, *own.sources),
        declared=None if mapped.declared is None else mapped.declared + own.read - again,
    )


def _copies(mapped: Taken, own: Taken) -> np.ndarray[Any, np.dtype[np.bool_]]:
    if len(mapped.table.key) != 1:
        return np.zeros(mapped.rows.num_rows, dtype=bool)
    (key,) = mapped.table.key
    known = pc.is_in(mapped.rows.column(key), value_set=own.rows.column(key).combine_chunks())
    return np.asarray(known, dtype=bool)
