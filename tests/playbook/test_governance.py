"""Who decides: roles that somebody holds, people told apart, keys that are keys."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilotage.forms import fill
from pilotage.playbook import GovernancePolicy, read_policy
from pilotage.playbook.governance import assigned
from pilotage.playbook.load import FILES
from pilotage.workspace import Workspace

ROOT = Path(__file__).parents[2]
KEY, OTHER = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))
NO_KEY = "should be a public key as `pilotage key new` prints it"


def facts() -> dict[str, Any]:
    return {
        "owner": "Risk",
        "roles": {"Owner": "Benefit.", "Risk": "Law."},
        "people": [
            {"name": "Ann", "roles": ["Owner"], "public_key": KEY},
            {"name": "Ben", "roles": ["Risk"], "past_keys": [OTHER]},
        ],
        "changes": {"pilot": {"approvals": ["Owner", "Risk"], "why": "Both."}},
    }


def ann(given: dict[str, Any]) -> dict[str, Any]:
    return dict(given["people"][0])


CASES: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "an unknown role of a person": (
        lambda f: f["people"][0].update(roles=["Owner", "King"]),
        "people: Ann: 'King' is not among the roles",
    ),
    "an unknown role in a change": (
        lambda f: f["changes"]["pilot"].update(approvals=["King"]),
        "changes: pilot: 'King' is not among the roles",
    ),
    "a role twice": (
        lambda f: f["changes"]["pilot"].update(approvals=["Owner", "Owner"]),
        "changes: pilot: a role stands more than once",
    ),
    "a role that nobody holds": (
        lambda f: f["people"][1].update(roles=[]),
        "changes: pilot: the people cannot fill these roles, each by another person",
    ),
    "two roles that one person would have to fill": (
        lambda f: f.update(people=[{"name": "Ann", "roles": ["Owner", "Risk"]}]),
        "changes: pilot: the people cannot fill these roles, each by another person",
    ),
    "two people of one name": (
        lambda f: f["people"].append({"name": "ANN ", "roles": ["Risk"]}),
        "people: 'ann' stands more than once",
    ),
    "one key for two people": (
        lambda f: f["people"][1].update(public_key=KEY),
        f"people: the key {KEY} stands for more than one person",
    ),
    "a past key of somebody else": (
        lambda f: f["people"][1].update(past_keys=[KEY]),
        f"people: the key {KEY} stands for more than one person",
    ),
    "a key that is too short": (
        lambda f: f["people"][0].update(public_key=KEY[:40]),
        f"people[1].public_key: {NO_KEY}",
    ),
    "a private key": (
        lambda f: f["people"][0].update(public_key="-----BEGIN PRIVATE KEY-----"),
        f"people[1].public_key: {NO_KEY}",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_governance_is_refused_for(case: str) -> None:
    given, (change, told) = facts(), CASES[case]
    change(given)
    policy, faults = fill(GovernancePolicy, given)
    assert policy is None
    assert any(line.startswith(told) for line in faults)


def test_the_people_of_a_role_are_named_in_the_files_order() -> None:
    given = facts()
    given["people"].append({"name": "Cat", "roles": ["Risk", "Owner"]})
    policy, _ = fill(GovernancePolicy, given)
    assert policy is not None
    assert (policy.holders("Owner"), policy.holders("Risk")) == (["Ann", "Cat"], ["Ben", "Cat"])
    assert policy.person("Cat") == policy.people[2]
    assert policy.person("cat") is None
    assert policy.called("  cAT ") == policy.people[2]
    assert policy.called("ca t") is None


def test_the_shipped_governance_has_the_three_roles_and_says_who_approves_every_file() -> None:
    policy = read_policy(Workspace(ROOT), ("governance",)).governance
    assert list(policy.roles) == ["AI Owner", "AI Engineer", "AI Risk Officer"]
    assert policy.example is True
    assert set(policy.changes) == set(FILES)
    assert policy.changes["guardrails"].approvals == ("AI Engineer", "AI Risk Officer")
    assert all(len(policy.holders(role)) > 1 for role in policy.roles)  # so that somebody is free where one proposes
    assert all(person.public_key is None for person in policy.people)


@given(st.dictionaries(st.sampled_from("abcde"), st.lists(st.sampled_from("XYZ"), unique=True), max_size=5))
def test_as_many_roles_are_filled_as_can_be_and_nobody_fills_two(held: dict[str, list[str]]) -> None:
    filled = assigned("XYZ", held)
    assert all(role in held[person] for role, person in filled.items())
    assert len(set(filled.values())) == len(filled)
    # Hall's theorem: what lacks is the largest shortage of people that any set of roles has.
    sets = [set(), *map(set, ("X", "Y", "Z", "XY", "XZ", "YZ", "XYZ"))]
    shortage = max(len(roles) - sum(bool(roles & set(own)) for own in held.values()) for roles in sets)
    assert len(filled) == 3 - shortage
