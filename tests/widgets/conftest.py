"""Fixtures of the panel's tests: a small repair shop, its run, and a page on it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from flowkit import Engine, Flow
from flowkit.widgets import live
from tests.widgets.page import Page


def repair_shop() -> Flow:
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

    return flow


@pytest.fixture
def shop() -> Flow:
    return repair_shop()


@pytest.fixture
def run(shop: Flow) -> Any:
    return shop.start({"bike": "a red one"})


@pytest.fixture
def page_on() -> Iterator[Callable[[Any], Page]]:
    """A function from a run to an open page on a panel of it."""
    panels = []

    def on(run: Any) -> Page:
        panels.append(live(run))
        return Page(panels[-1])

    yield on
    for panel in panels:
        panel.close()


@pytest.fixture
def page(run: Any, page_on: Callable[[Any], Page]) -> Page:
    found = page_on(run)
    found.open()
    return found


@pytest.fixture
def file_engine(tmp_path: Any) -> Iterator[Engine]:
    with Engine(tmp_path / "shop.db") as engine:
        yield engine
