"""Whether a failure is followed by another attempt, and when. Chance comes from the run's seed, so that a replay is exact."""

from __future__ import annotations

import hashlib

from .failure import Failure
from .plan import RetryPlan

_LONGEST = 1e9  # seconds: what is beyond is never, and infinity has no place in a journal


def matches(retry: RetryPlan, failure: Failure) -> bool:
    """Whether a retry is meant for such a failure: by any of its types, qualified or by the last part of their names."""
    names = {*failure.types, *(name.rpartition(".")[2] for name in failure.types)}
    if names.intersection(retry.not_on):
        return False
    return not retry.on or bool(names.intersection(retry.on))


def due_after(retry: RetryPlan, tried: int, seed: int, what: str, at: float) -> float | None:
    """When the next attempt is due (seconds since the epoch) after so many failed ones; None for at once.

    The delay grows by `backoff` with every attempt up to `cap`; `jitter` is the part of it by which it may be shorter or longer.
    """
    try:
        delay = retry.delay * retry.backoff ** (tried - 1)
    except OverflowError:
        delay = float("inf")
    if retry.cap is not None:
        delay = min(delay, retry.cap)
    if retry.jitter:
        delay *= 1 + retry.jitter * (2 * _chance(f"{seed}/{what}") - 1)
    return at + min(delay, _LONGEST) if delay > 0 else None


def _chance(text: str) -> float:
    """A number from 0 up to 1 that depends on the text alone."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
