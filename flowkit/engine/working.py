"""What a task can say and ask while it works: its attempt, its progress, its own events; and what it prints.

The attempt at work is found through a context variable, so threads and asyncio tasks each have their own.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import sys
import threading
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import Any, Protocol

import msgspec

from ..core.values import preview
from ..errors import UsageError
from .clocks import number_in
from .faces import one_line

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
    undo: bool = False
    round: tuple[int, int] = (0, 0)

    @property
    def key(self) -> str:
        """32 hexadecimal digits: the same for retries and crash reruns; new for every round, item, rerun and fork, and
        for an undo."""
        text = f"{self.run_id}\0{self.task}"
        if self.undo or self.round != (0, 0):
            text += f"\0{self.round[0]}\0{self.round[1]}\0{'undo' if self.undo else ''}"
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    @one_line
    def __repr__(self) -> str:
        return f"<attempt {self.number} of {self.task} in run {self.run_id}>"

    @property
    def made_output(self) -> bool:
        """Whether anything was printed or displayed."""
        return self.parts is not None

    def hear(self, part: dict[str, Any], size: int) -> None:
        """Keep a part of the output, from whatever thread; the same stream goes on in one part."""
        with _hearing:
            if self.parts is None:
                self.parts = []
            parts = self.parts
            if "text" not in part:
                parts.append(part)
            elif parts and parts[-1].get("name") == part["name"]:
                parts[-1]["texts"].append(part["text"])
            else:
                parts.append({"name": part["name"], "texts": [part["text"]]})
            self.size += size
            if self.size > 2 * LONGEST:  # not at every line, since it looks at all that is kept
                kept = _newest(_joined(parts))
                self.parts = [{"name": p["name"], "texts": [p["text"]]} if "text" in p else p for p in kept]
                self.size = sum(map(_size_of, kept))

    def heard(self) -> list[dict[str, Any]]:
        """All that was kept so far, oldest first, with overwritten lines (`\\r`) folded."""
        with _hearing:
            kept = _newest(_joined(self.parts or ()))
        return [{**p, "text": _folded(p["text"])} if "text" in p else p for p in kept]


_hearing = threading.RLock()  # a signal's handler may print in the middle of a print


def _joined(parts: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"name": p["name"], "text": "".join(p["texts"])} if "texts" in p else p for p in parts]


def _newest(parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The end of some output, at most `LONGEST` characters."""
    kept: list[dict[str, Any]] = []
    room = LONGEST
    for part in reversed(parts):
        size = _size_of(part)
        if size > room and "text" not in part:
            break
        kept.append({**part, "text": part["text"][-room:]} if size > room else part)
        room -= size
        if room <= 0:
            break
    return kept[::-1]


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
    counts no more, ValueError for a fraction outside 0 to 1, UsageError for what is no number or no text.
    """
    done = number_in(fraction)
    if math.isnan(done) and not isinstance(fraction, float):
        raise UsageError(f"progress({preview(fraction)}) is no fraction: give a number from 0 to 1.")
    if not isinstance(text, str):
        raise UsageError(f"progress(…, {preview(text)}): the words must be a text.")
    if not 0 <= done <= 1:
        raise ValueError(f"progress is between 0 and 1, not {fraction!r}")
    found = CURRENT.get()
    if found is not None:
        found.line.progress(found.task, found.number, done, str.__str__(text))


def emit(kind: str, payload: Any = None) -> None:
    """Record an event of the task's own in the journal. Outside a run this does nothing.

    Raises AttemptWithdrawn when the attempt counts no more, ValueNotStorable for a payload without a codec, UsageError for a
    kind that is no text.
    """
    if not isinstance(kind, str) or not kind:
        raise UsageError(
            f"emit({preview(kind)}, …): an event's kind must be a text that is not empty. Nothing was recorded."
        )
    found = CURRENT.get()
    if found is not None:
        found.line.emit(found.task, found.number, str.__str__(kind), payload)


class _Tee:
    """Stands in for sys.stdout or sys.stderr: what an attempt writes is kept for it."""

    def __init__(self, real: Any, name: str) -> None:
        self._real = real
        self._name = name

    def write(self, text: str) -> int:
        found = CURRENT.get()
        if found is None or not isinstance(text, str):
            return int(self._real.write(text) or 0)
        found.hear({"name": self._name, "text": text}, len(text))
        if found.echo and self._real is not None:
            self._real.write(text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


_lock = threading.Lock()
_listening = 0


def _renew_locks() -> None:
    """In the child of a fork: whoever held them stayed with the parent."""
    global _lock, _hearing
    _lock, _hearing = threading.Lock(), threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_locks)


@contextlib.contextmanager
def listening() -> Iterator[None]:
    """While anybody is in here, what attempts print and display (in this thread) is kept for them."""
    global _listening
    with _lock:
        _listening += 1
        for name in ("stdout", "stderr"):
            # Others may have put streams of their own there since somebody began to listen.
            if not isinstance(stream := getattr(sys, name), _Tee):
                setattr(sys, name, _Tee(stream, name))
    try:
        with hearing_displays():
            yield
    finally:
        with _lock:
            _listening -= 1
            if _listening == 0:
                for name in ("stdout", "stderr"):
                    if isinstance(stream := getattr(sys, name), _Tee):
                        setattr(sys, name, stream._real)


_hooked = threading.local()


@contextlib.contextmanager
def hearing_displays() -> Iterator[None]:
    """In a notebook: keep what attempts display in this thread, each thing once however many are in here."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None and hasattr(ipython, "get_ipython") else None
    publisher: Any = getattr(shell, "display_pub", None)
    if not hasattr(publisher, "register_hook"):
        yield
        return
    _hooked.count = getattr(_hooked, "count", 0) + 1
    if _hooked.count == 1:
        publisher.register_hook(_hear_display)
    try:
        yield
    finally:
        _hooked.count -= 1
        if not _hooked.count:
            publisher.unregister_hook(_hear_display)


def _hear_display(message: dict[str, Any]) -> dict[str, Any] | None:
    """Keep a message for the attempt that sends it; None keeps it out of the cells."""
    found = CURRENT.get()
    if found is None:
        return message
    if message.get("msg_type") in ("display_data", "update_display_data"):
        data = {kind: value for kind, value in message["content"]["data"].items() if isinstance(value, str)}
        size = sum(len(value) for value in data.values())
        if size > LONGEST:
            data = {"text/plain": data.get("text/plain", "")[:1000]}
            size = len(data["text/plain"])
        found.hear({"data": data}, size)
    return message if found.echo else None
