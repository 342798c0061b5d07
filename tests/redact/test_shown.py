"""Where texts of users and agents are shown to people who need not see what is personal in them."""

from __future__ import annotations

import matplotlib as mpl
import pytest

from pilotage.agents.endpoint import Endpoint
from pilotage.errors import InputFaults
from pilotage.page import html
from pilotage.runner.clean import clean_html
from pilotage.runner.clean import plain as exported_text
from pilotage.runner.progress import one_line

MAIL, CARD = "someone@example.com", "4111 1111 1111 1111"
SAID = f"Refund {CARD} and write to {MAIL}"


@pytest.mark.parametrize(
    "shown",
    [
        lambda: html.text(SAID),
        lambda: html.sentence(SAID),
        lambda: html.table(SAID, ["What"], [[SAID]]),
        lambda: html.bullets([SAID]),
        lambda: clean_html(f"<table><tr><td>{SAID}</td></tr></table>"),
        lambda: exported_text(SAID),
        lambda: one_line(f"ValueError: {SAID}\n"),
        lambda: Endpoint("https://agent.example/v1").quoted(f'{{"error": {{"message": "{SAID}"}}}}'),
        lambda: str(Endpoint("https://agent.example/v1").refusal(500, {}, SAID)),
        lambda: str(Endpoint("https://agent.example/v1").unconnected(SAID)),
    ],
    ids=[
        *("a cell", "a sentence", "a table", "a list", "an export's table", "an export's text", "a crashed page"),
        *("a server's words", "a refusal", "a broken connection"),
    ],
)
def test_a_page_an_export_and_a_fault_show_no_personal_data(shown) -> None:  # type: ignore[no-untyped-def]
    text = str(shown())
    assert MAIL not in text
    assert CARD not in text
    assert "[email]" in text


def test_a_fault_that_a_command_tells_has_no_personal_data(capsys: pytest.CaptureFixture[str]) -> None:
    import click
    import typer

    from pilotage.cli.speak import spoken

    def command() -> None:
        raise InputFaults("tasks.jsonl cannot be used", [f"line 3: {SAID}"])

    with pytest.raises((typer.Exit, click.exceptions.Exit)):
        spoken(command)()
    told = capsys.readouterr().err
    assert "line 3: Refund [card] and write to [email]" in told


def test_a_figure_shows_no_personal_data() -> None:
    from pilotage.figures import bars

    mpl.use("agg")
    drawn = bars(SAID, [SAID], [1.0], "share")
    shown = " ".join(text.get_text() for text in drawn.findobj(mpl.text.Text))
    assert MAIL not in shown
    assert "[email]" in shown


def test_figures_and_our_own_words_stay_as_they_are() -> None:
    own = "1,234,567 runs from 2026-01-02 to 2026-11-22, 12.5% (10.1% to 14.9%); entry 3f786850e387 of the log"
    assert html.sentence(own) == own
    assert clean_html(f"<p>{own}</p>") == f"<p>{own}</p>"
