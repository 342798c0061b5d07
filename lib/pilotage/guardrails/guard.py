"""The guard that any agent can call: what goes in and what comes out is allowed, reviewed by a person, or blocked.

    guard = guardrails.load(workspace)
    guard.check_input(text)      before the agent reads it: a question, a tool's result, a document
    guard.check_output(text)     before anybody reads it: the agent's answer

A guard that cannot decide says so, and asks for a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pilotage.errors import PilotageError
from pilotage.guardrails.findings import Checked, Side, checked, readable, undecided
from pilotage.guardrails.input_side import InputSide
from pilotage.guardrails.output_side import LEAVING, OutputSide
from pilotage.guardrails.stream import OutputStream
from pilotage.playbook import read_policy
from pilotage.playbook.guardrails import GuardrailsPolicy
from pilotage.workspace import Workspace, find_workspace

if TYPE_CHECKING:
    from pandas import DataFrame

TEXTS, CHARACTERS = 256, 1 << 20  # at most so much is judged at a time


class Guard:
    """Both sides of one policy; it keeps no text, and one guard serves any number of agents."""

    def __init__(self, policy: GuardrailsPolicy, inputs: InputSide, outputs: OutputSide) -> None:
        self.policy, self.inputs, self.outputs = policy, inputs, outputs

    def check_input(self, text: Any) -> Checked:
        """The decision on what the agent is about to read; anything but text cannot be decided, and asks for a person.

        `score` is the calibrated probability of an injection, None where no detector answered.
        """
        return self.check_many([text], ["input"])[0]

    def check_output(self, text: Any) -> Checked:
        """The decision on what the agent is about to say; its `score` is None, since no injection is looked for."""
        return self.check_many([text], ["output"])[0]

    def output_stream(self) -> OutputStream:
        """A check of one answer that comes in pieces."""
        return OutputStream(self.outputs)

    def check_many(self, texts: Sequence[Any], sides: Sequence[Side | None]) -> list[Checked]:
        """One decision for each text, the inputs scored together.

        A text whose side is None is decided as an input; personal data and leaks in it are listed all the same, as
        findings of side output that decide nothing.
        """
        given = [readable(text) if isinstance(text, str) else None for text in texts]
        inputs = [at for at, side in enumerate(sides) if side != "output" and given[at] is not None]
        decided = dict(zip(inputs, self._inputs([given[at] or "" for at in inputs]), strict=True))
        return [
            self._one(given[at], side, decided.get(at)) or _unreadable(side or "input", texts[at])
            for at, side in enumerate(sides)
        ]

    def _inputs(self, texts: list[str]) -> list[Checked]:
        return [one for first, after in batches(list(map(len, texts))) for one in self.inputs.check(texts[first:after])]

    def _one(self, text: str | None, side: Side | None, as_input: Checked | None) -> Checked | None:
        """The decision on a text; None where there is none to be had."""
        if text is None:
            return None
        if side == "output":
            return checked(self.outputs.find_all(text))
        if as_input is None or side == "input":
            return as_input
        listed = checked([*as_input.findings, *self.outputs.find_all(text, LEAVING)])
        return Checked(as_input.decision, as_input.score, listed.findings)

    def check_table(self, frame: DataFrame) -> DataFrame:
        """One row for each row of the table, in its order: id, decision, score (else NaN), findings (list of dicts).

        The table has a column text; `side` (input or output; empty: see `check_many`) and `id` or `text_id` are used
        where they are there, else the index names the rows. PilotageError for a table without text, or another side.
        """
        from pilotage.guardrails.table import check_table

        return check_table(self, frame)


def batches(sizes: Sequence[int]) -> list[tuple[int, int]]:
    """From where to where texts of these lengths are judged together: not too many, and not too much."""
    bounds, held = [0], 0
    for at, size in enumerate(sizes):
        if at > bounds[-1] and (at - bounds[-1] >= TEXTS or held + size > CHARACTERS):
            bounds.append(at)
            held = 0
        held += size
    return [(first, after) for first, after in zip(bounds, [*bounds[1:], len(sizes)], strict=True) if after > first]


def load(workspace: Workspace | Path | str, policy: GuardrailsPolicy | None = None) -> Guard:
    """The guard of a workspace's playbook/guardrails.yaml, or of the policy that is given in its place.

    InputFaults with every reason why the policy cannot be followed: a rule that fails its own examples, a model's file
    that is missing or another, a package that is not installed, a prompt or cases that are not there.
    """
    from pilotage.guardrails.assembly import assemble

    place = workspace if isinstance(workspace, Workspace) else _found(Path(workspace))
    followed = policy or read_policy(place, ("guardrails",)).guardrails
    return assemble(place, followed)


def _found(path: Path) -> Workspace:
    if not path.is_dir():  # else the nearest workspace above would be taken for it
        raise PilotageError("there is no such folder", str(path), "name a workspace")
    return find_workspace(path)


def _unreadable(side: Side, given: Any) -> Checked:
    what = "there is no text" if given is None else f"this is {type(given).__name__}, not text"
    return checked([undecided(side, "text", f"{what}, so nothing can be decided about it")])
