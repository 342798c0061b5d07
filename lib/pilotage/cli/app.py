"""The commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from pilotage.cli.approvals import approve, key, propose, reject, show
from pilotage.cli.evaluate import evaluate
from pilotage.cli.guard import guard
from pilotage.cli.integration import load_test, pin, smoke_test
from pilotage.cli.judge import judge
from pilotage.cli.labels import labels
from pilotage.cli.options import Dataset
from pilotage.cli.oversight import oversight
from pilotage.cli.reviews import reviews
from pilotage.cli.speak import spoken

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
baseline = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="The baseline: what the work cost before the agent."
)
log = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The audit log: who decided what, and when.")
app.add_typer(baseline, name="baseline")
pilot = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The pilot: what it must prove, and when.")
app.add_typer(guard, name="guard")
app.add_typer(key, name="key")
app.add_typer(labels, name="labels")
app.add_typer(log, name="log")
app.add_typer(oversight, name="oversight")
app.add_typer(pilot, name="pilot")
app.add_typer(reviews, name="reviews")

Where = Annotated[
    Path | None, typer.Argument(metavar="[WORKSPACE]", help="The workspace; default: this folder or one above.")
]


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import PackageNotFoundError, version

        try:
            typer.echo(f"pilotage {version('pilotage')}")
        except PackageNotFoundError:
            typer.echo("pilotage, not installed as a package")
        raise typer.Exit


@app.callback()
def pilotage(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take an agent from pilot to production: one playbook, one decision that anyone can recompute."""


@app.command()
@spoken
def run(
    workspace: Where = None,
    dataset: Dataset = "",
    pages: Annotated[str, typer.Option(metavar="A,B", help="Only these pages, and what of their needs is stale.")] = "",
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PAGE.PARAMETER=VALUE", help="Set a page's parameter; repeatable."),
    ] = None,
    as_of: Annotated[
        str,
        typer.Option(metavar="DATE", help="The day to decide on; default: the synthetic dataset's own, else today."),
    ] = "",
    jobs: Annotated[int, typer.Option(metavar="N", help="How many pages run at a time.")] = 2,
    fresh: Annotated[bool, typer.Option("--fresh", help="Run every page, also those up to date.")] = False,
    fail_on: Annotated[
        Literal["not-yet", "no-go"] | None, typer.Option(help="Exit 3 on this answer; not-yet includes no-go.")
    ] = None,
) -> int:
    """Bring the pages up to date and print the decision.

    Exit 0: finished, whatever the answer. 1: a page crashed. 2: wrong input or playbook. 3: the answer tripped
    --fail-on. 130: interrupted.
    """
    from pilotage.cli.run import run_playbook
    from pilotage.runner.job import Request

    named = tuple(name.strip() for name in pages.split(",") if name.strip())
    request = Request(dataset, named, tuple(set_ or ()), as_of, jobs, fresh)
    return run_playbook(workspace, request, fail_on)


@app.command()
@spoken
def check(workspace: Where = None, dataset: Dataset = "") -> None:
    """Find faults in the playbook, the data and the notebooks.

    No page runs. The tables are taken in where that is due, and rows that would be set aside are told. Exit 0: no
    fault, though rows may be lacking. 2: faults, each on stderr; those of the audit log are among them.
    """
    from pilotage.cli.speak import tell, workspace_at
    from pilotage.runner.check import check as look
    from pilotage.runner.progress import progress_on

    place = workspace_at(workspace)
    lines = look(place, progress_on(), dataset)
    if (place.playbook / "guardrails.yaml").is_file():
        from pilotage.guardrails import load

        load(place)
    tell("\n".join(lines))


@app.command()
@spoken
def status(workspace: Where = None, dataset: Dataset = "") -> None:
    """Say what was decided last and which pages are stale."""
    from datetime import UTC, datetime

    from pilotage.cli.speak import tell, workspace_at
    from pilotage.runner.status import status_lines

    tell("\n".join(status_lines(workspace_at(workspace), datetime.now(UTC).date(), dataset)))


@app.command()
@spoken
def init(target: Annotated[Path, typer.Argument(metavar="TARGET", help="A new or empty folder.")]) -> None:
    """Make a workspace: playbook, notebooks and a sample."""
    from pilotage.cli.speak import tell
    from pilotage.starter import init_workspace

    tell("\n".join(init_workspace(target)))


@app.command("map")
@spoken
def map_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="CSV, XLSX, JSON lines, Parquet, XES.")],
    into: Annotated[
        Path | None, typer.Option(metavar="data/NAME", help="Write dataset.yaml there; never over another.")
    ] = None,
) -> None:
    """Draft a dataset.yaml by looking at your files."""
    from pilotage.cli.data import draft

    draft(files, into)


@app.command("import")
@spoken
def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="OTLP exports in JSON, also .gz.")],
    into: Annotated[Path, typer.Option(metavar="data/NAME", help="The dataset to make.")],
    as_: Annotated[str, typer.Option("--as", metavar="FORMAT", help="What the files are.")] = "otlp",
    replace: Annotated[
        bool, typer.Option("--replace", help="Import again into a folder that an import made; other files in it stay.")
    ] = False,
) -> None:
    """Make a dataset from recorded traces of the agent.

    Spans of OpenTelemetry's GenAI conventions, OpenInference, OpenLLMetry, Langfuse, MLflow, Logfire and OpenLIT become
    runs, model calls and tool calls; nothing else is read from them. Exit 2: broken lines, each named; nothing written.
    """
    from pilotage.cli.traces import import_files

    import_files(files, into, as_, replace)


app.command()(evaluate)
app.command()(judge)
app.command("smoke-test")(smoke_test)
app.command()(pin)
app.command("load-test")(load_test)
app.command()(propose)
app.command()(approve)
app.command()(reject)
app.command()(show)


@app.command()
@spoken
def sample(
    seed: Annotated[int, typer.Option(metavar="N", help="Where the random draws begin.")] = 7,
    variant: Annotated[
        Literal["go", "no-go", "not-yet"] | None, typer.Option(help="A small dataset with this answer.")
    ] = None,
    into: Annotated[
        Path | None, typer.Option(metavar="data/NAME", help="Where; default: data/sample, or data/sample-VARIANT.")
    ] = None,
) -> None:
    """Build the synthetic dataset again, bit for bit."""
    from pilotage.cli.data import build_sample

    build_sample(seed, variant, into)


@baseline.command()
@spoken
def lock(
    workspace: Where = None,
    dataset: Dataset = "",
    by: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who locks it; default: the user's login name.")
    ] = None,
) -> None:
    """Write the baseline's fingerprint into the audit log.

    Before the pilot starts: a later lock does not count.
    """
    from pilotage.cli.records import lock_now

    lock_now(workspace, dataset, by)


@pilot.command()
@spoken
def register(
    workspace: Where = None,
    by: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who registers it; default: the user's login name.")
    ] = None,
) -> None:
    """Write the pilot's limits and looks into the audit log.

    Before the pilot starts: looks registered later do not count, and what was made easier since is told on page 02.
    """
    from pilotage.cli.records import register_now

    register_now(workspace, by)


@log.command()
@spoken
def verify(workspace: Where = None) -> int:
    """Look for changed or lost entries of the audit log.

    Exit 2 when entries were altered, removed, reordered, or when a run was decided under one that is no longer there.
    """
    from pilotage.cli.records import verify_log

    return verify_log(workspace)
