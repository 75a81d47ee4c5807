"""A small shop (a quote, a person who agrees, a parcel), and what tests need to hold a task in the middle."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from flowkit import Flow

LIMIT = 60.0  # seconds after which something counts as hanging


class Order(Flow):
    """quote(item) → approve (a person) → ship, and label(item) beside them."""

    def __init__(self, **options: Any) -> None:
        super().__init__("order", **options)
        self.calls: list[str] = []
        calls = self.calls

        @self.task
        def quote(item: str) -> float:
            calls.append("quote")
            return 12.5

        @self.manual
        def approve(quote: float) -> bool:
            """Is this price all right?"""

        @self.task
        def ship(quote: float, approve: bool) -> list:
            calls.append("ship")
            return [quote, approve]

        @self.task
        def label(item: str) -> str:
            calls.append("label")
            return item.upper()


def chain(*names: str) -> Flow:
    """Tasks in a row; each gives the list of names up to its own."""
    flow = Flow("chain")
    before = ""
    for name in names:
        scope: dict[str, Any] = {}
        exec(f"def {name}({before}): return [{f'*{before}, ' if before else ''}{name!r}]", scope)
        flow.task(scope[name])
        before = name
    return flow


class Gate:
    """A place in a task's function that another thread sees it reach, and lets it leave."""

    def __init__(self) -> None:
        self._reached = threading.Event()
        self._open = threading.Event()

    def wait(self) -> None:
        """In the task: say that it is here, and wait."""
        self._reached.set()
        assert self._open.wait(LIMIT), "nobody opened the gate"

    def reached(self) -> None:
        """Wait until the task is here."""
        assert self._reached.wait(LIMIT), "the task was not entered"

    def open(self) -> None:
        self._open.set()


class Aside:
    """A call in a thread of its own; `end()` waits for it and gives what it returned, or raises what it raised."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._found: Any = None
        self._raised: BaseException | None = None
        self._call = call
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        try:
            self._found = self._call()
        except BaseException as error:
            self._raised = error

    def end(self) -> Any:
        self._thread.join(LIMIT)
        assert not self._thread.is_alive(), "the call does not come back"
        if self._raised is not None:
            raise self._raised
        return self._found
