"""Which spans are calls of a tool: those that say so, and those named as the tool that a model just asked for."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from pilotage.records.traces.messages import Request
from pilotage.records.traces.runs import Runs
from pilotage.records.traces.span import Span
from pilotage.records.traces.tree import Tree, in_time


def said_tools(tree: Tree) -> list[Span]:
    """The spans that their attributes call a tool's; one inside another of the same tool is the same call."""
    kept: dict[str, Span] = {}
    said = [span for span in tree.spans.values() if span.kind == "tool"]
    for span in sorted(said, key=lambda span: sum(1 for _ in tree.above(span))):
        outer = next((above for above in tree.above(span) if above.kind in ("tool", "agent", "workflow")), None)
        first = kept.get(outer.id) if outer is not None else None
        if first is not None and first.tool == span.tool and len({first.call_id, span.call_id} - {None}) < 2:
            _complete(first, span)
            kept[span.id] = first
        else:
            kept[span.id] = span
    return sorted({span.id: span for span in kept.values()}.values(), key=in_time)


def _complete(first: Span, inner: Span) -> None:
    first.arguments = first.arguments if first.arguments is not None else inner.arguments
    if first.status == "ok" and inner.status != "ok":
        first.status, first.error_type = inner.status, inner.error_type


def tools_by_place(tree: Tree, runs: Runs, calls: Sequence[Span], tools: Sequence[Span]) -> list[Span]:
    """Spans of no kind whose name is that of a tool which the run's model asked for before and nobody has run yet.

    Each takes, where it has none of its own, the arguments the model wrote.
    """
    waiting: dict[str, dict[str, list[Request]]] = defaultdict(lambda: defaultdict(list))
    wanted = {request.tool for call in calls for request in call.requests}
    silent = [span for span in tree.spans.values() if span.kind in ("", "step") and span.tool in wanted]
    silent = [span for span in silent if span.id not in runs.spans and not _inside_its_own(span, tree)]
    ran = Counter((runs.owner(tool, tree), tool.tool) for tool in tools)
    found: list[Span] = []
    for span in sorted([*calls, *silent], key=in_time):
        asked = waiting[runs.owner(span, tree)]
        if span.kind == "llm":
            for request in span.requests:
                asked[request.tool].append(request)
        elif len(asked[str(span.tool)]) > ran[runs.owner(span, tree), span.tool]:
            _take(span, asked[str(span.tool)].pop(0))
            found.append(span)
    return found


def _inside_its_own(span: Span, tree: Tree) -> bool:
    """Whether the span lies in one of the same tool, which is the call."""
    return any(span.tool == above.tool for above in tree.above(span))


def _take(span: Span, request: Request) -> None:
    span.call_id = span.call_id or request.call_id
    span.arguments = request.arguments if span.arguments is None else span.arguments


def with_arguments(calls: Iterable[Span], tools: Iterable[Span]) -> None:
    """Tool calls that record no arguments get those that a model wrote for the call of that id."""
    written = {request.call_id: request.arguments for call in calls for request in call.requests if request.call_id}
    for tool in tools:
        if tool.arguments is None and tool.call_id:
            tool.arguments = written.get(tool.call_id)
