"""A task as its author holds it: still an ordinary callable, and a name wherever a task is named."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..core import TaskPlan
from ..core.wire import Draft, Fault
from ..errors import DefinitionError, UsageError
from .code import compiled_of, digest_of, parameters, source_of
from .faces import one_line


class Task:
    """One task of a flow. Calling it calls the function, so that it can be tried and tested without any engine."""

    def __init__(self, function: Callable[..., Any], draft: Draft, fixed: dict[str, Any]) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.draft = draft
        self.fixed = fixed
        self._compiled: str | None = None

    @property
    def name(self) -> str:
        """The name by which the flow knows it."""
        return self.draft.name

    @property
    def manual(self) -> bool:
        """Whether nobody calls it, and somebody reports its result."""
        return self.draft.kind == "manual"

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

    def fits(self, plan: TaskPlan) -> bool:
        """Whether its code is the one that a plan records. The source is read only where what was compiled differs."""
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


def draft_of(function: Callable[..., Any], name: str, kind: str, **options: Any) -> Draft:
    """Read a function's parameters into a draft. What can't be wired is noted as trouble; DefinitionError
    where the parameters can't be read at all."""
    try:
        params, positional_only = parameters(function)
    except (TypeError, ValueError) as error:
        raise DefinitionError(
            f"{name}: its parameters can't be read ({error}). Define a function that calls it."
        ) from error
    trouble: tuple[Fault, ...] = ()
    if positional_only:
        text = "has parameters that can't be passed by name"
        trouble = (Fault(name, text, "Take the / out of its signature."),)
    return Draft(name, kind, params, trouble=trouble, **options)
