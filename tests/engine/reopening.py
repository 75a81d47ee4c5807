"""Runs that every step finds anew in the file, as after a restart."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from flowkit import Engine, Flow


@contextlib.contextmanager
def reopened(path: Path, flow: Flow, **options: Any) -> Iterator[Any]:
    """The run "r" as somebody finds it who just came: in an engine of its own, which is closed behind them."""
    with Engine(path, **options) as engine:
        yield engine.open("r", flow)


def step_by_step(
    path: Path, flow: Flow, inputs: Any = None, hands: Callable[[Any], bool] | None = None
) -> str:
    """Start run "r" and take every single step of it in an engine of its own, up to its end, whose state is returned.

    Where no step can be taken, `hands` may do something in the run, and says whether it did.
    """
    with Engine(path, clock="virtual") as engine:
        engine.start(flow, inputs, run_id="r")
    for _ in range(200):
        with reopened(path, flow, clock="virtual") as run:
            if run.state in ("succeeded", "failed", "cancelled", "reverted"):
                return run.state
            if not run.step():
                if run.tick("next") or (hands is not None and hands(run)):
                    continue
                return f"stuck: {run.why().words}"
    return "it does not come to an end"
