"""Values as plain JSON data with tags: one function for each type that flowkit can store.

Plain JSON stands for None, bool, int, float, str, list and dict with text keys; everything else is an object
with one key that begins with "$". Exact types only: a subclass would come back as something else. The class of a
dataclass or enum value is at hand here, so it is remembered for reading. This file must never change a value, nor
give anything a form that `typed_reading` can't turn back.
"""

from __future__ import annotations

import binascii
import datetime as dt
import decimal
import enum
import pathlib
import uuid
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import msgspec

from ..core.values import SAFE_INT, SCALARS, Opaque, Record, class_key, preview, tagged, visible
from .known_classes import remember

MAX_DEPTH = 100
"""How deep containers may be nested."""

_SHOWN_PARTS = 5  # of a long path: as many at its beginning and at its end

_encode = msgspec.json.encode


class Untyped(Exception):
    """Something inside a value that typed JSON has no form for. `parts` of the path to it are put down on the
    way up to the whole value.
    """

    def __init__(self, value: Any, reason: str, way_out: str = "") -> None:
        super().__init__(reason)
        self.value = value
        self.reason = reason
        self.way_out = way_out
        self.parts: list[str] = []

    def inside(self, part: str) -> Untyped:
        self.parts.append(part)
        return self

    @property
    def path(self) -> str:
        """Where it sits in the value; of a very deep place, the beginning and the end of the way."""
        parts = self.parts[::-1]
        if len(parts) > 2 * _SHOWN_PARTS:
            parts[_SHOWN_PARTS:-_SHOWN_PARTS] = ["…"]
        return "".join(parts)


def is_plain(value: Any, depth: int = 1) -> bool:
    """Whether a list or dict is plain JSON through and through: the common case, decided without building
    anything.

    Keys that begin with "$" and lone surrogates are not looked for here: the encoded text shows them.
    """
    if depth > MAX_DEPTH:
        return False
    if type(value) is dict:
        for key in value:
            if type(key) is not str:
                return False
        items = value.values()
    else:
        items = value
    for item in items:
        kind = type(item)
        if kind is str or kind is bool or item is None:
            continue
        if kind is int:
            if not -SAFE_INT <= item <= SAFE_INT:
                return False
        elif kind is float:
            if item - item != 0.0:  # NaN and the infinities
                return False
        elif (kind is not dict and kind is not list) or not is_plain(item, depth + 1):
            return False
    return True


def tree_of(value: Any, depth: int = 0, above: tuple[int, ...] = ()) -> Any:
    """The plain JSON data, with tags, of a value. Raises `Untyped` naming the place and the thing that has no
    form.
    """
    kind = type(value)
    if kind in SCALARS:
        return tagged(value)
    write = _WRITERS.get(kind)
    if write is not None:
        return write(value)
    if id(value) in above:
        raise Untyped(
            value, "it contains itself", "return the parts without the cycle, or ids instead of objects"
        )
    if depth >= MAX_DEPTH:
        raise Untyped(
            value, f"it is nested deeper than {MAX_DEPTH} levels", "return it flattened, or as text"
        )
    above = (*above, id(value))
    write_nested = _NESTED_WRITERS.get(kind)
    if write_nested is not None:
        return write_nested(value, depth + 1, above)
    if issubclass(kind, enum.Enum):
        return _write_enum(value, depth + 1, above)
    if hasattr(kind, "__dataclass_fields__"):
        return _write_dataclass(value, depth + 1, above)
    raise Untyped(value, "flowkit has no code-free form for this type")


def _inner(value: Any, where: Callable[[], str], depth: int, above: tuple[int, ...]) -> Any:
    """A part's data; `where` is asked for its place only when it has no form."""
    try:
        return tree_of(value, depth, above)
    except Untyped as cannot:
        raise cannot.inside(where()) from None


def _write_list(value: Any, depth: int, above: tuple[int, ...]) -> list[Any]:
    trees: list[Any] = []
    for item in value:
        trees.append(_inner(item, lambda: f"[{len(trees)}]", depth, above))
    return trees


def _write_set(value: Any, depth: int, above: tuple[int, ...]) -> list[Any]:
    trees = [_inner(item, lambda: "{…}", depth, above) for item in value]
    return sorted(trees, key=_encode)  # an order that is the same in every process


def _write_dict(value: dict[Any, Any], depth: int, above: tuple[int, ...]) -> dict[str, Any]:
    pairs: list[tuple[Any, Any]] = []
    texts_only = True
    for key, item in value.items():
        written = _inner(key, lambda: f"[key {_shown_key(key)}]", depth, above)  # noqa: B023 - called in this round
        if type(written) is not str or written.startswith("$"):
            texts_only = False
        pairs.append((written, _inner(item, lambda: f"[{_shown_key(key)}]", depth, above)))  # noqa: B023
    return dict(pairs) if texts_only else {"$dict": pairs}


def _shown_key(key: Any) -> str:
    return f'"{visible(key[:40])}"' if type(key) is str else preview(key, 40)


def _write_fields(fields: Mapping[str, Any], depth: int, above: tuple[int, ...]) -> dict[str, Any]:
    written = {}
    for name, item in fields.items():
        written[name] = _inner(item, lambda: f".{name}", depth, above)  # noqa: B023 - called in this round
    return written


