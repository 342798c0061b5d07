"""What people (and judges) said about the agent's work: labels, feedback, reviews, and texts to test with."""

from __future__ import annotations

from pilotage.records.schemas.columns import AGENT, Column, Table, phase

INTERACTION_ID = Column("interaction_id", "text", "the run it is about", required=True, empty="never")
STREAM = Column(
    "stream",
    "text",
    "how the run was chosen: uniform by chance alone, guided by suspicion",
    required=True,
    allowed=("uniform", "guided"),
    empty="never",
)
INCLUSION_PROBABILITY = Column(
    "inclusion_probability",
    "number",
    "the chance with which the run was chosen",
    required=True,
    positive=True,
    maximum=1,
    empty="never",
)

LABELS = Table(
    "labels",
    "One judgement of one run by a person, a judge or a rule.",
    (
        INTERACTION_ID,
        Column("metric", "text", "what was judged", required=True, empty="never"),
        Column("value", "number", "the judgement: 1 yes, 0 no, or a score", required=True, empty="never"),
        Column("source", "text", "who judged", required=True, allowed=("human", "judge", "rule"), empty="never"),
        Column("labeller", "text", "names the person, judge or rule", required=True, empty="never"),
        STREAM,
        INCLUSION_PROBABILITY,
        Column("labelled_at", "time", "when it was judged", unit="UTC", required=True, empty="never"),
        phase(required=False),
        AGENT,
    ),
    time="labelled_at",
    parent=("interactions", "interaction_id"),
    strict_parent=True,
)

FEEDBACK = Table(
    "feedback",
    "What a user said of a run.",
    (
        INTERACTION_ID,
        Column(
            "kind",
            "text",
            "what the user said",
            required=True,
            allowed=("positive", "negative", "correction"),
            empty="never",
        ),
        Column("at", "time", "when the user said it", unit="UTC", required=True, empty="never"),
        phase(required=False),
        AGENT,
    ),
    time="at",
    parent=("interactions", "interaction_id"),
    strict_parent=True,
)

REVIEWS = Table(
    "reviews",
    "One decision of a reviewer on what the agent proposed.",
    (
        Column("review_id", "text", "names the review", required=True, empty="never"),
        INTERACTION_ID,
        Column(
            "action_type",
            "text",
            "the kind of action reviewed; guardrail: an input that a guard held up (stream guided) or let pass (stream "
            "uniform), approve where it is harmless and reject where it is an attack",
            required=True,
            empty="never",
        ),
        Column("tier", "text", "the oversight tier at that time", required=True, empty="never"),
        Column("reviewer", "text", "who decided", required=True, empty="never"),
        Column(
            "decision",
            "text",
            "what was decided",
            required=True,
            allowed=("approve", "reject", "correct"),
            empty="never",
        ),
        Column("reason", "text", "why", free_text=True, empty="none given", undecided="reasons cannot be counted"),
        Column(
            "seconds",
            "number",
            "time spent deciding",
            unit="seconds",
            minimum=0,
            empty="not measured, as for a decision made in a spreadsheet",
            undecided="how long a review takes and whether reviewers read what they approve cannot be said",
        ),
        Column(
            "correction",
            "text",
            "what the agent should have said, where the decision is correct",
            free_text=True,
            empty="none written",
            undecided="corrections cannot teach anybody",
        ),
        Column(
            "adjudicates",
            "flag",
            "whether this decision settles a disagreement of other reviewers",
            empty="it does not",
            undecided="an item counts as wrong as soon as one reviewer says so",
        ),
        Column(
            "seeded",
            "flag",
            "whether the error was planted to test the reviewer",
            empty="not planted",
            undecided="how many errors reviewers catch cannot be said",
        ),
        STREAM,
        INCLUSION_PROBABILITY,
        Column("queued_at", "time", "when it was put in the queue", unit="UTC", required=True, empty="never"),
        Column("decided_at", "time", "when it was decided", unit="UTC", required=True, empty="never"),
        phase(required=False),
        AGENT,
    ),
    key=("review_id",),
    time="decided_at",
    order=(("queued_at", "decided_at"),),
    parent=("interactions", "interaction_id"),
    strict_parent=True,
)

TEXTS = Table(
    "texts",
    "Texts to test guardrails with, and samples of real inputs.",
    (
        Column("text_id", "text", "names the text", required=True, empty="never"),
        Column("text", "text", "the text", required=True, free_text=True, empty="never"),
        Column(
            "label",
            "text",
            "what the text is: benign; injection or jailbreak (an attack that goes in); personal data, policy or leak "
            "(what must not come out); another label counts in no figure",
            required=True,
            empty="never",
        ),
        Column(
            "source",
            "text",
            "where the text comes from, such as supplier mail or red team: a figure is shown for each",
            required=True,
            empty="never",
        ),
        Column("language", "text", "language code of the text, such as en", required=True, empty="never"),
        Column(
            "side",
            "text",
            "whether it goes into the agent or comes out of it",
            required=True,
            allowed=("input", "output"),
            empty="never",
        ),
        phase(required=False),
        AGENT,
    ),
    key=("text_id",),
)
