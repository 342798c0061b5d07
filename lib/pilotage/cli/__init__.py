"""The command line: thin commands, each importing what it needs only when it runs."""

from __future__ import annotations


def main() -> None:
    """Run the command that the arguments name; exit codes are those of `pilotage run --help`."""
    from pilotage.cli.app import app

    app(prog_name="pilotage")
