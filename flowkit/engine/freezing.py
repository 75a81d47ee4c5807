"""From a flow to its plan: what functions say of themselves is read, each flow within is frozen by itself, and all is spelt out.

It must never call a task's function. Reading code takes longest, so it is done only where a run is to be started.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import msgspec

from ..core import InputPlan, Plan
from ..core.draft import Draft, Fault
from ..core.nesting import Nest, spelt_out
from ..core.schema import classes_in, schema_of
from ..core.values import text_of
from ..core.wire import freeze
from ..errors import ValueNotStorable
from ..journal import pack, register
from .checking import doubts_of, placed
from .code import compiled_of, digest_of, notes_of, words_of
from .options import inputs_of_flow
from .reads import reads_nothing, reads_of
from .subflows import Nestable, Subflow, innermost_first
from .task import Function, Task


def frozen(flow: Nestable, warn: bool, code: bool = False) -> tuple[Plan, list[Fault]]:
    """The plan of a flow, and all faults of it and of the flows within it, errors first.

    `warn`: look for doubts too. `code`: record sources and digests, as a run needs them.
    """
    nests: dict[int, Nest] = {}
    faults: list[Fault] = []
    for address, one in innermost_first(flow):
        nest, found = _freeze_one(one, nests, warn, code)
        nests[id(one)] = nest
        if warn:
            found = [*found, *doubts_of(one, nest.plan)]
        faults += placed(found, address)
    plan = spelt_out(nests[id(flow)])
    if code:
        plan = msgspec.structs.replace(plan, definition=definition_of(flow))
    if len(nests) > 1:
        faults += _taken_twice(plan)
    return plan, sorted(faults, key=lambda fault: fault.level)


def definition_of(flow: Nestable) -> str:
    """A digest of all that the structure of a flow's plan is made from, and had much sooner than the plan."""
    found: dict[int, str] = {}
    for _, one in innermost_first(flow):
        units = one.tasks.values()
        said = [found[id(u.flow)] if type(u) is Subflow else _said_by(u.function) for u in units]
        told = [one.name, one.result, one.on_failure, _schemas(one), list(one.drafts().values()), said]
        found[id(one)] = hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:32]
    return found[id(flow)]


def _schemas(flow: Nestable) -> dict[str, Any] | None:
    """The declared inputs with their form schemas."""
    inputs = inputs_of_flow(flow.inputs)  # which may have been changed in place
    return None if inputs is None else {name: schema(annotation) for name, annotation in inputs.items()}


def _taken_twice(plan: Plan) -> list[Fault]:
    met: set[str] = set()
    found = []
    for task in plan.tasks:
        if task.name in met:
            text = "is the name of two tasks, one of them in a subflow"
            found.append(Fault(task.name, text, "Give one of them another name."))
        met.add(task.name)
    return found


def _freeze_one(flow: Nestable, nests: dict[int, Nest], warn: bool, code: bool) -> tuple[Nest, list[Fault]]:
    inputs, drafts = _schemas(flow), flow.drafts()
    details: dict[str, dict[str, Any]] = {}
    nest = Nest(Plan("", ()), {}, {})
    troubles: list[Fault] = []
    for name, unit in flow.tasks.items():
        if type(unit) is Subflow:
            inner = nest.inside[name] = nests[id(unit.flow)]
            drafts[name], details[name] = _as_unit(drafts[name], inner, troubles)
            if unit.draft.more is not None and unit.draft.more.shift:
                nest.shifts[name] = unit.draft.more.shift
        else:
            details[name] = _said_by(unit.function)
        if code:
            details[name] = {**details[name], **_code_of(unit)}
    nest.plan, faults = freeze(flow.name, drafts, inputs, flow.result, details, warn, flow.on_failure)
    return nest, [*troubles, *faults]


