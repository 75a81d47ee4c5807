"""What a run hands back to its user: events, offers and receipts, as lists for programs that also have a face for people.

Faces are made when they are shown, from the journal as it stood at that event; they hold no times and no ids, so that two Run
Alls give equal notebooks.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from ..core import Fact
from ..core.schema import describe
from ..core.values import preview
from ..errors import UsageError
from ..journal import Entry, unpack
from ..render import rows_html, rows_text, sentence
from .faces import bundled, one_line

_log = logging.getLogger("flowkit")


class Event:
    """One fact of the journal: `seq` (from 1), `at` (seconds since the epoch), `kind`, `task` and `attempt` (None where the
    fact speaks of none), `by` (who) and `data` (the fact's other fields; values are copies)."""

    __slots__ = ("_fact", "at", "by", "seq")

    def __init__(self, seq: int, at: float, by: str, fact: Fact) -> None:
        self.seq = seq
        self.at = at
        self.by = by
        self._fact = fact

    @property
    def kind(self) -> str:
        """The fact's name, in the past tense: "TaskSucceeded"."""
        return self._fact.kind

    @property
    def task(self) -> str | None:
        """The task that it speaks of, or None."""
        return getattr(self._fact, "task", None)

    @property
    def attempt(self) -> int | None:
        """The attempt that it speaks of, or None."""
        return getattr(self._fact, "attempt", None)

    @property
    def tasks(self) -> tuple[str, ...]:
        """All tasks whose state it changed."""
        fact = self._fact
        named = getattr(fact, "tasks", None) or ((fact.task,) if hasattr(fact, "task") else ())
        return (*named, *getattr(fact, "ready", ()))

    @property
    def data(self) -> dict[str, Any]:
        """The other fields by name."""
        fact = self._fact
        names = (name for name in fact.__struct_fields__ if name not in ("task", "attempt"))
        return {name: _open(name, getattr(fact, name)) for name in names}

    @property
    def words(self) -> str:
        """The event as a sentence."""
        return sentence(self._fact, self.at)

    @one_line
    def __repr__(self) -> str:
        return f"{self.seq} {self.kind}: {self.words}"


def _open(name: str, value: Any) -> Any:
    if name in ("value", "payload"):
        return unpack(value)
    if name in ("inputs", "results"):
        return {key: unpack(one) for key, one in value.items()}
    return value


def events_of(entries: Iterable[Entry]) -> list[Event]:
    """The facts of some entries, each as an event."""
    found = []
    for entry in entries:
        for offset, fact in enumerate(entry.facts):
            found.append(Event(entry.seq + offset, entry.at, entry.by, fact))
    return found


def refuse_no_listener(listener: Any) -> None:
    """Raise UsageError for what can't be called with an event."""
    if not callable(listener):
        raise UsageError(f"{preview(listener)} can't be called: subscribe(listener) takes a function.")


def tell_each(listener: Callable[..., Any], run_id: str, entry: Entry, *first: Any) -> None:
    """Call a listener with each event of an entry, after `first`; what it raises is logged and disturbs nobody."""
    for event in events_of([entry]):
        try:
            listener(*first, event)
        except Exception:
            _log.exception("a subscriber of run %s raised at event %s; the run goes on", run_id, event.seq)


class EventList(list[Event]):
    """Events in order. Shown in a notebook: the run as it stood after the last of them, and a sentence for each.

    `note` says what an empty list waits for, and which call would move it.
    """

    def __init__(self, events: Iterable[Event] = (), note: str = "", face: Face | None = None) -> None:
        super().__init__(events)
        self.note = note
        self._face = face

    @one_line
    def __repr__(self) -> str:
        if not self:
            return f"[]  {self.note}" if self.note else "[]"
        return "; ".join(event.words for event in self[-12:])

    @bundled
    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        caption = self.note if not self else "; ".join(event.words for event in self[-3:])
        text = repr(self)
        if self._face is None:
            return {"text/plain": text}
        marks = dict.fromkeys((name for event in self for name in event.tasks), "now")
        return {**self._face(self[-1].seq if self else None, marks, caption), "text/plain": text}


Face = Callable[[int | None, dict[str, str], str], dict[str, str]]
"""Makes the picture of a run as it stood at an event (None: now), with marks by task and a caption."""


class Journal(list[Event]):
    """All events of a run, oldest first. Shown in a notebook as a table of sentences."""

    def __repr__(self) -> str:
        return f"<journal: {len(self)} events>"

    @bundled
    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        rows = [(event.seq, event.kind, event.words) for event in self]
        head = ("event", "kind", "in words")
        return {"text/html": rows_html(head, rows), "text/plain": rows_text(head, rows)}


class Offer:
    """Something that is ready to be done by whoever can.

    `task` (for an item its address, `fetch[3]`), `item` (the item's number, or None), `attempt`, `kind` ("do",
    "revert" for an undo; "when",
    "until" or "each" for a question, which is answered with a truth, or the number of items), `number` (of the attempt, or
    of the question: each has one of its own), `inputs` (copies),
    `instructions` (its docstring), `expects` (what a result
    must be, in words), `schema` (the same as data, or None), `able` ("here", "manual", "missing" or "changed") and `token`, its
    completion token, for those who know nothing else.
    """

    def __init__(self, **fields: Any) -> None:
        self.task: str = fields["task"]
        self.item: int | None = fields.get("item")
        self.attempt: int = fields["attempt"]
        self.number: int = fields.get("number", self.attempt)
        self.kind: str = fields.get("kind", "do")
        self.able: str = fields["able"]
        self.instructions: str = fields["instructions"]
        self.schema: dict[str, Any] | None = fields["schema"]
        self.run_id: str = fields["run_id"]
        self._inputs: Callable[[], dict[str, Any]] = fields["inputs"]
        self._token: Callable[[], str] = fields["token"]

    @property
    def inputs(self) -> dict[str, Any]:
        """The values that the task would be given."""
        return self._inputs()

    @property
    def token(self) -> str:
        """The completion token of this attempt: the same at every reading."""
        return self._token()

    @property
    def expects(self) -> str:
        """What a result must be, in words."""
        return describe(self.schema) if self.schema is not None else "anything"

    @one_line
    def __repr__(self) -> str:
        who = {"manual": "a person", "here": "this process"}.get(self.able, "somebody else")
        what = {"do": f"attempt {self.attempt}", "revert": "its undo"}.get(
            self.kind, f"the question {self.kind!r}"
        )
        return f"<offer: {self.task}, {what}, for {who}>"


class OfferList(list[Offer]):
    """What is ready, in order. Shown in a notebook as a table that says who can move it and with which call."""

    def __init__(self, offers: Iterable[Offer] = (), rows: Callable[[], Any] | None = None) -> None:
        super().__init__(offers)
        self._rows = rows

    @one_line
    def __repr__(self) -> str:
        return f"[{', '.join(map(repr, self))}]"

    @bundled
    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        if self._rows is None:
            return {"text/plain": repr(self)}
        head, rows, caption = self._rows()
        return {"text/html": rows_html(head, rows, caption), "text/plain": rows_text(head, rows, caption)}


class Receipt:
    """The answer to a report: `verdict` ("accepted", or "repeat" where the same was recorded before), `seq` (the event
    that holds
    it), `task`, `attempt`."""

    def __init__(self, verdict: str, seq: int, task: str, attempt: int, face: Face | None = None) -> None:
        self.verdict = verdict
        self.seq = seq
        self.task = task
        self.attempt = attempt
        self._face = face

    @property
    def words(self) -> str:
        """The receipt as a sentence."""
        if self.verdict == "repeat":
            return f"{self.task}: the same result was recorded before, as event {self.seq}; nothing changes"
        return f"{self.task}: accepted as event {self.seq}"

    @one_line
    def __repr__(self) -> str:
        return f"<receipt: {self.words}>"

    @bundled
    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        if self._face is None:
            return {"text/plain": repr(self)}
        marks = {self.task: "now"} if self.verdict == "accepted" else {}
        seq = self.seq if self.verdict == "accepted" else None
        return {**self._face(seq, marks, self.words), "text/plain": repr(self)}
