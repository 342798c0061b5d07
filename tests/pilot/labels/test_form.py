"""The form without a browser: what keys write, what the screen shows, what cannot be done is said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from pilotage.kpis import Tables
from pilotage.page.keyed_form import verbatim
from pilotage.pilot.labels.form import Form
from pilotage.pilot.labels.plan_file import draw_more
from pilotage.pilot.labels.questions import Question, question_of
from pilotage.pilot.labels.sitting import Sitting, open_sitting
from pilotage.pilot.labels.store import Label, append, path_of, read, standing
from pilotage.workspace import Workspace

Build = Callable[..., Tables]
Desk = Callable[..., Workspace]
AT = datetime(2026, 10, 1, 9, tzinfo=UTC)
M = "hallucination"


class Clock:
    """Goes on by a second whenever somebody looks."""

    def __init__(self) -> None:
        self.now, self.step = AT, timedelta(seconds=1)

    def __call__(self) -> datetime:
        self.now += self.step
        return self.now


@pytest.fixture
def runs(tables: Build) -> Tables:
    rows = [
        {"interaction_id": f"i{n}", "phase": "pilot", "input_text": f"asked {n}", "output_text": f"<b>said {n}</b>"}
        for n in range(1, 6)
    ]
    return tables(interactions=rows, labels=[])


def sit_down(workspace: Workspace, tables: Tables, name: str) -> Sitting:
    return open_sitting(workspace, "desk", tables, M, question_of(M), name)


@pytest.fixture
def opened(desk: Desk, runs: Tables) -> Callable[..., Form]:
    workspace = desk()

    def make(name: str = "Ada", drawn: bool = True) -> Form:
        if drawn:
            draw_more(workspace, "desk", M, runs, AT, uniform=5)
        return Form(lambda who: sit_down(workspace, runs, who), question_of(M), name, Clock())

    make.workspace = workspace  # type: ignore[attr-defined]
    return make


def press(form: Form, *keys: str) -> None:
    for key in keys:
        form.keys.value = key


def values(workspace: Workspace) -> list[float | None]:
    return [label.value for label in standing(read(workspace, "desk"))]


def test_each_key_is_on_disk_before_the_next_run_is_shown(opened: Callable[..., Form]) -> None:
    form, workspace = opened(), opened.workspace  # type: ignore[attr-defined]
    seen = []
    for count, key in enumerate("ynuyn", 1):
        assert f"{count} of 5" in form.message.value
        seen.append(form.run.value)
        press(form, key)
        assert len(values(workspace)) == count
    assert values(workspace) == [1.0, 0.0, None, 1.0, 0.0]
    assert len(set(seen)) == 5
    assert "5 of 5 done" in form.message.value
    labels = read(workspace, "desk")
    assert {(label.labeller, label.source, label.stream, label.inclusion_probability) for label in labels} == {
        ("Ada", "human", "uniform", 1.0)
    }
    assert all(label.seconds and label.seconds > 0 for label in labels)
    press(form, "y")
    assert len(read(workspace, "desk")) == 5


def test_nothing_in_an_answer_becomes_markup(opened: Callable[..., Form]) -> None:
    form = opened()
    assert "&lt;b&gt;said" in form.run.value
    assert "<b>" not in form.run.value
    assert verbatim("`a` <i> \x1b[31m &") == "`a` &lt;i&gt; ¤[31m &amp;"


def test_back_takes_the_last_answer_back_and_shows_its_run_again(opened: Callable[..., Form]) -> None:
    form, workspace = opened(), opened.workspace  # type: ignore[attr-defined]
    press(form, "y")
    second = form.run.value
    press(form, "n")
    press(form, "b")
    assert form.run.value == second
    assert values(workspace) == [1.0, None]
    assert standing(read(workspace, "desk"))[1].withdrawn
    press(form, "u")
    assert len(read(workspace, "desk")) == 4, "a line of the file was lost"
    press(form, "b", "b", "b")
    assert "no answer of yours to take back" in form.message.value
    assert all(label.withdrawn for label in standing(read(workspace, "desk")))


def test_a_key_held_down_or_typed_ahead_labels_one_run_only(opened: Callable[..., Form]) -> None:
    form, workspace = opened(), opened.workspace  # type: ignore[attr-defined]
    form._clock.step = timedelta(milliseconds=30)  # type: ignore[attr-defined]
    form._since -= timedelta(seconds=5)
    press(form, *"yyyyyy")
    assert len(values(workspace)) == 1
    form._clock.step = timedelta(seconds=1)  # type: ignore[attr-defined]
    press(form, "yn", "nnn", "?", " ")
    assert len(values(workspace)) == 1
    assert form.keys.value == ""
    press(form, "Y")
    assert values(workspace) == [1.0, 1.0]


@pytest.mark.parametrize("typed", [False, True])
def test_a_click_is_answered_once_whatever_follows_it_at_once(opened: Callable[..., Form], typed: bool) -> None:
    form, workspace = opened(), opened.workspace  # type: ignore[attr-defined]
    form.buttons["y"].click()
    second = form.run.value
    form._clock.step = timedelta(milliseconds=50)  # type: ignore[attr-defined]
    press(form, "n") if typed else form.buttons["y"].click()
    assert (values(workspace), form.run.value) == ([1.0], second)
    form._clock.step = timedelta(seconds=1)  # type: ignore[attr-defined]
    form.buttons["n"].click()
    assert values(workspace) == [1.0, 0.0]


def test_a_click_made_while_the_last_answer_was_written_counts_as_none(
    opened: Callable[..., Form], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits in the queue meanwhile, however slow the disk is, and was made on the run before."""
    form, workspace = opened(), opened.workspace  # type: ignore[attr-defined]
    clock: Clock = form._clock  # type: ignore[assignment]
    clock.step, real = timedelta(milliseconds=5), Sitting.answer
    form._since -= timedelta(seconds=5)

    def slowly(sitting: Sitting, key: str, at: datetime) -> None:
        real(sitting, key, at)
        clock.now += timedelta(seconds=2)

    monkeypatch.setattr(Sitting, "answer", slowly)
    form.buttons["y"].click()
    form.buttons["y"].click()
    assert values(workspace) == [1.0]


