"""What could be done next: the sentence under the Step button, and the rows of the table of offers.

Pure words like its neighbours: nothing here decides what a step does. It must promise only what a step then
keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from flowkit.core.fold import Fold
from flowkit.core.states import CANCELLED, FAILED, FAILING, PAUSED, PAUSING, READY, RUNNING, SUCCEEDED
from flowkit.core.wiring import Wiring
from flowkit.render.naming import because, cell, clipped, complete_cell, listed, named
from flowkit.render.task_words import HERE, Seen, Teller
from flowkit.render.why import frontier

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
    """A row for each of these tasks, else for each that is ready, in the flow's order."""
    teller = Teller(fold, wiring, seen)
    names = [n for n in frontier(fold) if fold.states[n] == READY] if tasks is None else tasks
    return tuple(_row(teller, name) for name in names)


def _row(teller: Teller, name: str) -> OfferRow:
    task = teller.wiring.tasks[name]
    told = teller.told(name)
    if name in teller.wiring.manual:
        what = clipped(task.doc, 120) or "give its result"
        return OfferRow(clipped(name, 60), what, told.who, complete_cell(task))
    what = clipped(task.doc.partition("\n")[0], 120) or "call its function"
    if told.who != HERE:
        what = f"{what} ({teller.clause(name)})"
    return OfferRow(clipped(name, 60), what, told.who, told.calls[0] if told.calls else complete_cell(task))


def next_words(fold: Fold, wiring: Wiring, seen: Seen | None = None) -> str:
    """What the Step button would do now, or why there is nothing to step: one or two sentences."""
    teller = Teller(fold, wiring, seen)
    gone = teller.gone()
    if gone is not None:
        return f"The process that ran {named(gone)} has died. Step takes note of that first."
    return _NEXT[fold.state](teller)


def _running(teller: Teller) -> str:
    fold = teller.fold
    mine = next((name for name in fold.queue if teller.ready_here(name)), None)
    if mine is not None:
        return f"{named(mine)} is ready. Step runs it here."
    asked = [*fold.people, *fold.lost]
    if asked:
        return f"Nothing to step: {listed(asked)} {'waits' if len(asked) == 1 else 'wait'} for you."
    out = frontier(fold)
    return f"Nothing to step: {teller.standings(out)}." if out else "Nothing to step: nothing is ready."


def _pausing(teller: Teller) -> str:
    fold = teller.fold
    verb = "is" if len(fold.claims) == 1 else "are"
    return f"The run is being paused: {listed(list(fold.claims))} {verb} still running. run.resume() goes on."


def _paused(teller: Teller) -> str:
    reason = teller.fold.reason
    if reason in ("", "asked for"):
        return "The run is paused: run.resume() goes on."
    return f"The run is paused ({because(reason)}): run.resume() goes on."


def _failing(teller: Teller) -> str:
    words = f"Nothing to step: {teller.failed_words()}, so nothing new starts."
    out = frontier(teller.fold)
    return f"{words} Still out: {teller.standings(out)}." if out else words


_NEXT: dict[str, Callable[[Teller], str]] = {
    "": lambda teller: "Nothing to step: the run has not begun.",
    RUNNING: _running,
    PAUSING: _pausing,
    PAUSED: _paused,
    FAILING: _failing,
    SUCCEEDED: lambda teller: "The run succeeded: nothing is left to step.",
    FAILED: lambda teller: (
        f"The run failed: {teller.failed_words()}. {cell('task', teller.fold.ended_by)}.failure shows where."
    ),
    CANCELLED: lambda teller: "The run was cancelled: nothing is left to step.",
}
