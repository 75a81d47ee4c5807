"""What can be doubted in the code of a flow: annotations, hidden inputs, loops without an end. Links are judged in the core.

It reads code and never calls any.
"""

from __future__ import annotations

import builtins
import dis
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

import msgspec

from ..core import Plan, TaskPlan
from ..core.draft import Fault
from .code import notes_of, unread
from .reads import hidden_inputs, plain_function
from .subflows import Nestable
from .task import Task, Unit


class FaultList(list[Fault]):
    """All faults of a flow, errors first. Empty means that a run can start without a doubt."""

    @property
    def errors(self) -> FaultList:
        """Those that keep a run from starting."""
        return FaultList(fault for fault in self if fault.level == "error")

    def __repr__(self) -> str:
        if not self:
            return "no faults"
        return "\n".join(f"{fault.level}: {fault}" for fault in self)


def placed(faults: Iterable[Fault], address: str) -> list[Fault]:
    """The faults of a flow within another, at its address."""
    if not address:
        return list(faults)
    return [
        msgspec.structs.replace(fault, task=f"{address}.{fault.task}" if fault.task else address)
        for fault in faults
    ]


def doubts_of(flow: Nestable, plan: Plan) -> Iterator[Fault]:
    """The doubts about the code of one flow, without those within it. `plan` is that of the flow by itself."""
    for name, annotation in (flow.inputs or {}).items():
        if text := unread(annotation):
            yield _unread(name, "", text, f"Write the type itself: inputs={{{name!r}: {text}}}.")
    for task in plan.tasks:
        unit = flow.tasks[task.name]
        if isinstance(unit, Task):
            yield from _annotations(unit, task, flow.inputs is None)
        yield from _hidden(unit)
        if unit.until_function is not None:
            yield from _endless(unit)
        if task.retry is not None:
            yield from _misspelt(task, (*task.retry.on, *task.retry.not_on))


def _misspelt(task: TaskPlan, names: Iterable[str]) -> Iterator[Fault]:
    """Names of error classes that look like a slip for one of Python's own. (Any other may be a class that comes later.)"""
    known = [
        name
        for name, found in vars(builtins).items()
        if isinstance(found, type) and issubclass(found, BaseException)
    ]
    for name in names:
        near = [] if name in known or "." in name else get_close_matches(name, known, 1, cutoff=0.9)
        if near:
            text = f"its retry names {name!r}, and Python's own error is called {near[0]!r}"
            yield Fault(task.name, text, f"Did you mean {near[0]!r}?", level="warning")


def _annotations(unit: Task, task: TaskPlan, is_open: bool) -> Iterator[Fault]:
    """Annotations that would type a form, and aren't there or can't be evaluated."""
    has_any = getattr(unit.function, "__annotations__", None)
    notes = notes_of(unit.function) if has_any else {}
    if unit.manual and "return" not in notes:
        text = "is reported by somebody, and has no return annotation, so that anything may be reported"
        yield Fault(
            task.name, text, f"Write what the result is: def {task.name}(…) -> bool.", level="warning"
        )
    if not notes:
        return
    asked = [param.name for param in task.params if param.kind == "input" and is_open]
    for parameter in (*asked, "return"):
        if text := unread(notes.get(parameter)):
            place = "" if parameter == "return" else parameter
            yield _unread(task.name, place, text, "Import or define that name where it is written.")


def _unread(task: str, parameter: str, text: str, hint: str) -> Fault:
    message = f"its annotation {text!r} can't be evaluated here, so that its form takes anything"
    return Fault(task, message, hint, parameter, "warning")


def _hidden(unit: Unit) -> Iterator[Fault]:
    function = unit.function if isinstance(unit, Task) and not unit.manual else None
    for name in hidden_inputs(function, unit.when_function, unit.until_function):
        text = (
            f"reads the global {name}, which can be changed in place and is no input that the journal knows"
        )
        hint = f"Take it as a parameter ({name.rpartition('.')[2]}), from an input or a task."
        yield Fault(unit.name, text, hint, level="warning")


def _endless(unit: Unit) -> Iterator[Fault]:
    options = unit.draft.more
    if options is not None and options.most is None and _is_constant(unit.until_function):
        text = "its loop has no end: until gives the same false answer every time"
        yield Fault(unit.name, text, "Let until look at the value, or give Repeat(max=…).", level="warning")


def _is_constant(function: Any) -> bool:
    """Whether a function gives one constant that counts as false, whatever it is given."""
    target = plain_function(function)
    if target is None:
        return False
    found: list[Any] = []
    for instruction in dis.get_instructions(target.__code__):
        if instruction.opname in ("LOAD_CONST", "RETURN_CONST", "LOAD_SMALL_INT"):
            found.append(instruction.argval)
        elif instruction.opname not in ("RESUME", "RETURN_VALUE", "NOP"):
            return False
    return len(found) == 1 and not found[0]
