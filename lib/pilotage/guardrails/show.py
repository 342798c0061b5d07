"""How page 03 words and draws what it found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pilotage import figures
from pilotage.guardrails.findings import STRICTNESS
from pilotage.guardrails.measured import Measured
from pilotage.guardrails.tuned import Tuned
from pilotage.guardrails.tuning.conformal import false_positive_cap
from pilotage.guardrails.tuning.costs import expected_cost
from pilotage.guardrails.tuning.sliders import point_table
from pilotage.guardrails.tuning.tables import scenarios
from pilotage.page import Page, html
from pilotage.words import count, listed, number, span

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BINS = 20
BAND_COLOURS = {"allow": figures.GOOD, "review": figures.DOUBT, "block": figures.BAD}


def put_to_it(found: Measured) -> html.Html:
    """What was put to the guard."""
    texts, known = found.inputs, found.inputs.drop_duplicates("shape")
    attacks, alike = int(texts["attack"].sum()), int(known["attack"].sum())
    lines = [
        f"{count(len(texts) - attacks, 'harmless inputs')}, {len(known) - alike:,} of them not made alike.",
        f"{count(attacks, 'attacks')}, {alike:,} of them not made alike.",
        f"{count(len(found.outputs), 'test texts')} of the output side, and {count(len(found.answers), 'answers')} of "
        f"the pilot's runs; {count(len(found.runs), 'inputs')} of its runs.",
    ]
    if learnt := int(found.texts["seen"].sum()):
        lines.append(
            f"{count(learnt, 'texts')} were used to adapt the live classifier; each goes by the score it was given by "
            "a classifier that had not learnt it."
        )
    return html.bullets(lines)


def bands_text(page: Page) -> html.Html:
    """The live bands in one sentence, and what looks for injections."""
    bands, detectors = page.playbook.guardrails.bands, page.playbook.guardrails.detectors
    block = f"from {bands.block_at:.2f} on it is blocked" if bands.block_at <= 1 else "none is blocked by it"
    names = " and ".join(setting.name for setting in detectors)
    return html.note(
        f"Live: {names} give each input one probability of being an attack. Below {bands.review_at:.2f} it is allowed, "
        f"{block}, between the two a person looks. {bands.reason}"
    )


def scores_finding(found: Measured) -> str:
    """The figure's title."""
    wrong, caught = found.kpi("guard_false_positive_rate"), found.kpi("guard_catch_rate")
    if wrong.estimate is None or caught.estimate is None:
        return "The texts do not say where the guard bites."
    return (
        f"The guard stops {number(caught.estimate, 'share')} of attacks and {number(wrong.estimate, 'share')} of "
        "harmless inputs."
    )


def scores_figure(found: Measured) -> Figure | None:
    """Harmless inputs above, attacks below, by the probability each was given; the bands shaded."""
    import numpy as np

    texts = found.inputs.dropna(subset="score")
    if texts.empty:
        return None
    figure, axes = figures.canvas(scores_finding(found), height_in=3.4)
    highest = 0.1
    for attack, sign, colour in ((False, 1, figures.GOOD), (True, -1, figures.BAD)):
        scores = texts.loc[texts["attack"] == attack, "score"].to_numpy(float)
        shares = np.histogram(scores, BINS, (0, 1))[0] / max(1, len(scores))
        middles = (np.arange(BINS) + 0.5) / BINS
        axes.bar(middles, sign * shares, width=0.9 / BINS, color=colour, alpha=0.85)
        highest = max(highest, float(shares.max()))
    _shade(axes, found)
    axes.set_yticks([-highest / 2, highest / 2], ["attacks", "harmless"])
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-1.1 * highest, 1.3 * highest)
    axes.set_xlabel("probability of an attack, as the guard puts it")
    return figure


def _shade(axes: Axes, found: Measured) -> None:
    bands = found.guard.policy.bands
    edges = [0.0, min(1.0, bands.review_at), min(1.0, bands.block_at), 1.0]
    for name, low, high in zip(BAND_COLOURS, edges, edges[1:], strict=False):
        if high > low:
            axes.axvspan(low, high, color=BAND_COLOURS[name], alpha=0.07, linewidth=0)
            axes.text(
                (low + high) / 2, 0.95, name, transform=axes.get_xaxis_transform(), ha="center", va="center",
                fontsize=8.5, color=BAND_COLOURS[name],
            )  # fmt: skip
            axes.axvline(high, color=figures.INK, linewidth=1.0 if high < 1 else 0)
    axes.set_xlim(0, 1)


def costs_table(page: Page) -> html.Html:
    """The assumed costs and shares behind the bands, each with its range and where it comes from."""
    assumed = page.playbook.assumptions
    names = (
        "missed_attack_cost", "false_block_cost", "guard_review_minutes", "people_cost_per_hour",
        "attack_share_of_inputs", "attacks_caught_in_review",
    )  # fmt: skip
    rows = []
    for name in names:
        one = getattr(assumed, name)
        low, likely, high = one.span
        described = type(assumed).model_fields[name].description or name
        reach = "" if low == high else span(low, high)
        unit = one.unit.partition(",")[0]
        rows.append((described.rstrip("."), f"{number(likely)}", reach, unit, one.set_by, one.quality))
    header = ("What is assumed", "Value", "Between", "Unit", "Set by", "How well known")
    return html.folded(
        "What a wrong decision costs", html.table("Assumed, in assumptions.yaml", header, rows, header[1:3])
    )


