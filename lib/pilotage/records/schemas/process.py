"""The work itself: cases, the events inside them, what they cost, and who was trained."""

from __future__ import annotations

from pilotage.records.schemas.columns import AGENT, Column, Table, phase

CASES = Table(
    "cases",
    "Units of work: one invoice, one ticket, one request.",
    (
        Column("case_id", "text", "names the case", required=True, empty="never"),
        phase(required=True),
        Column(
            "segment",
            "text",
            "the part of the business the case belongs to",
            undecided="differences between parts of the business stay hidden",
        ),
        Column("opened_at", "time", "when the work came in", unit="UTC", required=True, empty="never"),
        Column(
            "closed_at",
            "time",
            "when the work was finished",
            unit="UTC",
            empty="still open",
            undecided="how long a case takes cannot be said",
        ),
        Column(
            "handling_minutes",
            "number",
            "time people spent on the case",
            unit="minutes",
            minimum=0,
            undecided="how much of people's time a case takes, and hence what is saved, cannot be said",
        ),
        Column(
            "cost",
            "number",
            "what the case cost",
            unit="money",
            minimum=0,
            undecided="the cost of a case cannot be measured, only assumed",
        ),
        Column(
            "error",
            "flag",
            "whether the case was handled wrongly",
            empty="nobody checked",
            undecided="the share of cases handled wrongly cannot be said",
        ),
        Column(
            "value",
            "number",
            "what the case is worth to the business",
            unit="money",
            undecided="large and small cases count the same",
        ),
        AGENT,
    ),
    key=("case_id",),
    time="opened_at",
    order=(("opened_at", "closed_at"),),
)

EVENTS = Table(
    "events",
    "Steps inside a case, in the order in which the log lists them.",
    (
        Column("case_id", "text", "the case the step belongs to", required=True, empty="never"),
        Column("activity", "text", "what was done", required=True, empty="never"),
        Column("timestamp", "time", "when it was done", unit="UTC", required=True, empty="never"),
        Column(
            "resource",
            "text",
            "who or what did it",
            undecided="hand-overs between people cannot be seen",
        ),
        Column(
            "lifecycle",
            "text",
            "begin, end or pause of a step, as XES says it (lifecycle:transition); in a phase that has `complete`, "
            "only such rows are steps, and `start` says when they began",
            empty="a step of its own",
            undecided="a step that is logged at its begin and its end counts twice, and work is not told from waiting",
        ),
        phase(required=False),
        AGENT,
    ),
    time="timestamp",
    parent=("cases", "case_id"),
)

COSTS = Table(
    "costs",
    "Money planned and spent, by month.",
    (
        Column("month", "month", "the month the money belongs to", unit="YYYY-MM", required=True, empty="never"),
        Column("category", "text", "what the money is for", required=True, empty="never"),
        Column(
            "amount", "number", "the amount; negative for money returned", unit="money", required=True, empty="never"
        ),
        Column(
            "kind",
            "text",
            "whether the money was planned or spent",
            required=True,
            allowed=("planned", "actual"),
            empty="never",
        ),
        phase(required=False),
        AGENT,
    ),
)

TRAINING = Table(
    "training",
    "Courses people passed.",
    (
        Column("person", "text", "who passed", required=True, empty="never"),
        Column("team", "text", "the person's team", required=True, empty="never"),
        Column("course", "text", "what was passed", required=True, empty="never"),
        Column("passed_at", "time", "when it was passed", unit="UTC", required=True, empty="never"),
        phase(required=False),
        AGENT,
    ),
    time="passed_at",
)
