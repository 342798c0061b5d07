"""The probe of a virtual layer: take every source in, then ask what must hold of them and between them."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from pilotage.errors import InputFaults
from pilotage.integration.checks import Recorder
from pilotage.integration.virtualization import check_id, example, point_id, reference_id
from pilotage.integration.virtualization import source_checks as checks
from pilotage.integration.virtualization.layer import Layer, Table, opened
from pilotage.integration.virtualization.point_in_time import check_point_in_time
from pilotage.playbook.sources import PointInTime, Source, is_csv
from pilotage.playbook.systems import EMBEDDED, VirtualSystem
from pilotage.records.expectations import Own, load_source_suites
from pilotage.words import count
from pilotage.workspace import Workspace


def probe(system: VirtualSystem, recorder: Recorder, workspace: Workspace) -> None:
    """Make every planned check of the entry; those of a source that could not be taken in are left out."""
    now, layout, root = datetime.now(UTC), example.entry(system), workspace.root
    suites = _suites(layout, workspace)
    with ExitStack() as stack:
        if system.address == EMBEDDED:
            root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pilotage-")))
            example.build(root, now)
        layer = stack.enter_context(opened(root))
        # CSV files last: they have no types, so their columns are read as those that they are compared with.
        for source in sorted(layout.sources, key=lambda one: is_csv(one.address)):
            with recorder.check(check_id("reachable", source.name)) as found:
                table = layer.add(source, wanted(layout, source, suites), as_text(layout, source, layer))
                found.evidence = f"{count(table.rows, 'rows')}, {count(len(table.names), 'columns')}"
        layer.close_doors()
        for table in [layer.tables[one.name] for one in layout.sources if one.name in layer.tables]:
            _of_source(layer, table, recorder, now)
        _across(layer, layout, recorder)
        for name in layout.suites:
            if name in layer.tables:
                with recorder.check(check_id("suite", name)) as found:
                    checks.check_suite(layer, layer.tables[name], suites, found)


def _of_source(layer: Layer, table: Table, recorder: Recorder, now: datetime) -> None:
    source = table.source
    if source.types:
        with recorder.check(check_id("types", source.name)) as found:
            checks.check_types(layer, table, found)
    if source.key:
        with recorder.check(check_id("keys", source.name)) as found:
            checks.check_keys(layer, table, found)
    if source.updated_at is not None and source.age_h_max is not None:
        with recorder.check(check_id("fresh", source.name)) as found:
            checks.check_fresh(layer, table, now, found)
    if source.rows is not None:
        with recorder.check(check_id("rows", source.name)) as found:
            checks.check_rows(table, found)


def _across(layer: Layer, system: VirtualSystem, recorder: Recorder) -> None:
    for one in system.references:
        if {one.from_.split(".")[0], one.to.split(".")[0]} <= layer.tables.keys():
            with recorder.check(reference_id("types", one)) as found:
                checks.check_comparable(layer, one, found)
            with recorder.check(reference_id("orphans", one)) as found:
                checks.check_orphans(layer, one, found)
    for point in system.point_in_time:
        needed = {point.facts, point.values, *_queried(system, point)}
        if needed <= layer.tables.keys():
            with recorder.check(point_id(point)) as found:
                check_point_in_time(layer, point, found)


def wanted(system: VirtualSystem, source: Source, suites: Own | InputFaults) -> set[str] | None:
    """The source's columns that a check needs; None for all, where a query of one's own reads the source."""
    if any(source.name in _queried(system, point) for point in system.point_in_time):
        return None
    columns = {*source.key, *source.types, *filter(None, [source.updated_at])}
    columns |= {column for name, column, _ in _joined(system) if name == source.name}
    for point in system.point_in_time:
        columns |= {point.at} if point.facts == source.name else set()
        columns |= {point.known_at, point.value} if point.values == source.name else set()
    if source.name in system.suites and not isinstance(suites, InputFaults):
        columns |= {column for item in suites.get(source.name, []) for column in item.columns}
    return columns


def as_text(system: VirtualSystem, source: Source, layer: Layer) -> set[str]:
    """Columns of a CSV file that are declared text, or compared with text or another CSV file: `007` is no 7."""
    found = {column for column, type in source.types.items() if type == "text"}
    by_name = {one.name: one for one in system.sources}
    for name, column, (other, its) in _joined(system):
        if name != source.name or column in source.types:
            continue
        peer = layer.tables.get(other)
        declared = by_name[other].types.get(its)
        is_text = declared == "text" if declared else is_csv(by_name[other].address)
        if is_text or (peer is not None and peer.kinds.get(its) == "text"):
            found.add(column)
    return found


def _joined(system: VirtualSystem) -> Iterator[tuple[str, str, tuple[str, str]]]:
    """Each column that is compared with one of another source, and that one."""
    pairs = [(one.from_.split(".", 1), one.to.split(".", 1)) for one in system.references]
    pairs += [([one.facts, one.entity], [one.values, one.entity]) for one in system.point_in_time]
    for (source, column), (other, its) in pairs:
        yield source, column, (other, its)
        yield other, its, (source, column)


def _queried(system: VirtualSystem, point: PointInTime) -> set[str]:
    """The sources that the point's own query names."""
    said = point.query or ""
    return {one.name for one in system.sources if re.search(rf"\b{one.name}\b", said, re.IGNORECASE)}


def _suites(system: VirtualSystem, workspace: Workspace) -> Own | InputFaults:
    """The suites that the playbook has for sources, read only where one is named."""
    none: Mapping[str, list[object]] = {}
    try:
        return load_source_suites(workspace) if system.suites else none  # type: ignore[return-value]
    except InputFaults as faults:
        return faults
