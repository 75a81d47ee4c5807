"""The stage of one rehearsal: its engine, its run, what attempts give, and the verbs that stand in its lines.

What is done differently in each way (driving to a rest, doing one thing, reopening) is asked of the `Way`; all else is the
same. The public surface alone is used, but for the claims of other processes, which are real ones.
"""

from __future__ import annotations

import ast
import builtins
from pathlib import Path
from typing import Any, Protocol

import flowkit
from flowkit.engine.clocks import VirtualClock
from tests.faults.processes import Process
from tests.rehearsals.building import build, defaults_of, expression_of
from tests.rehearsals.ledger import Ledger
from tests.rehearsals.observing import OBSERVE, name_of, unit_of
from tests.rehearsals.reading import OBSERVATIONS, FlowText, Line, Outcome, Rehearsal

DRIVING = ("running", "failing", "reverting")


class Way(Protocol):
    """How a rehearsal is run."""

    name: str
    reopens: bool

    def run(self, stage: Stage) -> None:
        """Do what can be done here until nothing is left."""

    def do(self, stage: Stage, units: list[str]) -> None:
        """Do the open attempts (or answer the questions) of these units, in an order of the way's choice."""


class Stage:
    """One performance of a rehearsal. `folder` is where a file may be kept; None: in memory."""

    def __init__(self, text: Rehearsal, way: Way, folder: Path | None) -> None:
        self.text = text
        self.way = way
        self.folder = folder
        self.file = None if folder is None else str(folder / "rehearsal.db")
        self.ledger = Ledger(None if folder is None else folder / "ledger.txt")
        self.clock = VirtualClock()
        self.engine = flowkit.Engine(self.file, clock=self.clock)
        self.flow_text: FlowText = text.flows[0]
        self.flow = flowkit.Flow("none")
        self.current = ""
        self.run: Any = None
        self.tokens: dict[str, str] = {}
        self.out: dict[str, Process] = {}  # by unit: the process that is inside its body
        self.progress: list[float] = []
        self.heard: list[str] = []

    # The course of it

    def perform_all(self) -> None:
        """Do and observe everything that the lines say."""
        first = self.text.lines[0]
        if "start" not in (first.word, *first.rest.split()[1:2]):
            self.do_start("first")
        for line in self.text.lines:
            self.perform_line(line)

    def perform_line(self, line: Line) -> None:
        if self.way.reopens:
            self.reopen()
        try:
            if line.word in OBSERVATIONS:
                OBSERVE[line.word](self, line.rest)
            else:
                self._do(line)
        except Exception as error:
            error.add_note(f"in {self.text.path.name}, line {line.number}: {line.word} {line.rest}")
            raise

    def reopen(self) -> None:
        """Throw the engine away and open the run from its file, where it stands as before."""
        if self.run is None:
            return
        before = (self.run.state, self.run.states, len(self.run.events))
        self.engine.close()
        self.engine = flowkit.Engine(self.file, clock=self.clock)
        self.run = self.engine.open(self.current, self.flow)
        after = (self.run.state, self.run.states, len(self.run.events))
        assert after == before, "a run that is opened again stands where it stood"

    def close(self) -> None:
        for process in self.out.values():
            process.stop()
        self.engine.close()

    # What an attempt gives

    def perform(self, path: str, kind: str, inputs: dict[str, Any], unit: str = "") -> Any:
        """What a task's function (or its undo, or a question) gives this time, or raises."""
        unit = unit or (path if kind in ("when", "until") else _address(path))
        number = self.ledger.note(unit, kind, inputs)
        self.entered(unit)
        if kind in ("when", "until"):
            return _value(expression_of(self.flow_text, path, kind), inputs)
        outcome = self._outcome(unit, kind, number)
        for fraction in outcome.progress:
            if flowkit_attempt() is not None:
                flowkit.progress(fraction)
                self.progress.append(self.run.task(unit).progress[0])
        if outcome.also:
            self._do(_line(outcome.also))
        if outcome.how == "ok":
            return _value(outcome.text, {**inputs, "call": number})
        raise _error(outcome)

    def entered(self, unit: str) -> None:
        """A body was entered; nothing is to be done about that here."""

    def _outcome(self, unit: str, kind: str, number: int) -> Outcome:
        prefix = "undo " if kind == "undo" else ""
        short = unit.rpartition(".")[2]
        for name in (unit, unit.partition("[")[0], short, short.partition("[")[0]):
            if found := self.text.outcomes.get(prefix + name):
                return found[min(number, len(found)) - 1]
        return Outcome("ok", "None" if prefix else repr(unit))

    def feed(self, offer: Any) -> Any:
        """Do by hand what is offered: report what the script says."""
        unit, kind = unit_of(offer), {"do": "do", "revert": "undo"}.get(offer.kind, offer.kind)
        if kind == "each":
            return self.run.complete(offer, len(list(next(iter(offer.inputs.values())))))
        path = unit.partition("[")[0]
        inputs = {**defaults_of(self.flow_text, path, kind), **offer.inputs}
        try:
            value = self.perform(path, kind, inputs, unit)
        except Exception as error:
            return self.run.fail(offer, error)
        return self.run.complete(offer, value)

    def offer(self, name: str) -> Any:
        """The offer of that name, as observations write it: "a", "undo:a", "when:a"."""
        found = [offer for offer in self.run.ready() if name_of(offer) == name]
        assert found, f"{name} is not offered; offered are {[name_of(o) for o in self.run.ready()]}"
        return found[0]

    # The verbs

    def _do(self, line: Line) -> Any:
        return getattr(self, f"do_{line.word}")(line.rest)

    def do_start(self, rest: str) -> None:
        """start NAME [target=t]: a run of the first flow, which is the current one from now on."""
        name, _, target = rest.partition(" target=")
        self.flow = build(self.flow_text, self.perform)
        options: dict[str, Any] = {"target": (target if " target=" in rest else self.text.target) or None}
        if self.text.given:
            options["results"] = self.text.given
        self.current = name or "first"
        self.run = self.engine.start(self.flow, self.text.inputs, run_id=self.current, **options)

    def open(self, run_id: str) -> None:
        """Take up a run that another process started."""
        self.flow = build(self.flow_text, self.perform)
        self.do_on(run_id)

    def do_on(self, rest: str) -> None:
        """on NAME: that run is the current one."""
        self.current = rest
        self.run = self.engine.open(rest, self.flow)

    def do_adopt(self, rest: str) -> None:
        """adopt NAME: go on with another flow of the file."""
        self.flow_text = next(flow for flow in self.text.flows if flow.name == rest)
        self.flow = build(self.flow_text, self.perform)
        self.run.adopt(self.flow, apply=True)

    def do_run(self, rest: str) -> None:
        self.way.run(self)

    def do_do(self, rest: str) -> None:
        self.way.do(self, rest.split())

    def do_pause(self, rest: str) -> None:
        self.run.pause()

    def do_resume(self, rest: str) -> None:
        self.run.resume()

    def do_cancel(self, rest: str) -> None:
        self.run.cancel()

    def do_revert(self, rest: str) -> None:
        self.run.revert()

    def do_skip(self, rest: str) -> None:
        self.run.skip(rest)

    def do_rerun(self, rest: str) -> None:
        """rerun a [items=failed] [downstream=False]"""
        unit, *options = rest.split()
        given = dict(option.split("=") for option in options)
        if "downstream" in given:
            given["downstream"] = ast.literal_eval(given["downstream"])
        self.run.rerun(unit, **given)

    def do_break(self, rest: str) -> None:
        self.run.break_before(rest)

    def do_clear(self, rest: str) -> None:
        self.run.clear_break(rest)

    def do_complete(self, rest: str) -> Any:
        """complete a VALUE, or complete @token VALUE"""
        name, _, value = rest.partition(" ")
        return self._report(name, "complete", ast.literal_eval(value.strip() or "None"))

    def do_fail(self, rest: str) -> Any:
        """fail a TYPE message, or fail @token TYPE message"""
        name, _, what = rest.partition(" ")
        types, _, message = what.partition(" ")
        return self._report(name, "fail", _error(Outcome("fail", message, tuple(types.split("<")))))

    def _report(self, name: str, how: str, what: Any) -> Any:
        if name.startswith("@"):
            return getattr(self.engine, how)(self.tokens[name[1:]], what)
        what_for = self.offer(name) if ":" in name else name
        return getattr(self.run, how)(what_for, what)

    def do_tick(self, rest: str) -> None:
        self.run.tick()

    def do_advance(self, rest: str) -> None:
        """advance 5: so many seconds go by; advance next: until something is due."""
        self.run.tick("next" if rest == "next" else self.clock.now + float(rest))

    def do_token(self, rest: str) -> None:
        """token a as NAME: keep the completion token of what is offered."""
        unit, name = rest.split(" as ")
        self.tokens[name] = self.offer(unit).token

    def do_listen(self, rest: str) -> None:
        """listen: be told of every event from now on, and raise at each."""

        def hear(event: Any) -> None:
            assert self.run.events[event.seq - 1].kind == event.kind, "what is told can be read already"
            self.heard.append(f"{event.kind} {event.task or ''}".strip())
            raise RuntimeError("a listener's own trouble")

        self.run.subscribe(hear)

    def do_interrupted(self, rest: str) -> None:
        """interrupted verb …: the call ends as by ■."""
        raised = self._raised_by(rest, KeyboardInterrupt)
        assert raised is not None, f"{rest}: nothing was interrupted"

    def do_refused(self, rest: str) -> None:
        """refused ERROR verb …: the call raises that, and no state changes."""
        name, _, call = rest.partition(" ")
        before = self._standing()
        raised = self._raised_by(call, flowkit.FlowkitError)
        assert name in [cls.__name__ for cls in type(raised).__mro__], f"{call}: {raised!r} instead of {name}"
        assert str(raised), "a refusal says why"
        assert self._standing() == before, "a refusal changes nothing"

    def do_repeated(self, rest: str) -> None:
        """repeated complete a 7: recognised as a repetition, nothing is recorded."""
        before = len(self.run.events)
        receipt = self._do(_line(rest))
        assert receipt.verdict == "repeat", receipt
        assert len(self.run.events) == before, "a repetition records nothing"

    def do_quietly(self, rest: str) -> None:
        """quietly verb …: nothing is recorded."""
        before = len(self.run.events)
        self._do(_line(rest))
        assert len(self.run.events) == before, "nothing is recorded"

    def _raised_by(self, call: str, kind: type[BaseException]) -> BaseException | None:
        try:
            self._do(_line(call))
        except kind as error:
            return error
        return None

    def _standing(self) -> Any:
        return None if self.run is None else (self.run.state, self.run.states)

    # Other processes

    def do_begin(self, rest: str) -> None:
        """begin a: another process claims the attempt, enters the function and stays in there."""
        process = self.out[rest] = self._process("begin", rest)
        assert process.said() == {"inside": rest}

    def do_end(self, rest: str) -> None:
        """end a: that process's function returns what the script says, and the process reports it."""
        process = self.out.pop(rest)
        process.tell(self.clock.now)
        assert process.said() == {"done": rest}
        process.end()

    def do_kill(self, rest: str) -> None:
        """kill a: that process dies as by `kill -9`."""
        self.out.pop(rest).kill()

    def do_crash(self, rest: str) -> None:
        """crash before FACT: a process drives the run and dies at the commit of such a fact ("TaskFailed(a)"); crash after FACT;
        crash after FACT: LINE does that instead of driving."""
        self._process("crash", rest).end(-9)

    def do_elsewhere(self, rest: str) -> None:
        """elsewhere LINE; LINE …: these are done (or observed) by another process."""
        process = self._process("line", rest)
        assert process.said() == {"done": rest}
        process.end()

    def _process(self, what: str, rest: str) -> Process:
        given = (str(self.text.path), str(self.folder), self.current, self.flow_text.name, self.clock.now)
        code = "import tests.rehearsals.elsewhere as there\nthere.act(test[0], what, rest, given)"
        return Process(code, {}, what=what, rest=rest, given=given)


def flowkit_attempt() -> Any:
    """The attempt that is at work here, or None."""
    try:
        return flowkit.attempt()
    except flowkit.UsageError:
        return None


def _address(path: str) -> str:
    """The unit whose function is at work: for an item, with its number."""
    at = flowkit_attempt()
    if at is None:
        return path
    return unit_of(at) if hasattr(at, "item") else str(at.task)


def _line(text: str) -> Line:
    word, _, rest = text.partition(" ")
    return Line(0, word, rest.strip())


def _value(text: str, names: dict[str, Any]) -> Any:
    return eval(compile(text, "<outcome>", "eval"), {}, dict(names))


def _error(outcome: Outcome) -> BaseException:
    """The exception that a script names: a built-in one, or one that it makes up: "HTTPError<OSError"."""
    name, *bases = outcome.types
    found = getattr(builtins, name, None)
    if not isinstance(found, type):
        parent = getattr(builtins, bases[0]) if bases else Exception
        found = type(name, (parent,), {"__module__": "script"})
    error: BaseException = found(outcome.text)
    return error
