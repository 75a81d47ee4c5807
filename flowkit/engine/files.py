"""One house for each file: however many engines a process opens on it, they share its journal, its lock and its runs."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

from ..errors import UsageError
from ..journal import SqliteJournal
from .clocks import VirtualClock, clock_from
from .house import House

_lock = threading.Lock()
_houses: dict[tuple[int, int], tuple[House, int, str]] = {}
"""By device and inode: the house, how many engines live in it, and its durability."""


def _forget() -> None:
    """In the child of a fork: the parent's houses and locks are not ours to use."""
    global _lock
    _lock = threading.Lock()
    _houses.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def place(path: Any) -> str:
    """The absolute path of a journal's file. Raises UsageError for what is no file name."""
    text = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else ""
    try:
        os.fsencode(text)
    except UnicodeEncodeError:  # half of a character, which no system takes
        text = ""
    if text in ("", ":memory:") or "\0" in text:
        raise UsageError(f"{path!r} is no file name. Name a file, or keep runs in memory: Engine().")
    return os.path.abspath(text)


def enter(path: str, clock: Callable[[], float] | str | None, durability: str | None) -> House:
    """The house of a file, made where there is none yet.

    Raises a JournalError where the file can't serve, UsageError where it is open here with another clock or durability.
    """
    wanted = clock_from(clock)
    with _lock:
        found = _houses.get(_identity(path))
        if found is not None:
            house, count, kept = found
            both_virtual = isinstance(wanted, VirtualClock) and isinstance(house.clock, VirtualClock)
            other = "clock" if clock is not None and wanted != house.clock and not both_virtual else ""
            if durability not in (None, kept):
                other = "durability"
            if other:
                raise UsageError(
                    f"{path} is open in this process with another {other}: close that engine first."
                )
            _houses[_identity(path)] = (house, count + 1, kept)
            return house
        kept = durability or "process"
        house = House(SqliteJournal(path, durability=kept), wanted)
        _houses[_identity(path)] = (house, 1, kept)
        return house


def leave(house: House) -> None:
    """An engine closes; the last one closes the journal."""
    with _lock:
        for identity, (one, count, kept) in tuple(_houses.items()):
            if one is house:
                if count > 1:
                    _houses[identity] = (one, count - 1, kept)
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
