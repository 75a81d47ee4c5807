"""What a task's code reads from around it: recorded in the plan by name, and doubted where it is a hidden input."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from flowkit import Flow
from flowkit.core.changes import changes


def cell(text: str, **names: Any) -> dict[str, Any]:
    """What a cell defines, in a namespace of its own, which may be edited by further cells."""
    scope: dict[str, Any] = {"__name__": "page", **names}
    exec(text, scope)
    return scope


def flow_of(function: Callable[..., Any], **options: Any) -> Flow:
    flow = Flow("reading")
    flow.task(function, name="it", **options)
    return flow


def reads(function: Callable[..., Any], **options: Any) -> dict[str, str]:
    return flow_of(function, **options).plan().tasks[0].reads


HELPERS = """
import json
RATE = 1.19
TABLE = {"a": 1}
class Box: ...
def trim(x): return x[:LONGEST]
LONGEST = 3
def clean(x, mark="-"): return trim(x) + mark
def it(x):
    inner = [clean(one) for one in x]
    return json.dumps([Box, RATE, TABLE, inner, len(x), x.real])
"""


def test_what_code_reads_is_named() -> None:
    scope = cell(HELPERS)
    scope["real"] = 5
    assert set(reads(scope["it"])) == {
        "the module json",
        "the class Box",
        "the global RATE",
        "the global TABLE",
        "the helper clean()",
        "the helper trim()",
        "the global LONGEST",
    }, "an attribute named as a global is no read of it, and what is built in is none"


def why(scope: dict[str, Any], edit: str) -> str:
    """What is said to have changed for the task `it` when another cell is run."""
    flow = flow_of(scope["it"])
    before = flow.plan()
    exec(edit, scope)
    if scope["it"] is not flow["it"].function:
        flow.task(scope["it"], name="it")
    return changes(before, flow.plan()).get("it", "")


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        ("", ""),
        ("RATE = 1.19", ""),
        ("OTHER = 3", ""),
        ("RATE = 1.07", "the global RATE"),
        ("TABLE['b'] = 2", "the global TABLE"),
        ("LONGEST = 4", "the global LONGEST"),
        ("def trim(x): return x[1:LONGEST]", "the helper trim()"),
        ("def trim(x): return x[LEAST:]\nLEAST = 1", "the helper trim()"),
        ("def clean(x, mark='+'): return trim(x) + mark", "the helper clean()"),
        ("def clean(x, mark='-'):  # the same\n    return trim(x) + mark", ""),
        ("class Box: more = 1", ""),
        ("import pickle as json", "the module json"),
        ("def it(x): return 1", "its code"),
    ],
)
def test_an_edit_of_what_code_reads_is_told_by_name(edit: str, told: str) -> None:
    found = why(cell(HELPERS), edit)
    assert found.startswith(told)
    assert bool(found) == bool(told)


def made(n: int, notes: list) -> Callable[..., Any]:
    def helper() -> int:
        return n

    def it(x: int, y: int = n + 1, *, z: tuple = ()) -> Any:
        notes.append(x)
        return helper()

    return it


def test_closed_over_values_and_defaults_are_told_apart() -> None:
    first = flow_of(made(1, [])).plan()
    assert set(first.tasks[0].reads) == {
        "the default of y",
        "the default of z",
        "the closed-over notes",
        "the helper helper()",
        "the closed-over n of helper()",
    }
    assert changes(first, flow_of(made(1, [])).plan()) == {}
    assert changes(first, flow_of(made(1, ["x"])).plan()) == {"it": "the closed-over notes"}
    assert changes(first, flow_of(made(2, [])).plan()) == {
        "it": "the default of y, the closed-over n of helper()"
    }


def test_helpers_of_another_module_are_followed_and_named_with_it() -> None:
    module = ModuleType("page_helpers")
    sys.modules["page_helpers"] = module
    try:
        exec("DEPTH = 2\ndef dig(x): return x * DEPTH", module.__dict__)
        scope = cell("from page_helpers import dig\ndef it(x): return dig(x)")
        assert set(reads(scope["it"])) == {"the helper dig()", "the global page_helpers.DEPTH"}
    finally:
        del sys.modules["page_helpers"]


def test_installed_code_counts_by_its_name_alone() -> None:
    scope = cell("from json import dumps\nfrom math import sqrt\ndef it(x): return dumps(sqrt(x))")
    found = reads(scope["it"])
    assert set(found) == {"the helper dumps()", "the helper sqrt()"}
    assert json.dumps is scope["dumps"]


def test_functions_that_call_one_another_are_read_once() -> None:
    scope = cell(
        "def even(n): return n == 0 or odd(n - 1)\ndef odd(n): return n != 0 and even(n - 1)\ndef it(n): return it and odd(n)"
    )
    assert set(reads(scope["it"])) == {"the helper odd()", "the helper even()"}


def test_another_task_that_is_called_is_a_helper() -> None:
    flow = Flow("calls")
    scope = cell(
        "@flow.task\ndef quote(item): return 1\n@flow.task\ndef it(item): return quote(item)", flow=flow
    )
    before = flow.plan()
    assert before.tasks[1].reads.keys() == {"the helper quote()"}
    exec("@flow.task\ndef quote(item): return 2", scope)
    assert changes(before, flow.plan()) == {"quote": "its code", "it": "the helper quote()"}


def test_what_deciders_and_conditions_read_counts_and_what_undos_read_does_not() -> None:
    scope = cell("LIMIT = 1\nLOG = 'x'\ndef it(x): ...\ndef enough(x): return x > LIMIT\ndef undo(it): LOG")
    flow = flow_of(scope["it"], when=scope["enough"])
    flow["it"].revert(scope["undo"])
    assert flow.plan().tasks[0].reads.keys() == {"the global LIMIT"}


def test_values_that_hold_still_are_recorded_alike_and_objects_by_their_class() -> None:
    text = "def it(): return [words, lock, empty]"
    words = {"pear", "apple", "fig", "plum"}
    one = reads(cell(text, words=words, lock=object(), empty=None)["it"])
    other = reads(cell(text, words={"plum", "fig", "apple", "pear"}, lock=object(), empty=None)["it"])
    assert one == other


def test_a_plan_is_made_anew_when_what_it_reads_has_changed() -> None:
    scope = cell("RATE = 1\ndef it(x): return RATE * x")
    flow = flow_of(scope["it"])
    before = flow.plan()
    assert flow.plan() is before
    scope["RATE"] = 2
    after = flow.plan()
    assert after.structure() == before.structure()
    assert changes(before, after) == {"it": "the global RATE"}


# Hidden inputs ----------------------------------------------------------------------------------------------


class Frame:
    """Like a table of an array library."""

    shape = (2, 3)
    columns = ("a",)

    def __setitem__(self, key: str, value: Any) -> None: ...


def test_globals_that_can_be_changed_in_place_are_doubted() -> None:
    scope = cell(
        "def clean(x): return [x, names]\ndef it(x): return [rows, table, RATE, PAIR, clean(x), inner(x), f]\n"
        "def inner(x): return lambda: frame",
        rows=[],
        table={},
        names={"a"},
        frame=Frame(),
        RATE=3,
        PAIR=(1, 2),
        f=Frame,
    )
    faults = flow_of(scope["it"]).check()
    assert {(fault.task, fault.level) for fault in faults} == {("it", "warning")}
    assert [fault.message.split()[3].rstrip(",") for fault in faults] == ["rows", "table", "names", "frame"]
    assert all("parameter" in fault.hint for fault in faults)
    assert flow_of(lambda x: x, when=scope["it"]).check() != []


def test_a_shadowed_name_is_no_hidden_input() -> None:
    scope = cell("def it(rows): return [rows for rows in rows], rows.table", rows=[], table={})
    assert flow_of(scope["it"]).check() == []
