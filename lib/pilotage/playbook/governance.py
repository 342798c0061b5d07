"""governance.yaml: the roles, who holds them, and who must approve which change."""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from pilotage.playbook.common import Model, Text

_KEY_BYTES = 32  # an Ed25519 public key: RFC 8032, section 5.1.5


def _is_key(text: str) -> str:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != _KEY_BYTES:
        raise ValueError("should be a public key as `pilotage key new` prints it")
    return text


PublicKey = Annotated[str, AfterValidator(_is_key)]


class Person(Model):
    """One person; the public key is what `pilotage key new` prints, and without it no approval can be verified."""

    name: Text = Field(description="The name the person signs with: --by NAME.")
    roles: tuple[Text, ...] = Field(
        description="The roles the person holds; [] for whoever may propose but not approve, and for who has left."
    )
    public_key: PublicKey | None = Field(
        None, description="The Ed25519 public key, in base64, that `pilotage key new` prints."
    )
    past_keys: tuple[PublicKey, ...] = Field(
        (), description="Keys signed with before, so that those approvals stay verified; never one that was stolen."
    )


class Change(Model):
    """Who must approve a change of one file of the playbook."""

    approvals: tuple[Text, ...] = Field(min_length=1, description="The roles that must approve, each by one person.")
    why: Text = Field(description="Why these roles, in a sentence.")


class GovernancePolicy(Model):
    """governance.yaml: who decides."""

    owner: Text = Field(description="The role that answers for this file.")
    example: bool = Field(False, description="True while these are not your people: on real data no approval counts.")
    roles: Mapping[Text, Text] = Field(min_length=1, description="Each role, and what it answers for in a sentence.")
    people: tuple[Person, ...] = Field(description="Who holds the roles.")
    changes: Mapping[Text, Change] = Field(
        description="Who approves a change, by the name of the playbook's file, such as guardrails."
    )

    @model_validator(mode="after")
    def _names_and_roles_fit(self) -> Self:
        if faults := [*self._people_faults(), *self._change_faults()]:
            raise ValueError("\n".join(faults))
        return self

    def person(self, name: str) -> Person | None:
        """The person of this very name; None where nobody is called so."""
        return next((person for person in self.people if person.name == name), None)

    def called(self, name: str) -> Person | None:
        """The person of this name in whatever case and blanks; None where nobody is called so."""
        return next((person for person in self.people if same_name(person.name) == same_name(name)), None)

    def holders(self, role: str) -> list[str]:
        """The names of those who hold the role, in the file's order."""
        return [person.name for person in self.people if role in person.roles]

    def _people_faults(self) -> Iterator[str]:
        names = Counter(same_name(person.name) for person in self.people)
        yield from (f"people: {name!r} stands more than once" for name, times in sorted(names.items()) if times > 1)
        keys = Counter(key for person in self.people for key in {person.public_key, *person.past_keys} if key)
        yield from (f"people: the key {key} stands for more than one person" for key, n in keys.items() if n > 1)
        for person in self.people:
            for role in person.roles:
                if role not in self.roles:
                    yield f"people: {person.name}: {role!r} is not among the roles"

    def _change_faults(self) -> Iterator[str]:
        held = {person.name: person.roles for person in self.people}
        for file, change in self.changes.items():
            unknown = [role for role in change.approvals if role not in self.roles]
            yield from (f"changes: {file}: {role!r} is not among the roles" for role in unknown)
            if len(set(change.approvals)) < len(change.approvals):
                yield f"changes: {file}: a role stands more than once"
            elif not unknown and len(assigned(change.approvals, held)) < len(change.approvals):
                yield f"changes: {file}: the people cannot fill these roles, each by another person"


def same_name(name: str) -> str:
    """The name without regard to case and blanks: two names that agree in this are one person's."""
    return " ".join(name.split()).casefold()


def assigned(demanded: Sequence[str], held: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Role → person: as many of the demanded roles as these people can fill, nobody more than one.

    `held` names each person's roles. Empty where nobody holds any. A matching by augmenting paths
    (Kuhn 1955).
    """
    filled: dict[str, str] = {}

    def place(person: str, tried: set[str]) -> bool:
        for role in demanded:
            if role in held[person] and role not in tried:
                tried.add(role)
                if role not in filled or place(filled[role], tried):
                    filled[role] = person
                    return True
        return False

    for person in held:
        place(person, set())
    return filled
