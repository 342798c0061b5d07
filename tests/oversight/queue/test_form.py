"""The review form without a browser: what keys decide, what the screen shows, what cannot be done is said."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from pilotage.kpis import Tables
from pilotage.oversight.queue.form import RAN_OUT, REASON_KEYS, Form, form, reason_keys
from pilotage.oversight.queue.items import Decided, NewItem
from pilotage.oversight.queue.sitting import open_sitting
from pilotage.oversight.queue.store import Queue, open_queue
from pilotage.page import Page
from pilotage.playbook import read_policy
from pilotage.playbook.oversight import ReviewQueue
from pilotage.workspace import Workspace

Build = Callable[..., Tables]
AT = datetime(2026, 10, 1, 9, tzinfo=UTC)
LEASE = timedelta(minutes=10)


class Clock:
    """Goes on by a second whenever somebody looks; `ticks` counts the same seconds from nowhere."""

    def __init__(self) -> None:
        self.now, self.step = AT, timedelta(seconds=1)

    def __call__(self) -> datetime:
        self.now += self.step
        return self.now

    def ticks(self) -> float:
        return (self.now - AT).total_seconds() + 77


class Desk:
    """A dataset with five runs in the queue, one of them a planted error, one for two people."""

    def __init__(self, workspace: Workspace, tables: Tables, policy: ReviewQueue) -> None:
        self.workspace, self.tables, self.policy, self.clock = workspace, tables, policy, Clock()

    def queue(self) -> Queue:
        return open_queue(self.workspace, "desk")

    def fill(self, runs: int = 5) -> None:
        with self.queue() as queue:
            queue.mix(0.3)
            queue.add(
                NewItem(f"q{n}", f"i{n}", "post invoice", "in the loop", "uniform", 0.5, AT, n == 2, 1 + (n == 3))
                for n in range(1, runs + 1)
            )

    def decided(self) -> list[Decided]:
        with self.queue() as queue:
            return list(queue.decisions())

    def form(self, name: str = "Ada") -> Form:
        def sit(who: str):
            return open_sitting(self.workspace, "desk", self.tables, self.policy, who)

        return Form(sit, self.policy, name, self.clock, self.clock.ticks)


@pytest.fixture
def desk(tmp_path, workspace_copy: Callable[..., Workspace], tables: Build) -> Desk:
    workspace = workspace_copy(tmp_path / "house")
    folder = workspace.dataset("desk")
    folder.mkdir()
    (folder / "dataset.yaml").write_text("name: desk\ntables:\n  interactions: {file: runs.csv}\n")
    rows = [
        {"interaction_id": f"i{n}", "phase": "pilot", "input_text": f"asked {n}", "output_text": f"<b>said {n}</b>"}
        for n in range(1, 6)
    ]
    policy = read_policy(workspace, ("oversight",)).oversight.queue
    return Desk(workspace, tables(interactions=rows), policy)


def press(form: Form, *keys: str) -> None:
    for key in keys:
        form.keys.value = key


def test_each_decision_is_on_disk_before_the_next_item_is_shown(desk: Desk) -> None:
    desk.fill()
    form = desk.form()
    seen = []
    for count, keys in enumerate(("a", "r2", "a", "c1", "a"), 1):
        assert f"{count - 1} decided by Ada, {6 - count} left" in form.message.value
        seen.append(form.run.value)
        press(form, *keys)
        if keys[0] == "c":
            form.text.value = "what it should have said\nin two lines"
            press(form, "k")
        assert len(desk.decided()) == count
    assert [one.decision for one in desk.decided()] == ["approve", "reject", "approve", "correct", "approve"]
    assert [one.reason for one in desk.decided()] == ["", "wrong amount", "", "wrong order", ""]
    assert desk.decided()[3].correction == "what it should have said\nin two lines"
    assert len(set(seen)) == 5
    assert "5 decided by Ada, none left" in form.message.value
    press(form, "a")
    assert len(desk.decided()) == 5


def test_the_whole_file_is_looked_at_for_damage_once_a_sitting(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """At each key it would be felt once the queue is long."""
    desk.fill()
    looked: list[bool] = []

    def look(*given: object) -> None:
        looked.append(bool(given[3]))

    monkeypatch.setattr("pilotage.oversight.queue.opening.check", look)
    press(desk.form(), "a", "a")
    assert looked[0]
    assert looked[1:] == [False] * 4


def test_seconds_run_from_showing_to_deciding_and_a_clock_set_back_changes_none(desk: Desk) -> None:
    desk.fill()
    form = desk.form()
    ticks = iter((0.0, 30.04, 30.04, 500.0, 500.0))
    form._ticks = lambda: next(ticks)
    press(form, "s")  # the item is shown at 0
    press(form, "a")
    desk.clock.now -= timedelta(hours=3)
    press(form, "a")
    assert [one.seconds for one in desk.decided()] == [30.0, 470.0]


def test_nothing_of_the_form_tells_a_planted_or_a_shared_item(desk: Desk) -> None:
    desk.fill()
    form = desk.form()
    screens = []
    for _ in range(5):
        number = next(n for n in range(1, 6) if f"asked {n}" in form.run.value)
        shown = form.run.value + form.hint.value
        screens.append(shown.replace(f"asked {number}", "asked").replace(f"said {number}", "said"))
        press(form, "a")
    assert len(set(screens)) == 1


def test_nothing_in_an_answer_becomes_markup_and_personal_data_is_shown_nowhere(desk: Desk, tables: Build) -> None:
    row = {"interaction_id": "i1", "phase": "pilot", "input_text": "x", "output_text": "<i> to anna.rossi@firma.it"}
    desk.tables = tables(interactions=[row])
    desk.fill(1)
    form = desk.form()
    press(form, "c", "1")
    assert "&lt;i&gt; to" in form.run.value
    assert "anna.rossi" not in form.run.value + form.text.value
    assert form.text.value.startswith("<i> to ")


def test_reasons_are_asked_for_in_the_playbooks_order_with_their_meaning(desk: Desk) -> None:
    desk.fill()
    form = desk.form()
    press(form, "r")
    assert list(reason_keys(desk.policy).values()) == list(desk.policy.reasons)
    assert all(meaning.split(";")[0][:20] in form.hint.value for meaning in desk.policy.reasons.values())
    assert form.keys.placeholder == "1, 2, 3, 4, 5 or b"
    assert form.buttons["2"].description == "wrong amount (2)"
    press(form, "b", "a")
    assert [(one.decision, one.reason) for one in desk.decided()] == [("approve", "")]


def test_more_reasons_than_digits_go_on_in_letters_but_back() -> None:
    many = {f"reason {n}": "x" for n in range(12)}
    policy = ReviewQueue.model_construct(reasons=many)
    assert "".join(reason_keys(policy)) == "123456789acd"
    assert "b" not in REASON_KEYS


def test_a_correction_starts_from_what_was_proposed_and_must_differ_from_it(desk: Desk) -> None:
    desk.fill()
    form = desk.form()
    press(form, "c", "3")
    proposed = form.text.value
    assert proposed.startswith("<b>said")
    press(form, "k")
    assert "still what the agent wrote" in form.message.value
    form.text.value = "  "
    press(form, "k")
    assert desk.decided() == []
    press(form, "b", "b", "a")
    assert [one.decision for one in desk.decided()] == ["approve"]


def test_a_key_held_down_or_typed_ahead_decides_one_item_only(desk: Desk) -> None:
    desk.fill()
    form = desk.form()
    desk.clock.step = timedelta(milliseconds=30)
    form._since -= timedelta(seconds=5)
    press(form, *"aaaaaa")
    assert len(desk.decided()) == 1
    form._since -= timedelta(seconds=5)
    press(form, *"rrr11")  # the reason is asked for, and no key that came at once answers it
    assert len(desk.decided()) == 1
    desk.clock.step = timedelta(seconds=1)
    press(form, "aa", "?", " ", "9")
    assert len(desk.decided()) == 1
    press(form, "1")
    assert [one.decision for one in desk.decided()] == ["approve", "reject"]


def test_a_double_click_decides_one_item_only(desk: Desk) -> None:
    desk.fill()
    form = desk.form()
    form.buttons["a"].click()
    desk.clock.step = timedelta(milliseconds=50)
    form.buttons["a"].click()
    assert len(desk.decided()) == 1


def test_what_is_skipped_goes_back_undecided_and_comes_last(desk: Desk) -> None:
    desk.fill()
    form = desk.form()
    first = form.run.value
    press(form, "s")
    assert form.run.value != first
    assert "went back to the queue" in form.message.value
    press(form, *"aaaa")
    assert form.run.value == first
    with desk.queue() as queue:
        assert queue.counts().decided == 4


def test_after_the_lease_ran_out_no_key_decides_and_the_next_item_comes(desk: Desk) -> None:
    desk.fill()
    form = desk.form()
    first = form.run.value
    assert "yours until 09:10 UTC" in form.message.value
    desk.clock.now += LEASE
    press(form, "a")
    assert RAN_OUT in form.message.value
    assert form.run.value != first
    assert desk.decided() == []
    press(form, "a")
    assert len(desk.decided()) == 1


def test_a_text_begun_before_the_lease_ran_out_is_there_when_the_item_comes_back(desk: Desk) -> None:
    desk.fill(1)
    form = desk.form()
    press(form, "c", "1")
    form.text.value = "half a page of careful writing"
    desk.clock.now += LEASE
    press(form, "k")
    assert desk.decided() == []
    press(form, "c", "1")
    assert form.text.value == "half a page of careful writing"
    press(form, "k")
    assert desk.decided()[0].correction == "half a page of careful writing"


def test_an_item_taken_anew_in_another_window_is_decided_once(desk: Desk) -> None:
    desk.fill(1)
    form, other = desk.form(), desk.form()
    press(form, "a")
    assert "Not kept" in form.message.value
    assert "another window" in form.message.value
    assert desk.decided() == []
    press(form, "a")
    press(other, "a")
    assert len(desk.decided()) == 1


def test_a_queue_that_cannot_be_written_is_said_and_the_item_stays(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.fill()
    form = desk.form()
    shown = form.run.value

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pilotage.oversight.queue.writing.keep", full)
    press(form, "a")
    assert "Not kept" in form.message.value
    assert "No space left on device" in form.message.value
    assert form.run.value == shown


def test_a_run_that_the_dataset_lost_can_only_be_skipped(desk: Desk, tables: Build) -> None:
    desk.fill(1)
    desk.tables = tables(interactions=[{"interaction_id": "other", "phase": "pilot", "output_text": "x"}])
    form = desk.form()
    assert "does not have this run any more" in form.run.value
    press(form, "a", "r", "c")
    assert desk.decided() == []
    press(form, "s")
    assert "went back to the queue" in form.message.value


def test_a_name_is_asked_for_and_nothing_is_shown_before(desk: Desk) -> None:
    desk.fill()
    form = desk.form(name="")
    assert form.run.value == ""
    form.begin.click()
    assert "needs the name of its reviewer" in form.message.value
    form.name.value = "  Grace   Hopper "
    assert "decided by Grace Hopper" in form.message.value


def test_without_a_draw_or_without_answers_the_form_says_so(desk: Desk, tables: Build) -> None:
    assert "pilotage reviews draw --dataset desk" in desk.form().message.value
    desk.fill()
    desk.tables = tables(interactions=[{"interaction_id": "i1", "phase": "pilot"}])
    assert "no column <code>output_text</code>" in desk.form().message.value


def test_a_run_executes_the_page_without_a_form(
    page: Callable[..., Page], desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PILOTAGE_RUN", "somewhere")
    assert form(page("oversight"), desk.tables) is None
