"""A crash in the middle of a chain, and how soon a new process has the next task ready."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from .measuring import Times
from .processes import fresh
from .sizes import Size
from .table import NONE, Budget, Row

BUDGETS = {1_000: Budget(must=10, aim=5), 10_000: Budget(must=150, aim=100)}  # ms
PARTS = (
    "opening the file",
    "freezing the flow",
    "reading the run",
    "giving up the claim, asking what is ready",
)


def rows(size: Size) -> Iterator[Row]:
    """From before the file is opened, in a new process that has its imports and its flow, until the task is ready."""
    for tasks in size.durable:
        crashed = size.folder / f"crashed_{tasks}.db"
        fresh("crash", str(crashed), str(tasks))
        found = [_reopened(crashed, tasks, number) for number in range(size.processes)]
        times = Times([one["taken"] for one in found])
        parts = [median(one["parts"][place] for one in found) * 1e3 for place in range(len(PARTS))]
        detail = "; ".join(f"{name} {part:.1f}" for name, part in zip(PARTS, parts, strict=True))
        what = f"crash in a chain of {tasks:,} → next task ready"
        budget = BUDGETS.get(tasks, NONE)
        detail = f"least {times.least * 1e3:.1f} ms, computing {times.computing.median * 1e3:.1f}: {detail}"
        yield Row(what, times.median * 1e3, "ms", budget, times.spread, detail)


def _reopened(crashed: Path, tasks: int, number: int) -> dict[str, Any]:
    """Each process gets a copy of its own of what the crash left: the file and the log beside it."""
    copy = crashed.with_name(f"copy_{tasks}_{number}.db")
    for suffix in ("", "-wal"):
        left = crashed.with_name(crashed.name + suffix)
        if left.exists():
            shutil.copyfile(left, copy.with_name(copy.name + suffix))
    found: dict[str, Any] = fresh("reopen", str(copy), str(tasks))
    return found
