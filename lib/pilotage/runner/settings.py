"""What `--set page.parameter=value` asks for, checked against the parameters that the pages declare."""

from __future__ import annotations

import ast
import math
from collections.abc import Mapping, Sequence
from typing import Any

from pilotage.forms import near
from pilotage.playbook import Page
from pilotage.runner.notebook import Parameter
from pilotage.words import plain

RUNNER_SETS = {"dataset": "--dataset", "as_of": "--as-of"}
KINDS = {
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "str": "text",
    "None": "none",
    "NoneType": "none",
}

Settings = dict[str, dict[str, Any]]


def read_settings(
    texts: Sequence[str], pages: Sequence[Page], declared: Mapping[str, Mapping[str, Parameter]]
) -> tuple[Settings, list[str]]:
    """The values by stage and parameter, and one sentence for each `--set` that cannot be followed."""
    spelled = {name: page.stage for page in pages for name in (page.notebook, page.stage)}
    settings: Settings = {}
    faults: list[str] = []
    for text in texts:
        try:
            stage, name, value = _setting(text, spelled, declared)
            settings.setdefault(stage, {})[name] = value
        except ValueError as fault:
            faults.append(f"--set {plain(text)}: {fault}")
    return settings, faults


def _setting(
    text: str, spelled: Mapping[str, str], declared: Mapping[str, Mapping[str, Parameter]]
) -> tuple[str, str, Any]:
    """Stage, parameter and value of one `page.parameter=value`; ValueError says what is wrong with it."""
    left, equals, value = text.partition("=")
    page, dot, name = left.strip().partition(".")
    if not (equals and dot):
        raise ValueError("should read page.parameter=value")
    if page not in spelled:
        raise ValueError(f"{page!r} is not a page{near(page, spelled.values())}")
    if name in RUNNER_SETS:
        raise ValueError(f"use {RUNNER_SETS[name]}, which sets it for every page")
    parameters = {key: one for key, one in declared[spelled[page]].items() if key not in RUNNER_SETS}
    if name not in parameters:
        raise ValueError(f"{page} has no parameter {name!r}{near(name, parameters)}")
    return spelled[page], name, convert(value, parameters[name])


def convert(text: str, parameter: Parameter) -> Any:
    """The text as the first of the parameter's types it fits; ValueError names the types wanted and what came."""
    for kind in sorted(parameter.kinds, key=lambda kind: kind == "str"):
        try:
            return _as_kind(text, kind)
        except (ValueError, SyntaxError):
            continue
    wanted = " or ".join(KINDS.get(kind, f"a {kind}") for kind in parameter.kinds)
    raise ValueError(f"should be {wanted} (got {text!r})")


def _as_kind(text: str, kind: str) -> Any:
    if kind == "str":
        return text
    if kind == "bool":
        return {"true": True, "false": False}[text.lower()] if text.lower() in ("true", "false") else _refuse()
    if kind in ("None", "NoneType"):
        return None if text.lower() in ("none", "null", "") else _refuse()
    if kind == "int":
        return int(text)
    if kind == "float":
        number = float(text)
        return number if math.isfinite(number) else _refuse()
    value = ast.literal_eval(text)
    return value if type(value).__name__ == kind.partition("[")[0] else _refuse()


def _refuse() -> Any:
    raise ValueError
