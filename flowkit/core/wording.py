"""The words for a form schema: short ones for tables, longer ones for messages that say what would be right.

They are plain text, made of what the flow's author wrote: nothing here may look at anything but the schema.
"""

from __future__ import annotations

from typing import Any

from .values import preview, visible, with_article

_MOST_CHOICES = 8
_MOST_FIELDS = 6

_MESSAGES = {
    "any": "anything",
    "none": "None",
    "bool": "a bool: True or False",
    "bytes": "bytes (in a form: as base64 text)",
    "datetime": "a datetime such as 2026-01-31T14:30",
    "date": "a date such as 2026-01-31",
    "time": "a time such as 14:30",
    "timedelta": "a timedelta (in a form: seconds, or 1:30:00)",
    "decimal": "a decimal such as '12.50', as text",
    "uuid": "a uuid such as 12345678-1234-5678-1234-567812345678",
}


def describe(schema: dict[str, Any] | None) -> str:
    """Short words for a schema: "bool", "one of 'a', 'b'", "Quote(price: float, note: str or None)"."""
    if schema is None:
        return "anything"
    words = _words(schema, nested=False)
    return f"{words} or None" if schema.get("optional") else words


def expectation(schema: dict[str, Any]) -> str:
    """What a value should be, as a message says it: "a bool: True or False", "a list of float"."""
    kind = schema["kind"]
    if kind in _MESSAGES and not (kind == "any" and schema.get("annotation")):
        words = _MESSAGES[kind]
    else:
        words = _words(schema, nested=False)
        if kind not in ("choice", "union", "any"):
            words = with_article(words)
    return f"{words}, or None" if schema.get("optional") else words


def labels(schema: dict[str, Any]) -> list[str]:
    """The labels of a choice, in order."""
    return [choice["label"] for choice in schema["choices"]]


def quoted(key: Any) -> str:
    """A key as it stands in a path."""
    return f'"{visible(key[:40])}"' if type(key) is str else preview(key, 40)


def _words(schema: dict[str, Any], nested: bool) -> str:
    kind: str = schema["kind"]
    if kind == "any":
        return str(schema.get("annotation", "anything"))
    if kind == "none":
        return "None"
    if kind == "choice":
        return _choice_words(schema)
    if kind in ("list", "set", "frozenset"):
        return f"{kind} of {_inner(schema['items'])}" if "items" in schema else kind
    if kind == "tuple":
        inner = schema.get("items")
        if type(inner) is list:
            return f"tuple ({', '.join(map(_inner, inner))})"
        return "tuple" if inner is None else f"tuple of {_inner(inner)}"
    if kind == "dict":
        return (
            f"dict of {_inner(schema['keys'])} to {_inner(schema['values'])}" if "values" in schema else kind
        )
    if kind == "ref":
        return str(schema["name"])
    if kind == "fields":
        return str(schema["name"]) if nested else f"{schema['name']}({_field_words(schema)})"
    if kind == "union":
        return " or ".join(map(_inner, schema["options"]))
    return kind


def _inner(schema: dict[str, Any]) -> str:
    words = _words(schema, nested=True)
    return f"({words} or None)" if schema.get("optional") else words


def _choice_words(schema: dict[str, Any]) -> str:
    if schema.get("type"):
        shown = labels(schema)
    else:
        shown = [preview(choice["value"], 40) for choice in schema["choices"]]
    more = len(shown) - _MOST_CHOICES
    return f"one of {', '.join(shown[:_MOST_CHOICES])}" + (f" … ({more} more)" if more > 0 else "")


def _field_words(schema: dict[str, Any]) -> str:
    shown = []
    for field in schema["fields"][:_MOST_FIELDS]:
        words = f"{field['name']}: {_words(field['schema'], nested=True)}"
        shown.append(f"{words} or None" if field["schema"].get("optional") else words)
    return ", ".join(shown) + (", …" if len(schema["fields"]) > _MOST_FIELDS else "")
