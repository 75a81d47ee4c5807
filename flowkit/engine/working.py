"""What a task can say and ask while it works: its attempt, its progress, its own events; and what it prints.

The attempt at work is found through a context variable, so threads and asyncio tasks each have their own.
"""

from __future__ import annotations

import contextlib
import hashlib
import sys
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any, Protocol

import msgspec

from ..errors import UsageError

LONGEST = 65_536
"""Characters of output that are kept for one attempt; the oldest are dropped."""


class Line(Protocol):
    """How a working attempt speaks to its run."""

    def progress(self, task: str, attempt: int, fraction: float, text: str) -> None: ...
    def emit(self, task: str, attempt: int, topic: str, payload: Any) -> None: ...


class Attempt(msgspec.Struct, gc=False):
    """The attempt that is at work: `run_id`, `task`, `number` (from 1) and `key`, an idempotency key.

    The key is the same for every attempt of this task in this run, so that an outside service can recognise a repetition.
    """

    run_id: str
    task: str
    number: int
    line: Line
    echo: bool
    parts: list[dict[str, Any]] | None = None
    size: int = 0

    @property
    def key(self) -> str:
        """32 hexadecimal digits: the same for retries and crash reruns of this task in this run."""
        return hashlib.sha256(f"{self.run_id}\0{self.task}".encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def __repr__(self) -> str:
        return f"<attempt {self.number} of {self.task} in run {self.run_id}>"

    @property
    def made_output(self) -> bool:
        """Whether anything was printed or displayed."""
        return self.parts is not None

    def hear(self, part: dict[str, Any], size: int) -> None:
        """Keep a part of the output; the same stream goes on in one part."""
        if self.parts is None:
            self.parts = []
        parts = self.parts
        if parts and "text" in part and parts[-1].get("name") == part["name"]:
            parts[-1]["text"] += part["text"]
        else:
            parts.append(part)
        self.size += size
        while self.size > LONGEST:
            first = parts[0]
            over = self.size - LONGEST
            if "text" in first and len(first["text"]) > over:
                first["text"] = first["text"][over:]
                self.size -= over
            else:
                self.size -= _size_of(parts.pop(0))

    def heard(self) -> list[dict[str, Any]]:
        """All that was kept so far, oldest first, with overwritten lines (`\\r`) folded."""
        return [{**p, "text": _folded(p["text"])} if "text" in p else p for p in self.parts or ()]


def _size_of(part: dict[str, Any]) -> int:
    return len(part["text"]) if "text" in part else sum(len(str(value)) for value in part["data"].values())


def _folded(text: str) -> str:
    if "\r" not in text:
        return text
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))


CURRENT: ContextVar[Attempt | None] = ContextVar("flowkit_attempt", default=None)
"""The attempt at work in this thread or asyncio task."""


def attempt() -> Attempt:
    """The attempt that is calling. Raises UsageError outside a task."""
    found = CURRENT.get()
    if found is None:
        raise UsageError("flowkit.attempt() answers only inside a task that an engine runs.")
    return found


def progress(fraction: float, text: str = "") -> None:
    """Say how far the task is (0 to 1) and, in a few words, with what.

    Outside a run this does nothing, so that the function can be tried by itself. Raises AttemptWithdrawn when the attempt
    counts no more, ValueError for a fraction outside 0 to 1.
    """
    if not 0 <= fraction <= 1:
        raise ValueError(f"progress is between 0 and 1, not {fraction!r}")
    found = CURRENT.get()
    if found is not None:
        found.line.progress(found.task, found.number, float(fraction), text)


def emit(kind: str, payload: Any = None) -> None:
    """Record an event of the task's own in the journal. Outside a run this does nothing.

    Raises AttemptWithdrawn when the attempt counts no more, ValueNotStorable for a payload without a codec.
    """
    found = CURRENT.get()
    if found is not None:
        found.line.emit(found.task, found.number, kind, payload)


class _Tee:
    """Stands in for sys.stdout or sys.stderr: what an attempt writes is kept for it."""

    def __init__(self, real: Any, name: str) -> None:
        self._real = real
        self._name = name

    def write(self, text: str) -> int:
        found = CURRENT.get()
        if found is None:
            return int(self._real.write(text) or 0)
        found.hear({"name": self._name, "text": text}, len(text))
        if found.echo:
            self._real.write(text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


_lock = threading.Lock()
_listening = 0


@contextlib.contextmanager
def listening() -> Iterator[None]:
    """While anybody is in here, what attempts print and display (in this thread) is kept for them."""
    global _listening
    with _lock:
        _listening += 1
        if _listening == 1:
            sys.stdout, sys.stderr = _Tee(sys.stdout, "stdout"), _Tee(sys.stderr, "stderr")
    unhook = _hear_displays()
    try:
        yield
    finally:
        unhook()
        with _lock:
            _listening -= 1
            if _listening == 0:
                for name in ("stdout", "stderr"):
                    stream = getattr(sys, name)
                    if isinstance(stream, _Tee):
                        setattr(sys, name, stream._real)


def _hear_displays() -> Any:
    """In a notebook: keep what an attempt displays. Returns what undoes it."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    publisher: Any = getattr(shell, "display_pub", None)
    if not hasattr(publisher, "register_hook"):
        return lambda: None

    def hook(message: dict[str, Any]) -> dict[str, Any] | None:
        found = CURRENT.get()
        if found is None or message.get("msg_type") not in ("display_data", "update_display_data"):
            return message
        data = {kind: value for kind, value in message["content"]["data"].items() if isinstance(value, str)}
        size = sum(len(value) for value in data.values())
        if size > LONGEST:
            data = {"text/plain": data.get("text/plain", "")[:1000]}
            size = len(data["text/plain"])
        found.hear({"data": data}, size)
        return message if found.echo else None

    publisher.register_hook(hook)
    return lambda: publisher.unregister_hook(hook)
