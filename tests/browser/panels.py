"""A live panel on the screen: where its parts are, and what one waits for."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, expect

from tests.browser.lab import PATIENCE, Notebook

SHOP = '''
from dataclasses import dataclass
from enum import Enum
from typing import Literal, TypedDict
import threading, time, asyncio
import flowkit
from flowkit import Engine, Flow

flow = Flow("repair")

@flow.task
def inspect(bike: str) -> list[str]:
    print("looking at", bike)
    return ["chain", "brake"]

@flow.task
def quote(inspect: list[str]) -> float:
    return 12.5 * len(inspect)

@flow.manual
def agree(quote: float) -> bool:
    """Is this price all right?"""

@flow.task
def repair(agree: bool) -> str:
    if not agree:
        raise ValueError("the customer said no")
    return "done"

@flow.task
def invoice(repair: str, quote: float) -> str:
    return f"{quote} for {repair}"
'''
"""A first cell: a flow with a person in the middle."""


CONTRAST = """root => {
  const light = (color) => {
    const [r, g, b] = color.match(/[\\d.]+/g).map(Number).map((v) => v / 255)
      .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const color = getComputedStyle(e).backgroundColor;
      if (!/, 0\\)$|transparent/.test(color)) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const found = [];
  const see = (name, ink, paper) => {
    const [a, b] = [light(ink), light(paper)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) found.push(`${name}: ${ink} on ${paper} is ${ratio.toFixed(2)}`);
  };
  for (const e of root.querySelectorAll("p, span, strong, button, code, h3, h4, td, th, label, summary, dt, dd")) {
    if (e.checkVisibility() && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) {
      see(`${e.tagName}.${e.className}`, getComputedStyle(e).color, ground(e));
    }
  }
  for (const node of root.querySelectorAll(".fk-node")) {
    const paper = getComputedStyle(node.querySelector(".fk-box")).fill;
    for (const text of node.querySelectorAll("text")) see(text.textContent, getComputedStyle(text).fill, paper);
  }
  return found;
}"""
"""A page function from a panel to its texts whose contrast to their ground is below 4.5:1."""


class PanelOnScreen:
    """The panel in the output of one cell of an open notebook."""

    def __init__(self, notebook: Notebook, cell: int) -> None:
        self.notebook = notebook
        self.page = notebook.page
        self.root: Locator = notebook.cell(cell).locator(".fk")
        self.root.wait_for()
        self.graph = self.root.locator(".fk-graph")
        self.card = self.root.locator(".fk-card")
        self.form = self.root.locator(".fk-form")
        self.sentence = self.root.locator(".fk-sentence")
        self.receipt = self.root.locator(".fk-receipt")
        expect(self.root.locator(".fk-counter")).to_have_text(_ANY_EVENT, timeout=PATIENCE)

    def button(self, act: str) -> Locator:
        return self.root.locator(f"[data-act={act}]")

    def press(self, act: str) -> None:
        """Click a button that can be pressed."""
        expect(self.button(act)).to_have_attribute("aria-disabled", "false", timeout=PATIENCE)
        self.button(act).click()

    def node(self, name: str) -> Locator:
        return self.root.locator(".fk-node", has=self.page.locator(".fk-name", has_text=_exactly(name)))

    def wait_for(self, **states: str) -> None:
        """Return when these nodes show these state words."""
        for name, state in states.items():
            expect(self.node(name).locator(".fk-word")).to_have_text(_begins(state), timeout=PATIENCE)

    def wait_for_run(self, state: str) -> None:
        expect(self.root.locator(".fk-top .fk-badge")).to_have_text(state, timeout=PATIENCE)

    def card_of(self, name: str) -> Locator:
        """The card, once it is about that task."""
        expect(self.card.locator(".fk-title")).to_have_text(name, timeout=PATIENCE)
        return self.card

    def say(self, text: Any) -> None:
        """Return when the sentence above the graph holds that text."""
        expect(self.sentence).to_contain_text(text, timeout=PATIENCE)


def _exactly(text: str) -> Any:
    import re

    return re.compile(f"^{re.escape(text)}$")


def _begins(text: str) -> Any:
    import re

    return re.compile(f"^{re.escape(text)}")


_ANY_EVENT = _begins("event ")
