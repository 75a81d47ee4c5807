"""What may stand as a name in a flow: plain text, judged where it is written."""

from __future__ import annotations

from typing import Any

from ..core.values import preview
from ..errors import DefinitionError
from .task import Unit


def plain(given: Any, said: str, whole: Any, advice: str) -> str:
    """A name as plain text, also where it is of a class made of `str`.

    `said` is the option that it was written in, `whole` all that was given there, `advice` what to write instead.
    Raises DefinitionError for what is no text, for an empty one, and for one that no file can hold.
    """
    if is_plain(given):
        return given  # type: ignore[no-any-return]
    if not isinstance(given, str) or not given:
        raise DefinitionError(f"{said}={preview(whole)}: {preview(given)} is no name. {advice}")
    text = str.__str__(given)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise DefinitionError(
            f"{text!r} can't be a name: it has half of a character (a lone surrogate) in it."
        ) from None
    return text


def is_plain(given: Any) -> bool:
    """Whether a name can stay as it is: the common case, which costs little."""
    return type(given) is str and given != "" and given.isascii()


def source_name(given: Any, said: str, whole: Any, advice: str) -> str:
    """The name of a task, a subflow, a part or an input, given as text or as the task itself."""
    return given.name if isinstance(given, Unit) else plain(given, said, whole, advice)
