"""The labelling form in a notebook: one run at a time, worked by keys alone, every answer on disk before the next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from pilotage.errors import PilotageError
from pilotage.kpis import Tables
from pilotage.page import Page, html
from pilotage.pilot.labels.questions import Question, question_of
from pilotage.pilot.labels.sitting import ANSWERS, Sitting, open_sitting

Clock = Callable[[], datetime]
BACK = "b"
BUTTONS = {"y": "Yes (y)", "n": "No (n)", "u": "Unsure (u)", BACK: "Back (b)"}
# A key or a click that follows another, or a new run, sooner than this is one held down, doubled or made ahead: nobody
# has read the run.
QUIET = timedelta(seconds=0.4)
# No scrolling inside: whoever scrolled there with the keys would press the next letter on the notebook.
STYLE = "white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid #888;padding:.6em"
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


def _now() -> datetime:
    return datetime.now(UTC)


class Form:
    """The widgets and what they do. Keys are typed into a text field, because JupyterLab keeps keys pressed elsewhere.

    A letter typed on a button would be a command of the notebook (b adds a cell), so a click gives the field back its
    focus.
    """

    def __init__(
        self, sit: Callable[[str], Sitting], question: Question, labeller: str = "", clock: Clock = _now
    ) -> None:
        import ipywidgets as widgets

        self._sit, self._clock = sit, clock
        self._sitting: Sitting | None = None
        self._since = clock()  # the last key or click, and then the run on the screen
        self.name = widgets.Text(placeholder="your name, then Enter", description="Labeller", continuous_update=False)
        self.begin = widgets.Button(description="Begin")
        self.message, self.run = widgets.HTML(), widgets.HTML()
        self.run.add_class("pilotage-run")
        asked = f"<p><strong>{html.sentence(question.text)}</strong></p>{html.paragraph(HELP)}"
        self.keys = widgets.Text(placeholder="y, n, u or b", description="Answer")
        self.buttons = {key: widgets.Button(description=text) for key, text in BUTTONS.items()}
        self._who = widgets.HBox([self.name, self.begin])
        ways = widgets.HBox([self.keys, *self.buttons.values()])
        # Above the texts, so that a long answer does not push it off the screen.
        self._what = widgets.VBox([widgets.HTML(asked), ways])
        self.box = widgets.VBox([self._who, self._what, self.message, self.run])
        self._show(self._what, False)
        self._listen()
        if labeller:
            self.name.value = labeller

    def _repr_mimebundle_(self, **_: Any) -> Any:
        return self.box._repr_mimebundle_()

    def _listen(self) -> None:
        self.name.observe(lambda change: self._begin(), "value")
        self.begin.on_click(lambda button: self._begin())
        self.keys.observe(lambda change: self._typed(str(change["new"])), "value")
        for key, button in self.buttons.items():
            button.on_click(lambda _, key=key: self._clicked(key))

    def _begin(self) -> None:
        if self._sitting is not None:
            return
        try:
            self._sitting = self._sit(self.name.value)
            self._sitting.show_next(self._clock())
        except (PilotageError, OSError) as fault:
            self._sitting = None
            self._say(fault)
            return
        self._show(self._who, False)
        self._show(self._what, True)
        self._refresh()
        self._since = self._clock()
        self.keys.focus()

    def _typed(self, text: str) -> None:
        """One letter is a key; more than one were typed ahead of what the screen shows, and count as none."""
        if not text:
            return
        self.keys.value = ""
        self._do(text.strip().lower())

    def _clicked(self, key: str) -> None:
        self._do(key)
        self.keys.focus()

    def _do(self, key: str) -> None:
        now = self._clock()
        quiet, self._since = now - self._since >= QUIET, now
        if self._sitting is None or not quiet or key not in BUTTONS:
            return
        try:
            if key in ANSWERS:
                self._sitting.answer(key, self._clock())
            elif not self._sitting.back(self._clock()):
                self._refresh("There is no answer of yours to take back.")
                return
            self._refresh()
        except (PilotageError, OSError) as fault:
            self._say(fault)
        finally:
            self._since = self._clock()  # a click made while the answer was written was made on the run before

    def _refresh(self, said: str = "") -> None:
        """What is on the screen, made anew from where the sitting stands."""
        sitting = self._sitting
        assert sitting is not None
        progress = sitting.progress()
        if sitting.current is None:
            self.run.value = html.paragraph("Nothing is left for you to label. Press b to go back.")
        else:
            given, answer = sitting.texts()
            self.run.value = _text("What the agent was given", given) + _text("What it answered", answer)
        place = f"{min(progress.done + 1, progress.total):,} of {progress.total:,}"
        done = f"{progress.done:,} of {progress.total:,} done" if sitting.current is None else place
        self._say(f"{done}, labelled by {sitting.labeller}. {said}")

    def _say(self, what: object) -> None:
        text = f"not kept: {what.strerror}" if isinstance(what, OSError) else str(what)
        self.message.value = f'<div role="status" aria-live="polite">{html.sentence(text)}</div>'

    @staticmethod
    def _show(widget: Any, shown: bool) -> None:
        widget.layout.display = None if shown else "none"


def _text(title: str, text: str) -> str:
    """A text from data under its title, whole and as it was written, but harmless."""
    body = verbatim(text) if text.strip() else "<em>nothing was recorded</em>"
    return f'<p>{html.sentence(title)}</p><div style="{STYLE}">{body}</div>'


def verbatim(text: str) -> str:
    """The text escaped and otherwise unchanged: its backticks are its own and mark no code of ours."""
    return "`".join(html.sentence(part) for part in text.replace("\r\n", "\n").split("`"))
