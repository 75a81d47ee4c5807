"""What a message brings: the core's answer to whoever sent it."""

from __future__ import annotations

from typing import Any

import msgspec

from . import facts as f

ACCEPTED, REPEAT, IGNORED, REFUSED = "accepted", "repeat", "ignored", "refused"


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What a message brought: a verdict, the facts to record, and for a refusal the error to raise once they are recorded.

    `verdict` is "accepted", "repeat" (the same report again: fine, nothing changes), "ignored" (with a `reason`) or "refused".
    """

    verdict: str
    facts: tuple[f.Fact, ...] = ()
    error: Any = None
    reason: str = ""
