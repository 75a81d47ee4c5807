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
PARTS = ("opening the file", "opening the run", "giving up the claim and asking")


def rows(size: Size) -> Iterator[Row]:
    """From before the file is opened, in a new process that has its imports and its flow, until the task is ready.

    With the flow's code the run can be driven, and the flow is compared with the plan; without it, anybody can read the
    run and report.
    """
    for tasks in size.durable:
        crashed = size.folder / f"crashed_{tasks}.db"
        fresh("crash", str(crashed), str(tasks))
        for code in ("with", "without"):
            found = [_reopened(crashed, tasks, code, number) for number in range(size.processes)]
            what = f"crash in a chain of {tasks:,} → next task ready, {code} code"
            yield from _rows(what, found, BUDGETS.get(tasks, NONE))


def _rows(what: str, found: list[dict[str, Any]], budget: Budget) -> Iterator[Row]:
    times = Times([one["taken"] for one in found])
    parts = [median(one["parts"][place] for one in found) * 1e3 for place in range(len(PARTS))]
    detail = "; ".join(f"{name} {part:.1f}" for name, part in zip(PARTS, parts, strict=True))
    yield Row(what, times.median * 1e3, "ms", budget, times.spread, f"least {times.least * 1e3:.1f} ms")
    times = times.computing
    yield Row(f"{what}, computing alone", times.median * 1e3, "ms", budget, times.spread, detail)


def _reopened(crashed: Path, tasks: int, code: str, number: int) -> dict[str, Any]:
    """Each process gets a copy of its own of what the crash left: the file and the log beside it."""
    copy = crashed.with_name(f"copy_{tasks}_{code}_{number}.db")
    for suffix in ("", "-wal"):
        left = crashed.with_name(crashed.name + suffix)
        if left.exists():
            shutil.copyfile(left, copy.with_name(copy.name + suffix))
    found: dict[str, Any] = fresh("reopen", str(copy), str(tasks), code)
    return found
