"""A form in a notebook that is worked by keys alone: a name, then one thing at a time, and no key counts for two."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pilotage.errors import PilotageError
from pilotage.page import html

Clock = Callable[[], datetime]
# A key or a click that follows another, or a new thing to look at, sooner than this is one held down, doubled or made
# ahead: nobody has read what it would answer.
QUIET = timedelta(seconds=0.4)
# No scrolling inside: whoever scrolled there with the keys would press the next letter on the notebook.
STYLE = "white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid #888;padding:.6em"


def now_utc() -> datetime:
    """The wall clock: a form is worked by a person, whose time it is."""
    return datetime.now(UTC)


class KeyedForm(ABC):
    """The widgets and what they do. Keys are typed into a text field, because JupyterLab keeps keys pressed elsewhere.

    A letter typed on a button would be a command of the notebook (b adds a cell), so a click gives the field back its
    focus. A form shows itself as a cell's last value.
    """

    def __init__(self, who: str, asked: str, field: str, buttons: Mapping[str, str], clock: Clock) -> None:
        import ipywidgets as widgets

        self._clock = clock
        self._seated = False
        self._since = clock()  # the last key or click, and then what is on the screen
        self.name = widgets.Text(placeholder="your name, then Enter", description=who, continuous_update=False)
        self.begin = widgets.Button(description="Begin")
        self.message, self.run = widgets.HTML(), widgets.HTML()
        self.run.add_class("pilotage-run")
        self.keys = widgets.Text(description=field)
        self.buttons: dict[str, Any] = {}
        self._offered = widgets.HBox(layout={"flex_flow": "row wrap"})
        self._who = widgets.HBox([self.name, self.begin])
        # Above the texts, so that a long answer does not push it off the screen.
        self._ways = widgets.HBox([self.keys, self._offered], layout={"flex_flow": "row wrap"})
        self.above = widgets.VBox()  # what else a form asks; before the field, so that Tab leads from it to the field
        self._what = widgets.VBox([widgets.HTML(asked), self.above, self._ways])
        self.box = widgets.VBox([self._who, self._what, self.message, self.run])
        self.offer(buttons)
        self.show(self._what, False)
        self.name.observe(lambda change: self._begin(), "value")
        self.begin.on_click(lambda button: self._begin())
        self.keys.observe(lambda change: self._typed(str(change["new"])), "value")

    @abstractmethod
    def sit_down(self, name: str) -> None:
        """Open the person's place and look for what is to be shown first; PilotageError where that cannot be."""

    @abstractmethod
    def pressed(self, key: str) -> None:
        """Do what one of the keys offered stands for, and show what comes of it."""

    @abstractmethod
    def refresh(self, said: str = "") -> None:
        """Make what is on the screen anew."""

    def focus(self) -> None:
        """Let the next key go where it belongs."""
        self.keys.focus()

    def _repr_mimebundle_(self, **_: Any) -> Any:
        return self.box._repr_mimebundle_()

    def offer(self, buttons: Mapping[str, str]) -> None:
        """The keys that mean something from now on, each with its button; the field says them."""
        import ipywidgets as widgets

        if {key: button.description for key, button in self.buttons.items()} == dict(buttons):
            return
        before = list(self.buttons.values())
        self.buttons = {
            key: widgets.Button(description=text, layout={"width": "auto"}) for key, text in buttons.items()
        }
        for key, button in self.buttons.items():
            button.on_click(lambda _, key=key: self._clicked(key))
        keys = list(buttons)
        self.keys.placeholder = f"{', '.join(keys[:-1])} or {keys[-1]}" if len(keys) > 1 else "".join(keys)
        self._offered.children = tuple(self.buttons.values())
        for button in before:
            button.close()

    def say(self, what: object) -> None:
        """What happened, in a line that a screen reader reads out."""
        text = f"not kept: {what.strerror}" if isinstance(what, OSError) else str(what)
        self.message.value = f'<div role="status" aria-live="polite">{html.sentence(text)}</div>'

    @staticmethod
    def show(widget: Any, shown: bool) -> None:
        """Let the widget be seen, or not."""
        widget.layout.display = None if shown else "none"

    def _begin(self) -> None:
        if self._seated:
            return
        try:
            self.sit_down(self.name.value)
            self._seated = True
            self.refresh()
        except (PilotageError, OSError) as fault:
            self._seated = False
            self.say(fault)
            return
        self.show(self._who, False)
        self.show(self._what, True)
        self._since = self._clock()
        self.focus()

    def _typed(self, text: str) -> None:
        """One letter is a key; more than one were typed ahead of what the screen shows, and count as none."""
        if not text:
            return
        self.keys.value = ""
        self._do(text.strip().lower())

    def _clicked(self, key: str) -> None:
        self._do(key)
        self.focus()

    def _do(self, key: str) -> None:
        now = self._clock()
        quiet, self._since = abs(now - self._since) >= QUIET, now
        if not (self._seated and quiet and key in self.buttons):
            return
        try:
            self.pressed(key)
        except (PilotageError, OSError) as fault:
            self.say(fault)
        finally:
            self._since = self._clock()  # a click made while this was written was made on what stood there before


def titled(title: str, text: str) -> str:
    """A text from data under its title, whole and as it was written, but harmless; said where it is empty."""
    body = verbatim(text) if text.strip() else "<em>nothing was recorded</em>"
    return f'<p>{html.sentence(title)}</p><div style="{STYLE}">{body}</div>'


def verbatim(text: str) -> str:
    """The text escaped and otherwise unchanged: its backticks are its own and mark no code of ours."""
    return "`".join(html.sentence(part) for part in text.replace("\r\n", "\n").split("`"))
