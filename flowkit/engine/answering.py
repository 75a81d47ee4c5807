"""Answering the core's questions: deciders, conditions of loops, and how many items there are."""

from __future__ import annotations

from typing import Any

import msgspec

from ..core import Fold
from ..core.messages import Reply
from .abilities import Code
from .arguments import gathered, item_values, part_of
from .failures import failure_of
from .loops import is_failure, wait_for


class Question(msgspec.Struct, frozen=True):
    """An open question of a task: `what` is "when", "until" or "each"."""

    task: str
    what: str


def answer_to(fold: Fold, question: Question, code: Code) -> Reply:
    """Call what answers a question. What it raises is the answer too: a failure."""
    name, what = question.task, question.what
    try:
        answer = _count(fold, name) if what == "each" else bool(_ask(fold, name, what, code))
    except BaseException as error:
        if not is_failure(error):
            raise
        return Reply(task=name, what=what, failure=failure_of(error), via="run")
    return Reply(task=name, what=what, answer=answer, via="run")


def _count(fold: Fold, name: str) -> int:
    return len(item_values(fold, fold.wiring.eaches[name]))


def _ask(fold: Fold, name: str, what: str, code: Code) -> Any:
    plan = fold.wiring.tasks[name]
    asked = plan.when if what == "when" else plan.repeat and plan.repeat.until
    assert asked is not None
    if asked.source:
        return part_of(fold, asked.source, asked.part)
    function = code.tasks[name].asked(what)
    value = function(**gathered(fold, name, asked.params, code.fixed))
    return wait_for(_awaited(value)) if hasattr(value, "__await__") else value


async def _awaited(value: Any) -> Any:
    return await value