def _as_unit(draft: Draft, nest: Nest, troubles: list[Fault]) -> tuple[Draft, dict[str, Any]]:
    """A subflow as one unit: its parameters are the inputs of the flow within, and it gives what that gives."""
    plan, more = nest.plan, draft.more
    inputs: dict[str, InputPlan] = {one.name: one for one in plan.inputs}
    if more is not None and more.shift:
        assert more.retry is not None
        if more.shift not in inputs:
            known = ", ".join(inputs) or "none"
            text = f"ForEach gives {more.shift!r}, which the flow within does not take"
            troubles.append(Fault(draft.name, text, f"Its inputs are: {known}.", more.shift))
        inputs.pop(more.shift, None)
        inputs.setdefault(more.retry.each, InputPlan(more.retry.each))
    gives = plan.ends if plan.result is None else (plan.result,)
    whole = len(gives) == 1
    about: dict[str, Any] = {
        "on_failure": plan.on_failure,
        "gives": gives,
        "whole": whole,
        "params": {one.name: one.schema for one in inputs.values()},
    }
    if whole:
        about["result"] = next((task.result for task in plan.tasks if task.name == gives[0]), None)
    params = tuple((one.name, not one.required) for one in inputs.values())
    return msgspec.structs.replace(draft, params=params), about


def _code_of(unit: Task | Subflow) -> dict[str, Any]:
    """How the code of a unit is recognised."""
    found: dict[str, Any] = {}
    if isinstance(unit, Task):
        found = {"digest": unit.digest, "compiled": unit.compiled, "source": unit.source}
    if reads := reads_by(unit):
        found["reads"] = reads
    if unit.draft.more is not None:
        functions = {what: unit.asked(what) for what in ("when", "until", "revert")}
        asked = {
            what: {
                "text": words_of(function),
                "digest": digest_of(function),
                "compiled": compiled_of(function),
            }
            for what, function in functions.items()
            if function is not None
        }
        if asked:
            found["asked"] = asked
    return found


def reads_by(unit: Task | Subflow) -> dict[str, str]:
    """What a unit's code reads from around it; that of its undo is left out, since it changes no result."""
    return reads_of(*_functions(unit))


def readers(units: Mapping[str, Task | Subflow]) -> dict[str, Task | Subflow]:
    """Those of the units whose code may read something else another time."""
    return {name: unit for name, unit in units.items() if not all(map(reads_nothing, _functions(unit)))}


def _functions(unit: Task | Subflow) -> tuple[Function | None, ...]:
    function = unit.function if isinstance(unit, Task) and not unit.manual else None
    return function, unit.when_function, unit.until_function


def schema(annotation: Any) -> dict[str, Any] | None:
    """The form schema of an annotation, whose classes can be rebuilt from the journal from now on."""
    if annotation is None:
        return None
    _register(annotation)
    return schema_of(annotation)


def _register(annotation: Any) -> None:
    """Let the classes that an annotation names be rebuilt from the journal in this process."""
    for cls in classes_in(annotation):
        register(cls)


_said: WeakKeyDictionary[Any, dict[str, Any]] = WeakKeyDictionary()


def _said_by(function: Callable[..., Any]) -> dict[str, Any]:
    """What a function says of itself: docstring, and form schemas of its annotations. Read once for each function."""
    with contextlib.suppress(TypeError):  # a callable that can't be remembered
        if (known := _said.get(function)) is not None:
            return known
    found: dict[str, Any] = {}
    notes: dict[str, Any] = {}
    if isinstance(doc := function.__doc__, str) and doc:
        found["doc"] = inspect.cleandoc(doc).encode("utf-8", "backslashreplace").decode()
    if getattr(function, "__annotations__", None):
        notes = notes_of(function)
        if "return" in notes:
            _register(notes["return"])
            found["result"] = schema_of(notes["return"])
        found["params"] = {name: schema(note) for name, note in notes.items() if name != "return"}
    if not any(isinstance(note, str) for note in notes.values()):  # a name may yet be defined in a later cell
        with contextlib.suppress(TypeError):
            _said[function] = found
    return found


def fixed_text(value: Any) -> str | None:
    """Typed JSON of a fixed value; None where it can't be stored: it then stays with the code, in this process."""
    try:
        return text_of(pack(value))
    except ValueNotStorable:
        return None
