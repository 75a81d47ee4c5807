"""What is said of a unit that has ended: with what, why, and how it could be had otherwise."""

from __future__ import annotations

from flowkit.core.ending import ITEMS_FAILED
from flowkit.core.failure import Failure
from flowkit.core.fold import Fold
from flowkit.core.judging import JOIN_NOT_MET, LOOP_NOT_ENDED
from flowkit.core.states import CANCELLED, FAILED, FAILING, REVERTED, REVERTING, SKIPPED, SUCCEEDED
from flowkit.render.naming import cause_of_end, cell, failure_line, is_item, listed, literal, named
from flowkit.render.teller import NOBODY, PERSON, Teller, Told, task_of


def succeeded(teller: Teller, unit: str) -> Told:
    """It has its result."""
    fold = teller.fold
    via = fold.via.get(unit)
    if unit in fold.items:
        how = f"all its {fold.items[unit].total:,} items have ended"
    elif unit in teller.wiring.groups:
        how = "all in it has ended"
    elif via == "given":
        how = "its result was given when the run was started"
    elif via == "hand":
        how = "its result was reported by hand"
    else:
        how = "its function was called and returned"
    rounds = fold.rounds.get(unit)
    if rounds is not None:
        how += f", in {rounds:,} round{'' if rounds == 1 else 's'}"
    words = f"{named(unit)} succeeded: {how}."
    calls: tuple[str, ...] = (f"run[{literal(unit)}]",)
    if fold.state == REVERTING and unit not in fold.wiring.groups:
        words += " The run is being undone; its turn comes."
    elif unit in fold.stale:
        words += " But what it stands on was done again since: its result is that of the old values."
        if teller.redoing:
            calls += (cell("rerun", unit),)
    return Told(words, NOBODY, calls)


def failed(teller: Teller, unit: str) -> Told:
    """It has failed for good."""
    fold = teller.fold
    failure = fold.failures.get(unit)
    line = (failure_line(failure) if failure else "its failure is in the journal").rstrip(".")
    by_hand = " (reported by hand)" if fold.via.get(unit) == "hand" else ""
    words = f"{named(unit)} failed{by_hand}{_at_question(fold, unit, failure)}: {line}."
    tries = fold.tries.get(unit, 0) + 1
    if tries > 1:
        words += f" It was tried {tries} times."
    roots = root_failures(fold, unit)
    if roots != [unit]:
        words += f" At the root of it: {failure_of(fold, roots[0])}."
    tail, who, calls = way_on(teller, unit, roots[0])
    reading = f"{cell('task', unit)}.failure"
    return Told(f"{words} {tail}", who, (reading, *calls))


def _at_question(fold: Fold, unit: str, failure: Failure | None) -> str:
    """That it was not the task itself that failed, but a decider of it."""
    if fold.outcomes.get(unit) != "question" or failure is None or failure.types[:1] == (LOOP_NOT_ENDED,):
        return ""
    if unit in fold.rounds:
        return f", when after round {fold.rounds[unit]:,} its until was asked"
    plan = fold.plan_of(unit)
    return ", when its decider was asked" if plan.when is not None and unit not in fold.answers else ""


def failure_of(fold: Fold, unit: str) -> str:
    """The clause "`x` failed (OSError: no route)"."""
    failure = fold.failures.get(unit)
    return f"{named(unit)} failed{f' ({failure_line(failure)})' if failure else ''}"


def root_failures(fold: Fold, unit: str) -> list[str]:
    """The failures that a failure by a join comes from, however far up; the unit itself where it failed by itself."""
    found: dict[str, None] = {}
    met = {unit}
    stack = [unit]
    while stack:
        name = stack.pop()
        failure = fold.failures.get(name)
        by_join = failure is not None and failure.types[:1] == (JOIN_NOT_MET,)
        dead = [source for source in fold.dead.get(name, {}) if fold.states.get(source) == FAILED]
        if not by_join or not dead:
            found[name] = None
            continue
        stack.extend(source for source in reversed(dead) if source not in met)
        met.update(dead)
    return list(found) or [unit]


