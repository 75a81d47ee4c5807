"""Whether a waiting unit can go on, and how: its join, its decider, its loop, its items.

`judge` is asked about units that the fold holds: all that they wait for has been decided. It must never be asked twice for the same
offer, which the table of states sees to.
"""

from __future__ import annotations

from . import facts as f
from .composed import count_of, giver, truth, truth_of
from .failure import Failure
from .fold import Fold
from .plan import TaskPlan
from .states import RETRYING, RUNNING, WAITING
from .turn import Turn, active, skipped_with, standing
from .wiring import split

JOIN_NOT_MET = "flowkit.JoinNotMet"
LOOP_NOT_ENDED = "flowkit.LoopNotEnded"


def judge(turn: Turn, unit: str) -> None:
    """Let a unit go on if it can."""
    fold = turn.fold
    if not active(fold, unit):
        return
    state = fold.states.get(unit)
    if state == RETRYING and unit in fold.held:
        turn.put(f.TaskReady(task=unit, attempt=fold.attempts[unit] + 1))
    elif state == RUNNING and unit in fold.items:
        fill(turn, unit)
    elif state == WAITING and unit in fold.wiring.tasks and unit in fold.held and unit not in fold.questions:
        if unit in fold.last:
            go_round(turn, unit)
        else:
            _begin(turn, unit)


def _begin(turn: Turn, unit: str) -> None:
    fold = turn.fold
    task = fold.wiring.tasks[unit]
    dead = fold.dead.get(unit, {})
    links = fold.wiring.needs[unit]
    if links - len(dead) < (task.join or links):
        _miss(turn, unit, dead)
        return
    used = None
    if task.join:
        used = tuple(s for s in task.sources() if s not in dead and fold.has_outcome(s)) or ()
    if task.when is not None and not _let_in(turn, task, used):
        return
    if task.each and not _counted(turn, task, used):
        return
    if fold.breaks.get(unit):
        turn.put(pause(fold, f"breakpoint before {unit}"))
        return
    if task.kind == "flow":
        _open_flow(turn, task, used)
    elif task.each:
        _open_items(turn, task, used)
    else:
        turn.put(f.TaskReady(task=unit, attempt=fold.attempts.get(unit, 0) + 1, sources=used))


def pause(fold: Fold, reason: str, task: str = "") -> f.Fact:
    """The fact that makes the run rest, now or when nobody is at work any more."""
    if fold.claims:
        return f.PauseRequested(reason=reason, task=task)
    return f.RunPaused(reason=reason, task=task)


def _miss(turn: Turn, unit: str, dead: dict[str, str]) -> None:
    """A join that can't be met any more."""
    fold = turn.fold
    failed = next((s for s in fold.wiring.tasks[unit].sources() if dead.get(s) == "failed"), None)
    if failed is None:
        names = [s for s in fold.wiring.tasks[unit].sources() if s in dead]
        skip(turn, unit, f"{names[0]} {_how(fold, names[0])}")
        return
    message = f"it needs {failed}, which failed"
    fail(turn, unit, Failure((JOIN_NOT_MET,), message), "join")


def _how(fold: Fold, source: str) -> str:
    if fold.states[source] == "skipped":
        return "was skipped"
    return f"{fold.states[source]}, and only its failure leads there"


def skip(turn: Turn, unit: str, reason: str) -> None:
    """Leave a unit out, with all that is in it."""
    turn.put(f.TaskSkipped(tasks=skipped_with(turn.fold, unit), reason=reason))
    turn.end(unit)


def fail(turn: Turn, unit: str, failure: Failure, outcome: str) -> None:
    """A unit fails without an attempt of its own; what is in a subflow that never opened is left out."""
    fold = turn.fold
    attempt = fold.attempts.get(unit, 0)
    fact = f.TaskFailed(
        task=unit, attempt=attempt, failure=failure, outcome=outcome, handled=handled(fold, unit)
    )
    turn.put(fact)
    inside = skipped_with(fold, unit)[1:]
    if inside:
        turn.put(f.TaskSkipped(tasks=inside, reason=f"{unit} failed"))
    turn.end(unit)


