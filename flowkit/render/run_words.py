"""What can be said about a run: what it waits for, why it rests, how it ended, and which call would move it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import islice

from flowkit.core.fold import Fold
from flowkit.core.states import (
    CANCELLED,
    FAILED,
    FAILING,
    FINISHED,
    PAUSED,
    PAUSING,
    READY,
    REVERT_FAILED,
    REVERTED,
    REVERTING,
    RUNNING,
    SUCCEEDED,
)
from flowkit.render.ended_words import failure_of, root_failures, way_on
from flowkit.render.naming import because, cell, complete_cell, distinct, failure_line, listed, named
from flowkit.render.task_words import told
from flowkit.render.teller import HERE, NOBODY, PERSON, Teller, Told, begun_around, in_order, to_be_undone

_CALLS = 4  # of so many units the calls are named; one who needs the others asks one by one


def frontier(fold: Fold) -> tuple[str, ...]:
    """What could move next, in the flow's order: ready, claimed, lost, held, asked, due, or being undone. Costs their number.

    A task over items stands there by the next of its items that was not taken yet.
    """
    ready = [fold.taken_next(name) for name in fold.line()]
    asked = [fold.taken_next(name) for name in fold.people]
    moving = (*fold.claims, *fold.lost, *fold.undos, *fold.due, *fold.questions)
    held = (
        unit
        for unit in fold.held
        if fold.states.get(unit, READY) not in FINISHED and begun_around(fold, unit)
    )
    return in_order(fold.wiring, (*ready, *asked, *moving, *held))


def movers(teller: Teller, names: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Who could move these units, and the cells that would: all for a single one, else the first of each, and
    both answers for a lost one.
    """
    answers = [told(teller, name) for name in islice(names, _CALLS)]
    who = distinct(answer.who for answer in answers if answer.who != NOBODY)
    most = None if len(answers) == 1 else 1
    calls = distinct(call for answer in answers for call in answer.calls[:most])
    lost = next((name for name in names if len(names) > 1 and name in teller.fold.lost), None)
    if lost is not None:
        calls = distinct((*calls, *told(teller, lost).calls[:2]))
    return " or ".join(who) or NOBODY, calls


def decisions(teller: Teller, names: Sequence[str]) -> str:
    """A sentence with the calls that decide a lost task, where there is one among several others."""
    lost = next((name for name in names if name in teller.fold.lost), None)
    return "" if lost is None else f" About {named(lost)}: {teller.decision(lost)}."


def run_told(teller: Teller, names: tuple[str, ...]) -> Told:
    """The answer for the run; `names` is its frontier."""
    return _TELL_RUN[teller.fold.state](teller, names)


def _not_begun(teller: Teller, names: tuple[str, ...]) -> Told:
    return Told("The run has not begun.")


def _running(teller: Teller, names: tuple[str, ...]) -> Told:
    if not names:
        return Told("Nothing is ready, and nothing is at work: cancel the run.", PERSON, ("run.cancel()",))
    if (gone := teller.gone()) is not None:
        return told(teller, gone)
    mine = [name for name in names if teller.takes(name) or teller.asks(name)]
    others = tuple(name for name in names if name not in set(mine))
    who, calls = movers(teller, (*mine, *others))
    if not mine:
        if all(name in teller.fold.due for name in others):
            words = (
                told(teller, others[0]).words
                if len(others) == 1
                else f"{teller.standings(others)}; run.run() waits for that."
            )
            return Told(words, who, calls)
        busy = any(teller.seen.claims.get(name) == HERE for name in others)
        return Told(
            f"Nothing {'more ' if busy else ''}for this process to do. {_only(teller, others)}", who, calls
        )
    if len(mine) == 1:
        words = told(teller, mine[0]).words
    else:
        words = f"{listed(mine)} are {_what(teller, mine)}: this process can {_do(teller, mine)} them."
    if others:
        words += f" Besides: {teller.standings(others)}.{decisions(teller, others)}"
    return Told(words, who, distinct(["run.step()", "run.run()", *calls]))


def _what(teller: Teller, names: Sequence[str]) -> str:
    asked = any(name in teller.fold.questions for name in names)
    return "ready, or wait for an answer" if asked else "ready"


def _do(teller: Teller, names: Sequence[str]) -> str:
    return "do" if any(name in teller.fold.questions for name in names) else "run"


def _only(teller: Teller, names: tuple[str, ...]) -> str:
    """What others have to do, with the call where it is one person's turn."""
    if len(names) > 1:
        return f"{teller.standings(names)}.{decisions(teller, names)}"
    name = names[0]
    fold = teller.fold
    if fold.state_of(name) == READY and fold.is_manual(name):
        call = complete_cell(fold.plan_of(name), comment=False, unit=name)
        return f"{named(name)} waits for a person: {call}"
    return told(teller, name).words


