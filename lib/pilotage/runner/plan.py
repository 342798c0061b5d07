"""Which pages run, and in which order: the playbook's `needs` read as a graph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from graphlib import TopologicalSorter

from pilotage.forms import near
from pilotage.playbook import Page

DECISION = "decision"


def in_order(pages: Iterable[Page]) -> tuple[Page, ...]:
    """The pages, each after all it needs, otherwise as the playbook lists them (which holds no circle)."""
    by_stage: dict[str, Page] = {page.stage: page for page in pages}
    sorter = TopologicalSorter({stage: page.needs for stage, page in by_stage.items()})
    return tuple(by_stage[stage] for stage in sorter.static_order())


def wanted(pages: Sequence[Page], names: Sequence[str]) -> frozenset[str]:
    """The stages to bring up to date: those named ("pilot" or "02_pilot"), all they need, and always the decision.

    No names means every page. Names are known ones: see `unknown_pages`.
    """
    by_stage: dict[str, Page] = {page.stage: page for page in pages}
    if not names:
        return frozenset(by_stage)
    spelled: dict[str, str] = {page.notebook: page.stage for page in pages}
    todo = [spelled.get(name, name) for name in names]
    asked: set[str] = set()
    while todo:
        stage = todo.pop()
        if stage not in asked:
            asked.add(stage)
            todo.extend(by_stage[stage].needs)
    return frozenset(asked | ({DECISION} & by_stage.keys()))


def unknown_pages(pages: Sequence[Page], names: Iterable[str]) -> list[str]:
    """One sentence for each name that is neither a stage nor a notebook of the playbook."""
    known = {page.stage: page for page in pages} | {page.notebook: page for page in pages}
    return [f"{name!r} is not a page{near(name, known)}" for name in names if name not in known]
