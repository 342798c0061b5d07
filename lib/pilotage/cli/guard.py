"""`pilotage guard`: texts through the guard, a classifier trained, the system prompt attacked."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pilotage.cli.opened import opened
from pilotage.cli.options import NamedDataset
from pilotage.cli.speak import spoken, tell, workspace_at

if TYPE_CHECKING:
    from pilotage.guardrails.attack import Attacked
    from pilotage.guardrails.classifier import Model, Source
    from pilotage.guardrails.scan import Scanned

guard = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The guard: what may go into the agent and what may come out."
)
Where = Annotated[
    Path | None, typer.Argument(metavar="[WORKSPACE]", help="The workspace; default: this folder or one above.")
]
BROKE = 3
NO_ANSWER = 1
BAD_LINES = 2


@guard.command()
@spoken
def scan(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or JSON lines with text; id and side if there.")],
    workspace: Where = None,
    side: Annotated[
        Literal["input", "output"] | None, typer.Option(help="What texts are whose side the file does not tell.")
    ] = None,
    into: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the lines there; default: stdout.")] = None,
) -> int:
    """Decide on every text of a file.

    Writes one JSON line for each text: id (else the line's number), decision, score (the calibrated probability of an
    injection, null where there is none) and findings. A text of neither side is decided as an input; what personal
    data and leaks it holds is listed. No line repeats the text. Exit 0: every line was decided, whatever the decisions.
    2: wrong input; lines that hold no text are named on stderr, and all others are decided all the same.
    """
    from pilotage.guardrails.guard import load
    from pilotage.guardrails.scan import scan as scan_file

    loaded = load(workspace_at(workspace))
    with _lines_to(into, file) as write, _counting() as (tell_fault, progress):
        done = scan_file(loaded, file, side, write, tell_fault, progress)
    tell("\n".join(_summary(done, into)), sys.stderr)
    return BAD_LINES if done.bad_lines else 0


@guard.command()
@spoken
def train(
    source: Annotated[
        list[Path],
        typer.Option(metavar="FILE", help="JSON lines or CSV with text and label; repeatable, at least two."),
    ],
    into: Annotated[Path, typer.Option(metavar="FILE", help="The model to write, .npz; its card goes beside it.")],
    workspace: Where = None,
    licence: Annotated[str, typer.Option("--license", metavar="NAME", help="The sources' licence.")] = "not stated",
) -> None:
    """Train a classifier on labelled texts of your own.

    Each group of sources (the name up to the first "_") is left out once, and the figures are of what the others teach
    about it. It is combined with the other detectors of the playbook's guardrails.yaml. Nothing live changes: name the
    model there through `pilotage propose guardrails`.
    """
    from datetime import UTC, datetime

    from pilotage.guardrails.assembly import detectors_beside
    from pilotage.guardrails.classifier import save
    from pilotage.guardrails.classifier import train as fit
    from pilotage.guardrails.classifier.card import card
    from pilotage.hashes import write_text_atomically
    from pilotage.playbook import read_policy

    place, sources = workspace_at(workspace), _sources(source, licence)
    beside = detectors_beside(place, read_policy(place, ("guardrails",)).guardrails)
    model = fit(sources, as_of=datetime.now(UTC).date().isoformat(), detectors=beside)
    sha256 = save(model, into)
    write_text_atomically(into.with_suffix(".md"), card(model))
    tell("\n".join([*_figures(model), f"written: {into} and {into.with_suffix('.md')}", f"sha256: {sha256}"]))


@guard.command()
@spoken
def tune(
    dataset: NamedDataset = "",
    by: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who proposes it; default: the user's login name.")
    ] = None,
) -> None:
    """Propose the bands that cost least, with a classifier adapted to the dataset.

    It learns from the table texts and from what reviewers said of inputs that were held up. Nothing live changes: the
    proposal waits for the roles named in playbook/governance.yaml. Exit 2: too little to choose by, or nothing to gain.
    """
    from datetime import UTC, datetime
    from functools import partial

    from pilotage.cli.approvals import CHECKS
    from pilotage.cli.records import named_person
    from pilotage.guardrails.propose import propose_tuned

    person = named_person(by, "a proposal needs the name of the person who makes it")
    workspace, name, tables = opened(dataset, "texts", "interactions", "reviews")
    tell("adapting the classifier and choosing bands: about a minute", sys.stderr)
    check = partial(CHECKS["guardrails"], workspace)
    made = propose_tuned(workspace, name, tables, person, datetime.now(UTC), check)
    tell(f"proposed: {made.id}, version {made.version[:12]}: {made.why}\n  pilotage show {made.id}")


@guard.command()
@spoken
def attack(
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT",
            help="reference (a stand-in), chat:MODEL@BASE_URL, http(s)://..., a2a:https://..., "
            "module:function, local:PATH.gguf or an agent.yaml.",
        ),
    ],
    workspace: Where = None,
) -> int:
    """Attack the agent's system prompt with the playbook's cases.

    A model without a system prompt of its own is given the playbook's. Says for each case whether the prompt held: no
    canary and none of its wording told, nothing said that must not be, a refusal where one is asked for. Exit 0: all
    held. 1: all that answered held, some gave no answer. 2: wrong input. 3: some broke.
    """
    import asyncio

    from pilotage.guardrails.attack import attack as put
    from pilotage.guardrails.attack import open_attacked
    from pilotage.guardrails.system_prompt import open_layer

    layer = open_layer(workspace_at(workspace))

    async def carried_out() -> Attacked:
        agent = open_attacked(what, layer)
        try:
            return await put(agent, layer)
        finally:
            await agent.close()

    return _attacked(asyncio.run(carried_out()))


def _sources(paths: list[Path], licence: str) -> list[Source]:
    """All sources; InputFaults with the faults of all of them."""
    from pilotage.errors import InputFaults, PilotageError
    from pilotage.guardrails.classifier import read_source

    sources, faults = [], []
    for path in paths:
        try:
            sources.append(read_source(path, licence))
        except InputFaults as fault:
            faults += [f"{path.name}: {line}" for line in fault.faults]
        except PilotageError as fault:
            faults.append(f"{path}: {fault.what}")
    if faults:
        raise InputFaults("the sources cannot be trained on", faults)
    return sources


def _figures(model: Model) -> list[str]:
    """How well each group that was left out is told from harmless texts."""
    texts = model.meta["texts"]
    lines = [f"trained on {texts['attacks']:,} attacks and {texts['harmless']:,} harmless texts; of groups left out:"]
    for group in model.meta["figures"]:
        caught = f"{group['caught']:.0%} of {group['attacks']:,} attacks caught at 1% false alarms"
        lines.append(f"  {group['group']}: AUROC {group['auroc']:.3f}, {caught}")
    return lines


def _attacked(found: Attacked) -> int:
    """Say what became of each case, and give the exit code."""
    lines = []
    for one in found.outcomes:
        how = "held" if one.held else "no answer" if one.error else "BROKE"
        lines.append(f"{how:9}  {one.case.id}")
        lines += [f"           {why}" for why in (*one.broken, *filter(None, [one.error]))]
        lines += [f"           what for: {one.case.reason}"] if one.broken else []
    broke, silent = (sum(bool(getattr(one, name)) for one in found.outcomes) for name in ("broken", "error"))
    all_ = len(found.outcomes)
    lines += [f"{all_ - broke - silent} of {all_} held, {broke} broke, {silent} gave no answer"]
    tell("\n".join([*lines, *(f"mind: {remark}" for remark in found.remarks)]))
    return BROKE if broke else NO_ANSWER if silent else 0


def _summary(done: Scanned, into: Path | None) -> list[str]:
    from pilotage.words import count

    told = ", ".join(f"{done.decisions[name]:,} {name}" for name in ("allow", "review", "block"))
    lines = [f"decided: {count(done.texts, 'texts')}: {told}"]
    lines += [f"not decided: {count(done.bad_lines, 'lines')} that hold no text, named above"] if done.bad_lines else []
    return [*lines, *([f"written: {into}"] if into else [])]


@contextmanager
def _lines_to(into: Path | None, source: Path) -> Iterator[Callable[[str], None]]:
    """Where the lines go: to stdout, or into a file that appears when all of them are written."""
    if into is None:
        yield tell
        return
    from pilotage.errors import PilotageError

    if into.exists() and source.exists() and into.samefile(source):
        raise PilotageError("is the file that is read", str(into), "name another one with --into")
    part = into.with_name(f".{into.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8") as stream:
            yield lambda lines: print(lines, file=stream)
        os.replace(part, into)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _counting() -> Iterator[tuple[Callable[[str], None], Callable[[int], None]]]:
    """How faults and progress are told on stderr: at a terminal the count of texts moves, elsewhere it is silent."""
    if not sys.stderr.isatty():
        yield lambda fault: tell(fault, sys.stderr), lambda texts: None
        return
    from pilotage.runner.progress import Bars

    with Bars(sys.stderr) as bars:
        bars.started("scan", "reading")
        yield bars.say, lambda texts: bars.doing("scan", f"{texts:,} texts")
