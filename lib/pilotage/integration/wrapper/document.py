"""The OpenAPI document of an API: found, read and checked before anything is asked of the server by it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from pilotage.integration.checks import Fault
from pilotage.integration.pointers import pointed
from pilotage.integration.wrapper.calling import LONGEST_ANSWER, Api
from pilotage.integration.wrapper.contradictions import undeclared, unreadable_patterns
from pilotage.integration.wrapper.endless import endless
from pilotage.integration.wrapper.reading import parsed
from pilotage.playbook.systems import HttpCall, WrapperSystem
from pilotage.workspace import Workspace

STREAM = "text/event-stream"
METHODS = ("get", "head", "post", "put", "patch", "delete", "options", "trace", "query")
MOST_FAULTS = 5  # of a document that are told
MOST_NAMES = 3  # in one part of a path, as in /{from}-{until}


@dataclass(frozen=True)
class Document:
    """An OpenAPI document that can be followed.

    `base` stands between the address and the document's paths; `shared` is the end of the address with which the
    document's paths begin too. One of them is always empty.
    """

    raw: dict[str, Any]
    base: str
    shared: str = ""

    def operations(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Method in capitals, path and definition of each operation at the address."""
        for path, item in self.raw["paths"].items():
            for method in METHODS:
                if self.holds(path) and isinstance(item.get(method), dict):
                    yield method.upper(), path, item[method]

    def streams(self, operation: Mapping[str, Any]) -> bool:
        """Whether a good answer may be a stream of events, which has no end."""
        listed = operation.get("responses")
        for status, response in listed.items() if isinstance(listed, dict) else ():
            content = self._followed(response).get("content")
            if str(status)[:1] in "2d" and isinstance(content, dict) and any(STREAM in kind for kind in content):
                return True
        return STREAM in (operation.get("produces") or self.raw.get("produces") or ())

    def key_headers(self) -> list[str]:
        """The headers in which keys go by its security schemes, other than bearer tokens."""
        given = (self._followed(self.raw.get("components")).get("securitySchemes"), self.raw.get("securityDefinitions"))
        schemes = [self._followed(one) for group in given if isinstance(group, dict) for one in group.values()]
        found = (one.get("name") for one in schemes if one.get("type") == "apiKey" and one.get("in") == "header")
        return list(dict.fromkeys(name for name in found if isinstance(name, str)))

    def _followed(self, given: Any) -> Mapping[str, Any]:
        """An object of the document, or what its reference leads to."""
        if isinstance(given, dict) and isinstance(target := given.get("$ref"), str):
            given = pointed(self.raw, target) if _leads_somewhere(self.raw, target) else None
        return given if isinstance(given, dict) else {}

    def holds(self, path: str) -> bool:
        """Whether a path of the document lies at the address, and not beside it."""
        return not self.shared or path == self.shared or path.startswith(self.shared + "/")

    def called(self, path: str) -> str:
        """A path of the document as calls have it: from the address on."""
        return self.base + path.removeprefix(self.shared)

    def template(self, method: str, path: str) -> str | None:
        """The documented path, such as /invoices/{number}, that a call of this method and path belongs to."""
        own = self._own(path)
        if own is None:
            return None
        fitting = [at for verb, at, _ in self.operations() if verb == method and _pattern(at).fullmatch(own)]
        return min(fitting, key=lambda at: at.count("{"), default=None)  # a fixed path goes before a template

    def names(self, call: HttpCall) -> bool:
        """Whether the document has this call, read generously; every GET may be asked for its HEAD alone."""
        methods = (call.method, "GET") if call.method == "HEAD" else (call.method,)
        own = self._own(call.path)
        return own is not None and any(verb in methods and _may_be(at, own) for verb, at, _ in self.operations())

    def parameters(self, template: str, path: str) -> dict[str, str]:
        """The values that a call's path has for the names in the documented path."""
        names, match = re.findall(r"\{([^{}]*)\}", template), _pattern(template).fullmatch(self._own(path) or "")
        return dict(zip(names, map(unquote, match.groups()), strict=True)) if match else {}

    def _own(self, path: str) -> str | None:
        """A call's path as the document has it; None where it lies outside of the document."""
        bare = path.partition("?")[0]
        if self.base and bare != self.base and not bare.startswith(self.base + "/"):
            return None
        return self.shared + bare.removeprefix(self.base) or "/"


