"""Reports on their way to the door: whom they are about, whether a value fits, and what is offered to whom.

Nothing here decides what a report is worth: the core does, in its fixed order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core.messages import Report
from ..core.schema import check, describe
from ..core.values import Live, preview
from ..errors import InvalidValue, UsageError, ValueNotStorable
from ..journal import pack
from .door import Door
from .driver import arguments, parts_trouble
from .events import Offer, events_of
from .reading import TaskReading
from .task import Task
from .tokens import read_token, token_for


def offer_of(door: Door, name: str, able: str, fixed: Mapping[str, Any]) -> Offer:
    """What is offered of a task that is ready."""
    plan, attempt = door.wiring.tasks[name], door.fold.attempts[name]

    def token() -> str:
        with door.house.lock:
            door.journal.sync()  # what a token stands on must outlive the machine before the token leaves
        return token_for(door.journal.key, door.run_id, name, attempt)

    return Offer(
        task=name,
        attempt=attempt,
        able=able,
        instructions=plan.doc,
        schema=plan.result,
        run_id=door.run_id,
        inputs=lambda: arguments(door.fold, name, fixed),
        token=token,
    )


def address_of(door: Door, task: Any) -> tuple[str, int | None]:
    """Task and attempt (None: the current one) that somebody means by a name, a task, an offer or a completion token.

    Raises UnknownAttempt for a token that this journal never gave out, UsageError for one of another run.
    """
    if isinstance(task, Offer):
        if task.run_id != door.run_id:
            raise UsageError(
                f"This offer belongs to run {task.run_id!r}, not to {door.run_id!r}. Nothing was recorded."
            )
        return task.task, task.attempt
    name = task.name if isinstance(task, Task | TaskReading) else task
    if not isinstance(name, str):
        raise UsageError(
            f"{name!r} names no task: give its name, an offer or a completion token. Nothing was recorded."
        )
    if name in door.wiring.tasks or not _like_a_token(name):
        return name, None
    run_id, task_name, attempt = read_token(door.journal.key, name)
    if run_id != door.run_id:
        raise UsageError(
            f"This completion token belongs to run {run_id!r}: engine.complete(token, …) finds it."
        )
    return task_name, attempt


def _like_a_token(name: str) -> bool:
    return name.startswith(("WyI", "WyJ")) and "." in name  # how `["` and a letter or digit begin


def accepted_seq(door: Door, name: str) -> int:
    """The event that holds a task's accepted report; 0 where there is none."""
    for event in reversed(events_of(door.entries())):
        if event.task == name and event.kind in ("TaskSucceeded", "TaskFailed"):
            return event.seq
    return 0


def words(name: str, said: Any) -> str:
    """A text that somebody gave as a note or a type; empty for None. Raises UsageError for what is no text."""
    if said is None:
        return ""
    if not isinstance(said, str):
        raise UsageError(f"{name}={said!r} must be a text. Nothing was recorded.")
    return str(said)


def judged(door: Door, name: str, attempt: int | None, value: Any, note: Any) -> Report:
    """A report of a value, with what the door found wrong in it; the core decides whether that matters."""
    note = words("note", note)
    plan = door.wiring.tasks.get(name)
    problem: Exception | None = None
    stored: Any = None
    if plan is not None:
        value, problems = check(plan.result, value) if plan.result is not None else (value, [])
        if problems:
            listed = "; ".join(map(str, problems))
            if (
                len(problems) > 1 or ", not " not in listed or problems[0].path
            ):  # else it says what is expected
                listed = f"{describe(plan.result)}: {listed}"
            text = f"{preview(value)} does not fit {name}, which expects {listed}. Nothing was recorded."
            problem = InvalidValue(text, problems=tuple(problems), task=name, sent=value)
        elif plan.outputs and (trouble := parts_trouble(plan.outputs, value)):
            problem = InvalidValue(f"{name}: {trouble}. Nothing was recorded.", task=name, sent=value)
    try:
        stored = pack(value, live=door.journal.live)
    except ValueNotStorable as error:
        problem, stored = problem or error, Live(value)  # it can be like nothing that is recorded
    return Report(task=name, attempt=attempt, value=stored, note=note, problem=problem)
