"""Async tasks: in the blocking verbs, awaited on the caller's loop, nested in it, and cancelled."""

from __future__ import annotations

import asyncio
import signal
import threading
from typing import Any

import pytest

from flowkit import Engine, Flow, UsageError
from flowkit.errors import RunInterrupted
from tests.engine.orders import LIMIT, Order


def mixed() -> Flow:
    """plain(x) → soft(plain) → last(soft); `threads` says where each ran."""
    flow = Flow("mixed")
    flow.threads = {}  # type: ignore[attr-defined]
    threads = flow.threads  # type: ignore[attr-defined]

    @flow.task
    def plain(x: int) -> int:
        threads["plain"] = threading.get_ident()
        return x + 1

    @flow.task
    async def soft(plain: int) -> int:
        threads["soft"] = threading.get_ident()
        await asyncio.sleep(0)
        return plain * 10

    @flow.task
    def last(soft: int) -> int:
        return soft + 1

    return flow


def test_blocking_verbs_take_async_tasks(engine: Engine) -> None:
    flow = mixed()
    run = engine.start(flow, {"x": 1})
    run.step()
    events = run.step()
    assert events[1].data["value"] == 20
    assert run.run().result == 21
    assert flow.threads["plain"] == threading.get_ident()


def test_blocking_verbs_work_under_a_running_loop(engine: Engine) -> None:
    async def cell() -> Any:
        return engine.start(mixed(), {"x": 1}).run().result

    assert asyncio.run(cell()) == 21


def test_finish_runs_everything_on_the_caller_s_loop(engine: Engine) -> None:
    flow = mixed()

    async def cell() -> Any:
        loop = asyncio.get_running_loop()

        @flow.task
        async def last(soft: int) -> bool:
            return asyncio.get_running_loop() is loop

        run = engine.start(flow, {"x": 1})
        assert await run.finish() is run
        assert run.stopped_by == "ended"
        return run.result

    assert asyncio.run(cell()) is True
    assert set(flow.threads.values()) == {threading.get_ident()}


def test_finish_in_steps_until_and_with_a_timeout(engine: Engine) -> None:
    async def cell() -> None:
        run = engine.start(mixed(), {"x": 1})
        await run.finish(timeout=0)
        assert (run.stopped_by, run.states["plain"]) == ("timeout", "ready")
        await run.finish(steps=0)
        assert run.states["plain"] == "ready"
        await run.finish(steps=1)
        assert run.states == {"plain": "succeeded", "soft": "ready", "last": "waiting"}
        await run.finish(until="soft")
        assert run.stopped_by == "until"
        assert run.states["last"] == "ready"
        await run.finish(steps=5)
        assert run.stopped_by == "ended"
        waiting = engine.start(Order(), {"item": "x"})
        await waiting.finish()
        assert waiting.stopped_by == "waiting"

    asyncio.run(cell())


def test_the_loop_is_free_between_and_inside_tasks(engine: Engine) -> None:
    async def cell() -> list[str]:
        run = engine.start(mixed(), {"x": 1})
        seen: list[str] = []

        async def look() -> None:
            while not seen or seen[-1] != "succeeded":
                state = run.states["soft"]
                if not seen or seen[-1] != state:
                    seen.append(state)
                await asyncio.sleep(0)

        await asyncio.gather(look(), run.finish())
        return seen

    seen = asyncio.run(cell())
    assert seen == ["waiting", "running", "succeeded"]


def test_a_pause_meanwhile(engine: Engine) -> None:
    async def cell() -> None:
        flow, entered = mixed(), asyncio.Event()
        leave = asyncio.Event()

        @flow.task
        async def soft(plain: int) -> int:
            entered.set()
            await leave.wait()
            return 1

        run = engine.start(flow, {"x": 1})
        driving = asyncio.create_task(run.finish())
        await entered.wait()
        assert run.pause().state == "pausing"
        leave.set()
        await driving
        assert (run.stopped_by, run.state) == ("paused", "paused")
        run.resume()
        assert (await run.finish()).state == "succeeded"

    asyncio.run(cell())


def test_a_failure_in_an_async_task_is_a_failure(engine: Engine) -> None:
    flow = Flow("broken")

    @flow.task
    async def boom(x: int) -> float:
        await asyncio.sleep(0)
        return 1 / x

    for drive in (lambda run: run.run(), lambda run: asyncio.run(run.finish())):
        run = engine.start(flow, {"x": 0})
        drive(run)
        failure = run.task("boom").failure
        assert failure.types[0] == "ZeroDivisionError"
        assert failure.traceback.splitlines()[1].endswith("in boom")


def test_a_task_that_cancels_itself_has_failed_and_nobody_hangs(engine: Engine) -> None:
    flow = Flow("self")

    @flow.task
    async def leave() -> None:
        raise asyncio.CancelledError

    @flow.task
    async def exits() -> None:
        raise SystemExit(1)

    for target in ("leave", "exits"):
        for drive in (lambda run: run.run(), lambda run: asyncio.run(run.finish())):
            run = engine.start(flow, target=target)
            drive(run)
            assert run.state == "failed"
    assert engine.start(mixed(), {"x": 1}).run().result == 21, "and the helper's loop goes on"


