"""`python -m benchmarks [--quick | --full] [name …]`: run the benchmarks and print their table as it grows."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from . import (
    again,
    deciding,
    defining,
    durable,
    importing,
    items,
    many_runs,
    memory,
    nested,
    panel,
    reopening,
    reports,
)
from .pace import pace
from .sizes import Size, size_named
from .table import Row, heading, load, table

BENCHMARKS: dict[str, Callable[[Size], Iterator[Row]]] = {
    "memory": memory.rows,
    "defining": defining.rows,
    "durable": durable.rows,
    "reopening": reopening.rows,
    "reports": reports.rows,
    "importing": importing.rows,
    "many-runs": many_runs.rows,
    "again": again.rows,
    "deciding": deciding.rows,
    "items": items.rows,
    "nested": nested.rows,
}
IN_A_BROWSER: dict[str, Callable[[Size], Iterator[Row]]] = {"panel": panel.rows}
"""Those that need Chromium; without it they have no rows."""
ALL = {**BENCHMARKS, **IN_A_BROWSER}


def main() -> int:
    """Print one table for each benchmark. The exit code says nothing about figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="How quick flowkit is.")
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--quick", action="store_true", help="small sizes: less than a minute on an idle machine"
    )
    size.add_argument("--full", action="store_true", help="up to 100,000 tasks in memory: some ten minutes")
    parser.add_argument(
        "--folder", help="where the files are made, to measure a certain disk (default: temporary)"
    )
    parser.add_argument("names", nargs="*", metavar="name", help=f"which: {', '.join(ALL)} (default: all)")
    given = parser.parse_args()
    if unknown := [name for name in given.names if name not in ALL]:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(ALL)}")
    name = "quick" if given.quick else "full" if given.full else "normal"
    print(f"{heading(name)}\n{pace()}", flush=True)
    judged: list[Row] = []
    for chosen in given.names or ALL:
        with tempfile.TemporaryDirectory(prefix="flowkit-benchmarks-", dir=given.folder) as folder:
            rows = list(ALL[chosen](size_named(name, Path(folder))))
        print(f"\n{chosen}\n{table(rows)}", flush=True)
        judged += [row for row in rows if row.verdict]
    print(f"\n{load('at the end')}\n{summary(judged)}")
    return 0


def summary(judged: list[Row]) -> str:
    """How many budgets were met, and which were not."""
    missed = [row.what for row in judged if row.verdict == "NOT MET"]
    told = "".join(f"\n  not met: {what}" for what in missed)
    return f"{len(judged) - len(missed)} of {len(judged)} budgets met{told}"


if __name__ == "__main__":
    sys.exit(main())
