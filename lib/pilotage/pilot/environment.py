"""The environment gap: what production will bring, held against what the pilot saw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pilotage.kpis import Kpi, Tables, fill_runs
from pilotage.page import Page, html
from pilotage.pilot.estimates import What, as_kpi, in_cell, rate
from pilotage.pilot.looks import PHASE
from pilotage.pilot.measured import SHOWN
from pilotage.playbook import Production
from pilotage.redact import redact
from pilotage.words import count, listed, number, plain

if TYPE_CHECKING:
    import numpy as np

Cover = Literal["covered", "not covered", "not known"]
MOST_TEXTS = 5_000  # of each side; more would not change the answer, and take minutes


@dataclass(frozen=True)
class Aspect:
    """One aspect of production: whether the pilot covers it, the figures and the reason in words, and as Kpis."""

    name: str
    state: Cover
    why: str
    kpis: tuple[Kpi, ...] = ()


@dataclass(frozen=True)
class Environment:
    """Every aspect of production that was looked at."""

    aspects: tuple[Aspect, ...]

    @property
    def kpis(self) -> list[Kpi]:
        """What goes into the evidence."""
        return [kpi for aspect in self.aspects for kpi in aspect.kpis]


def environment(page: Page, tables: Tables) -> Environment:
    """Segments, load, length and words of inputs: what `production` in pilot.yaml expects, and what the pilot saw.

    What nobody said of production, an example on real data, and too few real inputs leave an aspect not known.
    """
    given = page.playbook.pilot.production
    why = "`playbook/pilot.yaml` has no section `production`" if given is None else ""
    if given and given.example and not page.synthetic:
        why = "the section `production` of `playbook/pilot.yaml` is still an example"
    if given is None or why:
        return Environment(tuple(Aspect(name, "not known", why) for name in ("segments", "load", "length", "words")))
    least, error = page.playbook.pilot.min_segment_n.value, 1 - page.playbook.pilot.confidence
    real, seen, lacking = _inputs(tables, given, least)
    unknown = [Aspect(name, "not known", lacking) for name in ("length", "words")]
    texts = unknown if lacking else [_length(real, seen, error), _words(real, seen, error)]
    return Environment((_segments(tables, given, least), _load(page, tables, given), *texts))


def _segments(tables: Tables, given: Production, least: int) -> Aspect:
    """Covered when the pilot has enough interactions of every segment expected."""
    if not given.segments:
        return Aspect("segments", "not known", "the playbook does not say which segments production will bring")
    if not tables.has("interactions", "segment"):
        return Aspect("segments", "not known", "the table `interactions` has no column `segment`")
    sql = "SELECT segment, count(*) FROM {runs} WHERE is_unit AND phase = ? GROUP BY segment"
    seen = dict(tables.connection.execute(fill_runs(tables, sql), [PHASE]).fetchall())
    few = [name for name in given.segments if seen.get(name, 0) < least]
    told = listed([f"{name} {seen.get(name, 0):,}" for name in few or given.segments])
    if few:
        return Aspect("segments", "not covered", f"fewer than {count(least, 'interactions')} in the pilot: {told}")
    return Aspect("segments", "covered", f"interactions in the pilot: {told}")


LOAD = What("load_factor", "Expected interactions a week, per interaction of the pilot's busiest week", unit="times")


def _load(page: Page, tables: Tables, given: Production) -> Aspect:
    """Covered when the pilot's busiest week had as many interactions as production is expected to bring."""
    expected = given.interactions_per_week
    if expected is None:
        return Aspect("load", "not known", "the playbook does not say how many interactions production will bring")
    if expected.example and not page.synthetic:
        return Aspect("load", "not known", "the interactions expected a week are still an example")
    sql = """SELECT week, count(*) AS n FROM {runs} WHERE is_unit AND phase = ? AND week IS NOT NULL
             GROUP BY week ORDER BY n DESC, week LIMIT 1"""
    found = tables.connection.execute(fill_runs(tables, sql), [PHASE]).fetchone()
    if not found:
        return Aspect("load", "not known", "the interactions of the pilot carry no time")
    from pilotage.statistics import Interval

    week, busiest = found
    factor = expected.value / busiest
    kpi = as_kpi(LOAD, Interval(factor, factor, factor, SHOWN, "counted"), None, busiest, 1)
    why = (
        f"{expected.value:,} expected a week, {busiest:,} in the pilot's busiest week (from {week}): {factor:.2g} times"
    )
    return Aspect("load", "covered" if factor <= 1 else "not covered", why, (kpi,))


