"""The whole flow language in a real lab: questions, items, subflows, undos and an operator's verbs, by a person's hand."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.panels import CONTRAST, PanelOnScreen

PHOTOS = '''
import os, time
from flowkit import Flow

bad = {"<b>u1</b>"}

album = Flow("album")

@album.task
def sort(photos) -> list:
    return sorted(photos)

@album.manual
def caption(sort) -> str:
    """A few words for the album."""

flow = Flow("photos")

@flow.task
def urls(n: int) -> list[str]:
    return [f"<b>u{i}</b>" for i in range(n)]

@flow.task(each="urls", concurrency=2)
def fetch(urls: str) -> str:
    if urls in bad:
        raise OSError(f"no answer from {urls}")
    return urls.upper()

@fetch.revert
def forget(fetch, urls):
    print("forgotten:", fetch)

@flow.manual(each="fetch")
def lynx(fetch: str) -> bool:
    """Is it a lynx?"""

@flow.task(when=lambda lynx: sum(lynx) > 1)
def alarm(lynx: list) -> str:
    return "called"

@alarm.revert
def hush(alarm):
    raise OSError("nobody answers")

flow.add(album, name="album", bind={"photos": "fetch"})
run = flow.start({"n": 4})
'''


@pytest.fixture
def panel(open_notebook):
    notebook = open_notebook([PHOTOS, "run.live()"], height=1500)
    notebook.run_all()
    return PanelOnScreen(notebook, 1)


PLACES = """e => [e.querySelector('svg > g').getAttribute('transform'),
  ...[...e.querySelectorAll('.fk-box, .fk-edge path')].map(b => JSON.stringify(b.getBBox()))].join()"""


def listed(panel):
    """The parts that the card lists, each as "state name said"."""
    return [" ".join(row.all_inner_texts()[0].split()) for row in panel.card.locator(".fk-part").all()]


def answer_all(panel, word="yes"):
    """Answer the form that is in focus, until all pictures are looked at."""
    for number in range(4):
        panel.card_of(f"lynx[{number}]")
        panel.form.get_by_role("radio", name=word).check()
        panel.form.get_by_role("button", name="Complete").click()
    panel.wait_for(lynx="succeeded")


def agree(panel, button, words):
    """Press a button that asks first, and say yes."""
    button.click()
    panel.root.get_by_role("alert").get_by_role("button", name=words).click()


def test_a_failed_item_is_seen_and_run_again_alone_and_nothing_moves(panel):
    before = panel.graph.evaluate(PLACES)
    panel.press("run")
    panel.wait_for(fetch="failed · 4 items")
    panel.card_of("fetch")
    assert listed(panel)[0] == "failed [1] OSError: no answer from <b>u1</b>"
    assert [row.split()[0] for row in listed(panel)] == ["failed", *["succeeded"] * 3]
    panel.card.locator(".fk-part").first.click()
    panel.card_of("fetch[1]")
    expect(panel.card.locator(".fk-problem")).to_contain_text("no answer from <b>u1</b>")
    expect(panel.node("fetch")).to_have_count(1)
    panel.card.locator(".fk-part", has_text="fetch").click()
    panel.card_of("fetch")
    expect(panel.node("fetch")).to_have_class(re.compile("fk-selected"))
    panel.notebook.in_kernel("bad.clear()")
    panel.card.get_by_role("button", name="Run failed items again").click()
    panel.wait_for(fetch="running · 3 of 4", lynx="waiting")
    panel.graph.focus()
    panel.page.keyboard.press("Escape")
    expect(panel.button("step")).to_have_text("Step: run fetch[1] here")
    panel.press("step")
    panel.wait_for(fetch="succeeded", lynx="running · 0 of 4")
    assert (
        panel.notebook.in_kernel(
            "print(len(run.task('fetch[1]').attempts), len(run.task('fetch[0]').attempts))"
        )
        == "2 1"
    )
    assert panel.root.locator(".fk-card b").count() == 0
    assert panel.graph.evaluate(PLACES) == before


def test_items_and_a_question_are_answered_by_hand(panel):
    panel.notebook.in_kernel("bad.clear(); run.run(until='fetch'); run.step('album.sort')")
    answer_all(panel)
    panel.node("alarm").click()
    panel.card_of("alarm")
    panel.wait_for(alarm="waiting · to be done?")
    panel.card.get_by_text("answer by hand").click()
    expect(panel.form).to_contain_text("Is it to be done?")
    expect(panel.form.locator("pre")).to_contain_text("sum(lynx) > 1")
    panel.form.get_by_role("radio", name="no").check()
    expect(panel.card.locator(".fk-asks .fk-cell")).to_have_text('run.complete("alarm", False)')
    panel.form.get_by_role("button", name="Answer").click()
    panel.wait_for(alarm="skipped")
    assert (
        panel.notebook.in_kernel(
            "print([e.data['answer'] for e in run.events if e.kind == 'QuestionAnswered'])"
        )
        == "[False]"
    )


def test_what_was_done_is_undone_by_hand_also_after_an_undo_that_failed(panel):
    panel.notebook.in_kernel(
        "bad.clear(); run.run(until='fetch'); [run.complete(f'lynx[{n}]', True) for n in range(4)]"
    )
    panel.notebook.in_kernel("run.step('alarm'); run.step('alarm')")
    panel.wait_for(alarm="succeeded")
    panel.press("revert")
    panel.root.get_by_role("alert").get_by_role("button", name="Keep it").click()
    expect(panel.button("revert")).to_be_focused()
    agree(panel, panel.button("revert"), "Undo all")
    panel.wait_for_run("reverting")
    panel.wait_for(alarm="reverting")
    expect(panel.button("step")).to_have_text("Step: undo alarm here")
    panel.node("alarm").click()
    panel.card_of("alarm")
    panel.card.get_by_text("say by hand that it is undone").click()
    panel.form.get_by_role("button", name="The undo failed…").click()
    panel.form.get_by_label("what went wrong").fill("nobody answers")
    panel.form.get_by_role("button", name="Report the failure").click()
    panel.wait_for(alarm="revert failed")
    panel.wait_for_run("failed")
    agree(panel, panel.button("revert"), "Undo all")
    panel.wait_for(alarm="reverting")
    panel.card.get_by_text("say by hand that it is undone").click()
    panel.form.get_by_role("button", name="It is undone").click()
    panel.wait_for(alarm="reverted")
    panel.page.keyboard.press("Escape")
    panel.press("run")
    panel.wait_for_run("reverted")
    panel.wait_for(fetch="reverted", urls="reverted")


def test_an_operator_s_verbs_work_while_a_cell_runs(panel, lab):
    cell = panel.notebook.append_cell("while not os.path.exists('go'): time.sleep(0.01)")
    busy = panel.notebook.start_cell(cell)
    panel.node("alarm").click()
    panel.card_of("alarm")
    panel.card.get_by_role("button", name="Break before it").click()
    panel.card.get_by_role("button", name="Clear the break").click()
    expect(panel.card.get_by_role("button", name="Break before it")).to_be_visible()
    agree(panel, panel.card.get_by_role("button", name="Skip"), "Skip")
    panel.wait_for(alarm="skipped")
    (lab.folder / "go").touch()
    panel.notebook.wait_for_run(busy)
    (lab.folder / "go").unlink()


def test_what_is_in_a_subflow_is_reached_from_its_card_and_from_the_graph(panel):
    panel.notebook.in_kernel("bad.clear(); run.run(until='fetch'); run.step('album.sort')")
    panel.node("album").click()
    panel.card_of("album")
    assert [row.split()[:2] for row in listed(panel)] == [["ready", "caption"], ["succeeded", "sort"]]
    panel.card.locator(".fk-part", has_text="caption").click()
    panel.card_of("album.caption")
    expect(panel.node("caption")).to_have_class(re.compile("fk-selected"))
    panel.form.get_by_label("your answer").fill("<i>four</i>")
    panel.form.get_by_role("button", name="Complete").click()
    panel.wait_for(album="succeeded", caption="succeeded")


def test_an_edited_flow_is_drawn_anew_under_the_eyes_of_its_reader(panel):
    panel.press("step")
    panel.wait_for(urls="succeeded")
    panel.notebook.in_kernel("flow.task(lambda urls: len(urls), name='count'); run.adopt(flow, apply=True)")
    panel.wait_for(urls="succeeded", count="ready")
    panel.node("count").click()
    panel.card_of("count")


def test_the_pictures_can_be_read_in_the_dark(open_notebook):
    notebook = open_notebook([PHOTOS, "run.live()"], height=1500, dark=True)
    notebook.run_all()
    panel = PanelOnScreen(notebook, 1)
    panel.press("run")
    panel.wait_for(fetch="failed")
    panel.card_of("fetch")
    assert panel.root.evaluate(CONTRAST) == []
