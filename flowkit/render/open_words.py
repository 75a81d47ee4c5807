"""What is said of a unit that somebody could move now, or is at work on: ready, running, lost, retrying, or being undone."""

from __future__ import annotations

from flowkit.core.advance import LOSSES
from flowkit.core.states import FAILING, PAUSING
from flowkit.render.naming import because, cell, complete_cell, fail_cell, failure_line, named, quoted
from flowkit.render.teller import HERE, PERSON, Teller, Told, task_of

_NO_CODE = {
    "missing": "this process has no code for it",
    "changed": "its code in this process is not the code that the run was started with",
    "elsewhere": "it goes by a transport that this process does not serve",
}


def ready(teller: Teller, unit: str) -> Told:
    """Offered: to a person, or to whoever has the code."""
    fold = teller.fold
    if fold.is_manual(unit):
        return _manual(teller, unit)
    report = complete_cell(fold.plan_of(unit), unit=unit)
    if teller.resting:
        words = f"{named(unit)} is ready, and nobody may take it while {teller.pause_words()}. run.resume() goes on."
        return Told(words, PERSON, ("run.resume()", report))
    if fold.state == FAILING and not _handles(teller, unit):
        return Told(
            f"{named(unit)} is not started any more: {teller.failed_words()}.", PERSON, ("run.cancel()",)
        )
    start = f"{named(unit)} is ready{_again(teller, unit)}"
    code = teller.code(unit)
    if code == "here":
        return Told(f"{start}: this process can run it.", HERE, (cell("step", unit), report))
    return _without_code(teller, unit, start, report)


def _without_code(teller: Teller, unit: str, start: str, report: str) -> Told:
    """What can be done where this process can't enter the function itself."""
    code = teller.code(unit)
    if code == "missing":
        words = f"{start}, but {_NO_CODE[code]}. Open the run with its flow, or report the result by hand."
        return Told(words, "a process that has its code", ("run = engine.open(run.id, flow)", report))
    if code == "changed":
        words = f"{start}, but {_NO_CODE[code]}. "
        words += (
            "Define it as it was, go on with the new code by run.adopt(flow), or report the result by hand."
        )
        return Told(words, PERSON, (report, "run.adopt(flow)"))
    words = f"{start} for another process: it goes by a transport that this one does not serve."
    return Told(words, "another process", (report,))


def _handles(teller: Teller, unit: str) -> bool:
    """Whether it is there for a failure, and so may be done though the run is failing."""
    return bool(teller.fold.plan_of(unit).upon)


def _again(teller: Teller, unit: str) -> str:
    """What became of the attempt before, where that is worth a word."""
    fold = teller.fold
    tried = fold.tries.get(unit, 0)
    if tried:
        return f" again ({tried_words(teller, unit, tried + 1)})"
    if task_of(teller.wiring, unit) in fold.rounds:
        return f" again (round {fold.rounds[task_of(teller.wiring, unit)] + 1})"
    before = fold.past.get((unit, fold.attempt_of(unit) - 1))
    if before is None or before == "superseded":
        return ""
    return (
        " again (its process died)" if before == "lost" else f" again (it was given back: {because(before)})"
    )


def tried_words(teller: Teller, unit: str, number: int) -> str:
    """ "try 2 of 3", where it is known how many there are."""
    retry = teller.fold.plan_of(unit).retry
    return f"try {number}" if retry is None or retry.each else f"try {number} of {retry.attempts}"


def _over(teller: Teller, unit: str) -> Told:
    """Its time is over, and nobody has taken note of that yet."""
    words = f"{named(unit)} had no result within {teller.fold.plan_of(unit).timeout:g} s. "
    return Told(f"{words}The next step or tick takes note of that.", HERE, ("run.tick()",))


def _manual(teller: Teller, unit: str) -> Told:
    if teller.over(unit):
        return _over(teller, unit)
    task = teller.fold.plan_of(unit)
    words = f"{named(unit)} waits for a person{f': {quoted(task.doc)}' if task.doc.strip() else '.'}"
    if teller.fold.state == FAILING:
        return _without_use(teller, unit, words)
    calls = (complete_cell(task, unit=unit), *teller.way_on())
    return Told(words + teller.deadline_tail(unit) + teller.answer_tail(), PERSON, calls)


def _without_use(teller: Teller, unit: str, words: str) -> Told:
    """What a person may answer in a run that is failing."""
    calls = (teller.report_cell(unit), fail_cell(unit), "run.cancel()")
    return Told(f"{words} But {teller.failed_words()}, so {teller.way_to_end(unit)}", PERSON, calls)


