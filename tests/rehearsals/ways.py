"""The five ways in which a rehearsal is run: the same lines, done by different doers.

`local`: the local runner. `parallel`: several threads drive the same run. `by_hand`: every result, answer and undo is reported
for what `run.ready()` offers; no function is called. `reopened`: the local runner, one step at a time, the engine thrown away
and the run opened from its file before each. `permuted`: by hand, once for every order of what is offered at the same time,
up to a limit; beyond it a sample with a fixed seed.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.rehearsals.observing import snapshot
from tests.rehearsals.reading import Rehearsal
from tests.rehearsals.stage import DRIVING, Stage, Way

THREADS = 3
LIMIT = 200
LIMIT_ON_FILE = 8


class Local:
    """The local runner in this thread."""

    name = "local"
    reopens = False

    def run(self, stage: Stage) -> None:
        if stage.out:  # somebody else is at work: the runner would wait for that
            while stage.run.step(echo=False):
                pass
        else:
            stage.run.run()

    def do(self, stage: Stage, units: list[str]) -> None:
        for unit in units:
            self.one(stage, unit)

    def one(self, stage: Stage, unit: str) -> None:
        offer = stage.offer(unit)
        if ":" in unit or offer.able == "manual":
            stage.feed(offer)
        else:
            assert stage.run.step(unit, echo=False), f"{unit} was not done"


class Parallel(Local):
    """Several threads, each of which drives the run to its end."""

    name = "parallel"

    def run(self, stage: Stage) -> None:
        troubles: list[BaseException] = []

        def drive() -> None:
            try:
                mine = stage.engine.open(stage.current, stage.flow)
                if stage.out:
                    while mine.step(echo=False):
                        pass
                else:
                    mine.run()
            except BaseException as error:
                troubles.append(error)

        threads = [threading.Thread(target=drive) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if troubles:
            raise troubles[0]


class ByHand:
    """Nobody calls a function: what is offered is reported, always the first of `choose`'s choice."""

    name = "by_hand"
    reopens = False

    def __init__(self, choose: Callable[[int], int] = lambda count: 0) -> None:
        self.choose = choose

    def run(self, stage: Stage) -> None:
        stage.run.tick()  # as every driver does: what is due, and who has died
        while stage.run.state in DRIVING:
            offers = [offer for offer in stage.run.ready() if offer.able not in ("manual", "lost")]
            if not offers:
                return
            stage.feed(offers[self.choose(len(offers)) if len(offers) > 1 else 0])

    def do(self, stage: Stage, units: list[str]) -> None:
        left = list(units)
        while left:
            unit = left.pop(self.choose(len(left)) if len(left) > 1 else 0)
            stage.feed(stage.offer(unit))


class Reopened(Local):
    """One step at a time, the engine thrown away before each."""

    name = "reopened"
    reopens = True

    def run(self, stage: Stage) -> None:
        stage.reopen()
        while stage.run.step(echo=False):
            stage.reopen()

    def do(self, stage: Stage, units: list[str]) -> None:
        for unit in units:
            stage.reopen()
            self.one(stage, unit)


class Chooser:
    """Goes through every sequence of choices, one performance after another."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.made: list[list[int]] = []  # of the performance that is on: [choice, among how many]
        self.at = 0
        self.dice: random.Random | None = None

    def __call__(self, count: int) -> int:
        if self.dice is not None:
            return self.dice.randrange(count)
        if self.at == len(self.made):
            self.made.append([0, count])
        self.at += 1
        return self.made[self.at - 1][0]

    def performances(self) -> Any:
        """Yield before each performance: half of the limit goes to the orders in turn, the rest to a sample."""
        for number in range(self.limit):
            self.at = 0
            yield number
            while self.made and self.made[-1][0] + 1 >= self.made[-1][1]:
                self.made.pop()
            if not self.made:
                return
            self.made[-1][0] += 1
            if number >= self.limit // 2:
                self.dice = self.dice or random.Random(2014)


def perform(text: Rehearsal, way: str, folder: Path, then: Callable[[Stage], None]) -> list[dict[str, Any]]:
    """Perform a rehearsal in one way; for `permuted`, in each order. Returns what stood at each end; `then` is called there."""
    if way == "permuted":
        chooser = Chooser(LIMIT_ON_FILE if text.on_file else LIMIT)
        return [_once(text, ByHand(chooser), folder / str(n), then) for n in chooser.performances()]
    made = {"local": Local, "parallel": Parallel, "by_hand": ByHand, "reopened": Reopened}[way]()
    return [_once(text, made, folder / way, then)]


def _once(text: Rehearsal, way: Way, folder: Path, then: Callable[[Stage], None]) -> dict[str, Any]:
    kept = text.on_file or way.reopens
    if kept:
        folder.mkdir(parents=True)
    stage = Stage(text, way, folder if kept else None)
    try:
        stage.perform_all()
        then(stage)
        return snapshot(stage)
    finally:
        stage.close()