def test_cancelling_the_await_gives_the_attempt_back(engine: Engine) -> None:
    async def cell() -> None:
        flow, entered, cleaned = mixed(), asyncio.Event(), []

        @flow.task
        async def soft(plain: int) -> int:
            entered.set()
            try:
                await asyncio.sleep(LIMIT)
            finally:
                cleaned.append(True)
            return 1

        run = engine.start(flow, {"x": 1})
        driving = asyncio.create_task(run.finish())
        await entered.wait()
        driving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await driving
        assert cleaned == [True]
        assert run.states == {"plain": "succeeded", "soft": "ready", "last": "waiting"}
        assert [a.outcome for a in run.task("soft").attempts] == ["interrupted", "offered"]
        assert run.task("soft").failure is None

    asyncio.run(cell())


def test_a_timeout_around_the_await(engine: Engine) -> None:
    async def cell() -> None:
        flow = Flow("slow")

        @flow.task
        async def slow() -> None:
            await asyncio.sleep(LIMIT)

        run = engine.start(flow)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await run.finish()
        assert run.states == {"slow": "ready"}

    asyncio.run(cell())


def test_an_interrupt_while_an_async_task_runs_lets_it_clean_up_first(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow, told = Flow("stop"), []

    @flow.task
    async def slow() -> str:
        if told:
            return "done"
        try:
            _interrupt_main()
            await asyncio.sleep(LIMIT)
        finally:
            told.append(run.states["slow"])
        return "never"

    run = engine.start(flow)
    with pytest.raises(RunInterrupted, match="slow"):
        run.run()
    assert told == ["running"], "it was still its attempt while it cleaned up"
    assert run.states == {"slow": "ready"}
    assert run.run().result == "done"


def _interrupt_main() -> None:
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)


def test_on_the_caller_s_loop_though_it_runs(engine: Engine) -> None:
    """In a process of its own: what nest-asyncio does to asyncio can't be undone."""
    import subprocess
    import sys
    import textwrap

    where = "" if engine.name == "memory" else repr(engine.name + ".nested")
    code = f"""
    import asyncio, sys
    from flowkit import Engine, Flow
    flow = Flow("nested")
    @flow.task
    async def soft(x):
        await asyncio.sleep(0)
        return asyncio.get_running_loop() is mine and x
    async def cell():
        global mine
        mine = asyncio.get_running_loop()
        engine = Engine({where})
        assert "nest_asyncio" not in sys.modules
        run = engine.start(flow, {{"x": 5}}).run(loop="caller")
        assert "nest_asyncio" in sys.modules
        print(run.stopped_by, run.result)
    asyncio.run(cell())
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "ended 5\n"


def test_on_the_caller_s_loop_where_none_runs(engine: Engine) -> None:
    run = engine.start(mixed(), {"x": 1})
    assert run.run(loop="caller", until="soft").stopped_by == "until"
    assert run.run(loop="caller", timeout=LIMIT).result == 21


def test_a_loop_that_cannot_be_nested_is_told_of(engine: Engine) -> None:
    class Odd(asyncio.SelectorEventLoop):
        pass

    run = engine.start(mixed(), {"x": 1})

    async def cell() -> None:
        with pytest.raises(UsageError, match=r"await run\.finish\(\)"):
            run.run(loop="caller")

    import sys

    class Fake:
        @staticmethod
        def apply(loop: Any) -> None:
            raise ValueError("Can't patch loop of type <class 'uvloop.Loop'>")

    kept = sys.modules.get("nest_asyncio")
    sys.modules["nest_asyncio"] = Fake  # type: ignore[assignment]
    try:
        asyncio.run(cell())
    finally:
        sys.modules.pop("nest_asyncio")
        if kept is not None:
            sys.modules["nest_asyncio"] = kept
    assert run.run().result == 21


def test_two_await_one_run(engine: Engine) -> None:
    flow, entered = Flow("both"), []

    @flow.task
    async def slow() -> str:
        entered.append("slow")
        await asyncio.sleep(0)
        return "slow"

    @flow.task
    async def last(slow: str) -> str:
        entered.append("last")
        return slow + " last"

    async def cell() -> None:
        run = engine.start(flow)
        await asyncio.gather(run.finish(), engine.open(run.id, flow).finish())
        assert run.result == "slow last"

    asyncio.run(cell())
    assert entered == ["slow", "last"]


def test_a_background_driver_takes_async_tasks(engine: Engine) -> None:
    run = engine.start(mixed(), {"x": 1}).play()
    asyncio.run(run.wait())
    assert run.result == 21


def test_wait_watches_what_another_drives(engine: Engine) -> None:
    async def cell() -> None:
        run = engine.start(Order(), {"item": "x"})
        run.play()
        await run.wait("quote")
        assert run.states["quote"] == "succeeded"
        await run.wait("approve", timeout=0)
        run.complete("approve", True)
        assert (await run.wait()).state == "succeeded"

    asyncio.run(cell())
