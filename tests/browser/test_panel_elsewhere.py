"""The panel's page without a lab: two views in shadow roots from one loaded module, as some front ends do, and the wire.

The kernel is played by the test: it answers, or it does not.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import expect

from flowkit.widgets import live
from flowkit.widgets.board import Board
from tests.widgets.conftest import repair_shop

PAGE = """<!doctype html><meta charset="utf-8"><title>elsewhere</title><body><div id="a"></div><div id="b"></div></body>"""

LOAD = """async ([source, style, state, places]) => {
  const module = await import(URL.createObjectURL(new Blob([source], { type: "text/javascript" })));
  const hear = (window.hear = {});
  const sent = (window.sent = []);
  const model = {
    get: (name) => state[name],
    set() {}, save_changes() {}, off() {},
    on: (name, heard) => (hear[name] ||= []).push(heard),
    send: (message) => sent.push(message),
  };
  window.tell = (message) => hear["msg:custom"].forEach((heard) => heard(message));
  window.ends = [];
  for (const place of places) {
    const shadow = document.getElementById(place).attachShadow({ mode: "open" });
    const el = document.createElement("div");
    shadow.append(Object.assign(document.createElement("style"), { textContent: style }), el);
    window.ends.push(module.default.render({ model, el }));
  }
}"""


class Elsewhere:
    """A page with a panel on a run, and the kernel's part, played by hand."""

    def __init__(self, browser: Any, run: Any, places: tuple[str, ...] = ("a",)) -> None:
        self.panel = live(run)
        self.board = Board(run)
        self.board.changes()
        self.page = browser.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.set_content(PAGE)
        state = {"scene": self.panel.scene, "snapshot": self.panel.snapshot}
        self.page.evaluate(LOAD, [self.panel._esm, self.panel._css, state, list(places)])
        self.roots = [self.page.locator(f"#{place} .fk") for place in places]

    def sent(self, kind: str) -> list[dict[str, Any]]:
        return [m for m in self.page.evaluate("window.sent") if m["t"] == kind]

    def tell(self, **message: Any) -> None:
        self.page.evaluate("m => window.tell(m)", json.loads(json.dumps(message)))

    def snap(self, q: int) -> None:
        self.tell(t="snap", **self.board.snapshot(q), head=self.board.head(), e=[])

    def button(self, act: str) -> Any:
        return self.roots[0].locator(f"[data-act={act}]")


@pytest.fixture
def run():
    return repair_shop().start({"bike": "red"})


@pytest.fixture
def elsewhere(browser, run):
    opened = []

    def on(*places):
        opened.append(Elsewhere(browser, run, places or ("a",)))
        return opened[-1]

    yield on
    for one in opened:
        one.page.close()
        one.panel.close()
        assert one.errors == []


def test_two_views_in_shadow_roots_from_one_module(elsewhere):
    here = elsewhere("a", "b")
    here.snap(1)
    for root in here.roots:
        expect(root.locator("[data-act=step]")).to_have_text("Step: run inspect here")
        expect(root.locator(".fk-node")).to_have_count(5)
    here.roots[0].locator(".fk-node", has_text="quote").click()
    expect(here.roots[0].locator(".fk-selected")).to_have_count(1)
    expect(here.roots[1].locator(".fk-selected")).to_have_count(0)
    names = here.page.evaluate(
        "() => ['a', 'b'].map(p => document.getElementById(p).shadowRoot.querySelector('.fk-node').id)"
    )
    assert names[0] != names[1]
    here.page.evaluate("window.ends[1]()")
    expect(here.roots[1]).to_have_count(0)
    assert here.sent("bye")


def test_without_a_kernel_the_saved_picture_is_shown_and_said_to_be_one(elsewhere):
    here = elsewhere()
    expect(here.roots[0].locator(".fk-node", has_text="inspect").locator(".fk-word")).to_have_text("ready")
    expect(here.roots[0].locator(".fk-sentence")).to_contain_text(
        "This is the picture of event 1", timeout=20_000
    )
    assert len(here.sent("hello")) >= 2  # it goes on asking
    expect(here.roots[0].locator(".fk-top .fk-badge")).to_have_text("running")
    here.page.evaluate("window.hear['comm:close'].forEach(heard => heard())")
    expect(here.roots[0].locator(".fk-card")).to_contain_text("run this cell again")


def test_a_gap_in_the_numbers_asks_for_everything_again(elsewhere):
    here = elsewhere()
    here.snap(1)
    word = here.roots[0].locator(".fk-node", has_text="inspect").locator(".fk-word")
    number = here.board.words.index("succeeded")
    position = here.board._index["inspect"]
    here.tell(t="d", q=3, s=[[position, number]])
    expect(word).to_have_text("ready · next")
    assert len(here.sent("hello")) == 2
    here.snap(7)
    here.tell(t="d", q=7, s=[[position, number]])  # told already
    expect(word).to_have_text("ready · next")
    here.tell(t="d", q=8, s=[[position, number]])
    expect(word).to_contain_text("succeeded")


def test_a_click_without_an_answer_is_sent_again_under_the_same_id_and_stays_in_sight(elsewhere):
    here = elsewhere()
    here.snap(1)
    here.button("step").evaluate("button => { button.click(); button.click(); button.click(); }")
    assert len(here.sent("do")) == 1
    expect(here.roots[0].locator(".fk-sentence")).to_have_text("Step (inspect): sent, waits for the kernel")
    here.page.wait_for_function("window.sent.filter(m => m.t === 'do').length === 2", timeout=20_000)
    first, second = here.sent("do")
    assert first == second
    here.tell(t="ack", id=first["id"])
    expect(here.roots[0].locator(".fk-sentence")).to_have_text("Step (inspect): at work")
    here.tell(t="done", id=first["id"], ok=False, error="inspect is not ready any more")
    expect(here.roots[0].locator(".fk-sentence")).to_have_text("inspect is not ready any more")
    expect(here.button("step")).to_have_attribute("aria-disabled", "false")


def test_a_closed_channel_ends_what_was_sent_and_keeps_the_picture(elsewhere):
    here = elsewhere()
    here.snap(1)
    here.button("pause").click()
    here.page.evaluate("window.hear['comm:close'].forEach(heard => heard())")
    expect(here.roots[0].locator(".fk-sentence")).to_contain_text("this panel was closed at event 1")
    expect(here.button("step")).to_have_attribute("aria-disabled", "true")
    expect(here.roots[0].locator(".fk-node")).to_have_count(5)
