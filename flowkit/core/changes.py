"""What is different between two plans, task by task, in words: what makes a task run again when an edited flow is adopted."""

from __future__ import annotations

from .plan import Asked, Plan, TaskPlan

_OPTIONS = {
    "kind": "what kind of task it is",
    "params": "where its parameters come from",
    "after": "its links",
    "upon": "its links",
    "outputs": "the names of its parts",
    "join": "its join",
    "skip": "its skip",
    "each": "its items",
    "repeat": "its loop",
    "within": "the subflow that it is in",
    "gives": "what the subflow gives",
    "whole": "what the subflow gives",
    "result": "the type of its result",
}
"""Fields whose change can change a result; what only says how it is tried (retry, timeout, …) counts from the next attempt on."""


def changes(old: Plan, new: Plan) -> dict[str, str]:
    """The tasks of both plans that changed in what they do, and in what respect: "its code", "the helper clean()"."""
    before = {task.name: task for task in old.tasks}
    found = {}
    for task in new.tasks:
        if task.name in before and (why := _why(before[task.name], task)):
            found[task.name] = why
    return found


def _why(old: TaskPlan, new: TaskPlan) -> str:
    if old == new:
        return ""
    parts = []
    if old.digest != new.digest and new.kind == "task":
        parts.append("its code")
    parts += [words for field, words in _OPTIONS.items() if field != "repeat" and getattr(old, field) != getattr(new, field)]
    for name, words in (("when", "its decider"), ("undo", "")):
        if words and _asks(getattr(old, name)) != _asks(getattr(new, name)):
            parts.append(words)
    if _loop(old) != _loop(new):
        parts.append("its loop")
    parts += [what for what in {**old.reads, **new.reads} if old.reads.get(what) != new.reads.get(what)]
    return ", ".join(dict.fromkeys(parts))


def _asks(asked: Asked | None) -> object:
    """What a decider asks, and with which code."""
    return None if asked is None else (asked.params, asked.source, asked.part, asked.digest)


def _loop(task: TaskPlan) -> object:
    return None if task.repeat is None else (task.repeat.most, _asks(task.repeat.until))
