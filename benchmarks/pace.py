"""How quick this machine is at the moment, beside the one on which the budgets in ms and µs were set."""

from __future__ import annotations

from .measuring import Work, repeated
from .shapes import chain, functions_of, plain_loop

THERE = 3.1
"""µs a task of the plain loop on a chain of 1,000, on the machine of the budgets while it was idle."""


def pace() -> str:
    """What the plain loop takes here, in words; ratios need no such help."""
    graph = chain(1000)
    functions = functions_of(graph)

    def prepare() -> Work:
        return lambda: plain_loop(graph, functions)

    here = repeated(15, prepare).computing.median * 1e6 / len(graph)
    return (
        f"the plain loop takes {here:.1f} µs a task here and took {THERE} where the budgets were set: "
        f"compare ms and µs with {here / THERE:.1f} × their budget"
    )
