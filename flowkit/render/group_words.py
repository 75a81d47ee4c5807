"""What is said of units that are done in parts: subflows, and tasks over items."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from flowkit.core.fold import Fold
from flowkit.core.states import FINISHED, RETRYING
from flowkit.core.wiring import split
from flowkit.render.naming import cell, failure_line, named
from flowkit.render.teller import HERE, NOBODY, PERSON, Teller, Told, to_be_undone

Tell = Callable[[Teller, str], Told]

_LOOKED_AT = 3  # so many items at work are named


def working_items(fold: Fold, name: str) -> Iterator[str]:
    """Items of a task that somebody could move or is at work on, those at work first. Lazily: there may be many."""
    begin = f"{name}["
    at_hand: list[Iterable[str]] = [
        fold.claims,
        fold.lost,
        fold.people,
        fold.queue,
        fold.due,
        *fold.lanes.values(),
    ]
    for units in at_hand:
        for unit in units:
            if (
                unit.startswith(begin)
                and unit not in fold.wiring.tasks
                and fold.state_of(unit) not in FINISHED
            ):
                yield unit
    items = fold.items[name]
    for number in range(items.cursor, items.offered):
        if f"{name}[{number}]" not in fold.states:
            yield f"{name}[{number}]"


def over_items(teller: Teller, name: str, tell: Tell) -> Told:
    """A task that is at work on its items."""
    fold = teller.fold
    items = fold.items[name]
    words = (
        f"{named(name)} is at work on its items: {items.total - items.open:,} of {items.total:,} have ended"
    )
    if items.failed:
        first = min(items.failed, key=lambda unit: split(unit)[1])
        failure = fold.failures.get(first)
        line = f": {failure_line(failure).rstrip('.')}" if failure else ""
        words += f", {len(items.failed):,} failed (first {named(first)}{line})"
    units = list(dict.fromkeys(islice(working_items(fold, name), 4 * _LOOKED_AT)))[:_LOOKED_AT]
    if not units:
        return _no_item(teller, words)
    who, calls = _movers(teller, units, tell)
    return Told(f"{words}. {teller.standings(units)}.", who, calls)


def _movers(teller: Teller, units: list[str], tell: Tell) -> tuple[str, tuple[str, ...]]:
    """Who could move the first of these units that this process, else anybody, can move."""
    unit = next((unit for unit in units if teller.takes(unit)), units[0])
    answer = tell(teller, unit)
    if answer.who == NOBODY:
        return PERSON, (cell("skip", unit),)
    return answer.who, answer.calls


def _no_item(teller: Teller, words: str) -> Told:
    if teller.resting:
        return Told(f"{words}. The next ones are held: {teller.pause_words()}.", PERSON, ("run.resume()",))
    return Told(f"{words}. The next ones are offered with the next step.", HERE, ("run.step()",))


def subflow(teller: Teller, name: str, tell: Tell) -> Told:
    """A subflow that is at work, with nothing open in it that could be named, or in which something failed."""
    fold = teller.fold
    by = fold.failing.get(name)
    if by is None:
        words = f"{progress(teller, name)}."
        if teller.resting:
            return Told(f"{words} What follows is held: {teller.pause_words()}.", PERSON, ("run.resume()",))
        return Told(f"{words} It goes on with the next step.", HERE, ("run.step()",))
    return _stopped(teller, name, by, tell)


def progress(teller: Teller, name: str) -> str:
    """ "`sub` is at work: 2 of its 5 tasks have ended"."""
    fold = teller.fold
    members = teller.wiring.members[name]
    ended = sum(fold.states[member] in FINISHED for member in members)
    noun = "task" if len(members) == 1 else "tasks"
    words = f"{named(name)} is at work: {ended:,} of its {len(members):,} {noun} {'has' if ended == 1 else 'have'} ended"
    number = fold.trying.get(name)
    return words if number is None else f"{words} in try {number}{_of_tries(teller, name)}"


def _of_tries(teller: Teller, name: str) -> str:
    retry = teller.wiring.tasks[name].retry
    return "" if retry is None or retry.each else f" of {retry.attempts}"


def _stopped(teller: Teller, name: str, by: str, tell: Tell) -> Told:
    """Something failed in it: what is done there is ended, perhaps undone, and then it fails or is tried again."""
    fold = teller.fold
    failure = fold.failures.get(by)
    line = f" ({failure_line(failure)})" if failure else ""
    start = f"{named(by)} failed in {named(name)}{line}, so nothing new starts there"
    undo = any(to_be_undone(fold, member) for member in fold.undoing.get(name, ()))
    end, due = _what_follows(teller, name)
    inside = [u for u in (*fold.undos, *fold.claims, *fold.lost, *fold.people) if _within(teller, u, name)]
    if inside:
        units = list(dict.fromkeys(inside))[:_LOOKED_AT]
        who, calls = _movers(teller, units, tell)
        then = "what was done there is undone, and " if undo else ""
        return Told(f"{start}. First {teller.standings(units)}; then {then}{end}.", who, calls)
    words = f"{start}: {'what was done there is undone, then ' if undo else ''}{end}."
    if teller.resting:
        return Told(f"{words} But {teller.pause_words()}.", PERSON, ("run.resume()",))
    if due is not None:
        return Told(words, HERE, ("run.run()", cell("skip", name)))
    return Told(words, HERE, ("run.step()",))


def _what_follows(teller: Teller, name: str) -> tuple[str, float | None]:
    """What becomes of a subflow in which something failed, and when (seconds since the epoch) if that is to be waited for."""
    if teller.fold.states[name] != RETRYING:
        return "it fails", None
    number = f"try {teller.fold.trying.get(name, 2)}{_of_tries(teller, name)} begins"
    due = teller.fold.due.get(name)
    return (number, None) if due is None else (f"{number} {teller.soon(due)}; run.run() waits for that", due)


def _within(teller: Teller, unit: str, name: str) -> bool:
    wiring = teller.wiring
    task = unit if unit in wiring.tasks else split(unit)[0]
    return name in wiring.enclosing(task)


def parted(teller: Teller, name: str, tell: Tell) -> Told:
    """A unit that is done in parts, running or to be tried again. `tell` tells of other units."""
    if name in teller.fold.items:
        return over_items(teller, name, tell)
    if name in teller.wiring.groups:
        return subflow(teller, name, tell)
    words = f"{named(name)} is running: a process has claimed it."
    return Told(words, PERSON, (teller.report_cell(name),))
