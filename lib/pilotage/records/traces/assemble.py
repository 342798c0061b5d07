"""One trace as rows of the tables: the agent's runs, their model calls and tool calls, and what was judged of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pilotage.records.traces.runs import Runs, find_runs
from pilotage.records.traces.same_call import may_be_half, one_span_a_call
from pilotage.records.traces.span import Span
from pilotage.records.traces.tools import said_tools, tools_by_place, with_arguments
from pilotage.records.traces.tree import Tree, grow, in_time

COLUMNS = {
    "interactions": (
        *("interaction_id", "conversation_id", "parent_interaction", "started_at", "latency_s", "input_tokens"),
        *("output_tokens", "model", "outcome", "input_text", "output_text", "agent"),
    ),
    "model_calls": (
        *("call_id", "interaction_id", "turn", "model", "started_at", "duration_s"),
        *("input_tokens", "output_tokens", "status"),
    ),
    "tool_calls": (
        *("interaction_id", "seq", "tool", "status", "started_at", "duration_s", "arguments", "error_type"),
    ),
    "labels": ("interaction_id", "metric", "value", "labeller", "labelled_at"),
}
UNFINISHED = "no end was recorded"
_NAMES = 10_000  # names of unknown spans that are told apart
Row = tuple[Any, ...]


@dataclass
class Notes:
    """What an import has to tell beside its tables, added up over the traces."""

    repeated: int = 0
    nested_apart: int = 0
    unfinished: int = 0
    backwards: int = 0
    calls_alone: int = 0
    tools_alone: int = 0
    runs_lost: int = 0
    embeddings: int = 0
    steps: int = 0
    runs_by_place: Counter[str] = field(default_factory=Counter)
    tools_by_place: Counter[str] = field(default_factory=Counter)
    unknown: Counter[tuple[str, str]] = field(default_factory=Counter)

    def see(self, span: Span) -> None:
        """Count a span of unknown kind by its name; where names are without number, new ones share one."""
        name = (span.name, span.scope)
        self.unknown[name if name in self.unknown or len(self.unknown) < _NAMES else ("other names", "")] += 1


@dataclass(frozen=True)
class Assembled:
    """The rows of a trace by table, and calls outside any run whose other half may lie in another trace."""

    rows: dict[str, list[Row]]
    alone: list[Span]


def assemble(spans: Iterable[Span], notes: Notes) -> Assembled:
    """The rows of one trace; the notes are added to."""
    tree = grow(spans)
    calls, apart = one_span_a_call(tree)
    tools = said_tools(tree)
    runs = find_runs(tree, [*calls, *tools])
    placed = tools_by_place(tree, runs, calls, tools)
    tools = sorted([*tools, *placed], key=in_time)
    with_arguments(calls, tools)
    owners = {span.id: runs.owner(span, tree) for span in (*calls, *tools)}
    _note(notes, tree, runs, placed, owners)
    notes.nested_apart += apart
    alone = [call for call in calls if not owners[call.id] and not call.parent and may_be_half(call)]
    halves = {call.id for call in alone}
    rest = [call for call in calls if call.id not in halves]
    rows = {
        "interactions": _interactions(tree, runs, rest, owners),
        "model_calls": model_call_rows(rest, owners),
        "tool_calls": _tool_call_rows(tools, owners),
        "labels": _labels(tree, runs),
    }
    return Assembled(rows, alone)


def _note(notes: Notes, tree: Tree, runs: Runs, placed: Sequence[Span], owners: dict[str, str]) -> None:
    used = {*runs.spans, *owners}
    notes.repeated += tree.repeated
    notes.runs_by_place.update(span.name for span in runs.by_place)
    notes.tools_by_place.update(span.name for span in placed)
    lost = False
    for span in tree.spans.values():
        if span.id in used:
            notes.unfinished += span.end is None
            notes.backwards += span.seconds is None and None not in (span.start, span.end)
        elif span.kind == "":
            notes.see(span)
        notes.embeddings += span.kind == "embedding"
        notes.steps += span.kind in ("step", "workflow") and span.id not in used
        outside = owners.get(span.id) == ""
        notes.calls_alone += outside and span.kind == "llm"
        notes.tools_alone += outside and span.kind != "llm"
        lost = lost or (outside and tree.lost(span))
    notes.runs_lost += lost


def _interactions(tree: Tree, runs: Runs, calls: Sequence[Span], owners: dict[str, str]) -> list[Row]:
    mine: dict[str, list[Span]] = defaultdict(list)
    for call in calls:
        mine[owners[call.id]].append(call)
    measured = {key for key in mine if key}
    for key in [*measured]:  # the runs above one with model calls: their tokens are told call by call
        while key := runs.parents.get(key, ""):
            measured.add(key)
    told = {span.id: span.conversation for span in tree.spans.values() if span.conversation}
    anyone = next(iter(told.values()), None)
    return [
        _interaction(run, runs, mine[key], key in measured, told.get(key, anyone)) for key, run in runs.spans.items()
    ]


def _interaction(run: Span, runs: Runs, calls: Sequence[Span], measured: bool, conversation: str | None) -> Row:
    models = {call.model for call in calls if call.model}
    parent = runs.parents.get(run.id)
    asked = run.input_text or next((call.input_text for call in calls if call.input_text), None)
    answered = run.output_text or next((call.output_text for call in reversed(calls) if call.output_text), None)
    return (
        _named(run, run.id),
        conversation,
        _named(run, parent) if parent else None,
        microseconds(run.start),
        run.seconds,
        # A run's own tokens sum up those of its calls: they count only where no call is recorded.
        None if measured else run.input_tokens,
        None if measured else run.output_tokens,
        models.pop() if len(models) == 1 else None,
        # Whether a run that ended well answered, refused or handed over, no trace says.
        "error" if run.status != "ok" else None,
        asked,
        answered,
        run.agent or run.name or None,
    )


def model_call_rows(calls: Iterable[Span], owners: dict[str, str]) -> list[Row]:
    """Rows of model_calls; the turns of each run count from 1, calls outside any run have none."""
    turns: Counter[str] = Counter()
    rows = []
    for call in calls:
        owner = owners.get(call.id, "")
        turns[owner] += 1
        started, seconds = microseconds(call.start), None if call.is_instant else call.seconds
        place = (_named(call, owner), turns[owner]) if owner else (None, None)
        counts = (call.input_tokens, call.output_tokens, _status(call))
        rows.append((_named(call, call.id), *place, call.model, started, seconds, *counts))
    return rows


def _tool_call_rows(tools: Iterable[Span], owners: dict[str, str]) -> list[Row]:
    numbers: Counter[str] = Counter()
    rows = []
    for tool in tools:
        owner = owners[tool.id]
        numbers[owner] += 1
        error = tool.error_type or (UNFINISHED if tool.end is None else None)
        name = tool.tool or tool.name or "unnamed"
        times = (microseconds(tool.start), tool.seconds)
        place = (_named(tool, owner) if owner else None, numbers[owner])
        rows.append((*place, name, _status(tool), *times, tool.arguments, error))
    return rows


def _labels(tree: Tree, runs: Runs) -> list[Row]:
    rows = []
    for span in tree.spans.values():
        owner = runs.owner(span, tree) if span.evaluations else ""
        for each in span.evaluations if owner else ():
            rows.append((_named(span, owner), each.metric, each.value, each.judge, microseconds(each.at_ns)))
    return rows


def _status(span: Span) -> str:
    """A call whose end nobody recorded did not end well as far as anybody knows."""
    return "error" if span.status == "ok" and span.end is None else span.status


def _named(span: Span, key: str) -> str:
    """The id of a row: span ids are unique within their trace only."""
    return f"{span.trace}-{key}"


_EARLIEST, _LATEST = 0, 7_258_118_400_000_000  # 1970 and 2200: beyond them no table takes a time


def microseconds(time_ns: int | None) -> int | None:
    """Unix microseconds, as tables keep times; None where no table would take the time."""
    found = None if time_ns is None else time_ns // 1000
    return found if found is not None and _EARLIEST < found < _LATEST else None
