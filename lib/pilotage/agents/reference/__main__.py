"""`python -m pilotage.agents.reference --port 0 --seed 7 --rate_429 0.05`: the stand-in as a server of its own."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import math
import sys
from collections.abc import Sequence
from dataclasses import fields

from pilotage.agents.own_server import when_stdin_ends
from pilotage.agents.reference.behaviour import Behaviour


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the base URL, then serve until interrupted, or with --watch-stdin until whoever started this is gone."""
    given = vars(_parser().parse_args(arguments))
    port, watch = given.pop("port"), given.pop("watch_stdin")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(Behaviour(**given), port, watch))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m pilotage.agents.reference",
        description="The reference stand-in: an OpenAI-compatible server that plays an agent, with known error rates.",
    )
    parser.add_argument("--port", type=int, default=0, help="0 for any free one")
    parser.add_argument("--watch-stdin", action="store_true", help="end when standard input ends")
    for field in fields(Behaviour):
        kind = int if field.name == "seed" else _at_least_0
        parser.add_argument(f"--{field.name}", type=kind, default=field.default, metavar="NUMBER")
    return parser


def _at_least_0(text: str) -> float:
    number = float(text)
    if not 0 <= number < math.inf:
        raise ValueError(text)
    return number


_at_least_0.__name__ = "number of at least 0"  # as argparse calls it when it refuses one


async def _serve(behaviour: Behaviour, port: int, watch: bool) -> None:
    from pilotage.agents.reference.server import serve

    try:
        runner, address = await serve(behaviour, port)
    except (OSError, OverflowError) as error:
        print(f"port {port} cannot be used: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    if watch:
        when_stdin_ends(lambda: loop.call_soon_threadsafe(ended.set))
    print(address, flush=True)
    await ended.wait()
    await runner.cleanup()


if __name__ == "__main__":
    main()
