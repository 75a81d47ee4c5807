"""Facts as the columns of a table, and back.

A fact becomes `kind`, `task`, `attempt` and `data`: the JSON text of all its other fields, without those that
have their default. Stored values go in as the typed JSON text that they are, and come out as `Json`: they are
cut out of the row, never decoded, so that refolding costs nothing for values that nobody reads. This file
must never run SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any, TypedDict

import msgspec

from ..core import FACTS, Claimant, Fact
from ..core.values import SCALARS, Json, tagged, text_of
from ..errors import JournalCorrupt
from .protocol import Entry

Row = tuple[int, float, str | None, str, str | None, int | None, str | None]
"""seq, at, by, kind, task, attempt, data. `by` stands on an entry's first fact only: it marks a beginning."""

_COLUMNS = ("task", "attempt")  # the fields that have a column of their own
_REMEMBERED = 64  # so many different ones at most

_encode = msgspec.json.Encoder().encode


def rows_of(entry: Entry, run: int) -> list[tuple[Any, ...]]:
    """The entry as rows, one for each fact: the run's number, then the columns of a `Row`."""
    seq, at = entry.seq, entry.at
    by: str | None = whole(entry.by)
    rows = []
    for fact in entry.facts:
        kind = fact.kind
        shape = _shapes.get(kind) or _shape(kind)
        task = attempt = None
        if shape.has_task:
            task = fact.task  # type: ignore[attr-defined]
            if not task.isascii():
                task = whole(task)
        if shape.has_attempt:
            attempt = fact.attempt  # type: ignore[attr-defined]
        rows.append((run, seq, at, by, kind, task, attempt, shape.data_of(fact)))
        seq, by = seq + 1, None
    return rows


def entries_of(rows: Iterable[Row], run_id: str, after: int = 0) -> list[Entry]:
    """The entries of the rows that follow fact `after`; the rest of an entry that began before is left out.

    Raises JournalCorrupt, which names the fact, when one can't be read or is missing.
    """
    last = after
    entries: list[Entry] = []
    head: tuple[int, float, str] | None = None
    facts: list[Fact] = []
    for seq, at, by, kind, task, attempt, data in rows:
        last += 1
        if seq != last:
            raise JournalCorrupt(
                f"Fact {last} of run {run_id!r} is missing: fact {seq} comes after {last - 1}."
                " Somebody took it out of the file; a backup may hold it."
            )
        if by is not None:
            if head is not None:
                entries.append(Entry(*head, tuple(facts)))
            head, facts = (seq, at, by), []
        try:
            shape = _shapes.get(kind) or _shape(kind)
            facts.append(shape.fact_of(task, attempt, data))
        except (msgspec.MsgspecError, KeyError, TypeError, UnicodeDecodeError) as error:
            raise JournalCorrupt(
                f"Fact {seq} of run {run_id!r} ({kind}) can't be read: {error}."
                " The facts before it are sound (flowkit.journal.database reads them); a backup may hold the rest."
            ) from error
    if head is not None:
        entries.append(Entry(*head, tuple(facts)))
    return entries


def whole(text: str) -> str:
    """The text as a database can hold it: lone surrogates become visible escapes such as \\udc80."""
    if text.isascii():
        return text
    return text.encode("utf-8", "backslashreplace").decode()


def json_of(data: Any) -> str:
    """JSON text of plain data, with lone surrogates as visible escapes."""
    try:
        return _encode(data).decode()
    except UnicodeEncodeError:
        return _encode(_whole(data)).decode()


def _whole(data: Any) -> Any:
    if isinstance(data, str):
        return whole(data)
    if isinstance(data, dict):
        return {_whole(key): _whole(item) for key, item in data.items()}
    if isinstance(data, list | tuple):
        return [_whole(item) for item in data]
    if isinstance(data, msgspec.Struct):
        return {name: _whole(getattr(data, name)) for name in data.__struct_fields__}
    return data


