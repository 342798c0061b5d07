"""What an import found and left out, in sentences; names from traces are shown as plain text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from pilotage.records.traces.assemble import Notes
from pilotage.words import count, listed, plain

_NAMED = 10  # names of spans that are listed
_SHOWN = 60  # characters of a name


def found(facts: Mapping[str, int]) -> list[str]:
    """How much was read and what it came to."""
    calls = f"{count(facts['model_calls'], 'model calls')} ({facts['failed']:,} failed; {_tokens(facts)})"
    inner = f" and {facts['inner_runs']:,} started by them" if facts["inner_runs"] else ""
    read = [count(facts[name], name) for name in ("spans", "traces", "files")]
    return [
        f"read: {read[0]} in {read[1]} from {read[2]}",
        f"found: {count(facts['runs'], 'agent runs')}{inner}, {calls}, {count(facts['tool_calls'], 'tool calls')}",
    ]


def _tokens(facts: Mapping[str, int]) -> str:
    """The tokens of the calls that record them; what is not recorded is not told as none."""
    if not facts["counted"]:
        return "tokens not recorded"
    some = f" by the {facts['counted']:,} that record both" if facts["counted"] < facts["model_calls"] else ""
    return f"{facts['input_tokens']:,} tokens read and {facts['output_tokens']:,} written{some}"


def minded(notes: Notes, evaluations: Iterable[str], other_exports: int) -> Iterator[str]:
    """What the reader should know before trusting the tables, a sentence each."""
    for what, names in (("a run", notes.runs_by_place), ("a tool call", notes.tools_by_place)):
        if names:
            yield f"taken as {what} by name and place, since nothing says so: {_counted(names)}"
    sentences = (
        (notes.runs_lost, "traces with calls whose run is in no file", "each is a missing row of interactions"),
        (notes.calls_alone, "model calls outside any run", "kept, without interaction_id"),
        (notes.tools_alone, "tool calls outside any run", "the intake sets them aside"),
        (notes.unfinished, "runs and calls without a recorded end", "no duration, and such a call counts as failed"),
        (notes.backwards, "runs and calls that end before they begin", "no duration"),
        (notes.nested_apart, "model calls inside another with other tokens or another model", "both count"),
        (notes.repeated, "spans that came more than once", "each counts once"),
        (notes.embeddings, "spans that make embeddings", "no model calls here"),
        (other_exports, "exports with logs or metrics", "of these only evaluations of spans are read"),
    )
    yield from (f"{what}: {number:,}; {then}" for number, what, then in sentences if number)
    yield from evaluations


def unused(notes: Notes) -> Iterator[str]:
    """The spans that feed no table."""
    if notes.steps:
        yield f"not used: {count(notes.steps, 'steps')} between runs and calls"
    if notes.unknown:
        named = Counter({f"{name} ({scope or 'no scope'})": n for (name, scope), n in notes.unknown.items()})
        yield f"not used: {count(notes.unknown.total(), 'spans')} of unknown kind: {_counted(named)}"


def _counted(names: Counter[str]) -> str:
    """The most frequent names with their numbers."""
    told = [f"{plain(name, _SHOWN)} {number:,}" for name, number in names.most_common(_NAMED)]
    return listed([*told, *([f"{len(names) - _NAMED:,} other names"] if len(names) > _NAMED else [])])
