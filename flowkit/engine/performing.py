"""Calling the user's code for an attempt: a task's function or its undo, with what it takes; and what becomes of its result.

Outside every lock, in the thread that asked for it. What is to be called is the driver's affair, what follows from the
report the core's.
"""

from __future__ import annotations

import time
from typing import Any

from ..core.messages import Claim, Report
from ..core.values import SCALARS
from ..journal import pack
from .abilities import Code
from .arguments import arguments, gathered, parts_trouble
from .door import Door
from .failures import failure_of, remember
from .loops import being_cancelled, is_failure, wait_for
from .working import CURRENT, Attempt, hearing_displays


class Performer:
    """Performs attempts of one run with the code that this process has, one at a time, and makes their reports."""

    def __init__(self, door: Door, code: Code, debug: bool) -> None:
        self.door = door
        self.code = code
        self.debug = debug
        self._then: Claim | None = None  # what is claimed with a report
        self._plain = False  # nothing is to be looked at in a result that is a scalar
        self._deadline: float | None = None
        self._fold = door.fold  # as it stood when the attempt was claimed
        self._outputs = door.wiring.outputs

    def _overdue(self) -> bool:
        return self._deadline is not None and time.monotonic() >= self._deadline

    def perform(self, attempt: Attempt) -> Report:
        """Call the attempt's function, blocking; a coroutine is run on the helper loop."""
        token, unit, code = CURRENT.set(attempt), attempt.task, self.code
        try:
            task = code.tasks.get(unit)
            if task is None or attempt.undo:
                value = self._call(attempt)
            else:  # by far the commonest, and at once
                value = task.function(**arguments(self._fold, unit, code.fixed))
            if type(value) not in SCALARS and hasattr(value, "__await__"):
                value = wait_for(_awaited(value))
        except BaseException as error:
            if not is_failure(error):
                raise
            return self._failed(attempt, error)
        finally:
            CURRENT.reset(token)
        if self._plain and type(value) in SCALARS and not attempt.undo:
            # The common case, said twice for the speed of small tasks.
            return Report(task=unit, attempt=attempt.number, value=value, via="run", then=self._then)
        return self._answer(attempt, value)

    async def perform_here(self, attempt: Attempt) -> Report:
        """Call the attempt's function; a coroutine is awaited on the caller's loop."""
        token = CURRENT.set(attempt)
        try:
            value = self._call(attempt)
            if hasattr(value, "__await__"):
                value = await value
        except BaseException as error:
            if not is_failure(error) or being_cancelled(error):
                raise
            return self._failed(attempt, error)
        finally:
            CURRENT.reset(token)
        return self._answer(attempt, value)

    def _call(self, attempt: Attempt) -> Any:
        """Enter the user's function: a task's own, or its undo."""
        fold, unit, code = self._fold, attempt.task, self.code
        task = code.tasks.get(unit) or code.tasks[fold.task_of(unit)]
        if not attempt.undo:
            return task.function(**arguments(fold, unit, code.fixed))
        undo = fold.plan_of(unit).undo
        assert undo is not None
        return task.undo_function(**gathered(fold, unit, undo.params, code.fixed))

    def _answer(self, attempt: Attempt, value: Any) -> Report:
        if attempt.undo:
            return Report(task=attempt.task, attempt=attempt.number, via="run", then=self._then)
        outputs = self._outputs
        if (
            outputs
            and (names := outputs.get(self._fold.task_of(attempt.task)))
            and (trouble := parts_trouble(names, value))
        ):
            return self._failed(attempt, TypeError(trouble))
        if type(value) not in SCALARS:
            try:
                value = pack(value, live=self.door.journal.live)
            except Exception as error:  # it can't be stored, or its own code raised when it was looked at
                return self._failed(attempt, error)
        return Report(
            task=attempt.task,
            attempt=attempt.number,
            value=value,
            via="run",
            then=None if self._overdue() else self._then,
        )

    def _failed(self, attempt: Attempt, error: BaseException) -> Report:
        if self.debug:
            remember(error)
        return Report(task=attempt.task, attempt=attempt.number, failure=failure_of(error), via="run")


async def _awaited(value: Any) -> Any:
    with hearing_displays():  # this thread is the helper loop's
        return await value
