"""Where a value comes from, and the little that the core may know of it: whether it is true, and how many items it has.

The result of a subflow is that of a task in it, and the result of a task over items is a list of theirs: neither is
stored twice. What can't
be said without the user's code (an object, a table) is None here, and becomes a question.
"""

from __future__ import annotations

from typing import Any

import msgspec

from .fold import Fold
from .plan import Param
from .states import SUCCEEDED
from .values import SCALARS, Json
from .wiring import Wiring

_COUNTED = ("$tuple", "$set", "$frozenset")
_SIZED = (*_COUNTED, "$dict", "$str", "$bytes")


class Missing(msgspec.Struct, frozen=True):
    """There is no value: nothing was given, or what should give it was left out."""


MISSING = Missing()


def giver(fold: Fold, name: str) -> str:
    """The task whose stored value is a task's result: itself, or for a subflow the one in it (however deep) that gives
    its result, unless it was given one at the start."""
    tasks = fold.wiring.tasks
    task = tasks[name]
    while task.kind == "flow" and task.whole and task.gives and fold.via.get(task.name) != "given":
        task = tasks[task.gives[0]]
    return task.name


def origin(wiring: Wiring, param: Param) -> Param | None:
    """Where a parameter in a subflow really gets its value: the subflow's own parameter is followed outwards. None
    where it is given none."""
    while param.kind == "outer":
        found = next((p for p in wiring.tasks[param.source].params if p.name == param.outer), None)
        if found is None:
            return None
        param = found
    return param


def stored_for(fold: Fold, param: Param) -> Any:
    """The stored value for a parameter; MISSING where there is none, None for what isn't stored whole (see `count_of`)."""
    found = origin(fold.wiring, param)
    if found is None:
        return MISSING
    if found.kind == "input":
        return fold.inputs.get(found.source, MISSING)
    if found.kind == "fixed":
        return MISSING if found.fixed is None else Json(found.fixed)
    if found.kind == "task":
        return fold.values.get(giver(fold, found.source), MISSING)
    return MISSING


def truth_of(fold: Fold, source: str, part: int | None) -> bool | None:
    """Whether the result of a task is true; False where there is none, None where only its own code could tell."""
    name = giver(fold, source)
    if fold.states[name] != SUCCEEDED:
        return False
    if name in fold.wiring.groups and fold.via.get(name) != "given":
        return True
    if name in fold.items:
        return fold.items[name].total > 0
    if name not in fold.values:
        return False
    return truth(fold.values[name], part)


def count_of(fold: Fold, param: Param) -> int | None:
    """How many items a task over a parameter's value has; None where only code could tell."""
    found = origin(fold.wiring, param)
    if found is not None and found.kind == "task":
        name = giver(fold, found.source)
        if name in fold.items and found.part is None and fold.states[name] == SUCCEEDED:
            return fold.items[name].total
    value = stored_for(fold, param)
    if type(value) is not Json:
        return None
    tree = _tree(value, None if found is None else found.part)
    if type(tree) is dict and len(tree) == 1:
        ((tag, tree),) = tree.items()
        if tag not in _COUNTED:
            return None
    return len(tree) if type(tree) is list else None


def truth(stored: Any, part: int | None = None) -> bool | None:
    """Whether a stored value, or a part of it, is true; None where only its own code could tell."""
    if type(stored) in SCALARS and part is None:
        return bool(stored)
    if type(stored) is not Json:
        return None
    tree = _tree(stored, part)
    if type(tree) is dict and len(tree) == 1:
        ((tag, content),) = tree.items()
        if tag in ("$int", "$float"):
            return content not in ("0", "0.0", "-0.0")
        if tag.startswith("$"):
            return bool(content) if tag in _SIZED else None
    return bool(tree)


def _tree(stored: Json, part: int | None) -> Any:
    tree = msgspec.json.decode(stored.text)
    if part is None:
        return tree
    if type(tree) is dict:
        tree = tree.get("$tuple", ())
    return tree[part]
