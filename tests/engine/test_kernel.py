"""In a real kernel: what a cell shows and keeps, ■, %debug, a background driver between cells, and top-level await."""

from __future__ import annotations

import os
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

LIMIT = 120  # seconds after which something counts as hanging
ROOT = Path(__file__).parents[2]


class Cell:
    """What came of one cell: its state, its messages by kind, its streams as text, and its error."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, dict[str, Any]]] = []
        self.reply: dict[str, Any] = {}

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [content for name, content in self.messages if name == kind]

    def stream(self, name: str = "stdout") -> str:
        return "".join(content["text"] for content in self.of("stream") if content["name"] == name)

    @property
    def result(self) -> dict[str, str]:
        (shown,) = self.of("execute_result")
        return shown["data"]


class Kernel:
    def __init__(self, folder: Path) -> None:
        paths = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        environ = {
            **os.environ,
            "PYTHONPATH": paths,
            "IPYTHONDIR": str(folder),
            "JUPYTER_RUNTIME_DIR": str(folder),
        }
        self._manager = KernelManager()
        # Not an installed kernel spec, which may belong to another environment.
        self._manager.kernel_spec.argv[:] = [
            sys.executable,
            "-m",
            "ipykernel_launcher",
            "-f",
            "{connection_file}",
        ]
        self._manager.start_kernel(env=environ, cwd=str(folder))
        self._client = self._manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=LIMIT)
        assert (
            self.run("import asyncio, threading; from flowkit import *; import flowkit").reply["status"]
            == "ok"
        )

    def run(
        self, code: str, on: Callable[[str, dict[str, Any]], None] | None = None, answers: Any = ()
    ) -> Cell:
        """Run a cell. `on` sees each message as it comes; `answers` are what is typed when the cell asks."""
        cell, typed = Cell(), iter(answers)

        def hear(message: dict[str, Any]) -> None:
            cell.messages.append((message["header"]["msg_type"], message["content"]))
            if on is not None:
                on(*cell.messages[-1])

        reply = self._client.execute_interactive(
            textwrap.dedent(code),
            output_hook=hear,
            timeout=LIMIT,
            allow_stdin=bool(answers),
            stdin_hook=lambda message: self._client.input(next(typed, "q")),
        )
        cell.reply = reply["content"]
        return cell

    def ask(self, expression: str) -> Any:
        """The value of an expression there; for plain values."""
        cell = self.run(f"print(repr(({expression})))")
        assert cell.reply["status"] == "ok", cell.reply
        return eval(cell.stream())

    def interrupt(self) -> None:
        self._manager.interrupt_kernel()

    def close(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    made = Kernel(tmp_path_factory.mktemp("kernel"))
    yield made
    made.close()


def ok(cell: Cell) -> Cell:
    assert cell.reply["status"] == "ok", "\n".join(cell.reply.get("traceback", ()))
    return cell


def plain(lines: list[str]) -> str:
    return re.sub(r"\x1b\[[\d;]*m", "", "\n".join(lines))


# What a cell shows ------------------------------------------------------------------------------------------


def test_a_cell_shows_the_static_picture(kernel: Kernel) -> None:
    code = """
    flow = Flow("shown")
    @flow.task
    def one(x: int) -> int:
        return x
    @flow.manual
    def ask(one: int) -> bool:
        "Is it?"
    """
    flow = ok(kernel.run(code + "\n    flow"))
    assert set(flow.result) == {"image/svg+xml", "text/plain"}
    step = ok(kernel.run("run = flow.start({'x': 1})\nrun.step()"))
    assert set(step.result) == {"image/svg+xml", "text/plain"}
    assert "one" in step.result["text/plain"]
    offers = ok(kernel.run("run.ready()"))
    assert set(offers.result) == {"text/html", "text/plain"}
    assert "Is it?" in offers.result["text/html"]
    assert set(ok(kernel.run("run.complete('ask', True)")).result) == {"image/svg+xml", "text/plain"}
    again = ok(kernel.run(code + "\n    flow"))
    assert again.result == flow.result
    assert ok(kernel.run("run = flow.start({'x': 1})\nrun.step()")).result == step.result
    assert [name for name, _ in again.messages if name == "stream"] == []


def test_a_refusal_is_an_error_of_its_cell(kernel: Kernel) -> None:
    ok(kernel.run("f = Flow('f'); f.manual(lambda: 1, name='ask'); run = f.start(); run.complete('ask', 1)"))
    cell = kernel.run("run.complete('ask', 2)")
    assert cell.reply["ename"] == "AlreadyCompleted"
    assert "1" in cell.reply["evalue"]


# Output -----------------------------------------------------------------------------------------------------

TALK = """
from IPython.display import display, HTML, clear_output
flow = Flow("talk")
@flow.task
def talk():
    import sys, warnings
    print("out")
    display(HTML("<b>shown</b>"))
    print("err", file=sys.stderr)
    warnings.warn("mind the gap")
    return 1
