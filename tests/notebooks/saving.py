"""Save in each lesson what it shows now: `python -m tests.notebooks.saving [part of a name]`.

To be used after a change of what flowkit shows, and looked at (`git diff`) before it is committed. It must leave
nothing of this run in the file: no times, no counters of a kernel, no ids of widgets.
"""

import sys
import tempfile
from pathlib import Path

import nbformat

from tests.notebooks.running import LESSONS, run_all, still


def save(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = run_all(path, Path(folder) / "work")
    saved = nbformat.read(path, as_version=4)
    fresh = (cell for cell in run.cells if cell.cell_type == "code")
    for count, cell in enumerate((cell for cell in saved.cells if cell.cell_type == "code"), 1):
        cell.outputs = still(next(fresh).outputs)
        cell.execution_count = count
        cell.metadata.pop("execution", None)
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = count
    saved.metadata.pop("widgets", None)
    saved.metadata.language_info = {"name": "python"}
    nbformat.write(saved, path)


if __name__ == "__main__":
    for lesson in LESSONS:
        if sys.argv[1:] and not any(part in lesson.name for part in sys.argv[1:]):
            continue
        save(lesson)
        print(f"saved {lesson.name}")
