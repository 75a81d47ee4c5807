"""Random flows with all options, the same for the same random numbers, for ever."""

from __future__ import annotations

import random

from tests.core.shapes import LISTS, Again, Loop, Made, Shape

MOST = 40  # tasks in a flow
DEEPEST = 3  # subflows in subflows

POLICIES = ("stop", "stop", "revert", "pause", "continue")


class Maker:
    """Makes one flow. `lively` is how likely each task is to have each option."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.lively = rng.choice((0.05, 0.15, 0.3))
        self.nested = rng.choice((0.0, 0.1, 0.3))
        self.shapes: list[Shape] = []
        self.left = rng.choice(
            (rng.randint(1, 6), rng.randint(3, 12), rng.randint(8, 20), rng.randint(20, MOST))
        )

    def make(self) -> Made:
        rng = self.rng
        while self.left > 0:
            self._task("", 0)
        top = [shape.name for shape in self.shapes if not shape.within]
        target = rng.choice(top) if rng.random() < 0.12 else None
        given = []
        if rng.random() < 0.15 and target is None:
            for name in rng.sample(top, min(len(top), rng.randint(1, 2))):
                given.append((name, rng.choice((0, 1, "x", None, (1, 2)))))
        return Made(tuple(self.shapes), rng.choice(POLICIES), target, tuple(given), rng.randint(0, 9))

    def _chance(self, share: float = 1.0) -> bool:
        return self.rng.random() < self.lively * share

    def _task(self, within: str, depth: int) -> str:
        rng = self.rng
        self.left -= 1
        siblings = [shape for shape in self.shapes if shape.within == within]
        name = f"{within}.t{len(siblings)}" if within else f"t{len(siblings)}"
        if depth < DEEPEST and self.left > 0 and rng.random() < self.nested:
            kind = "flow"
        else:
            kind = "manual" if rng.random() < 0.2 else "task"
        links = self._links(siblings)
        options: dict[str, object] = {}
        if links and self._chance():
            options["join"] = rng.randint(1, len(links))
        if self._chance():
            options["when"] = rng.choice(["ask", *(source for source, _, _ in links)])
        if self._chance():
            options["skip"] = "self"
        if self._chance(0.5):
            options["pause_before"] = True
        at = len(self.shapes)
        if kind == "flow":
            self.shapes.append(Shape(name, kind, within, links))
            options |= self._flow_options(name, depth)
        else:
            options |= self._task_options(kind, links)
        shape = Shape(name, kind, within, links, **options)  # type: ignore[arg-type]
        self.shapes[at : at + 1] = [shape]
        return name

    def _links(self, siblings: list[Shape]) -> tuple[tuple[str, str, bool], ...]:
        rng = self.rng
        chosen = rng.sample(siblings[-8:], min(len(siblings[-8:]), rng.choice((0, 1, 1, 1, 2, 2, 3, 4))))
        found = []
        for source in chosen:
            how = rng.choice(("failed", "finished")) if self._chance() else "succeeded"
            found.append((source.name, how, rng.random() < 0.6))
        return tuple(found)

    def _task_options(self, kind: str, links: tuple[tuple[str, str, bool], ...]) -> dict[str, object]:
        rng = self.rng
        options: dict[str, object] = {"on_crash": rng.choice(("rerun", "rerun", "ask", "fail"))}
        if kind == "manual":
            options["on_crash"] = "rerun"
        if self._chance():
            options["again"] = self._again()
        if self._chance():
            options["timeout"] = rng.choice((2.0, 5.0, 20.0))
        if rng.random() < max(0.2, self.lively):
            options["undo"] = True
        if self._chance():
            options["priority"] = rng.choice((-1, 1, 1, 5))
        if self._chance():
            taken = [source for source, _, data in links if data]
            options["each"] = rng.choice([*LISTS, *taken, *taken])
            options["concurrency"] = rng.choice((0, 0, 1, 2))
        elif self._chance():
            options["loop"] = self._loop()
        return options

    def _flow_options(self, name: str, depth: int) -> dict[str, object]:
        rng = self.rng
        options: dict[str, object] = {"on_failure": rng.choice(POLICIES)}
        inside = [self._task(name, depth + 1)]
        for _ in range(rng.randint(0, 4)):
            if self.left > 0:
                inside.append(self._task(name, depth + 1))
        fed = {source for shape in self.shapes if shape.within == name for source in shape.sources}
        ends = tuple(member for member in inside if member not in fed)
        if rng.random() < 0.3:
            options["gives"] = (rng.choice(inside),)
        else:
            options["gives"] = ends
            options["whole"] = len(ends) == 1
        if self._chance(1.5):
            options["again"] = self._again(each=True)
        if self._chance():
            options["loop"] = self._loop()
        return options

    def _again(self, each: bool = False) -> Again:
        rng = self.rng
        return Again(
            attempts=rng.randint(1, 3),
            delay=rng.choice((0.0, 0.0, 1.0, 4.0)),
            backoff=rng.choice((1.0, 2.0)),
            cap=rng.choice((None, None, 5.0)),
            jitter=rng.choice((0.0, 0.0, 0.5)),
            on=rng.choice(
                ((), (), ("OSError",), ("ValueError", "TimeoutError"), ("flowkit.ItemsFailed", "OSError"))
            ),
            not_on=rng.choice(((), (), ("ValueError",), ("builtins.FileNotFoundError",))),
            each=rng.choice(("none", "one", "two", "three")) if each and rng.random() < 0.3 else "",
        )

    def _loop(self) -> Loop:
        until = self.rng.choice(("", "own", "own", "ask"))
        most = self.rng.randint(1, 3)
        return Loop(until, most if not until or self.rng.random() < 0.6 else None)


def made(seed: int) -> Made:
    """The flow of this number."""
    return Maker(random.Random(f"flow {seed}")).make()