class _Shape:
    """How the facts of one kind are written and read, worked out once from their class."""

    __slots__ = (
        "_body",
        "_decode",
        "_fields",
        "_maps",
        "_read",
        "_repeats",
        "_stored",
        "_values",
        "_written",
        "cls",
        "has_attempt",
        "has_task",
    )

    def __init__(self, cls: type[Fact]) -> None:
        self.cls = cls
        self.has_task, self.has_attempt = (column in cls.__struct_fields__ for column in _COLUMNS)
        fields = [field for field in msgspec.structs.fields(cls) if field.name not in _COLUMNS]
        types: dict[str, Any] = {field.name: field.type for field in fields}
        self._values = tuple(name for name in types if types[name] is Any)
        self._maps = tuple(name for name in types if types[name] == dict[str, Any])
        self._stored = tuple(i for i, name in enumerate(types) if name in self._values + self._maps)
        self._repeats = Claimant in types.values()  # all claims of one driver carry the same data
        self._fields = _getter(tuple(types))
        self._body = msgspec.defstruct("Body", [_bare(f) for f in fields], omit_defaults=True, gc=False)
        types |= dict.fromkeys(self._values, msgspec.Raw) | dict.fromkeys(self._maps, dict[str, msgspec.Raw])
        body = TypedDict("body", types, total=False)  # type: ignore[misc]
        self._decode: Any = msgspec.json.Decoder(body).decode
        self._written: dict[tuple[Any, ...], str] = {}
        self._read: dict[str, dict[str, Any]] = {}

    def data_of(self, fact: Fact) -> str | None:
        fields = self._fields(fact)
        if self._stored:
            fields = list(fields)
            for place in self._stored:
                fields[place] = _embedded(fields[place])
        elif self._repeats:
            return self._written.get(fields) or _remember(self._written, fields, json_of(self._body(*fields)))
        text = json_of(self._body(*fields))
        return None if text == "{}" else text

    def fact_of(self, task: str | None, attempt: int | None, data: str | None) -> Fact:
        fields: dict[str, Any]
        if data is None:
            fields = {}
        elif self._values or self._maps:
            fields = self._decode(data)
            for name in self._values:
                if name in fields:
                    fields[name] = Json(str(fields[name], "utf8"))
            for name in self._maps:
                if name in fields:
                    fields[name] = {key: Json(str(raw, "utf8")) for key, raw in fields[name].items()}
        elif self._repeats:
            known = self._read.get(data) or _remember(self._read, data, self._decode(data))
            fields = known.copy()
        else:
            fields = self._decode(data)
        if self.has_task:
            fields["task"] = task
        if self.has_attempt:
            fields["attempt"] = attempt
        return self.cls(**fields)


def _remember(known: dict[Any, Any], key: Any, found: Any) -> Any:
    if len(known) >= _REMEMBERED:
        known.clear()
    known[key] = found
    return found


def _bare(field: msgspec.structs.FieldInfo) -> tuple[str, Any] | tuple[str, Any, Any]:
    """The field with its default and without its type, which is checked elsewhere."""
    if field.default_factory is not msgspec.NODEFAULT:
        return field.name, Any, field.default_factory()
    return (field.name, Any) if field.required else (field.name, Any, field.default)


def _getter(names: tuple[str, ...]) -> Callable[[Any], Any]:
    """A function from a fact to these fields of it, as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    if not names:
        return lambda fact: ()
    get = attrgetter(*names)
    return lambda fact: (get(fact),)


def _embedded(stored: Any) -> Any:
    """What the encoder is to write for a stored value or a dict of them; TypeError for a `Live` one."""
    kind = type(stored)
    if kind is Json:
        return msgspec.Raw(stored.text)
    if kind in SCALARS:
        return tagged(stored)
    if kind is dict:
        return {key: _embedded(item) for key, item in stored.items()}
    return msgspec.Raw(text_of(stored))  # which says what is wrong with it


_shapes: dict[str, _Shape] = {}


def _shape(kind: str) -> _Shape:
    if kind not in FACTS:
        raise KeyError(f"flowkit knows no fact of this kind: {kind!r}")
    return _shapes.setdefault(kind, _Shape(FACTS[kind]))
