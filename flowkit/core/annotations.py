"""From a type annotation to a form schema: plain data that is stored in the plan.

A process without the user's code builds forms and judges values from the schema alone, so nothing here may
put an object, a class or an address into one. What an annotation can't be said in becomes {"kind": "any"}:
anything storable fits.

Every schema has "kind"; an `X | None` has "optional": True, a text in `Annotated` is its "label". By kind:
list, set, frozenset "items" (and "also": other kinds that fit an abstract Sequence or Iterable); tuple
"items": one schema, or a list with one for each place; dict "keys", "values"; choice "choices" of {"label",
"value"} and for an Enum "type"; fields "name", "type" ("module:QualName" of a dataclass, None for a
TypedDict), "id" and "fields" of {"name", "schema", "required", "default", "doc"}; ref "to" (the "id" of an
enclosing fields schema); union "options"; any "annotation".
"""

from __future__ import annotations

import collections.abc
import enum
import math
import types
import typing
from typing import Any

from .values import class_key, preview, type_name, visible

NO_ANNOTATION: Any = ...
"""Stands for an annotation that is not there. (`inspect.Parameter.empty` is recognised too.)"""

_MOST_NODES = 2000  # classes that all name one another would make a schema without end

KINDS = {
    "builtins:NoneType": "none",
    "builtins:bool": "bool",
    "builtins:int": "int",
    "builtins:float": "float",
    "builtins:complex": "complex",
    "builtins:str": "str",
    "builtins:bytes": "bytes",
    "builtins:object": "any",
    "typing:Any": "any",
    "datetime:datetime": "datetime",
    "datetime:date": "date",
    "datetime:time": "time",
    "datetime:timedelta": "timedelta",
    "decimal:Decimal": "decimal",
    "uuid:UUID": "uuid",
    "pathlib:Path": "path",
    "pathlib._local:Path": "path",
}
"""The kind of each class that has one of its own, by "module:QualName" (so that none of them need be imported
here).
"""

_COLLECTIONS: dict[Any, dict[str, Any]] = {
    list: {"kind": "list"},
    set: {"kind": "set"},
    frozenset: {"kind": "frozenset"},
    dict: {"kind": "dict"},
    collections.abc.Sequence: {"kind": "list", "also": ["tuple"]},
    collections.abc.MutableSequence: {"kind": "list"},
    collections.abc.Collection: {"kind": "list", "also": ["tuple", "set", "frozenset"]},
    collections.abc.Iterable: {"kind": "list", "also": ["tuple", "set", "frozenset"]},
    collections.abc.Set: {"kind": "set", "also": ["frozenset"]},
    collections.abc.MutableSet: {"kind": "set"},
    collections.abc.Mapping: {"kind": "dict"},
    collections.abc.MutableMapping: {"kind": "dict"},
}
_WRAPPERS = ("Required", "NotRequired", "ReadOnly", "Final", "ClassVar")


def schema_of(annotation: Any = NO_ANNOTATION) -> dict[str, Any] | None:
    """The form schema of an annotation as JSON-able data, None where there is no annotation. Never raises."""
    if annotation is NO_ANNOTATION or _is_empty(annotation):
        return None
    return _Reading().schema(annotation, ())


def classes_in(annotation: Any) -> list[type]:
    """The dataclasses and Enum classes that values of an annotation may need, outermost first, each once.

    Whoever registers them (`flowkit.journal.codecs.register`) gets values of these classes back, in every
    process that has the flow's code.
    """
    if annotation is NO_ANNOTATION or _is_empty(annotation):
        return []
    reading = _Reading()
    reading.schema(annotation, ())
    return list(reading.classes)


def _is_empty(annotation: Any) -> bool:
    return isinstance(annotation, type) and class_key(annotation) == "inspect:_empty"


