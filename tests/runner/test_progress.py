"""What a run says: whole lines, harmless anywhere, and no trouble when nobody reads them."""

from __future__ import annotations

import threading
from io import StringIO

import pytest

from pilotage.runner.history import PageState
from pilotage.runner.progress import Lines, one_line


class Slow(StringIO):
    """Lets another thread in after each write, as a busy machine does."""

    def write(self, text: str) -> int:
        written = super().write(text)
        threading.Event().wait(0.001)
        return written


class Gone(StringIO):
    """A pipe whose reader has closed it."""

    def flush(self) -> None:
        raise BrokenPipeError


def test_lines_of_pages_that_run_at_once_stay_whole():
    stream = Slow()
    lines = Lines(stream)
    names = [f"{number:02}_page" for number in range(20)]
    threads = [threading.Thread(target=lines.started, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(stream.getvalue().splitlines()) == [f"{name}: running" for name in names]


def test_a_reader_who_has_gone_stops_nothing():
    with Lines(Gone()) as lines:
        lines.say("one")
        lines.ended("01_baseline", PageState("done", 1.0))
    assert lines.stream.getvalue().startswith("one")


def test_control_characters_are_shown_not_sent():
    stream = StringIO()
    Lines(stream).say("data/\x1b]0;mine\x07: taking in")
    assert stream.getvalue() == "data/¤]0;mine¤: taking in\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("one", "one"),
        ("", "no message"),
        ("\n \n", "no message"),
        ("first\nmiddle\n  last  ", "first … last"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("bell\x07, \x1b]8;;http://x\x1b\\link, \x9b1m", "bell¤, ¤]8;;http://x¤\\link, ¤1m"),
        ("x" * 301, f"{'x' * 300}… (301 characters)"),
    ],
)
def test_a_message_becomes_one_harmless_line(text, line):
    assert one_line(text) == line
