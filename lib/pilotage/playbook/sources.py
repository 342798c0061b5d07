"""The sources of a virtual layer: the tables that an answer joins, wherever they lie, and what must hold of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from pilotage.playbook.common import Amount, Count, Limit, Model, Share, Text, Variable

FILES = ".sqlite, .sqlite3, .db, .csv, .csv.gz or .parquet"


class Rows(Model):
    """How many rows a source should have."""

    expected: Count = Field(description="The rows it had when somebody last looked.")
    drift_max: Limit[Share] = Field(description="By which share of them it may differ today.")


def is_postgres(address: str) -> bool:
    """Whether a source's address is a PostgreSQL database."""
    return address.startswith(("postgresql://", "postgres://"))


def is_csv(address: str) -> bool:
    """Whether a source's address is a CSV file, compressed or not."""
    return address.endswith((".csv", ".csv.gz"))


def _source_address(text: str) -> str:
    """A file of a known kind, or a PostgreSQL database without its password."""
    if not is_postgres(text):
        if "://" in text or not re.search(r"\.(sqlite3?|db|csv(\.gz)?|parquet)$", text):
            raise ValueError(f"should be a {FILES} file, or postgresql://host:5432/database")
        return text
    try:
        parts = urlsplit(text)
        well = parts.hostname and parts.path.strip("/") and (parts.port or True)
    except ValueError:  # a port that is no number
        raise ValueError("should be an address such as postgresql://host:5432/database") from None
    if parts.password is not None or re.search(r"(^|&)\w*password=", parts.query, re.I):
        raise ValueError("should not hold a password; name its environment variable in key_env")
    if not well:
        raise ValueError("should name a host and a database: postgresql://host:5432/database")
    return text


class Source(Model):
    """One table of the virtual layer, wherever it lies."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]*$")] = Field(description="Its name in the layer.")
    address: Annotated[Text, AfterValidator(_source_address)] = Field(
        description=f"A {FILES} file seen from the workspace, or postgresql://…."
    )
    table: Text | None = Field(None, description="SQLite and PostgreSQL: the table there.")
    key: tuple[Text, ...] = Field((), description="The columns that name a row, each combination once.")
    updated_at: Text | None = Field(None, description="The column with the time of a row's last change.")
    age_h_max: Limit[Amount] | None = Field(None, description="Hours since the newest change, at most.")
    types: Mapping[Text, Literal["text", "integer", "number", "flag", "time", "date"]] = Field(
        {}, description="The type that each column should have."
    )
    rows: Rows | None = Field(None, description="How many rows it should have.")
    user_env: Variable | None = Field(None, description="PostgreSQL: the environment variable with the user's name.")
    key_env: Variable | None = Field(None, description="PostgreSQL: the environment variable with the password.")

    @model_validator(mode="after")
    def _what_belongs_together(self) -> Self:
        has_tables = is_postgres(self.address) or not (is_csv(self.address) or self.address.endswith(".parquet"))
        faults = []
        if has_tables != (self.table is not None):
            faults.append("table: is missing" if has_tables else "table: a file of one table needs none")
        if self.age_h_max is not None and self.updated_at is None:
            faults.append("updated_at: is missing, and age_h_max needs it")
        if not is_postgres(self.address) and (self.user_env or self.key_env):
            faults.append("user_env, key_env: only PostgreSQL asks for them")
        if faults:
            raise ValueError("\n".join(faults))
        return self


class Reference(Model):
    """Rows of one source that belong to rows of another."""

    from_: Text = Field(alias="from", description="source.column that points there.")
    to: Text = Field(description="source.column that is pointed at.")
    orphans_max: Limit[Share] = Field(description="The share of pointers that may lead nowhere.")


class PointInTime(Model):
    """Values as they were known at a time: what must not look ahead."""

    facts: Text = Field(description="The source whose rows ask, with a time each.")
    at: Text = Field(description="Its column with the time of asking.")
    entity: Text = Field(description="The column, in both sources, that names what the value is about.")
    values: Text = Field(description="The source with the values as they changed.")
    known_at: Text = Field(description="Its column with the time from which a value was known.")
    value: Text = Field(description="Its column with the value.")
    query: Text | None = Field(
        None, description="Your own SELECT over the sources, one row per fact: the fact's key, then `value`."
    )


def layer_faults(
    sources: Sequence[Source], references: Sequence[Reference], points: Sequence[PointInTime], suites: Sequence[str]
) -> Iterator[str]:
    """What a layer names twice, or names and does not have."""
    names = [one.name for one in sources]
    if not names:
        yield "sources: is missing; name the tables of the layer, or write address: embedded"
    yield from (f"sources: {n} are called {name!r}" for name, n in Counter(names).items() if n > 1)
    ends = [(f"references[{n}]", end) for n, one in enumerate(references, 1) for end in (one.from_, one.to)]
    for place, end in ends:
        if not re.fullmatch(r"[^.]+\..+", end):
            yield f"{place}: should be source.column (got {end!r})"
    named = [(place, end.split(".")[0]) for place, end in ends if "." in end]
    named += [("point_in_time", name) for one in points for name in (one.facts, one.values)]
    named += [("suites", name) for name in suites]
    yield from (f"{place}: there is no source {name!r}" for place, name in named if name not in names)
    pairs = Counter((one.from_, one.to.split(".")[0]) for one in references)
    yield from (f"references: {start} points into {to} {n} times" for (start, to), n in pairs.items() if n > 1)
    asked = Counter((one.facts, one.values, one.value) for one in points)
    yield from (f"point_in_time: {' '.join(each)} stands there {n} times" for each, n in asked.items() if n > 1)
    keyless = {one.name for one in sources if not one.key} & {one.facts for one in points if one.query is not None}
    yield from (f"sources: {name}: key: is missing, and a query of point_in_time needs it" for name in sorted(keyless))
