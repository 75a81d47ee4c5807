"""What a task's code reads from around it: globals, helper functions, closed-over values, defaults.

None of it is a parameter, and all of it decides what the task gives: so a plan records a digest of each, and an edit is told by
name. Helpers are followed as deep as they go; what comes from the standard library or an installed package counts by its name
alone. Data is looked at up to a bound: of what lies behind it, nothing is noticed. Nothing here may call anything that it finds.
"""

from __future__ import annotations

import dis
import functools
import hashlib
import inspect
import os
import sysconfig
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

from ..core.values import SCALARS, preview
from .code import digest_of

_LONGEST = 10_000  # characters that are looked at of a value
_LARGEST = 1_000_000  # bytes of an array that are looked at
_MOST = 300  # functions that are followed from one task
_VALUE_MODULES = frozenset(("datetime", "decimal", "fractions", "pathlib", "re", "uuid", "zoneinfo"))
_NAMES = {"pathlib._local": "pathlib"}


class Read(NamedTuple):
    """One thing that code reads: in words, its value, and the globals of the function that reads it."""

    words: str
    value: Any
    scope: dict[str, Any]
    is_global: bool


def reads_of(*functions: Callable[..., Any] | None) -> dict[str, str]:
    """What these functions read from around them: in words, with a digest of each. Those that are None read nothing."""
    found: dict[str, str] = {}
    for function in functions:
        if function is not None:
            if (target := plain_function(function)) is not None:
                _note_defaults(target, found)
            for read in around(function):
                found.setdefault(read.words, _digest(read.value))
    return found


def reads_nothing(function: Callable[..., Any] | None) -> bool:
    """Whether a function can't read anything from around it, whatever is defined there: then nobody need look again."""
    if function is None:
        return True
    if type(function) is not FunctionType or function.__closure__ or function.__kwdefaults__:
        return False
    code = function.__code__
    inner = any(type(constant) is CodeType for constant in code.co_consts)
    return not (code.co_names or inner or function.__defaults__ or hasattr(function, "__wrapped__"))


def hidden_inputs(*functions: Callable[..., Any] | None) -> Iterator[str]:
    """The names of globals with data that can be changed in place, which these functions or their helpers beside them read."""
    seen = set()
    for function in functions:
        target = None if function is None else plain_function(function)
        if target is None:
            continue
        scope = target.__globals__
        for read in around(target):
            if read.is_global and read.scope is scope and _is_changeable(read.value):
                name = read.words.removeprefix("the global ")
                if name not in seen:
                    seen.add(name)
                    yield name


def plain_function(function: Any) -> FunctionType | None:
    """The Python function behind a callable (a partial, a method, an object, a decorated one); None where there is none."""
    for _ in range(20):
        if isinstance(function, FunctionType) and not hasattr(function, "__wrapped__"):
            return function
        if isinstance(function, functools.partial):
            function = function.func
        elif isinstance(function, MethodType):
            function = function.__func__
        elif isinstance(wrapped := inspect.getattr_static(function, "__wrapped__", None), FunctionType):
            function = wrapped
        elif isinstance(call := inspect.getattr_static(type(function), "__call__", None), FunctionType):
            return call
        else:
            return None
    return None


def around(function: Callable[..., Any]) -> Iterator[Read]:
    """All that a function reads from around it, and that its helpers read, each helper once."""
    first = plain_function(function)
    if first is None:
        return
    todo, seen = [first], {id(first)}
    for target in todo:
        place = "" if target.__module__ == first.__module__ else f"{target.__module__}."
        for name, value, is_global in _names_read(target):
            helper = _helper(value)
            if helper is not None and id(helper) in seen:
                continue
            if helper is not None and len(todo) < _MOST:
                seen.add(id(helper))
                todo.append(helper)
            words = _words(name, value, place, is_global, target is first, target)
            yield Read(words, value, target.__globals__, is_global)


def _words(name: str, value: Any, place: str, is_global: bool, is_first: bool, target: FunctionType) -> str:
    if callable(value) and not isinstance(value, type):
        return f"the helper {place}{name}()"
    if isinstance(value, ModuleType):
        return f"the module {place}{name}"
    if isinstance(value, type):
        return f"the class {place}{name}"
    if is_global:
        return f"the global {place}{name}"
    return f"the closed-over {name}" + ("" if is_first else f" of {place}{target.__name__}()")


