"""Which tasks of a run this process can enter: it has their code, and it is the code that the run was started with."""

from __future__ import annotations

from collections.abc import Mapping

from ..core import Wiring
from .task import Task


class Code:
    """The code that this process has for a run: `tasks` by name, and `here`, the names of those that it may enter."""

    def __init__(self, wiring: Wiring, tasks: Mapping[str, Task]) -> None:
        self.tasks = dict(tasks)
        self._wiring = wiring
        self.here = {
            name
            for name, plan in wiring.tasks.items()
            if plan.kind == "task" and name in self.tasks and self.tasks[name].fits(plan)
        }

    def able(self, name: str) -> str:
        """Whether this process can enter a task: "here", "missing" (no code), "changed" (other code) or "manual"."""
        if name in self.here:
            return "here"
        if name in self._wiring.manual:
            return "manual"
        task = self.tasks.get(name)
        return "missing" if task is None or task.manual else "changed"

    def changed(self) -> list[str]:
        """The tasks whose code here is not the recorded one."""
        return [name for name in self._wiring.tasks if self.able(name) == "changed"]
