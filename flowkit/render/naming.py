"""How tasks, texts and cells are written inside a sentence.

Every string that a user could choose passes through here, so that control characters are visible and long
texts are cut. Nothing here escapes for HTML or DOT: whoever draws does that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flowkit.core.failure import Failure
from flowkit.core.plan import TaskPlan
from flowkit.core.values import visible
from flowkit.core.wording import describe

LISTED = 3
"""So many names stand in a sentence before "… and 7 more"."""

_NAME_LIMIT = 60
_BREAKPOINT = "breakpoint before "
_SAID_OF_A_TASK = (" failed", " was skipped", " said no")
_NO_TASKS = ("its decider", "the run")


def named(task: str) -> str:
    """The task's name in backticks, cut at 60 characters."""
    return f"`{clipped(task, _NAME_LIMIT)}`"


def clipped(text: str, limit: int) -> str:
    """The text on one line, harmless, in at most `limit` characters."""
    shown = visible(" ".join(text[: limit * 4].split()))
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def quoted(text: str, limit: int = 160) -> str:
    """What somebody wrote, in quotation marks."""
    return f"“{clipped(text, limit)}”"


def listed(names: Sequence[str], limit: int = LISTED) -> str:
    """ "`a`, `b` and `c`", or "`a`, `b`, `c` and 7 more"."""
    shown = [named(name) for name in names[:limit]]
    if more := len(names) - len(shown):
        return f"{', '.join(shown)} and {more:,} more"
    return " and ".join([*([", ".join(shown[:-1])] if shown[1:] else []), *shown[-1:]])


def failure_line(failure: Failure) -> str:
    """ "OSError: no route to host", on one line."""
    return clipped(str(failure), 200)


def because(reason: str) -> str:
    """A recorded reason, with the task of a breakpoint written as a name."""
    if reason.startswith(_BREAKPOINT):
        return f"{_BREAKPOINT}{named(reason.removeprefix(_BREAKPOINT))}"
    return clipped(reason, 160)


def cause_of_end(reason: str) -> str:
    """The recorded reason of tasks that were left out or cancelled, with the task that it speaks of written as a name."""
    for tail in _SAID_OF_A_TASK:
        name = reason.removesuffix(tail)
        if name != reason and name not in _NO_TASKS:
            return f"{named(name)}{tail}"
    return because(reason)


def literal(text: str) -> str:
    """The text as a Python literal, in double quotes where that needs no escape."""
    shown = repr(text)
    return shown if '"' in shown else f'"{shown[1:-1]}"'


def cell(verb: str, task: str, rest: str = "") -> str:
    """The call that one would type: `run.step("quote")`."""
    return f"run.{verb}({literal(task)}{f', {rest}' if rest else ''})"


def complete_cell(task: TaskPlan, comment: bool = True, unit: str = "") -> str:
    """The call that reports the task's result (or that of one `unit` of it), with its type as a comment.

    Where a value must be filled in it has "…", which Python refuses: so nobody reports it by mistake.
    """
    name = unit or task.name
    if task.result is None:
        return cell("complete", name, "…")
    call = cell("complete", name, _example(task.result))
    return f"{call}  # {clipped(describe(task.result), 80)}" if comment else call


def answer_cell(what: str, task: str) -> str:
    """The call that answers a question by hand."""
    return (
        f"{cell('complete', task, '…')}  # how many items"
        if what == "each"
        else cell("complete", task, "True")
    )


def _example(schema: dict[str, object]) -> str:
    return {"bool": "True", "none": "None"}.get(str(schema.get("kind")), "…")


def fail_cell(task: str) -> str:
    """The call that reports a task as failed."""
    return cell("fail", task, '"…"')


def distinct(words: Iterable[str]) -> tuple[str, ...]:
    """Each once, in the order of their first appearance."""
    return tuple(dict.fromkeys(words))


def is_item(unit: str) -> bool:
    """Whether this is the address of one item: `fetch[3]`."""
    return unit.endswith("]")


def items(count: int) -> str:
    """ "1 item", "1,000 items", "no items"."""
    return f"{count:,} item{'' if count == 1 else 's'}" if count else "no items"


def seconds(span: float) -> str:
    """A span of time in seconds, as one says it: a past one is "0 s"."""
    if span < 10:
        return f"{max(0.0, round(span, 1)):g} s"
    if span < 120:
        return f"{round(span)} s"
    if span < 7_200:
        return f"{round(span / 60)} min"
    return f"{round(span / 3_600):,} h"


def question(what: str, task: str) -> str:
    """What is asked, for the end of a sentence."""
    return {
        "when": f"is {named(task)} to be done?",
        "until": f"is {named(task)} done with its rounds?",
        "each": f"how many items has {named(task)}?",
    }.get(what, f"{clipped(what, 40)} of {named(task)}?")
