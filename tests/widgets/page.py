"""A page without a browser: it sends what the JavaScript sends, and waits for what Python answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

PATIENCE = 20.0  # seconds until a message that never comes fails a test


class Page:
    """Stands in for the front end of one panel. `got` holds every message from Python, oldest first."""

    def __init__(self, panel: Any, view: str = "v1") -> None:
        self.panel = panel
        self.view = view
        self.got: list[dict[str, Any]] = []
        self._bell = threading.Condition()
        self._count = 0
        earlier = getattr(panel, "pages", [])
        panel.pages = [*earlier, self]
        if not earlier:
            panel.send = lambda message, *_: [page.take(message) for page in panel.pages]

    def take(self, message: dict[str, Any]) -> None:
        with self._bell:
            self.got.append(message)
            self._bell.notify_all()

    def send(self, **message: Any) -> None:
        self.panel._heard(self.panel, {"view": self.view, **message}, [])

    def wait_for(self, wanted: Callable[[dict[str, Any]], Any], after: int = 0) -> dict[str, Any]:
        """The first message from number `after` on that is wanted."""

        def found() -> dict[str, Any] | None:
            return next((message for message in self.got[after:] if wanted(message)), None)

        with self._bell:
            assert self._bell.wait_for(lambda: found() is not None, PATIENCE), self.got[after:]
            message = found()
            assert message is not None
            return message

    def open(self) -> dict[str, Any]:
        """Say hello; returns the answer."""
        after = len(self.got)
        self.send(t="hello")
        return self.wait_for(lambda m: m["t"] == "snap", after)

    def look(self, key: str) -> dict[str, Any]:
        """Select a node; returns its card."""
        after = len(self.got)
        self.send(t="look", key=key)
        return self.wait_for(lambda m: m["t"] == "card" and m["key"] == key, after)

    def ask(self, act: str, **more: Any) -> str:
        """Send a command; returns its id."""
        self._count += 1
        name = f"{self.view}-{self._count}"
        self.send(t="do", id=name, act=act, **more)
        return name

    def answer(self, name: str) -> dict[str, Any]:
        return self.wait_for(lambda m: m["t"] == "done" and m["id"] == name)

    def do(self, act: str, **more: Any) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        return self.answer(self.ask(act, **more))

    def typed(
        self, act: str, task: str, value: Any, attempt: int = 1, kind: str = "do", **more: Any
    ) -> dict[str, Any]:
        """Send a form."""
        return self.do(act, task=task, attempt=attempt, kind=kind, data={"value": value, **more})

    def states(self) -> dict[str, str]:
        """Each node's state as a page that followed all messages has it."""
        scene = json.loads(self.panel.scene)
        shown: dict[int, int] = {}
        for message in self.got:
            if message["t"] == "snap":
                shown |= {i: int(c, 36) for i, c in enumerate(message["s"]) if c != "."}
            if message["t"] == "d":
                shown |= dict(message.get("s", []))
        return {scene["nodes"][i][6]: scene["states"][number] for i, number in shown.items()}
