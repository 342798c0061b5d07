"""`data/<name>/dataset.yaml`: how a user's files and column names are mapped onto the tables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from pilotage.errors import InputFaults
from pilotage.forms import fill, near, read_mapping
from pilotage.records.schemas import TABLES
from pilotage.records.sources import KINDS, kind_of
from pilotage.workspace import Workspace

UNIX = ("unix", "unix ms", "unix us", "unix ns")
OptionalDate = Annotated[date | None, BeforeValidator(lambda given: given or None)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class ValueMap(_Frozen):
    """A column made from another one, value by value or by a factor."""

    source: str = Field(alias="from", description="The column of the file that is translated.")
    map: dict[str, str] | None = Field(
        default=None,
        description="Value in the file: value in the table. Keys compare as text; any other value is set aside.",
    )
    times: float | None = Field(default=None, description="The factor a number is multiplied by, as .001 for ms to s.")

    @model_validator(mode="after")
    def _one_way(self) -> ValueMap:
        if (self.map is None) == (self.times is None):
            raise ValueError("give either map or times")
        return self


class TableSource(_Frozen):
    """Where one table comes from and how its columns are called there."""

    file: str = Field(description="A file or a glob, relative to the folder of dataset.yaml.")
    columns: dict[str, str] = Field(
        default_factory=dict, description="Ours: theirs. A column with our name needs no line."
    )
    constants: dict[str, str] = Field(default_factory=dict, description="Columns that have one value in every row.")
    values: dict[str, ValueMap] = Field(default_factory=dict, description="Columns whose values are translated.")
    empty: tuple[str, ...] = Field(default=(), description="Texts that stand for an empty cell, such as NULL.")
    rows: int | None = Field(
        default=None, ge=0, description="How many rows the source system counted; fewer is a failed check."
    )
    encoding: str | None = Field(default=None, description="Encoding of a text file; UTF-8 where nothing is said.")
    delimiter: str | None = Field(
        default=None, description="What separates the cells of a CSV file; found out if not given."
    )
    decimal: Literal[".", ","] = Field(
        default=".", description="Decimal mark of a CSV file; with a comma, points group digits."
    )
    sheet: str | None = Field(default=None, description="Sheet of a workbook; the first where nothing is said.")
    time_format: str | None = Field(
        default=None,
        description="How times are written (%d/%m/%Y %H:%M, or unix, unix ms, unix us, unix ns); else ISO 8601.",
    )

    @field_validator("encoding")
    @classmethod
    def _known_encoding(cls, given: str | None) -> str | None:
        try:
            "a".encode(given or "utf-8")
        except (LookupError, UnicodeError):  # unknown, or no encoding of text, as zlib
            raise ValueError("is not a known encoding of text") from None
        return given

    @field_validator("delimiter")
    @classmethod
    def _one_character(cls, given: str | None) -> str | None:
        given = {"tab": "\t", "\\t": "\t"}.get(given or "", given)
        if given is not None and (len(given) != 1 or given in '"\r\n'):
            raise ValueError("should be one character, or tab")
        return given

    @field_validator("time_format")
    @classmethod
    def _readable_format(cls, given: str | None) -> str | None:
        if given is None or given in UNIX:
            return given
        try:
            datetime.strptime("", given)
        except ValueError as fault:
            if "%" not in given or "directive" in str(fault) or "stray" in str(fault):
                known = ", ".join(UNIX)
                raise ValueError(f"is no way to write times (as %d/%m/%Y %H:%M, or {known})") from None
        return given

    @model_validator(mode="after")
    def _settings_fit_the_file(self) -> TableSource:
        kind = kind_of(self.file)
        if not kind:
            raise ValueError(f"{self.file} is of no known kind (known: {', '.join(KINDS)})")
        fits = {"encoding": ("csv", "jsonl"), "delimiter": ("csv",), "decimal": ("csv",), "sheet": ("xlsx",)}
        odd = [name for name, kinds in fits.items() if name in self.model_fields_set and kind not in kinds]
        if odd:
            raise ValueError(f"{', '.join(odd)} cannot be set for {self.file}")
        return self

    def origin(self, column: str, header: list[str] | set[str]) -> str | None:
        """The file's column that feeds ours; None where ours is a constant or the file has nothing for it."""
        if column in self.constants:
            return None
        if column in self.values:
            return self.values[column].source
        return self.columns.get(column) or (column if column in header else None)

    def gives(self, column: str, header: list[str] | set[str]) -> bool:
        """Whether the table has the column at all."""
        return column in self.constants or self.origin(column, header) is not None


class BaselineSource(_Frozen):
    """Where the figures of the baseline come from."""

    source: Literal["recorded", "self-reported"] = Field(
        default="recorded", description="Whether a system recorded the work before the agent, or people estimated it."
    )


class Dataset(_Frozen):
    """A folder of files and what they mean."""

    name: str = Field(description="What the pages call the dataset.")
    synthetic: bool = Field(default=False, description="Whether the data was generated; every page then says so.")
    time_zone: str | None = Field(default=None, description="The zone of times that carry none, as Europe/Rome.")
    as_of: OptionalDate = Field(default=None, description="The day a synthetic dataset lives on.")
    baseline: BaselineSource = Field(
        default=BaselineSource(source="recorded"), description="Where the baseline comes from."
    )
    tables: dict[str, TableSource] = Field(min_length=1, description="The tables the dataset has.")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, given: str | None) -> str | None:
        try:
            ZoneInfo(given or "UTC")
        except (KeyError, ValueError, OSError):
            raise ValueError("should be the name of a time zone, such as Europe/Rome, or UTC") from None
        return given or None

    @model_validator(mode="after")
    def _real_data_has_no_day(self) -> Dataset:
        if self.as_of and not self.synthetic:
            raise ValueError("as_of can be set for synthetic data only: real data lives today")
        return self


def title(name: str) -> str:
    """The first line of every complaint about a dataset."""
    return f"data/{name}/dataset.yaml cannot be followed"


def load_dataset(workspace: Workspace, name: str) -> Dataset:
    """The dataset of that folder; InputFaults with all faults that can be seen without opening its files."""
    folder = workspace.dataset(name)
    if not (folder / "dataset.yaml").is_file():
        known = workspace.datasets()
        advice = "" if known else "`pilotage map FILE... --into data/NAME` drafts one"
        raise InputFaults(title(name), [f"the file does not exist{near(name, known)}"], advice)
    raw, faults = read_mapping(folder / "dataset.yaml", typed=False)
    if faults:
        raise InputFaults(title(name), faults)
    return parse_dataset(raw, name)


def parse_dataset(raw: Mapping[str, Any], name: str) -> Dataset:
    """The dataset that a mapping read as text describes; InputFaults naming every fault."""
    from pilotage.records.dataset_checks import table_faults

    dataset, faults = fill(Dataset, raw)
    tables = raw.get("tables")
    for table, given in tables.items() if isinstance(tables, Mapping) else ():
        if table not in TABLES:
            faults.append(f"tables.{table}: is not a table{near(table, TABLES)}")
            continue
        source, _ = fill(TableSource, given)
        faults += table_faults(table, source) if source else []
    if faults or dataset is None:
        raise InputFaults(title(name), faults)
    return dataset
