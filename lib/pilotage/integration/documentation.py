"""playbook/integration.md, printed from the code: every key of a system's entry, and every code of a check."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from pilotage.integration.codes import COMMON
from pilotage.playbook import systems
from pilotage.playbook.common import Limit
from pilotage.playbook.systems import AnySystem

KINDS: Mapping[str, type[AnySystem]] = {
    "wrapper": systems.WrapperSystem,
    "events": systems.EventsSystem,
    "virtualization": systems.VirtualSystem,
    "mcp": systems.McpSystem,
    "a2a": systems.A2aSystem,
}
ABOUT = {
    "wrapper": """An HTTP API of your own before a system. The probe asks what the agent will rely on: that it
refuses callers without a token, answers as its OpenAPI document says, is quick enough, says no with a status and
without its inner details, and takes the same Idempotency-Key once. Only GET and HEAD are called, and what
`safe_calls` and `idempotent_calls` name; what was written is taken back where the API allows it. `wrapper.auth` makes
calls without a token and with a wrong one: the first four safe calls and, with `probe_may_write: true`, all of
`idempotent_calls`, each under a key of its own. A writing call that is then answered 400, 409 or 422 says nothing of
the token: the evidence names it. It says so, too, where no writing call was tried. Of the document's
`servers` only the paths count, and only where the safe calls fit them; safe calls that are none of its operations
are noted. Operations that answer with a stream of events are not called. With `load`, `pilotage load-test` sends
production's rate and up to twice as much to what is marked `staging: true`. Requests are
sent when they are due and not when the last answer came, so that a slow system cannot hide.
`lib/pilotage/integration/wrapper/embedded.py` is a small example of wrapping an old database.""",
    "events": """A broker: Kafka or RabbitMQ. Write your clients' settings under `producer` and `consumer`, in the
names of confluent-kafka or pika, and your queues' arguments under `queue`: the probe sends and reads with them, so
that a random partitioner, auto-commit or `auto_ack` fails the check that it breaks. Probe topics and queues are
called `pilotage-probe-…` and are removed afterwards. Your own `topic` is only asked for its lag; your dead-letter
exchange is looked for and never sent to: that a queue is bound to it cannot be asked, so look yourself. Where a
policy of the broker and not `queue` names it, write `dead_letter: false`.""",
    "virtualization": """Files and databases as one DuckDB layer: `.sqlite` (also `.sqlite3`, `.db`) and
`postgresql://` with a `table`, `.csv` (also `.csv.gz`) and `.parquet` without. Files are read where they lie, of
databases only the columns that a check needs, through connections that cannot write. A value known at the very moment
of a fact counts as known. Give your own join as `query`: what was only known later fails as `look_ahead`. Times
without a zone are read as UTC; a date means its first moment.""",
    "mcp": """A server of tools, on standard input and output (`command`) or over HTTP (`address`), in each version
of the protocol that is pinned; the list of tools is looked at in every one of them. The probe reads the wire itself,
so that noise on standard output, exit codes and answers without end are seen, and then lets the official client try.
No tool is called but those under `safe_calls`, with the arguments given there and with wrong ones; without any, the
entry is not passed. A server that says it has no tools (resources or prompts alone) passes with an empty list, unless
`safe_calls` names one. An answer counts as a hidden error only if it is plainly one (a traceback, `Error: …`, an
object with nothing but an error); where `contains` stands in it, it is taken as right. It must say something, and be
as the tool's `outputSchema` says, or clients refuse it. What a server asks of its client in the middle of a call is
answered, a ping with a pong and all else with no. Tool definitions are compared
with their pin, read again after use, and searched for hidden characters and for instructions to the model; a text of
over 16,384 characters is a fault, because it is not read to its end. No pattern finds every poisoned text: the pin
that a person has read is the protection. Nor is every text that is found poisoned: once read and pinned, name its
tool in `poisoning_accepted`; a change makes it fail again. A server started by `command` gets of the environment
only what programs need (PATH, HOME, LANG, PYTHON… and the like) and the variables in `key_env` and `user_env`, so
that it cannot read other systems' secrets; this goes for agents, too. `replaceable_by` names a second server that must
have the same tools and give the same answers. A chat agent takes its tools from a server with `mcp: {address: …}`
or `mcp: {command: […]}` in agent.yaml.""",
    "a2a": """Another agent. The probe reads its card, compares it with the pin, and sees that it leads to no other
