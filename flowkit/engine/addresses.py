"""Whom somebody means: a task, an item, a subflow, by name or by the object; and whether a step of it can be taken here."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from ..core import Fold
from ..core.refusals import not_ready
from ..core.states import FINISHED, READY
from ..errors import NotReady, UsageError
from .abilities import Code
from .door import Door


def named(door: Door, task: Any) -> str:
    """The name of a task, or the address of an item, of the run. Raises UsageError when there is none of that name."""
    name, wiring = getattr(task, "name", task), door.wiring
    if isinstance(name, str):
        if name in wiring.tasks:
            return name
        try:
            door.refresh().task_of(name)
        except KeyError:
            pass
        else:
            return name
    if wiring.target is not None and any(one.name == name for one in wiring.plan.tasks):
        text = f"{name!r} is not part of run {door.run_id}: its target, {wiring.target!r}, does not need it."
        raise UsageError(text)
    near = get_close_matches(str(name), wiring.order, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(wiring.order[:8])}."
    task_name = name.rpartition("[")[0] if isinstance(name, str) else ""
    if task_name in wiring.eaches:
        items = door.fold.items.get(task_name)
        hint = (
            f"{task_name} has {items.total} items, from 0 on." if items else f"{task_name} has no items yet."
        )
    raise UsageError(f"Run {door.run_id} has no task {name!r}; {hint}")


def is_over(fold: Fold, unit: str) -> bool:
    """Whether a task or an item has ended; False for an item that the run doesn't have now."""
    try:
        return fold.state_of(unit) in FINISHED
    except KeyError:
        return False


def refuse_unready(door: Door, code: Code, unit: str) -> None:
    """Raise NotReady where a step of that unit can't be taken here, with the reason."""
    fold = door.refresh()
    kind = "revert" if unit in fold.undos else fold.questions.get(unit, "do")
    if kind == "do" and (fold.state_of(unit) != READY or fold.is_manual(unit) or unit in fold.wiring.groups):
        raise NotReady(not_ready(fold, unit), task=unit)
    able = code.able_of(fold, unit, kind)
    what = {"do": f"code for {unit}", "revert": f"code for the undo of {unit}"}.get(
        kind, f"code for the {kind!r} of {unit}"
    )
    if able == "missing":
        text = f"This process has no {what}: engine.open({door.run_id!r}, flow) brings it."
        raise NotReady(text, task=unit)
    if able == "changed":
        text = f"The {what} here is not the one that run {door.run_id} was started with: run.adopt(flow) goes on with yours."
        raise NotReady(text, task=unit)