def _inputs(tables: Tables, given: Production, least: int) -> tuple[list[str], list[str], str]:
    """Different real inputs, different inputs of the pilot, and why they cannot be compared; empty when they can."""
    if given.inputs is None:
        return [], [], "the playbook names no sample of real inputs"
    if "texts" not in tables.facts:
        return [], [], "the dataset has no table `texts`"
    if not tables.has("interactions", "input_text"):
        return [], [], "the table `interactions` has no column `input_text`"
    # An order that depends on nothing but the text makes the first few thousand a sample by chance.
    sql = "SELECT DISTINCT text FROM ({rows}) WHERE text IS NOT NULL ORDER BY md5(text), text LIMIT ?"
    texts = "SELECT text FROM texts WHERE source = ? AND side = 'input'"
    runs = fill_runs(tables, "SELECT input_text AS text FROM {runs} WHERE is_unit AND phase = ?")
    real, seen = (
        [row[0] for row in tables.connection.execute(sql.format(rows=rows), [key, MOST_TEXTS]).fetchall()]
        for rows, key in ((texts, given.inputs), (runs, PHASE))
    )
    for found, what in ((real, f"real inputs (source “{given.inputs}” in `texts`)"), (seen, "inputs of the pilot")):
        if len(found) < least:
            return real, seen, f"{len(found):,} different {what} are there; {least:,} are needed to compare"
    return real, seen, ""


LONGER = What("inputs_longer_than_the_pilots", "Real inputs longer than any of the pilot's")


def _length(real: Sequence[str], seen: Sequence[str], error: float) -> Aspect:
    """Not covered when real inputs are longer, or otherwise spread, than chance lets inputs like the pilot's be.

    Two tests share the error: how many exceed the pilot's longest, if all were drawn alike, and the two-sample test of
    Kolmogorov and Smirnov.
    """
    import numpy as np
    from scipy.stats import ks_2samp

    ours, theirs = (np.array([len(text) for text in texts]) for texts in (seen, real))
    beyond = int((theirs > ours.max()).sum())
    shape = ks_2samp(theirs, ours, method="asymp")
    differs = _chance_beyond(beyond, len(theirs), len(ours)) < error / 2 or shape.pvalue < error / 2
    kpi = rate(LONGER, (theirs > ours.max()).astype(float), np.ones(len(theirs)), "")
    why = (
        f"of {count(len(theirs), 'real inputs')}, {in_cell(kpi)} are longer than any the pilot was given "
        f"({int(ours.max()):,} characters); half are up to {_half(theirs)}, in the pilot up to {_half(ours)}; "
        + ("more than chance would explain" if differs else "no more difference than chance would explain")
    )
    return Aspect("length", "not covered" if differs else "covered", why, (kpi,))


def _chance_beyond(beyond: int, real: int, seen: int) -> float:
    """The chance that so many of all inputs, or more, stand above the longest of the pilot's, if all are drawn alike.

    That the longest `beyond` of all fall to the real ones. Source: exceedances, Gumbel & von Schelling 1950.
    """
    chance = 1.0
    for place in range(beyond):
        chance *= (real - place) / (real + seen - place)
    return chance


def _half(lengths: np.ndarray) -> str:
    import numpy as np

    return number(float(np.median(lengths)))


APART = What("inputs_told_apart", "Real inputs told apart from the pilot's by their words", better="lower")


def _words(real: Sequence[str], seen: Sequence[str], error: float) -> Aspect:
    """Not covered when a classifier can tell unseen real inputs from the pilot's by their words."""
    from pilotage.statistics import vocabulary_shift

    found = vocabulary_shift(seen, real, confidence=SHOWN)
    kpi = as_kpi(APART, found.auc, None, found.second_texts, found.second_texts)
    differs = found.p_value < error
    words = listed([f"“{plain(redact(word), 40)}”" for word in found.second_words[:4]])
    why = (
        f"of one real input and one of the pilot, the words alone point out the real one in {in_cell(kpi)} of "
        f"the pairs (50% is guessing); in {number(found.p_value, 'share')} of random shuffles chance does as well"
        + (f"; most telling: {words}" if differs else "")
    )
    return Aspect("words", "not covered" if differs else "covered", why, (kpi,))


LABELS = {
    "segments": "Parts of the business",
    "load": "Volume",
    "length": "Length of inputs",
    "words": "Words of inputs",
}


def environment_table(found: Environment) -> html.Html:
    """Each aspect with its answer and the figures behind it."""
    rows = [(LABELS[aspect.name], aspect.state, html.Html(html.sentence(aspect.why))) for aspect in found.aspects]
    return html.table(_finding(found), ("Aspect of production", "In the pilot", "Why"), rows)


def _finding(found: Environment) -> str:
    names = {
        state: [LABELS[aspect.name].lower() for aspect in found.aspects if aspect.state == state]
        for state in ("covered", "not covered", "not known")
    }
    told = [f"{state}: {listed(names[state])}" for state in ("not covered", "not known") if names[state]]
    covered = f"The pilot covers {len(names['covered'])} of {len(found.aspects)} aspects of production"
    return f"{'; '.join([covered, *told])}."
