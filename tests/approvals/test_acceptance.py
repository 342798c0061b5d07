"""A high risk is taken only by a signed acceptance of who may sign it, for a time, and until it is taken back."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pilotage import audit_log
from pilotage.approvals import NewKey, new_key
from pilotage.approvals.acceptance import ACCEPTED, accept_risk, acceptances, covered_until, withdraw
from pilotage.errors import PilotageError
from pilotage.workspace import Workspace

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 6, 15, 12, tzinfo=UTC)
ROLE = "AI Risk Officer"
END = date(2026, 9, 1)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[NewKey, NewKey]:
    """Elif's key, and one that nobody names."""
    folder = tmp_path_factory.mktemp("keys")
    return new_key("Elif", folder / "elif.pem"), new_key("Eve", folder / "eve.pem")


@pytest.fixture
def place(tmp_path: Path, pair: tuple[NewKey, NewKey]) -> Workspace:
    (tmp_path / "playbook").mkdir()
    shutil.copy(ROOT / "playbook/governance.yaml", tmp_path / "playbook")
    _edit(tmp_path, "- name: Elif Example\n", f"- name: Elif Example\n    public_key: {pair[0].public}\n")
    return Workspace(tmp_path)


def _edit(root: Path, old: str, new: str) -> None:
    path = root / "playbook/governance.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def accept(place: Workspace, key: Path, **more: Any) -> Any:
    told: dict[str, Any] = {
        "subject": "sign", "tier": "on the loop", "owner": "Ada Example", "by": "elif  example", "until": END,
        "why": "it pays", "at": AT, "key": key, "role": ROLE, "longest_days": 180,
    }  # fmt: skip
    return accept_risk(place, **{**told, **more})


def covered(place: Workspace, tier: Any = "on the loop", at: datetime = AT, days: int = 180) -> Any:
    return covered_until(acceptances(place), "sign", tier, at, ROLE, days)


def test_a_signed_acceptance_stands_verified_and_covers_to_the_end_of_its_last_day(
    place: Workspace, pair: tuple[NewKey, NewKey]
) -> None:
    made = accept(place, pair[0].path)
    assert (made.standing, made.by, made.owner) == ("verified", "Elif Example", "Ada Example")
    assert acceptances(place) == (made,)
    assert covered(place) == (datetime(2026, 9, 2, tzinfo=UTC), made.seq)
    assert (made.expired(END), made.expired(END + timedelta(days=1))) == (False, True)
    assert covered(place, at=datetime(2026, 9, 2, tzinfo=UTC)) is None
    assert covered(place, at=AT - timedelta(seconds=1)) is None
    assert covered(place, tier="outside the loop") is None


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"by": "Nobody"}, "names nobody called 'Nobody'"),
        ({"by": "Ada Example"}, "is not AI Risk Officer"),
        ({"by": "Femi Example"}, "names no key for Femi Example"),
        ({"owner": "Zoe"}, "the owner of the risk"),
        ({"tier": "in the loop"}, "no risk of less review"),
        ({"until": AT.date() - timedelta(days=1)}, "is past"),
        ({"until": AT.date() + timedelta(days=181)}, "180 days at most"),
        ({"why": "  "}, "needs its reason"),
        ({"at": datetime(2026, 6, 15)}, "needs a time zone"),
    ],
)
def test_what_cannot_be_accepted_is_refused_with_its_reason_and_not_written(
    place: Workspace, pair: tuple[NewKey, NewKey], more: dict[str, Any], told: str
) -> None:
    with pytest.raises(PilotageError, match=told):
        accept(place, pair[0].path, **more)
    assert not place.log.exists()


def test_another_persons_key_is_refused(place: Workspace, pair: tuple[NewKey, NewKey]) -> None:
    with pytest.raises(PilotageError, match="bad signature"):
        accept(place, pair[1].path)
    assert acceptances(place) == ()


def _appended(place: Workspace, what: dict[str, Any], by: str = "Elif Example") -> Any:
    audit_log.append(place.log, ACCEPTED, what, by, AT)
    return acceptances(place)


def test_unsigned_and_forged_acceptances_cover_nothing(place: Workspace, pair: tuple[NewKey, NewKey]) -> None:
    accept(place, pair[0].path)
    sound = dict(audit_log.read(place.log)[0].what)
    place.log.unlink()
    unsigned = {name: value for name, value in sound.items() if name not in ("key", "fingerprint", "signature")}
    for what, standing in (
        (unsigned, "unverified"),
        ({**sound, "until": "2026-12-01"}, "forged"),
        ({**sound, "signature": "x"}, "forged"),
        ({**sound, "key": pair[1].public}, "forged"),
    ):
        assert _appended(place, what)[-1].standing == standing
    assert _appended(place, sound, "Femi Example")[-1].standing == "forged"
    assert covered(place) is None
    assert _appended(place, sound)[-1].standing == "verified"
    assert covered(place) is not None


def test_what_is_unsigned_says_whether_it_could_have_been_signed(place: Workspace, pair: tuple[NewKey, NewKey]) -> None:
    accept(place, pair[0].path)
    sound = dict(audit_log.read(place.log)[0].what)
    what = {name: value for name, value in sound.items() if name not in ("key", "fingerprint", "signature")}
    told = [_appended(place, what, by)[-1].remark for by in ("Elif Example", "Femi Example")]
    assert told == ["it was not signed", "governance.yaml names no key for this person"]


def test_what_is_no_acceptance_is_left_out(place: Workspace) -> None:
    for what in ({}, {"subject": 1}, {**dict.fromkeys(("subject", "owner", "why"), "x"), "tier": "none", "until": "x"}):
        assert _appended(place, what) == ()


def test_a_signer_who_lost_the_role_or_whose_key_is_gone_covers_nothing_any_more(
    place: Workspace, pair: tuple[NewKey, NewKey]
) -> None:
    accept(place, pair[0].path)
    _edit(place.root, f"public_key: {pair[0].public}", f"past_keys: [{pair[0].public}]")
    assert covered(place) is not None
    _edit(place.root, f"past_keys: [{pair[0].public}]", "past_keys: []")
    assert (covered(place), acceptances(place)[0].standing) == (None, "forged")


def test_a_longer_time_than_is_allowed_now_covers_nothing(place: Workspace, pair: tuple[NewKey, NewKey]) -> None:
    accept(place, pair[0].path)
    assert covered(place, days=30) is None


def test_a_withdrawal_ends_it_at_once_and_for_good(place: Workspace, pair: tuple[NewKey, NewKey]) -> None:
    made, gone = accept(place, pair[0].path), AT + timedelta(days=3)
    for seq, by, told in ((9, "Elif Example", "accepts no risk"), (made.seq, "Ben Example", "is not AI Risk Officer")):
        with pytest.raises(PilotageError, match=told):
            withdraw(place, seq, by, "no longer", gone, ROLE)
    assert withdraw(place, made.seq, "Femi Example", "no longer", gone, ROLE).end == gone
    assert covered(place) == (gone, made.seq)
    assert covered(place, at=gone) is None
    with pytest.raises(PilotageError, match="was withdrawn on 2026-06-18 already"):
        withdraw(place, made.seq, "Femi Example", "no longer", gone, ROLE)


def test_one_follows_the_other_without_a_gap(place: Workspace, pair: tuple[NewKey, NewKey]) -> None:
    accept(place, pair[0].path)
    second = accept(place, pair[0].path, at=AT + timedelta(days=60), until=date(2026, 11, 1), tier="outside the loop")
    assert covered(place) == (datetime(2026, 11, 2, tzinfo=UTC), second.seq)
