"""What `import flowkit` costs in a fresh process, and what heavy things it brings along (none)."""

from __future__ import annotations

from collections.abc import Iterator

from .measuring import Times
from .processes import fresh
from .sizes import Size
from .table import Budget, Row

AN_IMPORT = Budget(must=100, aim=50)  # ms
NONE_HEAVY = Budget(must=0)

STATEMENTS = {
    "import flowkit": "import flowkit",
    "… and what a run needs": "from flowkit import Engine, Flow, Run, UsageError",
}


def rows(size: Size) -> Iterator[Row]:
    """Names are loaded when they are first used, so both are told: the bare import, and one that can start a run."""
    for what, statement in STATEMENTS.items():
        found = [fresh("imports", statement) for _ in range(size.processes)]
        times = Times([one["taken"] for one in found])
        detail = f"least {times.least * 1e3:.1f} ms; computing {times.computing.median * 1e3:.1f}"
        yield Row(what, times.median * 1e3, "ms", AN_IMPORT, times.spread, detail)
        heavy = found[0]["heavy"]
        yield Row(f"{what}: heavy modules", len(heavy), "modules", NONE_HEAVY, detail=", ".join(heavy))
