"""Judging values by a form schema: whether one fits, what it becomes, and what a form's text means.

Schemas are plain data (`flowkit.core.annotations` says what stands in them), so any process can judge a value
for any run. Nothing is guessed: a value is changed only where nothing is lost, and each misfit names its
place and what would be right.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import msgspec

from .annotations import NO_ANNOTATION, classes_in, schema_of
from .parsing import PARSED, Unreadable, parse, parse_json
from .values import Opaque, Record, class_key, preview, type_name
from .wording import describe, expectation, labels, quoted

__all__ = [
    "NO_ANNOTATION",
    "Problem",
    "check",
    "classes_in",
    "describe",
    "expectation",
    "read_text",
    "schema_of",
]

_EXACT: dict[str, type] = {
    "none": type(None),
    "bool": bool,
    "int": int,
    "float": float,
    "complex": complex,
    "str": str,
    "bytes": bytes,
}
"""The kinds that have exactly one type which is there without an import."""


class Problem(msgspec.Struct, frozen=True):
    """One misfit. `path` is its place inside the value ("rows[2].price", "" for the whole), `expected` the
    short words.
    """

    path: str
    message: str
    expected: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


def check(schema: dict[str, Any] | None, value: Any) -> tuple[Any, list[Problem]]:
    """Judge a Python value, or one from a form or from JSON. Returns the value to store and all misfits.

    Changed only without loss: an int where a float is asked, ISO text for dates and times, text for decimals,
    uuids and paths, a list for tuples and sets, a dict for a dataclass (it becomes a `Record`, from which the
    codecs make the dataclass), a label or value for an Enum's member. With misfits, the value comes back as
    it was. No schema, or one of a kind that is not known here: everything fits.
    """
    if schema is None or type(value) is _EXACT.get(schema["kind"]):
        return value, []
    judging = _Judging(from_text=False)
    return judging.verdict(judging.fit, schema, value)


def read_text(schema: dict[str, Any] | None, text: str) -> tuple[Any, list[Problem]]:
    """What a form's text field means: (value, misfits).

    Text for "str", a number, an ISO date, a choice's label and so on as such; all that has parts is JSON. An
    empty field is None where that is allowed. Whitespace around anything but text does not count.
    """
    schema = schema or {"kind": "any"}
    if text.strip() == "" and schema.get("optional"):
        return None, []
    judging = _Judging(from_text=True)
    return judging.verdict(judging.read, schema, text)


class _Judging:
    """One walk through a value. `from_text`: it was JSON text, in which keys can be nothing but text."""

    def __init__(self, from_text: bool) -> None:
        self.problems: list[Problem] = []
        self.from_text = from_text
        self.enclosing: dict[str, dict[str, Any]] = {}

    def verdict(
        self, judge: Callable[..., Any], schema: dict[str, Any], value: Any
    ) -> tuple[Any, list[Problem]]:
        """The value as judged, or as it was if anything is wrong with it, and all misfits."""
        try:
            fitted = judge(schema, value, "")
        except RecursionError:
            self.problems = [Problem("", "it is nested too deeply, or contains itself", describe(schema))]
        return (value if self.problems else fitted), self.problems

    def problem(self, path: str, message: str, schema: dict[str, Any]) -> None:
        self.problems.append(Problem(path, message, describe(schema)))

    def misfit(self, schema: dict[str, Any], value: Any, path: str) -> Any:
        self.problem(path, f"{expectation(schema)}, not {_named(value)}", schema)
        return value

    def fit(self, schema: dict[str, Any], value: Any, path: str) -> Any:
        """The value as it fits the schema; the misfits are put down in `problems`."""
        kind = schema["kind"]
        if type(value) is _EXACT.get(kind) or (value is None and schema.get("optional")):
            return value
        if kind == "float":
            return self._float(schema, value, path)
        if kind in _EXACT:
            return self.misfit(schema, value, path)
        if kind in PARSED:
            return self._parsed(schema, value, path)
        rule = _RULES.get(kind)
        return value if rule is None else rule(self, schema, value, path)

    def _float(self, schema: dict[str, Any], value: Any, path: str) -> Any:
        if type(value) is not int:
            return self.misfit(schema, value, path)
        try:
            exact = float(value)
        except OverflowError:
            exact = math.inf
        if exact != value:
            shown = preview(value, 40)
            self.problem(path, f"a float, and none is exactly the int {shown}", schema)
        return exact

    def _parsed(self, schema: dict[str, Any], value: Any, path: str) -> Any:
        kind = schema["kind"]
        if class_key(type(value)) in PARSED[kind].types or (
            type(value) is Opaque and value.tag == f"${kind}"
        ):
            return value
        if (type(value) is str and kind != "timedelta") or (kind == "decimal" and type(value) is int):
            try:
                return parse(kind, str(value))
            except Unreadable:
                pass
        return self.misfit(schema, value, path)

    def fit_choice(self, schema: dict[str, Any], value: Any, path: str) -> Any:
        key = schema.get("type")
        is_member = key is not None and class_key(type(value)) == key
        if is_member and (schema.get("flag") or getattr(value, "_name_", None) in labels(schema)):
            return value
        if key is not None and type(value) is Record and (value.type, value.kind) == (key, "enum"):
            value = value.fields.get("name")
        choices = schema["choices"]
        picked = [c for c in choices if type(value) is str and value == c["label"]]
        if not picked:  # a label goes before the value of another member
            picked = [c for c in choices if type(c.get("value", ...)) is type(value) and c["value"] == value]
        if not picked:
            return self.misfit(schema, value, path)
        if key is None:
            return picked[0]["value"]
        name = {"name": picked[0]["label"]}
        return Record(key, "enum", {**name, "value": picked[0]["value"]} if "value" in picked[0] else name)

    def fit_items(self, schema: dict[str, Any], value: Any, path: str) -> Any:
        """list, set and frozenset."""
        kind, given = schema["kind"], type(value).__name__
        cls: Callable[[Any], Any] = {"list": list, "set": set, "frozenset": frozenset}[kind]
        also = given in schema.get("also", ()) and type(value) in (tuple, set, frozenset)
        fits = also or type(value) is cls
        if not fits and type(value) is not list:
            return self.misfit(schema, value, path)
        fitted: list[Any] = list(value)
        if "items" in schema:
            fitted = [self.fit(schema["items"], x, f"{path}[{n}]") for n, x in enumerate(fitted)]
        if self.problems or (fits and all(a is b for a, b in zip(fitted, value, strict=True))):
            return value
        try:
            made = (type(value) if also else cls)(fitted)
        except TypeError:
            self.problem(path, f"{expectation(schema)}: its items must be values that can't change", schema)
            return value
        if len(made) < len(fitted):
            self.problem(path, f"{expectation(schema)}: an item stands in it twice", schema)
        return made

    def fit_tuple(self, schema: dict[str, Any], value: Any, path: str) -> Any:
        if type(value) not in (tuple, list):
            return self.misfit(schema, value, path)
        inner = schema.get("items")
        if type(inner) is list and len(inner) != len(value):
            self.problem(path, f"{expectation(schema)}: {len(inner)} items, not {len(value)}", schema)
            return value
        fitted = list(value)
        if inner is not None:
            each = inner if type(inner) is list else [inner] * len(fitted)
            fitted = [
                self.fit(one, item, f"{path}[{n}]")
                for n, (one, item) in enumerate(zip(each, fitted, strict=True))
            ]
        if type(value) is tuple and all(a is b for a, b in zip(fitted, value, strict=True)):
            return value
        return tuple(fitted)

    def fit_dict(self, schema: dict[str, Any], value: Any, path: str) -> Any:
        if type(value) is not dict:
            return self.misfit(schema, value, path)
        fitted = {}
        changed = False
        for key, item in value.items():
            place = f"{path}[{quoted(key)}]"
            new_key = self._key(schema.get("keys"), key, path)
            new_item = self.fit(schema["values"], item, place) if "values" in schema else item
            changed = changed or new_key is not key or new_item is not item
            fitted[new_key] = new_item
        if len(fitted) < len(value):
            self.problem(path, "two keys mean the same", schema)
        return fitted if changed else value

    def _key(self, schema: dict[str, Any] | None, key: Any, path: str) -> Any:
        if schema is None:
            return key
        before = len(self.problems)
        plain = (
            self.from_text and type(key) is str and schema["kind"] not in ("str", "choice", "any", "union")
        )
        new = self.read(schema, key, path) if plain else self.fit(schema, key, path)
        for n in range(before, len(self.problems)):
            found = self.problems[n]
            self.problems[n] = Problem(path, f"the key {quoted(key)}: {found.message}", found.expected)
        return new

    def fit_fields(self, schema: dict[str, Any], value: Any, path: str) -> Any:
        key = schema.get("type")
        given = _fields_of(value, key)
        if given is None:
            return self.misfit(schema, value, path)
        self.enclosing[schema["id"]] = schema
        names = [field["name"] for field in schema["fields"]]
        fitted: dict[str, Any] = {}
        changed = type(value) is dict and key is not None
        for field in schema["fields"]:
            name = field["name"]
            place = f"{path}.{name}" if path else name
            if name in given:
                fitted[name] = self.fit(field["schema"], given[name], place)
                changed = changed or fitted[name] is not given[name]
            elif field["required"]:
                self.problem(place, f"is missing: {expectation(field['schema'])}", field["schema"])
            elif type(value) is dict and key is not None and "default" in field:
                fitted[name] = self.fit(field["schema"], field["default"], place)
        for name in given:
            if name not in names:
                if type(value) is dict:
                    self._unknown_field(schema, name, path)
                fitted[name] = given[name]
        if not changed:
            return value
        if key is None:
            return fitted
        own = value.type if type(value) is Record else key if type(value) is dict else class_key(type(value))
        return Record(own, "dataclass", fitted)

    def _unknown_field(self, schema: dict[str, Any], name: Any, path: str) -> None:
        import difflib  # only for a mistake

        names = [field["name"] for field in schema["fields"]]
        near = difflib.get_close_matches(name, names, 1) if type(name) is str else []
        hint = f"did you mean {near[0]!r}?" if near else f"the fields are {', '.join(names) or 'none'}"
        self.problem(path, f"{schema['name']} has no field {quoted(name)}; {hint}", schema)

    def fit_ref(self, schema: dict[str, Any], value: Any, path: str) -> Any:
        target = self.enclosing.get(schema["to"])
        return value if target is None else self.fit(target, value, path)

    def fit_union(self, schema: dict[str, Any], value: Any, path: str) -> Any:
        """An option that takes the value unchanged, else the first that can take it at all."""
        tries = [self._attempt(self.fit, option, value, path) for option in schema["options"]]
        return self._best(schema, value, path, tries)

    def _attempt(self, judge: Callable[..., Any], *args: Any) -> tuple[Any, list[Problem]]:
        outer, self.problems = self.problems, []
        try:
            return judge(*args), self.problems
        finally:
            self.problems = outer

    def _best(
        self, schema: dict[str, Any], value: Any, path: str, tries: list[tuple[Any, list[Problem]]]
    ) -> Any:
        good = [made for made, problems in tries if not problems]
        for made in good:
            if made is value:
                return made
        if good:
            return good[0]
        # When the value is of the right kind for just one option, what is wrong deeper in it says more.
        deeper = [problems for _, problems in tries if all(problem.path != path for problem in problems)]
        if len(deeper) == 1:
            self.problems += deeper[0]
            return value
        return self.misfit(schema, value, path)

    def read(self, schema: dict[str, Any], text: str, path: str) -> Any:
        """The value that a text stands for."""
        kind = schema["kind"]
        if kind == "str":
            return text
        if kind in PARSED:
            try:
                return parse(kind, text.strip())
            except Unreadable as cannot:
                shown = preview(text, 40) if text.strip() else "an empty field"
                self.problem(path, f"{expectation(schema)}, not {shown}{cannot.hint}", schema)
                return text
        if kind == "choice":
            return self.fit_choice(schema, text if text in labels(schema) else text.strip(), path)
        if kind == "union":
            tries = [self._attempt(self.read, option, text, path) for option in _text_last(schema["options"])]
            good = [made for made, problems in tries if not problems]
            return good[0] if good else self._best(schema, text, path, tries)
        try:
            value = parse_json(text)
        except Unreadable as cannot:
            words = "a value" if kind == "any" else expectation(schema)
            bare = kind == "any" and text.strip()[:1] not in ("", "[", "{", '"')
            hint = "; text stands in double quotes" if bare else ""
            self.problem(path, f"{words} as JSON{cannot.hint}{hint}", schema)
            return text
        return self.fit(schema, value, path)


def _text_last(options: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The options of a union with "str" at the end, since that takes any text."""
    return sorted(options, key=lambda option: option["kind"] == "str")


