"""Where an evaluation stands, for a terminal, a file and a notebook."""

from __future__ import annotations

import errno
import sys
from io import StringIO
from types import SimpleNamespace

import pytest

from pilotage.pilot.evaluate.progress import Bar, Lines, Standing, Widget, progress_here


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (Standing(1000, 0, 0, 0.0, 8, 0.0), "0 of 1,000 runs"),
        (Standing(1000, 200, 3, 40.0, 8, 0.0),
         "200 of 1,000 runs, 3 without a score, 40 a second, 8 at a time, 20 s left"),
        (Standing(9000, 0, 0, 10.0, 8, 1.5), "0 of 9,000 runs, 10 a second, 8 at a time, spent 1.5, 15 min left"),
        (Standing(10, 10, 0, 5.0, 8, 0.0), "10 of 10 runs, 5 a second, 8 at a time"),
    ],
)  # fmt: skip
def test_it_says_how_far_how_fast_and_how_long_yet(standing, said):
    assert str(standing) == said


def test_a_reader_who_has_gone_stops_nothing():
    class Gone(StringIO):
        tried = 0

        def flush(self) -> None:
            self.tried += 1
            raise BrokenPipeError

    gone = Gone()
    Lines(gone).show(Standing(1, 0, 0, 0.0, 1, 0.0))
    assert gone.tried


def test_a_terminal_that_was_closed_stops_nothing():
    class Closed(Terminal):
        def write(self, text: str) -> int:
            raise OSError(errno.EIO, "Input/output error")

    Lines(Closed()).show(Standing(1, 0, 0, 0.0, 1, 0.0))
    terminal = Terminal()
    bar = Bar(terminal)
    terminal.__class__ = Closed
    bar.show(Standing(1, 0, 0, 0.0, 1, 0.0))
    assert bar.close() is None


def test_a_bar_goes_away_in_the_end():
    stream = Terminal()
    bar = progress_here(stream)
    assert isinstance(bar, Bar)
    bar.show(Standing(10, 5, 0, 1.0, 1, 0.0))
    bar.close()
    assert "5 of 10 runs" in stream.getvalue()


def test_where_nobody_looks_there_are_lines():
    assert isinstance(progress_here(StringIO()), Lines)


@pytest.mark.parametrize("widgets", [True, False])
def test_a_notebook_has_a_widget_or_lines_where_widgets_are_not_installed(monkeypatch, widgets):
    import IPython

    shown = []
    monkeypatch.setattr(IPython, "get_ipython", lambda: SimpleNamespace(kernel=object()))
    monkeypatch.setattr("IPython.display.display", shown.append)
    if not widgets:
        monkeypatch.setitem(sys.modules, "ipywidgets", None)
    progress = progress_here(StringIO())
    assert isinstance(progress, Widget if widgets else Lines)
    progress.show(Standing(10, 5, 0, 1.0, 1, 0.0))
    progress.close()
    if widgets:
        bar, text = shown[0].children
        assert (bar.max, bar.value, bar.layout.display) == (10, 5, "none")
        assert text.value.startswith("5 of 10 runs")
