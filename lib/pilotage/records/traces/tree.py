"""The spans of one trace as a tree, whatever order they came in and whichever of them are missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pilotage.records.traces.span import Span


@dataclass(frozen=True)
class Tree:
    """The spans of a trace by id, in the order of their beginnings, and how many came more than once."""

    spans: dict[str, Span]
    repeated: int

    def above(self, span: Span) -> Iterator[Span]:
        """The spans above, nearest first; a circle is left where it would begin again."""
        seen = {span.id}
        while (parent := self.spans.get(span.parent)) is not None and parent.id not in seen:
            seen.add(parent.id)
            yield parent
            span = parent

    def top(self, span: Span) -> Span:
        """The highest span above, or the span itself."""
        return [span, *self.above(span)][-1]

    def lost(self, span: Span) -> bool:
        """Whether a parent is named that no file has: what stood above is missing."""
        top = self.top(span)
        return bool(top.parent) and top.parent not in self.spans

    def is_root(self, span: Span) -> bool:
        """Whether nothing above the span is known."""
        return span.parent not in self.spans


def grow(spans: Iterable[Span]) -> Tree:
    """The tree of one trace. Of a span that came more than once, one with its end is kept before one without."""
    kept: dict[str, Span] = {}
    repeated = 0
    for span in spans:
        before = kept.get(span.id)
        repeated += before is not None
        if before is None or (before.end is None and span.end is not None):
            kept[span.id] = span
    ordered = sorted(kept.values(), key=in_time)
    return Tree({span.id: span for span in ordered}, repeated)


def in_time(span: Span) -> tuple[bool, int, int]:
    """The order of beginnings; spans without one come last, and equal ones as they came."""
    return span.start is None, span.start or 0, span.order
