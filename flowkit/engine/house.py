"""What all runs of one engine share: the journal and its lock, the clock, the bell, and who listens.

Subscribers hear each event once, in order, after it was committed and outside every lock; what they raise disturbs nobody.
"""

from __future__ import annotations

import getpass
import logging
import os
import platform
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any
from weakref import WeakSet, WeakValueDictionary

from ..core import Wiring
from ..errors import JournalError
from ..journal import Entry, Journal
from .claimants import AT_WORK, LEASE, me

_log = logging.getLogger("flowkit")

Listener = Callable[[str, Entry], None]


REMEMBERED = 32
"""So many plans are kept looked up."""


class House:
    """Shared by an engine, its runs and their drivers."""

    def __init__(self, journal: Journal, clock: Callable[[], float]) -> None:
        self.journal = journal
        self.clock = clock
        self.doors: WeakValueDictionary[str, Any] = (
            WeakValueDictionary()
        )  # one for each run that somebody holds
        self.lock = threading.RLock()
        self.bell = threading.Condition(threading.Lock())
        self.changes = 0  # how many entries this process has seen: what `wait` compares
        self.closed = False
        self.by = _author()  # this person and process, as facts name their author
        self.attended = False  # whether anybody listens or waits; else a turn need not tell
        self._waiting = 0
        self._listeners: list[Listener] = []
        self._news: deque[tuple[str, Entry]] = deque()
        self._delivering = threading.Lock()
        self._version = -1
        self._seen: dict[str, int] = {}
        self._heart: int | None = None  # the process whose thread shows that it lives
        self._wirings: dict[tuple[str, str | None], Wiring] = {}
        _houses.add(self)

    def others_wrote(self, run_id: str) -> bool:
        """Whether another process may have written since this was last asked for that run. Asked under the lock."""
        version = self.journal.version()
        if self._seen.get(run_id) == version:
            return False
        self._seen[run_id] = version
        return True

    def publish(self, run_id: str, entry: Entry | None) -> None:
        """Note a committed entry, under the lock; `deliver` tells the listeners."""
        if self._listeners and entry is not None:
            self._news.append((run_id, entry))

    def deliver(self) -> None:
        """Ring the bell and tell listeners what was published, outside the lock, one thread at a time so that order holds."""
        if self._waiting:
            self.ring()
        while self._news and self._delivering.acquire(blocking=False):
            try:
                while self._news:
                    run_id, entry = self._news.popleft()
                    for listener in tuple(self._listeners):
                        try:
                            listener(run_id, entry)
                        except Exception:
                            _log.exception("a subscriber of run %s raised; the run goes on", run_id)
            finally:
                self._delivering.release()

    def wiring(self, digest: str, target: str | None) -> Wiring:
        """The wiring of a kept plan; the last few are remembered, since many runs share one. Asked under the lock.

        Raises JournalCorrupt where the plan isn't there or can't be read.
        """
        found = self._wirings.pop((digest, target), None) or Wiring(self.journal.plan(digest), target)
        self._wirings[digest, target] = found
        if len(self._wirings) > REMEMBERED:
            del self._wirings[next(iter(self._wirings))]
        return found

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Add a listener; the returned function takes it away again."""
        with self.bell:
            self._listeners.append(listener)
            self.attended = True

        def stop() -> None:
            with self.bell:
                if listener in self._listeners:
                    self._listeners.remove(listener)
                self.attended = bool(self._listeners or self._waiting)

        return stop

    def wait(self, seen: int, timeout: float) -> bool:
        """Wait (at most `timeout` seconds) until something was published after `changes` stood at `seen`."""
        with self.bell:
            self._waiting += 1
            self.attended = True
            try:
                return self.bell.wait_for(lambda: self.changes != seen or self.closed, timeout)
            finally:
                self._waiting -= 1
                self.attended = bool(self._listeners or self._waiting)

    def ring(self) -> None:
        """Wake all that wait, though nothing was recorded."""
        with self.bell:
            self.bell.notify_all()

    def show_life(self) -> None:
        """While attempts are at work here, tell processes that can't see this one that it lives (on a file only)."""
        if self.journal.live or self._heart == os.getpid():
            return
        self._heart = os.getpid()
        threading.Thread(target=self._beat, name="flowkit-heartbeat", daemon=True).start()

    def _beat(self) -> None:
        pid = os.getpid()
        while os.getpid() == pid:
            with self.lock:
                key = self.journal.key.hex()
                if self.closed or not any(place.startswith(key) for place, _, _ in tuple(AT_WORK)):
                    self._heart = None  # under the lock, so that the next claim starts another
                    return
                try:
                    self.journal.beat(me(), time.time())
                except JournalError as error:
                    _log.warning("no sign of life could be written: %s", error)
            with self.bell:
                self.bell.wait_for(lambda: self.closed, LEASE / 3)

    def heard_of(self, claimant: Any) -> bool:
        """Whether a claimant that can't be seen from here gave a sign of life within its lease."""
        with self.lock:
            last = self.journal.last_beat(claimant)
        return last is not None and time.time() - last < LEASE

    def move_into_child(self) -> None:
        """After a fork, in the child: whoever held a lock or waited here stayed with the parent."""
        self.lock = threading.RLock()
        self.bell = threading.Condition(threading.Lock())
        self._delivering = threading.Lock()
        self._news.clear()
        self._waiting = 0
        self.attended = bool(self._listeners)
        self.by = _author()
        for door in tuple(self.doors.values()):
            door.forget()


_houses: WeakSet[House] = WeakSet()
_held: list[House] = []


def _before_fork() -> None:
    """Let nobody be in the middle of a turn, unless that takes too long."""
    _held[:] = [house for house in tuple(_houses) if house.lock.acquire(timeout=1.0)]


def _after_fork_in_parent() -> None:
    while _held:
        _held.pop().lock.release()


def _after_fork_in_child() -> None:
    _held.clear()
    for house in tuple(_houses):
        house.move_into_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child
    )


def _author() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError, ImportError):
        user = "somebody"
    return f"{user}@{platform.node()}:{os.getpid()}"
