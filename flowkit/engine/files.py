"""One house for each file: however many engines a process opens on it, they share its journal, its lock and its runs."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from ..errors import UsageError
from ..journal import SqliteJournal
from .clocks import clock_from
from .house import House

_lock = threading.Lock()
_houses: dict[
    tuple[int, int], tuple[House, int]
] = {}  # by device and inode, with how many engines live in it
_pid = os.getpid()


def enter(path: str, clock: Callable[[], float] | str | None, durability: str) -> House:
    """The house of a file, made where there is none yet. Raises a JournalError where the file can't serve."""
    global _pid
    with _lock:
        if os.getpid() != _pid:
            # After a fork the parent's connections and locks are not ours to use.
            _houses.clear()
            _pid = os.getpid()
        found = _houses.get(_identity(path))
        if found is not None:
            house, count = found
            if clock is not None and clock != house.clock:
                raise UsageError(
                    f"{path} is open in this process with another clock: close that engine first."
                )
            _houses[_identity(path)] = (house, count + 1)
            return house
        house = House(SqliteJournal(path, durability=durability), clock_from(clock))
        _houses[_identity(path)] = (house, 1)
        return house


def leave(house: House) -> None:
    """An engine closes; the last one closes the journal."""
    with _lock:
        for identity, (one, count) in tuple(_houses.items()):
            if one is house:
                if count > 1:
                    _houses[identity] = (one, count - 1)
                    return
                del _houses[identity]
    with house.lock:
        house.closed = True
        house.journal.close()
    house.ring()


def _identity(path: str) -> tuple[int, int]:
    try:
        found: Any = os.stat(path)
    except OSError:
        return (-1, hash(path))
    return (found.st_dev, found.st_ino)
