"""What could be done next: the sentence under the Step button, and the rows of the table of offers.

Pure words like its neighbours: nothing here decides what a step does. It must promise only what a step then
keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from flowkit.core.fold import Fold
from flowkit.core.states import (
    CANCELLED,
    FAILED,
    FAILING,
    PAUSED,
    PAUSING,
    READY,
    REVERT_FAILED,
    REVERTED,
    REVERTING,
    RUNNING,
    SUCCEEDED,
)
from flowkit.core.wiring import Wiring
from flowkit.render.naming import answer_cell, because, cause_of_end, cell, clipped, listed, named, question
from flowkit.render.run_words import frontier
from flowkit.render.task_words import told
from flowkit.render.teller import HERE, Seen, Teller

OFFER_HEADERS = ("task", "what", "who can move it", "as a cell")
"""The headings of `offer_rows`."""


class OfferRow(NamedTuple):
    """One offer: its task, what is to be done, who could do it, and the cell to copy."""

    task: str
    what: str
    who: str
    cell: str


def offer_rows(
    fold: Fold, wiring: Wiring, seen: Seen | None = None, tasks: Iterable[str] | None = None
) -> tuple[OfferRow, ...]:
    """A row for each of these units, else for each that is ready, asked about or to be undone, in the flow's order."""
    teller = Teller(fold, wiring, seen)
    names = [name for name in frontier(fold) if _offered(fold, name)] if tasks is None else tasks
    return tuple(_row(teller, name) for name in names)


def _offered(fold: Fold, unit: str) -> bool:
    """Whether somebody may take it, or answer for it."""
    if unit in fold.claims:
        return False
    return unit in fold.undos or unit in fold.questions or fold.state_of(unit) == READY


def _row(teller: Teller, unit: str) -> OfferRow:
    fold = teller.fold
    answer = told(teller, unit)
    task = fold.plan_of(unit)
    shown = clipped(unit, 60)
    if unit in fold.questions:
        what = question(fold.questions[unit], unit)
        return OfferRow(shown, what, answer.who, answer_cell(fold.questions[unit], unit))
    if unit in fold.undos:
        what = "undo it"
    elif fold.is_manual(unit):
        what = clipped(task.doc, 120) or "give its result"
        return OfferRow(shown, what, answer.who, teller.report_cell(unit))
    else:
        what = clipped(task.doc.partition("\n")[0], 120) or "call its function"
    if answer.who != HERE:
        what = f"{what} ({teller.clause(unit)})"
    return OfferRow(shown, what, answer.who, answer.calls[0] if answer.calls else teller.report_cell(unit))


def next_words(fold: Fold, wiring: Wiring, seen: Seen | None = None) -> str:
    """What the Step button would do now, or why there is nothing to step: one or two sentences."""
    teller = Teller(fold, wiring, seen)
    gone = teller.gone()
    if gone is not None:
        return f"The process that ran {named(gone)} has died. Step takes note of that first."
    return _NEXT[fold.state](teller)


def _mine(teller: Teller) -> str | None:
    """What a step would do here: `Step …`; None where there is nothing."""
    fold = teller.fold
    asked = next((unit for unit in fold.questions if teller.asks(unit)), None)
    if asked is not None:
        return f"A question: {question(fold.questions[asked], asked)} Step asks it here."
    mine = next((unit for name in fold.line() if teller.takes(unit := fold.taken_next(name))), None)
    if mine is None:
        return None
    return f"{named(mine)} is {'to be undone' if mine in fold.undos else 'ready'}. Step {_does(teller, mine)} here."


def _does(teller: Teller, unit: str) -> str:
    return "runs its undo" if unit in teller.fold.undos else "runs it"


def _running(teller: Teller) -> str:
    fold = teller.fold
    if (mine := _mine(teller)) is not None:
        return mine
    asked = [*(fold.taken_next(name) for name in fold.people), *fold.lost]
    if asked:
        return f"Nothing to step: {listed(asked)} {'waits' if len(asked) == 1 else 'wait'} for you."
    out = frontier(fold)
    if not out:
        return "Nothing to step: nothing is ready."
    wait = "; run.run() waits for that" if fold.due else ""
    return f"Nothing to step: {teller.standings(out)}{wait}."


def _pausing(teller: Teller) -> str:
    fold = teller.fold
    verb = "is" if len(fold.claims) == 1 else "are"
    return f"The run is being paused: {listed(list(fold.claims))} {verb} still running. run.resume() goes on."


def _paused(teller: Teller) -> str:
    reason = teller.fold.reason
    if reason in ("", "asked for"):
        return "The run is paused: run.resume() goes on."
    said = cause_of_end(reason) if teller.fold.stuck else because(reason)
    return f"The run is paused ({said}): run.resume() goes on."


def _failing(teller: Teller) -> str:
    if (mine := _mine(teller)) is not None:
        return mine
    words = f"Nothing to step: {teller.failed_words()}, so nothing new starts."
    out = [name for name in frontier(teller.fold) if teller.fold.state_of(name) != "waiting"]
    return f"{words} Still out: {teller.standings(out)}." if out else words


def _reverting(teller: Teller) -> str:
    if (mine := _mine(teller)) is not None:
        return mine
    out = [name for name in frontier(teller.fold) if teller.fold.state_of(name) != "waiting"]
    words = "Nothing to step: what was done is being undone"
    return f"{words}, and {teller.standings(out)}." if out else f"{words}."


def _failed(teller: Teller) -> str:
    blamed = teller.fold.ended_by
    if teller.fold.states.get(blamed) == REVERT_FAILED:
        return f"The run failed: the undo of {named(blamed)} failed. run.revert() tries again."
    return f"The run failed: {teller.failed_words()}. {cell('task', blamed)}.failure shows where."


_NEXT: dict[str, Callable[[Teller], str]] = {
    "": lambda teller: "Nothing to step: the run has not begun.",
    RUNNING: _running,
    PAUSING: _pausing,
    PAUSED: _paused,
    FAILING: _failing,
    REVERTING: _reverting,
    SUCCEEDED: lambda teller: "The run succeeded: nothing is left to step.",
    FAILED: _failed,
    CANCELLED: lambda teller: "The run was cancelled: nothing is left to step.",
    REVERTED: lambda teller: "The run is undone: nothing is left to step.",
}
