"""What a waiting unit waits for: links and joins, an answer, its subflow, a free place, or the run; and what is at the root of it.

Nothing here recurses over the graph: chains may be longer than any stack.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from flowkit.core.fold import Fold
from flowkit.core.states import FAILING, FINISHED, REVERTING, RUNNING, WAITING
from flowkit.core.wiring import FAILS, FINISHES, Wiring
from flowkit.render.group_words import working_items
from flowkit.render.naming import answer_cell, cell, items, listed, named, question
from flowkit.render.teller import HERE, PERSON, Teller, Told, in_order, task_of

_LOOKED_AT = 8  # so many items at work are looked at


def root_causes(fold: Fold, wiring: Wiring, unit: str) -> tuple[str, ...]:
    """The units, however far up, that a unit waits for and that do not wait for others themselves; none for one that could move."""
    found: dict[str, None] = {}
    met = {unit}
    stack = blockers(fold, wiring, unit)
    while stack:
        name = stack.pop()
        if name in met:
            continue
        met.add(name)
        further = blockers(fold, wiring, name)
        if further:
            stack.extend(further)
        else:
            found[name] = None
    return in_order(wiring, found)


def blockers(fold: Fold, wiring: Wiring, unit: str) -> list[str]:
    """What stands directly before a unit: sources, its subflow, or, for a subflow, what is in it. Empty where nothing does."""
    if unit not in wiring.tasks:
        return _before_item(fold, unit)
    state = fold.states.get(unit)
    if unit in fold.questions:
        return []
    if state == RUNNING and unit in wiring.groups:
        return [name for name in wiring.members[unit] if fold.states[name] not in FINISHED]
    if state != WAITING:
        return []
    scope = wiring.scope.get(unit, "")
    if scope and fold.states[scope] != RUNNING:
        return [scope] if fold.states[scope] not in FINISHED else []
    if _decided(fold, wiring, unit):
        return []
    return [source for source in wiring.tasks[unit].sources() if fold.states[source] not in FINISHED]


def _before_item(fold: Fold, unit: str) -> list[str]:
    """Other items that are at work, or may be, while this one waits for its turn: the first of them."""
    if fold.state_of(unit) != WAITING:
        return []
    working = islice(working_items(fold, fold.task_of(unit)), _LOOKED_AT)
    return [other for other in dict.fromkeys(working) if other != unit]


def _decided(fold: Fold, wiring: Wiring, unit: str) -> bool:
    """Whether a unit's join is met, or can't be met any more."""
    dead = fold.dead.get(unit, ())
    if not wiring.tasks[unit].join:
        return not fold.left[unit] or bool(dead)
    links, needed = wiring.needs[unit], wiring.tasks[unit].join
    return links - fold.left[unit] - len(dead) >= needed or links - len(dead) < needed


def waiting(teller: Teller, unit: str) -> Told:
    """A waiting unit that nothing stands before, but the run, an answer or a free place."""
    fold = teller.fold
    if unit in fold.questions:
        return _question(teller, unit, fold.questions[unit])
    if unit not in teller.wiring.tasks:
        return _item(teller, unit)
    scope = teller.wiring.scope.get(unit, "")
    if scope and scope in fold.failing:
        words = (
            f"{named(unit)} is not started any more: {named(fold.failing[scope])} failed in {named(scope)}."
        )
        return Told(words, HERE, ("run.step()",))
    if fold.state == FAILING:
        words = f"{named(unit)} is not started any more: {teller.failed_words()}."
        return Told(words, PERSON, ("run.cancel()",))
    if fold.state == REVERTING:
        words = f"{named(unit)} is not started any more: what was done in this run is being undone."
        return Told(words, PERSON, ("run.pause()",))
    return _held(teller, unit)


def _held(teller: Teller, unit: str) -> Told:
    """It can go on, or end, as soon as the run does."""
    fold = teller.fold
    start = f"{named(unit)} has all that it needs"
    if unit in fold.last:
        start = f"Round {fold.rounds.get(unit, 1)} of {named(unit)} has ended"
    elif dead := fold.dead.get(unit):
        start = f"{named(unit)} can't have what it needs any more ({_ends(teller, list(dead))})"
    if not teller.resting:
        return Told(f"{start}, and goes on with the next step.", HERE, ("run.step()",))
    if fold.breaks.get(unit):
        words = f"{start}, and there is a breakpoint before it. run.resume() goes on past it."
    elif unit in fold.dead:
        words = f"{start}; what follows from that is found when the run goes on: {teller.pause_words()}. run.resume() goes on."
    else:
        words = f"{start} and is held: {teller.pause_words()}. run.resume() goes on."
    return Told(words, PERSON, ("run.resume()",))


def _ends(teller: Teller, names: Sequence[str]) -> str:
    """ "`a` failed, `b` was skipped", at most three of them."""
    how = {"skipped": "was skipped"}
    states = teller.fold.states
    return ", ".join(f"{named(n)} {how.get(states.get(n, ''), states.get(n, ''))}" for n in islice(names, 3))


def _question(teller: Teller, unit: str, what: str) -> Told:
    """Somebody has to say whether it is done, whether it goes round again, or how many items it has."""
    fold = teller.fold
    by_hand = answer_cell(what, unit)
    words = f"{named(unit)} waits for an answer: {question(what, unit)}"
    tail = f"{by_hand.partition('  #')[0]} answers by hand."
    if fold.state in (FAILING, REVERTING):
        return Told(f"{words} Nobody is asked any more: {_why_not(teller)}.", PERSON, ("run.cancel()",))
    if teller.resting:
        words = f"{words} {tail}{teller.answer_tail()}"
        return Told(words, PERSON, (by_hand, "run.resume()"))
    code = teller.code(unit)
    if code == "here":
        return Told(f"{words} run.step() asks its code here; {tail}", HERE, ("run.step()", by_hand))
    if code == "elsewhere":
        return Told(f"{words} Its code is asked by another process; {tail}", "another process", (by_hand,))
    reason = (
        "has no code for it" if code == "missing" else "has other code for it than the run was started with"
    )
    return Told(f"{words} This process {reason}; {tail}", PERSON, (by_hand,))


def _why_not(teller: Teller) -> str:
    if teller.fold.state == FAILING:
        return teller.failed_words()
    return "what was done in this run is being undone"


def _item(teller: Teller, unit: str) -> Told:
    """An item whose turn has not come."""
    fold = teller.fold
    words = f"{_turn_words(teller, unit)}."
    if teller.resting:
        return Told(f"{words} Besides, {teller.pause_words()}.", PERSON, ("run.resume()", cell("skip", unit)))
    if fold.state != RUNNING:
        return Told(
            f"{words} None of them is started any more: {_why_not(teller)}.", PERSON, ("run.cancel()",)
        )
    return Told(words, HERE, (cell("skip", unit),))


def _turn_words(teller: Teller, unit: str) -> str:
    name = task_of(teller.wiring, unit)
    most = teller.wiring.tasks[name].concurrency
    words = f"{named(unit)} waits for its turn: {named(name)} has {items(teller.fold.items[name].total)}"
    return f"{words}, {most:,} at a time" if most else words


def links_words(teller: Teller, unit: str) -> str:
    """What a unit waits for directly: "`d` waits for `a`, and for `b` to fail", "`d` waits for 2 of `a`, `b` and `c`"."""
    fold, wiring = teller.fold, teller.wiring
    before = blockers(fold, wiring, unit)
    if unit not in wiring.tasks:
        return _turn_words(teller, unit)
    if fold.states.get(unit) != WAITING:
        return f"{named(unit)} waits for {listed(before)}"
    if before == [wiring.scope.get(unit, "")]:
        return f"{named(unit)} waits for its subflow {named(before[0])} to begin"
    task = wiring.tasks[unit]
    if task.join:
        return _join_words(teller, unit, task.join)
    kinds = dict(task.upon)
    plain = [name for name in before if name not in kinds]
    parts = [listed(plain)] if plain else []
    for how, verb in ((FAILS, "fail"), (FINISHES, "end, well or not")):
        names = [name for name in before if kinds.get(name) == how]
        parts += [f"{listed(names)} to {verb}"] if names else []
    return f"{named(unit)} waits for {', and for '.join(parts)}"


def _join_words(teller: Teller, unit: str, needed: int) -> str:
    fold = teller.fold
    sources = teller.wiring.tasks[unit].sources()
    dead = fold.dead.get(unit, {})
    there = [s for s in sources if s not in dead and fold.states[s] in FINISHED]
    how = "one" if needed == 1 else f"{needed:,}"
    words = f"{named(unit)} waits for {how} of {listed(sources, max(3, min(5, len(sources))))}"
    if there:
        words += f"; {listed(there)} {'is' if len(there) == 1 else 'are'} there"
    if dead:
        words += f"; {_ends(teller, list(dead))}"
    return words
