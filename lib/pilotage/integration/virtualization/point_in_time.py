"""Values as they were known at the time of each fact, and whether a query returns those and nothing from the future."""

from __future__ import annotations

from dataclasses import dataclass

from pilotage.integration.checks import Fault, Finding
from pilotage.integration.virtualization.layer import Layer
from pilotage.integration.virtualization.source_checks import alike, comparable, moment
from pilotage.integration.virtualization.stream import literal, quoted
from pilotage.playbook.sources import PointInTime
from pilotage.words import count

# Tables of the layer; with a space, since no source's name has one.
KNOWN, ASKED, TRUTH, COMPARED = '"known values"', '"asked facts"', '"the truth"', '"compared answers"'
ANSWERS = "the answers"


@dataclass(frozen=True)
class Tally:
    """How many facts there are, how many have no value known by then, and how many have two at once."""

    facts: int
    unknown: int
    tied: int


def check_point_in_time(layer: Layer, point: PointInTime, found: Finding) -> None:
    """With a query: Fault unless it returns what was known then. Without: unless something was known then."""
    tally = truth(layer, point)
    if not tally.facts:
        raise Fault("no_rows", f"{point.facts} has no rows")
    facts = count(tally.facts, "facts")
    if point.query is not None:
        _judge(layer, point, point.query, facts)
    elif tally.unknown:
        raise Fault("unknown_at_time", f"no {point.value} was known by then for {tally.unknown:,} of {facts}")
    if tally.tied:
        raise Fault("tied_values", f"for {tally.tied:,} of {facts} two values became known at one moment")
    known = f"{point.value} was known by then for {tally.facts - tally.unknown:,} of {facts}"
    found.evidence = f"{known}; the query returns just those" if point.query else known


def truth(layer: Layer, point: PointInTime) -> Tally:
    """Keep, for each fact, the last value known at its time or before: `known`, `tied` and `value` in the truth.

    A value known at the very moment counts as known. Of values that became known at one moment the least is taken,
    and the fact is `tied` where they differ. A fact without time or entity has no value known.
    """
    facts, values = layer.tables[point.facts], layer.tables[point.values]
    kinds = facts.kind(point.entity), values.kind(point.entity)
    values.kind(point.value)
    if not comparable(*kinds):
        raise Fault("type_differs", f"{point.entity} is {kinds[0]} in {point.facts} and {kinds[1]} in {point.values}")
    asking, named = alike(*kinds, quoted(point.entity), quoted(point.entity))
    at, known_at = moment(layer, facts, point.at), moment(layer, values, point.known_at)
    keys = "".join(f", {quoted(key)} AS {quoted(f'key {n}')}" for n, key in enumerate(_keys(layer, point)))
    value = quoted(point.value)
    layer.ask(
        f"CREATE OR REPLACE TEMP TABLE {KNOWN} AS SELECT {named} AS entity, {known_at} AS known_at, {value} AS value"
        f" FROM {quoted(point.values)} WHERE {named} IS NOT NULL AND {known_at} IS NOT NULL"
    )
    layer.ask(
        f"CREATE OR REPLACE TEMP TABLE {ASKED} AS SELECT {asking} AS entity, {at} AS at{keys}"
        f" FROM {quoted(point.facts)}"
    )
    layer.ask(
        f"CREATE OR REPLACE TEMP TABLE {TRUTH} AS SELECT a.*, k.value, k.known_at IS NOT NULL AS known,"
        f" coalesce(k.different > 1, false) AS tied FROM {ASKED} a ASOF LEFT JOIN (SELECT entity, known_at,"
        " min(value) AS value, count(DISTINCT value) + (count(*) > count(value))::INT AS different"
        f" FROM {KNOWN} GROUP BY ALL) k ON a.entity = k.entity AND a.at >= k.known_at"
    )
    [counted] = layer.ask(f"SELECT count(*), count(*) FILTER (NOT known), count(*) FILTER (tied) FROM {TRUTH}")
    return Tally(*counted)


def _keys(layer: Layer, point: PointInTime) -> tuple[str, ...]:
    """The key of the facts; Fault where a column of it is not there."""
    table = layer.tables[point.facts]
    for key in table.source.key:
        table.kind(key)
    return table.source.key


