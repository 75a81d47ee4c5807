"""How a value stands inside a fact, and how two such values are compared and shown.

A *stored value* is an exact scalar (None, bool, int, float, str) as it is, a `Json` with typed JSON text, or,
in memory journals only, a `Live` object without a codec. Tags of the typed JSON for scalars are made here;
those of all other types are the business of `flowkit.journal.codecs`. This file must never import or call
anything by a name found in data.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec

SCALARS: frozenset[type] = frozenset({type(None), bool, int, float, str})
"""The exact types that stand in a fact as they are."""

SAFE_INT = 2**53
"""Beyond ± this an int is written as a tag, since other JSON readers would round it."""

_DECIMAL_BITS = (
    2000  # longer ints are written in hex: Python refuses to turn very long ones into decimal digits
)
_READ_TO_SHOW = 4096  # characters of JSON text up to which a preview reads the text instead of cutting it
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")

_encode = msgspec.json.encode
_decode = msgspec.json.decode


class Json(msgspec.Struct, frozen=True, gc=False):
    """Typed JSON text of a value: what a journal keeps, and what makes a fresh copy at every reading."""

    text: str


class Live(msgspec.Struct, frozen=True):
    """An object without a codec, kept by reference. Only a memory journal holds one, and says so."""

    object: Any


class Record(msgspec.Struct):
    """A dataclass or enum value whose class this process doesn't have.

    `type` is "module:QualName", `kind` "dataclass" or "enum"; `fields` are the dataclass's fields, or an
    enum's "name" and "value". Fields can be read as attributes too (those called type, kind or fields only
    through `.fields`). A record is packed to the same text as the value that it stands for.
    """

    type: str
    kind: str
    fields: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        if name in ("type", "kind", "fields") or name not in self.fields:
            raise AttributeError(f"{self.type!r} has no recorded field {name!r}")
        return self.fields[name]

    def __hash__(self) -> int:
        # Enum values are often dict keys and set members, so a record must be able to stand for them there.
        return hash((self.type, self.kind, self.fields.get("name") if self.kind == "enum" else None))

    def __repr__(self) -> str:
        return f"<Record {preview(self)}>"


class Opaque(msgspec.Struct, frozen=True):
    """A value under a tag that this process does not know, or whose content it can't read: kept as its JSON
    text.

    It is packed to the same text again, so nothing is lost by a process that merely passes it on.
    """

    tag: str
    text: str

    def __repr__(self) -> str:
        return f"<Opaque {preview(self)}>"


def tagged(scalar: Any) -> Any:
    """The plain JSON data of an exact scalar: itself, or a one-key object for what JSON can't say."""
    kind = type(scalar)
    if kind is int and not -SAFE_INT <= scalar <= SAFE_INT:
        return {"$int": str(scalar) if scalar.bit_length() <= _DECIMAL_BITS else hex(scalar)}
    if kind is float and not math.isfinite(scalar):
        return {"$float": str(scalar)}
    if kind is str and not scalar.isascii() and _has_surrogate(scalar):
        return {"$str": scalar.encode("unicode_escape").decode("ascii")}
    return scalar


def text_of(stored: Any) -> str:
    """The typed JSON text of a stored value; always valid UTF-8. Raises TypeError for a `Live` object, which
    has none.
    """
    kind = type(stored)
    if kind is Json:
        return stored.text  # type: ignore[no-any-return]
    if kind in SCALARS:
        return _encode(tagged(stored)).decode()
    raise TypeError(f"{with_article(type_name(kind))} has no JSON text: only scalars and Json have one")


def same(a: Any, b: Any) -> bool:
    """Whether two stored values are equal in value *and* type, as the report door asks.

    True is not 1, 1 is not 1.0, a tuple is no list; NaN is NaN, and the order of a dict's keys does not
    matter. What prints differently is different (Decimal 1.0 and 1.00; one instant in two time zones). Live
    objects: only the very same one.
    """
    kind = type(a)
    if kind in SCALARS and kind is type(b):
        return a == b or (kind is float and a != a and b != b)
    if kind is Live or type(b) is Live:
        return kind is type(b) and a.object is b.object
    left, right = text_of(a), text_of(b)
    return left == right or _canonical_text(left) == _canonical_text(right)


