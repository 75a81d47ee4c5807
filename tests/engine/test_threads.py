"""Everything from any thread at once; and what is left in the child of a fork."""

from __future__ import annotations

import contextlib
import itertools
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flowkit import AlreadyCompleted, Engine, Flow, FlowkitError, NotReady
from tests.engine.orders import Aside, Gate
from tests.faults.processes import Workshop, workshop


@pytest.fixture
def hurry() -> Iterator[None]:
    """Let threads take turns a hundred times as often."""
    kept = sys.getswitchinterval()
    sys.setswitchinterval(5e-5)
    yield
    sys.setswitchinterval(kept)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workshop]:
    with workshop(tmp_path) as here:
        yield here


def wide(entered: list[str], width: int = 40) -> Flow:
    """Tasks side by side, two people in the middle, and one that gathers all."""
    flow = Flow("wide")
    for n in range(width):

        def work(name: str = f"t{n}") -> int:
            entered.append(name)
            print(name)
            return 1

        flow.task(work, name=f"t{n}", fixed={"name": f"t{n}"})
    for name in ("ask_a", "ask_b"):
        flow.manual(lambda source: 1, name=name, bind={"source": "t3"})
    flow.task(lambda ask_a, ask_b: ask_a + ask_b, name="both", after=[f"t{n}" for n in range(width)])
    return flow


def test_everything_at_once(engine: Engine, hurry: None) -> None:
    entered: list[str] = []
    flow = wide(entered)
    run = engine.start(flow)
    heard: list[int] = []
    run.subscribe(lambda event: heard.append(event.seq))
    names = list(run.states)
    some = itertools.cycle(names)

    def drive() -> None:
        mine = engine.open(run.id, flow)
        while not mine.run().state.startswith("succeeded"):
            mine.resume()

    looks: list[Callable[[], Any]] = [
        lambda: run.states,
        run.why,
        lambda: run.why(next(some)),
        run.next_words,
        lambda: repr(run),
        lambda: run.ready()._repr_mimebundle_(),
        lambda: [offer.token for offer in run.ready()],
        lambda: run.events[-1].words,
        lambda: run.task(next(some)).attempts,
        lambda: run.task(next(some)).output,
        lambda: run.task(next(some)).inputs,
        lambda: engine.open(run.id).seq,
        engine.runs,
        lambda: engine.ready(manual=True),
        run.tick,
        lambda: run.step(echo=False),
        run._repr_mimebundle_,
    ]

    def look(first: int) -> None:
        for call in itertools.islice(itertools.cycle(looks), first, None):
            call()
            if run.state == "succeeded":
                return

    def meddle() -> None:
        answers = itertools.cycle([("ask_a", 1), ("ask_b", 2), ("ask_a", 7)])
        while run.state != "succeeded":
            run.pause() if run.state == "running" else None
            name, value = next(answers)
            with contextlib.suppress(NotReady, AlreadyCompleted):
                run.complete(name, value)
            try:
                run.resume()
            except FlowkitError:
                assert run.state == "succeeded"

    asides = [Aside(drive), Aside(drive), Aside(meddle), *(Aside(lambda n=n: look(n)) for n in (0, 6, 12))]
    told = []
    for aside in asides:
        try:
            aside.end()
        except FlowkitError as error:
            told.append(str(error))
    assert all("ended" in text for text in told), told
    assert run.state == "succeeded"
    assert run["both"] == 3 or (run["both"] == 9 and run["ask_a"] == 7)
    assert sorted(entered) == sorted(names[:40]), "each was entered once"
    assert all(run.task(name).output == f"{name}\n" for name in names[:40])
    assert heard == [event.seq for event in run.events][1:]


def test_racing_reporters_have_one_winner(engine: Engine, hurry: None) -> None:
    flow = Flow("race")
    flow.manual(lambda: None, name="ask")
    for _ in range(20):
        run = engine.start(flow)
        start, verdicts = threading.Barrier(6), []

        def report(value: int, run: Any = run, start: Any = start, verdicts: Any = verdicts) -> None:
            start.wait()
            try:
                verdicts.append(run.complete("ask", value).verdict)
            except AlreadyCompleted as refused:
                verdicts.append("refused" if refused.recorded == run["ask"] != value else str(refused))

        for aside in [Aside(lambda n=n: report(n)) for n in range(6)]:
            aside.end()
        assert sorted(verdicts) == ["accepted", *["refused"] * 5]


def test_starting_under_one_id_from_many_threads(engine: Engine, hurry: None) -> None:
    flow = wide([])
    for n in range(10):
        start = threading.Barrier(4)
        heard: list[int] = []

        def begin(run_id: str = f"r{n}", start: Any = start, heard: Any = heard) -> Any:
            start.wait()
            run = engine.start(flow, run_id=run_id)
            if not heard:
                run.subscribe(lambda event: None)
            return run

        runs = [aside.end() for aside in [Aside(begin) for _ in range(4)]]
        assert {run.seq for run in runs} == {1}
        stop = runs[0].subscribe(lambda event, heard=heard: heard.append(event.seq))
        runs[1].step("t0")
        runs[2].step("t1")
        stop()
        assert heard == [2, 3, 4, 5], "they all speak through one door"


