"""The live panel in a real lab: what a person sees, clicks and types."""

import re

import pytest
from playwright.sync_api import expect

from flowkit import Engine
from tests.browser.panels import CONTRAST, SHOP, PanelOnScreen

START = "run = flow.start({'bike': 'a red one'})"
ON_FILE = "engine = Engine('{name}.db'); run = engine.start(flow, {{'bike': 'a red one'}}, run_id='march-1')"


@pytest.fixture
def panel(open_notebook):
    notebook = open_notebook([SHOP, START, "run.live()"])
    notebook.run_all()
    return PanelOnScreen(notebook, 2)


def events(panel):
    return int(panel.notebook.in_kernel("print(len(run.events))"))


def test_a_beginner_sees_one_glowing_task_and_a_button_that_says_what_it_does(panel):
    expect(panel.root.locator(".fk-next")).to_have_count(1)
    expect(panel.node("inspect")).to_have_class(re.compile("fk-next"))
    expect(panel.button("step")).to_have_text("Step: run inspect here")
    expect(panel.button("step")).to_be_focused()
    panel.say("inspect is ready. Step runs it here.")
    panel.card_of("inspect")
    for place in (panel.graph, panel.card, panel.root):
        assert place.evaluate(
            "e => e.scrollHeight <= e.clientHeight + 1 && e.scrollWidth <= e.clientWidth + 1"
        )


def test_showing_selecting_and_opening_write_nothing(panel):
    before = events(panel)
    panel.node("quote").click()
    panel.card_of("quote")
    panel.root.get_by_role("button", name="journal").click()
    panel.root.get_by_role("button", name="?").click()
    panel.notebook.run_cell(2)
    PanelOnScreen(panel.notebook, 2)
    assert events(panel) == before


def test_step_run_pause_resume_and_cancel(panel):
    panel.press("step")
    panel.wait_for(inspect="succeeded", quote="ready")
    panel.press("pause")
    panel.wait_for_run("paused")
    expect(panel.button("pause")).to_be_hidden()
    panel.press("resume")
    panel.wait_for_run("running")
    panel.press("run")
    panel.wait_for(agree="ready")
    panel.press("cancel")
    question = panel.root.get_by_role("alert")
    expect(question).to_contain_text("End this run? 3 tasks")
    question.get_by_role("button", name="Keep it").click()
    expect(question).to_be_hidden()
    assert panel.notebook.in_kernel("print(run.state)") == "running"
    panel.press("cancel")
    question.get_by_role("button", name="Cancel the run").click()
    panel.wait_for_run("cancelled")
    panel.wait_for(agree="cancelled", repair="cancelled")


def test_the_keyboard_reaches_everything(panel):
    press = panel.page.keyboard.press
    panel.button("step").focus()
    press("Enter")
    panel.wait_for(inspect="succeeded")
    panel.graph.focus()
    press("s")
    panel.wait_for(quote="succeeded", agree="ready")
    press("ArrowDown")
    panel.card_of("agree")
    press("ArrowUp")
    panel.card_of("quote")
    expect(panel.node("quote")).to_have_attribute("aria-selected", "true")
    press("w")
    expect(panel.card.get_by_role("status").filter(has_text="quote succeeded")).to_be_visible()
    press("?")
    expect(panel.root.locator(".fk-keys")).to_be_visible()
    press("Escape")
    press("ArrowDown")
    panel.card_of("agree")
    press("Enter")
    yes = panel.form.get_by_role("radio", name="yes")
    expect(yes).to_be_focused()
    press("Space")
    press("Control+Enter")
    panel.wait_for(agree="succeeded", repair="ready")
    panel.graph.focus()
    press("Escape")
    press("Escape")
    expect(panel.graph).not_to_be_focused()
    # Keys act only with the focus; the notebook keeps its own.
    before = events(panel)
    assert panel.graph.get_attribute("data-lm-suppress-shortcuts") is None
    panel.graph.focus()
    assert panel.graph.get_attribute("data-lm-suppress-shortcuts") == "true"
    panel.node("agree").click()
    panel.graph.blur()
    panel.page.keyboard.press("s")
    assert panel.graph.get_attribute("data-lm-suppress-shortcuts") is None
    assert events(panel) == before


