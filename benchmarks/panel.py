"""The live panel under load, in a real JupyterLab in a real Chromium: 20,000 changes of state a second on 1,000 tasks.

A run that never rests stands in for the engine: it changes states as quickly as it is told and tells its subscribers of each.
All else is the real thing: feed, kernel, websocket, page. Lag is the time from a change in Python to the same change in the
page (both read one clock), once from the change itself and once from its sending; frames are counted by the page.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .sizes import Size
from .table import NONE, Budget, Row

TASKS = 1_000
CHANGES = 20_000  # a second
SECONDS = {"tiny": 1.0, "quick": 4.0, "normal": 8.0, "full": 30.0}

LAG = Budget(must=100)  # ms, median, waiting for the next message included
WAY = Budget(must=100, aim=5)  # ms, median
WORST_LAG = Budget(must=100)  # ms, at the 95th percentile
FRAME = Budget(aim=1000 / 60 * 1.05)  # ms, median; a screen's own rhythm jitters
MESSAGES = Budget(must=20.5)  # a second, of changes

RESTLESS = '''
import threading, time
from types import SimpleNamespace
from flowkit import Flow
from flowkit.core.states import TASK_STATES

flow = Flow("load")
for number in range({tasks}):
    flow.task(lambda **_: 1, name=f"t{{number}}", after=(f"t{{number - 25}}",) if number >= 25 else ())

class Restless:
    """A run whose states change all the time; everything but its states is a real run's."""

    def __init__(self, run):
        self._run = run
        self.states = dict(run.states)
        self._hear = []
        self.probe = []
        self.count = 0

    def __getattr__(self, name):
        return getattr(self._run, name)

    def subscribe(self, hear):
        self._hear.append(hear)
        return lambda: self._hear.remove(hear)

    def change(self, task, state):
        self.states[task] = state
        self.count += 1
        event = SimpleNamespace(seq=self.count + 1, kind="TaskReady", task=task, words=f"`{{task}}` is {{state}}")
        for hear in self._hear:
            hear(event)

    def storm(self, seconds):
        words = TASK_STATES[:5]
        begun, told, turn = time.perf_counter(), 0, 0
        while (now := time.perf_counter() - begun) < seconds:
            while told < now * {changes}:
                self.change(f"t{{1 + told % ({tasks} - 1)}}", words[(told // {tasks} + told) % 5])
                told += 1
            if now >= turn * 0.2:
                turn += 1
                self.probe.append(time.time())
                self.change("t0", words[(turn + 1) % 5])  # never the state that it has
            time.sleep(0.001)
        for number in range({tasks}):
            self.change(f"t{{number}}", "succeeded" if number % 3 else "failed")
        self.seconds = time.perf_counter() - begun

run = Restless(flow.start())
'''

SHOW = """
import flowkit.widgets
panel = flowkit.widgets.live(run)
batches, sent, send = [], [], panel.send

def noted(message, *rest):
    if message["t"] == "d":
        batches.append(len(message.get("s", ())))
        sent.extend(time.time() for i, _ in message.get("s", ()) if i == 0)
    send(message, *rest)

panel.send = noted
panel
"""

WATCH = """root => {
  const seen = (window.seenLoad = { probe: [], frames: [], on: true });
  const node = root.querySelector(".fk-node");
  new MutationObserver(() => seen.probe.push(Date.now() / 1000)).observe(node, { attributes: true, attributeFilter: ["data-s"] });
  let last = performance.now();
  const frame = (now) => {
    seen.frames.push(now - last);
    last = now;
    if (seen.on) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}"""


@dataclass
class Load:
    """What was seen. Lags and frames in milliseconds."""

    lags: list[float]  # from the change
    ways: list[float]  # from the sending: kernel, websocket and page
    frames: list[float]
    changes: float  # a second
    messages: float  # a second, of changes
    right: bool  # whether the page's last states are the run's


def measure(lab: Any, browser: Any, seconds: float, tasks: int = TASKS, changes: int = CHANGES) -> Load:
    """One storm of that many seconds in a notebook of its own."""
    from tests.browser.lab import Notebook

    cells = [
        RESTLESS.format(tasks=tasks, changes=changes),
        SHOW,
        f"threading.Thread(target=run.storm, args=({seconds},)).start()",
    ]
    notebook = Notebook(lab, browser, lab.write("load.ipynb", cells))
    try:
        notebook.run_cell(0)
        notebook.run_cell(1)
        root = notebook.cell(1).locator(".fk")
        root.locator(".fk-sentence", has_text="ready").wait_for()
        root.evaluate(WATCH)
        notebook.run_cell(2)
        shown = "e => [...e.querySelectorAll('.fk-node')].map(n => n.dataset.s).join()"
        notebook.wait_for("return panel.sessionContext.session.kernel.status === 'idle'")
        wanted = notebook.in_kernel(
            "import json\nwhile not hasattr(run, 'seconds'): time.sleep(0.05)\ntime.sleep(0.5)\n"
            "order = json.loads(panel.scene)\n"
            "print(','.join(str(order['states'].index(run.states[n[6]])) for n in order['nodes']))"
        )
        right = root.evaluate(shown) == wanted
        told = json.loads(
            notebook.in_kernel(
                "print(json.dumps([run.probe, sent[-len(run.probe) - 1:], run.count / run.seconds, len(batches) / run.seconds]))"
            )
        )
        seen = root.evaluate("() => { window.seenLoad.on = false; return window.seenLoad; }")
    finally:
        notebook.close()
    lags, ways = (
        [1000 * (page - python) for python, page in zip(times, seen["probe"], strict=False)]
        for times in told[:2]
    )
    return Load(lags, ways, seen["frames"][1:], told[2], told[3], right)


@contextlib.contextmanager
def _lab_and_browser(folder: Path) -> Iterator[tuple[Any, Any]]:
    from playwright.sync_api import sync_playwright

    import make
    from tests.browser.conftest import FLAGS
    from tests.browser.lab import Lab

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=make.find_chromium(), args=FLAGS)
        with Lab(folder).serve() as lab:
            yield lab, browser
        browser.close()


def rows(size: Size) -> Iterator[Row]:
    """Lag, frames and messages of one storm; nothing where there is no Chromium."""
    import make

    if not make.find_chromium():
        print(f"panel: left out, {make.NO_CHROMIUM}", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder, _lab_and_browser(Path(folder) / "lab") as (lab, browser):
        load = measure(lab, browser, SECONDS[size.name])
    lags, frames = sorted(load.lags), sorted(load.frames)
    behind = (
        f"{TASKS:,} tasks, {load.changes:,.0f} changes/s; last states {'right' if load.right else 'WRONG'}"
    )
    yield Row("panel: lag, median", statistics.median(lags), "ms", LAG, detail=behind)
    yield Row("panel: of it after sending", statistics.median(load.ways), "ms", WAY)
    yield Row(
        "panel: lag, 95 of 100",
        _at(lags, 0.95),
        "ms",
        WORST_LAG,
        detail=f"{len(lags)} probes, most {lags[-1]:.0f}",
    )
    yield Row("panel: frame, median", statistics.median(frames), "ms", FRAME, detail=f"{len(frames)} frames")
    yield Row("panel: frame, 95 of 100", _at(frames, 0.95), "ms", NONE, detail=f"most {frames[-1]:.0f}")
    yield Row("panel: messages of changes", load.messages, "1/s", MESSAGES)


def _at(ordered: list[float], part: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]
