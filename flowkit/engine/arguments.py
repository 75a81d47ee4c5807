"""The values that code is called with: each a copy that nobody else can change, gathered from where the plan says.

Deciders, conditions and undos get theirs here as tasks do. A value that is not there (its task was skipped, or a join
did without it) is
the parameter's default, else None; a source that failed gives its `Failure`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from ..core import Fold, Param
from ..core.composed import MISSING, giver, origin, stored_for
from ..core.states import RETRYING
from ..core.values import SCALARS, Json, Live, preview
from ..core.wiring import split
from ..journal import unpack

Fixed = Callable[[str], Mapping[str, Any]]
"""Fixed values that stay with the code, by parameter, for a task's name."""


def arguments(fold: Fold, unit: str, fixed: Fixed) -> dict[str, Any]:
    """The values for the parameters of a task or an item."""
    pairs = fold.wiring.takes.get(unit)
    if pairs is not None and not fold.used:
        values, found = fold.values, {}
        try:
            for parameter, source in pairs:
                stored = values[source]
                found[parameter] = stored if type(stored) in SCALARS else unpack(stored)
            return found
        except KeyError:  # one of them has no value, which takes a closer look
            if all(source in values for _, source in pairs):
                raise
    return gathered(fold, unit, fold.plan_of(unit).params, fixed)


def gathered(fold: Fold, unit: str, params: Iterable[Param], fixed: Fixed) -> dict[str, Any]:
    """The values for these parameters of a unit, or of code beside it."""
    each = fold.plan_of(unit).each
    found = {}
    for param in params:
        if param.name == each and unit not in fold.wiring.tasks:
            value = _item(fold, unit, param)
        else:
            value = _one(fold, unit, param, fixed)
        if value is not MISSING:
            found[param.name] = value
        elif param.required and param.kind != "input":
            found[param.name] = None
    return found


def _one(fold: Fold, unit: str, param: Param, fixed: Fixed) -> Any:
    holder = place = unit if unit in fold.wiring.tasks else split(unit)[0]
    if param.kind == "own":
        place = unit
    while param.kind == "outer":  # what the subflow itself is given, or the one around it
        holder = place = param.source
        params = fold.wiring.tasks[holder].params
        given = next((one for one in params if one.name == param.outer), None)
        if given is None:
            return MISSING
        param = given
    kind = param.kind
    if kind == "own":
        return _part(_own(fold, place), param.part)
    if kind == "failure":
        return fold.failures.get(unit)
    if kind == "try":
        return _tried(fold, param)
    if kind == "fixed" and param.fixed is None:
        return fixed(holder).get(param.name, MISSING)
    if kind == "task":
        used = fold.used.get(holder)
        missing = used is not None and param.source not in used
        return MISSING if missing else part_of(fold, param.source, param.part)
    stored = stored_for(fold, param)
    return stored if stored is MISSING or type(stored) in SCALARS else unpack(stored)


def part_of(fold: Fold, source: str, part: int | None) -> Any:
    """The result of a task, or a part of it; its failure where it failed; MISSING where there is nothing."""
    if source in fold.failures and fold.states.get(source) == "failed":
        return fold.failures[source]
    return _part(value_of(fold, source), part)


def _part(value: Any, part: int | None) -> Any:
    return value if value is MISSING or part is None else value[part]


def value_of(fold: Fold, name: str) -> Any:
    """A copy of the result of a task, an item, or (composed of theirs) of a subflow or a task over items; MISSING
    where there is none."""
    if name not in fold.values:
        return MISSING
    if name not in fold.wiring.tasks:
        return unpack(fold.values[name])
    found = giver(fold, name)
    if found in fold.wiring.groups and fold.via.get(found) != "given":
        short = len(found) + 1
        gives = fold.wiring.tasks[found].gives
        parts = {one[short:]: value_of(fold, one) for one in gives}
        return {key: value for key, value in parts.items() if value is not MISSING}
    if found in fold.items and fold.via.get(found) is None:
        units = (f"{found}[{number}]" for number in range(fold.items[found].total))
        return [unpack(fold.values[unit]) if unit in fold.values else None for unit in units]
    return unpack(fold.values[found]) if found in fold.values else MISSING


