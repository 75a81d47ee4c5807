"""A background thread that drives a run until it has ended: `run.play()`.

It works as any driver does; it waits out pauses and what others have to do, and wakes up when something was recorded.
"""

from __future__ import annotations

import logging
import threading

from ..errors import FlowkitError, RunInterrupted
from .driver import POLL, Driver
from .working import listening

_log = logging.getLogger("flowkit")


class Player:
    """One thread that drives one run. A daemon: it ends with the process, and a claim that it holds is seen to be lost."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._thread = threading.Thread(
            target=self._play, name=f"flowkit-play-{driver.door.run_id}", daemon=True
        )

    @property
    def alive(self) -> bool:
        """Whether it still drives."""
        return self._thread.is_alive()

    def begin(self) -> None:
        """Start driving."""
        self._thread.start()

    def _play(self) -> None:
        driver, house = self._driver, self._driver.house
        seconds = 1.0 if driver.door.journal.live else POLL
        with listening():
            while not house.closed and not driver.door.shut:
                seen = house.changes
                try:
                    if driver.run() == "ended":
                        return
                    house.wait(seen, seconds)
                except (FlowkitError, RunInterrupted):
                    if not house.closed and not driver.door.shut:
                        _log.exception(
                            "run %s is not driven any more; run.play() goes on", driver.door.run_id
                        )
                    return
