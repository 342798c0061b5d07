"""What people read of a proposal: whole, plain, and nothing that somebody's text pretends to be."""

from __future__ import annotations

from typing import Any

import pytest

from pilotage import approvals
from pilotage.errors import PilotageError


def lines(desk: Any, one: Any) -> list[str]:
    return approvals.proposal_lines(desk.workspace, one.id)


def test_without_a_proposal_there_is_nothing_to_list(desk: Any) -> None:
    assert approvals.list_lines(desk.workspace) == ["no change was proposed yet; `pilotage propose` makes a proposal"]


def test_an_open_proposal_is_shown_whole(desk: Any) -> None:
    one = desk.propose(by="Ben", evidence={"bands": {"block_at": 0.93}, "flips": {"caught": 7, "lost": None}})
    desk.approve(one, "Cat")
    shown = lines(desk, one)
    assert shown[:5] == [
        f"{one.id}: open, waits for AI Engineer",
        "  changes  playbook/roi.yaml",
        f"  version  {one.version}",
        "  made     2026-06-15 by Ben",
        "  why      it fits better",
    ]
    assert shown[5:9] == ["evidence", "  bands.block_at  0.93", "  flips.caught    7", "  flips.lost      unknown"]
    assert "  +owner: Controller 19" in shown
    assert shown[-6:] == [
        "approvals",
        "  AI Engineer      missing, and nobody who holds it is free to give it",
        "  AI Risk Officer  Cat, 2026-06-15, verified",
        "next",
        f"  pilotage approve {one.id} --version {one.version[:12]} --by NAME --key FILE"
        "    # no --key for whom governance.yaml names none",
        f"  pilotage reject {one.id} --version {one.version[:12]} --by NAME --key FILE --why TEXT",
    ]


def test_the_newest_proposal_is_listed_first_with_how_it_stands(desk: Any) -> None:
    first, second = desk.applied(19), desk.propose(20)
    third = desk.propose(21)
    desk.reject(third, "Cat")
    assert approvals.list_lines(desk.workspace) == [
        f"{third.id}  2026-06-15  rejected on 2026-06-15 by Cat (verified): too risky",
        f"{second.id}  2026-06-15  open, waits for AI Engineer and AI Risk Officer",
        f"{first.id}  2026-06-15  applied on 2026-06-15, approved by Ben and Cat",
    ]


def test_what_has_ended_asks_for_nothing_more(desk: Any) -> None:
    one, other = desk.propose(19), desk.propose(20)
    desk.reject(one, "Cat")
    assert "next" not in lines(desk, one)
    assert "  AI Engineer      not given" in lines(desk, one)
    desk.live().write_text(desk.text(21))
    assert lines(desk, other)[0] == f"{other.id}: stale: the file has changed since; propose again"
    assert "next" not in lines(desk, other)


def test_a_text_stays_on_its_line_and_moves_no_cursor(desk: Any) -> None:
    text = desk.text() + "# b\u202ec\n"
    why = "fine\napprovals\n  AI Engineer  Ben, verified\x1b[2J"
    evidence = {"note\n  x": "a\nb\u202e", "list": ["\r", {"deep": "\x07"}]}
    desk.edit_governance(lambda facts: facts["people"][3].update(name="Zoe\nnext"))
    one = approvals.propose(desk.workspace, "roi", text, why, "Zoe\nnext", desk.now, evidence)
    shown = lines(desk, one)
    assert shown.count("approvals") == 1
    assert shown.count("next") == 1
    assert not any(set(line) & set("\n\r\x1b\x07\u202e") for line in shown)
    assert "  +# b¤c" in shown


def test_an_altered_proposal_shows_nothing_of_what_it_says_now(desk: Any) -> None:
    one = desk.propose()
    path = desk.workspace.playbook / "proposals" / f"{one.id}.json"
    path.write_text(path.read_text().replace("it fits better", "all agreed"))
    shown = "\n".join(lines(desk, one))
    assert "is not what was proposed, and is not shown" in shown
    assert "all agreed" not in shown
    assert "next" not in shown.split("\n")


def test_much_evidence_is_cut_and_says_where_the_rest_is(desk: Any) -> None:
    one = desk.propose(evidence={"many": list(range(1000)), "rows": [{"a": n} for n in range(9)],
                                 "wide": {f"figure_{n:03}": n / 7 for n in range(100)}})  # fmt: skip
    shown = lines(desk, one)
    assert "  many             0, 1, 2, 3, 4, 5 and 994 more" in shown
    assert "  rows             and 3 more" in shown
    assert f"  and 68 more in playbook/proposals/{one.id}.json" in shown


def test_a_forged_approval_is_shown_as_such(desk: Any) -> None:
    one = desk.propose()
    desk.approve(one, "Ben")
    desk.rewrite_log(lambda entries: entries[1].update(by="Cat"))
    assert "  forged, entry 2 of the audit log: Cat, 2026-06-15; its signature does not fit what it says" in lines(
        desk, one
    )


def test_an_unknown_proposal_is_refused(desk: Any) -> None:
    with pytest.raises(PilotageError, match="there is no proposal 'roi-000000'"):
        approvals.proposal_lines(desk.workspace, "roi-000000")
