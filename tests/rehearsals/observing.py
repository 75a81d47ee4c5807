"""What a rehearsal may observe: one function for each word, which raises AssertionError where it isn't so.

Everything is read through the public surface (and the ledger of what was really called).
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import flowkit
from tests.rehearsals.ledger import plain
from tests.rehearsals.reading import pieces

BEGUN = {"AttemptClaimed"}
ENDED = {"TaskSucceeded", "TaskFailed", "TaskSkipped", "TaskCancelled"}
TOLD = {*ENDED, "TaskRetrying", "RoundEnded"}
BY_WAY = {"AttemptClaimed", "AttemptReleased", "Emitted"}
"""Facts that are there in some ways only: by hand, nobody claims."""


def unit_of(offer: Any) -> str:
    """The address of what an offer is about: "a", "sub.a", "fetch[3]"."""
    if offer.item is None or offer.task.endswith("]"):
        return str(offer.task)
    return f"{offer.task}[{offer.item}]"


def name_of(offer: Any) -> str:
    """An offer as observations write it: "a", "undo:a", "when:a"."""
    prefix = {"do": "", "revert": "undo:"}.get(offer.kind, f"{offer.kind}:")
    return prefix + unit_of(offer)


def story(run: Any) -> list[str]:
    """What happened, whoever did it: "TaskSucceeded a", "TaskReady b", …; claims are left out."""
    found = []
    for event in run.events:
        if event.kind in BY_WAY:
            continue
        data = event.data
        about = event.task or " ".join(data.get("tasks", ()))
        found.append(f"{event.kind} {about}".strip())
        found += [f"TaskReady {name}" for name in data.get("ready", ())]
        found += [f"TaskReady {event.task}[{n}]" for n in range(data.get("offered", 0))]
    return found


def snapshot(stage: Any) -> dict[str, Any]:
    """What must be the same in every way in which a rehearsal is run."""
    run = stage.run
    if run is None:
        return {}
    values = {}
    for name in run.states:
        try:
            values[name] = plain(run[name])
        except flowkit.NoResult:
            continue
    failures = {name: plain(run.task(name).failure) for name in run.states if run.task(name).failure}
    calls = {call: n for call, n in stage.ledger.counts().items() if call[1] in ("do", "undo")}
    return {"state": run.state, "states": run.states, "values": values, "failures": failures, "calls": calls}


def _state(stage: Any, rest: str) -> None:
    """state WORD: the run's state."""
    assert stage.run.state == rest


def _states(stage: Any, rest: str) -> None:
    """states a=succeeded b=failed …"""
    wanted = dict(word.split("=") for word in rest.split())
    assert {unit: stage.run.task(unit).state for unit in wanted} == wanted


def _all(stage: Any, rest: str) -> None:
    """all succeeded: every task's state."""
    assert set(stage.run.states.values()) == {rest}, stage.run.states


def _tasks(stage: Any, rest: str) -> None:
    """tasks a b c: all that the run has."""
    assert list(stage.run.states) == rest.split()


def _heard(stage: Any, rest: str) -> None:
    """heard KIND task: the last event that the listener was told of."""
    assert stage.heard[-1] == rest


def _ready(stage: Any, rest: str) -> None:
    """ready a when:b undo:c (or: ready nothing): all that is offered; asking again gives the same and changes nothing."""
    before = len(stage.run.events)
    wanted = sorted([] if rest == "nothing" else rest.split())
    assert sorted(map(name_of, stage.run.ready())) == wanted
    assert [offer.token for offer in stage.run.ready()] == [offer.token for offer in stage.run.ready()]
    assert len(stage.run.events) == before, "asking changes nothing"


def _result(stage: Any, rest: str) -> None:
    """result VALUE, or: result none (there is none)."""
    _equal(lambda: stage.run.result, rest)


def _value_of(stage: Any, rest: str) -> None:
    """value a VALUE, or: value a none (there is none)."""
    unit, _, wanted = rest.partition(" ")
    _equal(lambda: stage.run[unit], wanted.strip())


def _equal(read: Callable[[], Any], wanted: str) -> None:
    try:
        found = [plain(read())]
    except flowkit.NoResult:
        found = []
    values = [] if wanted == "none" else [ast.literal_eval(wanted)]
    assert [(one, type(one)) for one in found] == [(one, type(one)) for one in values]


def _calls(stage: Any, rest: str, kind: str = "do") -> None:
    """calls a=2 b=0: how often its function was entered (or somebody told what it gives); "undos" likewise."""
    wanted = {unit: int(n) for unit, n in (word.split("=") for word in rest.split())}
    counts = stage.ledger.counts()
    assert {unit: counts.get((unit, kind), 0) for unit in wanted} == wanted


def _asked(stage: Any, rest: str) -> None:
    """asked a=2: how many questions there were about it. Several drivers may work one out; one answer counts."""
    wanted = {unit: int(n) for unit, n in (word.split("=") for word in rest.split())}
    counts = Counter(event.task for event in stage.run.events if event.kind == "QuestionAsked")
    assert {unit: counts[unit] for unit in wanted} == wanted


def _attempts(stage: Any, rest: str) -> None:
    """attempts a=2: the number of its last attempt."""
    wanted = {unit: int(n) for unit, n in (word.split("=") for word in rest.split())}
    found = {unit: max((a.number for a in stage.run.task(unit).attempts), default=0) for unit in wanted}
    assert found == wanted


