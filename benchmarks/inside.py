"""What the fresh processes of the measurements do: `python -m benchmarks.inside WHAT …` prints figures as JSON.

Run as a program alone. The clock is started when all is imported and the flow is defined.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from itertools import pairwise
from time import perf_counter, process_time
from typing import Any

RUN = "crashed"


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


def reopen(path: str, tasks: str, code: str) -> dict[str, Any]:
    """What it takes from before the file is opened until the lost task is ready again; the flow is defined.

    With `code` "with" the run is opened so that it can be driven, else only to be read and reported to. By both clocks
    (`taken`), and the seconds of each part by the computing clock.
    """
    from flowkit import Engine

    flow = _crashing(int(tasks))
    wall, moments = perf_counter(), [process_time()]
    engine = Engine(path)
    moments.append(process_time())
    run = engine.open(RUN, flow if code == "with" else None)
    moments.append(process_time())
    run.tick()
    offers = run.ready()
    moments.append(process_time())
    taken = perf_counter() - wall, moments[-1] - moments[0]
    assert [offer.task for offer in offers] == [f"t{int(tasks) // 2}"]
    return {"taken": taken, "parts": [after - before for before, after in pairwise(moments)]}


WHAT: dict[str, Callable[..., Any]] = {"crash": crash, "reopen": reopen}

if __name__ == "__main__":
    print(json.dumps(WHAT[sys.argv[1]](*sys.argv[2:])))
