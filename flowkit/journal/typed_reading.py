"""Values from plain JSON data with tags: the way back of `flowkit.journal.typed_writing`.

This file must never import or call anything by a name found in data: classes come from the mapping that it is
given, time zones from the zone database, and all else becomes data (`Record`, `Opaque`).
"""

from __future__ import annotations

import binascii
import datetime as dt
import decimal
import enum
import math
import pathlib
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from ..core.values import Opaque, Record
from .typed_writing import field_names

_ZONE = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")

_encode = msgspec.json.encode


def value_of(tree: Any, classes: Mapping[str, type]) -> Any:
    """The value that plain JSON data with tags stands for; dataclasses and enums through `classes` (by
    `class_key`), else a `Record`. An unknown tag, or a known one with content that makes no sense, gives
    `Opaque`: reading never fails on data.
    """
    kind = type(tree)
    if kind is list:
        return [value_of(item, classes) if type(item) in (list, dict) else item for item in tree]
    if kind is not dict:
        return tree
    if len(tree) == 1:
        ((tag, content),) = tree.items()
        if tag.startswith("$"):
            read = _READERS.get(tag)
            if read is not None:
                try:
                    return read(content, classes)
                except Exception:  # damaged or foreign content, or a registered class whose hash raises
                    return _opaque(tag, content)
            return _opaque(tag, content)
    return {
        key: value_of(item, classes) if type(item) in (list, dict) else item for key, item in tree.items()
    }


def _opaque(tag: str, content: Any) -> Opaque:
    return Opaque(tag, _encode(content).decode())


def _read_items(content: Any, classes: Mapping[str, type]) -> list[Any]:
    if type(content) is not list:
        raise TypeError("not a list")
    return [value_of(item, classes) for item in content]


def _read_dict(content: Any, classes: Mapping[str, type]) -> dict[Any, Any]:
    return dict(_read_items(content, classes))


def _read_int(content: Any, _classes: Mapping[str, type]) -> int:
    return int(content, 16 if "x" in content else 10)


def _read_float(content: Any, _classes: Mapping[str, type]) -> float:
    return {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}[
        content
    ] * 1.0  # a NaN of its own: sets tell them apart


def _read_str(content: Any, _classes: Mapping[str, type]) -> str:
    return str(content.encode("ascii").decode("unicode_escape"))


def _zone(name: str) -> dt.tzinfo:
    if not _ZONE.fullmatch(name):
        raise ValueError("not the name of a time zone")
    import zoneinfo  # it takes milliseconds to load, and few values need it

    return zoneinfo.ZoneInfo(name)


def _read_moment(cls: type[dt.datetime] | type[dt.time]) -> Callable[[Any, Mapping[str, type]], Any]:
    def read(content: Any, _classes: Mapping[str, type]) -> Any:
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


def _read_complex(content: Any, classes: Mapping[str, type]) -> complex:
    real, imaginary = content
    return complex(value_of(real, classes), value_of(imaginary, classes))


def _read_path(content: Any, classes: Mapping[str, type]) -> pathlib.PurePath:
    if type(content) is not list:
        return pathlib.Path(value_of(content, classes))
    name, text = content
    pure = {"PurePosixPath": pathlib.PurePosixPath, "PureWindowsPath": pathlib.PureWindowsPath}[name]
    return pure(value_of(text, classes))


def _read_enum(content: Any, classes: Mapping[str, type]) -> Any:
    fields = {name: value_of(item, classes) for name, item in content.items() if name != "type"}
    cls: Any = classes.get(content["type"])
    member = None if cls is None else getattr(cls, "__members__", {}).get(fields.get("name"))
    if member is None and cls is not None and issubclass(cls, enum.Flag):
        try:
            member = cls(fields["value"])  # a combination of flags has no name of its own
        except Exception:  # the value fits no more: what was recorded is given as it is
            member = None
    return member if member is not None else Record(content["type"], "enum", fields)


def _read_dataclass(content: Any, classes: Mapping[str, type]) -> Any:
    fields = {name: value_of(item, classes) for name, item in content["fields"].items()}
    cls: Any = classes.get(content["type"])
    if cls is not None and not issubclass(cls, enum.Enum):
        try:
            return _rebuild(cls, fields)
        except (
            Exception
        ):  # the class's own constructor may raise anything; what was recorded is then given as it is
            pass
    return Record(content["type"], "dataclass", fields)


def _rebuild(cls: Any, fields: dict[str, Any]) -> Any:
    """An instance with just these fields. No code of the class runs, unless fields were added to it since."""
    names = field_names(cls)
    if set(names) != set(fields):
        return cls(**fields)
    made = object.__new__(cls)
    for name in names:
        object.__setattr__(made, name, fields[name])
    return made


_READERS: dict[str, Callable[[Any, Mapping[str, type]], Any]] = {
    "$tuple": lambda content, classes: tuple(_read_items(content, classes)),
    "$set": lambda content, classes: set(_read_items(content, classes)),
    "$frozenset": lambda content, classes: frozenset(_read_items(content, classes)),
    "$dict": _read_dict,
    "$int": _read_int,
    "$float": _read_float,
    "$str": _read_str,
    "$bytes": lambda content, _classes: binascii.a2b_base64(content, strict_mode=True),
    "$datetime": _read_moment(dt.datetime),
    "$time": _read_moment(dt.time),
    "$date": lambda content, _classes: dt.date.fromisoformat(content),
    "$timedelta": lambda content, _classes: dt.timedelta(**content),
    "$decimal": lambda content, _classes: decimal.Decimal(content),
    "$uuid": lambda content, _classes: uuid.UUID(content),
    "$complex": _read_complex,
    "$path": _read_path,
    "$enum": _read_enum,
    "$dataclass": _read_dataclass,
}
