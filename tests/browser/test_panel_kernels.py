"""Pause, forms and Step while a flow runs in the background, while a cell awaits, and while a cell is busy; on all kernels.

One notebook for each kernel, since starting kernels is what takes time.
"""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import KERNELS
from tests.browser.panels import PanelOnScreen

WORK = '''
import threading
from flowkit import Flow

def start():
    gates = [threading.Event() for _ in range(3)]
    flow = Flow("work")

    def gate(i):
        def work():
            gates[i].wait(60)
            return i
        return work

    for i in range(3):
        flow.task(gate(i), name=f"work_{i}", after=(f"work_{i - 1}",) if i else ())

    @flow.manual
    def agree() -> bool:
        """All right?"""

    return flow.start(), gates
'''

SHOW = "run, gates = start()\nrun.live()"

AWAIT = """
import asyncio
print("awaiting", flush=True)
while run.states["agree"] != "succeeded" or run.state != "running":
    await asyncio.sleep(0.01)
print("over")
"""

BUSY = """
import os, time
gates[0].set()
print("busy", flush=True)
while not os.path.exists("go"):
    time.sleep(0.01)
os.remove("go")
print([event.task for event in run.events if event.kind == "AttemptClaimed"])
"""


@pytest.mark.parametrize("version", KERNELS)
def test_the_panel_works_while_others_work(open_notebook, kernel_named, version):
    notebook = open_notebook([WORK, SHOW, AWAIT, BUSY], kernel=kernel_named(version))
    notebook.run_cell(0)
    in_the_background(notebook)
    while_a_cell_awaits(notebook)
    while_a_cell_is_busy(notebook, takes_it_at_once=version != "6.31")


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


def in_the_background(notebook):
    notebook.run_cell(1)
    panel = PanelOnScreen(notebook, 1)
    use_the_panel(panel)
    notebook.in_kernel("[gate.set() for gate in gates]")
    panel.wait_for_run("succeeded")


def while_a_cell_awaits(notebook):
    notebook.run_cell(1)
    PanelOnScreen(notebook, 1)
    awaiting = notebook.start_cell(2)
    notebook.cell(2).get_by_text("awaiting", exact=True).wait_for()
    use_the_panel(PanelOnScreen(notebook, 1))
    notebook.wait_for_run(awaiting)
    assert notebook.text(2) == "awaiting\nover\n"  # what happened meanwhile printed nothing into this cell
    notebook.in_kernel("[gate.set() for gate in gates]")


def while_a_cell_is_busy(notebook, takes_it_at_once):
    """The click is in sight until the kernel takes it, and is done once. Where a kernel that took it at once takes it late,
    it has changed its ways: see flowkit/widgets/kernels.py."""
    notebook.run_cell(1)
    PanelOnScreen(notebook, 1)
    busy = notebook.start_cell(3)
    notebook.cell(3).get_by_text("busy", exact=True).wait_for()
    panel = PanelOnScreen(notebook, 1)
    panel.button("step").evaluate("button => { button.click(); button.click(); }")
    if takes_it_at_once:
        panel.wait_for(work_0="succeeded")
    else:
        expect(panel.sentence).to_have_text("Step (work_0): sent, waits for the kernel")
        expect(panel.button("step")).to_have_class(re.compile("fk-sent"))
    (notebook.lab.folder / "go").touch()
    notebook.wait_for_run(busy)
    panel.wait_for(work_0="succeeded", work_1="ready")
    assert notebook.text(3) == f"busy\n{['work_0'] if takes_it_at_once else []}\n"
