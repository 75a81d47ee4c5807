"""Why a task, or a run, is in its state: in words and as data, down to the root cause.

`why` never answers "unknown". It reads the fold and what the asking process knows beside it, and changes
nothing; call it under whatever guards the fold. Ids and times never enter the words, so that equal
situations have equal pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from itertools import islice
from typing import Any

import msgspec

from flowkit.core.fold import Fold
from flowkit.core.states import (
    CANCELLED,
    FAILED,
    FAILING,
    PAUSED,
    PAUSING,
    READY,
    RUNNING,
    SUCCEEDED,
    WAITING,
)
from flowkit.core.wiring import Wiring
from flowkit.errors import UsageError
from flowkit.render.naming import because, cell, clipped, complete_cell, distinct, failure_line, listed, named
from flowkit.render.task_words import HERE, NOBODY, PERSON, Seen, Teller, Told

_CALLS = 4  # of so many root causes the calls are named; one who needs the others asks task by task


class Why(msgspec.Struct, frozen=True):
    """The answer. `task` is None for the run itself.

    `words`: a few plain sentences, which `str()` gives. `waits_for`: the root causes as (task, state), in
    the flow's order. `since`: seconds since the epoch, or None where nobody recorded it. `who` could move
    it: "this process", "a person", "process 4711", "nobody". `calls`: cells that would move it (or show
    more, where nothing moves it any more).
    """

    task: str | None
    state: str
    words: str
    waits_for: tuple[tuple[str, str], ...] = ()
    since: float | None = None
    who: str = NOBODY
    calls: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.words

    def __repr__(self) -> str:
        subject = "run" if self.task is None else clipped(self.task, 40)
        return f"<Why {subject} {self.state}: {clipped(self.words, 160)}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": "\n".join([self.words, *(f"  {call}" for call in self.calls)])}


def why(fold: Fold, wiring: Wiring, task: str | None = None, seen: Seen | None = None) -> Why:
    """Explain a task (by its name or that of one of its parts), or the run where `task` is None.

    A waiting task costs what stands between it and its root causes; the run costs what is open in it.
    Raises UsageError for a name that is no task of this run.
    """
    teller = Teller(fold, wiring, seen)
    if task is None:
        return _why_run(teller)
    name = wiring.parts[task][0] if task in wiring.parts else task
    if name not in fold.states:
        raise UsageError(_no_task(wiring, name))
    state = fold.states[name]
    since = teller.seen.since.get(name)
    if state != WAITING or not fold.left[name] or not fold.state or fold.ended:
        told = teller.told(name)
        return Why(name, state, told.words, (), since, told.who, told.calls)
    causes = root_causes(fold, wiring, name)
    told = _waiting(teller, name, causes)
    pairs = tuple((cause, fold.states[cause]) for cause in causes)
    return Why(name, state, told.words, pairs, since or fold.started or None, told.who, told.calls)


def root_causes(fold: Fold, wiring: Wiring, name: str) -> tuple[str, ...]:
    """The tasks, however far up, that a waiting task waits for and that do not wait for others themselves."""
    found: list[str] = []
    met = {name}
    stack = [name]
    while stack:
        for source in wiring.tasks[stack.pop()].sources():
            state = fold.states[source]
            if state == SUCCEEDED or source in met:
                continue
            met.add(source)
            if state == WAITING and fold.left[source]:
                stack.append(source)
            else:
                found.append(source)
    return tuple(sorted(found, key=wiring.index.__getitem__))


def _waiting(teller: Teller, name: str, causes: tuple[str, ...]) -> Told:
    fold = teller.fold
    missing = [s for s in teller.wiring.tasks[name].sources() if fold.states[s] != SUCCEEDED]
    who, calls = _movers(teller, causes)
    words = f"{named(name)} waits for {listed(missing)}"
    if len(causes) == 1:
        further = "" if missing == list(causes) else f", and at the root of it for {named(causes[0])}"
        words = f"{words}{further}. {teller.told(causes[0]).words}"
    elif set(missing) == set(causes):
        words = f"{named(name)} waits for {teller.groups(causes)}.{_decisions(teller, causes)}"
    else:
        words = f"{words}. At the root of it: {teller.standings(causes)}.{_decisions(teller, causes)}"
    if teller.resting and "run.resume()" not in calls:
        calls = (*calls, "run.resume()")
    if teller.resting and len(causes) > 1:
        words += f" Besides, {teller.pause_words()}; run.resume() goes on."
    return Told(words, who, calls)


def _movers(teller: Teller, names: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Who could move these tasks, and the cells that would: all for a single one, else the first of each, and
    both answers for a lost one.
    """
    answers = [teller.told(name) for name in islice(names, _CALLS)]
    who = distinct(answer.who for answer in answers if answer.who != NOBODY)
    most = None if len(answers) == 1 else 1
    calls = distinct(call for answer in answers for call in answer.calls[:most])
    lost = next((name for name in names if len(names) > 1 and name in teller.fold.lost), None)
    return " or ".join(who) or NOBODY, calls if lost is None else distinct(
        (*calls, *teller.told(lost).calls[:2])
    )


def frontier(fold: Fold) -> tuple[str, ...]:
    """What could move next, in the flow's order: ready, claimed, lost and held tasks. Costs their number."""
    ready = (name for name in fold.queue if fold.states[name] == READY)
    names = {*ready, *fold.people, *fold.claims, *fold.lost, *fold.held}
    return tuple(sorted(names, key=fold.wiring.index.__getitem__))


