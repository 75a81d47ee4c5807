"""From a raised exception to a `Failure`, and back to what a debugger needs.

Nothing here rebuilds an exception from data.
"""

from __future__ import annotations

import concurrent.futures
import os
import sys
import traceback
from types import TracebackType

from ..core import Failure
from ..errors import UsageError

_OURS = (
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep,
    os.path.dirname(concurrent.futures.__file__) + os.sep,  # through which an async task's error comes
)
_LONGEST = 20_000  # characters of traceback text that are kept


def failure_of(error: BaseException) -> Failure:
    """What was raised, as data. The traceback begins at the user's own frames."""
    chain: list[Failure] = []
    seen = {id(error)}
    cause = _cause(error)
    while cause is not None and id(cause) not in seen and len(chain) < 10:
        seen.add(id(cause))
        chain.append(Failure(_types(cause), _message(cause), _text(cause)))
        cause = _cause(cause)
    return Failure(_types(error), _message(error), _text(error), tuple(chain))


def failure_from(error: BaseException | Failure | str, type: str | None = None) -> Failure:
    """A failure that somebody reports: an exception, one that was recorded before, or a text with the name of a type.

    Raises UsageError for anything else.
    """
    if isinstance(error, BaseException):
        return failure_of(error)
    if isinstance(error, Failure):
        return error
    if not isinstance(error, str) or not error:
        raise UsageError(
            f"{error!r} says nothing of what failed: give an exception or a text. Nothing was recorded."
        )
    return Failure((type or "Failed",), str(error))


def remember(error: BaseException) -> None:
    """Leave the error where `%debug` and `pdb.pm()` look for it, at the user's own frames."""
    tb = _own(error.__traceback__)
    sys.last_type, sys.last_value, sys.last_traceback = type(error), error, tb
    sys.last_exc = error  # type: ignore[attr-defined,unused-ignore]  # the name from Python 3.12 on
    error.__traceback__ = tb


def _cause(error: BaseException) -> BaseException | None:
    if error.__cause__ is not None:
        return error.__cause__
    return None if error.__suppress_context__ else error.__context__


def _types(error: BaseException) -> tuple[str, ...]:
    return tuple(
        cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"
        for cls in type(error).__mro__
        if cls is not object
    )


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception as trouble:
        return f"(its message can't be read: {type(trouble).__name__})"


def _own(tb: TracebackType | None) -> TracebackType | None:
    """The traceback without flowkit's frames, and those that lie between them, at its head; all of it where there are no others."""
    found = tb
    while found is not None and found.tb_frame.f_code.co_filename.startswith(_OURS):
        found = found.tb_next
    return found or tb


def _text(error: BaseException) -> str:
    try:
        lines = traceback.format_exception(type(error), error, _own(error.__traceback__), chain=False)
    except Exception as trouble:
        return f"(the traceback can't be shown: {type(trouble).__name__})"
    text = "".join(lines)
    return text if len(text) <= _LONGEST else text[: _LONGEST // 2] + "\n…\n" + text[-_LONGEST // 2 :]