def handled(fold: Fold, unit: str) -> bool:
    """Whether somebody goes on from a failure of this unit: a link that asks for it, or a join that can do without."""
    wiring = fold.wiring
    if unit not in wiring.tasks:
        return True
    if not standing(fold, unit):
        return False
    links = wiring.links.get(unit, {})
    for name in wiring.dependents[unit]:
        waiting = fold.states[name] == WAITING
        if waiting and name in links:
            return True
        join = wiring.tasks[name].join
        if join and fold.via.get(name) != "given":
            needs, dead = wiring.needs[name], len(fold.dead.get(name, ()))
            met = name in fold.used or needs - fold.left[name] - dead >= join
            if met or (waiting and needs - dead - 1 >= join):
                return True
    return False


def _let_in(turn: Turn, task: TaskPlan, used: tuple[str, ...] | None) -> bool:
    """Whether a unit's decider has said yes; asks where it has not spoken, leaves the unit out where it says no."""
    fold, asked = turn.fold, task.when
    assert asked is not None
    answer: bool | None = fold.answers.get(task.name)
    if answer is None and asked.source:
        answer = truth_of(fold, asked.source, asked.part)
    if answer is None:
        turn.put(f.QuestionAsked(task=task.name, what="when", sources=used))
        return False
    if not answer:
        skip(turn, task.name, f"{asked.source or 'its decider'} said no")
        return False
    return True


def _counted(turn: Turn, task: TaskPlan, used: tuple[str, ...] | None) -> bool:
    """Whether it is known how many items there are; asks where it isn't."""
    fold = turn.fold
    if task.name in fold.items or task.name in fold.counts:
        return True
    if _count(fold, task.name, used) is not None:
        return True
    turn.put(f.QuestionAsked(task=task.name, what="each", sources=used))
    return False


def _count(fold: Fold, name: str, used: tuple[str, ...] | None) -> int | None:
    """How many items there are to be; a source that isn't used gives no list."""
    param = fold.wiring.eaches[name]
    if used is not None and param.kind == "task" and param.source not in used:
        return None
    return count_of(fold, param)


def _open_flow(turn: Turn, task: TaskPlan, used: tuple[str, ...] | None) -> None:
    fold, name = turn.fold, task.name
    if task.retry is not None and task.retry.each and not tries_of(fold, task):
        param = next(p for p in task.params if p.name == task.retry.each)
        wrong = "is empty" if count_of(fold, param) == 0 else "is no list of values that can be stored"
        fail(turn, name, Failure(("flowkit.NothingToTry",), f"{task.retry.each} {wrong}"), "inside")
        return
    turn.put(f.TaskOpened(task=name, sources=used))
    for member in fold.wiring.members[name]:
        if member in fold.held:
            turn.judge(member)
    turn.work.append(("close", name))


def tries_of(fold: Fold, task: TaskPlan) -> int:
    """How many tries a subflow has in all."""
    assert task.retry is not None
    if not task.retry.each:
        return task.retry.attempts
    param = next(p for p in task.params if p.name == task.retry.each)
    return fold.counts.get(task.name) or count_of(fold, param) or 0


def _open_items(turn: Turn, task: TaskPlan, used: tuple[str, ...] | None) -> None:
    fold, name = turn.fold, task.name
    if name in fold.items:  # some of its items are to be done again
        turn.put(f.TaskOpened(task=name, items=fold.items[name].total, sources=used))
        fill(turn, name)
        return
    total = fold.counts.get(name)
    if total is None:
        total = _count(fold, name, used) or 0
    turn.put(
        f.TaskOpened(task=name, items=total, offered=min(total, task.concurrency or total), sources=used)
    )
    if not total:
        turn.work.append(("close", name))


