"""How the facts of groups, questions, undoing and resets change the fold. No rule is in here either."""

from __future__ import annotations

from collections import deque

from . import facts as f
from .evolve_units import close, count_end, enter, forgive
from .fold import Fold, Items, Undone
from .lines import leave_line, line_up, line_up_anew, set_due, start_deadline
from .links import decided, recount
from .states import (
    CANCELLED,
    FAILED,
    FINISHED,
    LOST,
    READY,
    REVERTING,
    RUN_TABLE,
    RUNNING,
    SKIPPED,
    SUCCEEDED,
    TASK_TABLE,
    WAITING,
)
from .wiring import split


def opened(fold: Fold, fact: f.TaskOpened, at: float) -> None:
    name = fact.task
    fold.states[name] = TASK_TABLE[fold.states[name], "TaskOpened"]
    fold.opened[name] = None
    for kept in (fold.held, fold.due, fold.failing, fold.causes, fold.undoing):
        kept.pop(name, None)
    if fact.sources is not None:
        fold.used[name] = fact.sources
    for member in fold.wiring.members.get(name, ()):
        if fold.states[member] == WAITING and decided(fold, member) and member not in fold.questions:
            fold.held[member] = None
    if fact.items is None or name in fold.items:
        return
    items = fold.items[name] = Items(fact.items)
    items.offered = items.busy = fact.offered
    if not fact.offered:
        return
    if name not in fold.wiring.manual:
        line_up(fold, name)
        return
    fold.people[name] = None
    if name in fold.wiring.timeouts:
        for number in range(fact.offered):
            start_deadline(fold, f"{name}[{number}]", at)


def asked(fold: Fold, fact: f.QuestionAsked, at: float) -> None:
    fold.states[fact.task] = TASK_TABLE[fold.states[fact.task], "QuestionAsked"]
    if fact.sources is not None:
        fold.used[fact.task] = fact.sources
    fold.questions[fact.task] = fact.what
    fold.held.pop(fact.task, None)


def answered(fold: Fold, fact: f.QuestionAnswered, at: float) -> None:
    name = fact.task
    fold.states[name] = TASK_TABLE[fold.states[name], "QuestionAnswered"]
    fold.replies[name, fact.what, fold.asking(name, fact.what)] = fact.answer
    del fold.questions[name]
    fold.held[name] = None
    if fact.what == "each":
        fold.counts[name] = int(fact.answer)
    else:
        fold.answers[name] = bool(fact.answer)


def round_ended(fold: Fold, fact: f.RoundEnded, at: float) -> None:
    name = fact.task
    fold.plainly = False
    fold.states[name] = TASK_TABLE[fold.states[name], "RoundEnded"]
    fold.rounds[name] = fact.round
    fold.last[name] = fact.value
    fold.reports[name, fact.attempt] = fact.value
    if fact.via == "hand":
        fold.via[name] = fact.via
    for begun_anew in (fold.tries, fold.losses, fold.trying, fold.answers):
        begun_anew.pop(name, None)
    close(fold, name)
    fold.held[name] = None


def group_failing(fold: Fold, fact: f.GroupFailing, at: float) -> None:
    name = fact.task
    fold.states[name] = TASK_TABLE[fold.states[name], "GroupFailing"]
    fold.failing[name] = fact.by
    fold.causes[name] = fold.failures[fact.by]
    if fact.undo:
        _undo_from_the_end(fold, name)


def group_retrying(fold: Fold, fact: f.GroupRetrying, at: float) -> None:
    name = fact.task
    fold.states[name] = TASK_TABLE[fold.states[name], "GroupRetrying"]
    fold.failing[name] = fact.by
    fold.trying[name] = fact.number
    _undo_from_the_end(fold, name)
    if fact.due is not None:
        set_due(fold, name, fact.due)


def _undo_from_the_end(fold: Fold, scope: str) -> None:
    fold.undoing[scope] = deque(fold.wiring.backwards(scope))
    for name in fold.undoing[scope] if fold.items else ():
        if name in fold.items:
            fold.items[name].backwards = fold.items[name].total


# Undoing


def revert_started(fold: Fold, fact: f.TaskRevertStarted, at: float) -> None:
    name = fact.task
    fold.plainly = False
    was = fold.states[name]
    fold.states[name] = TASK_TABLE[was, "TaskRevertStarted"]
    if was not in FINISHED:  # lost
        close(fold, name)
        count_end(fold, name)
        fold.past[name, fold.attempts.get(name, 0)] = LOST
    fold.losses.pop(name, None)
    _keep_report(fold, name, was)
    _move_on(fold, name)


