"""Why a unit, or a run, is in its state: in words and as data, down to the root cause.

`why` never answers "unknown". It reads the fold and what the asking process knows beside it, and changes
nothing; call it under whatever guards the fold. Ids and times never enter the words, so that equal
situations have equal pictures.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import msgspec

from flowkit.core.fold import Fold
from flowkit.core.states import RUNNING, WAITING
from flowkit.core.wiring import Wiring
from flowkit.errors import UsageError
from flowkit.render.group_words import progress
from flowkit.render.naming import clipped, items, named
from flowkit.render.run_words import decisions, frontier, movers, run_told
from flowkit.render.task_words import told
from flowkit.render.teller import NOBODY, Seen, Teller, Told
from flowkit.render.waiting_words import blockers, links_words, root_causes


class Why(msgspec.Struct, frozen=True):
    """The answer. `task` is None for the run itself.

    `words`: a few plain sentences, which `str()` gives. `waits_for`: the root causes as (unit, state), in
    the flow's order. `since`: seconds since the epoch, or None where nobody recorded it; `due`: when something happens by
    itself (another attempt, or its time is over), else None. `who` could move it: "this process", "a person",
    "process 4711", "nobody". `calls`: cells that would move it (or show more, where nothing moves it any more).
    """

    task: str | None
    state: str
    words: str
    waits_for: tuple[tuple[str, str], ...] = ()
    since: float | None = None
    who: str = NOBODY
    calls: tuple[str, ...] = ()
    due: float | None = None

    def __str__(self) -> str:
        return self.words

    def __repr__(self) -> str:
        subject = "run" if self.task is None else clipped(self.task, 40)
        return f"<Why {subject} {self.state}: {clipped(self.words, 160)}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": "\n".join([self.words, *(f"  {call}" for call in self.calls)])}


def why(fold: Fold, wiring: Wiring, task: str | None = None, seen: Seen | None = None) -> Why:
    """Explain a unit (a task by its name or that of one of its parts, a subflow, an item), or the run where `task` is None.

    A waiting unit costs what stands between it and its root causes; the run costs what is open in it.
    Raises UsageError for a name that is nothing of this run.
    """
    teller = Teller(fold, wiring, seen)
    if task is None:
        names = () if fold.ended else frontier(fold)
        answer = run_told(teller, names)
        return _why(teller, None, fold.state, answer, names, teller.seen.since.get(""))
    unit = wiring.parts[task][0] if task in wiring.parts else task
    try:
        state = fold.state_of(unit)
    except KeyError:
        raise UsageError(_no_unit(fold, wiring, unit)) from None
    since = teller.seen.since.get(unit)
    causes: tuple[str, ...] = ()
    if fold.state and not fold.ended and state in (WAITING, RUNNING) and unit not in fold.failing:
        causes = root_causes(fold, wiring, unit)
    if not causes:
        return _why(teller, unit, state, told(teller, unit), (), since)
    answer = _waiting(teller, unit, causes)
    return _why(teller, unit, state, answer, causes, since or fold.started or None)


def _why(
    teller: Teller, unit: str | None, state: str, answer: Told, causes: tuple[str, ...], since: float | None
) -> Why:
    fold = teller.fold
    pairs = tuple((cause, fold.state_of(cause)) for cause in causes)
    if unit is None:
        due = None if fold.ended else fold.next_due()
    else:
        due = fold.due.get(unit, fold.deadlines.get(unit))
    return Why(unit, state, answer.words, pairs, since, answer.who, answer.calls, due)


def _waiting(teller: Teller, unit: str, causes: tuple[str, ...]) -> Told:
    fold, wiring = teller.fold, teller.wiring
    missing = blockers(fold, wiring, unit)
    who, calls = movers(teller, causes)
    if fold.states.get(unit) == RUNNING:
        words = f"{progress(teller, unit)}. {_roots(teller, causes)}"
    elif len(causes) == 1:
        words = links_words(teller, unit)
        further = "" if missing == list(causes) else f", and at the root of it for {named(causes[0])}"
        words = f"{words}{further}. {told(teller, causes[0]).words}"
    elif set(missing) == set(causes) and _plain(wiring, unit):
        words = f"{named(unit)} waits for {teller.groups(causes)}.{decisions(teller, causes)}"
    else:
        words = f"{links_words(teller, unit)}. At the root of it: {_roots(teller, causes)}"
    if teller.resting and "run.resume()" not in calls:
        calls = (*calls, "run.resume()")
    if teller.resting and len(causes) > 1:
        words += f" Besides, {teller.pause_words()}; run.resume() goes on."
    return Told(words, who, calls)


def _plain(wiring: Wiring, unit: str) -> bool:
    """Whether it is a task all of whose sources have to succeed, so that no more is to be said of its links."""
    task = wiring.tasks.get(unit)
    return task is not None and not (task.join or task.upon)


def _roots(teller: Teller, causes: tuple[str, ...]) -> str:
    if len(causes) == 1:
        return told(teller, causes[0]).words
    return f"{teller.standings(causes)}.{decisions(teller, causes)}"


def _no_unit(fold: Fold, wiring: Wiring, name: str) -> str:
    shown = named(name)
    if any(task.name == name for task in wiring.plan.tasks):
        target = named(str(wiring.target))
        return f"{shown} is not part of this run: it was started for {target}, which does not need it."
    if name in wiring.inputs:
        return f"{shown} is an input of this run, not a task: it was given at the start."
    task = name.rpartition("[")[0]
    if task in wiring.eaches:
        found = fold.items.get(task)
        if found is None:
            return f"{named(task)} has no items yet: it is {fold.states[task]}."
        return f"{named(task)} has {items(found.total)}, numbered from 0."
    near = get_close_matches(name, wiring.order, 1)
    return f"This run has no task {shown}.{f' Did you mean {named(near[0])}?' if near else ''}"
