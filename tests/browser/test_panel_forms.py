"""Feeding a run by hand in the panel: forms of every kind, errors at the field, refusals, and typing that is never lost."""

import pytest
from playwright.sync_api import expect

from tests.browser.panels import SHOP, PanelOnScreen

KINDS = """
from dataclasses import dataclass
from enum import Enum
from typing import Literal, TypedDict
from flowkit import Flow, register

@register
class Size(Enum):
    SMALL = 1
    BIG = 2

@register
@dataclass
class Part:
    name: str
    price: float
    size: Size = Size.SMALL
    used: bool | None = None

class Place(TypedDict):
    city: str
    code: int

def start(annotation, **options):
    flow = Flow("ask")
    def answer(): ...
    answer.__annotations__["return"] = annotation
    flow.manual(answer, **options)
    return flow.start()
"""


@pytest.fixture
def ask(open_notebook):
    """A function from an annotation to the panel of a run that waits for such an answer."""
    notebook = open_notebook([KINDS])
    notebook.run_all()

    def on(annotation):
        cell = notebook.append_cell(f"run = start({annotation})\nrun.live()")
        notebook.run_cell(cell)
        return PanelOnScreen(notebook, cell)

    return on


def complete(panel):
    panel.form.get_by_role("button", name="Complete").click()


def recorded(panel):
    return panel.notebook.in_kernel("print(repr(run['answer']) if run.state == 'succeeded' else run.state)")


def expect_cell(panel, cell):
    expect(panel.card.locator(".fk-asks .fk-cell")).to_have_text(cell)


def test_bool_int_float_and_text(ask):
    panel = ask("bool")
    panel.form.get_by_role("radio", name="no").check()
    expect_cell(panel, 'run.complete("answer", False)')
    complete(panel)
    panel.wait_for_run("succeeded")
    assert recorded(panel) == "False"
    for annotation, wrong, right, cell, value in (
        ("int", "2.5", "12", "12", "12"),
        ("float", "twelve", "12.50", "12.50", "12.5"),
    ):
        panel = ask(annotation)
        box = panel.form.get_by_label("your answer")
        box.fill(wrong)
        complete(panel)
        expect(panel.form.locator(".fk-problem")).to_contain_text(wrong)
        expect(box).to_be_focused()
        expect(box).to_have_attribute("aria-invalid", "true")
        expect(panel.form).to_contain_text("Nothing was recorded")
        assert recorded(panel) == "running"
        box.fill(right)
        expect_cell(panel, f'run.complete("answer", {cell})')
        panel.page.keyboard.press("Enter")
        panel.wait_for_run("succeeded")
        assert recorded(panel) == value
    panel = ask("str")
    panel.form.get_by_label("your answer").fill('two "lines"\nof text')
    expect_cell(panel, 'run.complete("answer", "two \\"lines\\"\\nof text")')
    complete(panel)
    panel.wait_for_run("succeeded")
    assert recorded(panel) == repr('two "lines"\nof text')


def test_choices(ask):
    panel = ask('Literal["red", "it\'s blue", 3]')
    panel.form.get_by_role("radio", name="it's blue").check()
    complete(panel)
    panel.wait_for_run("succeeded")
    assert recorded(panel) == '"it\'s blue"'
    panel = ask("Size")
    complete(panel)
    expect(panel.form.locator(".fk-problem")).to_have_text("choose one")
    panel.form.get_by_role("radio", name="BIG").check()
    expect_cell(panel, 'run.complete("answer", Size.BIG)')
    complete(panel)
    panel.wait_for_run("succeeded")
    assert recorded(panel) == "<Size.BIG: 2>"
    panel = ask("Literal[1, 2, 3, 4, 5, 6, 7]")
    panel.form.locator("select").select_option(label="6")
    complete(panel)
    panel.wait_for_run("succeeded")
    assert recorded(panel) == "6"


def test_json_says_line_and_column_and_place(ask):
    panel = ask("list[int]")
    box = panel.form.get_by_label("your answer")
    box.fill("[1,\n 2")
    complete(panel)
    expect(panel.form.locator(".fk-problem")).to_contain_text("line 2")
    box.fill('[1, "2"]')
    complete(panel)
    expect(panel.form.locator(".fk-problem")).to_contain_text("at [1]")
    box.fill("[1, 2]")
    complete(panel)
    panel.wait_for_run("succeeded")
    assert recorded(panel) == "[1, 2]"
    panel = ask("dict[str, float]")
    panel.form.get_by_label("your answer").fill('{"a": 1, "b": 2.5}')
    complete(panel)
    panel.wait_for_run("succeeded")
    assert recorded(panel) == "{'a': 1.0, 'b': 2.5}"


def test_fields_of_a_dataclass_and_a_typed_dict(ask):
    panel = ask("Part")
    panel.form.get_by_label("name").fill("chain")
    panel.form.get_by_label("price").fill("a lot")
    complete(panel)
    wrong = panel.form.locator(".fk-field", has=panel.page.get_by_label("price")).last
    expect(wrong.locator(".fk-problem:visible")).to_contain_text("a lot")
    expect(panel.form.get_by_label("name")).not_to_have_attribute("aria-invalid", "true")
    panel.form.get_by_label("price").fill("9.90")
    panel.form.get_by_role("radio", name="yes").check()
    expect_cell(panel, 'run.complete("answer", Part(name="chain", price=9.90, used=True))')
    complete(panel)
    panel.wait_for_run("succeeded")
    assert recorded(panel) == "Part(name='chain', price=9.9, size=<Size.SMALL: 1>, used=True)"
    panel = ask("Place")
    panel.form.get_by_label("city").fill("Ulm")
    panel.form.get_by_label("code").fill("7")
    expect_cell(panel, 'run.complete("answer", {"city": "Ulm", "code": 7})')
    complete(panel)
    panel.wait_for_run("succeeded")
    assert recorded(panel) == "{'city': 'Ulm', 'code': 7}"


