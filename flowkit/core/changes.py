"""What differs between two plans, task by task and in words: what has to run again under an edited flow, and why.

It compares data and looks at nothing else: whether a task was begun, and what hangs on it, is known to the run. What only says how
a task is tried (retry, timeout, …) makes nothing run again: it counts from the next attempt on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .plan import Asked, Param, Plan, RepeatPlan, TaskPlan


def changes(old: Plan, new: Plan) -> dict[str, str]:
    """The tasks of both plans whose results may differ under the new one, and in what respect: "its code, the global RATE"."""
    before = {task.name: task for task in old.tasks}
    found = {}
    for task in new.tasks:
        was = before.get(task.name)
        if was is not None and was != task and (why := ", ".join(dict.fromkeys(_results(was, task)))):
            found[task.name] = why
    return found


def _results(old: TaskPlan, new: TaskPlan) -> Iterator[str]:
    """What may change the task's result, or whether it has one."""
    if old.kind != new.kind:
        yield f"it was a {_KINDS[old.kind]} and is a {_KINDS[new.kind]}"
        return
    if new.kind == "task" and not _same_code(old.digest, old.compiled, new.digest, new.compiled):
        yield "its code"
    yield from _reads(old.reads, new.reads)
    yield from _wired(old.params, new.params)
    if (old.after, old.upon) != (new.after, new.upon):
        yield "its links"
    if old.join != new.join:
        yield "its join"
    if _differs(old.when, new.when):
        yield "its decider"
    if old.each != new.each:
        yield "its items"
    if _loops_otherwise(old.repeat, new.repeat):
        yield "its loop"
    if old.outputs != new.outputs or (old.gives, old.whole) != (new.gives, new.whole):
        yield "the parts of its result"
    if new.kind == "manual" and old.result != new.result:
        yield "the type of its result"
    if (old.retry.each if old.retry else "") != (new.retry.each if new.retry else ""):
        yield "the values that it is tried with"


_KINDS = {"task": "task", "manual": "manual task", "flow": "subflow"}


def _same_code(old: str, old_compiled: str, new: str, new_compiled: str) -> bool:
    return old == new or (old_compiled != "" and old_compiled == new_compiled)


def _differs(old: Asked | None, new: Asked | None) -> bool:
    """Whether code beside a task's own, or the name that stands for it, is another."""
    if old is None or new is None:
        return old is not new
    if (old.params, old.source, old.part) != (new.params, new.source, new.part):
        return True
    return not _same_code(old.digest, old.compiled, new.digest, new.compiled)


def _loops_otherwise(old: RepeatPlan | None, new: RepeatPlan | None) -> bool:
    if old is None or new is None:
        return old is not new
    return old.most != new.most or _differs(old.until, new.until)


def _reads(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[str]:
    """What code reads from around it, each thing by name."""
    yield from (words for words, digest in new.items() if old.get(words) != digest)
    yield from (f"{words}, which it reads no more" for words in old if words not in new)


def _wired(old: tuple[Param, ...], new: tuple[Param, ...]) -> Iterator[str]:
    """Where its parameters get their values."""
    before = {param.name: param for param in old}
    for param in new:
        was = before.pop(param.name, None)
        if was is None:
            yield f"the new parameter {param.name}"
        elif was.kind == param.kind == "fixed":
            if was.fixed != param.fixed:
                yield f"the fixed value of {param.name}"
        elif (was.kind, was.source, was.part, was.outer) != (
            param.kind,
            param.source,
            param.part,
            param.outer,
        ):
            yield f"where {param.name} comes from"
    yield from (f"the parameter {name}, which it has no more" for name in before)