def _own(fold: Fold, unit: str) -> Any:
    """A unit's own result: of the attempt to be undone, or of a loop's last round."""
    if unit in fold.values:
        return value_of(fold, unit)
    if unit in fold.wiring.groups:
        return _round_of_group(fold, unit)
    return unpack(fold.last[unit]) if unit in fold.last else MISSING


def _round_of_group(fold: Fold, group: str) -> Any:
    """The result of a subflow's last round: its task that gives it has been set back since, and its report is remembered."""
    if group not in fold.rounds:
        return MISSING
    task = giver(fold, group)
    if task in fold.values:
        return value_of(fold, task)
    for number in range(fold.attempts.get(task, 0), 0, -1):
        if (task, number) in fold.reports:
            return unpack(fold.reports[task, number])
    return MISSING


# Items


def item_values(fold: Fold, param: Param) -> list[Any]:
    """The items that a parameter's value has, as stored values (objects as they are). Raises TypeError where it has none."""
    stored = stored_for(fold, param)
    found = origin(fold.wiring, param)
    part = None if found is None else found.part
    if type(stored) is Json and part is None:
        try:
            tree: Any = msgspec.json.decode(stored.text, type=list[msgspec.Raw] | dict[str, msgspec.Raw])
        except msgspec.ValidationError:
            tree = None
        if type(tree) is dict and len(tree) == 1 and next(iter(tree)) in ("$tuple", "$set", "$frozenset"):
            tree = msgspec.json.decode(next(iter(tree.values())), type=list[msgspec.Raw])
        if type(tree) is list:
            return [Json(bytes(raw).decode()) for raw in tree]
    if found is not None and found.kind == "task":
        whole = part_of(fold, found.source, part)
    else:
        whole = None if stored is MISSING else unpack(stored)
    if isinstance(whole, (str, bytes)) or not hasattr(whole, "__iter__"):
        given = f"{preview(whole)} (of type {type(whole).__name__})"
        if stored is MISSING:
            given = "nothing that can be stored" if param.kind == "fixed" else "nothing"
        raise TypeError(
            f"{param.name!r} is to get one item of a list at a time, and {param.source or 'its fixed value'} gives {given}. "
            "Give it a list, or take each=… out."
        )
    if iter(whole) is whole:
        raise TypeError(
            f"{param.name!r} is to get one item of a list at a time, and {param.source or 'its fixed value'} gives "
            f"a {type(whole).__name__}, which can be gone through only once. Give it a list: list(…)."
        )
    return [Live(one) for one in whole]


_LISTS: dict[tuple[int, str], tuple[Any, list[Any]]] = {}
_REMEMBERED = 16


def _item(fold: Fold, unit: str, param: Param) -> Any:
    """One item out of the list, which is taken apart once and remembered as long as it is the same list."""
    name, number = split(unit)
    found = origin(fold.wiring, param)
    if found is not None and found.kind == "task" and found.part is None:
        source = giver(fold, found.source)
        if source in fold.items:
            return value_of(fold, f"{source}[{number}]")
    stored = stored_for(fold, param)
    if stored is MISSING:
        return MISSING
    key = (id(fold), name)
    known = _LISTS.get(key)
    if known is None or known[0] is not stored:
        known = (stored, item_values(fold, param))
        _LISTS[key] = known
        while len(_LISTS) > _REMEMBERED:
            del _LISTS[next(iter(_LISTS))]
    one = known[1][number]
    return one.object if type(one) is Live else unpack(one)


def _tried(fold: Fold, param: Param) -> Any:
    """The value of a `ForEach` in the present try of its subflow."""
    group = param.source
    values = item_values(fold, next(p for p in fold.wiring.tasks[group].params if p.name == param.outer))
    number = fold.trying.get(group, 1) - 1
    if fold.states[group] == RETRYING:  # what the try before did is being undone
        number -= 1
    if number >= len(values):
        return MISSING
    one = values[number]
    return one.object if type(one) is Live else unpack(one)


def parts_trouble(outputs: tuple[str, ...], value: Any) -> str:
    """What keeps a value from being taken apart into its named parts; empty where nothing does."""
    if isinstance(value, tuple | list) and len(value) == len(outputs):
        return ""
    what = (
        f"{type(value).__name__} of {len(value)}" if isinstance(value, tuple | list) else type(value).__name__
    )
    return f"outputs={outputs!r} asks for a tuple of {len(outputs)} values, not for a {what}"