def _keep_report(fold: Fold, name: str, was: str) -> None:
    """Remember what the last attempt reported, since another attempt, or none, will count."""
    attempt = fold.attempts.get(name, 0)
    if was == SUCCEEDED:
        fold.reports.setdefault((name, attempt), fold.values.get(name))
    elif was == FAILED and name not in fold.outcomes and (name, attempt) not in fold.past:
        fold.reports.setdefault((name, attempt), fold.failures.get(name))


def _supersede(fold: Fold, unit: str, was: str) -> None:
    """An attempt that brought no report, and never will one that counts."""
    attempt = fold.attempts.get(unit, 0)
    if attempt and was in (READY, RUNNING, LOST, SKIPPED, CANCELLED) and (unit, attempt) not in fold.reports:
        fold.past.setdefault((unit, attempt), "superseded")


def _move_on(fold: Fold, name: str) -> None:
    """What stood before it in the order of undoing needs none, or is undone."""
    task = name if name in fold.wiring.tasks else split(name)[0]
    left = fold.undoing.get("")
    if left is None:
        scopes = fold.wiring.enclosing(task)
        left = next((fold.undoing[scope] for scope in scopes if scope in fold.undoing), None)
    if left is None:
        return
    while left and left[0] != task:
        left.popleft()
    if task == name and left:
        left.popleft()
    elif task != name:
        fold.items[task].backwards = split(name)[1]


def reverted(fold: Fold, fact: f.TaskReverted, at: float) -> None:
    name = fact.task
    fold.states[name] = TASK_TABLE[fold.states[name], "TaskReverted"]
    fold.values.pop(name, None)
    fold.failures.pop(name, None)
    fold.outcomes.pop(name, None)
    fold.stale.pop(name, None)
    forgive(fold, name)
    _undo_ended(fold, name, fact.attempt)
    if fact.attempt:
        fold.reports[name, fact.attempt] = Undone()


def _undo_ended(fold: Fold, name: str, attempt: int) -> None:
    fold.undos.pop(name, None)
    fold.claims.pop(name, None)
    fold.losses.pop(name, None)
    leave_line(fold, name)


def revert_failed(fold: Fold, fact: f.TaskRevertFailed, at: float) -> None:
    name = fact.task
    fold.states[name] = TASK_TABLE[fold.states[name], "TaskRevertFailed"]
    forgive(fold, name)
    fold.failures[name] = fact.failure
    if fact.outcome == "lost":
        fold.past[name, fact.attempt] = fact.outcome
    else:
        fold.reports[name, fact.attempt] = fact.failure
    _undo_ended(fold, name, fact.attempt)


def run_revert_started(fold: Fold, fact: f.RunRevertStarted, at: float) -> None:
    fold.state = RUN_TABLE[fold.state, "RunRevertStarted"]
    fold.ended_by = fact.task or fold.ended_by
    fold.reason = fact.note
    fold.stuck = ""
    fold.failing.clear()
    fold.causes.clear()
    fold.undoing.clear()
    _undo_from_the_end(fold, "")


def run_reverted(fold: Fold, fact: f.RunReverted, at: float) -> None:
    fold.state = RUN_TABLE[fold.state, "RunReverted"]
    fold.undoing.clear()


# Again


def run_revived(fold: Fold, fact: f.RunRevived, at: float) -> None:
    fold.state = RUN_TABLE[fold.state, "RunRevived"]
    fold.reason = fold.ended_by = fold.stuck = ""
    fold.undoing.clear()


_FORGOTTEN = (
    *(
        "via",
        "claims",
        "people",
        "lost",
        "due",
        "deadlines",
        "questions",
        "answers",
        "counts",
        "used",
        "rounds",
    ),
    *(
        "last",
        "tries",
        "losses",
        "outcomes",
        "opened",
        "failing",
        "causes",
        "undoing",
        "undos",
        "held",
        "stale",
        "values",
        "failures",
    ),
)


