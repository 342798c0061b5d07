"""The review queue: nobody decides what another holds, nothing is decided twice or lost, and each refusal says why."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pilotage.errors import InputFaults, PilotageError
from pilotage.oversight.queue import reading
from pilotage.oversight.queue.items import Claim, Listed, NewItem
from pilotage.oversight.queue.opening import path_of
from pilotage.oversight.queue.store import Queue, open_queue
from pilotage.workspace import Workspace

T = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)


def minutes(n: float) -> timedelta:
    return timedelta(minutes=n)


def item(number: int = 1, **more: object) -> NewItem:
    facts = {"copies": 1, "queued_at": T, "stream": "uniform", "inclusion_probability": 1.0, "tier": "in the loop"}
    return NewItem(**{"item_id": f"i{number}", "interaction_id": f"r{number}", "action_type": "post", **facts, **more})  # type: ignore[arg-type]


@pytest.fixture
def queue(desk: Workspace):
    with open_queue(desk, "desk", lease_minutes=10) as opened:
        yield opened


def claim(queue: Queue, who: str = "Ada", at: datetime = T) -> Claim:
    found = queue.claim(who, at)
    assert found is not None
    return found


def decide(queue: Queue, found: Claim, decision: str = "approve", at: datetime = T) -> None:
    queue.decide(found, decision, "" if decision == "approve" else "other", "", 5.0, at)  # type: ignore[arg-type]


def work_off(queue: Queue, who: str, at: datetime = T) -> list[str]:
    done = []
    while found := queue.claim(who, at):
        decide(queue, found, at=at)
        done.append(found.item_id)
    return done


def test_an_item_is_held_by_one_person_and_decided_once(queue: Queue) -> None:
    assert (queue.add([item(1), item(2)]), queue.add([item(1), item(3)])) == (2, 1)
    ada, bob = claim(queue), claim(queue, "Bob")
    assert ada.item_id != bob.item_id
    assert ada.lease_until == T + minutes(10)
    decide(queue, ada)
    with pytest.raises(PilotageError, match="is decided already, and a decision is for good"):
        decide(queue, ada, "reject")
    decide(queue, bob, "reject")
    third = claim(queue)
    assert {ada.item_id, bob.item_id, third.item_id} == {"i1", "i2", "i3"}
    assert queue.claim("Zoe", T) is None
    assert [one.decision for one in queue.decisions()] == ["approve", "reject"]


def test_an_item_for_two_people_goes_to_two_different_people(queue: Queue) -> None:
    queue.add([item(1, copies=2)])
    assert work_off(queue, "Ada") == ["i1"]
    assert queue.claim("ada", T) is None, "the same person in small letters"
    assert queue.claim(" Ada ", T) is None
    assert work_off(queue, "Bob") == ["i1"]
    assert work_off(queue, "Zoe") == []
    assert [one.review_id for one in queue.decisions()] == ["i1-1", "i1-2"]


@pytest.mark.parametrize(
    ("name", "same"), [("Özil", "özil"), ("Weiß", "WEISS"), ("Ada B", " ada   b"), ("Ève", "e\u0300ve")]
)
def test_a_name_is_one_persons_however_it_is_written(queue: Queue, name: str, same: str) -> None:
    queue.add([item(1, copies=2), item(2, copies=2)])
    queue.withdraw(same, T)
    (listed,) = queue.hand_out(name, 1, T)
    held = claim(queue, same)
    assert held.item_id != listed.item_id
    assert (queue.claim(name, T).item_id, queue.left(same)) == (held.item_id, 0)  # type: ignore[union-attr]
    assert queue.decide_listed(same, [Listed(listed.item_id, "approve")], T) == 1
    assert work_off(queue, same) == [held.item_id]
    assert len(work_off(queue, "Bob")) == 2
    assert name in {one.reviewer for one in queue.decisions()}, "as written"


def test_the_file_itself_refuses_a_second_decision_and_any_change(queue: Queue) -> None:
    queue.add([item(1), item(2, copies=2)])
    first = claim(queue)
    decide(queue, first)
    columns = "item_id, copy, reviewer, who, token, decision, reason, correction, seconds, claimed_at, decided_at"
    again = f"INSERT INTO decisions ({columns}) SELECT item_id, {{}}, {{}}, {{}}, {{}} FROM decisions"
    rest = "'approve', '', '', 1, claimed_at, decided_at"
    with closing(sqlite3.connect(queue.path)) as other:
        other.execute("PRAGMA foreign_keys = ON")
        for sql in (
            again.format("copy", "reviewer", "who", f"token, {rest}"),
            again.format("copy", "'Bob'", "'bob'", f"token, {rest}"),
            again.format("copy", "'Bob'", "'bob'", f"99, {rest}"),
            again.format("copy + 7", "'Bob'", "'bob'", f"99, {rest}"),
            "UPDATE decisions SET decision = 'reject'",
            "DELETE FROM decisions",
            "UPDATE items SET seeded = 1",
            "DELETE FROM items",
        ):
            with pytest.raises(sqlite3.IntegrityError):
                other.execute(sql)
    assert len(queue.decisions()) == 1


def test_the_triggers_hold_even_where_the_indexes_would_not(queue: Queue) -> None:
    """A decision dated before its claim or an older decision is refused by the file, whoever writes it."""
    queue.add([item(1), item(2)])
    held = claim(queue, at=T + minutes(1))
    sql = """INSERT INTO decisions (item_id, copy, reviewer, who, token, decision, reason, correction, seconds,
             claimed_at, decided_at)
             SELECT item_id, copy, reviewer, who, token, 'approve', '', '', 1, claimed_at, ? FROM slots
             WHERE token = ?"""
    with closing(sqlite3.connect(queue.path, isolation_level=None)) as other:
        for at, word in ((T, "who holds an item"), (T + minutes(2), "dated before an older one")):
            with pytest.raises(sqlite3.IntegrityError, match=word):
                other.execute(sql, [at.isoformat(timespec="microseconds"), held.token])
            if at == T:
                decide(queue, claim(queue, "Bob"), at=T + minutes(9))


def test_a_planted_or_shared_item_looks_like_any_other_to_who_claims_it(queue: Queue) -> None:
    queue.mix(0.5)
    plain = item(1, item_id="a")
    queue.add([plain, item(2, item_id="b", seeded=True, stream="guided"), item(3, item_id="c", copies=2)])
    claims = [claim(queue, who) for who in ("Ada", "Bob", "Zoe")]
    odd = {"a", "b", "c"}
    for found in claims:
        facts = vars(found)
        assert facts.pop("item_id") in odd
        assert set(facts) == {"interaction_id", "action_type", "reviewer", "token", "lease_until"}


def test_planted_and_shared_items_stand_nowhere_special_in_their_day(queue: Queue) -> None:
    planted = {f"i{n}" for n in range(0, 300, 10)}
    queue.mix(0.1)
    queue.add(item(n, seeded=f"i{n}" in planted) for n in range(300))
    places = [place for place, name in enumerate(work_off(queue, "Ada")) if name in planted]
    assert abs(sum(places) / len(places) - 150) < 45
    assert len({place % 10 for place in places}) > 5
    assert len(places) == len(planted)


@pytest.mark.parametrize("sheet", [False, True])
def test_known_errors_that_come_in_bulk_are_spread_among_what_comes_after_them(queue: Queue, sheet: bool) -> None:
    """Otherwise who has worked the queue off would know the next ones for what they are."""
    queue.mix(0.06)
    queue.add(item(n) for n in range(20))
    work_off(queue, "Ada")
    planted = {f"i{n}" for n in range(100, 112)}
    queue.add(item(n, seeded=True) for n in range(100, 112))
    assert (queue.claim("Ada", T), queue.hand_out("Ada", 5, T), queue.left("Ada")) == (None, (), 0)
    queue.add(item(n, queued_at=T + timedelta(days=1)) for n in range(200, 280))
    promised = queue.left("Ada")
    found = [one.item_id for one in queue.hand_out("Ada", 500, T)] if sheet else work_off(queue, "Ada")
    places = [place for place, name in enumerate(found) if name in planted]
    assert len(found) == promised == 80 + len(places)
    assert 3 <= len(places) <= 6
    assert all(after - before > 1 for before, after in zip(places, [*places[1:], len(found)], strict=True))


def test_what_is_left_goes_down_by_one_whether_the_item_was_planted_or_not(queue: Queue) -> None:
    queue.mix(0.2)
    queue.add(item(n, seeded=n % 4 == 0) for n in range(40))
    left = [queue.left("Ada")]
    while found := queue.claim("Ada", T):
        decide(queue, found)
        left.append(queue.left("Ada"))
    assert left == list(range(left[0], -1, -1))
    assert left[0] > 32, "some of them were planted"


def test_before_a_draw_has_said_how_many_no_planted_error_is_given_out(queue: Queue) -> None:
    queue.add([item(1), item(2, seeded=True)])
    assert (queue.left("Ada"), work_off(queue, "Ada")) == (1, ["i1"])


def test_an_earlier_day_comes_first(queue: Queue) -> None:
    queue.add(item(n, queued_at=T - timedelta(days=n)) for n in range(6))
    assert work_off(queue, "Ada") == ["i5", "i4", "i3", "i2", "i1", "i0"]


def test_a_lease_that_ran_out_gives_the_item_back_and_the_late_decision_is_refused(queue: Queue) -> None:
    queue.add([item()])
    late = claim(queue)
    with pytest.raises(PilotageError, match=r"its lease ran out at 09:10 UTC, so it went back to the queue") as refused:
        decide(queue, late, at=T + minutes(10))
    assert "nothing was stored" in refused.value.next
    counts = queue.counts()
    assert (counts.leased, counts.open, counts.unanswered) == (0, 1, 1), (
        "it did go back, though the decision is refused"
    )
    new = claim(queue, "Bob", T + minutes(11))
    with pytest.raises(PilotageError, match="its lease ran out"):
        decide(queue, late, at=T + minutes(12))
    decide(queue, new, at=T + minutes(12))
    assert [one.reviewer for one in queue.decisions()] == ["Bob"]


def test_who_comes_back_gets_the_item_they_hold_and_the_claim_before_is_void(queue: Queue) -> None:
    queue.add([item(1), item(2)])
    first = claim(queue)
    again = claim(queue, at=T + minutes(5))
    assert (again.item_id, again.lease_until) == (first.item_id, T + minutes(15))
    with pytest.raises(PilotageError, match="was claimed anew since"):
        decide(queue, first, at=T + minutes(6))
    decide(queue, again, at=T + minutes(14))


def test_what_is_put_back_goes_to_others_and_comes_last_for_who_put_it_back(queue: Queue) -> None:
    queue.add([item(1), item(2)])
    first = claim(queue)
    queue.release(first, T)
    with pytest.raises(PilotageError, match="was put back into the queue"):
        queue.release(first, T)
    with pytest.raises(PilotageError, match="was put back into the queue"):
        decide(queue, first)
    assert (queue.counts().open, queue.counts().unanswered) == (2, 1)
    assert work_off(queue, "Ada")[-1] == first.item_id
    assert queue.counts().unanswered == 0


def test_nobody_gets_a_planted_error_or_an_adjudication_of_a_run_they_decided(queue: Queue) -> None:
    queue.mix(0.5)
    queue.add([item(1)])
    work_off(queue, "Ada")
    queue.add([item(2, interaction_id="r1", seeded=True), item(3, interaction_id="r1", adjudicates=True)])
    assert (work_off(queue, "Ada"), queue.left("Ada"), queue.left("Özil")) == ([], 0, 2)
    queue.add([item(4, seeded=True, barred=("ÖZIL",)), item(5, copies=2), item(6, copies=2)])
    assert sorted(work_off(queue, "Özil")) == ["i2", "i3", "i5", "i6"]
    assert sorted(work_off(queue, "Ada")) == ["i4", "i5", "i6"]


def test_who_saw_a_run_planted_still_gets_it_as_itself_lest_nobody_does(queue: Queue) -> None:
    queue.mix(0.5)
    queue.add([item(1, seeded=True), item(3)])
    assert work_off(queue, "Ada") == ["i1", "i3"]
    queue.add([item(2, interaction_id="r1")])
    assert work_off(queue, "Ada") == ["i2"]


@pytest.mark.parametrize("back", [1, 9, 60, 60 * 24 * 400])
def test_a_clock_set_back_neither_gives_an_item_to_two_people_nor_keeps_it_for_ever(queue: Queue, back: int) -> None:
    queue.add([item()])
    held = claim(queue)
    earlier = T - minutes(back)
    assert queue.claim("Bob", earlier) is None, "Ada still has it"
    decide_at = earlier + minutes(9)
    assert queue.claim("Bob", decide_at) is None
    assert claim(queue, "Bob", earlier + minutes(10)).item_id == "i1", "one more lease at most"
    with pytest.raises(PilotageError, match="its lease ran out"):
        decide(queue, held, at=earlier + minutes(10))


def test_times_stay_in_order_whatever_the_clock_says(queue: Queue) -> None:
    queue.add([item(queued_at=T)])
    decide(queue, claim(queue, at=T - minutes(5)), at=T - minutes(60))
    (one,) = queue.decisions()
    assert one.queued_at <= one.decided_at == T


def test_a_decision_is_never_dated_before_an_older_one_whatever_the_clock_says(queue: Queue) -> None:
    """Tiers are replayed in the order of these times: an error must not move before what it came after."""
    queue.add(item(n, queued_at=T - timedelta(days=9)) for n in range(4))
    for minute in (30, 5, -60, 40):
        decide(queue, claim(queue, at=T + minutes(minute)), at=T + minutes(minute))
    assert [one.decided_at for one in queue.decisions()] == [T + minutes(n) for n in (30, 30, 30, 40)]


def test_a_clock_that_leaps_ahead_costs_leases_and_no_decision(queue: Queue) -> None:
    queue.add([item(1), item(2)])
    held = claim(queue)
    ahead = T + timedelta(days=400)
    decide(queue, claim(queue, "Bob", ahead), at=ahead)
    with pytest.raises(PilotageError, match="its lease ran out"):
        decide(queue, held)
    assert len(work_off(queue, "Ada")) == 1


@pytest.mark.parametrize(
    ("decision", "reason", "correction", "seconds", "word"),
    [
        ("maybe", "", "", 1.0, "a decision is one of approve, reject, correct"),
        ("reject", " ", "", 1.0, "to reject needs a reason"),
        ("correct", "", "so", 1.0, "to correct needs a reason"),
        ("approve", "", "so", 1.0, "a correction belongs to the decision correct"),
        ("approve", "", "", -1.0, "the seconds spent are a number from 0"),
        ("approve", "", "", float("nan"), "the seconds spent are a number from 0"),
    ],
)
def test_what_is_no_decision_is_refused_and_the_item_stays_held(queue, decision, reason, correction, seconds, word):
    queue.add([item()])
    held = claim(queue)
    with pytest.raises(InputFaults, match="cannot be stored") as refused:
        queue.decide(held, decision, reason, correction, seconds, T)
    assert word in str(refused.value)
    decide(queue, held)


def test_a_review_of_an_unknown_item_is_refused(queue: Queue) -> None:
    queue.add([item()])
    held = claim(queue)
    with pytest.raises(PilotageError, match="is not in the review queue"):
        decide(queue, Claim("i9", "r9", "post", "Ada", held.token, None))
    with pytest.raises(PilotageError, match="was claimed anew since"):
        decide(queue, Claim("i1", "r1", "post", "Bob", held.token, None))
    assert queue.decisions() == ()


def test_items_that_cannot_be_are_named_all_at_once_and_none_is_queued(queue: Queue) -> None:
    wrong = [
        item(1),
        item(2, inclusion_probability=0.0, tier="anywhere"),
        item(3, copies=0, stream="all"),
        item(4, interaction_id=" ", queued_at=T.replace(tzinfo=None)),
    ]
    with pytest.raises(InputFaults) as refused:
        queue.add(wrong)
    assert [fault.split(":")[0] for fault in refused.value.faults] == ["item 2"] * 2 + ["item 3"] * 2 + ["item 4"] * 2
    assert queue.counts().items == 0
    with pytest.raises(PilotageError, match="needs a zone"):
        queue.claim("Ada", T.replace(tzinfo=None))
    with pytest.raises(PilotageError, match="needs the name of its reviewer"):
        queue.claim("  ", T)


def test_a_sheet_keeps_its_items_for_its_reviewer_until_decided_or_withdrawn(queue: Queue) -> None:
    queue.add(item(n) for n in range(5))
    sheet = queue.hand_out("Ada", 3, T)
    assert queue.handed_out("Ada") == sheet
    assert all(found.lease_until is None for found in sheet)
    assert (queue.hand_out("Ada", 0, T), len(work_off(queue, "Bob", T + timedelta(days=9)))) == ((), 2)
    first, second, third = (found.item_id for found in sheet)
    assert queue.decide_listed("ada", [Listed(first, "approve"), Listed(second, "correct", "other", "so", 8)], T) == 2
    assert queue.withdraw("Ada", T) == 1
    assert (queue.handed_out("Ada"), queue.counts().unanswered) == ((), 1)
    assert work_off(queue, "Bob") == [third]


def test_of_a_sheet_all_is_stored_or_nothing_and_every_fault_is_named(queue: Queue) -> None:
    queue.add(item(n) for n in range(1, 6))
    mine = [found.item_id for found in queue.hand_out("Ada", 3, T)]
    theirs = claim(queue, "Bob")
    queue.decide_listed("Ada", [Listed(mine[0], "approve")], T)
    given = [
        Listed(mine[1], "approve"), Listed("i99", "approve"), Listed(theirs.item_id, "approve"),
        Listed(mine[0], "reject", "other"), Listed(mine[1], "approve"), Listed(mine[2], "reject"),
    ]  # fmt: skip
    with pytest.raises(InputFaults) as refused:
        queue.decide_listed("Ada", given, T)
    words = ["not in the review queue", "not in a sheet of Ada", "decided by Ada already", "decided twice", "a reason"]
    assert len(refused.value.faults) == len(words)
    assert all(word in fault for word, fault in zip(words, refused.value.faults, strict=True))
    assert (len(queue.decisions()), len(queue.handed_out("Ada"))) == (1, 2)


def test_disputes_are_items_whose_people_differ_on_right_or_wrong_until_settled(queue: Queue) -> None:
    queue.add([item(1, copies=2), item(2, copies=2)])
    said = {("Ada", "i1"): "approve", ("Bob", "i1"): "correct", ("Ada", "i2"): "reject", ("Bob", "i2"): "correct"}
    for who in ("Ada", "Bob"):
        while found := queue.claim(who, T):
            decide(queue, found, said[who, found.item_id])
    (dispute,) = queue.disputes()
    assert (dispute.item_id, dispute.by, dispute.adjudication) == ("i1", (("Ada", "approve"), ("Bob", "correct")), None)
    queue.add([item(3, interaction_id="r1", adjudicates=True)])
    assert queue.disputes()[0].adjudication == "i3"
    decide(queue, claim(queue, "Zoe"))
    assert queue.disputes() == ()


def test_the_lease_lasts_as_the_playbook_says(desk: Workspace) -> None:
    shutil.copytree(Path(__file__).parents[3] / "playbook", desk.root / "playbook")
    with open_queue(desk, "desk") as queue:
        assert queue.lease == minutes(10)


def test_names_and_texts_of_any_kind_are_kept_as_text(queue: Queue) -> None:
    queue.add([item(1), item(2)])
    queue.decide(claim(queue, "A'; DROP TABLE items; --"), "correct", "o\ud800", "=1+1\x00", None, T)
    (one,) = queue.decisions()
    assert (one.reviewer, one.reason, one.correction, one.seconds) == (
        "A'; DROP TABLE items; --",
        "o?",
        "=1+1\x00",
        None,
    )


def test_another_datasets_queue_is_refused_and_stays_as_it_is(desk: Workspace, queue: Queue) -> None:
    queue.add([item()])
    queue.close()
    shutil.copytree(desk.dataset("desk"), desk.dataset("other"))
    before = path_of(desk, "other").read_bytes()
    with pytest.raises(PilotageError, match="is the review queue of the dataset 'desk', not of 'other'"):
        open_queue(desk, "other", 10)
    assert path_of(desk, "other").read_bytes() == before
    with pytest.raises(PilotageError):
        open_queue(desk, "nowhere", 10)


def _damaged(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096 : len(data)] = b"\xff" * (len(data) - 4096)
    path.write_bytes(bytes(data))


def _newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 2")


def _foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE items (a)")


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (_damaged, "is damaged"),
        (_newer, "was made by another pilotage: its form is 2, this one reads form 1"),
        (_foreign, "is damaged or no review queue"),
        (lambda path: path.write_text("review_id,decision\nr1,approve\n" * 99), "is damaged or no review queue"),
        (lambda path: path.write_bytes(b""), "is empty: what it held is gone"),
        (lambda path: path.write_bytes(path.read_bytes()[:30_000]), "is damaged"),
        (lambda path: (path.unlink(), path.mkdir()), "cannot be"),
    ],
)
def test_a_file_that_cannot_be_the_queue_is_refused_and_left_alone(desk: Workspace, queue: Queue, spoil, word) -> None:
    queue.add(item(n) for n in range(200))
    queue.close()
    spoil(queue.path)
    before = queue.path.read_bytes() if queue.path.is_file() else None
    with pytest.raises(PilotageError, match=word) as refused:
        open_queue(desk, "desk", 10)
    assert str(queue.path) in str(refused.value)
    assert before == (queue.path.read_bytes() if queue.path.is_file() else None)


def test_a_full_disk_stores_nothing_and_loses_nothing(desk: Workspace, queue: Queue) -> None:
    queue.add([item()])
    held = claim(queue)
    (pages,) = queue._connection.execute("PRAGMA page_count").fetchone()
    queue._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(PilotageError, match="the disk is full") as refused:
        queue.add(item(n) for n in range(2, 3000))
    assert "nothing was lost" in refused.value.next
    assert queue.counts().items == 1
    decide(queue, held)


def test_a_file_that_cannot_be_written_says_so(queue: Queue) -> None:
    queue.add([item()])
    queue._connection.execute("PRAGMA query_only = ON")
    with pytest.raises(PilotageError, match="it is read-only"):
        queue.claim("Ada", T)
    assert queue.counts().open == 1


def test_a_queue_kept_busy_by_another_program_says_so(desk: Workspace, queue: Queue) -> None:
    queue._connection.execute("PRAGMA busy_timeout = 20")
    with closing(sqlite3.connect(queue.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(PilotageError, match="another process keeps it busy"):
            queue.claim("Ada", T)


def test_a_queue_is_made_by_threads_at_once_and_what_a_crash_left_is_removed(desk: Workspace) -> None:
    folder = desk.dataset("desk")
    (folder / ".reviews.sqlite.0123.part").write_bytes(b"half")
    with ThreadPoolExecutor(6) as pool:
        for opened in pool.map(lambda _: open_and_close(desk), range(12)):
            assert opened == 0
    assert sorted(path.name for path in folder.iterdir()) == ["dataset.yaml", "reviews.sqlite", "runs.csv"]


def open_and_close(desk: Workspace) -> int:
    with open_queue(desk, "desk", 10) as queue:
        return queue.counts().items


def test_a_disk_without_hard_links_has_a_queue_too(desk: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    with open_queue(desk, "desk", 10) as queue:
        queue.add([item()])
    with open_queue(desk, "desk", 10) as queue:
        assert queue.counts().items == 1
    assert not list(desk.dataset("desk").glob(".*"))


def test_the_next_item_and_how_many_are_left_come_from_an_index(queue: Queue) -> None:
    """With tens of thousands of items a search through all of them at each step would be felt."""
    for sql, most in ((reading._FRESH, "slots_that_are_open"), (reading._LEFT, "slots_of_a_person")):
        facts = {"who": "ada", "seeded": 0, "number": 1}
        plan = [row[3] for row in queue._connection.execute(f"EXPLAIN QUERY PLAN {sql}", facts)]
        assert any(most in step for step in plan), plan
        assert not any(step.startswith("SCAN ") for step in plan if "LIST" not in step), plan
        assert not any("ORDER BY" in step for step in plan), plan
