"""What a run says: whole lines, harmless anywhere, and no trouble when nobody reads them."""

from __future__ import annotations

import threading
from io import StringIO

import pytest

from pilotage.runner.progress import Bars, Lines, one_line


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
        lines.ended("01_baseline", "done in 1.0 s")
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


def test_bars_leave_one_harmless_line_for_each_thing_that_ended():
    stream = StringIO()
    with Bars(stream) as bars:
        bars.started("data/mine", "taking in its tables")
        bars.doing("data/mine", "reading cases")
        bars.ended("data/mine", "taken in")
        bars.started("02_pilot")
        bars.doing("02_pilot", "cell 3 of 5", 0.6)
        bars.ended("02_pilot", "crashed: [red]\x1b[31m" + "x" * 200)
    lines = [line.rstrip() for line in stream.getvalue().splitlines() if line.strip()]
    assert [line for line in lines if "taken in" in line or "crashed" in line] == [
        "data/mine: taken in", "02_pilot: crashed: [red]¤[31m" + "x" * 200,
    ]  # fmt: skip
