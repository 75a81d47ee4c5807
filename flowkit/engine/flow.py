"""The flow as its author builds it: tasks defined cell by cell, wired by the names of their parameters.

A `Flow` is a builder. Starting freezes it into a plan; what is defined afterwards concerns later runs only. It must never call
a task's function.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

import msgspec

from ..core import Plan
from ..core.draft import Draft, Fault
from ..core.values import preview
from ..errors import DefinitionError, UsageError
from .checking import FaultList
from .choices import on_failure_of, options_of, rarely
from .engine import Engine
from .faces import bundled, one_line
from .freezing import definition_of, fixed_text, frozen, readers, reads_by
from .names import plain
from .options import (
    after_of,
    bind_of,
    doc_of,
    fixed_of,
    inputs_of_flow,
    name_of_task,
    outputs_of,
    result_of_flow,
)
from .pictures import picture_of_flow
from .policies import ForEach, Link, Repeat, Retry
from .run import Run
from .subflows import Subflow, all_units, innermost_first
from .task import Function, Task, Unit, draft_of

Named = str | Task | Subflow
After = Named | Link | Iterable[Named | Link] | None


class Flow:
    """A flow of tasks.

    `name` is for people and for the journal. `on_failure` says what follows when a task has failed and no link goes on from there:
    "stop" lets those that are at work finish and starts nothing new, "continue" does all that doesn't hang on it, "pause" waits
    for a person, "revert" undoes what was done. `result` names the task whose value is the run's; without it the one end task
    gives its value, several give a dict. `inputs` closes the flow's inputs: a mapping of names to annotations, or an iterable of
    names; without it every parameter that is no task is an input. `tasks` are its tasks and subflows by name, in order.
    """

    def __init__(
        self,
        name: str,
        *,
        on_failure: str = "stop",
        result: Named | None = None,
        inputs: Mapping[str, Any] | Iterable[str] | None = None,
    ) -> None:
        self.on_failure = on_failure
        self.name = name
        self.result = result
        self.inputs = inputs
        self.tasks: dict[str, Task | Subflow] = {}
        self._order: dict[str, dict[str, None]] = {}  # links of `chain`: they outlive a redefined task
        self._chained = 0
        self._is_child = False
        self._frozen: Plan | None = None
        self._frozen_as: tuple[Any, ...] = ()
        self._reading: list[tuple[Task | Subflow, dict[str, str]]] = []

    @property
    def name(self) -> str:
        """Its name; it may be set to another, for later runs."""
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self._name = plain(name, "name", name, "A flow needs a name: Flow('order').")

    @property
    def on_failure(self) -> str:
        """What follows when a task has failed; it may be set, for later runs."""
        return self._on_failure

    @on_failure.setter
    def on_failure(self, on_failure: str) -> None:
        self._on_failure = on_failure_of(on_failure)

    @property
    def result(self) -> str | None:
        """The name of the task whose value is the run's; it may be set, to a task too, for later runs."""
        return self._result

    @result.setter
    def result(self, result: Named | None) -> None:
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
        function: Function | None = None,
        /,
        *,
        name: str | None = None,
        bind: Mapping[str, Any] | None = None,
        fixed: Mapping[str, Any] | None = None,
        outputs: Iterable[str] | None = (),
        after: After = (),
        when: Named | Function | None = None,
        skip: str = "dependents",
        join: str | int = "all",
        each: str | None = None,
        concurrency: int | None = None,
        retry: Retry | None = None,
        repeat: Repeat | None = None,
        timeout: float | None = None,
        on_crash: str = "rerun",
        pause_before: bool = False,
        priority: int = 0,
    ) -> Any:
        """Define a task, as a decorator or by a call; a task of the same name is replaced, and its undo is kept.

        What it takes: `name` (the function's own by default); `bind` maps parameters to other sources; `fixed` gives parameters
        their values (one that can't be stored, such as a function, stays with the code: nobody without the flow has it); `outputs`
        names the parts of a returned tuple; `after` are tasks that must have succeeded first, or `failed("b")`, `finished("c")`.

        Whether it is done: `join` says how many sources suffice ("all", "any" or a number); `when` (a task's name, whose result is
        taken as yes or no, or a function of results and inputs) leaves it out where it is false, with its dependents, or alone
        with `skip="self"`. How often: `each` names a parameter that gets one item of a list at a time, at most `concurrency` at
        once; `repeat` does it again until a condition is true; `retry` after a failure. `timeout` in seconds from when it is
        begun; `on_crash` says what becomes of an attempt whose process died: "rerun", "ask" (a person decides) or "fail";
        `pause_before` pauses the run in front of it; of several that are ready the one with the highest `priority` goes first.
        Raises DefinitionError when an option makes no sense by itself; what concerns other tasks is told by `check()`.
        """
        said = {"name": name, "bind": bind, "fixed": fixed, "outputs": outputs, "after": after}
        more = rarely(when, skip, join, each, concurrency, retry, repeat, timeout, pause_before, priority)

        def define(function: Function) -> Task:
            return self._define(function, "task", said, more, on_crash)

        return define if function is None else define(function)

    def manual(
        self,
        function: Function | None = None,
        /,
        *,
        name: str | None = None,
        bind: Mapping[str, Any] | None = None,
        fixed: Mapping[str, Any] | None = None,
        outputs: Iterable[str] | None = (),
        after: After = (),
        when: Named | Function | None = None,
        skip: str = "dependents",
        join: str | int = "all",
        each: str | None = None,
        concurrency: int | None = None,
        retry: Retry | None = None,
        repeat: Repeat | None = None,
        timeout: float | None = None,
        pause_before: bool = False,
        priority: int = 0,
    ) -> Any:
        """Define a manual task: never called, somebody reports its result. Options as for `task`; `timeout` counts from the offer.

        The function's return annotation types the form and the check of the report; its docstring is shown as instructions.
        """
        said = {"name": name, "bind": bind, "fixed": fixed, "outputs": outputs, "after": after}
        more = rarely(when, skip, join, each, concurrency, retry, repeat, timeout, pause_before, priority)

        def define(function: Function) -> Task:
            return self._define(function, "manual", said, more, "rerun")

        return define if function is None else define(function)

    def _define(
        self,
        function: Any,
        kind: str,
        said: Mapping[str, Any],
        more: Mapping[str, Any] | None,
        on_crash: str,
    ) -> Task:
        if isinstance(function, Task):
            function = function.function
        if not callable(function):
            hint = " A flow is used as a task by flow.add(child)." if isinstance(function, Flow) else ""
            raise DefinitionError(f"A task is a function; {preview(function)} can't be called.{hint}")
        name = name_of_task(said["name"], function)
        doc_of(function, name)
        fixed = fixed_of(said["fixed"], name)
        if on_crash not in ("rerun", "ask", "fail"):
            raise DefinitionError(f"{name}: on_crash={preview(on_crash)} must be 'rerun', 'ask' or 'fail'.")
        after, links = after_of(said["after"], name)
        options, functions = options_of(name, more, links) if more or links else (None, None)
        draft = draft_of(
            function,
            name,
            kind,
            bind=bind_of(said["bind"], name),
            fixed={parameter: fixed_text(value) for parameter, value in fixed.items()},
            after=after,
            outputs=outputs_of(said["outputs"], name, options),
            on_crash=str.__str__(on_crash),
            more=options,
        )
        task = Task(function, draft, fixed)
        if functions:
            task.keep(functions)
        replaced = self.tasks.get(name)
        if replaced is not None and replaced.undo_function is not None:
            task.keep_undo(replaced)
        self.tasks[name] = task
        return task

    def add(
        self,
        child: Flow,
        name: str | None = None,
        bind: Mapping[str, Any] | None = None,
        fixed: Mapping[str, Any] | None = None,
        *,
        after: After = (),
        when: Named | Function | None = None,
        skip: str = "dependents",
        join: str | int = "all",
        retry: Retry | ForEach | None = None,
        repeat: Repeat | None = None,
        pause_before: bool = False,
    ) -> Subflow:
        """Use a flow as one task of this one, named `name` (the child's own name by default); its tasks are `name.task`.

        The child's inputs are its parameters, wired as a function's would be; its value is the child's result. `bind`, `fixed`,
        `after`, `when`, `skip`, `join`, `repeat` and `pause_before` are as for `task`. `retry` does all of the child again after a
        failure, undone first; `ForEach("phones", as_="phone")` gives its input `phone` one value of a list after another until it
        succeeds. What follows a failure within is the child's `on_failure`. The child may still be edited, and counts as it is when
        a run is started. Returns the subflow, usable wherever a task is named.
        Raises DefinitionError for what is no flow, for a flow within itself, and for options that make no sense by themselves.
        """
        if not isinstance(child, Flow):
            raise DefinitionError(
                f"flow.add takes a Flow; {preview(child)} is none: @flow.task makes a task of it."
            )
        # What no flow has been given lies in none, so that a new flow need not look through all that is in the child.
        if child is self or (self._is_child and any(one is self for _, one in innermost_first(child))):
            raise DefinitionError(
                f"{child.name} can't be a task of {self.name}: {self.name} lies within it, and so it would contain itself. "
                "To do something again use repeat=Repeat(until=…)."
            )
        unit = name_of_task(child.name if name is None else name, child)
        values = (when, skip, join, None, None, retry, repeat, None, pause_before, 0)
        given = fixed_of(fixed, unit)
        before, links = after_of(after, unit)
        options, functions = options_of(unit, rarely(*values) or {}, links, subflow=True)
        draft = Draft(
            unit,
            "flow",
            bind=bind_of(bind, unit),
            fixed={parameter: fixed_text(value) for parameter, value in given.items()},
            after=before,
            more=options,
        )
        found = Subflow(child, draft, given)
        found.keep(functions)
        self.tasks[unit] = found
        child._is_child = True
        return found

    def remove(self, task: Named) -> None:
        """Take a task or a subflow out, and the links that `chain` gave it. Raises UsageError when there is none of that name."""
        name = _name(task)
        if name not in self.tasks:
            raise UsageError(f"{self.name} has no task {name!r}; it has {', '.join(self.tasks) or 'none'}.")
        del self.tasks[name]
        self._order.pop(name, None)
        for before in self._order.values():
            before.pop(name, None)
        self._chained += 1

    def chain(self, *tasks: Named) -> None:
        """Let each of these tasks wait for the one before it, without data. Raises UsageError for an unknown task."""
        names = [_name(task) for task in tasks]
        unknown = [name for name in names if name not in self.tasks]
        if unknown:
            raise UsageError(f"{self.name} has no task {unknown[0]!r}: define it before it is chained.")
        for before, name in pairwise(names):
            self._order.setdefault(name, {})[before] = None
        self._chained += 1

    def check(self) -> FaultList:
        """All faults at once, each with task, parameter, message and hint; errors first, then warnings."""
        return FaultList(frozen(self, warn=True)[1])

    def plan(self) -> Plan:
        """The flow as data, as a run would take it. Raises DefinitionError with all faults when a run could not start."""
        stands = self._deep_stands()
        if self._frozen is None or self._frozen_as != stands or self._surroundings_changed():
            plan, faults = frozen(self, warn=False, code=True)
            if faults:
                listed = "\n".join(f"  {fault}" for fault in faults)
                count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
                raise DefinitionError(f"{self.name} can't start, {count}:\n{listed}", tuple(faults))
            self._frozen, self._frozen_as = plan, stands
            found = readers(self.all_tasks())
            self._reading = [(found[task.name], task.reads) for task in plan.tasks if task.name in found]
        return self._frozen

    def draft_plan(self) -> tuple[Plan, list[Fault]]:
        """The flow as data, faulty or not, with all its faults; perhaps without its code."""
        if self._frozen is not None and self._frozen_as == self._deep_stands():
            return self._frozen, []
        return frozen(self, warn=False)

    def definition(self) -> str:
        """A digest of what a plan is made from, code apart: flows with the same one have plans of the same structure."""
        return definition_of(self)

    def stands(self) -> tuple[Any, ...]:
        """What a plan of this flow is made from, without the flows within it: it differs after every edit."""
        inputs = None if self.inputs is None else dict(self.inputs)
        drafts = tuple(unit.draft for unit in self.tasks.values())
        return (self.name, self.result, self.on_failure, inputs, self._chained, drafts)

    def _deep_stands(self) -> tuple[Any, ...]:
        return tuple(one.stands() for _, one in innermost_first(self))

    def _surroundings_changed(self) -> bool:
        """Whether code reads something else from around it than when the plan was made."""
        return any(reads_by(unit) != reads for unit, reads in self._reading)

    def drafts(self) -> dict[str, Draft]:
        """All tasks and subflows as they were defined, with the links of `chain`."""
        drafts = {name: unit.draft for name, unit in self.tasks.items()}
        for name, order in self._order.items():
            if name in drafts:
                before = [other for other in order if other in drafts]
                drafts[name] = msgspec.structs.replace(drafts[name], after=(*drafts[name].after, *before))
        return drafts

    def all_tasks(self) -> dict[str, Task | Subflow]:
        """All tasks and subflows, however deep, by the names that they have in a run: `task`, `subflow`, `subflow.task`."""
        return all_units(self)

    def start(self, inputs: Mapping[str, Any] | None = None, **options: Any) -> Run:
        """Start a run on a fresh engine in memory. Options as for `Engine.start`; `run.save(path)` keeps the run."""
        return Engine().start(self, inputs, **options)

    def __getitem__(self, name: str) -> Any:
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
    name = task.name if isinstance(task, Unit) else task
    if not isinstance(name, str):
        raise UsageError(f"{preview(name)} is no task: give a task of the flow, or its name.")
    return name
