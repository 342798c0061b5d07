"""How long to wait before an attempt is made again."""

from __future__ import annotations

import random

BASE_S = 0.5
LONGEST_S = 30.0


def wait_s(attempt: int, retry_after_s: float | None, rng: random.Random) -> float:
    """Seconds until the next attempt, after `attempt` of them: exponential backoff with full jitter.

    Full jitter spreads callers best (Brooker 2015, "Exponential Backoff and Jitter"). A server that said how long it
    wants to be left alone is left alone that long, and up to half a second more, so that not all come back at once.
    """
    if retry_after_s is not None:
        return retry_after_s + rng.uniform(0.0, BASE_S)
    return rng.uniform(0.0, min(LONGEST_S, BASE_S * 2.0**attempt))
