"""Run a notebook from top to bottom in a kernel of its own, and say what it showed.

It must never write to `notebooks/`: each run works on a copy, in a folder of its own.
"""

import os
import shutil
from pathlib import Path
from typing import Any
from unittest import mock

import nbformat
from nbclient import NotebookClient

import make

LESSONS = sorted((make.ROOT / "notebooks").glob("*.ipynb"))
PATIENCE = 120  # seconds that one cell may take

WIDGET = "application/vnd.jupyter.widget-view+json"


def run_all(path: Path, folder: Path) -> nbformat.NotebookNode:
    """Run a copy of the notebook in `folder` and return it with its outputs; a failing cell raises
    CellExecutionError. A folder that exists is kept: a second call is the same person's second Run All.
    A notebook that follows another one (its metadata say so) is opened by somebody who has run that one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, folder)
    notebook = nbformat.read(path, as_version=4)
    if before := notebook.metadata.get("flowkit", {}).get("follows"):
        run_all(path.with_name(before), folder)
    return run_here(notebook, folder)


def run_here(notebook: nbformat.NotebookNode, folder: Path) -> nbformat.NotebookNode:
    """Run this notebook in `folder`, whatever is there already, and return it with its outputs."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    client = NotebookClient(
        notebook,
        timeout=PATIENCE,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        store_widget_state=False,
    )
    # A kernel with no start-up files of whoever runs the tests, as in the lab.
    with mock.patch.dict(os.environ, make.lab_variables(folder.with_name(f"{folder.name}-lab"), "none")):
        client.execute()
    return notebook


def shown(notebook: nbformat.NotebookNode) -> list[list[dict[str, Any]]]:
    """For each code cell its outputs, without what no reader sees: counters, ids, how a stream was cut up."""
    return [tidy(cell.outputs) for cell in notebook.cells if cell.cell_type == "code"]


def still(outputs: list[Any]) -> list[Any]:
    """The outputs that are there without a kernel: a live panel is not, its static twin is."""
    return [output for output in outputs if WIDGET not in output.get("data", {})]


def tidy(outputs: list[Any]) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = []
    for output in outputs:
        if output.output_type == "stream":
            if kept and kept[-1].get("stream") == output.name:
                kept[-1]["text"] += output.text
            else:
                kept.append({"stream": output.name, "text": output.text})
        elif output.output_type == "error":
            kept.append({"error": f"{output.ename}: {output.evalue}"})
        else:
            data = dict(output.data)
            if WIDGET in data:
                data[WIDGET] = "a live panel"
            kept.append({"data": data})
    return kept


def printed(notebook: nbformat.NotebookNode) -> str:
    """All text that the notebook showed, cell after cell: printed, and text/plain of what was displayed."""
    parts = [
        output.get("text") or output.get("error") or output.get("data", {}).get("text/plain", "")
        for cell in shown(notebook)
        for output in cell
    ]
    return "\n".join(parts)