def _named(value: Any) -> str:
    """A value as a message names it: "the str 'yes'", "shop.Quote(price=1)" where it says its type itself."""
    if value is None:
        return "None"
    kind = value.type.rpartition(":")[2] if type(value) is Record else type_name(type(value))
    kind = kind.rpartition("<locals>.")[2]
    shown = preview(value, 40)
    for name in (kind, kind.rpartition(".")[2]):
        if shown.startswith((f"{name}(", f"{name}.")):
            return kind + shown[len(name) :]
    return shown if shown.startswith("an int of ") else f"the {kind} {shown}"


def _fields_of(value: Any, key: str | None) -> dict[str, Any] | None:
    """The fields of a dict, or of an instance or Record of the dataclass that `key` names; else None."""
    if type(value) is dict:
        return value
    if key is None:
        return None
    if type(value) is Record:
        return value.fields if value.kind == "dataclass" and value.type == key else None
    table = getattr(type(value), "__dataclass_fields__", None)
    if table is None or not any(class_key(base) == key for base in type(value).__mro__):
        return None
    return {name: getattr(value, name) for name in table if hasattr(value, name)}


_RULES: dict[str, Callable[[_Judging, dict[str, Any], Any, str], Any]] = {
    "choice": _Judging.fit_choice,
    "list": _Judging.fit_items,
    "set": _Judging.fit_items,
    "frozenset": _Judging.fit_items,
    "tuple": _Judging.fit_tuple,
    "dict": _Judging.fit_dict,
    "fields": _Judging.fit_fields,
    "ref": _Judging.fit_ref,
    "union": _Judging.fit_union,
}
