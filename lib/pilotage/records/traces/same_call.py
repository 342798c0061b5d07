"""Which spans tell of one and the same model call.

Two instrumentations may both record a call, one inside the other or side by side, and some record the beginning and the
end of a streamed reply apart. Counting each would double the tokens. Spans are one call only on evidence: the
provider's id of the reply, or one place in the tree with the same model and the same tokens.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from pilotage.records.traces.span import Span
from pilotage.records.traces.tree import Tree, in_time

_SOONEST_NS, _LATEST_NS = -1_000_000_000, 600_000_000_000  # a reply is told of from just before to ten minutes after


def one_span_a_call(tree: Tree) -> tuple[list[Span], int]:
    """One span for each model call of the trace, in order, and how many lie in another but are calls of their own.

    A call's span is the outer one, with what only the inner ones say filled in.
    """
    calls = _by_reply(span for span in tree.spans.values() if span.kind == "llm")
    calls = begun_and_ended(calls)
    calls, apart = _nested(calls, tree)
    return sorted(_side_by_side(calls), key=in_time), apart


def _by_reply(spans: Iterable[Span]) -> list[Span]:
    """Spans with the provider's id of one reply are one call where one of them lacks the tokens or they overlap.

    An id alone is no evidence: some gateways and stand-ins give every reply the same.
    """
    kept: list[Span] = []
    first_of: dict[str, Span] = {}
    for span in spans:  # in the order of their beginnings
        first = first_of.setdefault(span.response_id, span) if span.response_id else span
        if first is not span and alike(first, span) and (_overlap(first, span) or None in (first.tokens, span.tokens)):
            _complete(first, span)
        else:
            kept.append(span)
    return kept


def begun_and_ended(calls: Iterable[Span]) -> list[Span]:
    """A streamed reply recorded in two parts as one call: a span without a reply, and later an instant that tells it.

    Both stand at one place (the same parent), of one instrumentation, with one model and one question.
    """
    waiting: dict[tuple[object, ...], list[Span]] = defaultdict(list)
    kept: list[Span] = []
    for span in sorted(calls, key=in_time):
        place = (span.parent, span.scope, span.model, span.input_text)
        if _tells_a_reply(span) and (begun := _latest(waiting[place], span)):
            _complete(begun, span)
            begun.end = span.start
            continue
        kept.append(span)
        if _lacks_a_reply(span):
            waiting[place].append(span)
    return kept


def may_be_half(span: Span) -> bool:
    """Whether the span may be one of the two parts of a streamed reply."""
    return _tells_a_reply(span) or _lacks_a_reply(span)


def _tells_a_reply(span: Span) -> bool:
    return span.is_instant and (span.output_tokens is not None or span.output_text is not None)


def _lacks_a_reply(span: Span) -> bool:
    return span.status == "ok" and not span.is_instant and span.output_tokens is None and span.output_text is None


def _latest(waiting: list[Span], told: Span) -> Span | None:
    """The last span that the telling can belong to, taken out of those that wait."""
    for at in range(len(waiting) - 1, -1, -1):
        end, start = waiting[at].end or waiting[at].start, told.start
        if end is None or start is None or start - end < _SOONEST_NS:
            continue
        return waiting.pop(at) if start - end <= _LATEST_NS else None  # those before are older still
    return None


def _nested(calls: Sequence[Span], tree: Tree) -> tuple[list[Span], int]:
    """A call inside another, with no tool and no agent between, is the same one or a part of it.

    One inside with the same model and tokens is the same call. Several inside are the calls, and the outer one only
    sums them up (a retry, a chain). Where neither fits, both count.
    """
    inside: dict[str, list[Span]] = defaultdict(list)
    known = {call.id for call in calls}
    for call in calls:
        if outer := _outer(call, tree, known):
            inside[outer].append(call)
    gone: set[str] = set()
    apart = 0
    for outer_call in reversed(calls):  # inner ones first
        inner = inside.get(outer_call.id, [])
        if len(inner) == 1 and alike(outer_call, inner[0]):
            _complete(outer_call, inner[0])
            gone.add(inner[0].id)
        elif len(inner) > 1 and _sums_up(outer_call, inner):
            gone.add(outer_call.id)
        else:
            apart += len(inner)
    return [call for call in calls if call.id not in gone], apart


def _outer(call: Span, tree: Tree, known: set[str]) -> str:
    for above in tree.above(call):
        if above.kind in ("tool", "agent", "workflow"):
            return ""
        if above.id in known:
            return above.id
    return ""


def _sums_up(outer: Span, inner: Sequence[Span]) -> bool:
    """Whether the outer span has no tokens of its own: none, those of one inside, or the sum of those inside."""
    for name in ("input_tokens", "output_tokens"):
        own, theirs = getattr(outer, name), [getattr(span, name) for span in inner]
        if own is not None and own not in theirs and own != sum(count or 0 for count in theirs):
            return False
    return True


def _side_by_side(calls: Iterable[Span]) -> list[Span]:
    """Spans of several instrumentations under one parent that overlap, with the same model and the same tokens."""
    groups: dict[object, list[Span]] = defaultdict(list)
    for call in calls:
        groups[call.parent or id(call)].append(call)
    return [call for group in groups.values() for call in (_apart(group) if len(group) > 1 else group)]


def _apart(group: Sequence[Span]) -> list[Span]:
    kept: list[Span] = []
    running: list[tuple[Span, set[str]]] = []  # with the instrumentations that told of it
    for call in sorted(group, key=in_time):
        running = [(first, told) for first, told in running if _overlap(first, call)]
        same = next((each for each in running if call.scope not in each[1] and _recorded_twice(each[0], call)), None)
        if same:
            _complete(same[0], call)
            same[1].add(call.scope)
        else:
            kept.append(call)
            running.append((call, {call.scope}))
    return kept


def _overlap(first: Span, second: Span) -> bool:
    return first.end is not None and second.start is not None and second.start < first.end


def _recorded_twice(first: Span, second: Span) -> bool:
    """Without tokens on both sides, the second also has to lie within the time of the first."""
    within = first.end is not None and second.end is not None and second.end <= first.end
    known = None not in (first.tokens, second.tokens)
    return alike(first, second) and bool(first.model and second.model) and (known or within)


def alike(a: Span, b: Span) -> bool:
    """Whether nothing that both say speaks against one call: reply, model (a dated name fits its short one), tokens."""
    replies = {a.response_id, b.response_id} - {None}
    models = sorted((model for model in (a.model, b.model) if model), key=len)
    same_model = len(models) < 2 or models[1].endswith(models[0]) or models[1].startswith(models[0])
    counts = ((a.input_tokens, b.input_tokens), (a.output_tokens, b.output_tokens))
    same_tokens = all(None in pair or pair[0] == pair[1] for pair in counts)
    return len(replies) < 2 and same_model and same_tokens


_FILLED = ("model", "response_id", "input_tokens", "output_tokens", "input_text", "output_text", "conversation", "end")


def _complete(span: Span, other: Span) -> None:
    """What only the other span says, and its failure; the first span's own fields stay."""
    for name in _FILLED:
        if getattr(span, name) is None:
            setattr(span, name, getattr(other, name))
    if other.status != "ok" and (span.status == "ok" or span.error_type is None or other.status == "timeout"):
        span.status, span.error_type = other.status, other.error_type
    span.requests = span.requests or other.requests
