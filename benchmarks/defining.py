"""What it costs before anything runs: defining tasks, checking a flow, starting a run.

Measured twice: with three functions that serve all tasks, and with a function of its own for each task, whose source has
to be found, read and recognised.
"""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Callable, Iterator

from flowkit import Flow

from .measuring import Times, Work, repeated
from .shapes import chain, flow_of
from .sizes import Size
from .table import NONE, Budget, Row

A_TASK = Budget(must=50, aim=20)  # µs
CHECK = Budget(must=100)  # ms, for 1,000 tasks
LINEAR = Budget(must=1.5)  # how much more a task may cost in the largest flow than in the smallest

Define = Callable[[], Flow]
Maker = Callable[[int], Define]
"""Given a number of tasks, makes what defines them; whatever isn't a part of defining has been done then."""


def rows(size: Size) -> Iterator[Row]:
    """Defining, `check()` and start, each of a flow that is new."""
    for whose, maker in (("shared functions", _shared), ("own functions", _own(size))):
        checks = {}
        for tasks in size.defined:
            rounds = size.rounds(10 * tasks)
            times = _times(rounds, maker, tasks, _itself)
            yield _a_task(f"defining {tasks:,} tasks, {whose}", times, tasks, A_TASK)
            times = _times(rounds, maker, tasks, lambda define: define().check)
            checks[tasks] = times.median / tasks
            yield _whole(f"check() of {tasks:,} tasks, {whose}", times, CHECK if tasks == 1000 else NONE)
            times = _times(rounds, maker, tasks, lambda define: define().start)
            yield _a_task(f"starting {tasks:,} tasks in memory, {whose}", times, tasks, NONE)
        small, *_, large = checks
        what = f"check(), {whose}: a task of {large:,} / one of {small:,}"
        yield Row(what, checks[large] / checks[small], "×", LINEAR)


def _itself(define: Define) -> Work:
    return define


def _times(rounds: int, maker: Maker, tasks: int, work_of: Callable[[Define], Work]) -> Times:
    """By the computing clock, since nothing here waits for anything."""
    return repeated(rounds, lambda: work_of(maker(tasks))).computing


def _shared(tasks: int) -> Define:
    graph = chain(tasks)
    return lambda: flow_of(graph)


def _own(size: Size) -> Maker:
    count = itertools.count()

    def maker(tasks: int) -> Define:
        """Functions that no cache has seen: written to a file and imported, each time with another body."""
        salt = next(count)
        path = size.folder / f"functions_{salt}.py"
        texts = [f"def t{i}({f't{i - 1}' if i else ''}):\n    return {salt}, {i}\n" for i in range(tasks)]
        path.write_text("\n\n".join(texts), "utf8")
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        functions = [getattr(module, f"t{i}") for i in range(tasks)]

        def define() -> Flow:
            flow = Flow("measured")
            for function in functions:
                flow.task(function)
            return flow

        return define

    return maker


def _a_task(what: str, times: Times, tasks: int, budget: Budget) -> Row:
    detail = f"{times.median * 1e3:.1f} ms in all; least {times.least / tasks * 1e6:.1f} µs"
    return Row(what, times.median / tasks * 1e6, "µs a task", budget, times.spread, detail)


def _whole(what: str, times: Times, budget: Budget) -> Row:
    return Row(what, times.median * 1e3, "ms", budget, times.spread, f"least {times.least * 1e3:.1f} ms")
