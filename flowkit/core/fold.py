"""The fold: where a run stands, as its facts left it.

A `Fold` is read by everybody and changed by `evolve` alone (`evolve.py`). It holds no rule: what became ready, skipped
or cancelled
is written in the facts. Units are tasks, subflows and items; an item is in none of the mappings until something
happened to it alone,
so that a task over many items costs what was done of it.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from . import facts as f
from .failure import Failure
from .plan import TaskPlan
from .states import CANCELLED, FAILED, FINISHED, READY, REVERTING, RUNNING, SKIPPED, SUCCEEDED, WAITING
from .wiring import Wiring, split

Plans = Callable[[str], Wiring]
"""Where an adopted plan is looked up by its digest."""


class Items:
    """The items of one task: `total` of them, the first `offered` have been offered, `busy` are offered and not ended,
    `open` are not ended.

    `cursor` is the first item that is offered and untouched, `again` are items that were reset and wait for a free
    place, `failed` are
    those that failed; `backwards` is where undoing has come to, from the last item on.
    """

    __slots__ = ("again", "backwards", "busy", "cursor", "failed", "offered", "open", "total")

    def __init__(self, total: int) -> None:
        self.total = self.open = self.backwards = total
        self.offered = self.busy = self.cursor = 0
        self.again: dict[str, None] = {}
        self.failed: dict[str, None] = {}


class Undone(msgspec.Struct, frozen=True):
    """Stands among the reports for the success of an undo, whose value is of no account."""


class Fold:
    """Where one run stands.

    `state` is the run's, `states` each unit's; `attempts` counts the offers of a unit; `values` and `failures` are what ended
    them; `claims` says who is at work; `queue` holds what a driver may take in the order in which it was offered, or `lanes`
    do, one for each priority, where tasks have any; `people` what people were asked; `left` counts the links that have not
    been decided yet, `dead` maps a task to its sources that ended otherwise than its links ask ("failed" or "skipped");
    `held` are units that can go on as soon as the run does.
    `open` counts the tasks of the run itself that have not ended, `inside` those directly in each subflow.

    `questions` are open ones, `answers` and `counts` what was answered, `replies` the same of every question by its number;
    `used` the sources of units that don't use
    all. `rounds` and `last` are
    number and value of a loop's last round. `tries` counts failed attempts, `losses` those whose process died. `due` and
    `deadlines` are times (seconds since the epoch) of retries and timeouts, `timers` a heap of both as (time, unit, attempt,
    "retry" or "timeout"). `reports` are accepted reports of attempts that are
    not the last, `past` how others ended. `failing` maps subflows in which nothing starts any more to the task that
    failed, `trying` to the
    number of the try, `undoing` a scope ("" for the run) to what is left to be undone, `undos` units to the attempt of
    their undo. `unhandled` are failures
    that nobody took care of, by scope. `generations` counts resets. `stale` are units whose sources were done again since.
    """

    __slots__ = (
        "answers",
        "at",
        "attempts",
        "before",
        "breaks",
        "causes",
        "claims",
        "counts",
        "dead",
        "deadlines",
        "due",
        "ended_by",
        "failing",
        "failures",
        "generations",
        "heights",
        "held",
        "inputs",
        "inside",
        "items",
        "lanes",
        "last",
        "left",
        "losses",
        "lost",
        "open",
        "opened",
        "outcomes",
        "past",
        "people",
        "plainly",
        "plans",
        "questions",
        "queue",
        "reason",
        "replies",
        "reports",
        "results",
        "rounds",
        "seed",
        "seq",
        "stale",
        "started",
        "state",
        "states",
        "stuck",
        "timers",
        "tries",
        "trying",
        "undoing",
        "undos",
        "unhandled",
        "used",
        "values",
        "via",
        "wiring",
    )

    def __init__(self, wiring: Wiring, plans: Plans | None = None) -> None:
        self.wiring = wiring
        self.plans = plans
        self.seq = 0
        self.at = 0.0
        self.started = 0.0
        self.state = ""
        self.reason = ""  # why the run rests, or is failing
        self.stuck = ""  # the failed task that the run rests for
        self.ended_by = ""  # the first task that failed
        self.seed = 0
        self.inputs: dict[str, Any] = {}
        self.results: dict[str, Any] = {}
        self.states: dict[str, str] = dict.fromkeys(wiring.order, WAITING)
        self.attempts: dict[str, int] = {}
        self.values: dict[str, Any] = {}
        self.via: dict[str, str] = {}  # "hand" or "given", where it was one of these
        self.failures: dict[str, Failure] = {}
        self.outcomes: dict[str, str] = {}  # how a unit failed, where its attempt didn't simply fail
        self.claims: dict[str, f.Claimant] = {}
        self.queue: OrderedDict[str, None] = OrderedDict()
        self.lanes: dict[int, OrderedDict[str, None]] = {}
        self.heights: list[int] = []  # a heap of the priorities that anything stands in line with, negated
        self.people: dict[str, None] = {}
        self.left: dict[str, int] = wiring.needs.copy()
        self.dead: dict[str, dict[str, str]] = {}
        self.held: dict[str, None] = {}
        self.lost: dict[str, None] = {}
        self.losses: dict[str, int] = {}
        self.tries: dict[str, int] = {}
        self.past: dict[tuple[str, int], str] = {}
        self.reports: dict[tuple[str, int], Any] = {}
        self.breaks: dict[str, bool] = dict.fromkeys(wiring.paused, True)  # task → still armed on this visit
        self.questions: dict[str, str] = {}
        self.answers: dict[str, bool] = {}
        self.replies: dict[tuple[str, str, int], bool | int] = {}
        self.counts: dict[str, int] = {}
        self.used: dict[str, tuple[str, ...]] = {}
        self.rounds: dict[str, int] = {}
        self.last: dict[str, Any] = {}
        self.due: dict[str, float] = {}
        self.deadlines: dict[str, float] = {}
        self.timers: list[tuple[float, str, int, str]] = []
        self.items: dict[str, Items] = {}
        self.opened: dict[str, None] = {}  # subflows and tasks over items that have begun
        self.failing: dict[str, str] = {}
        self.causes: dict[
            str, Failure
        ] = {}  # what that task failed with, which is forgotten when it is undone
        self.trying: dict[str, int] = {}
        self.undoing: dict[str, deque[str]] = {}
        self.undos: dict[str, int] = {}
        self.unhandled: dict[str, dict[str, None]] = {}
        self.generations: dict[str, int] = {}
        self.before: dict[str, int] = {}  # attempts in earlier generations
        self.stale: dict[str, None] = {}
        self.plainly = True  # whether nothing was done again, or undone, so far
        self.open = len(wiring.roots)
        self.inside: dict[str, int] = {name: len(members) for name, members in wiring.members.items()}

    @property
    def ended(self) -> bool:
        """Whether the run has come to an end."""
        return self.state in FINISHED

    @property
    def out(self) -> int:
        """How many attempts somebody may still report: claimed, lost, or offered to people."""
        return len(self.claims) + len(self.lost) + len(self.people)

    def task_of(self, unit: str) -> str:
        """The task that a unit is, or is an item of. Raises KeyError for what is no unit of this run."""
        if unit in self.wiring.tasks:
            return unit
        if unit[-1:] != "]" or "[" not in unit:
            raise KeyError(unit)
        name, number = split(unit)
        items = self.items.get(name)
        if items is None or number >= items.total or f"{name}[{number}]" != unit:
            raise KeyError(unit)
        return name

    def plan_of(self, unit: str) -> TaskPlan:
        """The plan of a task, or of the task that an item belongs to."""
        return self.wiring.tasks[self.task_of(unit)]

    def state_of(self, unit: str) -> str:
        """The state of any unit, also of an item that nothing happened to yet."""
        state = self.states.get(unit)
        if state is not None:
            return state
        name = self.task_of(unit)
        whole = self.states[name]
        if whole == FAILED:
            return SKIPPED  # it failed before it could go on
        if whole != RUNNING:
            return whole if whole in (SKIPPED, WAITING) else CANCELLED
        return READY if split(unit)[1] < self.items[name].offered else WAITING

    def attempt_of(self, unit: str) -> int:
        """The number of a unit's current or last attempt; 0 where there was none."""
        number = self.attempts.get(unit, 0)
        if unit in self.states:
            return number
        offered = split(unit)[1] < self.items[self.task_of(unit)].offered
        return number + 1 if offered else number

    def asking(self, unit: str, what: str) -> int:
        """The number of a unit's question: of the attempt that it is about, or that would follow, and one more after each reset.

        So no two questions of one sort have the same.
        """
        number = self.attempt_of(unit) + self.generations.get(unit, 0)
        return number if what == "until" else number + 1

    def scope_of(self, unit: str) -> str:
        """The subflow that a unit is in; "" for the run itself."""
        scopes = self.wiring.scope
        return scopes.get(self.task_of(unit), "") if scopes else ""

    def is_manual(self, unit: str) -> bool:
        """Whether people are asked for it."""
        manual = self.wiring.manual
        return unit in manual or (
            bool(manual) and unit not in self.wiring.tasks and self.task_of(unit) in manual
        )

    def line(self) -> Iterator[str]:
        """All that may be taken, the next one first; a task over items stands for the next of them."""
        if not self.lanes:
            yield from self.queue
            return
        highest = -self.heights[0]
        yield from self.lanes[highest]
        for priority in sorted(self.lanes, reverse=True):  # rarely wanted: they are not even sorted before
            if priority != highest:
                yield from self.lanes[priority]

    def taken_next(self, name: str) -> str:
        """The unit that a claim of `name`, out of `line`, would take."""
        items = self.items.get(name)
        return name if items is None or self.states[name] != RUNNING else f"{name}[{items.cursor}]"

    def next_ready(self) -> str | None:
        """The function unit that would be taken next, or None; the same wherever the same facts were read."""
        name = next(self.line(), None)
        return None if name is None else self.taken_next(name)

    def next_due(self) -> float | None:
        """When something is due next (seconds since the epoch), in a run that could act on it; None where nothing is."""
        moving = self.state in (RUNNING, REVERTING)
        if self.timers:
            time, unit, _, what = self.timers[0]
            live = self.deadlines if what == "timeout" else self.due if moving else {}
            if live.get(unit) == time and unit not in self.wiring.groups:
                return time
        due = [time for unit, time in self.due.items() if not self._held_up(unit)] if moving else []
        return min([*self.deadlines.values(), *due], default=None)

    def _held_up(self, unit: str) -> bool:
        """Whether a subflow that is to be tried again has to wait for somebody, and not for its time alone."""
        wiring = self.wiring
        if unit not in wiring.groups:
            return False
        out = (*self.claims, *self.lost, *self.people, *self.undos, *self.line())
        return any(unit in wiring.enclosing(self.task_of(one)) for one in out)

    def sources_used(self, unit: str) -> tuple[str, ...]:
        """The sources whose results an attempt of this unit gets."""
        name = self.task_of(unit)
        return self.used.get(name) or self.wiring.tasks[name].sources()

    def has_outcome(self, unit: str) -> bool:
        """Whether it ended with a value or a failure of its own."""
        return self.states.get(unit) in (SUCCEEDED, FAILED)