def _judge(layer: Layer, point: PointInTime, query: str, facts: str) -> None:
    """Fault unless the query has one row for each fact, with the value that was known then and none where none was."""
    keys = _keys(layer, point)
    columns = layer.keep(ANSWERS, query)
    if absent := [name for name in (*keys, "value") if name.lower() not in {one.lower() for one in columns}]:
        raise Fault("query_fails", f"the query returns no column {', '.join(absent)}, only {', '.join(columns)}")
    _compare(layer, keys)
    [[several, strangers, wrong, ahead, behind, unclear]] = layer.ask(
        f"SELECT count(*) FILTER (n > 1), (SELECT count(*) FROM {quoted(ANSWERS)} q WHERE NOT EXISTS"
        f" (SELECT 1 FROM {TRUTH} t WHERE {_same(keys, 't', 'q')})), count(*) FILTER (wrong),"
        " count(*) FILTER (wrong AND later AND NOT earlier), count(*) FILTER (wrong AND NOT later),"
        f" count(*) FILTER (wrong AND later AND earlier) FROM {COMPARED}"
    )
    # What was known both before and later may be an old value; it is taken for a look ahead where all can be one.
    if ahead or (unclear and not behind):
        raise Fault("look_ahead", f"a later value for {ahead or unclear:,} of {facts}{_first(layer, keys, 'later')}")
    if wrong:
        raise Fault("point_in_time_wrong", f"another value for {wrong:,} of {facts}{_first(layer, keys, 'true')}")
    if several or strangers:
        told = f"more than one row for {several:,} of {facts}, and {count(strangers, 'rows')} of no fact"
        raise Fault("point_in_time_wrong", told)


def _compare(layer: Layer, keys: tuple[str, ...]) -> None:
    """Keep for each fact the answer beside the truth, and whether the answer was ever known, before or later."""
    [[kind]] = layer.ask(f"SELECT typeof(value) FROM {TRUTH} LIMIT 1")
    read = f"TRY_CAST(q.value AS {kind})"
    layer.ask(
        f"CREATE OR REPLACE TEMP TABLE {COMPARED} AS"
        f" WITH answers AS (SELECT t.rowid AS fact, count(q.{quoted(keys[0])}) AS n, any_value({read}) AS answer,"
        f" coalesce(bool_or({read} IS DISTINCT FROM t.value OR (q.value IS NOT NULL AND {read} IS NULL)),"
        " t.value IS NOT NULL)"
        f" AND NOT any_value(t.tied) AS wrong FROM {TRUTH} t LEFT JOIN {quoted(ANSWERS)} q ON {_same(keys, 't', 'q')}"
        " GROUP BY t.rowid, t.value)"
        " SELECT a.fact, any_value(a.n) AS n, any_value(a.wrong) AS wrong, any_value(a.answer) AS answer,"
        " coalesce(bool_or(k.known_at > t.at), false) AS later, coalesce(bool_or(k.known_at <= t.at), false) AS earlier"
        f" FROM answers a JOIN {TRUTH} t ON t.rowid = a.fact LEFT JOIN {KNOWN} k"
        " ON a.wrong AND k.entity = t.entity AND k.value = a.answer GROUP BY a.fact"
    )


def _same(keys: tuple[str, ...], facts: str, answers: str) -> str:
    """The condition that a fact and an answer have the same key, whatever types a query makes of it."""
    pairs = ((f"{facts}.{quoted(f'key {n}')}", f"{answers}.{quoted(key)}") for n, key in enumerate(keys))
    return " AND ".join(f"CAST({one} AS VARCHAR) = CAST({other} AS VARCHAR)" for one, other in pairs)


def _first(layer: Layer, keys: tuple[str, ...], which: str) -> str:
    """One such fact: its key, its time, what was known and what the query says."""
    key = " || ', ' || ".join(f"coalesce(t.{quoted(f'key {n}')}::VARCHAR, '')" for n in range(len(keys)))
    order = ", ".join(f"t.{quoted(f'key {n}')}" for n in range(len(keys)))
    at = "coalesce(strftime(t.at, '%Y-%m-%d %H:%M'), 'no time')"
    rows = layer.ask(
        f"SELECT {literal(' and '.join(keys))} || ' ' || {key} || ' at ' || {at},"
        f" coalesce(t.value::VARCHAR, 'nothing'), coalesce(w.answer::VARCHAR, 'nothing') FROM {COMPARED} w"
        f" JOIN {TRUTH} t ON t.rowid = w.fact WHERE w.wrong AND {which} ORDER BY {order} LIMIT 1"
    )
    return "".join(f"; {place} UTC: {known} was known, the query says {said}" for place, known, said in rows)