def test_a_person_moves_the_picture_and_a_change_of_state_does_not(panel):
    canvas = panel.graph.locator("svg > g").first
    whole = canvas.get_attribute("transform")
    panel.graph.hover()
    panel.page.mouse.wheel(0, 120)
    assert canvas.get_attribute("transform") == whole
    panel.page.keyboard.down("Control")
    panel.page.mouse.wheel(0, -240)
    panel.page.keyboard.up("Control")
    expect(canvas).not_to_have_attribute("transform", whole)
    panel.root.get_by_role("button", name="fit the whole graph").click()
    expect(canvas).to_have_attribute("transform", whole)
    box = panel.graph.bounding_box()
    panel.page.mouse.move(box["x"] + 20, box["y"] + 200)
    panel.page.mouse.down()
    panel.page.mouse.move(box["x"] + 90, box["y"] + 230, steps=4)
    panel.page.mouse.up()
    expect(canvas).not_to_have_attribute("transform", whole)
    places = "e => [...e.querySelectorAll('.fk-node .fk-box')].map(b => JSON.stringify(b.getBBox())).join()"
    before = panel.graph.evaluate(places), panel.graph.locator("svg > g").first.get_attribute("transform")
    panel.press("run")
    panel.wait_for(agree="ready")
    after = panel.graph.evaluate(places), panel.graph.locator("svg > g").first.get_attribute("transform")
    assert after == before


def test_a_card_tells_all_of_a_task(panel):
    panel.press("run")
    panel.wait_for(agree="ready")
    panel.node("inspect").click()
    card = panel.card_of("inspect")
    for text in ("'a red one'", "['chain', 'brake']", "looking at a red one", "attempt 1", "took"):
        expect(card).to_contain_text(text)
    panel.page.keyboard.press("Escape")
    panel.card_of("agree")
    panel.form.get_by_role("radio", name="no").check()
    panel.form.get_by_role("button", name="Complete").click()
    card = panel.card_of("repair")
    expect(card.locator(".fk-problem:visible")).to_have_text("ValueError: the customer said no")
    expect(card.locator("details pre")).to_contain_text("raise ValueError")


def test_the_picture_under_it_is_renewed_in_its_own_cell(panel):
    panel.notebook.append_cell("elsewhere = 1")
    panel.notebook.run_cell(3)
    panel.press("run")
    panel.wait_for(agree="ready")
    panel.form.get_by_role("radio", name="yes").check()
    panel.form.get_by_role("button", name="Complete").click()
    panel.wait_for_run("succeeded")
    panel.notebook.wait_for(
        "const twin = panel.content.model.cells.get(2).toJSON().outputs[1];"
        "return twin && [twin.data['text/plain']].flat().join('').includes('5 succeeded')"
    )
    assert panel.notebook.outputs(3) == []
    [cell] = [c for c in panel.notebook.save()["cells"] if "".join(c["source"]) == "run.live()"]
    assert "image/svg+xml" in cell["outputs"][1]["data"]
    assert "application/vnd.jupyter.widget-view+json" in cell["outputs"][0]["data"]


def test_a_second_view_and_a_reloaded_page_show_the_same(panel):
    panel.press("step")
    panel.wait_for(quote="ready")
    cell = panel.notebook.append_cell("shown = run.live()\nshown")
    panel.notebook.run_cell(cell)
    other = PanelOnScreen(panel.notebook, cell)
    other.press("step")
    other.wait_for(quote="succeeded")
    panel.wait_for(quote="succeeded", agree="ready")
    panel.notebook.save()
    panel.page.reload()
    panel.notebook.wait_until_ready()
    again = PanelOnScreen(panel.notebook, 2)
    again.wait_for(quote="succeeded", agree="ready")


def test_what_another_process_does_is_followed(open_notebook, lab):
    notebook = open_notebook([SHOP, ON_FILE.format(name="followed"), "run.live()"])
    notebook.run_all()
    panel = PanelOnScreen(notebook, 2)
    with Engine(lab.folder / "followed.db") as engine:
        run = engine.open("march-1")
        run.complete("inspect", ["a scratch"])
        panel.wait_for(inspect="succeeded", quote="ready")
        panel.card_of("quote")
        run.pause()
        panel.wait_for_run("paused")
    panel.press("resume")
    panel.press("step")
    panel.wait_for(quote="succeeded", agree="ready")


