"""What the entry says of one's own clients: no secret in it, and the user and password from the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from pilotage.integration.checks import Fault
from pilotage.playbook.systems import EventsSystem

_SECRET = re.compile(r"passw|secret|token|credential|passphrase|jaas|api[._-]?key|\.pem$|oauthbearer\.config", re.I)
_HARMLESS = re.compile(r"(url|uri|location|path|algorithm|method)$", re.I)  # where to get a secret, not the secret


def check_no_secrets(system: EventsSystem) -> None:
    """Fault for settings that look like secrets; their values are not repeated."""
    found = [
        f"{part}: {key}"
        for part in ("producer", "consumer", "queue")
        for key in getattr(system, part)
        if _SECRET.search(key) and not _HARMLESS.search(key)
    ]
    if found:
        raise Fault("secret_in_settings", f"{', '.join(found)}; the probe takes the password from key_env")


def login(system: EventsSystem) -> tuple[str, str] | None:
    """The user and the password from the environment; None where the entry names neither."""
    if system.user_env is None and system.key_env is None:
        return None
    user, password = (os.environ.get(name, "") if name else "" for name in (system.user_env, system.key_env))
    return user, password


def shown(settings: Mapping[str, Any], *names: str) -> str:
    """The settings of these names that the entry gives, as they stand there."""
    given = [f"{name}: {str(settings[name]).lower()}" for name in names if name in settings]
    return ", ".join(given)
