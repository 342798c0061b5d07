"""Which spans of a trace are runs of the agent, and to which run every other span belongs.

A span that its attributes call an agent's is a run; one inside another is a run that the other started. A workflow is a
run if it does more than hold one agent's run. Where nothing is called an agent, the topmost span of no other kind that
holds model calls is the run.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pilotage.records.traces.span import Span
from pilotage.records.traces.tree import Tree


@dataclass
class Runs:
    """The runs of a trace by span id, the run that started each, and those recognised by their place alone."""

    spans: dict[str, Span] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    by_place: list[Span] = field(default_factory=list)
    only: Span | None = None  # the one run that no other started, where there is just one
    _twins: dict[str, str] = field(default_factory=dict)

    def owner(self, span: Span, tree: Tree) -> str:
        """The run that the span belongs to, by id; "" where it belongs to none.

        A span whose parents are lost belongs to the trace's only run if it lies within that run's time.
        """
        for above in (span, *tree.above(span)):
            if above.id in self.spans:
                return above.id
            if above.id in self._twins:
                return self._twins[above.id]
        lost = self.only is not None and tree.lost(span) and _during(self.only, span)
        return self.only.id if self.only is not None and lost else ""

    def settle(self) -> None:
        """Find out whether there is just one run that no other started."""
        alone = [run for key, run in self.spans.items() if key not in self.parents]
        self.only = alone[0] if len(alone) == 1 else None


def find_runs(tree: Tree, calls: Sequence[Span]) -> Runs:
    """The runs of the trace. `calls` are its model calls and the tool calls that their attributes show."""
    runs = Runs()
    agents = {span.id: span for span in tree.spans.values() if span.kind == "agent"}
    runs._twins.update(_twins(tree, agents, calls))
    runs.spans.update((key, span) for key, span in agents.items() if key not in runs._twins)
    runs.spans.update((span.id, span) for span in _workflows(tree, runs, calls))
    for run in runs.spans.values():
        outer = next((above.id for above in tree.above(run) if above.id in runs.spans), "")
        if outer:
            runs.parents[run.id] = outer
    runs.settle()
    runs.by_place = _by_place(tree, runs, calls)
    runs.spans.update((span.id, span) for span in runs.by_place)
    runs.settle()
    return runs


def _twins(tree: Tree, agents: dict[str, Span], calls: Iterable[Span]) -> dict[str, str]:
    """Agent spans that only record again the run around them: the same agent, and nothing beside them in it."""
    inside: dict[str, list[Span]] = defaultdict(list)
    for span in (*agents.values(), *calls):
        outer = next((above for above in tree.above(span) if above.kind in ("agent", "tool")), None)
        if outer is not None and outer.kind == "agent":
            inside[outer.id].append(span)
    twins: dict[str, str] = {}
    for key, outer in agents.items():
        held = inside[key]
        if len(held) == 1 and held[0].kind == "agent" and held[0].agent == outer.agent:
            twins[held[0].id] = twins.get(key, key)
    return twins


def _workflows(tree: Tree, runs: Runs, calls: Iterable[Span]) -> list[Span]:
    """Top workflows that hold calls outside any agent's run, or several runs."""
    top = {
        span.id: span
        for span in tree.spans.values()
        if span.kind == "workflow" and not any(above.kind in ("agent", "workflow") for above in tree.above(span))
    }
    outside: dict[str, int] = defaultdict(int)
    within: dict[str, int] = defaultdict(int)
    for run in runs.spans.values():
        above = list(tree.above(run))
        if not any(each.id in runs.spans for each in above):
            for each in above:
                within[each.id] += 1
    for call in calls if top else ():
        if not runs.owner(call, tree):
            for each in tree.above(call):
                outside[each.id] += 1
    return [span for key, span in top.items() if outside[key] or within[key] != 1]


def _by_place(tree: Tree, runs: Runs, calls: Iterable[Span]) -> list[Span]:
    """Top spans that say nothing of themselves, hold model calls, and neither hold a run nor belong to one."""
    taken = {tree.top(run).id for run in runs.spans.values()}
    tops = {top.id: top for call in calls if call.kind == "llm" and (top := tree.top(call)).kind in ("", "step")}
    free = (top for top in tops.values() if top.id not in taken and tree.is_root(top) and not top.is_instant)
    return [top for top in free if not runs.owner(top, tree)]


def _during(run: Span, span: Span) -> bool:
    if run.start is None or span.start is None or span.start < run.start:
        return False
    return run.end is None or span.start <= run.end
