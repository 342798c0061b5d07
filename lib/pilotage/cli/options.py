"""Options that several commands take."""

from __future__ import annotations

from typing import Annotated

import typer

Dataset = Annotated[
    str, typer.Option(metavar="NAME", help="The folder under data/; default: sample, else the only one.")
]
NamedDataset = Annotated[str, typer.Option("--dataset", metavar="NAME", help="The folder under data/; must be named.")]
Concurrency = Annotated[int | None, typer.Option(metavar="N", help="Runs at a time, at most; default: 8.")]
Rpm = Annotated[float | None, typer.Option(metavar="R", help="Requests a minute, at most.")]
Tpm = Annotated[float | None, typer.Option(metavar="T", help="Tokens a minute, at most.")]
Budget = Annotated[float | None, typer.Option(metavar="MONEY", help="Money for all, at most; needs prices.")]
PriceIn = Annotated[float | None, typer.Option(metavar="MONEY", help="A million tokens read.")]
PriceOut = Annotated[float | None, typer.Option(metavar="MONEY", help="A million tokens written.")]
Attempts = Annotated[int | None, typer.Option(metavar="N", help="Attempts of one run, at most; default: 6.")]
CallTimeout = Annotated[
    float | None, typer.Option(metavar="S", help="Seconds for one attempt; default: the agent's own.")
]