class _Reading:
    """One reading of one annotation: the classes that were met, and how much may still be written."""

    def __init__(self) -> None:
        self.classes: dict[type, None] = {}
        self.left = _MOST_NODES

    def schema(self, annotation: Any, above: tuple[Any, ...]) -> dict[str, Any]:
        self.left -= 1
        if self.left < 0:
            return _anything(annotation)
        try:
            return self._schema(annotation, above)
        except Exception:  # an annotation may be any object, with any behaviour
            return _anything(annotation)

    def _schema(self, annotation: Any, above: tuple[Any, ...]) -> dict[str, Any]:
        if annotation is None:
            return {"kind": "none"}
        if annotation is Any:
            return {"kind": "any"}
        origin, args = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is typing.Annotated:
            return self._labelled(args, above)
        if origin is typing.Union or origin is types.UnionType:
            return self._union(args, above)
        if origin is typing.Literal:
            return self._literal(args, annotation)
        inner = self._inside(annotation, origin, args)
        if inner is not NO_ANNOTATION:
            return self.schema(inner, above)
        cls = origin or annotation
        if cls is tuple:
            return self._tuple(annotation, args, above)
        if isinstance(cls, type):
            if cls in _COLLECTIONS:
                return self._collection(cls, args, above)
            return self._class(cls, annotation, above)
        return _anything(annotation)

    def _inside(self, annotation: Any, origin: Any, args: tuple[Any, ...]) -> Any:
        """What a wrapper (NewType, a type alias, a bound type variable, Required, ...) is around, if it is
        one.
        """
        if getattr(origin, "_name", None) in _WRAPPERS and len(args) == 1:
            return args[0]
        if hasattr(annotation, "__supertype__"):
            return annotation.__supertype__
        if type(annotation).__name__ == "TypeAliasType":
            return annotation.__value__
        if isinstance(annotation, typing.TypeVar):
            bound = annotation.__bound__
            return Any if bound is None else bound
        return NO_ANNOTATION

    def _labelled(self, args: tuple[Any, ...], above: tuple[Any, ...]) -> dict[str, Any]:
        schema = self.schema(args[0], above)
        labels = [note for note in args[1:] if type(note) is str]
        return {**schema, "label": _text(labels[0])} if labels else schema

    def _union(self, args: tuple[Any, ...], above: tuple[Any, ...]) -> dict[str, Any]:
        options: list[dict[str, Any]] = []
        for arg in args:
            option = self.schema(arg, above)
            if option["kind"] != "none" and option not in options:
                options.append(option)
        one = options[0] if len(options) == 1 else {"kind": "union", "options": options}
        return {**one, "optional": True} if type(None) in args else one

    def _literal(self, args: tuple[Any, ...], annotation: Any) -> dict[str, Any]:
        values = [arg for arg in args if arg is not None]
        cls: Any = type(values[0]) if values else type(None)
        if issubclass(cls, enum.Enum) and all(type(value) is cls for value in values):
            schema = {**self._enum(cls), "choices": [_enum_choice(value) for value in values]}
        elif all(_is_plain(value) for value in values):
            labels = [value if type(value) is str else repr(value) for value in values]
            if len(set(labels)) < len(labels):
                labels = [repr(value) for value in values]
            choices = [{"label": a, "value": v} for a, v in zip(labels, values, strict=True)]
            schema = {"kind": "choice", "choices": choices}
        else:
            return _anything(annotation)
        return {**schema, "optional": True} if len(values) < len(args) else schema

    def _tuple(self, annotation: Any, args: tuple[Any, ...], above: tuple[Any, ...]) -> dict[str, Any]:
        bare = annotation is tuple or not hasattr(annotation, "__args__")
        if bare or any(_is_unpacked(arg) for arg in args):
            return {"kind": "tuple"}
        if len(args) == 2 and args[1] is ...:
            return {"kind": "tuple", "items": self.schema(args[0], above)}
        return {"kind": "tuple", "items": [self.schema(arg, above) for arg in args]}

    def _collection(self, cls: Any, args: tuple[Any, ...], above: tuple[Any, ...]) -> dict[str, Any]:
        schema = {name: list(x) if type(x) is list else x for name, x in _COLLECTIONS[cls].items()}
        names = ("keys", "values") if schema["kind"] == "dict" else ("items",)
        for name, arg in zip(names, args, strict=False):
            schema[name] = self.schema(arg, above)
        return schema

    def _class(self, cls: Any, annotation: Any, above: tuple[Any, ...]) -> dict[str, Any]:
        kind = KINDS.get(class_key(cls))
        if kind is not None:
            return {"kind": kind}
        if issubclass(cls, enum.Enum):
            return self._enum(cls)
        is_dataclass = hasattr(cls, "__dataclass_fields__")
        if not is_dataclass and not (issubclass(cls, dict) and hasattr(cls, "__total__")):
            return _anything(annotation)
        if cls in above:
            return {"kind": "ref", "to": class_key(cls), "name": cls.__name__}
        if is_dataclass:
            self.classes.setdefault(cls)
        hints = _hints(cls)
        above = (*above, cls)
        fields = self._dataclass_fields(cls, hints, above) if is_dataclass else self._keys(cls, hints, above)
        return {
            "kind": "fields",
            "name": cls.__name__,
            "type": class_key(cls) if is_dataclass else None,
            "id": class_key(cls),
            "fields": fields,
        }

    def _enum(self, cls: Any) -> dict[str, Any]:
        self.classes.setdefault(cls)
        schema = {
            "kind": "choice",
            "name": cls.__name__,
            "type": class_key(cls),
            "choices": [_enum_choice(member) for member in cls],
        }
        return {**schema, "flag": True} if issubclass(cls, enum.Flag) else schema

    def _dataclass_fields(self, cls: Any, hints: dict[str, Any], above: tuple[Any, ...]) -> list[Any]:
        import dataclasses  # it costs milliseconds and is loaded already where there is a dataclass

        found = []
        for field in dataclasses.fields(cls):
            if not field.init:
                continue
            required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
            entry: dict[str, Any] = {
                "name": field.name,
                "schema": self.schema(hints.get(field.name, field.type), above),
                "required": required,
            }
            default = field.default
            if default is dataclasses.MISSING and field.default_factory in (list, dict):
                default = field.default_factory()
            plain = _plain_default(default)
            if plain is not NO_ANNOTATION:
                entry["default"] = plain
            doc = field.metadata.get("doc") or getattr(field, "doc", None)
            if type(doc) is str:
                entry["doc"] = _text(doc)
            found.append(entry)
        return found

    def _keys(self, cls: Any, hints: dict[str, Any], above: tuple[Any, ...]) -> list[dict[str, Any]]:
        """The fields of a TypedDict."""
        required = set(cls.__required_keys__)
        found = []
        for name, hint in hints.items():
            wrapper = getattr(typing.get_origin(hint), "_name", None)
            needed = wrapper == "Required" or (name in required and wrapper != "NotRequired")
            found.append({"name": name, "schema": self.schema(hint, above), "required": needed})
        return found


