"""What a task prints belongs to its attempt, is kept with it, and is echoed where somebody stepped it."""

from __future__ import annotations

import asyncio
import contextlib
import io
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from flowkit import Engine, Flow
from flowkit.errors import RunInterrupted
from tests.engine.orders import Aside, Gate

MOST = 65_536


def flow_of(function: Any) -> Flow:
    flow = Flow("prints")
    flow.task(function, name="talk")
    return flow


def output_of(engine: Engine, function: Any) -> str:
    run = engine.start(flow_of(function))
    run.run()
    return run.task("talk").output


def test_prints_are_kept_and_echoed(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    def talk() -> None:
        print("hello", 1)
        print("trouble", file=sys.stderr)
        sys.stdout.write("no end of line")

    run = engine.start(flow_of(talk))
    assert run.task("talk").output == ""
    run.step()
    assert run.task("talk").outputs == [
        {"name": "stdout", "text": "hello 1\n"},
        {"name": "stderr", "text": "trouble\n"},
        {"name": "stdout", "text": "no end of line"},
    ]
    assert run.task("talk").output == "hello 1\ntrouble\nno end of line"
    assert engine.open(run.id).task("talk").output == run.task("talk").output
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("hello 1\nno end of line", "trouble\n")


def test_echo_can_be_turned_off(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    run = engine.start(flow_of(lambda: print("quiet")))
    run.step(echo=False)
    assert run.task("talk").output == "quiet\n"
    assert capsys.readouterr().out == ""


def test_a_background_driver_shows_nothing(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    run = engine.start(flow_of(lambda: print("in the background")))
    run.play()
    asyncio.run(run.wait())
    assert run.task("talk").output == "in the background\n"
    run._player._thread.join(60)
    assert capsys.readouterr().out == ""


def test_what_a_failing_and_an_interrupted_attempt_printed_is_kept(engine: Engine) -> None:
    ends: list[BaseException] = [LookupError("no"), KeyboardInterrupt()]

    def talk() -> None:
        print("before the end")
        raise ends.pop()

    run = engine.start(flow_of(talk))
    with pytest.raises(RunInterrupted):
        run.run()
    assert run.task("talk").output == "before the end\n"
    run.run()
    assert run.state == "failed"
    assert run.task("talk").output == "before the end\n"


def test_two_threads_keep_their_lines_apart(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    gates = {"one": Gate(), "two": Gate()}

    def talk(who: str) -> None:
        print(who, "begins")
        gates[who].wait()
        print(who, "ends")

    runs = {who: engine.start(flow_of(talk), {"who": who}) for who in gates}
    asides = [Aside(run.step) for run in runs.values()]
    for gate in gates.values():
        gate.reached()
    print("the cell itself")
    for gate in gates.values():
        gate.open()
    for aside in asides:
        aside.end()
    for who, run in runs.items():
        assert run.task("talk").output == f"{who} begins\n{who} ends\n"
    assert "the cell itself\n" in capsys.readouterr().out
    assert not any("cell" in run.task("talk").output for run in runs.values())


def test_two_async_tasks_at_once_keep_their_lines_apart(engine: Engine) -> None:
    async def talk(who: str) -> None:
        for n in range(3):
            print(who, n)
            await asyncio.sleep(0)
            await asyncio.to_thread(print, who, "aside")

    async def both() -> list[Any]:
        runs = [engine.start(flow_of(talk), {"who": who}) for who in ("one", "two")]
        await asyncio.gather(*(run.finish() for run in runs))
        return runs

    one, two = asyncio.run(both())
    assert one.task("talk").output == "".join(f"one {n}\none aside\n" for n in range(3))
    assert two.task("talk").output == one.task("talk").output.replace("one", "two")


def test_a_flood_is_cut_to_its_end(engine: Engine) -> None:
    def talk() -> None:
        for n in range(60_000):
            print("line", n)

    run = engine.start(flow_of(talk))
    run.step(echo=False)
    output = run.task("talk").output
    assert MOST // 2 < len(output) <= MOST
    assert output.endswith("line 59998\nline 59999\n")


def test_one_long_print_is_cut_too(engine: Engine) -> None:
    run = engine.start(flow_of(lambda: print("x" * 300_000 + "end")))
    run.step(echo=False)
    assert len(run.task("talk").output) <= MOST
    assert run.task("talk").output.endswith("xend\n")


def test_a_line_that_is_written_over_is_kept_as_it_stood_last(engine: Engine) -> None:
    def talk() -> None:
        for n in range(0, 101, 10):
            print(f"\r{n} %", end="")
        print("\ndone")

    assert output_of(engine, talk) == "100 %\ndone\n"


def test_text_of_any_kind_is_kept(engine: Engine) -> None:
    text = "ünï 🚲 <b>&amp;</b> \x00\x1b[31m"
    run = engine.start(flow_of(lambda: print(text, "\udc80", end="")))
    run.step(echo=False)
    assert run.task("talk").output.startswith(text)


def test_a_task_may_redirect_its_own_output(engine: Engine) -> None:
    def talk() -> str:
        with contextlib.redirect_stdout(io.StringIO()) as caught:
            print("caught")
        print("seen")
        return caught.getvalue()

    run = engine.start(flow_of(talk)).run()
    assert run.result == "caught\n"
    assert run.task("talk").output == "seen\n"


def test_whoever_puts_a_stream_of_their_own_meanwhile(engine: Engine) -> None:
    """A background driver listens all the time, and cells, tests and libraries replace sys.stdout when they like."""
    waiting = Flow("waiting")
    waiting.manual(lambda: None, name="ask")
    background = engine.start(waiting)
    real = sys.stdout
    background.play()
    for _ in range(3):
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            assert output_of(engine, lambda: print("once")) == "once\n"
        assert shown.getvalue() == "once\n"
        assert output_of(engine, lambda: print("once")) == "once\n"
    background.cancel()
    background._player._thread.join(60)
    sys.stdout.flush()
    assert sys.stdout is real


def test_streams_behave_as_streams(engine: Engine) -> None:
    def talk() -> list:
        sys.stdout.writelines(["a", "b"])
        sys.stdout.flush()
        with pytest.raises(TypeError):
            sys.stdout.write(b"bytes")  # type: ignore[arg-type]
        return [sys.stdout.encoding is not None, sys.stdout.isatty(), sys.stdout.writable()]

    run = engine.start(flow_of(talk)).run(check=True)
    assert run.result == [True, False, True]
    assert run.task("talk").output == "ab"


def test_a_run_inside_a_task_has_its_own_lines(engine: Engine) -> None:
    inner = engine.start(flow_of(lambda: print("inner")))

    def talk() -> None:
        print("outer")
        inner.run()
        print("outer again")

    assert output_of(engine, talk) == "outer\nouter again\n"
    assert inner.task("talk").output == "inner\n"


def test_output_goes_with_a_run_that_is_saved(path: Path) -> None:
    run = flow_of(lambda: print("kept")).start().run()
    run.save(path)
    assert run.task("talk").output == "kept\n"


def test_output_of_another_process_s_attempt_is_there_at_the_first_look(path: Path) -> None:
    with Engine(path) as engine:
        flow = flow_of(lambda: print("hello"))
        run = engine.start(flow, run_id="r")
        task = run.task("talk")
        # A second house on the same file, as another process has it.
        other = threading.Thread(target=_drive_elsewhere, args=(path, flow))
        other.start()
        other.join()
        assert task.output == "hello\n"


def _drive_elsewhere(path: Path, flow: Flow) -> None:
    from flowkit.engine.files import _houses

    kept = dict(_houses)
    _houses.clear()
    try:
        with Engine(path) as engine:
            engine.open("r", flow).run()
    finally:
        _houses.clear()
        _houses.update(kept)
