"""Page 04, the playbook and a replay agree, or each difference is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from pilotage.hashes import write_json_atomically
from pilotage.oversight import verify
from pilotage.oversight.reviewed import Reviewed
from pilotage.oversight.verify import Verified, verify_tiers

Made = Callable[..., Reviewed]
DAY = date(2026, 3, 1)


@pytest.fixture(scope="module")
def good(made: Made, rows: Any) -> Reviewed:
    return made([*rows.planted(60, 60), *rows.stream(900)])


def page(house: Any, tier: str, dataset: str = "desk", action: str = "post invoice") -> None:
    folder = house.workspace.reports / "latest" / "evidence"
    folder.mkdir(parents=True, exist_ok=True)
    write_json_atomically(folder / "oversight.json", {"dataset": dataset, "facts": {"tiers": {action: tier}}})


def verified(house: Any, found: Reviewed) -> Verified:
    return verify_tiers(house.workspace, "desk", found, DAY)


def test_it_finds_the_same_tier_and_tells_each_step(house: Any, good: Reviewed) -> None:
    granted = house.grant(datetime(2026, 1, 20, 9), tier="on the loop")
    page(house, "on the loop")
    same = verified(house, good)
    assert same.differences == ()
    assert same.lines[0] == "post invoice (limited risk): on the loop since 2026-01-20"
    assert same.lines[2].startswith("  2026-01-20 09:00 UTC: on the loop: 0 errors in ")
    assert same.lines[2].endswith(f"[{granted.id}]")


def test_what_is_not_live_agrees_with_a_page_that_says_so(house: Any, made: Made) -> None:
    page(house, "not live")
    assert verified(house, made([])).differences == ()


def test_a_page_or_a_file_that_says_otherwise_is_a_difference(house: Any, good: Reviewed) -> None:
    page(house, "outside the loop")
    house.edit(tier="on the loop")
    assert verified(house, good).differences == (
        "post invoice: page 04 tells outside the loop, the replay in the loop",
        "post invoice: playbook/oversight.yaml grants on the loop, the replay in the loop",
    )


def test_a_page_that_is_not_there_or_of_something_else_confirms_nothing(house: Any, good: Reviewed) -> None:
    assert "tells no tiers" in verified(house, good).differences[0]
    page(house, "in the loop", dataset="other")
    assert "is of the dataset other" in verified(house, good).differences[0]
    page(house, "in the loop", action="fly")
    assert [line.split(": ")[0] for line in verified(house, good).differences] == ["post invoice", "fly"]
    (house.workspace.reports / "latest/evidence/oversight.json").write_text("[]")
    assert "tells no tiers" in verified(house, good).differences[0]


def test_a_log_that_does_not_verify_is_a_difference(house: Any, good: Reviewed) -> None:
    page(house, "in the loop")
    house.workspace.log.write_text("{}\n")
    assert "cannot be read" in verified(house, good).differences[0]


def test_that_nothing_can_be_read_is_known_by_the_fault_and_not_by_prose(
    house: Any, good: Reviewed, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand = house.standing(good, DAY)
    assert stand.fault == ""
    page(house, "in the loop")
    prose = f"nothing above {stand.tier} counts: so says a remark"
    for told, differs in (({"remarks": (prose,)}, False), ({"fault": "the log is torn"}, True)):
        monkeypatch.setattr(verify, "standings", lambda *_, told=told: {stand.action: replace(stand, **told)})
        assert any("cannot be read" in line for line in verified(house, good).differences) is differs


def test_a_name_made_to_deceive_cannot_forge_a_line(house: Any, made: Made) -> None:
    page(house, "not live", action="x\n\x1b[2Jall agree")
    assert not any("\n" in line or "\x1b" in line for line in verified(house, made([])).differences)