def fill(turn: Turn, name: str) -> None:
    """Offer as many items as there is room for."""
    fold = turn.fold
    items, most = fold.items[name], fold.wiring.tasks[name].concurrency
    while not most or items.busy < most:
        unit = next_item(fold, name)
        if unit is None:
            break
        turn.put(f.TaskReady(task=unit, attempt=fold.attempts.get(unit, 0) + 1))
    if not items.open:
        turn.work.append(("close", name))


def next_item(fold: Fold, name: str) -> str | None:
    """The first item that may be offered: it never was and has not ended already, or it is to be done again."""
    items = fold.items[name]
    number = items.offered
    while number < items.total and f"{name}[{number}]" in fold.states:
        number += 1
    again = next(iter(items.again), None)
    if again is not None and (number >= items.total or split(again)[1] < number):
        return again
    return None if number >= items.total else f"{name}[{number}]"


# Loops


def after_round(turn: Turn, unit: str) -> None:
    """A round has just ended. Where nothing new starts any more it was the last; in a run that rests that is found out later."""
    if standing(turn.fold, unit):
        judge(turn, unit)
    else:
        go_round(turn, unit, more=False)


def go_round(turn: Turn, unit: str, more: bool = True) -> None:
    """A round of a loop has ended: is it the last? Asks where nobody has said so. Without `more` there is no next one and no
    question: a loop that isn't at its end is cancelled."""
    fold = turn.fold
    task = fold.wiring.tasks[unit]
    repeat = task.repeat
    assert repeat is not None
    number = fold.rounds[unit]
    answer: bool | None = False
    if repeat.until is not None:
        answer = fold.answers.get(unit)
        if answer is None and repeat.until.source:
            answer = truth_of_round(fold, unit, repeat.until.part)
        if answer is None and more:
            turn.put(f.QuestionAsked(task=unit, what="until"))
            return
    elif number == repeat.most:
        answer = True
    if answer:
        attempt, value = fold.attempts.get(unit, 0), fold.last[unit]
        turn.put(f.TaskSucceeded(task=unit, attempt=attempt, value=value, via="loop"))
        turn.end(unit)
    elif not more and (answer is None or number != repeat.most):
        turn.put(f.TaskCancelled(tasks=(unit,), reason=fold.reason or "nothing new starts there"))
        turn.end(unit)
    elif number == repeat.most:
        message = f"its condition was still false after {number} rounds"
        fail(turn, unit, Failure((LOOP_NOT_ENDED,), message), "question")
    elif task.kind == "flow" and repeat.most is None and _needed_nobody(turn, unit):
        message = f"round {number} of it needed nobody, so that no round could end it"
        fail(turn, unit, Failure((LOOP_NOT_ENDED,), message), "question")
    elif task.kind == "flow":
        turn.put(f.TasksReset(tasks=tuple(fold.wiring.inside(unit)), cause="round"))
        _open_flow(turn, task, None)
    else:
        turn.put(f.TaskReady(task=unit, attempt=fold.attempts.get(unit, 0) + 1))


def _needed_nobody(turn: Turn, unit: str) -> bool:
    """Whether a round of a subflow began and ended in this turn, without anything being offered or asked meanwhile."""
    for fact in reversed(turn.facts):
        if isinstance(fact, f.TaskOpened) and fact.task == unit:
            return True
        offered = (isinstance(fact, f.TaskOpened) and fact.offered) or (
            isinstance(fact, f.TaskSucceeded) and fact.ready
        )
        if offered or isinstance(fact, f.TaskReady | f.QuestionAsked):
            return False
    return False


def truth_of_round(fold: Fold, unit: str, part: int | None) -> bool | None:
    """Whether the result of a loop's last round is true."""
    if unit in fold.wiring.groups:
        return giver(fold, unit) == unit or truth_of(fold, unit, part)  # several results are always something
    return truth(fold.last[unit], part)