def _order(stage: Any, rest: str) -> None:
    """order a b < c < undo:c: what stands left had ended before what stands right began."""
    groups = [group.split() for group in rest.split("<")]
    for before, after in pairwise(groups):
        for one in before:
            for other in after:
                end, begin = _moments(stage.run, one)[1], _moments(stage.run, other)[0]
                assert end <= begin, f"{one} ended at event {end}, {other} began at {begin}"


def _moments(run: Any, name: str) -> tuple[int, int]:
    """The events at which a unit (its undo, its question) began and first ended."""
    kind, colon, unit = name.rpartition(":")
    if kind == "undo":
        begins, ends = {"TaskRevertStarted"}, {"TaskReverted", "TaskRevertFailed"}
    elif colon:
        begins, ends = {"QuestionAsked"}, {"QuestionAnswered"}
    else:
        begins, ends = BEGUN | TOLD, ENDED
    about = [event for event in run.events if unit == event.task or unit in event.data.get("tasks", ())]
    begin = next((event.seq for event in about if event.kind in begins), None)
    end = next((event.seq for event in about if event.kind in ends), None)
    assert begin is not None, f"{name} never began"
    assert end is not None, f"{name} never ended"
    return begin, end


def _events(stage: Any, rest: str) -> None:
    """events RunStarted, TaskReady a, …: exactly these, claims left out."""
    assert story(stage.run) == pieces(rest, ",")


def _count(stage: Any, rest: str) -> None:
    """count TaskRetrying=2 …: how many events of a kind there are (TaskReady: how many were offered)."""
    counts = Counter(one.split(" ")[0] for one in story(stage.run))
    wanted = {kind: int(n) for kind, n in (word.split("=") for word in rest.split())}
    assert {kind: counts[kind] for kind in wanted} == wanted


def _got(stage: Any, rest: str) -> None:
    """got a x=1 y=2: the inputs of its last call; got a#1 x=1: of its first one; got undo:a …: of its undo."""
    name, *pairs = pieces(rest)
    name, _, number = name.partition("#")
    kind, _, unit = name.rpartition(":")
    calls = stage.ledger.of(unit, kind or "do")
    assert calls, f"{name} was never called"
    wanted = {}
    for pair in pairs:
        key, _, value = pair.partition("=")
        wanted[key] = ast.literal_eval(value)
    assert calls[int(number) - 1 if number else -1] == wanted


def _failure(stage: Any, rest: str) -> None:
    """failure a TYPE: words in its message; failure a none."""
    unit, _, wanted = rest.partition(" ")
    failure = stage.run.task(unit).failure
    if wanted == "none":
        assert failure is None
        return
    assert failure is not None, f"{unit} has no failure"
    kind, _, message = wanted.partition(":")
    assert failure.type == kind, failure
    assert message.strip() in failure.message


def _leaves(stage: Any, rest: str) -> None:
    """leaves TYPE: words: the error that leaves `run.run(check=True)` of a run that has ended says so; leaves nothing."""
    try:
        stage.run.run(check=True)
    except flowkit.RunFailed as error:
        said = str(error)
    else:
        said = "nothing"
    assert rest in said


def _due(stage: Any, rest: str) -> None:
    """due a 5: its next attempt is due so many seconds after the last one ended; due a 4..6: between these."""
    unit, wanted = rest.split()
    kinds = ("TaskRetrying", "GroupRetrying")
    event = [e for e in stage.run.events if e.kind in kinds and e.task == unit][-1]
    wait = (event.data["due"] or event.at) - event.at
    low, _, high = wanted.partition("..")
    assert float(low) - 1e-9 <= wait <= float(high or low) + 1e-9, wait


def _took(stage: Any, rest: str) -> None:
    """took a 5: how many seconds its last attempt was at work."""
    unit, seconds = rest.split()
    assert stage.run.task(unit).seconds == float(seconds)


def _why(stage: Any, rest: str) -> None:
    """why a WORDS: what stands in the explanation of its state; why run WORDS."""
    unit, _, wanted = rest.partition(" ")
    assert wanted in (stage.run.why() if unit == "run" else stage.run.why(unit)).words


def _runs(stage: Any, rest: str) -> None:
    """runs first=succeeded second=running: all runs in the file."""
    assert {one.run_id: one.state for one in stage.engine.runs()} == dict(
        word.split("=") for word in rest.split()
    )


def _progress(stage: Any, rest: str) -> None:
    """progress 0.0 0.5 1.0: what could be read of it, each time while the task was at work."""
    assert stage.progress == [float(one) for one in rest.split()]


OBSERVE: dict[str, Callable[[Any, str], None]] = {
    "state": _state,
    "states": _states,
    "all": _all,
    "tasks": _tasks,
    "heard": _heard,
    "ready": _ready,
    "result": _result,
    "value": _value_of,
    "calls": _calls,
    "undos": lambda stage, rest: _calls(stage, rest, "undo"),
    "asked": _asked,
    "attempts": _attempts,
    "order": _order,
    "events": _events,
    "count": _count,
    "got": _got,
    "failure": _failure,
    "leaves": _leaves,
    "due": _due,
    "took": _took,
    "why": _why,
    "runs": _runs,
    "progress": _progress,
}
