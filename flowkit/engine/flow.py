"""The flow as its author builds it: tasks defined cell by cell, wired by the names of their parameters.

A `Flow` is a builder. Starting freezes it into a plan; what is defined afterwards concerns later runs only. It must never call
a task's function.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any
from weakref import WeakKeyDictionary

import msgspec

from ..core import Plan
from ..core.schema import classes_in, schema_of
from ..core.values import preview, text_of
from ..core.wire import Fault, freeze
from ..errors import DefinitionError, UsageError, ValueNotStorable
from ..journal import pack, register
from .code import notes_of, unread
from .engine import Engine
from .faces import bundled, one_line
from .options import (
    after_of,
    bind_of,
    doc_of,
    fixed_of,
    inputs_of_flow,
    name_of_task,
    outputs_of,
    plain,
    result_of_flow,
)
from .pictures import picture_of_flow
from .run import Run
from .task import Task, draft_of


class FaultList(list[Fault]):
    """All faults of a flow, errors first. Empty means that a run can start without a doubt."""

    @property
    def errors(self) -> list[Fault]:
        """Those that keep a run from starting."""
        return [fault for fault in self if fault.level == "error"]

    def __repr__(self) -> str:
        if not self:
            return "no faults"
        return "\n".join(f"{fault.level}: {fault}" for fault in self)


class Flow:
    """A flow of tasks.

    `name` is for people and for the journal. `on_failure` says what follows when a task has failed: "stop" lets those that are
    at work finish and starts nothing new. `result` names the task whose value is the run's; without it the one end task
    gives its value, several give a dict. `inputs` closes the flow's inputs: a mapping of names to annotations, or an iterable of
    names; without it every parameter that is no task is an input.
    """

    def __init__(
        self,
        name: str,
        *,
        on_failure: str = "stop",
        result: str | Task | None = None,
        inputs: Mapping[str, Any] | Iterable[str] | None = None,
    ) -> None:
        if on_failure != "stop":
            raise DefinitionError(f"on_failure={on_failure!r} is not known; 'stop' is.")
        self.name = name
        self.on_failure = on_failure
        self.result = result
        self.inputs = inputs
        self.tasks: dict[str, Task] = {}
        self._order: dict[str, dict[str, None]] = {}  # links of `chain`: they outlive a redefined task
        self._frozen: Plan | None = None
        self._frozen_as: tuple[Any, ...] = ()

    @property
    def name(self) -> str:
        """Its name; it may be set to another, for later runs."""
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self._name = plain(name, "name", name, "A flow needs a name: Flow('order').")

    @property
    def result(self) -> str | None:
        """The name of the task whose value is the run's; it may be set, to a task too, for later runs."""
        return self._result

    @result.setter
    def result(self, result: str | Task | None) -> None:
        self._result = result_of_flow(result)

    @property
    def inputs(self) -> dict[str, Any] | None:
        """The closed inputs with their annotations, None where names are open; they may be set, for later runs."""
        return self._inputs

    @inputs.setter
    def inputs(self, inputs: Mapping[str, Any] | Iterable[str] | None) -> None:
        self._inputs = inputs_of_flow(inputs)

    def task(
        self,
        function: Callable[..., Any] | None = None,
        /,
        *,
        name: str | None = None,
        bind: Mapping[str, Any] | None = None,
        fixed: Mapping[str, Any] | None = None,
        outputs: Iterable[str] | None = (),
        after: str | Task | Iterable[str | Task] | None = (),
        on_crash: str = "rerun",
    ) -> Any:
        """Define a task, as a decorator or by a call; a task of the same name is replaced.

        `name` (the function's own by default); `bind` maps parameters to other sources; `fixed` gives parameters their values
        (one that can't be stored, such as a function, stays with the code: nobody without the flow has it);
        `outputs` names the parts of a returned tuple; `after` are tasks that must have succeeded first; `on_crash` says what
        becomes of an attempt whose process died: "rerun", "ask" (a person decides) or "fail".
        Raises DefinitionError when an option makes no sense by itself; what concerns other tasks is told by `check()`.
        """
        options = {"name": name, "bind": bind, "fixed": fixed, "outputs": outputs, "after": after}

        def define(function: Callable[..., Any]) -> Task:
            return self._define(function, "task", on_crash=on_crash, **options)

        return define if function is None else define(function)

    def manual(
        self,
        function: Callable[..., Any] | None = None,
        /,
        *,
        name: str | None = None,
        bind: Mapping[str, Any] | None = None,
        fixed: Mapping[str, Any] | None = None,
        outputs: Iterable[str] | None = (),
        after: str | Task | Iterable[str | Task] | None = (),
    ) -> Any:
        """Define a manual task: never called, somebody reports its result. Options as for `task`.

        The function's return annotation types the form and the check of the report; its docstring is shown as instructions.
        """
        options = {"name": name, "bind": bind, "fixed": fixed, "outputs": outputs, "after": after}

        def define(function: Callable[..., Any]) -> Task:
            return self._define(function, "manual", **options)

        return define if function is None else define(function)

    def _define(self, function: Callable[..., Any], kind: str, **options: Any) -> Task:
        if isinstance(function, Task):
            function = function.function
        if not callable(function):
            raise DefinitionError(f"A task is a function; {preview(function)} can't be called.")
        name = name_of_task(options.pop("name"), function)
        doc_of(function, name)
        fixed = fixed_of(options.pop("fixed"), name)
        on_crash = options.pop("on_crash", "rerun")
        if on_crash not in ("rerun", "ask", "fail"):
            raise DefinitionError(f"{name}: on_crash={preview(on_crash)} must be 'rerun', 'ask' or 'fail'.")
        draft = draft_of(
            function,
            name,
            kind,
            bind=bind_of(options.pop("bind"), name),
            fixed={parameter: _fixed_text(value) for parameter, value in fixed.items()},
            after=after_of(options.pop("after"), name),
            outputs=outputs_of(options.pop("outputs"), name),
            on_crash=str.__str__(on_crash),
        )
        self._frozen = None
        task = self.tasks[name] = Task(function, draft, fixed)
        return task

    def remove(self, task: str | Task) -> None:
        """Take a task out, and the links that `chain` gave it. Raises UsageError when there is none of that name."""
        name = _name(task)
        if name not in self.tasks:
            raise UsageError(f"{self.name} has no task {name!r}; it has {', '.join(self.tasks) or 'none'}.")
        del self.tasks[name]
        self._order.pop(name, None)
        for before in self._order.values():
            before.pop(name, None)
        self._frozen = None

    def chain(self, *tasks: str | Task) -> None:
        """Let each of these tasks wait for the one before it, without data. Raises UsageError for an unknown task."""
        names = [_name(task) for task in tasks]
        unknown = [name for name in names if name not in self.tasks]
        if unknown:
            raise UsageError(f"{self.name} has no task {unknown[0]!r}: define it before it is chained.")
        for before, name in pairwise(names):
            self._order.setdefault(name, {})[before] = None
        self._frozen = None

    def check(self) -> FaultList:
        """All faults at once, each with task, parameter, message and hint; errors first, then warnings."""
        plan, faults = self._freeze(warn=True)
        return FaultList([*faults, *self._unread(plan)])

    def _unread(self, plan: Plan) -> Iterator[Fault]:
        """Annotations that would type a form, and can't be evaluated."""
        for name, annotation in (self.inputs or {}).items():
            if text := unread(annotation):
                hint = f"Write the type itself: inputs={{{name!r}: {text}}}."
                yield _unread_fault(name, "", text, hint)
        for task in plan.tasks:
            function = self.tasks[task.name].function
            if not getattr(function, "__annotations__", None):
                continue
            notes = notes_of(function)
            asked = [p.name for p in task.params if p.kind == "input" and self.inputs is None]
            for parameter in (*asked, "return"):
                if text := unread(notes.get(parameter)):
                    place = "" if parameter == "return" else parameter
                    yield _unread_fault(
                        task.name, place, text, "Import or define that name where it is written."
                    )

    def plan(self) -> Plan:
        """The flow as data, as a run would take it. Raises DefinitionError with all faults when a run could not start."""
        if not self._is_frozen:
            plan, faults = self._freeze(warn=False, code=True)
            if faults:
                listed = "\n".join(f"  {fault}" for fault in faults)
                count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
                raise DefinitionError(f"{self.name} can't start, {count}:\n{listed}", tuple(faults))
            self._frozen, self._frozen_as = plan, self._stands()
        assert self._frozen is not None
        return self._frozen

    def _stands(self) -> tuple[Any, ...]:
        """What may be set later and is part of a plan."""
        return (self.name, self.result, None if self.inputs is None else dict(self.inputs))

    @property
    def _is_frozen(self) -> bool:
        return self._frozen is not None and self._frozen_as == self._stands()

    def draft_plan(self) -> tuple[Plan, list[Fault]]:
        """The flow as data, faulty or not, with all its faults; perhaps without its code."""
        if self._frozen is not None and self._is_frozen:
            return self._frozen, []
        return self._freeze(warn=False)

    def _freeze(self, warn: bool, code: bool = False) -> tuple[Plan, list[Fault]]:
        inputs = inputs_of_flow(self.inputs)  # which may have been changed in place
        if inputs is not None:
            inputs = {name: _schema(annotation) for name, annotation in inputs.items()}
        drafts = {name: task.draft for name, task in self.tasks.items()}
        for name, order in self._order.items():
            if name in drafts:
                before = [other for other in order if other in drafts]
                drafts[name] = msgspec.structs.replace(drafts[name], after=(*drafts[name].after, *before))
        details = {name: _details(task, code) for name, task in self.tasks.items()}
        return freeze(self.name, drafts, inputs, self.result, "", details, warn)

    def start(self, inputs: Mapping[str, Any] | None = None, **options: Any) -> Run:
        """Start a run on a fresh engine in memory. Options as for `Engine.start`; `run.save(path)` keeps the run."""
        return Engine().start(self, inputs, **options)

    def __getitem__(self, name: str) -> Task:
        return self.tasks[name]

    def __delitem__(self, name: str) -> None:
        self.remove(name)

    def __contains__(self, name: object) -> bool:
        return name in self.tasks

    @one_line
    def __repr__(self) -> str:
        count = "1 task" if len(self.tasks) == 1 else f"{len(self.tasks)} tasks"
        return f"<Flow {self.name}: {count}>"

    @bundled
    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return picture_of_flow(self)


