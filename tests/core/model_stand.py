"""What the reference model knows of a run: its units in plain fields, and what can be told by looking at them.

Nothing is counted here and nothing remembered twice: whether a link is met, a join is met or a subflow has ended is
read off the
states each time it is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.core.shapes import LISTS, Made, Shape

OPEN = frozenset({"waiting", "ready", "running", "retrying", "lost"})
ENDED = frozenset({"succeeded", "failed", "skipped", "cancelled", "reverted", "revert_failed"})
OVER = frozenset({"succeeded", "failed", "cancelled", "reverted"})
RESTING = frozenset({"pausing", "paused"})

Failure = tuple[str, ...]  # its types, and what it says last


class Unit:
    """A task, an item or a subflow. `number` is an item's; `parent` the task over items that it belongs to.

    What `forget` sets begins anew with each reset. `accepted` has the accepted reports by attempt, `gone` how other
    attempts ended.
    """

    def __init__(
        self, name: str, shape: Shape, index: int, parent: Unit | None = None, number: int = -1
    ) -> None:
        self.name, self.shape, self.parent, self.number = name, shape, parent, number
        self.place = (index, number)
        self.attempt = 0
        self.accepted: dict[int, tuple[str, Any]] = {}
        self.gone: dict[int, str] = {}
        self.offered = 0  # the number of its offer among all
        self.forget()

    def forget(self) -> None:
        self.state = "waiting"
        self.begun = False  # an attempt was offered, or it was opened
        self.tried = False  # an attempt of it ended without a result
        self.has, self.value = False, None
        self.failure: Failure | None = None
        self.outcome, self.handled, self.failed_at = "", False, 0
        self.used: tuple[str, ...] | None = None  # the sources that count, once that is settled
        self.question = ""
        self.answers: dict[str, Any] = {}
        self.tries = self.losses = self.round = 0
        self.looping = False  # a round has ended, and nobody knows yet whether it was the last
        self.due: float | None = None
        self.deadline: float | None = None
        self.claimed = False
        self.undo = 0  # the attempt that undoes it
        self.mode = ""  # of a subflow: "failing", "undoing" or "retrying", while it winds down
        self.by: Unit | None = None  # for what failed in it,
        self.wound = 0  # how many failures there had been then
        self.why: Failure | None = None  # and how that will be told of the subflow
        self.trying = 1
        self.opened_at = (0, 0, 0)  # after so many messages, offers and questions
        self.given = False  # its result was there from the start
        self.halted = False  # it stands before a breakpoint

    @property
    def manual(self) -> bool:
        return self.shape.kind == "manual"

    @property
    def is_item(self) -> bool:
        return self.parent is not None

    @property
    def is_group(self) -> bool:
        return self.shape.kind == "flow" or bool(self.shape.each and not self.is_item)

    @property
    def is_each(self) -> bool:
        return bool(self.shape.each and not self.is_item)


class Stand:
    """Where a run stands."""

    def __init__(self, made: Made) -> None:
        shapes = {shape.name: shape for shape in made.shapes}
        kept = _needed(shapes, made.target) if made.target else set(shapes)
        self.made = made
        self.run = ""
        self.at = 0.0
        self.units: dict[str, Unit] = {}
        self.dependents: dict[str, list[Unit]] = {name: [] for name in kept}
        self.members: dict[str, list[Unit]] = {"": []}
        self.items: dict[str, list[Unit]] = {}  # of each opened task over items
        for index, shape in enumerate(made.shapes):
            if shape.name in kept:
                unit = self.units[shape.name] = Unit(shape.name, shape, index)
                self.members.setdefault(shape.within, []).append(unit)
                for source in shape.sources:
                    self.dependents[source].append(unit)
        self.tasks = list(self.units.values())
        self.breaks: dict[str, bool] = {u.name: True for u in self.tasks if u.shape.pause_before}
        self.work: list[Unit] = []
        self.offers = self.failures = self.asked = self.messages = 0
        self.ended_by = ""
        self.undoing = False  # the run is being undone, also while that is paused
        self.stuck = ""  # the failure for which the run rests
        self.spares: dict[str, Unit] = {}  # items by address, also those of tasks that are to be counted anew

    # Neighbours ---------------------------------------------------------------------------------------------

    def outer(self, unit: Unit) -> Unit | None:
        """The group that a unit is directly in; None for the run."""
        if unit.parent is not None:
            return unit.parent
        return self.units[unit.shape.within] if unit.shape.within else None

    def enclosing(self, unit: Unit) -> Iterator[Unit]:
        group = self.outer(unit)
        while group is not None:
            yield group
            group = self.outer(group)

    def parts(self, group: Unit | None) -> list[Unit]:
        """What a group (None: the run) is directly made of."""
        if group is None:
            return self.members[""]
        return self.items.get(group.name, []) if group.is_each else self.members.get(group.name, [])

    def inside(self, group: Unit | None) -> list[Unit]:
        """All that is in a group, a group before what is in it."""
        found: list[Unit] = []
        for part in self.parts(group):
            found.append(part)
            if part.is_group:
                found += self.inside(part)
        return found

    def everything(self) -> list[Unit]:
        """All units, in the order of the plan; items after their task."""
        if not self.items:
            return self.tasks
        return [unit for task in self.tasks for unit in (task, *self.items.get(task.name, ()))]

    def downstream(self, unit: Unit) -> set[Unit]:
        """All that hangs on a unit in its scope, directly or not."""
        found: set[Unit] = set()
        todo = [unit.parent or unit]
        while todo:
            for dependent in self.dependents[todo.pop().name]:
                if dependent not in found:
                    found.add(dependent)
                    todo.append(dependent)
        return found

    # Whether anything may go on ------------------------------------------------------------------------------

    def stopping(self, unit: Unit) -> bool:
        """Whether nothing new starts where it stands, for good."""
        if self.run == "failing" or self.undoing or self.run in OVER:
            return True
        return any(group.mode or group.state != "running" for group in self.enclosing(unit))

    def moving(self, unit: Unit) -> bool:
        """Whether something new may start where it stands, now."""
        return self.run == "running" and all(
            g.state == "running" and not g.mode for g in self.enclosing(unit)
        )

    def claims(self) -> list[Unit]:
        return [unit for unit in self.everything() if unit.claimed]

    def standing(self, group: Unit | None) -> list[Unit]:
        """The failures in a scope that nobody took care of, the first one first."""
        found = [u for u in self.parts(group) if u.state == "failed" and not u.handled]
        return sorted(found, key=lambda unit: unit.failed_at)

    # Links and joins -----------------------------------------------------------------------------------------

    def link(self, source: Unit, how: str) -> str:
        """ "open", "met", or how it can't be met any more: "failed" or "skipped"."""
        if source.state == "succeeded":
            return "skipped" if how == "failed" else "met"
        if source.state == "failed":
            return "failed" if how == "succeeded" else "met"
        if source.state == "skipped":
            return "met" if source.shape.skip == "self" and how != "failed" else "skipped"
        return "open"

    def join(self, unit: Unit, but: Unit | None = None) -> str:
        """ "open", "met", or how it ends the unit if it can't be met: "failed" or "skipped". (`but`: as if that source
        were still open.)"""
        links = [
            "open" if but and source == but.name else self.link(self.units[source], how)
            for source, how, _ in unit.shape.links
        ]
        needed = unit.shape.join or len(links)
        dead = [link for link in links if link not in ("open", "met")]
        if len(links) - len(dead) < needed:
            return "failed" if "failed" in dead else "skipped"
        return "met" if links.count("met") >= needed else "open"

    def met(self, unit: Unit) -> tuple[str, ...]:
        """The sources whose links are met."""
        return tuple(s for s, how, _ in unit.shape.links if self.link(self.units[s], how) == "met")

    def settled(self, unit: Unit) -> bool:
        """Whether the sources of a unit don't matter any more: it was asked about, or went on."""
        return unit.used is not None or unit.state != "waiting"

    def takes_care(self, failed: Unit) -> bool:
        """Whether a link or a join goes on from this failure: it is asked for, or can be done without, or was done without."""
        for dependent in self.dependents.get(failed.name, ()):
            how = next(how for source, how, _ in dependent.shape.links if source == failed.name)
            if how != "succeeded" and dependent.state == "waiting":
                return True
            if dependent.shape.join and not dependent.given:
                before = dependent.used is not None or self.join(dependent, but=failed) == "met"
                if before or (dependent.state == "waiting" and self.join(dependent) in ("open", "met")):
                    return True
        return False

    # Values --------------------------------------------------------------------------------------------------

    def read(self, unit: Unit) -> tuple[bool, Any]:
        """Whether a unit has a value to be read, and which; that of a group is composed of those of its parts."""
        if unit.state != "succeeded":
            return False, None
        if unit.has or not unit.is_group:
            return unit.has, unit.value
        if unit.is_each:
            return True, tuple(self.read(item)[1] for item in self.parts(unit))
        given = {name: self.read(self.units[name]) for name in unit.shape.gives if name in self.units}
        if unit.shape.whole:
            return True, next((value for _, value in given.values()), None)
        return True, {name: value for name, (_, value) in given.items()}

    def listed(self, unit: Unit) -> Any:
        """What a task over items, or a ForEach, is to go over."""
        name = unit.shape.each or (unit.shape.again.each if unit.shape.again else "")
        if name in LISTS:
            return LISTS[name]
        return self.read(self.units[name])[1] if name in self.met(unit) else None


def _needed(shapes: dict[str, Shape], target: str) -> set[str]:
    """A target, what it needs, and what these are made of."""
    found: set[str] = set()
    todo = [target]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += shapes[name].sources
            todo += [n for n, shape in shapes.items() if shape.within == name]
            todo += [shapes[name].within] if shapes[name].within else []
    return found
