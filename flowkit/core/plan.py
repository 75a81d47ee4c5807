"""A flow frozen for one run, as data.

A `Plan` is stored with the run and suffices for everything but calling code: structure, options, form schemas, sources and
digests. Subflows are spelt out: their tasks stand in the plan under `name.task`. Nothing here may call or hold a
user's function.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

import msgspec


class Param(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Where one parameter gets its value.

    `kind` is "task" (result of `source`, or its part number `part`), "input" (the flow's input `source`), "fixed"
    (`fixed` is typed JSON text; None where the value can't be stored and stays with the code), "outer" (what the subflow
    `source` itself is given for its parameter `outer`), "own" (the task's own result: of the round before, or the one to be
    undone), "failure" (what the attempt to be undone failed with) or "try" (the value of a `ForEach` in this try, out
    of the list that
    the parameter named `outer` of the subflow `source` is given). `required` is False where the function has a default
    that stands in
    for a missing value.
    """

    name: str
    kind: str
    source: str = ""
    part: int | None = None
    required: bool = True
    fixed: str | None = None
    outer: str = ""


class Asked(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Code beside a task's own: a decider, a loop's condition, an undo. What it takes, and how it is recognised.

    `source` names a task whose truth is the answer, so that nobody needs to be asked; empty where a function answers. `part` as
    in `Param`.
    """

    params: tuple[Param, ...] = ()
    source: str = ""
    part: int | None = None
    text: str = ""
    digest: str = ""
    compiled: str = ""


class RetryPlan(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """When a failed attempt is followed by another. `attempts` in total; times in seconds; `on` and `not_on` are class names,
    short or qualified. `each` is the parameter of a subflow whose list gives each try its value (`ForEach`)."""

    attempts: int
    delay: float = 0.0
    backoff: float = 1.0
    cap: float | None = None
    jitter: float = 0.0
    on: tuple[str, ...] = ()
    not_on: tuple[str, ...] = ()
    each: str = ""


class RepeatPlan(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A loop: again until the condition is true (None: no condition), at most `most` rounds (None: no limit)."""

    until: Asked | None = None
    most: int | None = None


class TaskPlan(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One task: what it takes, what it waits for, what it gives, and how its code is recognised.

    `kind` is "task" (a driver calls it), "manual" (somebody reports) or "flow" (a subflow: the tasks that are `within`
    it do its work,
    and `gives` names those whose results are its own). `after` are tasks that must have succeeded first, without data;
    `upon` says of
    sources how they must have ended, other than by success: (source, "failed" or "finished"). `join` is how many
    sources suffice (0: all of
    them). `each` names the parameter that gets one item at a time, at most `concurrency` at once (0: all). `skip`: what a
    false decider leaves out. `timeout` in seconds from the claim, for manual tasks from the offer. `result` is the form
    schema of its annotation. `digest` names its code, `compiled` the same as one Python compiled it, `source` is for
    reading; `reads`
    maps what the code reads from around it (globals, helper functions, closed-over values) to digests.
    """

    name: str
    kind: str = "task"
    params: tuple[Param, ...] = ()
    after: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    on_crash: str = "rerun"
    result: dict[str, Any] | None = None
    doc: str = ""
    source: str = ""
    digest: str = ""
    compiled: str = ""
    within: str = ""
    upon: tuple[tuple[str, str], ...] = ()
    join: int = 0
    when: Asked | None = None
    skip: str = "dependents"
    each: str = ""
    concurrency: int = 0
    retry: RetryPlan | None = None
    repeat: RepeatPlan | None = None
    timeout: float | None = None
    undo: Asked | None = None
    pause_before: bool = False
    priority: int = 0
    on_failure: str = "stop"
    gives: tuple[str, ...] = ()
    whole: bool = True
    reads: dict[str, str] = {}

    def every_param(self) -> Iterator[Param]:
        """Its parameters and those of all code beside its own."""
        yield from self.params
        for asked in (self.when, self.undo, None if self.repeat is None else self.repeat.until):
            if asked is not None:
                yield from asked.params

    def sources(self) -> tuple[str, ...]:
        """The tasks that this one waits for, each once, in the order in which they are named."""
        names = [p.source for p in self.params if p.kind == "task"]
        names += self.after
        if self.upon or self.when is not None:
            names += [source for source, _ in self.upon]
            if self.when is not None:
                names += [self.when.source] if self.when.source else []
                names += [p.source for p in self.when.params if p.kind == "task"]
        return tuple(names) if len(names) < 2 else tuple(dict.fromkeys(names))

    def asked(self, what: str) -> Asked | None:
        """The code beside the task's own that answers "when" or "until", or that undoes it ("revert"); None where there is none."""
        if what == "until":
            return None if self.repeat is None else self.repeat.until
        return {"when": self.when, "revert": self.undo}.get(what)

    def shape(self) -> "TaskPlan":
        """What makes it structurally this task: all but its code and its words."""
        bare = msgspec.structs.replace(self, doc="", source="", digest="", compiled="", reads={})
        if self.when is None and self.undo is None and self.repeat is None:
            return bare
        repeat = self.repeat and msgspec.structs.replace(self.repeat, until=_bare(self.repeat.until))
        return msgspec.structs.replace(bare, when=_bare(self.when), undo=_bare(self.undo), repeat=repeat)


def _bare(asked: Asked | None) -> Asked | None:
    return asked and msgspec.structs.replace(asked, text="", digest="", compiled="")


class InputPlan(msgspec.Struct, frozen=True, gc=False):
    """An input of the flow: the value must be given at the start unless `required` is False."""

    name: str
    required: bool = True
    schema: dict[str, Any] | None = None


class Plan(msgspec.Struct, frozen=True, gc=False):
    """A frozen flow. `ends` are the tasks that nothing hangs on; `result` names the one whose value is the run's; `definition`
    is a digest of what its author wrote, code apart, from which the structure follows (empty where it is not known)."""

    flow: str
    tasks: tuple[TaskPlan, ...]
    inputs: tuple[InputPlan, ...] = ()
    ends: tuple[str, ...] = ()
    result: str | None = None
    on_failure: str = "stop"
    doc: str = ""
    definition: str = ""

    def structure(self) -> str:
        """A digest of everything but the code: two plans with the same one have the same tasks, links and options."""
        shapes = [task.shape() for task in self.tasks]
        body = msgspec.json.encode([self.flow, shapes, self.inputs, self.result, self.on_failure])
        return hashlib.sha256(body).hexdigest()[:16]

    def encode(self) -> bytes:
        """The plan as JSON."""
        return msgspec.json.encode(self)

    @staticmethod
    def decode(body: bytes | str) -> "Plan":
        """Read what `encode` wrote. Raises `msgspec.DecodeError` on anything else."""
        return msgspec.json.decode(body, type=Plan)