def way_on(teller: Teller, unit: str, root: str) -> tuple[str, str, tuple[str, ...]]:
    """How one goes on from a failure: words, who could, and the calls. `root` is what has to be done again."""
    fold = teller.fold
    again, skip = cell("rerun", root), cell("skip", root)
    if fold.state in ("", CANCELLED):
        return (
            "Nothing moves it in this run: start a new one, with `results=` for what is known already.",
            NOBODY,
            (),
        )
    if not teller.redoing:
        if fold.undos and "" not in fold.undoing:
            return f"First {listed(list(fold.undos)[:1])} is undone; then it can be done again.", NOBODY, ()
        return "What was done is being undone.", NOBODY, ()
    failure = fold.failures.get(root)
    if root in fold.items and failure is not None and failure.types[:1] == (ITEMS_FAILED,):
        again = cell("rerun", root, 'items="failed"')
    if fold.state in (SUCCEEDED, REVERTED):
        return f"{again} does it again.", PERSON, (again,)
    words = f"{again} does it again (after run.adopt(flow), where its code was mended), {skip} goes on without it."
    calls: tuple[str, ...] = (again, skip)
    if is_item(unit) and task_of(teller.wiring, unit) not in fold.failures:
        return f"The other items go on. {words}", PERSON, calls
    if not _stands(fold, root):
        return f"The flow goes on from there{_taken_by(teller, root)}. {words}", PERSON, calls
    if teller.resting:
        words += f" Now {teller.pause_words()}; run.resume() goes on with what does not need it."
        calls += ("run.resume()",)
    return words, PERSON, calls


def _stands(fold: Fold, unit: str) -> bool:
    """Whether nobody took care of this failure."""
    if unit not in fold.wiring.tasks:
        return True
    return unit in fold.unhandled.get(fold.wiring.scope.get(unit, ""), ())


def _taken_by(teller: Teller, unit: str) -> str:
    """The tasks that are there for its failure."""
    links = teller.wiring.links.get(unit, {})
    return f": {listed(list(links))} {'is' if len(links) == 1 else 'are'} there for that" if links else ""


def skipped(teller: Teller, unit: str) -> Told:
    """It was left out."""
    reason = teller.seen.reasons.get(unit) or teller.seen.reasons.get(task_of(teller.wiring, unit))
    words = f"{named(unit)} was skipped, and nothing is wrong with that"
    words += f": {cause_of_end(reason) if reason else _derived(teller, unit)}."
    root = root_skip(teller.fold, unit)
    if root != unit and root not in teller.fold.dead.get(unit, {}):
        words += f" At the root of it, {named(root)} was left out."
    return Told(words, NOBODY, (cell("rerun", root),) if teller.redoing else ())


def _derived(teller: Teller, unit: str) -> str:
    """Why it was left out, as far as the fold tells."""
    fold = teller.fold
    if fold.answers.get(unit) is False:
        return "its decider said no"
    dead = [source for source, how in fold.dead.get(unit, {}).items() if how == SKIPPED]
    if dead:
        return f"{listed(dead)} {'was' if len(dead) == 1 else 'were'} left out"
    when = fold.plan_of(unit).when
    if when is not None and fold.states.get(when.source) == SUCCEEDED:
        return f"{named(when.source)} said no"
    return "it was left out"


def root_skip(fold: Fold, unit: str) -> str:
    """The unit that was left out first, of those that this one was left out for."""
    met = {unit}
    while dead := [source for source, how in fold.dead.get(unit, {}).items() if how == "skipped"]:
        source = dead[0]
        if source in met or fold.states.get(source) != "skipped":
            break
        met.add(source)
        unit = source
    return unit


def cancelled(teller: Teller, unit: str) -> Told:
    """It was ended from outside."""
    fold = teller.fold
    reason = teller.seen.reasons.get(unit)
    blamed = fold.ended_by
    if blamed and reason in (None, f"{blamed} failed"):
        words = f"{named(unit)} was cancelled: {teller.failed_words()}."
    else:
        words = f"{named(unit)} was cancelled: {cause_of_end(reason or 'the run was cancelled')}."
    if fold.state not in (FAILING, FAILED) or fold.states.get(blamed) != FAILED or not teller.redoing:
        return Told(words)
    again, skip = way_on(teller, blamed, root_failures(fold, blamed)[0])[2][:2]
    words += f" It waits again after {again} or {skip}."
    return Told(words, PERSON, (again, skip))


def reverted(teller: Teller, unit: str) -> Told:
    """It was done, and is undone."""
    words = f"{named(unit)} is undone, and its result is gone"
    if task_of(teller.wiring, unit) not in teller.wiring.undoable:
        words = f"{named(unit)} counts as undone (it has no undo), and its result is gone"
    if not teller.redoing:
        return Told(f"{words}.")
    again = cell("rerun", unit)
    return Told(f"{words}. {again} does it again.", PERSON, (again,))


def revert_failed(teller: Teller, unit: str) -> Told:
    """Its undo failed."""
    fold = teller.fold
    failure = fold.failures.get(unit)
    line = (failure_line(failure) if failure else "its failure is in the journal").rstrip(".")
    words = f"The undo of {named(unit)} failed: {line}."
    reading = f"{cell('task', unit)}.failure"
    if fold.state in ("", CANCELLED, REVERTED):
        return Told(words, NOBODY, (reading,))
    if fold.state == REVERTING:
        return Told(f"{words} It is tried again with the rest.", NOBODY, (reading,))
    return Told(f"{words} run.revert() tries it again.", PERSON, (reading, "run.revert()"))