def _name(task: Any) -> str:
    name = task.name if isinstance(task, Task) else task
    if not isinstance(name, str):
        raise UsageError(f"{preview(name)} is no task: give a task of the flow, or its name.")
    return name


def _schema(annotation: Any) -> dict[str, Any] | None:
    if annotation is None:
        return None
    _register(annotation)
    return schema_of(annotation)


def _register(annotation: Any) -> None:
    """Let the classes that an annotation names be rebuilt from the journal in this process."""
    for cls in classes_in(annotation):
        register(cls)


def _details(task: Task, code: bool) -> dict[str, Any]:
    """What a plan says of a task beside its links; its code only where a run needs it, since reading it takes longest."""
    found = _said_by(task.function)
    if code:
        return {**found, "digest": task.digest, "compiled": task.compiled, "source": task.source}
    return found


def _unread_fault(task: str, parameter: str, text: str, hint: str) -> Fault:
    message = f"its annotation {text!r} can't be evaluated here, so that its form takes anything"
    return Fault(task, message, hint, parameter, "warning")


_said: WeakKeyDictionary[Any, dict[str, Any]] = WeakKeyDictionary()


def _said_by(function: Callable[..., Any]) -> dict[str, Any]:
    """What a function says of itself: docstring, and form schemas of its annotations. Read once for each function."""
    with contextlib.suppress(TypeError):  # a callable that can't be remembered
        if function in _said:
            return _said[function]
    found: dict[str, Any] = {}
    notes: dict[str, Any] = {}
    if isinstance(doc := function.__doc__, str) and doc:
        found["doc"] = inspect.cleandoc(doc).encode("utf-8", "backslashreplace").decode()
    if getattr(function, "__annotations__", None):
        notes = notes_of(function)
        if "return" in notes:
            _register(notes["return"])
            found["result"] = schema_of(notes["return"])
        found["params"] = {name: _schema(note) for name, note in notes.items() if name != "return"}
    if not any(isinstance(note, str) for note in notes.values()):  # a name may yet be defined in a later cell
        with contextlib.suppress(TypeError):
            _said[function] = found
    return found


def _fixed_text(value: Any) -> str | None:
    """Typed JSON of a fixed value; None where it can't be stored: it then stays with the code, in this process."""
    try:
        return text_of(pack(value))
    except ValueNotStorable:
        return None
