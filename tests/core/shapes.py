"""The flows that the reference model and the core are compared on: as small data, as a plan, and as text to read.

The model knows shapes alone, the core plans alone, so that neither can take a neighbour from the other.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from flowkit.core import Param, Plan, TaskPlan
from flowkit.core.plan import Asked, InputPlan, RepeatPlan, RetryPlan
from flowkit.core.values import Json

LISTS: dict[str, Any] = {"none": (), "one": (7,), "two": (0, "b"), "three": (1, 2, 3), "word": "no list"}
"""The inputs of every made-up flow, by name: what `each` and `ForEach` may go over."""


class _Said:
    """Shown as the call that makes it, with only what isn't as usual."""

    def __repr__(self) -> str:
        said = [
            f"{f.name}={getattr(self, f.name)!r}"
            for f in fields(self)  # type: ignore[arg-type]
            if getattr(self, f.name) != f.default
        ]
        return f"{type(self).__name__}({', '.join(said)})"


@dataclass(frozen=True, repr=False)
class Again(_Said):
    """A retry: attempts in total, times in seconds, which failures. `each`: the input whose list a subflow's tries go
    through."""

    attempts: int = 2
    delay: float = 0.0
    backoff: float = 1.0
    cap: float | None = None
    jitter: float = 0.0
    on: tuple[str, ...] = ()
    not_on: tuple[str, ...] = ()
    each: str = ""


@dataclass(frozen=True, repr=False)
class Loop(_Said):
    """A repeat. `until`: "" (no condition), "own" (the truth of its own value) or "ask" (code answers)."""

    until: str = ""
    most: int | None = None


@dataclass(frozen=True, repr=False)
class Shape(_Said):
    """One task of a made-up flow. `links` are its sources, each with how it must have ended, and whether its value is taken.

    `when`: "" (always), "ask" (code answers) or the source whose truth it is. `each`: "" or where the list comes from:
    the name of an
    input, or of a source. `gives` are the members of a subflow whose results are its own; `whole` says that there is one.
    """

    name: str
    kind: str = "task"
    within: str = ""
    links: tuple[tuple[str, str, bool], ...] = ()
    join: int = 0
    when: str = ""
    skip: str = "dependents"
    each: str = ""
    concurrency: int = 0
    again: Again | None = None
    loop: Loop | None = None
    timeout: float | None = None
    undo: bool = False
    on_crash: str = "rerun"
    priority: int = 0
    pause_before: bool = False
    on_failure: str = "stop"
    gives: tuple[str, ...] = ()
    whole: bool = True

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(source for source, _, _ in self.links)


@dataclass(frozen=True)
class Made:
    """A made-up flow, and how its run begins."""

    shapes: tuple[Shape, ...]
    on_failure: str = "stop"
    target: str | None = None
    given: tuple[tuple[str, Any], ...] = ()
    seed: int = 0

    def __str__(self) -> str:
        lines = "".join(f"    {shape!r},\n" for shape in self.shapes)
        rest = (
            f"on_failure={self.on_failure!r}, target={self.target!r}, given={self.given!r}, seed={self.seed}"
        )
        return f"Made((\n{lines}), {rest})"

    def without(self, name: str) -> Made:
        """The same flow without a task, and without all that would make no sense then."""
        gone = {name, *(s.name for s in self.shapes if s.name.startswith(f"{name}."))}
        scope = name.rpartition(".")[0]
        if scope and all(s.name in gone for s in self.shapes if s.within == scope):
            return self  # a subflow has something in it
        kept = []
        for shape in self.shapes:
            if shape.name in gone:
                continue
            links = tuple(link for link in shape.links if link[0] not in gone)
            changed: dict[str, Any] = {"links": links, "join": min(shape.join, len(links))}
            changed["when"] = "" if shape.when in gone else shape.when
            changed["each"] = "" if shape.each in gone else shape.each
            changed["gives"] = tuple(g for g in shape.gives if g not in gone)
            kept.append(_changed(shape, changed))
        return Made(
            tuple(kept),
            self.on_failure,
            None if self.target in gone else self.target,
            tuple((n, v) for n, v in self.given if n not in gone),
            self.seed,
        )


def _changed(shape: Shape, changed: dict[str, Any]) -> Shape:
    return Shape(**{**{f.name: getattr(shape, f.name) for f in fields(shape)}, **changed})


def stored(value: Any) -> Any:
    """A value of the model as the core stores it: lists are tuples here and JSON text there."""
    if isinstance(value, tuple):
        return Json("[" + ",".join(_text(item) for item in value) + "]")
    return value


def _text(item: Any) -> str:
    return stored(item).text if isinstance(item, tuple) else _JSON.get(item, repr(item).replace("'", '"'))


_JSON = {None: "null"}


def plan_of(made: Made) -> Plan:
    """The plan of a made-up flow."""
    used = {source for shape in made.shapes for source in shape.sources}
    ends = tuple(s.name for s in made.shapes if s.name not in used and not s.within)
    tasks = tuple(_task(shape) for shape in made.shapes)
    inputs = tuple(InputPlan(name) for name in LISTS)
    return Plan("made up", tasks, inputs, ends, on_failure=made.on_failure)


def _task(shape: Shape) -> TaskPlan:
    params = [Param(source.rpartition(".")[2], "task", source) for source, _, taken in shape.links if taken]
    after = tuple(source for source, how, taken in shape.links if how == "succeeded" and not taken)
    upon = tuple((source, how) for source, how, _ in shape.links if how != "succeeded")
    each = ""
    if shape.each:
        each = shape.each.rpartition(".")[2]
        if shape.each in LISTS:
            params.append(Param(each, "input", each))
    if shape.again is not None and shape.again.each:
        params.append(Param(shape.again.each, "input", shape.again.each))
    when = None
    if shape.when:
        when = Asked() if shape.when == "ask" else Asked(source=shape.when)
    return TaskPlan(
        name=shape.name,
        kind=shape.kind,
        params=tuple(params),
        after=after,
        upon=upon,
        within=shape.within,
        join=shape.join,
        when=when,
        skip=shape.skip,
        each=each,
        concurrency=shape.concurrency,
        retry=shape.again
        and RetryPlan(**{f.name: getattr(shape.again, f.name) for f in fields(shape.again)}),
        repeat=_repeat(shape),
        timeout=shape.timeout,
        undo=Asked() if shape.undo else None,
        on_crash=shape.on_crash,
        priority=shape.priority,
        pause_before=shape.pause_before,
        on_failure=shape.on_failure,
        gives=shape.gives,
        whole=shape.whole,
    )


def _repeat(shape: Shape) -> RepeatPlan | None:
    if shape.loop is None:
        return None
    until = {"": None, "own": Asked(source=shape.name), "ask": Asked()}[shape.loop.until]
    return RepeatPlan(until, shape.loop.most)
