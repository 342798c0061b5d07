"""Whether two people who review the same item decide alike, and what nobody has settled yet.

Agreement is counted on items of the uniform stream: what suspicion chose is of another kind, and would say how people
agree on hard cases only. Disputes are listed from both streams.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import TYPE_CHECKING

from pilotage.oversight.reviewed import Reviewed
from pilotage.page import html
from pilotage.playbook.oversight import OversightPolicy
from pilotage.words import count, listed, plain

if TYPE_CHECKING:
    from pandas import DataFrame

    from pilotage.statistics import Interval

ENOUGH = 10  # items that two people share; with fewer the interval of kappa covers nearly everything
SHOWN = 20  # disputes that the table lists, newest first
ITEM = ["interaction_id", "action_type"]


@dataclass(frozen=True)
class Pair:
    """Two people, the items both decided, on how many they agreed, and kappa where there are enough items."""

    first: str
    second: str
    items: int
    same: int
    kappa: Interval | None


@dataclass(frozen=True)
class Dispute:
    """An item that people decided differently and nobody has settled; `said` holds reviewer, decision, reason."""

    interaction_id: str
    action: str
    at: datetime
    said: tuple[tuple[str, str, str], ...]
    text: str


@dataclass(frozen=True)
class Agreement:
    """What two people on the same item say: `items` of the uniform stream, `same` of them decided alike.

    `alpha` is Krippendorff's over all of them (approved or not), None where no item has two reviewers, NaN where all
    said one and the same. Its `low` counts each of the `missing` reviews as a disagreement. `settled` counts disputes
    that are over.
    """

    items: int
    same: int
    people: tuple[str, ...]
    alpha: Interval | None
    pairs: tuple[Pair, ...]
    disputes: tuple[Dispute, ...]
    settled: int
    missing: int


def agreement(found: Reviewed, policy: OversightPolicy) -> Agreement:
    """How far reviewers agree on the items that two or more of them decided blind; intervals decide one-sided.

    Planted errors and decisions that settle a dispute do not count; of one person's decisions on an item the first
    does. Without overlap `items` is 0 and `alpha` None.
    """
    own = found.decisions[~found.decisions["seeded"] & ~found.decisions["adjudicates"]]
    once = own.drop_duplicates([*ITEM, "reviewer"])
    chance = once[once["stream"] == "uniform"]
    shared = chance[chance.groupby(ITEM)["reviewer"].transform("nunique") > 1]
    confidence = 2 * policy.confidence - 1
    alike = shared.groupby(ITEM)["wrong"].nunique() == 1
    return Agreement(
        len(alike), int(alike.sum()), tuple(sorted(shared["reviewer"].unique())),
        _alpha(shared, confidence, found.missing), tuple(_pairs(shared, confidence)), _disputes(found),
        _settled(found, own), found.missing,
    )  # fmt: skip


def _alpha(shared: DataFrame, confidence: float, missing: int) -> Interval | None:
    """Alpha over all items; a lost review may have been the one that disagreed, so the low bound takes it so."""
    from dataclasses import replace

    import numpy as np

    from pilotage.statistics import krippendorff_alpha

    if shared.empty:
        return None
    wide = shared.pivot(index=ITEM, columns="reviewer", values="wrong").astype(float)
    units = shared.drop_duplicates(ITEM).set_index(ITEM)["unit"].reindex(wide.index).to_numpy(str)
    ratings = wide.to_numpy(float)
    known = krippendorff_alpha(ratings, confidence=confidence, clusters=units)
    if not missing or math.isnan(known.estimate):
        return known
    if missing > len(ratings):
        return replace(known, low=-math.inf)
    lost = np.full((missing, ratings.shape[1]), np.nan)
    lost[:, :2] = 0.0, 1.0
    names = np.append(units, [f"lost review {place}" for place in range(missing)])
    worst = krippendorff_alpha(np.vstack([ratings, lost]), confidence=confidence, clusters=names)
    return replace(known, low=min(known.low, worst.low))


def _pairs(shared: DataFrame, confidence: float) -> Iterator[Pair]:
    from pilotage.statistics import cohen_kappa

    columns = {name: rows.set_index(ITEM) for name, rows in shared.groupby("reviewer", sort=True)}
    for first, second in combinations(columns, 2):
        both = columns[first].join(columns[second]["wrong"].rename("other"), how="inner")
        if both.empty:
            continue
        one, other = both["wrong"].to_numpy(bool), both["other"].to_numpy(bool)
        enough = len(both) >= ENOUGH
        kappa = cohen_kappa(one, other, confidence, both["unit"].to_numpy(str)) if enough else None
        yield Pair(str(first), str(second), len(both), int((one == other).sum()), kappa)


def _disputes(found: Reviewed) -> tuple[Dispute, ...]:
    open_items = found.items.loc[found.items["disputed"], ITEM]
    rows = found.decisions[~found.decisions["seeded"]].merge(open_items, on=ITEM)
    listed_ = [
        Dispute(str(run), str(action), said["decided_at"].max().to_pydatetime(), tuple(_said(said)), _text(said))
        for (run, action), said in rows.groupby(ITEM, sort=True)
    ]
    return tuple(sorted(listed_, key=lambda one: one.at, reverse=True))


def _said(rows: DataFrame) -> Iterator[tuple[str, str, str]]:
    for row in rows.to_dict("records"):
        reason = row["reason"] if isinstance(row["reason"], str) else ""
        yield str(row["reviewer"]), str(row["decision"]), reason


def _text(rows: DataFrame) -> str:
    texts = [text for text in rows["output_text"] if isinstance(text, str)]
    return texts[0] if texts else ""


def _settled(found: Reviewed, own: DataFrame) -> int:
    """Items on which people differed and an adjudication says what stands."""
    differ = own.groupby(ITEM)["wrong"].nunique() > 1
    over = found.decisions[~found.decisions["seeded"] & found.decisions["adjudicates"]].groupby(ITEM).size()
    return len(differ.index[differ].intersection(over.index))


def agreement_finding(found: Agreement) -> str:
    """The finding in one sentence for whoever decides."""
    if not found.items:
        return "No run was reviewed by two people, so nobody knows whether another reviewer would decide alike."
    alike = f"Two people on the same item decided alike in {found.same:,} of {count(found.items, 'items')}"
    waits = "waits" if len(found.disputes) == 1 else "wait"
    rest = f"; {count(len(found.disputes), 'disputes')} {waits} to be settled" if found.disputes else ""
    return f"{alike}{rest}."


def agreement_table(found: Agreement) -> html.Html:
    """Agreement over all and by pair of people, with what it means; what to do where nobody overlapped."""
    if not found.items:
        return html.note(
            "No item of the uniform stream was decided by two people. Set overlap_share in oversight.yaml above 0 and "
            "have at least two people work off the queue.", "warning",
        )  # fmt: skip
    rows = [
        (f"{one.first} and {one.second}", *_counts(one.items, one.same), *_beyond(one.kappa)) for one in found.pairs
    ]
    rows.insert(0, ("all", *_counts(found.items, found.same), *_beyond(found.alpha)))
    header = ("Who", "Items", "Decided alike", "Agreement beyond chance", "Between")
    return html.Html(
        html.table("Two people on the same item", header, rows, header[1:]) + html.bullets(_remarks(found))
    )


def _counts(items: int, same: int) -> tuple[str, str]:
    return f"{items:,}", f"{same:,}"


def _beyond(found: Interval | None) -> tuple[str, str]:
    if found is None:
        return f"fewer than {ENOUGH} items", ""
    if math.isnan(found.estimate):
        return "not defined: one and the same answer", ""
    return f"{found.estimate:.2f}", f"{max(found.low, -1.0):.2f} to {found.high:.2f}"


def _remarks(found: Agreement) -> Iterator[str]:
    yield (
        "Agreement beyond chance: Krippendorff's alpha over all, Cohen's kappa by pair; approved or not, items of the "
        "uniform stream, resampled by task or case. 1 is full agreement, 0 no more than chance."
    )
    if found.alpha is not None and math.isnan(found.alpha.estimate):
        yield "All gave one and the same answer, which says nothing about how far they would agree on an error."
    if found.missing:
        yield f"{count(found.missing, 'lost reviews')} count as disagreements in the lower bound over all."
    yield f"{count(found.settled, 'disputes')} settled, {len(found.disputes):,} open."


def disputes_table(found: Agreement) -> html.Html:
    """The items that somebody must settle, newest first; until then each counts as an error of the agent."""
    if not found.disputes:
        return html.paragraph("No dispute is open.")
    rows = [
        (one.interaction_id, one.action, f"{one.at:%Y-%m-%d %H:%M}", _who(one), plain(one.text))
        for one in found.disputes[:SHOWN]
    ]
    table = html.table(
        "To settle, newest first", ("Run", "Action", "Decided (UTC)", "Who said what", "The agent's output"), rows
    )
    more = len(found.disputes) - SHOWN
    small = f"{count(more, 'older disputes')} {'is' if more == 1 else 'are'} not listed. " if more > 0 else ""
    return html.Html(table + html.paragraph(f"{small}Until settled, each counts as an error of the agent.", "small"))


def _who(one: Dispute) -> str:
    parts = [f"{who}: {decision}{f' ({plain(reason, 60)})' if reason else ''}" for who, decision, reason in one.said]
    return listed(parts)
