"""What the agent did: its runs, the model calls and the tool calls inside them."""

from __future__ import annotations

from pilotage.records.schemas.columns import AGENT, Column, Table, phase

STARTED_AT = Column(
    "started_at",
    "time",
    "when it began",
    unit="UTC",
    undecided="nothing can be said by day or week, nor how recent the rows are",
)
DURATION_S = Column(
    "duration_s",
    "number",
    "how long it took",
    unit="seconds",
    minimum=0,
    undecided="slow calls cannot be told from fast ones",
)
INPUT_TOKENS = Column(
    "input_tokens", "integer", "tokens read", unit="tokens", minimum=0, undecided="the use of tokens cannot be said"
)
OUTPUT_TOKENS = Column(
    "output_tokens", "integer", "tokens written", unit="tokens", minimum=0, undecided="the use of tokens cannot be said"
)
STATUS = Column(
    "status", "text", "how the call ended", required=True, allowed=("ok", "error", "timeout"), empty="never"
)

INTERACTIONS = Table(
    "interactions",
    "One run of the agent: a question answered, a task attempted.",
    (
        Column("interaction_id", "text", "names the run", required=True, empty="never"),
        Column(
            "case_id",
            "text",
            "the case the run worked on",
            empty="no live case, for example an evaluation task",
            undecided="the agent's runs cannot be tied to units of work",
        ),
        Column(
            "parent_interaction",
            "text",
            "the run that started this one",
            empty="started by a person or a system",
            undecided="runs started by other runs count like those started by people",
        ),
        Column(
            "task_id",
            "text",
            "the task attempted; runs of one task are not independent",
            empty="the run is a task of its own",
            undecided="repeated runs of one task cannot be recognised, nor the chance that all of them succeed",
        ),
        Column(
            "trial", "integer", "which attempt at the task", minimum=0, undecided="attempts at a task are not numbered"
        ),
        Column(
            "segment",
            "text",
            "the part of the business the run belongs to",
            undecided="differences between parts of the business stay hidden",
        ),
        STARTED_AT,
        Column(
            "latency_s",
            "number",
            "how long the user waited",
            unit="seconds",
            minimum=0,
            undecided="how long a user waits cannot be said",
        ),
        Column(
            "service_s",
            "number",
            "how long the agent worked, without waiting in a queue",
            unit="seconds",
            minimum=0,
            undecided="waiting in a queue cannot be told from work",
        ),
        Column("attempts", "integer", "how often the run was tried", minimum=1, undecided="retries cannot be seen"),
        INPUT_TOKENS,
        OUTPUT_TOKENS,
        Column("model", "text", "the model that ran", undecided="a change of model cannot be seen"),
        Column("prompt_hash", "text", "fingerprint of the prompt", undecided="a change of prompt cannot be seen"),
        Column(
            "confidence",
            "number",
            "how sure the agent said it was",
            minimum=0,
            maximum=1,
            undecided="whether the agent knows when it is wrong cannot be said",
        ),
        Column(
            "outcome",
            "text",
            "how the run ended",
            allowed=("answered", "escalated", "refused", "error"),
            undecided="the share of runs handed over to people cannot be said",
        ),
        Column(
            "success",
            "flag",
            "whether the task was done rightly",
            empty="nobody checked",
            undecided="whether the agent does its task cannot be said",
        ),
        Column(
            "cost", "number", "what the run cost", unit="money", minimum=0, undecided="the cost of a run cannot be said"
        ),
        Column(
            "input_text",
            "text",
            "what the agent was given",
            free_text=True,
            undecided="no text can be shown or checked for what it asks",
        ),
        Column(
            "output_text",
            "text",
            "what the agent answered",
            free_text=True,
            undecided="no answer can be shown or judged",
        ),
        phase(required=True),
        AGENT,
    ),
    key=("interaction_id",),
    time="started_at",
    above="parent_interaction",
)

MODEL_CALLS = Table(
    "model_calls",
    "One call of a language model.",
    (
        Column("call_id", "text", "names the call", required=True, empty="never"),
        Column(
            "interaction_id",
            "text",
            "the run the call belongs to",
            empty="belongs to no run",
            undecided="calls cannot be tied to runs",
        ),
        Column(
            "turn", "integer", "position of the call in its run", minimum=0, undecided="growth along a run is hidden"
        ),
        Column("model", "text", "the model called", undecided="models cannot be compared"),
        STARTED_AT,
        DURATION_S,
        INPUT_TOKENS,
        OUTPUT_TOKENS,
        STATUS,
        phase(required=False),
        AGENT,
    ),
    key=("call_id",),
    time="started_at",
    parent=("interactions", "interaction_id"),
    strict_parent=True,
)

TOOL_CALLS = Table(
    "tool_calls",
    "One call of a tool by the agent.",
    (
        Column("interaction_id", "text", "the run the call belongs to", required=True, empty="never"),
        Column("seq", "integer", "position of the call in its run", required=True, minimum=0, empty="never"),
        Column("tool", "text", "the tool called", required=True, empty="never"),
        STATUS,
        STARTED_AT,
        DURATION_S,
        Column("arguments", "text", "what the tool was given", free_text=True, undecided="calls cannot be replayed"),
        Column(
            "error_type",
            "text",
            "what went wrong",
            empty="nothing, or not known",
            undecided="kinds of failure are hidden",
        ),
        phase(required=False),
        AGENT,
    ),
    key=("interaction_id", "seq"),
    time="started_at",
    parent=("interactions", "interaction_id"),
    strict_parent=True,
)