def _why_run(teller: Teller) -> Why:
    fold = teller.fold
    names = () if fold.ended else frontier(fold)
    told = _TELL_RUN[fold.state](teller, names)
    pairs = tuple((name, fold.states[name]) for name in names)
    return Why(None, fold.state, told.words, pairs, teller.seen.since.get(""), told.who, told.calls)


def _not_begun(teller: Teller, names: tuple[str, ...]) -> Told:
    return Told("The run has not begun.")


def _run_running(teller: Teller, names: tuple[str, ...]) -> Told:
    if not names:
        return Told("Nothing is ready, and nothing is at work: cancel the run.", PERSON, ("run.cancel()",))
    if (gone := teller.gone()) is not None:
        return teller.told(gone)
    mine = [name for name in names if teller.ready_here(name)]
    others = tuple(name for name in names if not teller.ready_here(name))
    who, calls = _movers(teller, (*mine, *others))
    if not mine:
        busy = any(teller.seen.claims.get(name) == HERE for name in others)
        return Told(
            f"Nothing {'more ' if busy else ''}for this process to do. {_only(teller, others)}", who, calls
        )
    if len(mine) == 1:
        words = teller.told(mine[0]).words
    else:
        words = f"{listed(mine)} are ready: this process can run them."
    if others:
        words += f" Besides: {teller.standings(others)}.{_decisions(teller, others)}"
    return Told(words, who, distinct(["run.step()", "run.run()", *calls]))


def _only(teller: Teller, names: tuple[str, ...]) -> str:
    """What others have to do, with the call where it is one person's turn."""
    if len(names) > 1:
        return f"{teller.standings(names)}.{_decisions(teller, names)}"
    name = names[0]
    if name in teller.wiring.manual and teller.fold.states[name] == READY:
        return f"{named(name)} waits for a person: {complete_cell(teller.wiring.tasks[name], comment=False)}"
    return teller.told(name).words


def _decisions(teller: Teller, names: Sequence[str]) -> str:
    """A sentence with the calls that decide a lost task, where there is one among several others."""
    lost = next((name for name in names if name in teller.fold.lost), None)
    return "" if lost is None else f" About {named(lost)}: {teller.decision(lost)}."


def _run_resting(teller: Teller, names: tuple[str, ...]) -> Told:
    fold = teller.fold
    clause = teller.pause_words()
    words = f"{clause[0].upper()}{clause[1:]}. "
    if fold.claims:
        words += f"It rests when {listed(_ordered(fold, fold.claims))} {_has(len(fold.claims))} ended. "
    words += "run.resume() goes on."
    asked = _ordered(fold, [*fold.people, *fold.lost])
    if asked:
        words += f" Answers are taken meanwhile: {teller.standings(asked)}.{_decisions(teller, asked)}"
    calls = _movers(teller, asked)[1]
    return Told(words, PERSON, distinct(["run.resume()", *calls, "run.cancel()"]))


def _run_failing(teller: Teller, names: tuple[str, ...]) -> Told:
    failure = teller.fold.failures.get(teller.fold.ended_by)
    words = (
        f"{teller.failed_words()}{f' ({failure_line(failure)})' if failure else ''}, so nothing new starts."
    )
    if names:
        words += f" The run ends when nothing is out any more: {teller.standings(names)}."
    asked = _ordered(teller.fold, [*teller.fold.people, *teller.fold.lost])
    if asked:
        words += f" For {named(asked[0])} {teller.way_to_end(asked[0])}"
    who, calls = _movers(teller, names)
    return Told(words, who, distinct([*calls, "run.cancel()"]))


def _run_succeeded(teller: Teller, names: tuple[str, ...]) -> Told:
    target = teller.wiring.target
    what = "every task has ended" if target is None else f"{named(target)}, its target, has its result"
    return Told(f"The run succeeded: {what}.", NOBODY, ("run.result",))


def _run_failed(teller: Teller, names: tuple[str, ...]) -> Told:
    blamed = teller.fold.ended_by
    failure = teller.fold.failures.get(blamed)
    words = (
        f"The run failed, because {teller.failed_words()}{f': {failure_line(failure)}' if failure else ''}"
    )
    words = (
        words.rstrip(".")
        + ". Mend what is wrong and start a new run, with `results=` for what is known already."
    )
    return Told(words, NOBODY, (f"{cell('task', blamed)}.failure",))


def _run_cancelled(teller: Teller, names: tuple[str, ...]) -> Told:
    note = teller.fold.reason
    return Told(f"The run was cancelled{f': {because(note)}' if note else ''}. What was open counts no more.")


def _ordered(fold: Fold, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names, key=fold.wiring.index.__getitem__))


def _has(count: int) -> str:
    return "has" if count == 1 else "have"


def _no_task(wiring: Wiring, name: str) -> str:
    shown = named(name)
    if any(task.name == name for task in wiring.plan.tasks):
        target = named(str(wiring.target))
        return f"{shown} is not part of this run: it was started for {target}, which does not need it."
    if name in wiring.inputs:
        return f"{shown} is an input of this run, not a task: it was given at the start."
    near = get_close_matches(name, wiring.order, 1)
    return f"This run has no task {shown}.{f' Did you mean {named(near[0])}?' if near else ''}"


_TELL_RUN: dict[str, Callable[[Teller, tuple[str, ...]], Told]] = {
    "": _not_begun,
    RUNNING: _run_running,
    PAUSING: _run_resting,
    PAUSED: _run_resting,
    FAILING: _run_failing,
    SUCCEEDED: _run_succeeded,
    FAILED: _run_failed,
    CANCELLED: _run_cancelled,
}
