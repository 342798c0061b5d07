"""The sample as a folder: one CSV file per table, the dataset.yaml that maps them, and the true values."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from pilotage.hashes import write_text_atomically
from pilotage.records.synthetic.tables import make_tables
from pilotage.records.synthetic.truth import truth
from pilotage.records.synthetic.world import UTC_OFFSET_H

DECIMALS = {"cost": 2, "value": 2, "handling_minutes": 1, "latency_s": 2, "service_s": 2, "duration_s": 2, "amount": 2}


@dataclass(frozen=True)
class Layout:
    """How a table's file departs from the table: other names, other words for values, another way to write numbers."""

    names: dict[str, str] = field(default_factory=dict)
    words: dict[str, dict[str, str]] = field(default_factory=dict)
    left_out: tuple[str, ...] = ("phase",)
    delimiter: str = ","
    decimal: str = "."
    decimals: dict[str, int] = field(default_factory=lambda: DECIMALS)


# The desk's systems have names of their own, as any user's will; dataset.yaml maps them back.
LAYOUTS: dict[str, Layout] = {
    "cases": Layout(names={"case_id": "invoice", "segment": "region"}, left_out=()),
    "events": Layout(names={"case_id": "invoice", "activity": "step", "timestamp": "at", "resource": "by"}),
    "interactions": Layout(
        names={"case_id": "invoice", "outcome": "result"},
        words={"outcome": {"answered": "posted", "escalated": "asked", "refused": "declined", "error": "failed"}},
        left_out=(),
        decimals=DECIMALS | {"cost": 4},
    ),
    "costs": Layout(delimiter=";", decimal=",", left_out=()),
    "reviews": Layout(left_out=("phase", "tier")),
    "texts": Layout(),
    "training": Layout(),
}


def write_sample(folder: Path, seed: int = 7, variant: str = "sample") -> None:
    """Write the dataset into `folder` (made if need be): the same seed and variant give the same bytes anywhere.

    Raises PilotageError for an unknown variant, before anything is written.
    """
    tables = make_tables(seed, variant)
    for name, table in tables.items():
        write_text_atomically(folder / f"{name}.csv", csv_text(table, LAYOUTS.get(name, Layout())))
    write_text_atomically(folder / "dataset.yaml", _dataset_text({name: len(t) for name, t in tables.items()}, variant))
    write_text_atomically(folder / "truth.yaml", _truth_text(variant, seed))


def csv_text(table: pd.DataFrame, layout: Layout) -> str:
    """The table as CSV with \\n line ends, numbers with fixed decimals, times as local time without a zone."""
    kept = table.drop(columns=[name for name in layout.left_out if name in table])
    columns = {layout.names.get(name, name): _written(kept[name], name, layout) for name in kept}
    return str(pd.DataFrame(columns).to_csv(index=False, sep=layout.delimiter, lineterminator="\n"))


def _written(values: pd.Series[Any], name: str, layout: Layout) -> Any:
    """One column as text, empty where the value is missing."""
    if values.dtype.kind == "M":
        return _local(values.to_numpy())
    if values.dtype.kind == "f" and name in layout.decimals:
        form = f"%.{layout.decimals[name]}f"
        return ["" if x != x else (form % x).replace(".", layout.decimal) for x in values.tolist()]
    if values.dtype.kind == "b":
        return values.map({True: "1", False: "0"}).to_numpy(dtype=object)
    return values.map(layout.words[name]) if name in layout.words else values


def _local(times: np.ndarray) -> np.ndarray:
    """Local wall time; to the minute where no time of the column has seconds, which keeps the files small."""
    local = (times + np.timedelta64(UTC_OFFSET_H, "h")).astype("datetime64[s]")
    known = local[~np.isnat(local)].astype(np.int64)
    text = np.datetime_as_string(local, unit="s" if (known % 60).any() else "m").astype(object)
    return np.where(np.isnat(local), "", np.char.replace(text.astype(str), "T", " "))


def _dataset_text(rows: dict[str, int], variant: str) -> str:
    """The dataset.yaml of the template, with the rows of every table and the variant in its name."""
    text = resources.files(__package__).joinpath("dataset.yaml").read_text(encoding="utf-8")
    for name, count in rows.items():
        text = text.replace(f"{{{name}}}", str(count))
    return text.replace("{variant}", "" if variant == "sample" else f", variant {variant}")


def _truth_text(variant: str, seed: int) -> str:
    """truth.yaml: one line per value."""
    head = (
        "# The true values behind this synthetic dataset, from the generator's parameters (not from the drawn rows).\n"
        "# dimension: null is the whole. Shares are between 0 and 1; times in the unit of the name; money in EUR.\n"
    )
    dump = yaml.safe_dump(truth(variant), default_flow_style=None, sort_keys=False, width=200)
    return f"{head}seed: {seed}\nvariant: {variant}\nvalues:\n{dump}"