@flow.task
async def softly(talk):
    print("soft out")
    await asyncio.sleep(0)
    display(HTML("<i>soft</i>"))
    return 2
"""


def test_prints_displays_and_warnings_echo_in_the_cell_that_steps_and_are_kept(kernel: Kernel) -> None:
    ok(kernel.run(TALK))
    cell = ok(kernel.run("run = flow.start(); events = run.step()"))
    assert cell.stream() == "out\n"
    assert cell.stream("stderr").startswith("err\n")
    assert "mind the gap" in cell.stream("stderr")
    assert [shown["data"]["text/html"] for shown in cell.of("display_data")] == ["<b>shown</b>"]
    parts = kernel.ask("run.task('talk').outputs")
    assert parts[0] == {"name": "stdout", "text": "out\n"}
    assert parts[1]["data"]["text/html"] == "<b>shown</b>"
    assert parts[2]["text"].startswith("err\n")
    assert "mind the gap" in parts[2]["text"]
    output = kernel.ask("run.task('talk').output")
    assert output.startswith("out\n<IPython.core.display.HTML object>\nerr\n")


def test_async_tasks_print_and_display_alike(kernel: Kernel) -> None:
    ok(kernel.run(TALK))
    for drive in ("run.step()", "await run.finish()"):
        ok(kernel.run("run = flow.start(); run.step()"))
        cell = ok(kernel.run(f"_ = {drive}; print('the cell itself')"))
        assert cell.stream() == "soft out\nthe cell itself\n"
        assert [shown["data"]["text/html"] for shown in cell.of("display_data")] == ["<i>soft</i>"]
        parts = kernel.ask("run.task('softly').outputs")
        assert [part.get("text") or part["data"]["text/html"] for part in parts] == [
            "soft out\n",
            "<i>soft</i>",
        ]


def test_nothing_is_heard_twice_or_afterwards(kernel: Kernel) -> None:
    ok(kernel.run(TALK))
    cell = ok(
        kernel.run("run = flow.start(); run.step(); display(HTML('of the cell')); print('of the cell')")
    )
    assert [shown["data"]["text/html"] for shown in cell.of("display_data")] == [
        "<b>shown</b>",
        "of the cell",
    ]
    assert len(kernel.ask("run.task('talk').outputs")) == 3
    assert kernel.ask("type(__import__('sys').stdout).__name__") == "OutStream"


def test_a_background_driver_shows_nothing_in_later_cells(kernel: Kernel) -> None:
    ok(
        kernel.run("""
        from IPython.display import display, HTML, clear_output
        gate, entered = threading.Event(), threading.Event()
        flow = Flow("background")
        @flow.task
        def work():
            print("before")
            entered.set()
            gate.wait()
            print("after")
            display(HTML("<b>shown</b>"))
            clear_output()
            raise ValueError("in the background")
        import sys
        vars(sys).pop("last_value", None)
        run = flow.start().play()
        """)
    )
    first = ok(kernel.run("entered.wait(); print('first')"))
    second = ok(kernel.run("gate.set(); await run.wait(); run._player._thread.join(); print('second')"))
    assert (first.stream(), second.stream()) == ("first\n", "second\n")
    assert (first.stream("stderr"), second.stream("stderr")) == ("", "")
    assert second.of("display_data") == second.of("clear_output") == []
    assert kernel.ask("run.task('work').output").startswith("before\nafter\n<IPython")
    assert kernel.ask("run.state, hasattr(sys, 'last_value')") == ("failed", False)


# Debugging and interrupts -----------------------------------------------------------------------------------


def test_debug_enters_the_task_after_a_failing_step(kernel: Kernel) -> None:
    ok(
        kernel.run("""
        flow = Flow("debug")
        @flow.task
        def boom(x):
            here = x + 1
            return 1 / (here - 1)
        @flow.task
        async def soft_boom(x):
            here = x + 2
            return 1 / x
        """)
    )
    assert kernel.run("1 + '1'").reply["ename"] == "TypeError"
    for task, there in (("boom", "1"), ("soft_boom", "2")):
        cell = ok(kernel.run(f"run = flow.start({{'x': 0}}); run.step({task!r})"))
        assert "ZeroDivisionError" in cell.result["text/plain"]
        debug = ok(kernel.run("%debug", answers=["p here", "q"]))
        assert f"{task}()" in plain([debug.stream()])
        assert plain([debug.stream()]).endswith(f"{there}\n")
    text = kernel.ask("run.task('soft_boom').failure.traceback")
    assert text.splitlines()[1].endswith("in soft_boom")
    assert "return 1 / x" in text


STOP = """
flow = Flow("stop")
held = [1]
@flow.task
def first(): return 1
@flow.task
def work(first):
    print("at work")
    if held: threading.Event().wait(60)
    return "done"
