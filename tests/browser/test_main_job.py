"""The main job, as a person does it in a real JupyterLab with mouse and keyboard: run the cells, step, give an answer
that is wrong and one that is right, lose the kernel, go on in another notebook, finish.

What is recorded is looked up in the file, from this process. With FLOWKIT_SCREENSHOTS=1 the README's pictures are
made on the way, light and dark.
"""

import os
import re

import nbformat
import pytest

import make
from flowkit import Engine

FIRST = "01_what_does_an_engine_do_while_it_does_nothing.ipynb"
SECOND = "01b_finish_it_elsewhere.ipynb"

WITH_PICTURES = os.environ.get("FLOWKIT_SCREENSHOTS") == "1"
IMAGES = make.ROOT / "docs" / "images"

light_and_dark = pytest.mark.parametrize("dark", [False, True] if WITH_PICTURES else [False])

NUMBER_SHOP = '''
from flowkit import Engine, Flow

shop = Flow("bicycle repair")

@shop.task
def inspect(bike: str) -> list[str]:
    return ["worn chain", "flat tyre"]

@shop.task
def hours(inspect: list[str]) -> float:
    return 0.75 * len(inspect)

@shop.manual
def price(hours: float) -> float:
    """The workshop is full today: what do we ask for this?"""

@shop.task
def invoice(price: float) -> str:
    return f"{price:.2f} € to pay"
'''


class Panel:
    """The live panel in a notebook's page, and the run of which it speaks, read from the file."""

    def __init__(self, notebook, file, run_id):
        self.notebook, self.file, self.run_id = notebook, file, run_id
        self.root = notebook.page.locator(".jp-Notebook .fk")
        self.step = self.root.locator("[data-act=step]")
        self.sentence = self.root.locator(".fk-sentence")
        self.card = self.root.locator(".fk-card")

    def wait_for_event(self, number):
        self.root.locator(".fk-counter", has_text=re.compile(rf"^event {number}\b")).wait_for()

    def recorded(self):
        """The journal as somebody else sees it."""
        with Engine(self.file) as engine:
            return [event.words for event in engine.open(self.run_id).events]

    def picture(self, name):
        if WITH_PICTURES:
            theme = "dark" if self.notebook.dark else "light"
            self.step.hover()  # the cell that stands beside the buttons is then the Step button's
            self.notebook.page.mouse.move(0, 0)
            self.notebook.screenshot(IMAGES / f"{name}-{theme}.png", of=self.root)


def press_shift_enter(notebook, index):
    """Run a cell as everybody does: click into it, Shift+Enter; return when it has ended."""
    notebook.cell(index).locator(".cm-content").click()
    notebook.page.keyboard.press("Shift+Enter")
    notebook.wait_for(
        "const model = panel.content.model.cells.get(argument);"
        "return model.executionCount !== null && model.executionState !== 'running'"
        " && panel.sessionContext.session.kernel.status === 'idle'",
        index,
    )


def cell_with(path, text):
    cells = nbformat.read(path, as_version=4).cells
    return next(i for i, cell in enumerate(cells) if cell.cell_type == "code" and text in cell.source)


def show(panel):
    """Bring the panel into sight, as one scrolls."""
    panel.root.wait_for()
    panel.root.scroll_into_view_if_needed()


def step_twice(panel):
    """Once with the mouse, once with the keyboard."""
    panel.step.get_by_text("inspect", exact=True).wait_for()
    panel.step.click()
    panel.wait_for_event(3)
    panel.step.focus()
    panel.notebook.page.keyboard.press("Enter")
    panel.wait_for_event(5)
    assert len(panel.recorded()) == 5


def lose_the_kernel(panel, event):
    panel.notebook.kill_kernel()
    panel.sentence.get_by_text("kernel gone").wait_for()
    assert f"event {event}" in panel.sentence.inner_text()
    assert "nothing is lost" in panel.sentence.inner_text()