def test_a_killed_kernel_leaves_the_picture_and_says_what_is_lost(open_notebook, lab):
    notebook = open_notebook([SHOP, ON_FILE.format(name="killed"), "run.live()"])
    notebook.run_all()
    panel = PanelOnScreen(notebook, 2)
    panel.press("step")
    panel.wait_for(quote="ready")
    panel.card.get_by_text("give its result by hand").click()
    panel.form.get_by_label("note").fill("half a sent")
    notebook.kill_kernel()
    notebook.wait_for_restart()
    panel.say('kernel gone at event 3; nothing is lost: engine.open("march-1")')
    panel.wait_for(inspect="succeeded", quote="ready")
    expect(panel.button("step")).to_have_attribute("aria-disabled", "true")
    panel.form.get_by_role("button", name="Complete by hand").click()
    expect(panel.form).to_contain_text("What you typed stays here")
    notebook.run_all()
    panel = PanelOnScreen(notebook, 2)
    panel.wait_for(inspect="succeeded", quote="ready")
    expect(panel.form.get_by_label("note")).to_have_value("half a sent")
    panel.press("step")
    panel.wait_for(quote="succeeded")


def test_it_is_dark_where_the_lab_is_dark(open_notebook):
    notebook = open_notebook([SHOP, START, "run.live()"], dark=True)
    notebook.run_all()
    panel = PanelOnScreen(notebook, 2)
    panel.press("run")
    panel.wait_for(agree="ready")
    panel.root.get_by_role("button", name="?").click()
    assert panel.root.evaluate("e => e.classList.contains('fk-dark')")
    assert panel.root.evaluate(CONTRAST) == []
    notebook.set_theme(dark=False)
    expect(panel.root).not_to_have_class(re.compile("fk-dark"))
    assert panel.root.evaluate(CONTRAST) == []


def test_it_can_be_used_in_a_narrow_column_and_without_motion(open_notebook):
    notebook = open_notebook([SHOP, START, "run.live()"], width=560)
    notebook.page.emulate_media(reduced_motion="reduce")
    notebook.run_all()
    panel = PanelOnScreen(notebook, 2)
    assert panel.root.evaluate("e => e.scrollWidth <= e.clientWidth")
    assert panel.root.evaluate(
        "e => [...e.querySelectorAll('*')].every(n => getComputedStyle(n).animationName === 'none')"
    )
    panel.press("step")
    panel.wait_for(inspect="succeeded")


def test_a_hostile_flow_is_shown_letter_by_letter(open_notebook):
    """Markup, quotes and control characters in names, results, prints, errors and notes: text, and nothing else."""
    hostile = r"""
from flowkit import Flow
EVIL = [
    "<img src=x onerror=alert(1)>", "</script><script>alert(2)</script>", "\"'`;{}${alert(3)}", "a\x00b\x1b[31mred\x07",
    "javascript:alert(4)", "\u202egnp.exe\u200b", "&lt;b&gt;", "\\N \\L", "👩‍🔧 ' \" <svg onload=alert(5)>",
]
flow = Flow("<b onmouseover=alert(6)>bold</b>")
def task_of(text):
    def task():
        print(text)
        if "\x1b" in text:
            raise ValueError(text + "<script>alert(7)</script>")
        return {"evil": text}
    task.__doc__ = text
    return task
for text in EVIL:
    flow.task(task_of(text), name=text)
def answer() -> str: ...
answer.__doc__ = EVIL[0]
flow.manual(answer, name="<i>answer</i>")
run = flow.start()
run.complete("<i>answer</i>", EVIL[4], note=EVIL[1])
for _ in EVIL:
    run.step()
"""
    notebook = open_notebook([hostile, "run.live()"])
    dialogs = []
    notebook.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    notebook.run_all()
    panel = PanelOnScreen(notebook, 1)
    names = notebook.in_kernel("import json; print(json.dumps([n.label for n in run.graph().nodes]))")
    panel.root.get_by_role("button", name="journal").click()
    for i in range(panel.root.locator(".fk-node").count()):
        panel.root.locator(".fk-node").nth(i).click()
        expect(panel.card.locator(".fk-title")).not_to_be_empty()
    assert panel.root.locator("img, script, b, i, a, iframe").count() == 0
    assert panel.root.locator("[onerror], [onload], [onmouseover]").count() == 0
    expect(panel.root.locator(".fk-top strong")).to_have_text("<b onmouseover=alert(6)>bold</b>")
    panel.root.locator(".fk-node", has_text="<img src=x").first.click()
    expect(panel.card.locator(".fk-title")).to_have_text("<img src=x onerror=alert(1)>")
    assert "\\u0000" in names
    assert dialogs == []
