"""Which class a recorded dataclass or enum value comes back as: one that this process already has, or none.

A name found in data may only ever be looked up here: nothing is imported for it, and no hook of a module, a class
or a metaclass (`__getattr__`, `__getattribute__`, a property) may run on the way.
"""

from __future__ import annotations

import enum
import sys
import types
from functools import lru_cache
from typing import Any

from ..core.values import class_key

_known: dict[str, tuple[type, type | None]] = {}  # the class, and what its module held under its name then
_registered: set[str] = set()

_module_names = vars(types.ModuleType)["__dict__"].__get__
_class_names = vars(type)["__dict__"].__get__
_bases = vars(type)["__mro__"].__get__
_qualified_name = vars(type)["__qualname__"].__get__


def remember(cls: type, *, registered: bool = False) -> None:
    """Keep a class for as long as the process lives; it takes the place of an older one of the same name."""
    key = class_key(cls)
    _known[key] = (cls, _defined(key))
    if registered:
        _registered.add(key)


def is_registered(key: str) -> bool:
    """Whether the flow's author named such a class (by `register` or an annotation): only then may its
    constructor run, to complete a value with fields that were added since.
    """
    return key in _registered


def find(key: str) -> type | None:
    """The class that `key` ("module:QualName") means in this process, or None.

    The newest definition: in a notebook's `__main__` the one that stands there now; else the last one that was
    registered or packed, unless its module defined it anew since. A class that was merely found, and has a
    `__del__` (which would run with fields made up by others), is not given.
    """
    if type(key) is not str:
        raise TypeError("a class is named by text")
    now = _defined(key)
    if key not in _known:
        return None if now is None or own_attribute(now, "__del__") is not None else now
    cls, beside = _known[key]
    if now is not None and (now is not beside or key.startswith("__main__:")):
        return now
    return cls


def own_attribute(cls: type, name: str) -> Any:
    """What stands under a name in the class or its bases, without running any of their code; None if nothing."""
    for base in _bases(cls):
        names = _class_names(base)
        if name in names:
            return names[name]
    return None


@lru_cache(256)
def _parts(key: str) -> tuple[str, str, list[str]]:
    module_name, _, path = key.partition(":")
    return module_name, path, path.split(".")


def _defined(key: str) -> type | None:
    """The dataclass or Enum class of exactly this name that a loaded module holds now."""
    module_name, path, parts = _parts(key)
    module = sys.modules.get(module_name)
    if not issubclass(type(module), types.ModuleType):
        return None
    names = _module_names(module)
    found: Any = None
    for part in parts:
        found = names.get(part)
        if not issubclass(type(found), type):  # isinstance would ask the object for its __class__
            return None
        names = _class_names(found)
    home = names.get("__module__")
    if type(home) is not str or home != module_name or _qualified_name(found) != path:
        return None  # an alias, or a class that was imported from elsewhere
    fit = type(names.get("__dataclass_fields__")) is dict or issubclass(found, enum.Enum)
    return found if fit else None
