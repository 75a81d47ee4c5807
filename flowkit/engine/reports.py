"""Reports on their way to the door: whom they are about, whether a value fits, and what is offered to whom.

Nothing here decides what a report is worth: the core does, in its fixed order.
"""

from __future__ import annotations

from typing import Any

from ..core import Failure, Fold, TaskPlan
from ..core.messages import Reply, Report
from ..core.schema import check, describe
from ..core.states import CANCELLED, FAILED, FAILING, LOST, READY, REVERTING, RUNNING, SUCCEEDED
from ..core.values import Live, preview
from ..core.wiring import split
from ..errors import InvalidValue, UsageError, ValueNotStorable
from ..journal import pack
from .abilities import Code
from .arguments import arguments, gathered, parts_trouble
from .door import Door
from .events import Offer, events_of
from .reading import TaskReading
from .task import Unit
from .tokens import read_token, token_for

_OFFERED = 1_000  # items of one task that are offered one by one; more can be taken and reported all the same


def offers_of(door: Door, code: Code) -> list[Offer]:
    """All that is offered in a run: tasks and items that are ready or lost, undos, open questions; tasks in the order
    of the plan."""
    with door.house.lock:
        fold = door.fold
        found = []
        for name in door.wiring.order:
            state = fold.states[name]
            if name in fold.questions:
                found.append((name, fold.questions[name]))
            elif name in fold.undos:
                found += [] if name in fold.claims else [(name, "revert")]
            elif state in (READY, LOST):
                found.append((name, "do"))
            elif name in fold.items and state in (RUNNING, REVERTING, FAILED, SUCCEEDED, CANCELLED):
                found += _item_offers(fold, name)
        return [_offer_of(door, code, unit, kind) for unit, kind in found]


