"""Great Expectations, run once per table on the accepted rows: what the schema promises and what the playbook adds."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from pilotage.errors import InputFaults
from pilotage.forms import fill, near, read_mapping
from pilotage.records.schemas import TABLES, Column, Table
from pilotage.words import plain
from pilotage.workspace import Workspace

if TYPE_CHECKING:  # reading the playbook's own expectations needs none of the heavy packages
    import pyarrow as pa

    from pilotage.records.take_in import Taken

Check = dict[str, Any]
Own = Mapping[str, list["Expected"]]
_SHOWN = 120  # characters of an argument or an observed value that a check repeats
_PLACE = "place in the suite"  # results come back in another order than they were asked
TITLE = "playbook/expectations.yaml cannot be followed"


class Book(BaseModel):
    """`playbook/expectations.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    owner: str = Field(min_length=1, description="Who answers for these expectations.")
    expectations: dict[str, tuple[dict[str, dict[str, Any]], ...]] = Field(
        default_factory=dict, description="Per table, Great Expectations by their names, with their arguments."
    )
    sources: dict[str, tuple[dict[str, dict[str, Any]], ...]] = Field(
        default_factory=dict, description="The same per source of a virtual layer that integration.yaml names as suite."
    )


@dataclass(frozen=True)
class Expected:
    """One expectation: what it says in plain words, its name in Great Expectations, its arguments."""

    words: str
    name: str
    arguments: Mapping[str, Any]

    @property
    def columns(self) -> list[str]:
        """The columns it speaks of."""
        keys = ("column", "column_A", "column_B", "column_list", "column_set")
        given = [self.arguments[key] for key in keys if self.arguments.get(key)]
        return [str(name) for one in given for name in (one if isinstance(one, list) else [one])]


def load_expectations(workspace: Workspace) -> Own:
    """The playbook's own expectations per table; none where it has no such file. InputFaults naming every fault."""
    book = _read_book(workspace)
    return _all_own(book.expectations) if book else {}


def load_source_suites(workspace: Workspace) -> Own:
    """The suites for sources of a virtual layer, by source; none where there is no file. InputFaults as above."""
    book = _read_book(workspace)
    return _all_own(book.sources) if book else {}


def _read_book(workspace: Workspace) -> Book | None:
    path = workspace.playbook / "expectations.yaml"
    if not path.is_file():
        return None
    mapping, faults = read_mapping(path)
    book, wrong = (None, faults) if faults else fill(Book, mapping)
    if book:
        wrong += [fault for table, items in book.expectations.items() for fault in _unknown(table, items)]
        wrong += [fault for name, items in book.sources.items() for fault in _misnamed(f"sources.{name}", items)]
    if wrong:
        raise InputFaults(TITLE, wrong)
    return book


def _all_own(suites: Mapping[str, Sequence[Mapping[str, Mapping[str, Any]]]]) -> Own:
    return {name: [_own(*pair) for item in items for pair in item.items()] for name, items in suites.items()}


def _misnamed(place: str, items: Sequence[Mapping[str, Mapping[str, Any]]]) -> Iterator[str]:
    """Entries that are no expectation."""
    for number, item in enumerate(items, 1):
        if len(item) != 1 or not next(iter(item)).startswith("expect_"):
            got = ", ".join(item) or "none"
            yield f"{place}[{number}]: should be one name that begins with expect_ (got {got})"


def _own(name: str, arguments: Mapping[str, Any]) -> Expected:
    said = ", ".join(f"{key} {plain(value, _SHOWN)}" for key, value in arguments.items())
    return Expected(f"{name.replace('_', ' ')}: {said}", name, arguments)


def _unknown(table: str, items: Sequence[Mapping[str, Mapping[str, Any]]]) -> Iterator[str]:
    """Tables and columns there are not, and entries that are no expectation."""
    if table not in TABLES:
        yield f"expectations.{table}: is not a table{near(table, TABLES)}"
        return
    names = TABLES[table].names
    yield from _misnamed(f"expectations.{table}", items)
    for number, item in enumerate(items, 1):
        place = f"expectations.{table}[{number}]"
        if len(item) != 1:
            continue
        [own] = [_own(*pair) for pair in item.items()]
        absent = [column for column in own.columns if column not in names]
        yield from (f"{place}.{own.name}: {table} has no column {name!r}{near(name, names)}" for name in absent)


def expect(taken: Mapping[str, Taken], own: Own) -> dict[str, list[Check]]:
    """Per table the checks, passed or not, with the number of rows that fail; a failed expectation raises nothing.

    Great Expectations works in memory: no progress bars, no analytics, no network, no files. InputFaults for an
    expectation of the playbook that it does not know or whose arguments it refuses.
    """
    suites = {name: [*schema_suite(item), *own.get(name, [])] for name, item in taken.items()}
    built = _built(suites)
    return {
        name: _run(item.table.name, item.rows, item.columns, suites[name], built[name]) for name, item in taken.items()
    }


def expect_of(name: str, rows: pa.Table, suite: list[Expected]) -> list[Check]:
    """The checks of one suite on the rows of a source, as `expect` makes them."""
    return _run(name, rows, frozenset(rows.column_names), suite, _built({name: suite})[name])


def schema_suite(taken: Taken) -> list[Expected]:
    """What the schema promises of the columns that the dataset has."""
    table = taken.table
    columns = [column for column in table.columns if column.name in taken.columns]
    return [
        Expected("there are rows", "expect_table_row_count_to_be_between", {"min_value": 1}),
        *(expected for column in columns for expected in _of_column(column)),
        *_of_table(table, {column.name for column in columns}),
    ]


def _of_column(column: Column) -> list[Expected]:
    name, found = column.name, []
    if column.required:
        found.append(Expected(f"{name} is never empty", "expect_column_values_to_not_be_null", {"column": name}))
    if column.allowed:
        words = f"{name} is one of {', '.join(column.allowed)}"
        sets = {"column": name, "value_set": list(column.allowed)}
        found.append(Expected(words, "expect_column_values_to_be_in_set", sets))
    low = 0 if column.positive else column.minimum
    if low is not None or column.maximum is not None:
        words = f"{name} is {'above' if column.positive else 'at least'} {low:g}" if low is not None else name
        words += f" and at most {column.maximum:g}" if column.maximum is not None else ""
        bounds = {"min_value": low, "max_value": column.maximum, "strict_min": column.positive}
        found.append(Expected(words, "expect_column_values_to_be_between", {"column": name, **bounds}))
    return found


def _of_table(table: Table, present: set[str]) -> list[Expected]:
    found = []
    if len(table.key) == 1:
        unique = {"column": table.key[0]}
        found.append(Expected(f"{table.key[0]} names one row", "expect_column_values_to_be_unique", unique))
    elif table.key:
        words = f"{' and '.join(table.key)} name one row"
        found.append(Expected(words, "expect_compound_columns_to_be_unique", {"column_list": list(table.key)}))
    for first, last in table.order:
        if {first, last} <= present:
            pair = {"column_A": last, "column_B": first, "or_equal": True, "ignore_row_if": "either_value_is_missing"}
            name = "expect_column_pair_values_a_to_be_greater_than_b"
            found.append(Expected(f"{last} is not before {first}", name, pair))
    return found


@cache
def great_expectations() -> Any:
    """The package, loaded once and only here: it costs seconds.

    rfc3987_syntax, which it would load for a check of addresses that is never made, is kept out while it loads.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    absent = "rfc3987_syntax" not in sys.modules
    if absent:
        sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    try:
        import great_expectations as gx
        import great_expectations.expectations
    finally:
        if absent:
            del sys.modules["rfc3987_syntax"]
    return gx


def _built(suites: Mapping[str, list[Expected]]) -> dict[str, list[Any]]:
    known = great_expectations().expectations
    kinds = {_snake(name): getattr(known, name) for name in dir(known) if name.startswith("Expect")}
    built: dict[str, list[Any]] = {}
    faults = []
    for table, suite in suites.items():
        built[table] = []
        for item in suite:
            kind = kinds.get(item.name)
            if kind is None:
                faults.append(f"expectations.{table}.{item.name}: is not an expectation{near(item.name, kinds)}")
                continue
            try:
                built[table].append(kind(**{**item.arguments, "meta": {_PLACE: len(built[table])}}))
            except (TypeError, ValueError) as fault:
                faults.append(f"expectations.{table}.{item.name}: {_one_line(fault)}")
    if faults:
        raise InputFaults(TITLE, faults)
    return built


def _snake(name: str) -> str:
    """ExpectColumnPairValuesAToBe… as expect_column_pair_values_a_to_be_…"""
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in name).lstrip("_")


def _one_line(fault: Exception) -> str:
    return "; ".join(line.strip() for line in str(fault).splitlines()[1:3]) or str(fault)


def _run(
    name: str, rows: pa.Table, columns: Collection[str], suite: list[Expected], built: list[Any]
) -> list[Check]:  # fmt: skip
    """One validation of the whole table; a column that the dataset lacks fails what is expected of it."""
    asked = [place for place, item in enumerate(suite) if not _lacking(item, columns)]
    wanted = sorted({column for place in asked for column in suite[place].columns})
    frame = rows.select(wanted or rows.column_names[:1]).to_pandas()
    gx = great_expectations()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("tables").add_dataframe_asset(name)
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
    made = gx.ExpectationSuite(name=name, expectations=[built[place] for place in asked])
    results = batch.validate(made, result_format="BASIC").results
    done = {result.expectation_config.meta[_PLACE]: result for result in results}
    return [_outcome(item, done[at]) if at in done else _absent(item, columns) for at, item in enumerate(suite)]


def _lacking(item: Expected, columns: Collection[str]) -> list[str]:
    return [column for column in item.columns if column not in columns]


def _absent(item: Expected, columns: Collection[str]) -> Check:
    return _check(item, False, f"cannot be said: the dataset has no column {', '.join(_lacking(item, columns))}")


def _outcome(item: Expected, result: Any) -> Check:
    """numpy booleans leak out of Great Expectations 1.24 on numpy 2 and cannot be written as JSON: plain ones here."""
    if result.exception_info.get("raised_exception") or any(
        isinstance(info, dict) and info.get("raised_exception") for info in result.exception_info.values()
    ):
        return _check(item, False, "Great Expectations could not evaluate it")
    found = result.result
    return _check(item, bool(result.success), _counted(found) or _observed(found.get("observed_value")))


def _counted(found: Mapping[str, Any]) -> str:
    """How many rows fail, or how many distinct values where it is those that are judged; "" where none are counted."""
    count, of = int(found.get("unexpected_count") or 0), found.get("element_count")
    if of is None:
        return f"{count:,} values are not expected" if count else ""
    return f"{count:,} of {of:,} rows fail" if count else f"all {of:,} rows pass"


def _observed(seen: Any) -> str:
    """A single value, cut; never a list of them, which could hold every text of a column."""
    if seen is None:
        return ""
    single = isinstance(seen, str) or not hasattr(seen, "__len__")
    return f"observed: {plain(seen, _SHOWN)}" if single else "observed: more than one value"


def _check(item: Expected, passed: bool, detail: str) -> Check:
    return {"name": item.words, "passed": passed, "detail": detail}