def _write_enum(value: enum.Enum, depth: int, above: tuple[int, ...]) -> dict[str, Any]:
    remember(type(value))
    plain = _write_fields({"value": value._value_}, depth, above)
    return {"$enum": {"type": class_key(type(value)), "name": value._name_, **plain}}


def _write_record(value: Record, depth: int, above: tuple[int, ...]) -> dict[str, Any]:
    fields = _write_fields(value.fields, depth, above)
    if value.kind == "enum":
        return {"$enum": {"type": value.type, **fields}}
    return {"$dataclass": {"type": value.type, "fields": fields}}


def _write_dataclass(value: Any, depth: int, above: tuple[int, ...]) -> dict[str, Any]:
    cls = type(value)
    try:
        object.__new__(cls)  # as it is rebuilt: refused for one that is also a list, an exception, ...
    except TypeError:
        raise Untyped(value, "a dataclass with a built-in base would lose a part of itself") from None
    remember(cls)
    fields: dict[str, Any] = {}
    for name in _field_names(cls):
        try:
            fields[name] = getattr(value, name)
        except Exception as error:
            raise Untyped(value, f"its field {name!r} can't be read ({type(error).__name__})") from None
    for name in getattr(value, "__dict__", ()):
        if name not in fields and name != "__orig_class__" and not _is_cache(cls, name):
            raise Untyped(
                value, f"its attribute {name!r} is no field", f"declare {name!r} as a field of the dataclass"
            )
    return {"$dataclass": {"type": class_key(cls), "fields": _write_fields(fields, depth, above)}}


def _field_names(cls: Any) -> list[str]:
    """The names of a dataclass's real fields (its table holds class and init-only variables too)."""
    return [name for name, field in cls.__dataclass_fields__.items() if field._field_type.name == "_FIELD"]


def _is_cache(cls: type, name: str) -> bool:
    return any(isinstance(vars(base).get(name), cached_property) for base in cls.__mro__)


def _write_bytes(value: bytes) -> dict[str, str]:
    return {"$bytes": binascii.b2a_base64(value, newline=False).decode("ascii")}


def _write_moment(tag: str) -> Callable[[Any], dict[str, Any]]:
    """For datetime and time: ISO text; an object beside it when the text alone would lose the zone, its name
    or the fold.
    """

    def write(value: dt.datetime | dt.time) -> dict[str, Any]:
        more: dict[str, Any] = {}
        zone = value.tzinfo
        if class_key(type(zone)) == "zoneinfo:ZoneInfo" and getattr(zone, "key", None) is not None:
            more["zone"] = zone.key  # type: ignore[union-attr]
        elif type(zone) is dt.timezone:
            if zone.tzname(None) != dt.timezone(zone.utcoffset(None)).tzname(None):
                more["name"] = zone.tzname(None)
        elif zone is not None:
            raise Untyped(
                zone,
                "this kind of time zone has no form",
                "use zoneinfo.ZoneInfo or datetime.timezone, e.g. value.astimezone(datetime.timezone.utc)",
            )
        if value.fold:
            more["fold"] = value.fold
        return {tag: {"at": value.isoformat(), **more} if more else value.isoformat()}

    return write


def _write_timedelta(value: dt.timedelta) -> dict[str, Any]:
    parts = {"days": value.days, "seconds": value.seconds, "microseconds": value.microseconds}
    return {"$timedelta": {name: part for name, part in parts.items() if part}}


def _write_path(value: pathlib.PurePath) -> dict[str, Any]:
    """A `Path` as text alone: it comes back as the kind of path that the reading system has."""
    text = tagged(str(value))
    return {"$path": text if type(value) is type(pathlib.Path()) else [type(value).__name__, text]}


def _write_opaque(value: Opaque) -> Any:
    return {value.tag: msgspec.Raw(value.text.encode())}


_WRITERS: dict[type, Callable[[Any], Any]] = {
    bytes: _write_bytes,
    dt.datetime: _write_moment("$datetime"),
    dt.time: _write_moment("$time"),
    dt.date: lambda value: {"$date": value.isoformat()},
    dt.timedelta: _write_timedelta,
    decimal.Decimal: lambda value: {"$decimal": str(value)},
    uuid.UUID: lambda value: {"$uuid": str(value)},
    complex: lambda value: {"$complex": [tagged(value.real), tagged(value.imag)]},
    pathlib.PurePosixPath: _write_path,
    pathlib.PureWindowsPath: _write_path,
    pathlib.PosixPath: _write_path,
    pathlib.WindowsPath: _write_path,
    Opaque: _write_opaque,
}
_NESTED_WRITERS: dict[type, Callable[[Any, int, tuple[int, ...]], Any]] = {
    list: _write_list,
    dict: _write_dict,
    tuple: lambda value, depth, above: {"$tuple": _write_list(value, depth, above)},
    set: lambda value, depth, above: {"$set": _write_set(value, depth, above)},
    frozenset: lambda value, depth, above: {"$frozenset": _write_set(value, depth, above)},
    Record: _write_record,
}