host, that each declared transport is served (of gRPC only that HTTP/2 is spoken; one of your own is not tried, and
named as such), that a wrong version, a missing token and an unknown task are refused, and that the safe task ends,
streams in order and, with `long_task`, can be cancelled. A token never goes to another host than the playbook's,
nor from https to http. `pilotage evaluate --agent a2a:https://HOST` puts tasks to such an agent;
one that asks for a key needs an agent.yaml, with `key_env`.""",
}
_INTRO = """# integration.yaml, key by key and code by code

`playbook/integration.yaml` lists the systems that the agent touches. `pilotage smoke-test` and page 05 probe them;
each check passes, fails or is skipped, and one that did not pass carries a code. A skipped check is not a passed
one: of a required system it holds the decision. Secrets stand in environment variables, never in the file.

Whatever a system's `command` starts ends with its probe. On Linux that holds for all of it; elsewhere, and where the
probe itself crashes, a program goes on running that both detached itself and emptied its environment.

This page is printed from the code (`python -m pilotage.integration.documentation`); a test keeps the two equal.
"""


def documentation() -> str:
    """The whole page."""
    common = [*_keys(AnySystem, set()), "", *_codes(COMMON)]
    parts = ["## Every system", "", *common]
    for pattern, form in KINDS.items():
        parts += ["", f"## `pattern: {pattern}`", "", ABOUT[pattern], "", *_keys(form, set(AnySystem.model_fields)), ""]
        parts += _codes(import_module(f"pilotage.integration.{pattern}").CODES)
    return "\n".join([_INTRO, *parts]) + "\n"


def _codes(group: Mapping[str, str]) -> list[str]:
    return ["| Code | What it means |", "|---|---|", *(f"| `{code}` | {meaning} |" for code, meaning in group.items())]


def _keys(form: type[BaseModel], known: set[str]) -> list[str]:
    """The keys of a form that are not known yet; what a form of its own stands under goes by `key.inner`."""
    return ["| Key | Default | What it says |", "|---|---|---|", *_rows(form, "", known)]


def _rows(form: type[BaseModel], above: str, known: set[str]) -> Iterator[str]:
    for name, field in form.model_fields.items():
        own = name == "address" or name not in known
        if not own or (name in ("pattern", "address") and form is AnySystem):
            continue
        inner = _inner(field.annotation)
        limit = inner is not None and issubclass(inner, Limit)
        asked = "required" if field.is_required() else _default(field.default)
        what = f"{field.description or ''}{' A limit, with its reason.' if limit else ''}{_words(field.annotation)}"
        yield f"| `{above}{field.alias or name}` | {asked} | {what} |"
        if inner is not None and not limit:
            yield from _rows(inner, f"{above}{field.alias or name}.", set())


def _default(value: Any) -> str:
    """What holds where the key is left out; empty text where that is nothing."""
    return "" if value in (None, (), {}) else f"`{json.dumps(value)}`"


def _words(kind: Any) -> str:
    """The words that the key may have, where there are several; of a mapping those that its values may have."""
    if get_origin(kind) is Mapping:
        return _words(get_args(kind)[1])
    words = get_args(kind) if get_origin(kind) is Literal else ()
    return f" One of {', '.join(f'`{word}`' for word in words)}." if len(words) > 1 else ""


def _inner(kind: Any) -> type[BaseModel] | None:
    """The form inside of a type: itself, or what a list, an option or a limit holds."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    if get_origin(kind) is None:
        return None
    return next((found for inner in get_args(kind) if (found := _inner(inner))), None)


if __name__ == "__main__":
    print(documentation(), end="")
