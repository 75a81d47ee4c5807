"""The messages that may come through the engine's one door.

A message is what somebody wants or says; what follows from it are facts. Values in it are stored values already, since the
core never looks inside a value.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from .facts import Claimant
from .failure import Failure


class Message(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Common to all messages."""

    kind: ClassVar[str] = "Message"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.kind = cls.__name__


class Start(Message, frozen=True, kw_only=True, gc=False):
    """Begin a run. `results` are given beforehand, by task."""

    flow: str
    plan: str
    inputs: dict[str, Any]
    target: str | None = None
    results: dict[str, Any] = {}
    seed: int = 0


class Claim(Message, frozen=True, kw_only=True, gc=False):
    """I am about to enter this task's current attempt; without a task: that of the one that has been ready longest.

    `among` restricts the choice to some tasks (any container of names; None: all of them).
    """

    claimant: Claimant
    task: str | None = None
    among: Any = None


class Report(Message, frozen=True, kw_only=True, gc=False):
    """This attempt (None: the current or last one) ended with this value, or with this failure.

    `then` is what the driver would do next: if the report is accepted and the run goes on, the claim is part of what follows.
    `problem` is an error that the door found in the value; it is raised only if nothing earlier in the order of answers
    applies. `via` is "run" or "hand".
    """

    task: str
    attempt: int | None = None
    value: Any = None
    failure: Failure | None = None
    via: str = "hand"
    note: str = ""
    then: Claim | None = None
    problem: Any = None


class Release(Message, frozen=True, kw_only=True, gc=False):
    """I give this attempt back, unfinished and without blame."""

    task: str
    attempt: int
    reason: str = ""


class Tick(Message, frozen=True, kw_only=True, gc=False):
    """Time passed; these claims were seen to be held by nobody living: (task, attempt) each."""

    gone: tuple[tuple[str, int], ...] = ()


class Pause(Message, frozen=True, kw_only=True, gc=False):
    """No new offers and claims, please."""

    note: str = ""


class Resume(Message, frozen=True, kw_only=True, gc=False):
    """Go on."""

    note: str = ""


class Cancel(Message, frozen=True, kw_only=True, gc=False):
    """End the run; whatever is open counts no more."""

    note: str = ""


class Break(Message, frozen=True, kw_only=True, gc=False):
    """Pause in front of this task."""

    task: str


class ClearBreak(Message, frozen=True, kw_only=True, gc=False):
    """Do not pause in front of this task any more."""

    task: str


class Reply(Message, frozen=True, kw_only=True, gc=False):
    """The answer to a question: a truth, for "each" the number of items, or the failure that the code raised.

    `number` says which one is meant (`Fold.asking`; None: the one that is open, or was last). `then` as in `Report`.
    """

    task: str
    what: str
    number: int | None = None
    answer: bool | int | None = None
    failure: Failure | None = None
    via: str = "hand"
    note: str = ""
    then: Claim | None = None


class Skip(Message, frozen=True, kw_only=True, gc=False):
    """Leave this task (or item) out, whatever became of it."""

    task: str
    note: str = ""


class Rerun(Message, frozen=True, kw_only=True, gc=False):
    """Do this task (or item) again. `items`: all of them, or the failed ones only. `downstream`: and what hangs on it."""

    task: str
    items: str = "all"
    downstream: bool = True
    note: str = ""


class Revert(Message, frozen=True, kw_only=True, gc=False):
    """Undo all that was done."""

    note: str = ""


class Adopt(Message, frozen=True, kw_only=True, gc=False):
    """Go on with another plan, known to the fold's `plans` by its digest. `changes`: the tasks that have to run again,
    and why."""

    plan: str
    changes: dict[str, str] = {}
    note: str = ""


class Emit(Message, frozen=True, kw_only=True, gc=False):
    """A task says something while it works."""

    task: str
    attempt: int
    topic: str
    payload: Any = None