@light_and_dark
def test_the_main_job_with_lesson_1(lab, open_notebook, dark):
    folder = lab.folder / f"lesson-{'dark' if dark else 'light'}"
    make.copy_lessons(make.ROOT / "notebooks", folder)
    make.trust_lessons(folder, make.lab_variables(lab.home, lab.token))
    first = open_notebook(f"{folder.name}/{FIRST}", dark=dark)
    # Nothing tells the answers to the guesses yet, and nothing says that the notebook was changed.
    assert first.page.locator(".jp-OutputArea-output").count() == 0
    assert not first.ask("return panel.context.model.dirty")
    press_shift_enter(first, cell_with(folder / FIRST, "Flow("))
    press_shift_enter(first, cell_with(folder / FIRST, "@shop.manual"))
    press_shift_enter(first, cell_with(folder / FIRST, "run.live()"))
    panel = Panel(first, folder / "bike.db", "bike-1")
    show(panel)
    panel.picture("begin")
    step_twice(panel)

    # No answer is not a no: the form asks again, at the field, and nothing is recorded.
    panel.card.get_by_text("Ring the customer").wait_for()
    panel.picture("panel")
    panel.card.get_by_role("button", name="Complete").click()
    panel.card.locator(".fk-problem:visible").wait_for()
    assert len(panel.recorded()) == 5

    panel.card.get_by_role("radio", name="yes").focus()
    first.page.keyboard.press("Space")
    panel.card.get_by_role("button", name="Complete").focus()
    first.page.keyboard.press("Enter")
    panel.wait_for_event(6)
    panel.card.get_by_text("accepted as event 6").wait_for()
    assert panel.recorded()[5] == "`customer_agrees` succeeded by hand: True; `repair` became ready"

    lose_the_kernel(panel, 6)
    first.wait_for_restart()
    show(panel)
    panel.picture("gone")

    second = open_notebook(f"{folder.name}/{SECOND}", dark=dark)
    press_shift_enter(second, cell_with(folder / SECOND, "engine.runs()"))
    press_shift_enter(second, cell_with(folder / SECOND, "Flow("))
    press_shift_enter(second, cell_with(folder / SECOND, "run.live()"))
    panel = Panel(second, folder / "bike.db", "bike-1")
    show(panel)
    panel.step.get_by_text("repair", exact=True).wait_for()
    assert len(panel.recorded()) == 6  # opening and looking drive nothing
    panel.step.click()
    panel.wait_for_event(8)
    panel.root.locator("[data-act=run]").click()
    panel.wait_for_event(11)
    panel.card.get_by_text("52.50 €").wait_for()
    panel.picture("finished")

    press_shift_enter(second, cell_with(folder / SECOND, "run.result"))
    result = cell_with(folder / SECOND, "run.result")
    assert second.text(result) == "'worn chain and flat tyre repaired: 52.50 €'"
    with Engine(folder / "bike.db") as engine:
        run = engine.open("bike-1")
        entered = [event.task for event in run.events if event.kind == "AttemptClaimed"]
        assert (run.state, entered) == ("succeeded", ["inspect", "quote", "repair", "invoice"])


@light_and_dark
def test_the_main_job_with_a_number_to_type(lab, open_notebook, dark):
    folder = lab.folder / f"shop-{'dark' if dark else 'light'}"
    folder.mkdir()
    start = 'run = Engine("bike.db").start(shop, {"bike": "Bo\'s racer"}, run_id="bike-7")\nrun.live()'
    first = open_notebook([NUMBER_SHOP, start], name=f"{folder.name}/first.ipynb", dark=dark)
    press_shift_enter(first, 0)
    press_shift_enter(first, 1)
    panel = Panel(first, folder / "bike.db", "bike-7")
    show(panel)
    step_twice(panel)

    box = panel.card.get_by_role("textbox", name="your answer")
    box.click()
    first.page.keyboard.type("about fifty")
    first.page.keyboard.press("Enter")
    panel.card.locator(".fk-problem", has_text="not").wait_for()
    assert box.input_value() == "about fifty"
    assert len(panel.recorded()) == 5
    panel.picture("refused")

    box.fill("")
    first.page.keyboard.type("49.9")
    panel.card.get_by_role("button", name="Complete").click()
    panel.wait_for_event(6)
    assert panel.recorded()[5] == "`price` succeeded by hand: 49.9; `invoice` became ready"

    lose_the_kernel(panel, 6)
    go_on = 'run = Engine("bike.db").open("bike-7", shop)\nrun.run()\nprint(run.result)'
    second = open_notebook([NUMBER_SHOP, go_on], name=f"{folder.name}/second.ipynb", dark=dark)
    press_shift_enter(second, 0)
    press_shift_enter(second, 1)
    assert second.text(1) == "49.90 € to pay\n"
    assert len([words for words in panel.recorded() if "`inspect` was claimed" in words]) == 1