def _canonical_text(text: str) -> bytes | str:
    try:
        return _encode(_canonical(_decode(text)), order="deterministic")
    except (msgspec.MsgspecError, RecursionError):
        return text  # not JSON of ours: comparable as text only


def _canonical(tree: Any) -> Any:
    """The same tree with everything in one order that has none, so that equal values have equal texts."""
    if type(tree) is float:
        return tree + 0.0  # -0.0 equals 0.0
    if type(tree) is list:
        return [_canonical(item) for item in tree]
    if type(tree) is not dict:
        return tree
    if len(tree) == 1:
        ((tag, content),) = tree.items()
        if tag in ("$set", "$frozenset", "$dict") and type(content) is list:
            return {tag: sorted((_canonical(item) for item in content), key=_sort_key)}
        if tag == "$enum" and type(content) is dict and content.get("name") is not None:
            return {
                tag: [content.get("type"), content["name"]]
            }  # the name says which one; a form knows no more
    return {key: _canonical(item) for key, item in tree.items()}


def _sort_key(tree: Any) -> bytes:
    return _encode(tree, order="deterministic")


def _has_surrogate(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def class_key(cls: type) -> str:
    """ "module:QualName", by which a dataclass or Enum class is named in schemas and in stored values."""
    return f"{cls.__module__}:{cls.__qualname__}"


def type_name(cls: type) -> str:
    """The name that a person would use for a class: `int`, `pandas.DataFrame`, `Quote` for one from a
    notebook.
    """
    module = str(getattr(cls, "__module__", ""))
    name = cls.__qualname__.rpartition("<locals>.")[2]
    if module in ("builtins", "__main__", ""):
        return name
    return f"{module.partition('.')[0]}.{name}"


def with_article(name: str) -> str:
    """ "an int", "a Quote", "a uuid": a name with the article that it is spoken with."""
    first = name[:3].lower()
    vowel = first[:1] in ("a", "e", "i", "o", "u") and first not in ("uni", "use", "uui", "uti", "one")
    return f"{'an' if vowel and not first.startswith('eu') else 'a'} {name}"


def preview(value: Any, limit: int = 80) -> str:
    """One line of at most `limit` characters that shows a value, or a stored value, to a person.

    Cheap for huge values (only what is shown is looked at); control, bidirectional and other invisible
    characters are escaped; an object whose own `repr` raises is shown by its type; no memory address appears.
    It is data: escape it for markup as any other text.
    """
    try:
        text = _show_stored(value, limit)
    except Exception:  # a hostile or broken __repr__, or a container that changes meanwhile
        text = f"<{type_name(type(value))}>"
    text = visible(text[: limit + 1])
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + "…"


def visible(text: str) -> str:
    """The text with every character escaped that is invisible, moves the cursor or turns the direction of
    writing.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _show_stored(value: Any, room: int) -> str:
    if type(value) is Json:
        text = value.text
        if len(text) > _READ_TO_SHOW:
            size = f" … ({len(text):,} characters of JSON)"
            return text[: max(room - len(size), 0)] + size
        try:
            return _show(_decode(text), room, True)
        except msgspec.MsgspecError:
            return text
    if type(value) is Live:
        return _show(value.object, room, False)
    return _show(value, room, False)


def _show(value: Any, room: int, tags: bool) -> str:
    """About `room` characters of a value. `tags`: one-key objects are tags of typed JSON, not dicts."""
    kind = type(value)
    if kind is str:
        return repr(value[: room + 1])
    if kind is int and value.bit_length() > _DECIMAL_BITS:
        return f"an int of {value.bit_length():,} bits"
    if kind in SCALARS:
        return repr(value)
    if room <= 0:
        return "…"
    if kind is dict:
        if tags and len(value) == 1:
            ((tag, content),) = value.items()
            if tag.startswith("$"):
                return _show_tag(tag, content, room)
        return _show_many("{", _pairs(value.items(), room, tags), "}", room)
    if kind is list:
        return _show_many("[", (_show(item, room - 2, tags) for item in value), "]", room)
    try:
        return _show_object(value, kind, room)
    except Exception:  # a broken __repr__ hides itself, not all that stands around it
        return f"<{type_name(kind)}>"


def _show_object(value: Any, kind: type, room: int) -> str:
    if kind is tuple:
        close = ",)" if len(value) == 1 else ")"
        return _show_many("(", (_show(item, room - 2, False) for item in value), close, room)
    if kind is set or kind is frozenset:
        if len(value) > 100:
            return f"{kind.__name__} of {len(value):,}"
        # sorted, since the order of a set of texts differs from process to process
        return _show_set(kind.__name__, sorted(_show(item, room - 2, False) for item in value), room)
    if kind is bytes:
        return repr(value[: room + 1]) if len(value) <= room else f"{len(value):,} bytes"
    if kind is Record:
        return _show_record(value.type, value.kind, value.fields, room, False)
    if kind is Opaque:
        known = len(value.text) <= _READ_TO_SHOW
        return (
            _show_tag(value.tag, _decode(value.text), room)
            if known
            else f"{value.tag[1:]} {value.text[:room]}"
        )
    if hasattr(kind, "__members__") and hasattr(value, "_name_"):
        return f"{kind.__name__}.{value._name_}"
    if hasattr(kind, "__dataclass_fields__"):
        fields = {name: getattr(value, name) for name in kind.__dataclass_fields__ if hasattr(value, name)}
        return _show_record(kind.__qualname__, "dataclass", fields, room, False)
    return _show_foreign(value, kind)


def _show_foreign(value: Any, kind: type) -> str:
    """An object of a class that nobody here knows: its shape, its length or its own guarded repr."""
    shape = getattr(value, "shape", None) if hasattr(kind, "shape") else None
    if type(shape) is tuple and shape and all(type(side) is int for side in shape):
        return f"{kind.__name__} {' x '.join(f'{side:,}' for side in shape)}"
    if isinstance(value, (list, tuple, dict, set, frozenset)):
        return f"{kind.__name__} of {len(value):,}"
    if getattr(kind, "__repr__", None) is object.__repr__:
        return f"<{type_name(kind)}>"
    return _ADDRESS.sub("", repr(value))


def _show_tag(tag: str, content: Any, room: int) -> str:
    if tag == "$tuple" and type(content) is list:
        return _show_many(
            "(", (_show(i, room - 2, True) for i in content), ",)" if len(content) == 1 else ")", room
        )
    if tag in ("$set", "$frozenset") and type(content) is list:
        return _show_set(tag[1:], [_show(item, room - 2, True) for item in islice(content, room)], room)
    if tag == "$dict" and type(content) is list:
        return _show_many("{", _pairs(content, room, True), "}", room)
    if tag in ("$dataclass", "$enum") and type(content) is dict:
        fields = content.get("fields") if tag == "$dataclass" else content
        if type(fields) is dict:
            return _show_record(str(content.get("type")), tag[1:], fields, room, True)
    if tag == "$bytes" and type(content) is str:
        return f"{len(content) * 3 // 4 - content.count('=', -2):,} bytes"
    if type(content) is str:
        return content[: room + 1] if tag != "$str" else f"'{content[: room + 1]}'"
    return f"{tag[1:]} {_show(content, room - len(tag), False)}"


def _show_set(name: str, shown: list[str], room: int) -> str:
    if not shown:
        return f"{name}()"
    return _show_many("{", shown, "}", room) if name == "set" else _show_many(f"{name}({{", shown, "})", room)


def _show_record(type_path: str, kind: str, fields: dict[str, Any], room: int, tags: bool) -> str:
    name = type_path.rpartition(":")[2].rpartition(".")[2]
    if kind == "enum":
        return f"{name}.{fields.get('name') or _show(fields.get('value'), room, tags)}"
    parts = (f"{key}={_show(item, room - len(name) - len(key) - 3, tags)}" for key, item in fields.items())
    return _show_many(f"{name}(", parts, ")", room)


def _pairs(pairs: Iterable[Any], room: int, tags: bool) -> Iterator[str]:
    for key, item in pairs:
        shown = _show(key, room - 2, tags)
        yield f"{shown}: {_show(item, room - len(shown) - 4, tags)}"


def _show_many(opening: str, parts: Iterable[str], closing: str, room: int) -> str:
    """The parts with commas, as many as there is room for: later ones are not even made."""
    pieces, used = [], len(opening)
    for part in parts:
        pieces.append(part)
        used += len(part) + 2
        if used > room + 2:
            return opening + ", ".join(pieces)
    return opening + ", ".join(pieces) + closing