def reset(fold: Fold, fact: f.TasksReset, at: float) -> None:
    fold.plainly = False
    parted = {split(unit)[0] for unit in fact.tasks if unit not in fold.wiring.tasks}.union(fact.kept)
    for unit in fact.tasks:
        if unit not in fold.states:
            enter(fold, unit)
        was = fold.states[unit]
        _keep_report(fold, unit, was)
        _supersede(fold, unit, was)
        fold.states[unit] = TASK_TABLE[was, "TasksReset"]
        forgive(fold, unit)
        leave_line(fold, unit)
        for name in _FORGOTTEN:
            getattr(fold, name).pop(unit, None)
        fold.generations[unit] = fold.generations.get(unit, 0) + 1
        fold.before[unit] = fold.attempts.get(unit, 0)
        if unit not in fold.wiring.tasks:
            _item_reset(fold, unit, was)
            continue
        if was in FINISHED:
            count_end(fold, unit, 1)
        fold.trying.pop(unit, None)
        if unit in fold.items:
            _take_back(fold, unit) if unit in parted else _drop_items(fold, unit)
    for name in parted:
        items = fold.items[name]
        items.again = dict.fromkeys(sorted(items.again, key=lambda unit: split(unit)[1]))
    _after_reset(fold, fact.tasks)


def _item_reset(fold: Fold, unit: str, was: str) -> None:
    items = fold.items[split(unit)[0]]
    if was in FINISHED:
        items.open += 1
    elif was != WAITING:
        items.busy -= 1
    items.again[unit] = None


def _take_back(fold: Fold, name: str) -> None:
    """The task is opened again: what of it was on offer waits until then, what has ended stays."""
    items = fold.items[name]
    for number in range(items.cursor, items.offered):
        unit = f"{name}[{number}]"
        if unit not in fold.states:
            enter(fold, unit)
            fold.past[unit, fold.attempts[unit]] = "superseded"
            fold.states[unit] = WAITING
            fold.deadlines.pop(unit, None)
            items.busy -= 1
            items.again[unit] = None


def _drop_items(fold: Fold, name: str) -> None:
    """All items go: their number may be another next time."""
    items = fold.items.pop(name)
    for number in range(items.total):
        unit = f"{name}[{number}]"
        was = fold.states.pop(unit, None)
        if was is None:
            if number < items.offered:  # its offer ends with it
                fold.attempts[unit] = fold.attempts.get(unit, 0) + 1
                fold.past[unit, fold.attempts[unit]] = "superseded"
                fold.deadlines.pop(unit, None)
            continue
        _keep_report(fold, unit, was)
        _supersede(fold, unit, was)
        leave_line(fold, unit)
        for field in _FORGOTTEN:
            getattr(fold, field).pop(unit, None)
        fold.generations[unit] = fold.generations.get(unit, 0) + 1
        fold.before[unit] = fold.attempts.get(unit, 0)


def _after_reset(fold: Fold, units: tuple[str, ...]) -> None:
    """Count the links of all that wait anew, and mark what stands on results that will be others."""
    tasks = fold.wiring.tasks
    touched = dict.fromkeys(units)
    for unit in units:
        for dependent in fold.wiring.dependents.get(unit, ()):
            if fold.states[dependent] in (SUCCEEDED, FAILED) and dependent not in touched:
                fold.stale[dependent] = None
            touched[dependent] = None
    for unit in touched:
        if unit in tasks:
            recount(fold, unit)


def adopted(fold: Fold, fact: f.PlanAdopted, at: float) -> None:
    assert fold.plans is not None
    old, new = fold.wiring, fold.plans(fact.plan)
    for name in fact.gone:
        _remove(fold, name)
    fold.wiring = new
    if new.priorities != old.priorities:
        line_up_anew(fold)
    states = fold.states
    for name in new.order:
        if name not in old.tasks:
            states[name] = WAITING
        if name in new.paused and name not in old.paused:
            fold.breaks[name] = True
    items = [unit for unit in states if unit not in new.tasks]
    fold.states = {name: states[name] for name in (*new.order, *items)}
    ended = FINISHED | {REVERTING}
    fold.open = sum(states[name] not in ended for name in new.roots)
    fold.inside = {g: sum(states[n] not in ended for n in members) for g, members in new.members.items()}
    for name in new.order:
        recount(fold, name)


def _remove(fold: Fold, name: str) -> None:
    """A task that the flow has no more. Attempts are remembered, so that its numbers never begin again."""
    if name in fold.items:
        _drop_items(fold, name)
    was = fold.states.pop(name)
    _keep_report(fold, name, was)
    if was in (READY, RUNNING, LOST):
        fold.past.setdefault((name, fold.attempts.get(name, 0)), "superseded")
    forgive(fold, name)
    for field in (*_FORGOTTEN, "breaks", "left", "dead", "trying"):
        getattr(fold, field).pop(name, None)
    leave_line(fold, name)
