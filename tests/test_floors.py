"""The shape of the house, read from the sources: which file may import which, and how big a room may be.

Imports are found wherever they stand, in functions and under TYPE_CHECKING too: an arrow that runs up is
wrong whenever it is followed.
"""

import ast
import graphlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Lower floors first; packages of one floor never import one another. Files in flowkit/ itself are rooms too.
FLOORS = (
    {"errors"},
    {"core"},
    {"journal", "transports", "render"},
    {"engine"},
    {"widgets", "service"},
    {"__init__", "__main__"},
)
LEVEL = {room: level for level, rooms in enumerate(FLOORS) for room in rooms}

LONGEST_FILE, LONGEST_FUNCTION = 400, 60

# All that the core may know of the world: values and arithmetic. No file, socket, thread, clock or dice.
PURE = """
    __future__ abc base64 binascii bisect collections contextlib copy dataclasses datetime decimal
    difflib enum fractions functools hashlib heapq hmac itertools json keyword math numbers operator re
    reprlib string struct textwrap types typing unicodedata uuid weakref zoneinfo msgspec
""".split()
# Nor may the pictures know of these, but for the one file that asks a layout program.
WORLDLY = """
    asyncio concurrent http multiprocessing os random secrets select signal socket sqlite3 subprocess
    tempfile threading time urllib IPython ipywidgets anywidget
""".split()
ASKS_A_PROGRAM = {"flowkit.render.layout"}

NO_SUBJECT = ("utils", "util", "helpers", "helper", "common", "base", "misc", "manager", "handler")


def sources() -> dict[str, str]:
    """Module name → text, of all of flowkit; a package's door has the name of the package."""
    found = {}
    for path in sorted((ROOT / "flowkit").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = path.read_text("utf8")
    return found


def imports(module: str, text: str, modules: Mapping[str, str]) -> Iterator[str]:
    """The full names that `module` imports, each as the deepest module that `modules` knows it to be."""
    is_door = any(other.startswith(f"{module}.") for other in modules)
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = node.module or ""
            if node.level:
                above = module.split(".")
                above = above[: len(above) - node.level + (1 if is_door else 0)]
                origin = ".".join([*above, *([origin] if origin else [])])
            for alias in node.names:
                full = f"{origin}.{alias.name}"
                # `from package import file` means the file, any other name means the package's door.
                yield full if full in modules else origin


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else "__init__"


def faults(modules: Mapping[str, str]) -> list[str]:
    """All that is wrong with these sources, one line for each fault."""
    found = []
    arrows: dict[str, set[str]] = {}
    for module, text in modules.items():
        if room(module) not in LEVEL:
            found.append(f"{module}: {room(module)} stands on no floor, give it one in FLOORS")
            continue
        imported = set(imports(module, text, modules))
        arrows[module] = {name for name in imported if name in modules and name != module}
        found += [fault for target in sorted(imported) if (fault := wrong_arrow(module, target))]
        found += too_long(module, text)
        if module.rpartition(".")[2].strip("_") in NO_SUBJECT:
            found.append(f"{module}: a file named so has no subject")
    try:
        graphlib.TopologicalSorter(arrows).prepare()
    except graphlib.CycleError as error:
        found.append(f"a circle: {' → '.join(reversed(error.args[1]))}")
    return found


def wrong_arrow(module: str, target: str) -> str:
    """What is wrong with this one import; empty where nothing is."""
    top = target.split(".")[0]
    if top == "flowkit":
        here, there = room(module), room(target)
        if here == there:
            return ""
        if there not in LEVEL or LEVEL[there] > LEVEL[here]:
            return f"{module} imports {target}: an arrow that runs up"
        if LEVEL[there] == LEVEL[here]:
            return f"{module} imports {target}: sideways"
    elif room(module) in ("core", "errors") and top not in PURE:
        return f"{module} imports {target}: the core is pure"
    elif room(module) == "render" and top in WORLDLY and module not in ASKS_A_PROGRAM:
        return f"{module} imports {target}: a picture is a function of its data"
    return ""


def too_long(module: str, text: str) -> Iterator[str]:
    lines = text.count("\n")
    if lines > LONGEST_FILE:
        yield f"{module}: {lines} lines, make it two files, by subject"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                yield f"{module}:{node.lineno} {node.name}: {length} lines, it no longer fits a screen"


def test_the_house_stands():
    found = "\n".join(faults(sources()))
    assert not found, f"\n{found}"


DOOR = {"flowkit": "", "flowkit.core": "", "flowkit.journal": "", "flowkit.render": "", "flowkit.engine": ""}


@pytest.mark.parametrize(
    ("added", "fault"),
    [
        ({"flowkit.core.a": "import flowkit.engine"}, "runs up"),
        ({"flowkit.core.a": "def f():\n    from flowkit.journal import x"}, "runs up"),
        ({"flowkit.core.a": "from ..engine import x"}, "runs up"),
        ({"flowkit.core.a": "from flowkit import Flow"}, "runs up"),
        ({"flowkit.core.a": "if TYPE_CHECKING:\n    from flowkit.render.b import x"}, "runs up"),
        ({"flowkit.errors": "import flowkit.core"}, "runs up"),
        ({"flowkit.render.a": "from flowkit.journal import x"}, "sideways"),
        ({"flowkit.journal.a": "from ..render import x"}, "sideways"),
        ({"flowkit.core.a": "from .b import x", "flowkit.core.b": "from .a import y"}, "circle"),
        (
            {"flowkit.engine.a": "from . import b", "flowkit.engine.b": "from flowkit.engine.a import x"},
            "circle",
        ),
        ({"flowkit.core": "from .a import x", "flowkit.core.a": "from flowkit.core import y"}, "circle"),
        ({"flowkit.core.a": "import time"}, "the core is pure"),
        ({"flowkit.core.a": "def f():\n    import os.path"}, "the core is pure"),
        ({"flowkit.render.a": "import threading"}, "function of its data"),
        ({"flowkit.cellar": ""}, "stands on no floor"),
        ({"flowkit.engine.utils": ""}, "no subject"),
        ({"flowkit.core.a": "x = 1\n" * 401}, "make it two files"),
        ({"flowkit.core.a": "def f():\n" + "    x = 1\n" * 60}, "fits a screen"),
    ],
)
def test_a_fault_is_found(added, fault):
    assert any(fault in line for line in faults({**DOOR, **added})), faults({**DOOR, **added})


def test_what_is_allowed_is_left_alone():
    allowed = {
        "flowkit": "from flowkit.engine import Engine",
        "flowkit.core": "from .a import a",
        "flowkit.core.a": "import msgspec\nfrom flowkit import errors\nfrom . import b",
        "flowkit.core.b": "x = 1\n" * 400,
        "flowkit.errors": "",
        "flowkit.engine.c": "import threading\nfrom flowkit.core import a\nfrom flowkit.render import svg",
        "flowkit.render.layout": "import subprocess",
    }
    assert faults({**DOOR, **allowed}) == []
