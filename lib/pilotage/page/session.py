"""One page at work: what it reads is recorded, what it shows is escaped, what it concludes becomes evidence."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pilotage.errors import PilotageError
from pilotage.forms import near
from pilotage.hashes import sha256_file, write_json_atomically, write_text_atomically
from pilotage.kpis import Kpi, Tables
from pilotage.page import html
from pilotage.page.opened import Opened
from pilotage.playbook import Limit, Playbook, read_policy
from pilotage.records import COMPLETE
from pilotage.spreadsheet import csv_text
from pilotage.verdict import Gate, hold
from pilotage.workspace import Workspace, find_workspace

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame


def not_decided_yet() -> None:
    """Show the placeholder that `Page.conclude` replaces: a page that crashes still says that it decided nothing."""
    from IPython.display import HTML, display

    block = html.verdict("not decided yet", "This page has not come to its verdict.")
    display(HTML(block), display_id="verdict")  # type: ignore[no-untyped-call]


def open_page(stage: str, dataset: str, as_of: str = "", policies: Sequence[str] = ()) -> Page:
    """The page of this stage on this dataset; by hand it takes in the dataset first where that is stale.

    `as_of` is the page's only clock (YYYY-MM-DD); empty means the dataset's own day, else today. `policies` names
    further files of the playbook that the page goes by. Raises PilotageError for a playbook or dataset that cannot be
    followed.
    """
    workspace = find_workspace()
    run = os.environ.get("PILOTAGE_RUN")
    if run is None:
        from pilotage.records.intake import intake

        intake(workspace, dataset)
    folder = Path(run) if run else workspace.reports / "by-hand"
    opened = Opened(workspace, folder)
    names = ("playbook", "assumptions", stage, *policies)
    for name in names:
        opened.file(workspace.playbook / f"{name}.yaml")
    playbook = read_policy(workspace, names)
    facts = opened.part(workspace.intake(dataset) / "checks.json", "dataset") or {}
    page = Page(stage, dataset, _day(as_of or facts.get("as_of")), workspace, folder, playbook, opened, facts)
    page.show(page.banner)
    return page


def _day(text: str | None) -> date:
    if not text:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError as fault:
        raise PilotageError(f"as_of should be a day such as 2026-10-12 (got {text!r})") from fault


@dataclass
class Page:
    """What a notebook holds while it runs: the playbook, the tables, and the record of everything it opened."""

    stage: str
    dataset: str
    as_of: date
    workspace: Workspace
    run: Path
    playbook: Playbook
    opened: Opened
    about: dict[str, Any]
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    remarks: dict[str, Any] = field(default_factory=dict)
    saved: dict[str, list[dict[str, str]]] = field(default_factory=lambda: {"tables": [], "figures": []})

    @property
    def synthetic(self) -> bool:
        """Whether the dataset was made and not recorded."""
        return bool(self.about.get("synthetic"))

    @property
    def currency(self) -> str:
        """The currency of all money, from the playbook."""
        return self.playbook.currency

    @property
    def by_hand(self) -> bool:
        """Whether somebody steps through the page; else the runner executes it."""
        return "PILOTAGE_RUN" not in os.environ

    @property
    def work(self) -> Path:
        """Where the page writes: under the runner a folder of its own, by hand the by-hand report itself."""
        return self.run if self.by_hand else self.run / "work" / self.stage

    @property
    def banner(self) -> html.Html:
        """What every page says first about its data."""
        title = f"{self.about.get('title', self.dataset)}, as of {self.as_of.isoformat()}"
        if self.synthetic:
            return html.note(
                f"Synthetic data: {title}. No figure on this page was measured on a real agent.", "synthetic"
            )
        return html.paragraph(f"Data: {title}.", "small")

    @cached_property
    def question(self) -> str:
        """The page's H1, which is its question."""
        name = next(page.notebook for page in self.playbook.pages if page.stage == self.stage)
        cells = json.loads((self.workspace.notebooks / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
        return "".join(cells[0]["source"]).splitlines()[0].removeprefix("# ").strip()

    def tables(self, *names: str) -> Tables:
        """The named canonical tables; one that the dataset lacks is an empty view and is recorded as absent."""
        tables = self._opened_tables(self.dataset, names)
        self.facts |= {name: dict(fact) for name, fact in tables.facts.items()}
        return tables

    def tables_of(self, dataset: str, *names: str) -> Tables:
        """The named tables of another dataset, to compare with: taken in now, since no run does that for this page.

        Its files are recorded too, so that the page is out of date when they change. InputFaults where the dataset
        cannot be followed, PilotageError where there is none.
        """
        from pilotage.records.freshness import patterns_of
        from pilotage.records.intake import intake

        known = self.workspace.datasets()
        if dataset not in known:
            raise PilotageError(f"there is no dataset {dataset!r} under data/{near(dataset, known)}")
        taken = intake(self.workspace, dataset)
        self.opened.file(self.workspace.dataset(dataset) / "dataset.yaml")
        for pattern in patterns_of(taken.folder):
            self.opened.matching(self.workspace.dataset(dataset) / pattern)
        return self._opened_tables(dataset, names)

    def _opened_tables(self, dataset: str, names: Sequence[str]) -> Tables:
        from pilotage.records.store import open_tables

        intake = self.workspace.intake(dataset)
        facts = {name: self.opened.part(intake / "checks.json", f"tables.{name}") for name in names}
        for name in names:
            self.opened.file(intake / "tables" / f"{name}.parquet")
        present = {name: fact for name, fact in facts.items() if fact}
        return Tables(open_tables(self.workspace, dataset, names), present, self.playbook.time_zone)

    def upstream(self, stage: str) -> dict[str, Any] | None:
        """The evidence of a page this one needs; None where that page did not come to its end.

        By hand, the last finished run stands in for a page that was not stepped through.
        """
        own = self.run / "evidence" / f"{stage}.json"
        last = self.workspace.reports / "latest" / "evidence" / f"{stage}.json"
        path = self.opened.file(own) or (self.by_hand and self.opened.file(last)) or None
        evidence = json.loads(path.read_text(encoding="utf-8")) if path else None
        return evidence if evidence and evidence["dataset"] == self.dataset else None

    def depend_on_approvals(self) -> None:
        """Record what says whether a policy is approved: the audit log, the people and the proposals."""
        for path in (self.workspace.log, self.workspace.playbook / "governance.yaml"):
            self.opened.file(path)
        self.opened.matching(self.workspace.playbook / "proposals" / "*.json")

    def doubts(self, tables: Tables, fresh: Sequence[str] = ()) -> list[str]:
        """What holds a gate that rests on these tables: failed checks, missing rows, and `fresh` tables gone stale."""
        return [
            *(reason for name in tables.facts for reason in self._table_doubts(name, tables.facts[name])),
            *(reason for name in fresh if (reason := self._age_doubt(name, tables.facts.get(name)))),
        ]

    def gap(self, kpi: Kpi) -> list[str]:
        """What speaks against a figure of which more rows have no value than the playbook allows."""
        known, allowed = kpi.n + kpi.unmeasured, self.playbook.rows_missing_max_share.value
        if not kpi.n or kpi.unmeasured <= allowed * known:
            return []
        return [f"{kpi.unmeasured:,} of {known:,} rows have no value for “{kpi.label}”"]

    def _table_doubts(self, name: str, fact: Any) -> list[str]:
        known = max(1, fact["rows"] + fact["missing"])
        allowed = self.playbook.rows_missing_max_share.value
        short = fact["missing"] / known > allowed
        failed = [check for check in fact["checks"] if not check["passed"] and check["name"] != COMPLETE]
        return [
            *([f"{fact['missing']:,} of {known:,} rows of `{name}` are missing or set aside"] if short else []),
            *(f"a data check of `{name}` failed: {check['name']} ({check['detail']})" for check in failed),
        ]

    def _age_doubt(self, name: str, fact: Any) -> str:
        if not fact:
            return ""
        if not fact["last"]:
            return f"the rows of `{name}` carry no time, so nobody can say how old they are"
        last = datetime.fromisoformat(fact["last"]).date()
        if self.as_of - last > timedelta(days=self.playbook.freshness_days.value):
            return f"no new data since {last.isoformat()} in `{name}`"
        # A day of grace: rows are in UTC, the day is the reader's. Synthetic runs live on a day of their own, whatever
        # day it is on which somebody tries out labelling them.
        if last - self.as_of > timedelta(days=1) and not (self.synthetic and name == "labels"):
            return f"the rows of `{name}` reach to {last.isoformat()}, beyond the day decided on"
        return ""

    def settle(self, gate: Gate, limit: Limit[Any], doubts: Sequence[str] = ()) -> Gate:
        """The gate once doubts have had their say; an example limit decides nothing about real data."""
        if limit.example and not self.synthetic:
            gate = hold(gate, ["its limit is still an example"], undecide=True)
        return hold(gate, doubts)

    def show(self, *pieces: object) -> None:
        """Show pieces made by `page.html`; a plain text becomes a paragraph."""
        from IPython.display import HTML, display

        for piece in pieces:
            if piece:
                display(HTML(piece if isinstance(piece, html.Html) else html.paragraph(piece)))  # type: ignore[no-untyped-call]

    def figure(self, name: str, figure: Figure | None, alt: str) -> None:
        """Show a figure with its alternative text and keep it as figures/<stage>-<name>.svg.

        None, where there is nothing to draw, shows the text alone.
        """
        if figure is None:
            self.show(html.note(alt))
            return
        from IPython.display import display

        from pilotage.figures import svg

        text = svg(figure)
        path = Path("figures") / f"{self.stage}-{name}.svg"
        write_text_atomically(self.work / path, text)
        self.saved["figures"].append({"path": path.as_posix(), "sha256": sha256_file(self.work / path), "alt": alt})
        display({"image/svg+xml": text}, raw=True, metadata={"image/svg+xml": {"alt": alt}})  # type: ignore[no-untyped-call]

    def save(self, name: str, frame: DataFrame) -> DataFrame:
        """Keep a result as tables/<stage>-<name>.csv, safe to open in a spreadsheet, and give it back."""
        path = Path("tables") / f"{self.stage}-{name}.csv"
        write_text_atomically(self.work / path, csv_text(frame))
        self.saved["tables"].append({"path": path.as_posix(), "sha256": sha256_file(self.work / path)})
        return frame

    def leave(self, name: str, value: Any) -> None:
        """Write a JSON file beside the evidence, such as decision.json."""
        write_json_atomically(self.work / name, value)

    def conclude(
        self, kpis: Sequence[Kpi], gates: Sequence[Gate], answer: str, why: str, headline: str = "", first: str = ""
    ) -> None:
        """Write the evidence, put the verdict at the top of the page, and close the record of what was opened.

        `first` is shown under the verdict, in the reader's first screen.
        """
        from IPython.display import HTML, update_display

        from pilotage.page.evidence import evidence_of

        write_json_atomically(self.work / "evidence" / f"{self.stage}.json", evidence_of(self, kpis, gates))
        if not self.by_hand:
            self.opened.write(self.work / "opened.json")
        update_display(HTML(html.verdict(answer, why, headline) + first), display_id="verdict")  # type: ignore[no-untyped-call]
