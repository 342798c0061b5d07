"""The pages of one run, each as soon as all it needs has ended: kept, copied, executed, or not run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from pilotage.playbook import Page
from pilotage.runner.collect import clear, collect, keep_partial
from pilotage.runner.history import NOT_ASKED, PageState, Run
from pilotage.runner.job import Job
from pilotage.runner.kernels import Kernels
from pilotage.runner.manifest import copy_page, stale_reason
from pilotage.runner.plan import DECISION
from pilotage.runner.progress import Progress, describe


@dataclass
class Schedule:
    """Works through a job in one run folder; `previous` are the runs whose pages may be copied, the newest first."""

    job: Job
    run: Run
    previous: Sequence[Run]
    progress: Progress
    running: dict[Future[PageState], Page] = field(default_factory=dict)
    states: dict[str, PageState] = field(default_factory=dict)

    def work(self) -> Run:
        """Run until every page has a state; a KeyboardInterrupt ends all kernels and goes on up."""
        with Kernels(self.job.workspace.reports) as kernels, ThreadPoolExecutor(self.job.request.jobs) as pool:
            try:
                while self._start_ready(pool, kernels) or self.running:
                    self._wait()
            except BaseException:
                kernels.stop()
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        return self.run

    def _start_ready(self, pool: ThreadPoolExecutor, kernels: Kernels) -> bool:
        """Settle or start every page whose needs have all ended; whether any was."""
        begun = {*self.states, *(page.stage for page in self.running.values())}
        waiting = [page for page in self.job.pages if page.stage not in begun]
        ready = [page for page in waiting if all(need in self.states for need in page.needs)]
        for page in ready:
            settled = self._without_running(page)
            if settled:
                self._settle(page, settled)
                self.progress.ended(page.notebook, "up to date" if settled.finished else describe(settled))
            else:
                self.running[pool.submit(self._execute, page, kernels)] = page
        return bool(ready)

    def _wait(self) -> None:
        if not self.running:
            return
        for future in wait(self.running, return_when=FIRST_COMPLETED).done:
            page, state = self.running.pop(future), future.result()
            self._settle(page, state)
            self.progress.ended(page.notebook, describe(state))

    def _settle(self, page: Page, state: PageState) -> None:
        self.states[page.stage] = state
        self.run = self.run.with_page(page.stage, state)
        self.run.save()

    def _without_running(self, page: Page) -> PageState | None:
        """The page's state where nothing has to be executed for it; None where it must run."""
        stage, folder = page.stage, self.run.folder
        lacking = [need for need in page.needs if not self.states[need].finished]
        if lacking and stage != DECISION:
            clear(folder, stage)
            asked = stage in self.job.wanted
            return PageState("not run", error=f"it needs {lacking[0]}, which has no result" if asked else NOT_ASKED)
        root, key, known = self.job.workspace.root, self._key(stage), self.run.pages.get(stage)
        if stale_reason(root, folder, stage, key) is None:
            return known if known and known.finished else PageState("done")
        clear(folder, stage)
        source = self._to_copy_from(stage, key)
        if source:
            copy_page(source, folder, stage)
            return PageState("copied")
        return None if stage in self.job.wanted else PageState("not run", error=NOT_ASKED)

    def _to_copy_from(self, stage: str, key: Mapping[str, object]) -> Path | None:
        """The run folder with the page as it would come out now; an older result never stands in for a crash."""
        newer = self.run
        for older in self.previous:
            if stage in newer.crashed:
                return None
            if stale_reason(self.job.workspace.root, older.folder, stage, key, upstream=self.run.folder) is None:
                return older.folder
            newer = older
        return None

    def _execute(self, page: Page, kernels: Kernels) -> PageState:
        """Execute the page in its work folder and take in what it wrote; a thread's work."""
        from pilotage.runner.execute import execute

        began, stage, folder = monotonic(), page.stage, self.run.folder
        self.progress.started(page.notebook)
        work = clear(folder, stage)
        target = work / "notebooks" / f"{stage}.ipynb"
        target.parent.mkdir()
        source = kernels.folder / f"{page.notebook}.ipynb"
        source.write_text(self.job.notebooks[stage].text, encoding="utf-8")
        environment = {"PILOTAGE_WORKSPACE": str(self.job.workspace.root), "PILOTAGE_RUN": str(folder)}
        fault = execute(
            source, target, self.job.parameters(stage, self.run.as_of), self.job.workspace.root, environment, kernels,
            lambda number, total: self.progress.doing(page.notebook, f"cell {number} of {total}", number / total),
        )  # fmt: skip
        fault = fault or collect(folder, stage, self._key(stage), page.needs)
        if fault:
            keep_partial(folder, stage)
        return PageState("crashed" if fault else "done", round(monotonic() - began, 2), fault)

    def _key(self, stage: str) -> dict[str, object]:
        return self.job.key(stage, self.run.as_of, self.run.name)