def live_cost(found: Measured, tuned: Tuned) -> float | None:
    """What 1,000 inputs cost with the live guard, in the playbook's currency; None without costs or texts."""
    texts = found.inputs.drop_duplicates("shape")
    return _cost(tuned, texts["attack"].tolist(), [STRICTNESS.index(one) for one in texts["decision"]])


def proposed_cost(found: Measured, tuned: Tuned) -> float | None:
    """The same with the proposed bands and classifier, and the live rules, on the same texts."""
    if tuned.point is None:
        return None
    texts = found.inputs.drop_duplicates("shape")
    return _cost(tuned, texts["attack"].tolist(), [tuned.decisions[text] for text in texts["text"]])


def _cost(tuned: Tuned, attack: list[bool], decided: list[int]) -> float | None:
    import numpy as np

    if tuned.costs is None or len(set(attack)) < 2:
        return None
    kinds, decisions = np.array(attack, dtype=bool), np.array(decided)
    groups = [decisions[kinds], decisions[~kinds]]
    shares = [np.bincount(group, minlength=3) / len(group) for group in groups]
    return float(expected_cost(tuned.costs, *shares))


def saving(page: Page, found: Measured, tuned: Tuned) -> str:
    """What tuning would save, in one sentence: the figure's title."""
    live, proposed = live_cost(found, tuned), proposed_cost(found, tuned)
    if live is None or proposed is None:
        return f"What tuning would save is not known: {tuned.why}."
    if live <= proposed:
        return "Tuning would save nothing: the live guard costs as little as the best."
    return f"Tuning would save about {number(live - proposed, 'money', page.currency)} for every 1,000 inputs."


def alternatives_figure(page: Page, found: Measured, tuned: Tuned) -> Figure | None:
    """Bars of what 1,000 inputs cost, the cheapest first: tuned, live, and without a guard that chooses."""
    live, proposed = live_cost(found, tuned), proposed_cost(found, tuned)
    if tuned.point is None or live is None or proposed is None:
        return None
    rows = [("tuned: classifier and bands", proposed), ("the guard as it is live", live)]
    rows += [(f"no guard: {one.name}", one.cost_per_1000.estimate) for one in tuned.point.alternatives[:3]]
    rows.sort(key=lambda row: row[1])
    return figures.bars(saving(page, found, tuned), [row[0] for row in rows], [row[1] for row in rows], "money")


def scenarios_table(page: Page, tuned: Tuned) -> html.Html:
    """What the sliders show, standing still: other costs of a missed attack, and other shares of attacks."""
    if tuned.made is None or tuned.costs is None:
        return html.Html("")
    rows = [
        (
            number(row["missed_attack"], "money", page.currency), number(row["attack_share"], "share"),
            f"{row['review_at']:.2f}", "never" if row["block_at"] > 1 else f"{row['block_at']:.2f}",
            number(row["true_positive_rate"], "share"), number(row["false_positive_rate"], "share"),
            number(row["cost_per_1000"], "money", page.currency),
        )
        for row in scenarios(tuned.made, tuned.costs, tuned.cap).to_dict("records")
    ]  # fmt: skip
    header = (
        "A missed attack costs", "Share of attacks", "Review from", "Block from", "Attacks stopped",
        "Harmless stopped", "Cost of 1,000 inputs",
    )  # fmt: skip
    return html.folded(
        "What if the costs were others?", html.table("The best bands for other costs", header, rows, header)
    )


def tuned_text(page: Page, tuned: Tuned) -> html.Html:
    """The bands that cost least with what the score alone does then, or what is missing to choose any."""
    if tuned.point is None:
        return html.note(f"No bands can be chosen: {tuned.why}.", "warning")
    harmless = tuned.examples[~tuned.examples["attack"].astype(bool)]
    capped = false_positive_cap(harmless["score"].to_numpy(float), tuned.cap, harmless["weight"].to_numpy(float))
    limit = number(tuned.cap, "share")
    small = html.paragraph(f"A score may stop {limit} of harmless texts at most: {capped.why}.", "small")
    return html.Html(point_table(tuned.point, page.currency) + small)


def model_told(found: Measured) -> list[str]:
    """Where the live classifier comes from, as its model card has it."""
    model = found.guard.inputs.model
    adapted = "adapted on this organisation's texts" if model.adapted else "as shipped, not adapted on any text here"
    sources = listed([f"{one['name']} ({one['licence']})" for one in model.meta["sources"]])
    return [
        f"The classifier: {adapted}; sha256 {model.sha256[:12]}, made on {model.meta['made']}.",
        f"Trained on: {sources}.",
        "What it was measured to catch on sources it had not seen stands in its model card, MODEL_CARD.md beside it.",
    ]