def find(system: WrapperSystem, api: Api, workspace: Workspace) -> Document:
    """The system's document; Fault where there is none, or where it cannot be followed."""
    raw = parsed(system.openapi, _read(system, api, workspace))
    if isinstance(raw.get("paths"), dict):
        raw["paths"] = {path: item for path, item in raw["paths"].items() if not path.startswith("x-")}
    if faults := list(_faults(raw)):
        more = f"; and {len(faults) - MOST_FAULTS} more" if len(faults) > MOST_FAULTS else ""
        raise Fault("bad_openapi", "; ".join(faults[:MOST_FAULTS]) + more)
    return _fitted(raw, api.address, (*system.safe_calls, *system.idempotent_calls))


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
        yield from _path_faults(path, item, bool(re.match(r"3\.[1-9]", version)))
    yield from _reference_faults(raw)
    yield from endless(raw)
    yield from undeclared(raw, METHODS)
    yield from unreadable_patterns(raw)


def _path_faults(path: str, item: Any, without_responses: bool) -> Iterator[str]:
    """What is wrong with one path; from 3.1 on an operation may be without responses."""
    if not isinstance(item, dict):
        yield f"{path}: should be an object"
        return
    if not path.startswith("/"):
        yield f"{path}: should begin with /"
    for method in METHODS:
        operation = item.get(method)
        if operation is None:
            continue
        if not (isinstance(operation, dict) and (operation.get("responses") or without_responses)):
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


def _fitted(raw: dict[str, Any], address: str, calls: Sequence[HttpCall]) -> Document:
    """The document where the most of these calls belong to it: its servers seldom say where it is served today.

    Their hosts are never called: only the playbook names hosts. Without any call, what the first server says holds.
    """
    fits = [Document(raw, *where) for where in dict.fromkeys(_wheres(raw, address))]
    return max(fits, key=lambda one: sum(one.names(call) for call in calls))


def _wheres(raw: dict[str, Any], address: str) -> Iterator[tuple[str, str]]:
    """The places that the document's paths may have, as `base` and `shared`; the likeliest first."""
    own = urlsplit(address).path.rstrip("/")
    for server in [*_server_paths(raw, address), ""]:
        if own.endswith(server):
            yield "", ""
        yield server.removeprefix(own) if f"{server}/".startswith(f"{own}/") else server, ""
        if f"{own}/".startswith(f"{server}/"):
            yield "", own.removeprefix(server)


def _server_paths(raw: dict[str, Any], address: str) -> list[str]:
    """The paths of the document's servers, those on the address' host first."""
    listed = raw.get("servers")
    urls = [_filled(one) for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    parts = [urlsplit(one) for one in urls or [str(raw.get("basePath") or "")] if one.count("[") == one.count("]")]
    ranked = sorted(parts, key=lambda one: one.netloc not in ("", urlsplit(address).netloc))
    return [f"/{one.path.removeprefix('.').strip('/')}".rstrip("/") for one in ranked]


def _filled(server: Mapping[str, Any]) -> str:
    """A server's address with the defaults of its variables."""
    variables = server.get("variables")
    known = variables if isinstance(variables, dict) else {}
    defaults = {name: str(one.get("default", "")) for name, one in known.items() if isinstance(one, dict)}
    return re.sub(r"\{([^{}]*)\}", lambda match: defaults.get(match[1], ""), str(server.get("url") or ""))


def _may_be(template: str, path: str) -> bool:
    """Whether a server may take the path for this template's: many let a last name hold slashes, or add one."""
    template, path = template.rstrip("/"), path.rstrip("/")
    *folders, last = path.split("/", template.count("/"))
    last = last.replace("/", "-") if template.endswith("}") else last
    return _pattern(template).fullmatch("/".join([*folders, last])) is not None


def _pattern(template: str) -> re.Pattern[str]:
    """Calls of a documented path; none where it has more names between two slashes than anybody needs.

    Each of them multiplies the ways to try by the length of the path.
    """
    if any(part.count("{") > MOST_NAMES for part in template.split("/")):
        return re.compile(r"(?!)")
    parts = re.split(r"(\{[^{}]*\})", template)
    return re.compile("".join("([^/]+)" if part[:1] == "{" and part[-1:] == "}" else re.escape(part) for part in parts))