def claimed(teller: Teller, unit: str) -> Told:
    """A process is at work on it, or was."""
    fold = teller.fold
    if teller.over(unit):
        return _over(teller, unit)
    seen = teller.seen.claims.get(unit, "")
    subject = f"the undo of {named(unit)}" if unit in fold.undos else named(unit)
    start = f"The undo of {named(unit)}" if unit in fold.undos else named(unit)
    report = teller.report_cell(unit)
    if seen == "gone":
        words = f"The process that ran {subject} has died. The next step or tick notices it and {_loss(teller, unit)}."
        return Told(words, HERE, ("run.tick()",))
    claimant = fold.claims.get(unit)
    who = f"process {claimant.pid}" if claimant else "its process"
    if seen == "this process":
        words, who = f"{start} is running in this process.", HERE
    elif seen == "living":
        words = f"{start} is running in another process, which is alive."
    elif seen == "elsewhere":
        words = f"{start} is running on another machine or in another container: "
        words += "whether that process lives can't be seen from here."
        who = f"{who}, elsewhere"
    else:
        words = f"{start} is running: a process has claimed it."
    late = " If somebody reports a result by hand, its own comes late: kept, and not used."
    return Told(words + teller.deadline_tail(unit) + _end_tail(teller) + late, who, (report,))


def _end_tail(teller: Teller) -> str:
    if teller.fold.state == PAUSING:
        return " The run is being paused and rests when nothing is running any more."
    if teller.fold.state == FAILING:
        return f" {teller.failed_words()}, so nothing new starts; the run ends when nothing is out any more."
    return ""


def _loss(teller: Teller, unit: str) -> str:
    fold = teller.fold
    last = fold.losses.get(unit, 0) + 1 >= LOSSES
    if unit in fold.undos:
        return "counts it as failed" if last else "offers it again"
    on_crash = fold.plan_of(unit).on_crash
    if on_crash == "ask":
        return "asks a person what became of it"
    if on_crash == "fail" or last or "" in fold.undoing:
        return "counts it as failed"
    if fold.state == FAILING or _scope_fails(teller, unit):
        return "cancels it"
    return "offers it again when the run goes on" if teller.resting else "offers it again"


def _scope_fails(teller: Teller, unit: str) -> bool:
    scope = teller.wiring.scope.get(task_of(teller.wiring, unit), "")
    return bool(scope) and scope in teller.fold.failing


def lost(teller: Teller, unit: str) -> Told:
    """The process died, and the task says that a person decides."""
    words = f"{named(unit)} was lost: the process that ran it died, and nobody can know how far it came. "
    if teller.fold.state == FAILING:
        return _without_use(teller, unit, words.rstrip())
    words += f"A person decides: {teller.decision(unit)}."
    calls = (teller.report_cell(unit), fail_cell(unit), *teller.way_on())
    return Told(words + teller.answer_tail(), PERSON, calls)


def retrying(teller: Teller, unit: str) -> Told:
    """An attempt ended without a result, and another follows."""
    fold = teller.fold
    attempt = fold.attempt_of(unit)
    how = fold.past.get((unit, attempt), "failure")
    number = fold.tries.get(unit, 0) + 1
    if how == "lost":
        words, follows = f"The process that ran {named(unit)} died.", "It is offered again"
    else:
        words, follows = (
            _failed_attempt(teller, unit, how),
            f"It is tried again ({tried_words(teller, unit, number)})",
        )
    skip = cell("skip", unit)
    if fold.state == FAILING:
        return Told(f"{words} It is not tried again: {teller.failed_words()}.", PERSON, ("run.cancel()",))
    if teller.resting:
        held = (
            "when the run goes on"
            if unit not in fold.due
            else f"{teller.soon(fold.due[unit])}, once the run goes on"
        )
        return Told(f"{words} {follows} {held}; now {teller.pause_words()}.", PERSON, ("run.resume()", skip))
    if unit in fold.due:
        words = f"{words} {follows} {teller.soon(fold.due[unit])}; run.run() waits for that."
        return Told(words, HERE, ("run.run()", skip))
    return Told(f"{words} {follows} with the next step.", HERE, ("run.step()",))


def _failed_attempt(teller: Teller, unit: str, how: str) -> str:
    """What the last attempt ended with."""
    if how == "timeout":
        return f"{named(unit)} had no result within {teller.fold.plan_of(unit).timeout:g} s."
    failure = teller.fold.reports.get((unit, teller.fold.attempt_of(unit)))
    line = f": {failure_line(failure).rstrip('.')}" if failure is not None else ""
    return f"Attempt {teller.fold.attempt_of(unit)} of {named(unit)} failed{line}."


def reverting(teller: Teller, unit: str) -> Told:
    """It is being undone: its undo is offered, or claimed."""
    fold = teller.fold
    words = f"{named(unit)} is being undone"
    if unit not in fold.undos:
        return Told(
            f"{words}: its undo is offered with the next step.", HERE, ("run.step()", *teller.way_on())
        )
    report, skip = teller.report_cell(unit), fail_cell(unit)
    if teller.resting:
        words = f"{words}. Nobody may take its undo while {teller.pause_words()}. run.resume() goes on."
        return Told(words, PERSON, ("run.resume()", report))
    code = teller.code(unit)
    if code == "here":
        return Told(f"{words}: this process can run its undo.", HERE, ("run.step()", report, skip))
    tail = f"but {_NO_CODE.get(code, 'its code is not here')}: undo it by hand, then {report} says so."
    return Told(f"{words}, {tail}", PERSON, (report, skip))