def _item_offers(fold: Fold, name: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for number in range(fold.items[name].offered):
        unit = f"{name}[{number}]"
        if unit in fold.undos:
            found += [] if unit in fold.claims else [(unit, "revert")]
        elif fold.state_of(unit) in (READY, LOST):
            found.append((unit, "do"))
        if len(found) == _OFFERED:
            break
    return found


def _offer_of(door: Door, code: Code, unit: str, kind: str) -> Offer:
    fold = door.fold
    plan, name = fold.plan_of(unit), fold.task_of(unit)
    attempt = fold.attempt_of(unit) + (
        kind in ("when", "each")
    )  # before an attempt: the one that would follow
    number = fold.asking(unit, kind) if kind in _QUESTIONS else attempt

    def token() -> str:
        with door.house.lock:
            door.journal.sync()  # what a token stands on must outlive the machine before the token leaves
        return token_for(door.journal.key, door.run_id, unit, number, kind)

    return Offer(
        task=unit,
        item=None if unit == name else split(unit)[1],
        kind=kind,
        attempt=attempt,
        number=number,
        able="lost" if unit in fold.lost else code.able_of(fold, unit, kind),
        instructions=_instructions(plan, kind),
        schema=_ANSWERS.get(kind, plan.result),
        run_id=door.run_id,
        inputs=lambda: inputs_for(door.fold, unit, kind, code.fixed),
        token=token,
    )


_QUESTIONS = ("when", "until", "each")

_ANSWERS: dict[str, dict[str, Any] | None] = {
    "when": {"kind": "bool"},
    "until": {"kind": "bool"},
    "each": {"kind": "int"},
    "revert": None,  # what an undo returns is of no account
}
"""What is to be answered, where it isn't the task's result."""


def offer_for(door: Door, code: Code, unit: str, kind: str = "") -> Offer | None:
    """What can be told of one unit now, also while somebody is at work on it; None where nothing can.

    With a `kind` it is about that, open or not: what becomes of an answer is judged when it is told.
    """
    with door.house.lock:
        fold = door.fold
        found = kind or _tellable(fold, unit)
        return _offer_of(door, code, unit, found) if found else None


def _tellable(fold: Fold, unit: str) -> str:
    """The kind of what can be told of a unit; empty where nothing can."""
    if fold.ended:
        return ""
    if unit in fold.questions:
        return fold.questions[unit] if fold.state not in (FAILING, REVERTING) else ""
    if unit in fold.undos:
        return "revert"
    parted = unit in fold.wiring.groups or unit in fold.items
    return "do" if not parted and fold.state_of(unit) in (READY, RUNNING, LOST) else ""


def _instructions(plan: TaskPlan, kind: str) -> str:
    asked = plan.asked(kind)
    if kind == "do":
        return plan.doc
    if kind == "each":
        return f"How many items has {plan.each}?"
    text = {"when": "Is it to be done?", "until": "Was that the last round?", "revert": f"Undo {plan.name}."}[
        kind
    ]
    return f"{text}\n{asked.text}".strip() if asked else text


def inputs_for(fold: Fold, unit: str, kind: str, fixed: Any) -> dict[str, Any]:
    """What the code behind an offer would be given, by parameter."""
    plan = fold.plan_of(unit)
    asked = plan.asked(kind)
    if kind in ("do", "each") or asked is None:
        return arguments(fold, unit, fixed)
    return gathered(fold, unit, asked.params, fixed)


def address_of(door: Door, task: Any) -> tuple[str, int | None, str]:
    """Unit, number of the attempt or question (None: the current one) and kind that
    somebody means by a name, a task, an offer or a completion token.

    Raises UnknownAttempt for a token that this journal never gave out, UsageError for one of another run.
    """
    if isinstance(task, Offer):
        if task.run_id != door.run_id:
            raise UsageError(
                f"This offer belongs to run {task.run_id!r}, not to {door.run_id!r}. Nothing was recorded."
            )
        return task.task, task.number, task.kind
    name = task.name if isinstance(task, Unit | TaskReading) else task
    if not isinstance(name, str):
        raise UsageError(
            f"{name!r} names no task: give its name, an offer or a completion token. Nothing was recorded."
        )
    if name in door.wiring.tasks or not _like_a_token(name):
        return name, None, door.fold.questions.get(name, "do")
    run_id, unit, attempt, kind = read_token(door.journal.key, name)
    if run_id != door.run_id:
        raise UsageError(
            f"This completion token belongs to run {run_id!r}: engine.complete(token, …) finds it."
        )
    return unit, attempt, kind


def reply_to(
    door: Door,
    unit: str,
    number: int | None,
    kind: str,
    value: Any,
    note: Any,
    failure: Failure | None = None,
) -> Reply:
    """The answer to a question, the one of that number or the open one.

    Raises InvalidValue for what is no truth (or no number of items).
    """
    door.refresh()
    if failure is None:
        right = type(value) is int and value >= 0 if kind == "each" else type(value) is bool
        if not right:
            wanted = "a number of items" if kind == "each" else "True or False"
            text = f"{unit} is asked {kind!r}: answer {wanted}, not {preview(value)}. Nothing was recorded."
            raise InvalidValue(text, problems=(), task=unit, sent=value)
    return Reply(
        task=unit,
        what=kind,
        number=number,
        answer=None if failure else value,
        failure=failure,
        note=words("note", note),
    )


def _like_a_token(name: str) -> bool:
    return name.startswith(("WyI", "WyJ")) and "." in name  # how `["` and a letter or digit begin


_ACCEPTING = (
    "TaskSucceeded",
    "TaskFailed",
    "TaskRetrying",
    "RoundEnded",
    "QuestionAnswered",
    "TaskReverted",
    "TaskRevertFailed",
)


def accepted_seq(door: Door, name: str) -> int:
    """The event that holds a task's accepted report; 0 where there is none."""
    for event in reversed(events_of(door.entries())):
        if event.task == name and event.kind in _ACCEPTING:
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
    plan = _plan(door, name)
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


def _plan(door: Door, unit: str) -> TaskPlan | None:
    """The plan that a reported value has to fit; None for an unknown unit, and for an undo, whose value nobody uses."""
    fold = door.refresh()
    try:
        return None if unit in fold.undos else fold.plan_of(unit)
    except KeyError:
        return None
