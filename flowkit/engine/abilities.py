"""What of a run this process can do: it has the code, and it is the code that the run was started with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core import Fold, Wiring
from .task import Unit


class Code:
    """The code that this process has for a run: `tasks` by unit name (tasks and subflows), and `here`, what it may
    take: names of tasks
    that it may enter, and (name, "revert") for those that it may undo."""

    def __init__(self, wiring: Wiring, tasks: Mapping[str, Any]) -> None:
        self.tasks: dict[str, Any] = dict(tasks)
        self.wiring = wiring
        self.here: set[Any] = {
            name
            for name, plan in wiring.tasks.items()
            if plan.kind == "task" and name in self.tasks and self.tasks[name].fits(plan)
        }
        for name in wiring.undoable:
            if name in self.tasks and self.tasks[name].fits(wiring.tasks[name], "revert"):
                self.here.add((name, "revert"))

    def able(self, name: str) -> str:
        """Whether this process can enter a task: "here", "missing" (no code), "changed" (other code), "manual", or
        "parts" for a subflow."""
        if name in self.here:
            return "here"
        if name in self.wiring.manual:
            return "manual"
        if name in self.wiring.groups:
            return "parts"
        task = self.tasks.get(name)
        return "missing" if task is None or getattr(task, "manual", True) else "changed"

    def able_of(self, fold: Fold, unit: str, kind: str = "do") -> str:
        """The same for a unit of any kind, its undo ("revert"), or an open question ("when", "until", "each")."""
        name = fold.task_of(unit)
        if kind == "do":
            return self.able(name)
        if kind == "revert":
            if (name, "revert") in self.here:
                return "here"
        elif self.can_answer(fold, name, kind):
            return "here"
        task = self.tasks.get(name)
        return "missing" if task is None or kind == "each" or task.asked(kind) is None else "changed"

    def can_answer(self, fold: Fold, name: str, what: str = "") -> bool:
        """Whether this process can answer the open question of a task, or one of that sort."""
        what, plan = what or fold.questions[name], self.wiring.tasks[name]
        if what == "each":
            return True  # the value is there for everybody: it is only counted
        asked = plan.asked(what)
        if asked is not None and asked.source:
            return True
        unit: Unit | None = self.tasks.get(name)
        return unit is not None and unit.fits(plan, what)

    def question(self, fold: Fold, among: Any = None) -> str | None:
        """The task whose open question this process can answer first; `among` restricts the choice."""
        for name in fold.questions:
            if (among is None or name in among) and self.can_answer(fold, name):
                return name
        return None

    def fixed(self, name: str) -> Mapping[str, Any]:
        """The fixed values that stay with the code of a task or a subflow."""
        task = self.tasks.get(name)
        return {} if task is None else task.fixed

    def changed(self) -> list[str]:
        """The tasks whose code here is not the recorded one."""
        return [name for name in self.wiring.tasks if self.able(name) == "changed"]
