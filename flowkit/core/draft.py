"""A flow as its author wrote it, before names have become links: names and options, no functions.

Drafts are what a builder collects and `flowkit.core.wire` freezes. Each is compared by identity: what was written again is another.
"""

from __future__ import annotations

import msgspec

from .plan import RetryPlan


class Fault(msgspec.Struct, frozen=True):
    """One thing that is wrong, or doubtful, with a flow. `level` is "error" (a run can't start) or "warning"."""

    task: str
    message: str
    hint: str = ""
    parameter: str = ""
    level: str = "error"

    def __str__(self) -> str:
        where = f"{self.task}({self.parameter})" if self.parameter else self.task
        hint = f" {self.hint}" if self.hint else ""
        return f"{where}: {self.message}.{hint}" if where else f"{self.message}.{hint}"


class AskedDraft(msgspec.Struct, frozen=True, eq=False):
    """Code beside a task's own (a decider, a loop's condition, an undo): its parameters, each with whether it has a default; or
    the name whose truth is the answer."""

    params: tuple[tuple[str, bool], ...] = ()
    source: str = ""
    trouble: tuple[Fault, ...] = ()


class Options(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """What is rarely said of a task. `links` are sources with the end that is asked of them, "failed" or "finished"; `shift` is the
    input of a subflow that each of its tries gives another value; `looped` whether there is a `repeat`."""

    links: tuple[tuple[str, str], ...] = ()
    join: int = 0
    when: AskedDraft | None = None
    skip: str = "dependents"
    each: str = ""
    concurrency: int = 0
    retry: RetryPlan | None = None
    shift: str = ""
    looped: bool = False
    until: AskedDraft | None = None
    most: int | None = None
    timeout: float | None = None
    undo: AskedDraft | None = None
    pause_before: bool = False
    priority: int = 0

    def asked(self) -> tuple[tuple[str, AskedDraft], ...]:
        """All code beside the task's own, each with the word that it goes by."""
        all_three = (("when", self.when), ("until", self.until), ("revert", self.undo))
        return tuple((what, one) for what, one in all_three if one is not None)


class Draft(msgspec.Struct, frozen=True, eq=False):
    """One unit as it was defined. `params` are its parameters' names, each with whether it has a default."""

    name: str
    kind: str
    params: tuple[tuple[str, bool], ...] = ()
    bind: dict[str, str] = {}
    fixed: dict[str, str | None] = {}
    after: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    on_crash: str = "rerun"
    trouble: tuple[Fault, ...] = ()
    more: Options | None = None