def test_a_task_may_use_threads_of_its_own(engine: Engine) -> None:
    flow = Flow("threads")

    @flow.task
    def gather() -> list:
        found: list[int] = []
        workers = [threading.Thread(target=found.append, args=(n,)) for n in range(5)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return sorted(found)

    assert engine.start(flow).run().result == [0, 1, 2, 3, 4]


# Forks ------------------------------------------------------------------------------------------------------

FORK = """
import os, threading

def in_child(call):
    "Call in the child of a fork, and say what it returned."
    back, front = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.write(front, repr(call()).encode())
        except BaseException as error:
            os.write(front, repr(error).encode())
        finally:
            os._exit(0)
    os.close(front)
    text = b""
    while part := os.read(back, 65536):
        text += part
    os.waitpid(pid, 0)
    return text.decode()

flow = Flow("forks")
@flow.task
def one(): return 1
@flow.task
async def two(one): return one + 1
@flow.task
def three(two): return two + 1
"""


def test_the_child_of_a_fork_goes_on_with_what_it_inherited(shop: Workshop) -> None:
    told = shop.do(
        FORK
        + """
run = Engine(file).start(flow, run_id="r")
run.step()
run2 = Engine().start(flow)
run2.run(until="two")                                   # the helper's loop is there now
child = in_child(lambda: (run.step()[1].task, run.states["two"], Engine(file).open("r").states["two"]))
memory = in_child(lambda: (run2.run().result, run2.state))
say(child=child, memory=memory, after=run.states, result=run.run().result, here=run2.states["three"])
"""
    )
    assert told["child"] == "('two', 'succeeded', 'succeeded')"
    assert told["memory"] == "(3, 'succeeded')"
    assert told["after"] == {"one": "succeeded", "two": "succeeded", "three": "ready"}
    assert (told["result"], told["here"]) == (3, "ready")


def test_a_fork_while_another_thread_drives(shop: Workshop) -> None:
    told = shop.do(
        FORK
        + """
wide = Flow("wide")
for n in range(300):
    wide.task(lambda n=n: n, name=f"t{n}", fixed={"n": n})
engine = Engine(file)
run = engine.start(wide, run_id="r").play()
heard = []
run.subscribe(lambda event: heard.append(event.seq))
children = []
while run.state == "running":
    children.append(in_child(lambda: (run.state, Engine(file).open("r").why().state, engine.runs()[0].state)))
import asyncio
asyncio.run(run.wait())
say(children=children, state=run.state, seqs=[e.seq for e in run.events] == list(range(1, run.seq + 1)))
"""
    )
    assert told["state"] == "succeeded"
    assert told["seqs"]
    assert all(set(eval(child)) <= {"running", "succeeded"} for child in told["children"]), told["children"]


def test_a_fork_inside_a_task(shop: Workshop) -> None:
    told = shop.do(
        FORK
        + """
import flowkit
forking = Flow("forking")
@forking.task
def spread():
    print("before")
    def help():
        flowkit.progress(0.5, "from the child")
        print("in the child")
        return flowkit.attempt().number
    return [in_child(help), in_child(lambda: 1 / 0)]
run = Engine(file).start(forking, run_id="r").run()
say(result=run.result, output=run.task("spread").output, progress=run.task("spread").progress)
"""
    )
    assert told["result"] == ["1", "ZeroDivisionError('division by zero')"]
    assert told["output"] == "before\n"
    assert told["progress"] == (0.5, "from the child")


def test_a_claim_of_the_parent_is_alive_for_the_child(shop: Workshop) -> None:
    told = shop.do(
        FORK
        + """
gate, entered = threading.Event(), threading.Event()
slow = Flow("slow")
@slow.task
def work():
    entered.set()
    gate.wait()
    return "done"
run = Engine(file).start(slow, run_id="r")
thread = threading.Thread(target=run.run)
thread.start()
entered.wait()
child = in_child(lambda: (len(run.tick()), run.states["work"], run.why("work").words))
gate.set()
thread.join()
say(child=child, state=run.state)
"""
    )
    assert told["child"].startswith("(0, 'running', ")
    assert "another process, which is alive" in told["child"]
    assert told["state"] == "succeeded"


def test_a_report_by_hand_ends_the_waiting_of_another_thread(engine: Engine) -> None:
    gate, flow = Gate(), Flow("wake")
    flow.task(lambda: [gate.wait()], name="slow")
    flow.task(lambda slow: 1, name="last")
    run = engine.start(flow)
    one = Aside(run.run)
    gate.reached()
    other = Aside(lambda: engine.open(run.id, flow).run())
    run.complete("slow", [1])
    assert other.end().stopped_by == "ended"
    assert run.result == 1
    gate.open()
    assert one.end().state == "succeeded"
