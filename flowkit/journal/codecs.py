"""The way of values into facts and out of them: `pack` before something is recorded, `unpack` for everyone
who reads it.

Both journals use it, so a task gets the same copy whether its run lives in memory or in a file. Values are
typed JSON (`flowkit.journal.typed_writing`); nothing here may ever unpickle, import by a name found in data,
or fall back to another codec.
"""

from __future__ import annotations

import enum
from typing import Any, TypeVar

import msgspec

from ..core.values import SCALARS, Json, Live, type_name, with_article
from ..errors import JournalCorrupt, UsageError, ValueNotStorable
from .known_classes import remember
from .typed_reading import value_of
from .typed_writing import Untyped, is_plain, tree_of

C = TypeVar("C", bound=type)

_encode = msgspec.json.encode
_decode = msgspec.json.decode


def pack(value: Any, *, live: bool = False, name: str = "result") -> Any:
    """The stored value of anything that a task, a person or a program gave: a scalar as it is, else `Json`.

    What has no code-free form raises ValueNotStorable, which names the type, the path inside the value (it
    begins with `name`) and the way out; with `live=True` (memory journals) the whole value becomes `Live`
    instead.
    """
    kind = type(value)
    if kind in SCALARS:
        return value
    if (kind is dict or kind is list) and is_plain(value):
        try:
            text = _encode(value).decode()
        except UnicodeEncodeError:  # a lone surrogate: it needs a tag
            text = ""
        if text and '"$' not in text:
            return Json(text)
    try:
        return Json(_encode(tree_of(value)).decode())
    except Untyped as cannot:
        return Live(value) if live else _refuse(cannot, name)
    except UnicodeEncodeError:
        if live:
            return Live(value)
        raise ValueNotStorable(
            f"{name} has a name or a path in it that is no valid Unicode text, so it can't be stored.",
            path=name,
            type_name=type_name(kind),
            way_out="return it without the lone surrogates",
        ) from None


def unpack(stored: Any) -> Any:
    """A fresh value from a stored one, so that nobody can change what others get; a `Live` object is the
    object itself.

    Dataclasses and enums come back as such where this process has their class (registered, seen in a value that
    was packed here, or defined in a loaded module), else as `Record`; what this process can't read comes back as
    `Opaque`. Raises JournalCorrupt when the text is no JSON, TypeError for anything but a stored value.
    """
    kind = type(stored)
    if kind in SCALARS:
        return stored
    if kind is Live:
        return stored.object
    if kind is not Json:
        raise TypeError(f"{with_article(type_name(kind))} is not a stored value: pack() makes one")
    try:
        tree = _decode(stored.text)
        return value_of(tree) if '"$' in stored.text else tree
    except (msgspec.MsgspecError, RecursionError) as error:
        raise JournalCorrupt(
            f"A recorded value is not readable as JSON ({error}). The rest of the journal can still be read."
        ) from None


def register(cls: C) -> C:
    """Let this process rebuild values of a dataclass or Enum class (usable as a decorator; returns the
    class).

    Needed only to read what another process recorded of a class that is local to a function, and where the
    class's own constructor shall complete values that lack a field. A class of the same module and name takes
    the place of an older one, as when a cell is run again. Raises UsageError for any other kind of class.
    """
    if not isinstance(cls, type) or not (issubclass(cls, enum.Enum) or hasattr(cls, "__dataclass_fields__")):
        raise UsageError(
            f"Only dataclasses and Enum classes can be registered, not {cls!r}. "
            "Put @dataclass on the class, or give the value as dict, list and scalars."
        )
    remember(cls, registered=True)
    return cls


def _refuse(cannot: Untyped, name: str) -> Any:
    kind = type(cannot.value)
    path = name + cannot.path
    way_out = cannot.way_out or _way_out(cannot.value, kind)
    raise ValueNotStorable(
        f"{path} is {with_article(type_name(kind))}, which can't be stored: {cannot.reason}. Way out: {way_out}.",
        path=path,
        type_name=type_name(kind),
        way_out=way_out,
    ) from None


_BY_NAME = {
    "numpy.ndarray": "return x.tolist()",
    "numpy": "return x.item()",
    "pandas.DataFrame": 'return x.to_dict("records")',
    "pandas.Series": "return x.tolist()",
    "pandas.Timestamp": "return x.to_pydatetime()",
    "pandas.Timedelta": "return x.to_pytimedelta()",
    "pandas.NAType": "return None",
    "polars.DataFrame": "return x.to_dicts()",
    "polars.Series": "return x.to_list()",
    "pyarrow": "return x.to_pylist()",
    "torch": "return x.tolist(), or save it to a file and return the path",
    "matplotlib": "save the figure to a file and return the path, or return its PNG as bytes",
    "PIL": "save the image to a file and return the path, or return its PNG as bytes",
    "sklearn": "save the model to a file and return the path",
}
"""What to do with values of well-known packages, by the name of the class, else of the package."""

_BY_BASE: tuple[tuple[str, str], ...] = (
    ("BaseModel", "return x.model_dump()"),
    ("Struct", "return msgspec.to_builtins(x)"),
    ("tzinfo", "use zoneinfo.ZoneInfo or datetime.timezone"),
    ("datetime", "return x.isoformat(), or a plain datetime"),
    ("str", "return str(x)"),
    ("int", "return int(x)"),
    ("float", "return float(x)"),
    ("dict", "return dict(x)"),
    ("list", "return list(x)"),
    ("set", "return set(x)"),
    ("frozenset", "return frozenset(x)"),
    ("bytes", "return bytes(x)"),
    ("bytearray", "return bytes(x)"),
    ("memoryview", "return bytes(x)"),
    ("deque", "return list(x)"),
    ("range", "return list(x)"),
    ("BaseException", "raise it, or return str(x)"),
    ("PurePath", "return str(x)"),
    ("coroutine", "await it, or make the task an async function"),
    ("SimpleNamespace", "return vars(x)"),
    ("mappingproxy", "return dict(x)"),
    ("type", "return an instance of it, or its name"),
    ("IOBase", "close the file and return its path"),
    ("_TemporaryFileWrapper", "return the path of a file that stays"),
)
"""What to do with a value, by the name of a class that it is derived from; the first that fits holds."""


def _way_out(value: Any, kind: type) -> str:
    if getattr(kind, "__attrs_attrs__", None) is not None:
        return "return attrs.asdict(x)"
    for known in (type_name(kind), kind.__module__.partition(".")[0]):
        if known in _BY_NAME:
            return _BY_NAME[known]
    if issubclass(kind, tuple):
        return (
            "return tuple(x), or x._asdict() to keep the names"
            if hasattr(kind, "_fields")
            else "return tuple(x)"
        )
    bases = {base.__name__ for base in kind.__mro__}
    for base, way_out in _BY_BASE:
        if base in bases:
            return way_out
    if callable(value):
        return "return its result, or its name as text"
    if hasattr(kind, "__iter__"):
        return "return list(x)"
    return (
        "return dict, list, text, numbers or a dataclass of these, or save it to a file and return the path"
    )
