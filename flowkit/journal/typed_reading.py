"""Values from plain JSON data with tags: the way back of `flowkit.journal.typed_writing`.

This file must never import or call anything by a name found in data: classes are those that the process already
has (`flowkit.journal.known_classes`), time zones come from the zone database, and all else becomes data (`Record`,
`Opaque`).
"""

from __future__ import annotations

import binascii
import dataclasses
import datetime as dt
import decimal
import enum
import math
import pathlib
import re
import types
import uuid
from collections.abc import Callable
from typing import Any

import msgspec

from ..core.values import Opaque, Record
from .known_classes import find, is_registered, own_attribute

_ZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")

_encode = msgspec.json.encode


def value_of(tree: Any) -> Any:
    """The value that plain JSON data with tags stands for; a dataclass or enum whose class is not at hand is a
    `Record`. An unknown tag, or a known one with content that makes no sense, gives
    `Opaque`: reading never fails on data.
    """
    kind = type(tree)
    if kind is list:
        return [value_of(item) if type(item) in (list, dict) else item for item in tree]
    if kind is not dict:
        return tree
    if len(tree) == 1:
        ((tag, content),) = tree.items()
        if tag.startswith("$"):
            read = _READERS.get(tag)
            if read is not None:
                try:
                    return read(content)
                except Exception:  # damaged or foreign content, or a registered class whose hash raises
                    return _opaque(tag, content)
            return _opaque(tag, content)
    return {key: value_of(item) if type(item) in (list, dict) else item for key, item in tree.items()}


def _opaque(tag: str, content: Any) -> Opaque:
    return Opaque(tag, _encode(content).decode())


def _read_items(content: Any) -> list[Any]:
    if type(content) is not list:
        raise TypeError("not a list")
    return [value_of(item) for item in content]


def _read_dict(content: Any) -> dict[Any, Any]:
    return dict(_read_items(content))


def _read_int(content: Any) -> int:
    return int(content, 16 if "x" in content else 10)


def _read_float(content: Any) -> float:
    return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[
        content
    ] * 1.0  # a NaN of its own: sets tell them apart


def _read_str(content: Any) -> str:
    return str(content.encode("ascii").decode("unicode_escape"))


def _zone(name: str) -> dt.tzinfo:
    if not _ZONE.fullmatch(name):
        raise ValueError("not the name of a time zone")
    import zoneinfo  # it takes milliseconds to load, and few values need it

    return zoneinfo.ZoneInfo(name)


def _read_moment(cls: type[dt.datetime] | type[dt.time]) -> Callable[[Any], Any]:
    def read(content: Any) -> Any:
        if type(content) is str:
            return cls.fromisoformat(content)
        moment = cls.fromisoformat(content["at"])
        if "zone" in content:
            moment = moment.replace(tzinfo=_zone(content["zone"]))
        elif "name" in content and moment.tzinfo is not None:
            offset = moment.utcoffset() or dt.timedelta()
            moment = moment.replace(tzinfo=dt.timezone(offset, content["name"]))
        return moment.replace(fold=content.get("fold", 0))

    return read


def _read_complex(content: Any) -> complex:
    real, imaginary = content
    return complex(value_of(real), value_of(imaginary))


def _read_path(content: Any) -> pathlib.PurePath:
    if type(content) is not list:
        return pathlib.Path(value_of(content))
    name, text = content
    pure = {"PurePosixPath": pathlib.PurePosixPath, "PureWindowsPath": pathlib.PureWindowsPath}[name]
    return pure(value_of(text))


def _read_enum(content: Any) -> Any:
    fields = {name: value_of(item) for name, item in content.items() if name != "type"}
    cls = find(content["type"])
    member = None
    if cls is not None and issubclass(cls, enum.Enum):
        member = (own_attribute(cls, "_member_map_") or {}).get(fields.get("name"))
        if member is None and issubclass(cls, enum.Flag):
            member = _combined(cls, fields.get("value"))
    return member if member is not None else Record(content["type"], "enum", fields)


def _combined(cls: type[enum.Flag], value: Any) -> Any:
    """A combination of flags, which has no name of its own; None where the value fits no more, or the class has
    a way of its own to make members.
    """
    if type(value) is not int or own_attribute(cls, "_missing_") is not vars(enum.Flag)["_missing_"]:
        return None
    try:
        return enum.EnumType.__call__(cls, value)
    except Exception:  # what was recorded is given as it is
        return None


def _read_dataclass(content: Any) -> Any:
    fields = {name: value_of(item) for name, item in content["fields"].items()}
    cls = find(content["type"])
    if cls is not None and not issubclass(cls, enum.Enum):
        try:
            return _rebuild(cls, fields, is_registered(content["type"]))
        except (
            Exception
        ):  # the class's own constructor may raise anything; what was recorded is then given as it is
            pass
    return Record(content["type"], "dataclass", fields)


def _rebuild(cls: Any, fields: dict[str, Any], may_construct: bool) -> Any:
    """An instance with just these fields. No code of the class runs, unless it is a registered one to which
    fields were added since.
    """
    table = own_attribute(cls, "__dataclass_fields__")
    names = [name for name, field in table.items() if field._field_type.name == "_FIELD"]
    if len(names) != len(fields) or any(name not in fields for name in names):
        if may_construct:
            return cls(**fields)
        fields = {**_defaults(cls, table, names, fields), **fields}
        if set(names) != set(fields):
            raise TypeError("the class has other fields now")
    made = object.__new__(cls)
    for name in names:
        held = own_attribute(cls, name)
        if type(held) is not types.MemberDescriptorType and own_attribute(type(held), "__set__") is not None:
            raise TypeError("setting this field would run code of the class")
        object.__setattr__(made, name, fields[name])
    return made


def _defaults(cls: Any, table: Any, names: list[str], fields: dict[str, Any]) -> dict[str, Any]:
    """The defaults of fields that were not recorded, as far as nobody's code is needed to make them."""
    if own_attribute(cls, "__post_init__") is not None:
        return {}
    found = {}
    for name in names:
        field = table[name]
        if name not in fields and field.init:
            if field.default is not dataclasses.MISSING:
                found[name] = field.default
            elif any(field.default_factory is known for known in (list, dict, set)):
                found[name] = field.default_factory()
    return found


_READERS: dict[str, Callable[[Any], Any]] = {
    "$tuple": lambda content: tuple(_read_items(content)),
    "$set": lambda content: set(_read_items(content)),
    "$frozenset": lambda content: frozenset(_read_items(content)),
    "$dict": _read_dict,
    "$int": _read_int,
    "$float": _read_float,
    "$str": _read_str,
    "$bytes": lambda content: binascii.a2b_base64(content, strict_mode=True),
    "$datetime": _read_moment(dt.datetime),
    "$time": _read_moment(dt.time),
    "$date": dt.date.fromisoformat,
    "$timedelta": lambda content: dt.timedelta(**content),
    "$decimal": decimal.Decimal,
    "$uuid": uuid.UUID,
    "$complex": _read_complex,
    "$path": _read_path,
    "$enum": _read_enum,
    "$dataclass": _read_dataclass,
}