def test_optional_none_and_no_annotation(ask):
    panel = ask("int | None")
    panel.form.get_by_role("checkbox").check()
    expect(panel.form.get_by_label("your answer")).to_be_disabled()
    complete(panel)
    panel.wait_for_run("succeeded")
    assert recorded(panel) == "None"
    panel = ask("None")
    complete(panel)
    panel.wait_for_run("succeeded")
    assert recorded(panel) == "None"
    panel = ask("object")
    panel.form.get_by_label("your answer").fill('{"anything": [1, true, null]}')
    complete(panel)
    panel.wait_for_run("succeeded")
    assert recorded(panel) == "{'anything': [1, True, None]}"


def test_a_failure_by_hand_and_a_note(ask):
    panel = ask("bool")
    panel.form.get_by_role("button", name="It failed…").click()
    panel.form.get_by_role("button", name="Report the failure").click()
    expect(panel.form).to_contain_text("what went wrong")
    panel.form.get_by_label("what went wrong").fill("nobody answered")
    panel.form.get_by_label("note").fill("three calls")
    expect_cell(panel, 'run.fail("answer", "nobody answered", note="three calls")')
    panel.form.get_by_role("button", name="Report the failure").click()
    panel.wait_for_run("failed")
    told = panel.notebook.in_kernel(
        "print([(e.kind, e.data.get('note')) for e in run.events if e.kind == 'TaskFailed'], run.task('answer').failure)"
    )
    assert "three calls" in told
    assert "nobody answered" in told


@pytest.fixture
def shop(open_notebook):
    notebook = open_notebook([SHOP, "run = flow.start({'bike': 'red'})\nrun.run()", "run.live()"])
    notebook.run_all()
    panel = PanelOnScreen(notebook, 2)
    panel.card_of("agree")
    return panel


def test_an_accepted_answer_has_its_receipt_and_the_next_task_glows(shop):
    shop.form.get_by_role("radio", name="yes").check()
    complete(shop)
    expect(shop.receipt).to_have_text("agree: accepted as event 6")
    expect(shop.button("step")).to_have_text("Step: run repair here")
    shop.card_of("repair")


def test_a_local_task_can_be_answered_by_hand_too(shop):
    shop.notebook.append_cell("run.complete('agree', True)")
    shop.notebook.run_cell(3)
    card = shop.card_of("repair")
    card.get_by_text("give its result by hand").click()
    shop.form.get_by_label("your answer").fill("done elsewhere")
    shop.form.get_by_role("button", name="Complete by hand").click()
    shop.wait_for(repair="succeeded · by hand")


def test_what_is_being_typed_survives_what_others_do(shop):
    """Other events, another selection, a second answer from elsewhere, and its refusal."""
    shop.form.get_by_role("radio", name="no").check()
    shop.form.get_by_label("note").fill("they were in a hur")
    shop.form.get_by_label("note").focus()
    shop.notebook.in_kernel("run.pause(); run.resume(); run.break_before('invoice')")
    expect(shop.root.locator(".fk-counter")).to_contain_text("event 8")
    expect(shop.form.get_by_label("note")).to_be_focused()
    shop.page.keyboard.type("ry")
    shop.node("quote").click()
    shop.card_of("quote")
    shop.node("agree").click()
    shop.card_of("agree")
    expect(shop.form.get_by_label("note")).to_have_value("they were in a hurry")
    shop.notebook.in_kernel("run.complete('agree', True)")
    shop.wait_for(agree="succeeded")
    expect(shop.form).to_contain_text("Answered meanwhile")
    expect(shop.form.get_by_role("radio", name="no")).to_be_checked()
    complete(shop)
    sides = shop.form.locator(".fk-sides td")
    expect(sides).to_have_text(["True", "False"])
    expect(shop.form.get_by_label("note")).to_have_value("they were in a hurry")
    assert shop.notebook.in_kernel("print(run['agree'])") == "True"


def test_a_draft_on_a_file_survives_a_reload_of_the_page(open_notebook):
    start = "engine = Engine('draft.db'); run = engine.start(flow, {'bike': 'red'}, run_id='d')\nrun.run()"
    notebook = open_notebook([SHOP, start, "run.live()"])
    notebook.run_all()
    panel = PanelOnScreen(notebook, 2)
    panel.card_of("agree")
    panel.form.get_by_role("radio", name="yes").check()
    panel.form.get_by_label("note").fill("half a sent")
    notebook.save()
    notebook.page.reload()
    notebook.wait_until_ready()
    panel = PanelOnScreen(notebook, 2)
    panel.card_of("agree")
    expect(panel.form.get_by_label("note")).to_have_value("half a sent")
    expect(panel.form.get_by_role("radio", name="yes")).to_be_checked()
