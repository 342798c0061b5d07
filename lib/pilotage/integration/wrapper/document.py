"""The OpenAPI document of an API: found, read and checked before anything is asked of the server by it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

from pilotage.integration.checks import Fault
from pilotage.integration.pointers import pointed
from pilotage.integration.wrapper.calling import LONGEST_ANSWER, Api
from pilotage.integration.wrapper.endless import endless
from pilotage.playbook.systems import WrapperSystem
from pilotage.workspace import Workspace

METHODS = ("get", "head", "post", "put", "patch", "delete", "options", "trace", "query")
MOST_FAULTS = 5  # of a document that are told
MOST_NAMES = 3  # in one part of a path, as in /{from}-{until}


@dataclass(frozen=True)
class Document:
    """An OpenAPI document that can be followed. `base` is the part of the address's path before its own paths."""

    raw: dict[str, Any]
    base: str

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Method in capitals, path and definition of each operation."""
        for path, item in self.raw["paths"].items():
            for method in METHODS:
                if isinstance(item.get(method), dict):
                    yield method.upper(), path, item[method]

    def template(self, method: str, path: str) -> str | None:
        """The documented path, such as /invoices/{number}, that a call of this method and path belongs to."""
        own = self._own(path)
        fitting = [at for verb, at, _ in self.operations() if verb == method and _pattern(at).fullmatch(own)]
        return min(fitting, key=lambda at: at.count("{"), default=None)  # a fixed path goes before a template

    def parameters(self, template: str, path: str) -> dict[str, str]:
        """The values that a call's path has for the names in the documented path."""
        names, match = re.findall(r"\{([^{}]*)\}", template), _pattern(template).fullmatch(self._own(path))
        return dict(zip(names, map(unquote, match.groups()), strict=True)) if match else {}

    def _own(self, path: str) -> str:
        return urlsplit(path).path.removeprefix(self.base) or "/"


def find(system: WrapperSystem, api: Api, workspace: Workspace) -> Document:
    """The system's document; Fault where there is none, or where it cannot be followed."""
    raw = _parsed(system.openapi, _read(system, api, workspace))
    if faults := list(_faults(raw)):
        more = f"; and {len(faults) - MOST_FAULTS} more" if len(faults) > MOST_FAULTS else ""
        raise Fault("bad_openapi", "; ".join(faults[:MOST_FAULTS]) + more)
    return Document(raw, _base(raw, api.address))


def _read(system: WrapperSystem, api: Api, workspace: Workspace) -> bytes:
    if not system.openapi.startswith("/"):
        path = workspace.root / system.openapi
        if not path.is_file():
            raise Fault("no_openapi", f"there is no file {system.openapi} in the workspace")
        if path.stat().st_size > LONGEST_ANSWER:
            raise Fault("answer_too_long", f"{system.openapi} has more than {LONGEST_ANSWER:,} bytes")
        return path.read_bytes()
    answer = api.get(system.openapi)
    if not answer.good:
        raise Fault("no_openapi", f"GET {system.openapi} answers {answer.status}")
    return answer.body


def _parsed(name: str, body: bytes) -> dict[str, Any]:
    try:
        raw = yaml.safe_load(body) if name.endswith((".yaml", ".yml")) else json.loads(body)
    except (ValueError, RecursionError, yaml.YAMLError):
        raw = None
    if not isinstance(raw, dict):
        raise Fault("bad_openapi", f"{name} holds no JSON object ({len(body):,} bytes)")
    return raw


def _faults(raw: dict[str, Any]) -> Iterator[str]:
    """What makes the document unfit to test by; a schema whose properties refer to itself is no fault."""
    version = str(raw.get("openapi") or raw.get("swagger") or "")
    if not re.match(r"(3\.[0-2]|2\.0)", version):
        yield f"openapi: should be a version such as 3.1.0 (got {version or 'nothing'!r})"
    info = raw.get("info")
    if not (isinstance(info, dict) and info.get("title") and info.get("version")):
        yield "info: should have a title and a version"
    paths = raw.get("paths")
    if not isinstance(paths, dict) or not paths:
        yield "paths: names no operation"
        return
    for path, item in paths.items():
        yield from _path_faults(str(path), item)
    yield from _reference_faults(raw)
    yield from endless(raw)


def _path_faults(path: str, item: Any) -> Iterator[str]:
    if not isinstance(item, dict):
        yield f"{path}: should be an object"
        return
    if not path.startswith("/"):
        yield f"{path}: should begin with /"
    for method in METHODS:
        operation = item.get(method)
        if operation is not None and not (isinstance(operation, dict) and operation.get("responses")):
            yield f"{method.upper()} {path}: says nothing of its responses"


def _reference_faults(raw: dict[str, Any]) -> Iterator[str]:
    """References that lead nowhere, and those that lead out of the document, which nobody follows for us."""
    seen: set[str] = set()
    open_: list[Any] = [raw]
    while open_:
        value = open_.pop()
        if isinstance(value, dict):
            target = value.get("$ref")
            if isinstance(target, str) and target not in seen:
                seen.add(target)
                if not target.startswith("#"):
                    yield f"$ref {target}: leads out of the document; bundle it"
                elif not _leads_somewhere(raw, target):
                    yield f"$ref {target}: leads nowhere"
            open_ += value.values()
        elif isinstance(value, list):
            open_ += value


def _leads_somewhere(raw: Any, target: str) -> bool:
    if target[1:2] not in ("", "/"):
        return True  # an anchor: its schema's own business
    try:
        pointed(raw, target)
    except LookupError:
        return False
    return True


def _base(raw: dict[str, Any], address: str) -> str:
    """What of the first server's path the address lacks. Its host is never used: only the playbook names hosts."""
    servers = raw.get("servers")
    first = servers[0] if isinstance(servers, list) and servers and isinstance(servers[0], dict) else {}
    url = str(first.get("url") or raw.get("basePath") or "")
    path = urlsplit(url).path.rstrip("/")
    return "" if "{" in url or urlsplit(address).path.rstrip("/").endswith(path) else path


def _pattern(template: str) -> re.Pattern[str]:
    """Calls of a documented path; none where it has more names between two slashes than anybody needs.

    Each of them multiplies the ways to try by the length of the path.
    """
    if any(part.count("{") > MOST_NAMES for part in template.split("/")):
        return re.compile(r"(?!)")
    parts = re.split(r"(\{[^{}]*\})", template)
    return re.compile("".join("([^/]+)" if part[:1] == "{" and part[-1:] == "}" else re.escape(part) for part in parts))
