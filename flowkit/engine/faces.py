"""What an object shows of itself in a notebook never raises: where it can't be looked at, its face says that, and why."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..core.values import visible


def one_line(make: Callable[[Any], str]) -> Callable[[Any], str]:
    """For a `__repr__`: one line whatever names are in it, and never an exception."""

    @functools.wraps(make)
    def shown(self: Any) -> str:
        try:
            return visible(make(self))
        except Exception as error:
            return _trouble(self, error)

    return shown


def bundled(make: Callable[..., dict[str, str]]) -> Callable[..., dict[str, str]]:
    """For a `_repr_mimebundle_`: text alone where the picture can't be made."""

    @functools.wraps(make)
    def shown(self: Any, include: Any = None, exclude: Any = None) -> dict[str, str]:
        try:
            return make(self)
        except Exception as error:
            return {"text/plain": _trouble(self, error)}

    return shown


def _trouble(it: Any, error: Exception) -> str:
    try:
        words = str(error)
    except Exception:
        words = "it has no words"
    return visible(f"<{type(it).__name__} that can't be shown now. {type(error).__name__}: {words}>")
