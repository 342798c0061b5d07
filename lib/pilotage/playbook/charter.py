"""playbook.yaml: which agent in which process is decided on, and the pages that lead to the decision."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, field_validator

from pilotage.playbook.common import Count, Limit, Model, Share, Stage, Text, Tier


def _spelled(pattern: str, words: str) -> AfterValidator:
    """Text that matches the pattern; the fault says in words what is wanted."""

    def check(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"should be {words}")
        return text

    return AfterValidator(check)


Currency = Annotated[str, _spelled(r"[A-Z]{3}", "a three-letter code such as EUR")]
Language = Annotated[str, _spelled(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", "a language tag such as en or en-GB")]
NotebookName = Annotated[str, _spelled(r"[\w-]+", "a file name without folder and without .ipynb")]


class Agent(Model):
    """The agent that asks to go to production."""

    name: Text = Field(description="The name people here know the agent by.")
    purpose: Text = Field(description="What it does, for whom, in a sentence.")


class Page(Model):
    """One notebook of the plan, and the pages whose evidence it reads."""

    stage: Stage = Field(description="One of the ten words; it names the policy file, the package and the evidence.")
    notebook: NotebookName = Field(description="The notebook's name in notebooks/, without .ipynb.")
    needs: tuple[Stage, ...] = Field(description="The pages that must have run before this one.")


class Charter(Model):
    """What all pages share."""

    owner: Text = Field(description="The role that answers for this file.")
    example: bool = Field(False, description="True while this file names the shipped example: it holds every decision.")
    agent: Agent = Field(description="The agent that is decided on.")
    process: Text = Field(description="The work the agent takes part in, in a sentence.")
    risk_class: Literal["minimal", "limited", "high"] = Field(
        description="The risk class the organisation gave this use."
    )
    tier: Tier = Field(description="How closely people watch the agent in the production that is asked for.")
    currency: Currency = Field(description="The currency of all money, as its three-letter ISO 4217 code.")
    language: Language = Field(description="The language of the pages, as a BCP 47 tag such as en or en-GB.")
    time_zone: Text = Field(description="The time zone in which days and weeks are counted, such as Europe/Rome.")
    freshness_days: Limit[Count] = Field(description="How old the newest row may be before the answer is not yet.")
    rows_missing_max_share: Limit[Share] = Field(description="The share of rows that may be missing or set aside.")
    pages: tuple[Page, ...] = Field(description="The pages of this playbook, in reading order.")

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, OSError, ValueError) as fault:  # unknown, a folder of zones, a path
            raise ValueError("should be the name of a time zone, such as Europe/Rome") from fault
        return name

    @field_validator("pages")
    @classmethod
    def _plan_can_run(cls, pages: tuple[Page, ...]) -> tuple[Page, ...]:
        faults = list(plan_faults(pages))
        if faults:
            raise ValueError("\n".join(faults))
        return pages


def plan_faults(pages: tuple[Page, ...]) -> Iterator[str]:
    """Why these pages cannot be run in any order; nothing when they can."""
    for field in ("stage", "notebook"):
        times = Counter(getattr(page, field) for page in pages)
        yield from (f"the {field} {name!r} stands {n} times" for name, n in times.items() if n > 1)
    needs = {str(page.stage): page.needs for page in pages}
    if "decision" not in needs:
        yield "the page 'decision' is missing: without it nothing is decided"
    for stage, wanted in needs.items():
        yield from (f"{stage} needs {name!r}, which is not among the pages" for name in wanted if name not in needs)
    if ring := find_cycle(needs):
        yield f"needs go in a circle: {' → '.join(ring)}"


def find_cycle(needs: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The first circle, beginning and ending with the same name; empty when there is none."""
    done: set[str] = set()

    def walk(name: str, trail: tuple[str, ...]) -> tuple[str, ...]:
        if name in trail:
            return (*trail[trail.index(name) :], name)
        if name in done:
            return ()
        found = next(filter(None, (walk(up, (*trail, name)) for up in needs.get(name, ()))), ())
        done.add(name)
        return found

    return next(filter(None, (walk(name, ()) for name in needs)), ())
