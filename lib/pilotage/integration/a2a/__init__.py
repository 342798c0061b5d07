"""Agents by the Agent2Agent protocol: is the agent what its card says, and does it keep to the protocol?"""

from __future__ import annotations

from collections.abc import Mapping

from pilotage.agents.a2a_forms import OLDER, number_of
from pilotage.playbook.systems import A2aSystem

TOKEN_ENV = "PILOTAGE_A2A_TOKEN"  # by which the embedded agent is told what token to ask for
CODES: Mapping[str, str] = {
    "card_not_found": "There is no agent card at the address but another status; name the agent's own address.",
    "card_not_json": "What is served as the agent card is no JSON object.",
    "card_invalid": "The agent card lacks required fields or has some of a wrong type; the evidence names them.",
    "foreign_url": "The card sends callers to another host, from https to http, or with a login; no token went there.",
    "wrong_version": "The card offers none of the protocol versions that the playbook pins.",
    "wrong_transport": "A transport that the card declares does not answer in that transport's form at its URL.",
    "no_spoken_transport": "The card declares no pinned version over a transport that the probe speaks.",
    "token_refused": "The agent refuses the token in the environment variable that key_env names.",
    "wrong_version_accepted": "A request that names a protocol version which does not exist was answered all the same.",
    "wrong_error_code": "A wrong request was refused, but not with the error that the protocol has for it.",
    "no_auth": "The agent works for callers without a token.",
    "any_token_accepted": "The agent works for callers with an invented token.",
    "refused_without_401": "Callers without a valid token are refused, but not with status 401 or 403.",
    "unknown_task_accepted": "The agent answers for a task that does not exist, as if it did.",
    "not_a2a": "An answer has not the form that the protocol prescribes; the evidence says what is wrong with it.",
    "refused": "The agent answered a call that it should serve with an error; the evidence quotes it.",
    "never_terminal": "The task did not end within a quarter of the system's deadline_s.",
    "task_failed": "The safe task ended, but not as completed.",
    "task_interrupted": "The safe task stopped to ask for input or for a login; name a task that needs neither.",
    "task_empty": "The safe task was completed without any artifact or message.",
    "task_lost": "A task that the agent told of is unknown, or another, when it is asked for again.",
    "status_before_task": "The agent tells of an update before it told of the task itself.",
    "event_after_final": "The stream went on with updates after the task had ended.",
    "wrong_task": "The stream mixed events of different tasks.",
    "stream_not_ended": "The stream stayed open after the task had ended.",
    "stream_broken": "The stream is no stream of events, or broke off before the task had ended.",
    "too_slow": "The safe task takes longer than p95_ms_max allows.",
    "cancel_ignored": "A task that was cancelled did not become canceled.",
    "long_task_too_short": "The long task ended before it could be cancelled; name one that takes seconds.",
}


def planned(system: A2aSystem) -> list[str]:
    """The ids of all checks that this entry gets, in order."""
    ids = ["card", "card_urls", "pinned", "protocol_version", "transports"]
    # Callers name the version in a header since 1.0: before, there was nothing to refuse.
    ids += ["wrong_version"] if {number_of(one) for one in system.protocol_versions} != {OLDER} else []
    ids += ["auth"] if system.auth == "bearer" else []
    ids += ["unknown_task", "task", "get_task", "stream"]
    ids += ["p95"] if system.p95_ms_max is not None else []
    ids += ["cancel"] if system.long_task else []
    return [f"a2a.{one}" for one in ids]
