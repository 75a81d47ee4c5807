"""Many changes at once: the page follows and ends with the right picture. How quickly is told by `benchmarks panel`."""

from playwright.sync_api import expect

from benchmarks.panel import measure
from tests.browser.panels import PanelOnScreen

MANY = """
from flowkit import Flow
flow = Flow("many")
for number in range(1000):
    flow.task(lambda: number, name=f"t{number:03}", after=(f"t{number - 20:03}",) if number >= 20 else ())
run = flow.start()
run.live()
"""


def test_twenty_thousand_changes_a_second_on_a_thousand_tasks_are_followed(lab, browser):
    load = measure(lab, browser, seconds=2.0)
    assert load.right
    assert load.changes > 10_000
    assert load.messages < 25, "changes must come in batches"


def test_a_thousand_real_tasks_run_in_the_background_and_can_be_looked_at(open_notebook):
    notebook = open_notebook([MANY])
    notebook.run_all()
    panel = PanelOnScreen(notebook, 0)
    expect(panel.root.locator(".fk-node")).to_have_count(1000)
    panel.press("run")
    panel.wait_for_run("succeeded")
    for _ in range(12):
        panel.root.get_by_role("button", name="zoom in").click()
    expect(panel.root.locator(".fk-word", has_text="succeeded")).to_have_count(1000)
