"""Going on with an edited flow: the bill of what is kept and what runs again, and its payment."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from ..core import Fold, Plan, Wiring
from ..core.changes import changes
from ..core.messages import Adopt
from ..core.resetting import hanging
from ..core.states import WAITING
from ..errors import BillStale, UsageError
from .faces import bundled, one_line
from .intake import refuse_no_flow

if TYPE_CHECKING:
    from collections.abc import Mapping


class Bill:
    """What going on with an edited flow costs. Making it changes nothing.

    `again` maps each task that runs again to why, `kept` are those whose results stay, `new` and `gone` those that
    only one of the flows has.
    """

    def __init__(self, run: Any, flow: Any) -> None:
        refuse_no_flow(flow, "run.adopt(flow)")
        self._run = run
        self._flow = flow
        self._plan: Plan = flow.plan()
        door = run._door
        fold = door.refresh()
        old, new = fold.wiring, Wiring(self._plan, fold.wiring.target)
        self._changes: Mapping[str, str] = {
            name: why
            for name, why in changes(old.plan, self._plan).items()
            if name in new.tasks and name in old.tasks
        }
        self.new = [name for name in new.order if name not in old.tasks]
        self.gone = [name for name in old.order if name not in new.tasks]
        units, reopened = hanging(fold, new, (*self._changes, *self.new))
        begun = [name for name in new.order if name in old.tasks and fold.states[name] != WAITING]
        self.again = {
            name: self._changes.get(name) or self._because(new, name) for name in begun if name in units
        }
        self.kept = [name for name in begun if name not in units and name not in reopened]
        self._refuse_missing(fold, new)
        self.seq = fold.seq

    def _refuse_missing(self, fold: Fold, new: Wiring) -> None:
        """Raises UsageError where a task that is to be done asks for an input that this run was started without."""
        users: dict[str, str] = {}
        for name in new.order:
            asked = () if name in self.kept else new.tasks[name].every_param()
            for param in asked:
                if param.kind == "input" and param.source not in fold.inputs:
                    users.setdefault(param.source, name)
        missing = [name for name in users if new.inputs[name].required]
        if missing:
            listed = ", ".join(f"{name!r} (asked for by {users[name]})" for name in missing)
            raise UsageError(
                f"Run {self._run.id} was started without {listed}, and inputs are given at the start only. Nothing was "
                f"recorded. Give the parameter a default or a value, fixed={{{missing[0]!r}: …}}, or start a new run."
            )

    def _because(self, wiring: Wiring, name: str) -> str:
        """Why a task that did not change itself runs again: the nearest changed task that it hangs on, or that is in a subflow that
        it hangs on."""
        met, queue = {name}, [name]
        for one in queue:
            plan = wiring.tasks[one]
            for source in (*plan.sources(), *((plan.within,) if plan.within else ())):
                within = wiring.inside(source) if source in wiring.groups and source != plan.within else ()
                for edited in (source, *within):
                    if edited in self._changes or edited in self.new:
                        return f"hangs on {edited}"
                if source not in met:
                    met.add(source)
                    queue.append(source)
        return "hangs on something that changed"

    def apply(self) -> Any:
        """Put the edited flow into force and give the run; `run.run()` then goes on. Raises BillStale where the run
        has moved on."""
        run, door = self._run, self._run._door
        fold = door.refresh()
        if fold.seq != self.seq and Bill(run, self._flow).again != self.again:
            raise BillStale(
                f"{door.run_id} has moved on since this bill was made: make another, run.adopt(flow). Nothing was recorded."
            )
        digest = hashlib.sha256(self._plan.encode()).hexdigest()[:32]
        message = Adopt(plan=digest, changes=dict(self._changes))
        door.adopt(message, self._plan)
        run._tasks = self._flow.all_tasks()
        return run

    @property
    def words(self) -> str:
        """The bill as lines of text."""
        lines = [f"runs again: {name} ({why})" for name, why in self.again.items()]
        lines += [f"new: {', '.join(self.new)}"] if self.new else []
        lines += [f"gone: {', '.join(self.gone)}"] if self.gone else []
        lines += (
            [f"edited, not begun yet: {', '.join(n for n in self._changes if n not in self.again)}"]
            if any(n not in self.again for n in self._changes)
            else []
        )
        if not lines:
            lines = ["nothing runs again"]
        if self.kept:
            lines.append(f"kept: {', '.join(self.kept)}")
        return "\n".join(lines)

    @one_line
    def __repr__(self) -> str:
        return self.words.replace("\n", "; ")

    @bundled
    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": f"{self.words}\nbill.apply() puts it into force."}
