"""Answering the core's questions: deciders, conditions of loops, and how many items there are."""

from __future__ import annotations

from typing import Any

import msgspec

from ..core import Fold
from ..core.messages import Reply
from .abilities import Code
from .arguments import gathered, item_values, part_of
from .failures import failure_of
from .loops import being_cancelled, is_failure, wait_for


class Question(msgspec.Struct, frozen=True):
    """An open question of a task: `what` is "when", "until" or "each"."""

    task: str
    what: str


def answer_to(fold: Fold, question: Question, code: Code) -> Reply:
    """Call what answers a question. What it raises is the answer too: a failure."""
    try:
        found = _ask(fold, question, code)
        return _reply(question, wait_for(_awaited(found)) if hasattr(found, "__await__") else found)
    except BaseException as error:
        if not is_failure(error):
            raise
        return _raised(question, error)


async def answer_here(fold: Fold, question: Question, code: Code) -> Reply:
    """The same on the caller's loop, where an async decider is awaited."""
    try:
        found = _ask(fold, question, code)
        return _reply(question, await found if hasattr(found, "__await__") else found)
    except BaseException as error:
        if not is_failure(error) or being_cancelled(error):
            raise
        return _raised(question, error)


def _reply(question: Question, found: Any) -> Reply:
    answer = found if question.what == "each" else bool(found)
    return Reply(task=question.task, what=question.what, answer=answer, via="run")


def _raised(question: Question, error: BaseException) -> Reply:
    return Reply(task=question.task, what=question.what, failure=failure_of(error), via="run")


def _ask(fold: Fold, question: Question, code: Code) -> Any:
    """What the code says, perhaps something to be awaited; for items how many there are."""
    name, what = question.task, question.what
    if what == "each":
        return len(item_values(fold, fold.wiring.eaches[name]))
    plan = fold.wiring.tasks[name]
    asked = plan.asked(what)
    assert asked is not None
    if asked.source:
        return part_of(fold, asked.source, asked.part)
    return code.tasks[name].asked(what)(**gathered(fold, name, asked.params, code.fixed))


async def _awaited(value: Any) -> Any:
    return await value
