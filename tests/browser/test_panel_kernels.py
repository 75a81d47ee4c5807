"""Pause, forms and Step while a flow runs in the background, while a cell awaits, and while a cell is busy; on all kernels."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import KERNELS
from tests.browser.panels import SHOP, PanelOnScreen

ENDLESS = '''
import threading
from flowkit import Flow

flow = Flow("work")
gates = [threading.Event() for _ in range(4)]

def gate(i):
    def work():
        gates[i].wait(60)
        return i
    return work

for i in range(4):
    flow.task(gate(i), name=f"work_{i}", after=(f"work_{i - 1}",) if i else ())

@flow.manual
def agree() -> bool:
    """All right?"""

run = flow.start()
'''

AWAIT = """
import asyncio
print("awaiting", flush=True)
while run.states["agree"] != "succeeded" or run.state != "running":
    await asyncio.sleep(0.01)
print("over")
"""

BUSY = """
import os, time
print("busy", flush=True)
while not os.path.exists("go"):
    time.sleep(0.01)
os.remove("go")
"""

UNTIL_PAUSED = """
import time
print("busy", flush=True)
until = time.monotonic() + 60
while run.state == "running" and time.monotonic() < until:
    time.sleep(0.01)
print(run.state)
"""


AT_ONCE_OR_IN_SIGHT = re.compile(r"quote is ready|Step \(inspect\): sent, waits for the kernel")


@pytest.fixture(params=KERNELS)
def kernel(request, kernel_named):
    return kernel_named(request.param)


def use_the_panel(panel):
    """Run in the background, pause while a task is at work, answer a form, resume."""
    panel.press("run")
    panel.wait_for(work_0="running")
    panel.press("pause")
    panel.wait_for_run("pausing")
    panel.node("agree").click()
    panel.card_of("agree")
    panel.form.get_by_role("radio", name="yes").check()
    panel.form.get_by_role("button", name="Complete").click()
    expect(panel.receipt).to_contain_text("agree: accepted as event")
    panel.press("resume")
    panel.wait_for_run("running")


def test_pause_and_forms_work_while_a_flow_runs_in_the_background(open_notebook, kernel):
    notebook = open_notebook([ENDLESS, "run.live()", "[gate.set() for gate in gates]"], kernel=kernel)
    notebook.run_cell(0)
    notebook.run_cell(1)
    panel = PanelOnScreen(notebook, 1)
    use_the_panel(panel)
    notebook.run_cell(2)
    panel.wait_for_run("succeeded")


def test_pause_and_forms_work_while_another_cell_awaits(open_notebook, kernel):
    notebook = open_notebook([ENDLESS, "run.live()", AWAIT], kernel=kernel)
    notebook.run_cell(0)
    notebook.run_cell(1)
    panel = PanelOnScreen(notebook, 1)
    awaiting = notebook.start_cell(2)
    notebook.cell(2).get_by_text("awaiting", exact=True).wait_for()
    panel = PanelOnScreen(notebook, 1)
    use_the_panel(panel)
    notebook.wait_for_run(awaiting)
    assert notebook.text(2) == "awaiting\nover\n"


def test_a_click_that_the_kernel_can_not_take_yet_stays_in_sight_and_is_done_once(open_notebook, kernel):
    """A cell that blocks: some kernels take the click at once, the others when the cell has ended. Never twice, never not."""
    notebook = open_notebook([SHOP, "run = flow.start({'bike': 'red'})\nrun.live()", BUSY], kernel=kernel)
    notebook.run_cell(0)
    notebook.run_cell(1)
    PanelOnScreen(notebook, 1)
    blocked = notebook.start_cell(2)
    notebook.cell(2).get_by_text("busy", exact=True).wait_for()
    panel = PanelOnScreen(notebook, 1)
    panel.button("step").evaluate("button => { button.click(); button.click(); }")
    expect(panel.sentence).to_have_text(AT_ONCE_OR_IN_SIGHT)
    (notebook.lab.folder / "go").touch()
    notebook.wait_for_run(blocked)
    panel.wait_for(inspect="succeeded", quote="ready")
    assert (
        notebook.in_kernel("print([e.task for e in run.events if e.kind == 'AttemptClaimed'])")
        == "['inspect']"
    )


def test_the_front_end_routes_messages_around_a_busy_cell_on_the_current_kernel(open_notebook, kernel_named):
    """Fails when a kernel changes its ways (see flowkit/widgets/kernels.py): then look there."""
    notebook = open_notebook(
        [SHOP, "run = flow.start({'bike': 'red'})\nrun.live()", UNTIL_PAUSED], kernel=kernel_named("7.4")
    )
    notebook.run_cell(0)
    notebook.run_cell(1)
    PanelOnScreen(notebook, 1)
    blocked = notebook.start_cell(2)
    notebook.cell(2).get_by_text("busy", exact=True).wait_for()
    panel = PanelOnScreen(notebook, 1)
    panel.button("pause").click()
    notebook.wait_for_run(blocked)
    assert notebook.text(2) == "busy\npaused\n"
