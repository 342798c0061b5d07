"""Calling Python that others wrote: found by name, never in the way of the event loop, its failure kept as data."""

from __future__ import annotations

import asyncio
import contextvars
import importlib
import inspect
import os
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pilotage.errors import PilotageError


@dataclass(frozen=True, slots=True)
class Called:
    """What came of a call: its value, or the exception that it raised."""

    value: Any = None
    error: BaseException | None = None


def find(target: str) -> Callable[..., Any]:
    """The callable that `module:attribute` names, looked for in the current folder first; PilotageError where none."""
    module_name, _, attribute = target.partition(":")
    if not module_name or not attribute:
        raise PilotageError("names no function", target, "write module:function, such as my_agent:answer")
    found = _module(module_name, target)
    for part in attribute.split("."):
        if not hasattr(found, part):
            close = get_close_matches(part, dir(found), 1)
            raise PilotageError(f"there is no {part!r}", target, f"did you mean {close[0]!r}?" if close else "")
        found = getattr(found, part)
    if not callable(found):
        raise PilotageError("cannot be called", target, "name a function")
    return found  # type: ignore[no-any-return]


def _module(name: str, target: str) -> Any:
    """The imported module; what goes wrong inside it is told with its file and line, not with a traceback."""
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())  # for good: the module may import its neighbours later
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name and (name == error.name or name.startswith(f"{error.name}.")):
            raise PilotageError(
                f"there is no module {error.name!r}", target, "call this from the folder that holds it, or install it"
            ) from None
        raise PilotageError(f"needs {error.name!r}, which is not installed", target) from None
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        what = f"cannot be imported: {type(error).__name__}: {error}"
        raise PilotageError(what, target, f"see {place.filename}, line {place.lineno}") from None


def source_hash_of(function: Callable[..., Any]) -> str:
    """A fingerprint of the file that the callable is written in; empty text where there is no such file."""
    from pathlib import Path

    from pilotage.hashes import sha256_file

    try:
        return sha256_file(Path(inspect.getfile(inspect.unwrap(_plain(function)))))
    except (TypeError, OSError):
        return ""


def _plain(function: Callable[..., Any]) -> Any:
    """What `inspect` knows a file of: an object that can be called is known by its class."""
    known = inspect.isroutine(function) or inspect.isclass(function)
    return function if known else type(function)


async def call(function: Callable[..., Any], *args: Any, **named: Any) -> Called:
    """What comes of the call: a coroutine function is awaited, anything else runs in a thread of its own.

    When the caller is cancelled the thread is left behind: it holds up neither the loop nor the end of the process,
    and what it brings later is ignored.
    """
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__):
        return await _awaited(function(*args, **named))
    called = await _in_thread(lambda: function(*args, **named))
    return await _awaited(called.value) if inspect.isawaitable(called.value) else called


async def _awaited(coroutine: Any) -> Called:
    try:
        return Called(await coroutine)
    except Exception as error:
        return Called(error=error)


async def _in_thread(function: Callable[[], Any]) -> Called:
    """A daemon thread for this one call: a pool would fill up with those that never end."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Called] = loop.create_future()
    context = contextvars.copy_context()

    def settle(called: Called) -> None:
        if not future.done():
            future.set_result(called)

    def work() -> None:
        try:
            called = Called(context.run(function))
        except BaseException as error:  # also SystemExit: what the function calls an end is not ours
            called = Called(error=error)
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, called)

    threading.Thread(target=work, name="pilotage-call", daemon=True).start()
    return await future
