"""The flow as its author builds it: tasks defined cell by cell, wired by the names of their parameters.

A `Flow` is a builder. Starting freezes it into a plan; what is defined afterwards concerns later runs only. It must never call
a task's function.
"""

from __future__ import annotations

import contextlib
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any
from weakref import WeakKeyDictionary

import msgspec

from ..core import Plan
from ..core.schema import classes_in, schema_of
from ..core.values import text_of
from ..core.wire import Fault, freeze
from ..errors import DefinitionError, UsageError, ValueNotStorable
from ..journal import pack, register
from .code import notes_of
from .engine import Engine
from .faces import bundled, one_line
from .pictures import picture_of_flow
from .run import Run
from .task import Task, draft_of

_ADDRESS = re.compile(r"\[\d+\]$")


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
        if not isinstance(name, str) or not name:
            raise DefinitionError("A flow needs a name: Flow('order').")
        _refuse_half_characters(name, *(inputs or ()))
        if on_failure != "stop":
            raise DefinitionError(f"on_failure={on_failure!r} is not known; 'stop' is.")
        if isinstance(inputs, str):
            raise DefinitionError(f"inputs={inputs!r} must be names, or a mapping: inputs=({inputs!r},).")
        self.name = name
        self.on_failure = on_failure
        self.result = result.name if isinstance(result, Task) else result
        self.inputs = inputs if inputs is None or isinstance(inputs, Mapping) else dict.fromkeys(inputs)
        self.tasks: dict[str, Task] = {}
        self._order: dict[str, dict[str, None]] = {}  # links of `chain`: they outlive a redefined task
        self._frozen: Plan | None = None
        self._frozen_as: tuple[Any, ...] = ()

    def task(
        self,
        function: Callable[..., Any] | None = None,
        /,
        *,
        name: str | None = None,
        bind: Mapping[str, Any] | None = None,
        fixed: Mapping[str, Any] | None = None,
        outputs: Iterable[str] = (),
        after: str | Task | Iterable[str | Task] = (),
        on_crash: str = "rerun",
    ) -> Any:
        """Define a task, as a decorator or by a call; a task of the same name is replaced.

        `name` (the function's own by default); `bind` maps parameters to other sources; `fixed` gives parameters their values;
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
        outputs: Iterable[str] = (),
        after: str | Task | Iterable[str | Task] = (),
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
            raise DefinitionError(f"A task is a function; {function!r} can't be called.")
        name = options.pop("name") or getattr(function, "__name__", "")
        if not isinstance(name, str) or name in ("", "<lambda>") or _ADDRESS.search(name):
            raise DefinitionError(
                f"{name!r} can't name a task: give name='…', not ending in a number in brackets."
            )
        for option in ("bind", "fixed"):
            if not isinstance(options[option] or {}, Mapping):
                text = f"{name}: {option}={options[option]!r} must map parameters"
                raise DefinitionError(f"{text}: {option}={{'parameter': …}}.")
        after = options.pop("after")
        after = (after,) if isinstance(after, str | Task) else after
        outputs = options.pop("outputs")
        if isinstance(outputs, str):
            raise DefinitionError(
                f"{name}: outputs={outputs!r} must be a tuple of names: outputs=({outputs!r},)."
            )
        if options.get("on_crash", "rerun") not in ("rerun", "ask", "fail"):
            raise DefinitionError(
                f"{name}: on_crash={options['on_crash']!r} must be 'rerun', 'ask' or 'fail'."
            )
        bind = {p: _name(source) for p, source in (options.pop("bind") or {}).items()}
        _refuse_half_characters(name, *bind.values(), *outputs)
        fixed = dict(options.pop("fixed") or {})
        draft = draft_of(
            function,
            name,
            kind,
            bind=bind,
            fixed={parameter: _fixed_text(value) for parameter, value in fixed.items()},
            after=tuple(_name(source) for source in after),
            outputs=tuple(outputs),
            **options,
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
        return FaultList(self._freeze(warn=True)[1])

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
        inputs = None
        if self.inputs is not None:
            inputs = {name: _schema(annotation) for name, annotation in self.inputs.items()}
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


def _refuse_half_characters(*names: Any) -> None:
    for name in names:
        try:
            str(name).encode()
        except UnicodeEncodeError:
            raise DefinitionError(
                f"{name!r} can't be a name: it has half of a character (a lone surrogate) in it."
            ) from None


def _name(task: str | Task) -> str:
    return task.name if isinstance(task, Task) else task


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


_said: WeakKeyDictionary[Any, dict[str, Any]] = WeakKeyDictionary()


def _said_by(function: Callable[..., Any]) -> dict[str, Any]:
    """What a function says of itself: docstring, and form schemas of its annotations. Read once for each function."""
    with contextlib.suppress(TypeError):  # a callable that can't be remembered
        if function in _said:
            return _said[function]
    found: dict[str, Any] = {}
    notes: dict[str, Any] = {}
    if function.__doc__:
        found["doc"] = inspect.cleandoc(function.__doc__).encode("utf-8", "backslashreplace").decode()
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
