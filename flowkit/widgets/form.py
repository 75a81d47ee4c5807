"""Forms, Python's half: what a schema asks of the page, and what came back from it.

The page only gathers what was typed; here it becomes a value, or problems with the place of each. Nothing
is recorded here.
"""

from __future__ import annotations

from typing import Any

from ..core.schema import Problem, check, describe, read_text

_WHOLE = {"bool", "choice", "fields", "none", "str"}
"""The kinds that the page has fields of their own for; everything else is written as text."""

_DEEPEST = 4  # fields inside fields beyond this are written as JSON
_MOST_FIELDS = 60

_HINTS = {
    "bool": "yes or no",
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "date": "like 2026-11-24",
    "datetime": "like 2026-11-24T09:30",
    "time": "like 09:30",
    "decimal": "an exact number",
    "none": "nothing",
    "choice": "one of these",
}


def form_of(schema: dict[str, Any] | None, depth: int = 0) -> dict[str, Any]:
    """The schema as the page needs it: JSON-able, with a `hint` in words for every field."""
    if schema is None:
        return {"kind": "any", "hint": "any value, as JSON", "long": True}
    kind = schema["kind"]
    form: dict[str, Any] = {key: schema[key] for key in ("kind", "label", "optional") if key in schema}
    form["hint"] = _HINTS.get(kind) or f"{describe(schema)[:120]}, as JSON"
    if kind == "choice":
        form["choices"] = [_choice(schema, choice) for choice in schema["choices"]]
    elif kind == "fields" and depth < _DEEPEST and len(schema["fields"]) <= _MOST_FIELDS:
        form["hint"] = describe(schema)[:120]
        form["call"] = schema["name"] if schema.get("type") else ""
        form["fields"] = [_field(field, depth) for field in schema["fields"]]
    elif kind not in _HINTS:
        form["long"] = kind in ("list", "tuple", "set", "frozenset", "dict", "any", "union", "ref", "fields")
        if not form["long"]:
            form["hint"] = describe(schema)[:120]
    return form


def _choice(schema: dict[str, Any], choice: dict[str, Any]) -> list[str]:
    """What the page shows, and how Python would write it."""
    key = schema.get("type")
    written = (
        f"{key.rpartition(':')[2]}.{choice['label']}" if key else repr(choice.get("value", choice["label"]))
    )
    return [str(choice["label"]), written]


def _field(field: dict[str, Any], depth: int) -> dict[str, Any]:
    inner = form_of(field["schema"], depth + 1)
    return {"name": field["name"], "spare": not field["required"], "doc": field.get("doc", ""), **inner}


def offer_form(offer: Any, state: str) -> dict[str, Any]:
    """The form in which an offer is answered: a result, the answer to a question, or that it was undone. JSON-able.

    `summary`: what stands over it while it is folded, since this process can do without; empty where somebody is asked.
    """
    kind = offer.kind
    asked, _, text = offer.instructions.partition("\n")
    complete, failed, summary = _LABELS["question" if kind in QUESTIONS else kind]
    folded = offer.able != "manual" if kind == "do" else offer.able == "here"
    schema = form_of(schema_of_offer(offer))
    if kind != "do":
        schema["label"] = asked
    if kind == "revert":
        schema["hint"] = ""
    return {
        "id": f"{offer.task}#{offer.attempt}#{kind}",
        "key": offer.task,
        "attempt": offer.attempt,
        "kind": kind,
        "schema": schema,
        "complete": "Complete by hand" if folded and kind == "do" else complete,
        "failed": failed,
        "summary": summary if folded else "",
        "text": text if kind in QUESTIONS else "",
        "warning": _AT_WORK if state == "running" else "",
    }


QUESTIONS = ("when", "until", "each")

_LABELS = {
    "do": ("Complete", "It failed…", "give its result by hand"),
    "question": ("Answer", "It failed…", "answer by hand"),
    "revert": ("It is undone", "The undo failed…", "say by hand that it is undone"),
}
"""The kind of an offer → its two buttons, and what stands over the form while it is folded."""

_AT_WORK = "It is at work. If you answer, its own answer comes late: kept, and not used."


def schema_of_offer(offer: Any) -> dict[str, Any] | None:
    """What the form of an offer asks for; of an undo nothing is."""
    return {"kind": "none"} if offer.kind == "revert" else offer.schema


def read_form(schema: dict[str, Any] | None, typed: Any) -> tuple[Any, list[Problem]]:
    """What was typed, as a value, and all that is wrong with it (then the value is not to be used)."""
    value, problems = _read(schema or {"kind": "any"}, typed if isinstance(typed, dict) else {}, "", 0)
    if not problems:
        value, problems = check(schema, value)
    return (None if problems else value), problems


def _read(schema: dict[str, Any], typed: dict[str, Any], path: str, depth: int) -> tuple[Any, list[Problem]]:
    kind = schema["kind"]
    if typed.get("none") and (schema.get("optional") or kind == "none"):
        return None, []
    if kind == "bool":
        return _chosen(schema, typed, path, [True, False])
    if kind == "choice":
        return _chosen(schema, typed, path, [choice["label"] for choice in schema["choices"]])
    if isinstance(typed.get("fields"), dict) and kind == "fields":
        return _read_fields(schema, typed["fields"], path, depth)
    text = str(typed.get("text", ""))
    if schema.get("optional") and kind != "str" and not text.strip():
        # An answer is final, so "nothing" is said on purpose and not by a field that was left empty.
        return None, [
            Problem(path, "not an empty field: tick “no value (None)” if that is meant", describe(schema))
        ]
    value, problems = read_text(schema, text)
    return value, [Problem(_joined(path, p.path), p.message, p.expected) for p in problems]


def _chosen(
    schema: dict[str, Any], typed: dict[str, Any], path: str, values: list[Any]
) -> tuple[Any, list[Problem]]:
    number = typed.get("choice")
    if isinstance(number, int) and 0 <= number < len(values):
        return values[number], []
    return None, [Problem(path, "choose one", describe(schema))]


def _read_fields(
    schema: dict[str, Any], typed: dict[str, Any], path: str, depth: int
) -> tuple[dict[str, Any], list[Problem]]:
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for field in schema["fields"]:
        name = field["name"]
        part = typed.get(name)
        if not isinstance(part, dict) or (not field["required"] and _left_empty(part)):
            continue
        value, found = _read(field["schema"], part, f"{path}.{name}" if path else name, depth + 1)
        values[name] = value
        problems += found
    return values, problems


def _left_empty(typed: dict[str, Any]) -> bool:
    """Whether nothing was typed or chosen."""
    if "fields" in typed:
        return all(_left_empty(part) for part in typed["fields"].values() if isinstance(part, dict))
    return not typed.get("none") and typed.get("choice") is None and not str(typed.get("text", "")).strip()


def _joined(path: str, inner: str) -> str:
    return f"{path}{inner}" if not path or not inner or inner.startswith("[") else f"{path}.{inner}"