def _names_read(function: FunctionType) -> Iterator[tuple[str, Any, bool]]:
    """The globals and closed-over names that a function reads and that have a value now. Built-in names are none."""
    code, scope = function.__code__, function.__globals__
    if function.__closure__:
        for name, cell in zip(code.co_freevars, function.__closure__, strict=True):
            try:
                yield name, cell.cell_contents, False
            except ValueError:  # a name that has no value yet
                continue
    if not _may_read(code, scope):
        return
    for name in _globals_in(code):
        if name in scope:
            yield name, scope[name], True


def _may_read(code: CodeType, scope: dict[str, Any]) -> bool:
    """Whether any name in the code could be a global at all: quickly answered, and most often no."""
    if any(name in scope for name in code.co_names):
        return True
    return any(type(constant) is CodeType and _may_read(constant, scope) for constant in code.co_consts)


@functools.lru_cache(maxsize=4096)
def _globals_in(code: CodeType) -> tuple[str, ...]:
    found: dict[str, None] = {}
    stack = [code]
    while stack:
        one = stack.pop()
        for instruction in dis.get_instructions(one):
            if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
                found[instruction.argval] = None
        stack += [constant for constant in one.co_consts if type(constant) is CodeType]
    return tuple(found)


def _helper(value: Any) -> FunctionType | None:
    """A function of the user's own behind a value; None for classes, built-in things and what was installed."""
    if isinstance(value, type | ModuleType) or type(value) in SCALARS or not callable(value):
        return None
    found = plain_function(value)
    return None if found is None or _is_installed(found.__code__.co_filename) else found


@functools.lru_cache(maxsize=1024)
def _is_installed(path: str) -> bool:
    return path.startswith(("<frozen", *_INSTALLED))


_INSTALLED = (
    *{path for name in ("stdlib", "platstdlib", "purelib", "platlib") if (path := sysconfig.get_path(name))},
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep,
)


def _note_defaults(function: FunctionType, found: dict[str, str]) -> None:
    code, defaults = function.__code__, function.__defaults__
    if defaults:
        names = code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount]
        for name, value in zip(names, defaults, strict=True):
            found[f"the default of {name}"] = _digest(value)
    for name, value in (function.__kwdefaults__ or {}).items():
        found[f"the default of {name}"] = _digest(value)


def _digest(value: Any) -> str:
    helper = _helper(value)
    if helper is not None:
        defaults: dict[str, str] = {}
        _note_defaults(helper, defaults)
        said = f"{digest_of(value)} {sorted(defaults.items())}"
    else:
        said = _said(value)
    return hashlib.sha256(said.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def _said(value: Any) -> str:
    """A value in words that hold in every process, and that change with it as far as they are looked at."""
    kind = type(value)
    if isinstance(value, ModuleType):
        return f"module {value.__name__}"
    if isinstance(value, type):
        return f"class {value.__module__}:{value.__qualname__}"
    module = _NAMES.get(kind.__module__, kind.__module__)
    if isinstance(value, list | tuple | dict | set | frozenset | bytes | bytearray | str):
        return f"{kind.__name__} of {len(value)}: {preview(value, _LONGEST)}"
    if kind in SCALARS or module in _VALUE_MODULES or hasattr(kind, "__members__"):
        return f"{kind.__name__} {preview(value, _LONGEST)}"
    if hasattr(kind, "__dataclass_fields__") or _has_shape(value):
        return f"{kind.__name__} {preview(value, _LONGEST)} {_bytes_of(value)}"
    if callable(value):
        return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', kind.__qualname__)}"
    return f"object of {kind.__module__}:{kind.__qualname__}"


def _has_shape(value: Any) -> bool:
    """Whether it is like an array or a table."""
    return hasattr(type(value), "shape") and (hasattr(value, "dtype") or hasattr(value, "columns"))


def _bytes_of(value: Any) -> str:
    size = getattr(value, "nbytes", None)
    if type(value).__module__ == "numpy" and isinstance(size, int) and size <= _LARGEST:
        return hashlib.sha256(value.tobytes()).hexdigest()
    return ""


def _is_changeable(value: Any) -> bool:
    return isinstance(value, list | dict | set | bytearray) or (
        not isinstance(value, type) and _has_shape(value) and hasattr(type(value), "__setitem__")
    )