def _hints(cls: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(cls, localns={cls.__name__: cls}, include_extras=True)
    except (
        Exception
    ):  # a name in a text annotation that can't be found here: the other fields still have theirs
        return dict(getattr(cls, "__annotations__", {}))


def _enum_choice(member: Any) -> dict[str, Any]:
    choice = {"label": member._name_}
    return {**choice, "value": member._value_} if _is_plain(member._value_) else choice


def _is_plain(value: Any) -> bool:
    """Whether a value can stand in a schema as it is."""
    if type(value) is str:
        return _text(value) == value
    return value is None or type(value) in (bool, int) or (type(value) is float and math.isfinite(value))


def _plain_default(value: Any) -> Any:
    """A field's default as a form would send it, or NO_ANNOTATION where it can't be said in JSON."""
    if _is_plain(value) or (type(value) in (list, dict) and not value):
        return value
    if isinstance(value, enum.Enum):
        return value._name_ if value._name_ is not None else NO_ANNOTATION
    kind = KINDS.get(class_key(type(value)))
    if kind in ("datetime", "date", "time"):
        return value.isoformat()
    if kind in ("decimal", "uuid") or type(value).__name__ in ("PosixPath", "WindowsPath"):
        return str(value)
    return NO_ANNOTATION


def _is_unpacked(arg: Any) -> bool:
    return getattr(arg, "__unpacked__", False) or typing.get_origin(arg) is typing.Unpack


def _anything(annotation: Any) -> dict[str, Any]:
    if type(annotation) is str:
        text = annotation
    elif isinstance(annotation, typing.ForwardRef):
        text = annotation.__forward_arg__
    elif isinstance(annotation, type) and typing.get_origin(annotation) is None:
        text = type_name(annotation)
    else:
        text = preview(annotation, 200).replace("typing.", "")
    return {"kind": "any", "annotation": _text(text[:200])}


def _text(text: str) -> str:
    """A text that any JSON writer takes: without lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return visible(text)
    return text
