"""The labelling form in a notebook: one run at a time, worked by keys alone, every answer on disk before the next."""

from __future__ import annotations

from collections.abc import Callable

from pilotage.kpis import Tables
from pilotage.page import Page, html
from pilotage.page.keyed_form import Clock, KeyedForm, now_utc, titled
from pilotage.pilot.labels.questions import Question, question_of
from pilotage.pilot.labels.sitting import ANSWERS, Sitting, open_sitting

BACK = "b"
BUTTONS = {"y": "Yes (y)", "n": "No (n)", "u": "Unsure (u)", BACK: "Back (b)"}
HELP = "Keys, in the field: y yes, n no, u unsure, b back. Each answer is kept at once."


def form(page: Page, tables: Tables, metric: str, labeller: str = "", question: str = "") -> Form | None:
    """The form, which shows itself as a cell's last value; None where a run executes the page: nobody could answer.

    `labeller` is asked for in the form where it is not given; `question` words the metric's question anew.
    """
    if not page.by_hand:
        return None
    asked = question_of(metric, question)

    def sit(name: str) -> Sitting:
        return open_sitting(page.workspace, page.dataset, tables, metric, asked, name)

    return Form(sit, asked, labeller)


class Form(KeyedForm):
    """Asks one question of one run after another; `b` takes the last answer back."""

    def __init__(
        self, sit: Callable[[str], Sitting], question: Question, labeller: str = "", clock: Clock = now_utc
    ) -> None:
        asked = f"<p><strong>{html.sentence(question.text)}</strong></p>{html.paragraph(HELP)}"
        super().__init__("Labeller", asked, "Answer", BUTTONS, clock)
        self._sit = sit
        self._sitting: Sitting | None = None
        if labeller:
            self.name.value = labeller

    def sit_down(self, name: str) -> None:
        """Open the labeller's place in the plan and look for the first run left."""
        self._sitting = self._sit(name)
        self._sitting.show_next(self._clock())

    def pressed(self, key: str) -> None:
        """Write the answer, or take the last one back."""
        sitting = self._sitting
        assert sitting is not None
        said = ""
        if key in ANSWERS:
            sitting.answer(key, self._clock())
        elif not sitting.back(self._clock()):
            said = "There is no answer of yours to take back."
        self.refresh(said)

    def refresh(self, said: str = "") -> None:
        """What is on the screen, made anew from where the sitting stands."""
        sitting = self._sitting
        assert sitting is not None
        progress = sitting.progress()
        if sitting.current is None:
            self.run.value = html.paragraph("Nothing is left for you to label. Press b to go back.")
        else:
            given, answer = sitting.texts()
            self.run.value = titled("What the agent was given", given) + titled("What it answered", answer)
        place = f"{min(progress.done + 1, progress.total):,} of {progress.total:,}"
        done = f"{progress.done:,} of {progress.total:,} done" if sitting.current is None else place
        self.say(f"{done}, labelled by {sitting.labeller}. {said}")
