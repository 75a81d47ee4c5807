"""The feed: from a run's events to the few messages that a page can follow.

However many changes there are, at most twenty messages a second leave here, with the last state of each
node that changed; sentences and cards, which cost more, less often still. One thread reads and sends, so
messages leave in order. It never drives and never writes a fact.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from ..errors import FlowkitError

_log = logging.getLogger("flowkit")

BETWEEN = 0.05
"""Seconds between two messages of changes."""
LOOK_AFTER = 0.15
"""Seconds between two looks at what other processes wrote, while a page is open."""
QUIET = 0.3
"""Seconds without a change after which the run is seen to rest."""
BETWEEN_REST = 1.0
"""Seconds between two savings of the picture."""
LIVENESS = 2.0
"""Seconds after which a running task's process is looked at again."""
KEPT = 200
"""Events that a page is told of."""
AT_ONCE = 60
"""Events in one message of changes."""

Tell = Callable[[dict[str, Any]], None]


class Feed:
    """Follows one run for the pages that show it.

    `board` says what is to be said (`Board`); `tell(message)` sends to the pages; `rest(snapshot)` is
    called when the run rests after changes, `redraw(scene, snapshot)` when the run has taken over an edited flow.
    """

    def __init__(
        self,
        run: Any,
        board: Any,
        tell: Tell,
        rest: Callable[[dict[str, Any]], None],
        redraw: Callable[[dict[str, Any], dict[str, Any]], None],
    ) -> None:
        self._run = run
        self._board = board
        self._tell = tell
        self._rest = rest
        self._redraw = redraw
        self._scene = board.scene
        self._bell = threading.Condition()
        self._fresh: deque[Any] = deque(maxlen=KEPT)
        self._dirty = True
        self._asked: set[str] = set()
        self._watched: dict[str, str] = {}
        self._looked_at: list[str] = []
        self._answers: list[dict[str, Any]] = []
        self._views: set[str] = set()
        self._closed = False
        self._stop: Callable[[], None] | None = None
        self._thread: threading.Thread | None = None
        self._q = 0
        self._head = ""
        self._cards: dict[str, str] = {}
        self._head_at = 0.0
        self._cost = 0.0  # seconds that sentences and cards took last
        self._owed = True  # whether something changed since head, cards and picture were last made
        self._unsaved = True
        self._changed_at = 0.0
        self._saved_at = 0.0

    # From any thread: notes only

    def begin(self) -> None:
        """Start to follow; calling it again changes nothing."""
        with self._bell:
            if self._thread is not None or self._closed:
                return
            self._stop = self._run.subscribe(self._heard)
            self._thread = threading.Thread(
                target=self._follow, name=f"flowkit-panel-feed-{self._run.id}", daemon=True
            )
            self._thread.start()

    def hello(self, view: str) -> None:
        """A page came, or lost the thread: it gets everything."""
        with self._bell:
            self._views.add(view)
            self._asked.add(view)
            self._bell.notify()
        self.begin()

    def look(self, view: str, key: str) -> None:
        """A page wants the card of a node (or of the run: ""), now and whenever it changes."""
        with self._bell:
            self._watched[view] = key
            self._looked_at.append(key)
            self._bell.notify()

    def bye(self, view: str) -> None:
        """A page is gone."""
        with self._bell:
            self._views.discard(view)
            self._watched.pop(view, None)

    def answer(self, message: dict[str, Any]) -> None:
        """Tell the answer to a command, after all that the command changed."""
        with self._bell:
            self._answers.append(message)
            self._bell.notify()

    def close(self) -> None:
        """Stop following."""
        with self._bell:
            self._closed = True
            self._bell.notify()
        if self._stop is not None:
            self._stop()

    def _heard(self, event: Any) -> None:
        """In the thread that committed: as little as possible."""
        self._fresh.append(event)
        if not self._dirty:
            with self._bell:
                self._dirty = True
                self._bell.notify()

    # In the feed's own thread

    def _follow(self) -> None:
        last = 0.0
        trouble = ""
        while True:
            with self._bell:
                if not self._awake():
                    self._bell.wait(self._patience())
                if self._closed:
                    return
            pause = last + BETWEEN - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            last = time.monotonic()
            try:
                self._turn()
                trouble = ""
            except Exception as error:
                said = str(error) if isinstance(error, FlowkitError) else f"{type(error).__name__}: {error}"
                if not isinstance(error, FlowkitError):
                    _log.exception("the panel of run %s could not look; it tries again", self._run.id)
                if said != trouble:
                    self._tell({"t": "trouble", "say": said})
                trouble = said
                time.sleep(QUIET)

    def _awake(self) -> bool:
        return self._closed or self._dirty or bool(self._asked or self._looked_at or self._answers)

    def _patience(self) -> float | None:
        """How long to wait for a bell: for ever where nobody looks and nothing is owed."""
        if self._owed or self._unsaved:
            return BETWEEN
        return LOOK_AFTER if self._views and self._board.durable else LIVENESS if self._views else None

    def _turn(self) -> None:
        with self._bell:
            asked, self._asked = self._asked, set()
            looked_at, self._looked_at = self._looked_at, []
            answers, self._answers = self._answers, []
            self._dirty = False
        try:
            self._look(asked, looked_at, bool(answers))
        finally:
            for answer in answers:
                self._tell(answer)

    def _look(self, asked: set[str], looked_at: list[str], answered: bool) -> None:
        now = time.monotonic()
        changes = self._board.changes()  # takes in what other processes wrote, too
        if self._board.scene is not self._scene:
            self._scene = self._board.scene
            self._redraw(self._scene, self._board.snapshot(self._q))
        events = self._take_events()
        if changes or events:
            self._owed = self._unsaved = True
            self._changed_at = now
        quiet = now - self._changed_at >= QUIET
        if self._views:
            started = time.perf_counter()
            head = self._head_if_due(now, quiet or answered, answered)
            if changes or events or head is not None:
                self._tell_changes(changes, events, head)
            if asked:
                self._tell_all()
            again = self._watched.values() if self._head_at == now else ()
            for key in dict.fromkeys([*looked_at, *again]):
                self._tell_card(key, key in looked_at)
            if self._head_at == now:
                self._cost = time.perf_counter() - started
        elif quiet:
            self._owed = False
        if self._unsaved and quiet and not self._owed and now - self._saved_at >= BETWEEN_REST:
            self._unsaved = False
            self._saved_at = now
            self._rest(self._board.snapshot(self._q))

    def _take_events(self) -> list[Any]:
        fresh = self._fresh
        return [fresh.popleft() for _ in range(len(fresh))]

    def _tell_changes(self, changes: list[list[int]], events: list[Any], head: dict[str, Any] | None) -> None:
        self._q += 1
        message: dict[str, Any] = {"t": "d", "q": self._q}
        if changes:
            message["s"] = changes
        if events:
            message["e"] = self._board.lines(events[-AT_ONCE:])
            message["n"] = events[-1].seq
        if head is not None:
            message["head"] = head
        self._tell(message)

    def _tell_all(self) -> None:
        head = self._board.head()
        self._head = json.dumps(head)
        lines = self._board.lines(self._run.events[-KEPT:])
        self._tell({"t": "snap", **self._board.snapshot(self._q), "head": head, "e": lines})

    def _head_if_due(self, now: float, quiet: bool, answered: bool) -> dict[str, Any] | None:
        """The head where it is time for one: after an answer, at rest, and now and then between."""
        alive = self._board.busy and now - self._head_at >= max(LIVENESS, 20 * self._cost)
        between = max(4 * BETWEEN, 10 * self._cost)
        if not (alive or answered or (self._owed and (quiet or now - self._head_at >= between))):
            return None
        self._owed = False
        head: dict[str, Any] = self._board.head()
        text = json.dumps(head)
        self._head_at = now  # cards are looked at again whenever the head was
        if text == self._head and not answered:
            return None
        self._head = text
        return head

    def _tell_card(self, key: str, asked: bool) -> None:
        card = self._board.card(key)
        text = json.dumps(card)
        if asked or self._cards.get(key) != text:
            self._cards[key] = text
            self._tell({"t": "card", **card})
