"""What a text means where a number, a date or another value of one piece is asked.

Strict on purpose: a text that could be meant otherwise ("yes", "12,5", "1e999") is refused with a hint.
Nothing here may touch anything outside: a path is only a name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import msgspec

from .values import Opaque, text_of

_INT = re.compile(r"[+-]?[0-9]+")
_FLOAT = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
_SPAN = re.compile(r"(?:(-?[0-9]+) days?, )?([0-9]+):([0-5]?[0-9]):([0-5]?[0-9])(?:\.([0-9]{1,6}))?")


class Unreadable(Exception):
    """The text says no such value. `hint` can be put behind a message that says what would be right."""

    def __init__(self, hint: str = "") -> None:
        super().__init__(hint)
        self.hint = hint


def parse(kind: str, text: str) -> Any:
    """The value of a kind in `PARSED` that a text stands for. Raises Unreadable."""
    try:
        return PARSED[kind].read(text)
    except (ValueError, ArithmeticError):
        hint = f"; write a point: {text.replace(',', '.')}" if _COMMA.fullmatch(text) else ""
        raise Unreadable(hint if kind in ("float", "decimal") else "") from None


def parse_json(text: str) -> Any:
    """The plain data of a JSON text. Raises Unreadable with line and column, also for a key that stands
    twice.
    """
    import json  # the only reader at hand that says where the mistake is

    try:
        return json.loads(text, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        reason = error.msg[:1].lower() + error.msg[1:]
        raise Unreadable(f"; {reason} (line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise Unreadable("; it is nested too deeply") from None
    except ValueError as error:
        raise Unreadable(f"; {error}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return made


def _no() -> Any:
    raise ValueError


def _read_none(text: str) -> None:
    if text not in ("", "None", "null"):
        _no()


def _read_bool(text: str) -> bool:
    return text.lower() == "true" if text.lower() in ("true", "false") else _no()


def _read_int(text: str) -> int:
    return int(text) if _INT.fullmatch(text) else _no()


def _read_float(text: str) -> float:
    if text in ("nan", "inf", "-inf"):
        return float(text)
    number = float(text) if _FLOAT.fullmatch(text) else _no()
    return number if math.isfinite(number) else _no()


def _read_bytes(text: str) -> bytes:
    import base64

    return base64.b64decode(text, validate=True)


def _read_datetime(text: str) -> Any:
    import datetime

    return datetime.datetime.fromisoformat(text)


def _read_date(text: str) -> Any:
    import datetime

    return datetime.date.fromisoformat(text)


def _read_time(text: str) -> Any:
    import datetime

    return datetime.time.fromisoformat(text)


def _read_timedelta(text: str) -> Any:
    import datetime

    span = _SPAN.fullmatch(text)
    if span is None:
        return datetime.timedelta(seconds=_read_float(text))
    days, hours, minutes, seconds, fraction = span.groups()
    micros = int((fraction or "").ljust(6, "0"))
    return datetime.timedelta(int(days or 0), int(seconds), micros, minutes=int(minutes), hours=int(hours))


def _read_decimal(text: str) -> Any:
    import decimal

    return decimal.Decimal(text)


def _read_uuid(text: str) -> Any:
    import uuid

    return uuid.UUID(text)


def _read_path(text: str) -> Opaque:
    """The stored form of a path: whoever reads it back through the codecs gets a `pathlib.Path`."""
    return Opaque("$path", text_of(text)) if text else _no()


class Kind(msgspec.Struct, frozen=True):
    """How a kind is read from text, and the "module:QualName" of the types that it has."""

    read: Callable[[str], Any]
    types: frozenset[str]


def _kind(read: Callable[[str], Any], *types: str) -> Kind:
    return Kind(read, frozenset(types))


PARSED: dict[str, Kind] = {
    "none": _kind(_read_none, "builtins:NoneType"),
    "bool": _kind(_read_bool, "builtins:bool"),
    "int": _kind(_read_int, "builtins:int"),
    "float": _kind(_read_float, "builtins:float"),
    "complex": _kind(complex, "builtins:complex"),
    "bytes": _kind(_read_bytes, "builtins:bytes"),
    "datetime": _kind(_read_datetime, "datetime:datetime"),
    "date": _kind(_read_date, "datetime:date"),
    "time": _kind(_read_time, "datetime:time"),
    "timedelta": _kind(_read_timedelta, "datetime:timedelta"),
    "decimal": _kind(_read_decimal, "decimal:Decimal"),
    "uuid": _kind(_read_uuid, "uuid:UUID"),
    "path": _kind(
        _read_path,
        *(
            f"{place}:{system}Path"
            for place in ("pathlib", "pathlib._local")
            for system in ("Posix", "Windows")
        ),
    ),
}
"""The kinds that have a text form of their own."""
