"""What a flow consists of, as its author holds it: tasks, which are still ordinary callables, and subflows; names wherever a task
is named."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import msgspec

from ..core import TaskPlan
from ..core.draft import AskedDraft, Draft, Fault, Options
from ..core.values import preview
from ..errors import DefinitionError, UsageError
from .code import compiled_of, digest_of, parameters, source_of
from .faces import one_line

Function = Callable[..., Any]


class Unit:
    """A task or a subflow: what has a name, options, and perhaps code that is asked beside its own work.

    `when_function`, `until_function` and `undo_function` are that code, None where there is none. `fixed` are the values of
    parameters that the flow itself gives.
    """

    when_function: Function | None = None
    until_function: Function | None = None
    undo_function: Function | None = None

    def __init__(self, draft: Draft, fixed: dict[str, Any]) -> None:
        self.draft = draft
        self.fixed = fixed

    @property
    def name(self) -> str:
        """The name by which the flow knows it."""
        return self.draft.name

    def asked(self, what: str) -> Function | None:
        """The code that answers a question of this unit, or undoes it: `what` is "when", "until" or "revert"."""
        found = {"when": self.when_function, "until": self.until_function, "revert": self.undo_function}
        return found[what]

    def fits(self, plan: TaskPlan, what: str = "do") -> bool:
        """Whether the code for `what` ("do": its own; "when", "until", "revert") is the one that a plan records, so that it may be
        called."""
        function, recorded = self.asked(what), plan.asked(what)
        if function is None or recorded is None:
            return False
        return recorded.compiled == compiled_of(function) != "" or recorded.digest == digest_of(function)

    def keep(self, functions: dict[str, Function]) -> None:
        """Hold functions by the names of their attributes."""
        for name, function in functions.items():
            setattr(self, name, function)


class Task(Unit):
    """One task of a flow. Calling it calls the function, so that it can be tried and tested without any engine."""

    def __init__(self, function: Function, draft: Draft, fixed: dict[str, Any]) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.draft = draft
        self.fixed = fixed
        self._compiled: str | None = None

    @property
    def manual(self) -> bool:
        """Whether nobody calls it, and somebody reports its result."""
        return self.draft.kind == "manual"

    def revert(self, function: Function) -> Function:
        """Define its undo, as a decorator: called with the inputs and sources of the task that it names, the task's own result
        by the task's name, and `failure` (None where there was none). Returns the function as it is.

        It stays with the task's name when the task is defined again. Raises DefinitionError for what can't be called.
        """
        if isinstance(function, Unit) or not callable(function):
            raise DefinitionError(f"An undo of {self.name} is a function; {preview(function)} is none.")
        self._undo_by(function, asked_draft(function, self.name, "revert"))
        return function

    def keep_undo(self, replaced: Unit) -> None:
        """Take over the undo of a task that this one replaces."""
        more = replaced.draft.more
        self._undo_by(replaced.undo_function, None if more is None else more.undo)

    def _undo_by(self, function: Function | None, undo: AskedDraft | None) -> None:
        more = msgspec.structs.replace(self.draft.more or Options(), undo=undo)
        self.draft = msgspec.structs.replace(self.draft, more=more)
        self.undo_function = function

    @functools.cached_property
    def digest(self) -> str:
        """What its code does, in 16 hexadecimal digits."""
        return "" if self.manual else digest_of(self.function)

    @property
    def compiled(self) -> str:
        """The same as this Python compiled it; empty where there is nothing compiled."""
        if self._compiled is None:
            self._compiled = "" if self.manual else compiled_of(self.function)
        return self._compiled

    def fits(self, plan: TaskPlan, what: str = "do") -> bool:
        """Whether the code for `what` is the one that a plan records. The source is read only where what was compiled differs."""
        if what != "do":
            return super().fits(plan, what)
        return (plan.compiled != "" and plan.compiled == self.compiled) or plan.digest == self.digest

    @property
    def source(self) -> str:
        """Its source text, or an empty string."""
        return source_of(self.function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.manual:
            raise UsageError(
                f"Nobody calls {self.name}: it is a manual task. run.complete({self.name!r}, …) reports it."
            )
        return self.function(*args, **kwargs)

    @one_line
    def __repr__(self) -> str:
        kind = "manual task" if self.manual else "task"
        return f"<{kind} {self.name}({', '.join(name for name, _ in self.draft.params)})>"


def draft_of(function: Function, name: str, kind: str, **options: Any) -> Draft:
    """Read a function's parameters into a draft. What can't be wired is noted as trouble; DefinitionError
    where the parameters can't be read at all."""
    params, trouble = _read(function, name, "")
    return Draft(name, kind, params, trouble=trouble, **options)


def asked_draft(function: Function, name: str, what: str) -> AskedDraft:
    """The same for code beside a task's own: `what` is "when", "until" or "revert"."""
    params, trouble = _read(function, name, f"{what}(…): ")
    return AskedDraft(params, trouble=trouble)


def _read(
    function: Function, name: str, place: str
) -> tuple[tuple[tuple[str, bool], ...], tuple[Fault, ...]]:
    try:
        params, positional_only = parameters(function)
    except (TypeError, ValueError) as error:
        raise DefinitionError(
            f"{name}: {place}its parameters can't be read ({error}). Define a function that calls it."
        ) from error
    if not positional_only:
        return params, ()
    text = f"{place}has parameters that can't be passed by name"
    return params, (Fault(name, text, "Take the / out of its signature."),)
