"""Looking at a run without driving it: waiting for it, and seeing it as it stood at an earlier event."""

from __future__ import annotations

import time

from ..core import Fold, evolve_all
from .addresses import is_over
from .door import Door
from .driver import POLL


async def wait_async(door: Door, task: str | None, timeout: float | None) -> None:
    """Return when the task (None: the run) has ended, or after `timeout` seconds."""
    import asyncio

    deadline = None if timeout is None else time.monotonic() + timeout
    while True:
        fold = door.refresh()
        if fold.ended or (task is not None and is_over(fold, task)):
            return
        if deadline is not None and time.monotonic() >= deadline:
            return
        await asyncio.sleep(POLL)


def refold(door: Door, seq: int | None) -> Fold:
    """The run as it stood after event `seq`; as it stands now where that is None or the last one."""
    fold = door.fold
    if seq is None or seq >= fold.seq:
        return fold
    earlier = door.new_fold()
    for entry in door.entries():
        if entry.seq > seq:
            break
        evolve_all(earlier, entry.facts, entry.at)
    return earlier
