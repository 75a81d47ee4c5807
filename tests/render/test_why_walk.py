"""Random runs with every option: each unit and the run are explained in each state, and each named call works."""

import random
import re

from flowkit.core import Param, advance
from flowkit.core import messages as m
from flowkit.core.failure import Failure
from flowkit.core.plan import Asked, RepeatPlan, RetryPlan
from flowkit.core.states import FINISHED, RUN_STATES
from flowkit.core.values import Json
from flowkit.render import Seen, next_words, offer_rows, sentence, why
from tests.render.scripted import DRIVER, PID, STARTED_AT, Scripted, flow, manual, over, task

SEEDS = 60
STEPS = 45
FAILURE = Failure(types=("builtins.OSError",), message="no route")

OPEN = {"waiting", "ready", "running", "retrying"}
ENDED = {"succeeded", "failed", "skipped", "cancelled"}
OCCUR = {
    "running": OPEN | ENDED | {"lost", "reverting", "revert_failed"},
    "pausing": OPEN | ENDED,
    "paused": OPEN | ENDED | {"reverting"},
    "failing": ENDED | {"ready", "running"},
    "reverting": ENDED | {"running", "reverting", "reverted"},
    "succeeded": {"succeeded", "skipped"},
    "failed": ENDED | {"revert_failed", "reverted"},
    "cancelled": ENDED,
    "reverted": {"failed", "skipped", "cancelled", "reverted"},
}
"""What the walks come to at least; the other pairs, which are rare, are in `test_even_a_pair_that_can_not_occur_gets_an_answer`."""


def made(dice: random.Random) -> Scripted:
    """A flow in which every option occurs, with chosen policies."""
    ask = Asked(params=(Param("load", "task", "load"),))
    retry = dice.choice((None, RetryPlan(2), RetryPlan(3, delay=30.0)))
    crash = dice.choice(("rerun", "ask", "fail"))
    policies = ("stop", "revert", "pause", "continue")
    until = dice.choice((ask, Asked(source="poll"), None))
    return Scripted(
        task("load", undo=Asked(), on_crash=crash, retry=retry),
        manual("approve", "load", doc="All right?", timeout=dice.choice((None, 100.0)), retry=retry),
        over("fetch", concurrency=dice.choice((0, 1, 2)), retry=retry, undo=Asked(), on_crash=crash),
        over("people", kind="manual", when=dice.choice((None, Asked(source="load")))),
        task(
            "ship",
            "load",
            when=dice.choice((ask, Asked(source="approve"))),
            skip=dice.choice(("self", "dependents")),
        ),
        flow(
            "sub",
            "load",
            retry=dice.choice((None, RetryPlan(2, delay=dice.choice((0.0, 30.0))))),
            repeat=dice.choice((None, RepeatPlan(most=2))),
            on_failure=dice.choice(policies),
            gives=("sub.b",),
        ),
        task("sub.a", within="sub", undo=Asked(), timeout=50.0),
        manual("sub.b", "sub.a", within="sub"),
        flow("sub.in", "sub.a", within="sub", gives=("sub.in.x",)),
        task("sub.in.x", within="sub.in", undo=Asked(), on_crash=crash),
        task("poll", "load", repeat=RepeatPlan(until=until, most=3), priority=1),
        task("sorry", upon=(("ship", "failed"),)),
        task("one", "ship", "sorry", "fetch", join=dice.choice((1, 2)), pause_before=dice.random() < 0.2),
        task("end", "one", "poll", upon=(("sub", "finished"),)),
        on_failure=dice.choice(policies),
    )


def walk(dice):
    """A random run; yields after every step that changed something."""
    run = made(dice)
    yield run
    urls = dice.choice((Json("[1,2,3]"), Json("[]"), {"an": "object"}))
    run.start({"urls": urls}, **({"load": 1} if dice.random() < 0.1 else {}))
    yield run
    calm = dice.random() < 0.5
    for _ in range(STEPS):
        message = chosen(run, dice, calm)
        if dice.random() < 0.15:
            run.at += dice.choice((5, 40, 200))
        if accepted(run, message):
            run.send(message)
            yield run


def chosen(run, dice, calm):
    """Something that somebody might want; in a calm run rarely what ends it."""
    fold = run.fold
    name = dice.choice(units(run))
    kinds = []
    if (ready := [fold.taken_next(n) for n in fold.line()]) and dice.random() < 0.7:
        kinds = [m.Claim(task=dice.choice(ready), claimant=DRIVER)]
    elif (
        out := [*fold.claims, *fold.lost, *(fold.taken_next(n) for n in fold.people)]
    ) and dice.random() < 0.8:
        kinds = reports(fold, dice.choice(out), dice)
    elif fold.questions and dice.random() < 0.7:
        asked, what = dice.choice(list(fold.questions.items()))
        answer = dice.choice((0, 2)) if what == "each" else dice.random() < 0.6
        kinds = [m.Reply(task=asked, what=what, answer=answer)] * 4 + [
            m.Reply(task=asked, what=what, failure=FAILURE)
        ]
    else:
        kinds = [
            m.Tick(),
            m.Resume(),
            m.Resume(),
            m.Pause(note="lunch"),
            m.Break(task=name),
            m.ClearBreak(task=name),
        ]
        kinds += [m.Skip(task=name), m.Rerun(task=name), m.Rerun(task=name, downstream=False)]
        if name in fold.items:
            kinds.append(m.Rerun(task=name, items="failed"))
        if not calm or dice.random() < 0.1:
            kinds += [m.Revert(), m.Cancel()]
    return dice.choice(kinds)


