"""What was really asked of the tasks' functions and their stand-ins, whatever a journal says: one line for each call.

On file it is shared by all processes of a rehearsal and survives `kill -9`.
"""

from __future__ import annotations

import ast
import os
import threading
from pathlib import Path
from typing import Any

import flowkit


class Ledger:
    """The calls so far, in order: (unit, kind, inputs as plain values)."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._calls: list[tuple[str, str, Any]] = []
        self._lock = threading.Lock()

    def note(self, unit: str, kind: str, inputs: dict[str, Any]) -> int:
        """Note a call, and say which of its unit and kind it is, from 1."""
        call = (unit, kind, plain(inputs))
        with self._lock:
            if self.path is None:
                self._calls.append(call)
            else:
                file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
                try:
                    os.write(file, f"{call!r}\n".encode())
                finally:
                    os.close(file)
            return len(self.of(unit, kind))

    def all(self) -> list[tuple[str, str, Any]]:
        if self.path is None:
            return list(self._calls)
        if not self.path.exists():
            return []
        return [ast.literal_eval(line) for line in self.path.read_text().splitlines()]

    def of(self, unit: str, kind: str) -> list[Any]:
        """The inputs of each call of this unit and kind."""
        return [inputs for one, how, inputs in self.all() if (one, how) == (unit, kind)]

    def counts(self) -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for unit, kind, _ in self.all():
            found[unit, kind] = found.get((unit, kind), 0) + 1
        return found


def plain(value: Any) -> Any:
    """A value as literals; a failure as "OSError: no"."""
    if isinstance(value, flowkit.Failure):
        return f"{value.types[0].rpartition('.')[2]}: {value.message}"
    if isinstance(value, dict):
        return {plain(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(plain(one) for one in value)
    return value if isinstance(value, str | int | float | bool | bytes | type(None)) else repr(value)