@flow.task
async def softly(first):
    print("softly at work")
    while held: await asyncio.sleep(0.01)  # the kernel sees ■ only when its loop comes round
    return "softly done"
"""


@pytest.mark.parametrize(
    ("drive", "task"),
    [
        ("run.run()", "work"),
        ("run.run()", "softly"),
        ("run.step('work')", "work"),
        ("run.step('softly')", "softly"),
        # With a blocking function the kernel's loop itself is interrupted, whoever called it.
        ("await run.finish()", "softly"),
    ],
)
def test_an_interrupt_gives_the_attempt_back_with_one_line(kernel: Kernel, drive: str, task: str) -> None:
    ok(kernel.run(STOP))
    ok(kernel.run(f"run = flow.start(target={task!r}); run.step('first')"))

    def press(kind: str, content: dict[str, Any]) -> None:
        if kind == "stream" and "at work" in content["text"]:
            kernel.interrupt()

    cell = kernel.run(drive, on=press)
    assert cell.reply["status"] == "error"
    if not drive.startswith("await"):
        assert cell.reply["ename"] == "RunInterrupted"
        (line,) = cell.reply["traceback"]
        assert "\n" not in line
        assert all(words in line for words in (task, "ready again", "run.run() goes on"))
    assert kernel.ask("run.state, run.states") == ("running", {"first": "succeeded", task: "ready"})
    assert kernel.ask(f"[a.outcome for a in run.task({task!r}).attempts]") == ["interrupted", "offered"]
    assert kernel.ask(f"run.task({task!r}).failure, run.task({task!r}).output") == (None, cell.stream())
    assert "interrupted" in kernel.ask("str(run.why())")
    on = ok(kernel.run("held.clear(); run.run()"))
    assert "at work" in on.stream()
    assert kernel.ask("run.result").endswith("done")
    assert kernel.ask("[e.kind for e in run.events].count('TaskFailed')") == 0


def test_an_interrupt_between_tasks_while_another_thread_is_at_work(kernel: Kernel) -> None:
    ok(kernel.run(STOP + "\ngate = threading.Event()"))
    ok(
        kernel.run("""
        @flow.task
        def first():
            gate.wait()
        run = flow.start(target="work").play()
        import sys, time
        while run.states["first"] != "running": time.sleep(0)
        """)
    )
    heard = []

    def press(kind: str, content: dict[str, Any]) -> None:
        if kind == "stream" and not heard:
            heard.append(content)
            kernel.interrupt()

    code = """
    def tell():
        while not run._door.house._waiting: time.sleep(0)
        print("waiting")
    threading.Thread(target=tell).start()
    run.run()
    """
    cell = kernel.run(code, on=press)
    assert cell.reply["ename"] == "RunInterrupted"
    assert kernel.ask("run.states['first']") == "running", "it is not this cell's attempt"
    ok(kernel.run("held.clear(); gate.set(); await run.wait()"))
    assert kernel.ask("run.result") == "done"


# Loops ------------------------------------------------------------------------------------------------------


def test_top_level_await(kernel: Kernel) -> None:
    ok(kernel.run(STOP + "\nheld.clear()"))
    cell = ok(kernel.run("run = await flow.start().finish(); run.states"))
    assert eval(cell.result["text/plain"]) == dict.fromkeys(("first", "work", "softly"), "succeeded")


def test_the_caller_s_own_loop_through_nest_asyncio(kernel: Kernel) -> None:
    """The last one: it changes the kernel's loop for good."""
    ok(
        kernel.run("""
        mine = asyncio.get_running_loop()
        queue = asyncio.Queue()
        flow = Flow("nested")
        @flow.task
        async def soft():
            queue.put_nowait(5)
            return [await queue.get(), asyncio.get_running_loop() is mine]
        """)
    )
    assert kernel.ask("'nest_asyncio' in __import__('sys').modules") is False
    ok(kernel.run("run = flow.start().run(loop='caller')"))
    assert kernel.ask("run.result, run.stopped_by") == ([5, True], "ended")