def reports(fold, unit, dice):
    attempt = fold.attempt_of(unit)
    found = [m.Report(task=unit, value=dice.choice((1, 0)))] * 3 + [m.Report(task=unit, failure=FAILURE)]
    if unit in fold.claims:
        found += [
            m.Tick(gone=((unit, attempt),)),
            m.Release(task=unit, attempt=attempt, reason="interrupted"),
        ]
    return found


def units(run):
    return list(dict.fromkeys((*run.wiring.order, *run.fold.states)))


def addressed(run):
    """All that can be asked about: tasks, subflows, and items, also those that nothing happened to yet."""
    for name in run.wiring.order:
        yield name
        items = run.fold.items.get(name)
        yield from (f"{name}[{number}]" for number in range(items.total if items else 0))


def test_every_state_that_can_occur_is_explained_and_each_named_call_works():
    occurred = {state: set() for state in RUN_STATES}
    for seed in range(SEEDS):
        dice = random.Random(seed)
        for run in walk(dice):
            seen = sights(run, dice)
            works = Works(run, seen)
            judge(run, works, why(run.fold, run.wiring, None, seen))
            for unit in addressed(run):
                judge(run, works, why(run.fold, run.wiring, unit, seen))
                if run.fold.state:
                    occurred[run.fold.state].add(run.fold.state_of(unit))
            for said in (
                next_words(run.fold, run.wiring, seen),
                *map(str, offer_rows(run.fold, run.wiring, seen)),
            ):
                assert said.isprintable()
                assert str(PID) not in said
    assert {state: OCCUR[state] - found for state, found in occurred.items() if OCCUR[state] - found} == {}


def sights(run, dice):
    standing = ("this process", "living", "gone", "elsewhere")
    claims = {name: dice.choice(standing) for name in run.fold.claims if dice.random() < 0.8}
    places = ("here", "here", "missing", "changed", "elsewhere")
    code = {name: dice.choice(places) for name in run.wiring.order}
    due = [*run.fold.deadlines.values(), *run.fold.due.values()]
    now = run.at if min(due, default=run.at) <= run.at else dice.choice((None, run.at))
    return Seen(code=code, claims=claims, now=now)


def judge(run, works, answer):
    """What holds for every answer, whatever it is about."""
    fold = run.fold
    situation = (
        answer.task,
        answer.state,
        fold.state,
        answer.words,
        answer.calls,
        works.seen,
        *map(sentence, run.facts),
    )
    assert answer.words, situation
    assert len(answer.words) < 900, situation
    assert answer.words.isprintable(), situation
    assert "unknown" not in answer.words.lower(), situation
    assert str(PID) not in answer.words, situation
    assert str(round(STARTED_AT))[:6] not in answer.words, situation
    assert answer.state == (fold.state if answer.task is None else fold.state_of(answer.task))
    for name, state in answer.waits_for:
        assert fold.state_of(name) == state not in FINISHED, situation
    if answer.state in FINISHED or fold.ended or not fold.state:
        assert answer.who in ("nobody", "a person"), situation
    else:
        assert answer.who != "nobody", situation
        assert answer.calls, situation
    for call in answer.calls:
        assert works(call), (call, *situation)


class Works:
    """Whether the core would take what a cell sends, as the run stands."""

    def __init__(self, run, seen):
        self.run = run
        self.seen = seen
        self.known = {}

    def __call__(self, call):
        if call not in self.known:
            self.known[call] = self._works(call)
        return self.known[call]

    def _works(self, call):
        if not (parts := re.fullmatch(r'run\.(\w+)\((?:"([\w.\[\]]+)"(?:, (.*?))?)?\)(?:  # .*)?', call)):
            reading = r'run\["[\w.\[\]]+"\]|run\.result|run\.task\("[\w.\[\]]+"\)\.failure|run = engine\.open\(run\.id, flow\)'
            return re.fullmatch(reading, call) is not None or call == "run.adopt(flow)"
        verb, name, rest = parts.groups()
        if verb in ("step", "run"):
            return self._steps(verb, name)
        return accepted(self.run, self._message(verb, name, rest))

    def _message(self, verb, name, rest):
        fold = self.run.fold
        if verb == "complete" and name in fold.questions:
            what = fold.questions[name]
            return m.Reply(task=name, what=what, answer=2 if what == "each" else True)
        if verb == "tick":
            claims = self.seen.claims.items()
            return m.Tick(gone=tuple((unit, fold.attempts[unit]) for unit, how in claims if how == "gone"))
        return {
            "complete": lambda: m.Report(task=name, value=1),
            "fail": lambda: m.Report(task=name, failure=FAILURE),
            "skip": lambda: m.Skip(task=name),
            "rerun": lambda: m.Rerun(task=name, items="failed" if rest else "all"),
            "resume": m.Resume,
            "pause": m.Pause,
            "cancel": m.Cancel,
            "revert": m.Revert,
        }[verb]()

    def _steps(self, verb, name):
        """Whether a step of this process, or all of them, would bring anything."""
        fold, code = self.run.fold, self.seen.code
        if name is not None:
            return accepted(self.run, m.Claim(task=name, claimant=DRIVER))
        if verb == "run" and fold.next_due() is not None:
            return True
        able = {task for task, how in code.items() if how == "here"}
        if fold.state == "running" and able & set(fold.questions):
            return True
        if accepted(self.run, m.Tick()):
            return True
        among = able | {(task, "revert") for task in able}
        return accepted(self.run, m.Claim(claimant=DRIVER, among=among))


def accepted(run, message):
    """Whether the core takes a message, as the run stands. Tried on a copy: to be taken is to be folded in."""
    return advance(run.again(), message, run.at).verdict == "accepted"