def test_a_name_is_asked_for_and_nothing_is_shown_before(opened: Callable[..., Form]) -> None:
    form = opened(name="")
    assert form.run.value == ""
    form.begin.click()
    assert "needs the name of the person" in form.message.value
    form.name.value = "  Grace   Hopper "
    assert "labelled by Grace Hopper" in form.message.value


def test_without_a_draw_the_form_says_how_to_draw(opened: Callable[..., Form]) -> None:
    assert "pilotage labels draw --dataset desk --metric hallucination" in opened(drawn=False).message.value


def test_whoever_comes_back_goes_on_where_they_stopped(opened: Callable[..., Form]) -> None:
    form = opened()
    press(form, "y", "n")
    assert opened().run.value == form.run.value
    assert "3 of 5" in opened().message.value


def test_nobody_sees_another_persons_label_or_a_score(opened: Callable[..., Form], runs: Tables) -> None:
    workspace = opened.workspace  # type: ignore[attr-defined]
    form = opened()
    before = form.run.value
    others = [Label(f"i{n}", M, 0.987, "judge", "secret-judge", "uniform", 1.0, AT) for n in range(1, 6)]
    append(workspace, "desk", others)
    again = opened()
    assert again.run.value == before
    assert not any(word in again.run.value + again.message.value for word in ("secret-judge", "0.987", "98.7"))


def test_a_disk_that_is_full_is_said_and_the_run_stays(
    opened: Callable[..., Form], monkeypatch: pytest.MonkeyPatch
) -> None:
    form = opened()
    shown = form.run.value

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pilotage.pilot.labels.store._add", full)
    press(form, "y")
    assert "not kept: No space left on device" in form.message.value
    assert form.run.value == shown


def test_a_store_that_cannot_be_read_is_said(opened: Callable[..., Form]) -> None:
    form, workspace = opened(), opened.workspace  # type: ignore[attr-defined]
    path_of(workspace, "desk").write_text("nonsense\n{}\n")
    press(form, "y")
    assert "line 1" in form.message.value


def test_a_dataset_without_answers_is_refused(desk: Desk, tables: Build) -> None:
    bare = tables(interactions=[{"interaction_id": "i1", "phase": "pilot"}], labels=[])
    form = Form(lambda who: sit_down(desk(), bare, who), Question("Right?"), "Ada", Clock())
    assert "no column <code>output_text</code>" in form.message.value
