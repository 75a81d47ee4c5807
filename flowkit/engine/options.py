"""What the author of a flow may write: each option is judged where it is written, so that only plain text reaches a plan.

It must never call a task's function, and never look at other tasks: what concerns several is told by `Flow.check`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from typing import Any

from ..core.draft import Options
from ..core.values import preview
from ..errors import DefinitionError
from .names import is_plain, plain, source_name
from .policies import Link
from .task import Unit

_ADDRESS = re.compile(r"\[\d+\]$")
_VALUES = (int, float, complex, bytes, list, tuple, dict, set, frozenset)


def name_of_task(given: Any, function: Any) -> str:
    """The name that a task was given, or that of its function."""
    if given is None:
        given = getattr(function, "__name__", None)
        if not isinstance(given, str) or given in ("", "<lambda>"):
            what = repr(given) if isinstance(given, str) and given else preview(function)
            raise DefinitionError(f"{what} can't name a task: give name='…'.")
    name = plain(given, "name", given, "Give the task a text that is not empty: name='quote'.")
    if name[-1] == "]" and _ADDRESS.search(name):
        raise DefinitionError(
            f"{name!r} can't name a task: a name may not end in a number in brackets. Give another name='…'."
        )
    return name


def doc_of(function: Any, name: str) -> None:
    """Raise DefinitionError for a docstring that is no text."""
    if not isinstance(doc := function.__doc__, str | None):
        raise DefinitionError(f"{name}: its docstring (__doc__) is {preview(doc)}. Write a text, or none.")


def bind_of(given: Any, task: str) -> dict[str, str]:
    """What `bind` maps parameters to, as names."""
    if given is None:
        return {}
    if type(given) is dict and all(map(is_plain, given)) and all(map(is_plain, given.values())):
        return given.copy()
    found = {}
    for parameter, source in _mapped(given, task, "bind").items():
        if not isinstance(source, str | Unit):
            raise DefinitionError(
                f"{task}: bind={preview(given)}: {preview(source)} names no task and no input. Write the one name that "
                f"the value comes from: bind={{{parameter!r}: 'source'}}, or give the value itself by fixed={{…}}."
            )
        found[parameter] = source_name(
            source, f"{task}: bind", given, "Write the name of a task or an input."
        )
    return found


def fixed_of(given: Any, task: str) -> dict[str, Any]:
    """What `fixed` gives to parameters."""
    return {} if given is None else _mapped(given, task, "fixed")


def _mapped(given: Any, task: str, option: str) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        text = f"{task}: {option}={preview(given)} must map parameters"
        raise DefinitionError(f"{text}: {option}={{'parameter': …}}.")
    if all(map(is_plain, given)):
        return dict(given)
    advice = f"Write the names of parameters: {option}={{'parameter': …}}."
    return {plain(name, f"{task}: {option}", given, advice): value for name, value in given.items()}


def outputs_of(given: Any, task: str, options: Options | None) -> tuple[str, ...]:
    """The names in `outputs`."""
    if given is None or given == ():
        return ()
    if options is not None and options.each:
        raise DefinitionError(
            f"{task}: outputs names the parts of one result, and with each its result is a list of them. "
            "Take the parts out in a task that hangs on this one."
        )
    advice = "Write a tuple of names: outputs=('left', 'right')."
    if isinstance(given, str):
        raise DefinitionError(f"{task}: outputs={given!r} must be a tuple of names: outputs=({given!r},).")
    if isinstance(given, Set):  # it has no order, and the parts of a tuple have one
        raise DefinitionError(f"{task}: outputs={preview(given)} has no order. {advice}")
    return tuple(plain(name, f"{task}: outputs", given, advice) for name in _each(given, task, advice))


Links = tuple[tuple[str, str], ...]


def after_of(given: Any, task: str) -> tuple[tuple[str, ...], Links]:
    """What `after` names: the tasks that must have succeeded, and those of which another end is asked, with that end."""
    if given is None or given == ():
        return (), ()
    advice = "Write a task or its name, or several: after=('quote', 'pay')."
    if isinstance(given, str | Unit | Link):
        given = (given,)
    if not isinstance(given, Iterable):
        raise DefinitionError(f"{task}: after={preview(given)} names no task. {advice}")
    links = [one if isinstance(one, Link) else _success(one, task, given, advice) for one in given]
    if isinstance(given, Set):
        links.sort(key=repr)
    return (
        tuple(link.source for link in links if link.kind == "succeeded"),
        tuple((link.source, link.kind) for link in links if link.kind != "succeeded"),
    )


def _success(given: Any, task: str, whole: Any, advice: str) -> Link:
    return Link("succeeded", source_name(given, f"{task}: after", whole, advice))


def _each(given: Any, task: str, advice: str) -> Iterable[Any]:
    if not isinstance(given, Iterable):
        raise DefinitionError(f"{task}: outputs={preview(given)} can't be gone through. {advice}")
    return given


def result_of_flow(given: Any) -> str | None:
    """The name of the task whose value is to be the run's."""
    if given is None:
        return None
    return source_name(given, "result", given, "Write a task or its name: result='ship'.")


def inputs_of_flow(given: Any) -> dict[str, Any] | None:
    """The closed inputs of a flow, as names with their annotations (None: without one)."""
    if given is None:
        return None
    advice = "Write names, or a mapping of names to types: inputs={'item': str}."
    if isinstance(given, str):
        raise DefinitionError(f"inputs={given!r} must be names, or a mapping: inputs=({given!r},).")
    if not isinstance(given, Iterable):
        raise DefinitionError(f"inputs={preview(given)} are no names. {advice}")
    if not isinstance(given, Mapping):
        names = [plain(name, "inputs", given, advice) for name in given]
        return dict.fromkeys(sorted(names) if isinstance(given, Set) else names)
    found = {}
    for name, annotation in given.items():
        if isinstance(annotation, _VALUES):
            raise DefinitionError(
                f"inputs={preview(given)}: {preview(annotation)} is no type. Write one, such as "
                f"{type(annotation).__name__}; the value is given at the start: flow.start({{{name!r}: …}})."
            )
        found[plain(name, "inputs", given, advice)] = annotation
    return found