def _resting(teller: Teller, names: tuple[str, ...]) -> Told:
    fold = teller.fold
    clause = teller.pause_words()
    words = f"{clause[0].upper()}{clause[1:]}. "
    calls: tuple[str, ...] = ("run.resume()",)
    if fold.claims:
        claims = in_order(teller.wiring, fold.claims)
        words += f"It rests when {listed(claims)} {_has(len(claims))} ended. "
    stuck = fold.stuck
    if stuck and fold.states.get(stuck) == FAILED:
        again = way_on(teller, stuck, root_failures(fold, stuck)[0])[2][:2]
        words += f"{failure_line(fold.failures[stuck]).rstrip('.')}. " if stuck in fold.failures else ""
        words += f"{again[0]} does it again, {again[1]} goes on without it; " if len(again) == 2 else ""
        words += "run.resume() goes on with what does not need it."
        calls += again
    else:
        words += "run.resume() goes on."
    asked = in_order(teller.wiring, (*(fold.taken_next(n) for n in fold.people), *fold.lost, *fold.questions))
    if asked:
        words += f" Answers are taken meanwhile: {teller.standings(asked)}.{decisions(teller, asked)}"
    cancel = () if "" in fold.undoing else ("run.cancel()",)
    return Told(words, PERSON, distinct([*calls, *movers(teller, asked)[1], *cancel]))


def _failing(teller: Teller, names: tuple[str, ...]) -> Told:
    fold = teller.fold
    failure = fold.failures.get(fold.ended_by)
    line = f" ({failure_line(failure)})" if failure else ""
    words = f"{teller.failed_words()}{line}, so nothing new starts."
    out = [name for name in names if fold.state_of(name) not in ("waiting", "retrying")]
    if out:
        words += f" The run ends when nothing is out any more: {teller.standings(out)}."
    asked = in_order(teller.wiring, (*(fold.taken_next(n) for n in fold.people), *fold.lost))
    if asked:
        words += f" For {named(asked[0])} {teller.way_to_end(asked[0])}"
    words += f" {_instead(teller)}"
    who, calls = movers(teller, out)
    mine = ("run.step()",) if any(teller.takes(name) for name in out) else ()
    return Told(words, who if out else PERSON, distinct([*mine, *calls, "run.cancel()", *_again(teller)]))


def _again(teller: Teller) -> tuple[str, ...]:
    """The calls that take care of the failure that the run fails for."""
    blamed = teller.fold.ended_by
    if teller.fold.states.get(blamed) != FAILED:
        return ()
    return way_on(teller, blamed, root_failures(teller.fold, blamed)[0])[2][:2]


def _instead(teller: Teller) -> str:
    calls = _again(teller)
    if len(calls) < 2:
        return ""
    again, skip = calls
    return f"{again} does it again (after run.adopt(flow), where its code was mended), {skip} goes on without it."


def _reverting(teller: Teller, names: tuple[str, ...]) -> Told:
    fold = teller.fold
    blamed = fold.ended_by
    reason = f", because {failure_of(fold, blamed)}" if fold.states.get(blamed) in (FAILED, REVERTED) else ""
    words = f"What was done is being undone{reason}."
    out = [name for name in names if name in fold.undos or name in fold.claims]
    if not out:
        return Told(f"{words} It goes on with the next step.", HERE, ("run.step()",))
    gone = teller.gone()
    if gone is not None:
        return told(teller, gone)
    if not fold.undos:
        words += " First what is at work has to end:"
    one = told(teller, out[0]).words
    words += f" {one}" if len(out) == 1 else f" {teller.standings(out)}."
    left = [name for name in fold.undoing.get("", ()) if to_be_undone(fold, name)]
    if left:
        words += f" After that: {listed(left)}."
    who, calls = movers(teller, out)
    return Told(words, who, distinct([*calls, "run.pause()"]))


def _succeeded(teller: Teller, names: tuple[str, ...]) -> Told:
    target = teller.wiring.target
    what = "every task has ended" if target is None else f"{named(target)}, its target, has its result"
    return Told(f"The run succeeded: {what}.", NOBODY, ("run.result",))


def _failed(teller: Teller, names: tuple[str, ...]) -> Told:
    fold = teller.fold
    blamed = fold.ended_by
    failure = fold.failures.get(blamed)
    reading = f"{cell('task', blamed)}.failure"
    line = f": {failure_line(failure).rstrip('.')}" if failure else ""
    if fold.states.get(blamed) == REVERT_FAILED:
        words = f"The run failed, because the undo of {named(blamed)} failed{line}. "
        words += "What stands before it is not undone. run.revert() tries again."
        return Told(words, PERSON, ("run.revert()", reading))
    words = f"The run failed, because {teller.failed_words()}{line}. Mend what is wrong: "
    calls = _again(teller)
    if not calls:
        return Told(f"{words}run.why({blamed!r}) says more.", NOBODY, (reading,))
    return Told(f"{words}{_instead(teller)}", PERSON, (reading, *calls))


def _cancelled(teller: Teller, names: tuple[str, ...]) -> Told:
    note = teller.fold.reason
    return Told(f"The run was cancelled{f': {because(note)}' if note else ''}. What was open counts no more.")


def _reverted(teller: Teller, names: tuple[str, ...]) -> Told:
    fold = teller.fold
    words = "The run is undone: what was done in it counts no more."
    first = next((name for name in teller.wiring.roots if fold.states[name] == REVERTED), None)
    if first is None:
        return Told(words)
    again = cell("rerun", first)
    return Told(f"{words} {again} begins again there.", PERSON, (again,))


def _has(count: int) -> str:
    return "has" if count == 1 else "have"


_TELL_RUN: dict[str, Callable[[Teller, tuple[str, ...]], Told]] = {
    "": _not_begun,
    RUNNING: _running,
    PAUSING: _resting,
    PAUSED: _resting,
    FAILING: _failing,
    REVERTING: _reverting,
    SUCCEEDED: _succeeded,
    FAILED: _failed,
    CANCELLED: _cancelled,
    REVERTED: _reverted,
}
