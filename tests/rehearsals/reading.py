"""The text of a rehearsal, read into data: a flow, what each attempt gives, what is done and what must be observed.

A file begins with prose, then come sections. Whatever can't be read raises `RehearsalError` with the file and the line;
this module builds no flow and runs nothing. `tests/rehearsals/README.md` shows the whole format.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WAYS = ("local", "parallel", "by_hand", "reopened", "permuted")
"""How each rehearsal is run: see `ways.py`."""

VERBS = frozenset(
    "run do begin end kill crash elsewhere start on adopt pause resume cancel revert skip rerun break clear complete fail "
    "tick advance token listen interrupted refused repeated quietly".split()
)
OBSERVATIONS = frozenset(
    "state states all tasks ready heard result value calls undos asked attempts order events count got failure leaves due took why "
    "runs progress".split()
)
FLAGS = frozenset({"pause_before"})
OPTIONS = frozenset(
    "retry as delay backoff cap jitter on not_on timeout each concurrency when skip join until max after on_crash priority "
    "outputs edited".split()
)
FLOW_OPTIONS = frozenset({"on_failure", "result", "inputs"})

_NAME = re.compile(r"[A-Za-z_]\w*")
_CALL = re.compile(r"(?:(manual|flow)\s+)?([A-Za-z_]\w*)\((.*?)\)(?:\s*->\s*(\w+))?(?=\s|$)")


class RehearsalError(Exception):
    """A rehearsal can't be read: where, and what to write instead."""

    def __init__(self, path: Path, line: int, what: str) -> None:
        super().__init__(f"{path.name}, line {line}: {what}")


@dataclass
class Param:
    """One parameter: wired by its name, by `source`, or `fixed` to a literal value; `optional`: None is its default."""

    name: str
    source: str = ""
    fixed: bool = False
    value: Any = None
    optional: bool = False


@dataclass
class TaskText:
    """One task of a flow, or (kind "flow") a subflow with its `members`."""

    line: int
    kind: str
    name: str
    params: list[Param]
    returns: str = ""
    options: dict[str, str] = field(default_factory=dict)
    undo: TaskText | None = None
    members: list[TaskText] = field(default_factory=list)


@dataclass
class FlowText:
    """A flow with its options."""

    line: int
    name: str
    options: dict[str, str]
    tasks: list[TaskText] = field(default_factory=list)


@dataclass
class Outcome:
    """What one attempt gives: `how` is "ok" with an expression over its inputs, or "fail" with a type and a message. Before that it
    tells its `progress` and does `also` (an operator's verb)."""

    how: str
    text: str = "None"
    types: tuple[str, ...] = ()
    progress: tuple[float, ...] = ()
    also: str = ""


@dataclass
class Line:
    """One thing to do or to observe: its first word, and the rest."""

    number: int
    word: str
    rest: str


@dataclass
class Rehearsal:
    """A whole file. `without` maps a way in which it isn't run to the reason."""

    path: Path
    prose: str
    origins: list[str]
    differs: list[str]
    without: dict[str, str]
    flows: list[FlowText]
    inputs: dict[str, Any]
    given: dict[str, Any]
    target: str | None
    outcomes: dict[str, list[Outcome]]
    lines: list[Line]

    @property
    def on_file(self) -> bool:
        """Whether other processes take part, so that it needs a file in every way."""
        return any(w in ("begin", "crash", "elsewhere") for one in self.lines for w in _words_of(one))


def _words_of(line: Line) -> list[str]:
    return [line.word, *line.rest.split()[:2]]


def read(path: Path) -> Rehearsal:
    """Read a rehearsal. Raises `RehearsalError`."""
    return _Reader(path, path.read_text().splitlines()).rehearsal()


def pieces(text: str, at: str = " ") -> list[str]:
    """The text cut at each `at` that stands outside quotes and brackets; empty pieces are left out."""
    found, depth, quote, start = [], 0, "", 0
    for index, char in enumerate(text):
        if quote:
            quote = "" if char == quote and text[index - 1] != "\\" else quote
        elif char in "'\"":
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif depth == 0 and text.startswith(at, index) and index >= start:
            found.append(text[start:index])
            start = index + len(at)
    return [piece.strip() for piece in (*found, text[start:]) if piece.strip()]


class _Reader:
    def __init__(self, path: Path, lines: list[str]) -> None:
        self.path = path
        self.text = lines
        self.now = 0  # the number of the line that is being read, from 1

    def wrong(self, what: str, line: int | None = None) -> RehearsalError:
        return RehearsalError(self.path, self.now if line is None else line, what)

    def rehearsal(self) -> Rehearsal:
        first = next((n for n, t in enumerate(self.text) if _section(t)), len(self.text))
        rehearsal = self._header(first)
        flows = rehearsal.flows
        for header, body in self._sections(first):
            number, words = header
            self.now = number
            match words[0]:
                case "flow":
                    flows.append(self._flow(number, words[1:], body))
                case "start":
                    self._start(rehearsal, body)
                case "outcomes":
                    self._outcomes(rehearsal, body)
                case _:
                    if words[0] == "expect" and not rehearsal.lines:
                        rehearsal.lines.append(Line(number, "run", ""))
                    rehearsal.lines += self._steps(body)
        self.now = len(self.text)
        if not flows:
            raise self.wrong("there is no flow: write a section 'flow NAME'")
        if not any(OBSERVATIONS.union(("refused",)) & {*_words_of(one)} for one in rehearsal.lines):
            raise self.wrong("nothing is observed: write a section 'expect'")
        return rehearsal

    def _header(self, end: int) -> Rehearsal:
        found = Rehearsal(self.path, "", [], [], {}, [], {}, {}, None, {}, [])
        prose = []
        for number, text in enumerate(self.text[:end], start=1):
            self.now = number
            label, colon, rest = text.partition(":")
            rest = rest.strip()
            if colon and label in ("Origin", "Differs"):
                (found.differs if label == "Differs" else found.origins).append(rest)
            elif colon and label.startswith("Without "):
                for way in pieces(label.removeprefix("Without "), ","):
                    if way not in WAYS:
                        raise self.wrong(f"{way!r} is no way: {', '.join(WAYS)} are")
                    found.without[way] = rest
                if not rest:
                    raise self.wrong("say why after the colon: 'Without parallel: its order decides'")
            elif text.strip():
                prose.append(text.strip())
        found.prose = " ".join(prose)
        if not found.prose:
            raise self.wrong("begin with a line of prose that says what is rehearsed", 1)
        return found

    def _sections(self, first: int) -> list[tuple[tuple[int, list[str]], list[tuple[int, str]]]]:
        found: list[tuple[tuple[int, list[str]], list[tuple[int, str]]]] = []
        for number, text in enumerate(self.text[first:], start=first + 1):
            self.now = number
            if not text.strip() or text.lstrip().startswith("#"):
                continue
            if words := _section(text):
                found.append(((self.now, words), []))
            elif not text.startswith("  "):
                raise self.wrong(f"{text!r} is no section: flow, start, outcomes, steps and expect are")
            else:
                found[-1][1].append((self.now, text.rstrip()))
        return found

    # The flow

    def _flow(self, number: int, words: list[str], body: list[tuple[int, str]]) -> FlowText:
        if not words or not _NAME.fullmatch(words[0]):
            raise self.wrong("give the flow a name: 'flow order'")
        flow = FlowText(number, words[0], self._options(words[1:], FLOW_OPTIONS))
        flow.tasks = self._tasks(body, 2)
        return flow

    def _tasks(self, body: list[tuple[int, str]], depth: int) -> list[TaskText]:
        found: list[TaskText] = []
        at = 0
        while at < len(body):
            self.now, text = body[at]
            if _depth(text) != depth:
                raise self.wrong(f"{depth} spaces are expected before {text.strip()!r}")
            task = self._task(text.strip())
            end = at + 1
            while end < len(body) and _depth(body[end][1]) > depth:
                end += 1
            inner = body[at + 1 : end]
            if inner and inner[0][1].strip().startswith("undo "):
                self.now, line = inner[0]
                task.undo = self._task(line.strip().removeprefix("undo "))
                inner = inner[1:]
            if inner and task.kind != "flow":
                self.now = inner[0][0]
                raise self.wrong(f"only a flow has tasks within; {task.name} may have one line 'undo …'")
            task.members = self._tasks(inner, depth + 2)
            found.append(task)
            at = end
        return found

    def _task(self, text: str) -> TaskText:
        match = _CALL.match(text)
        if match is None:
            raise self.wrong(
                f"{text!r} is no task: write 'charge(quote) retry=3', 'manual m()' or 'flow f(x)'"
            )
        kind, name, params, returns = match.groups()
        known = OPTIONS | FLAGS | (FLOW_OPTIONS if kind == "flow" else frozenset())
        options = self._options(pieces(text[match.end() :]), known)
        found = [self._param(one) for one in pieces(params, ",")]
        return TaskText(self.now, kind or "task", name, found, returns or "", options)

    def _param(self, text: str) -> Param:
        name, equals, source = (part.strip() for part in text.partition("="))
        optional = name.endswith("?")
        name = name.removesuffix("?")
        if not _NAME.fullmatch(name):
            raise self.wrong(f"{text!r} is no parameter: write 'a', 'x=a', 'x=3' or 'x?'")
        if not equals:
            return Param(name, optional=optional)
        if all(_NAME.fullmatch(part) for part in source.split(".")) and source not in (
            "True",
            "False",
            "None",
        ):
            return Param(name, source=source, optional=optional)
        return Param(name, fixed=True, value=self.literal(source), optional=optional)

    def _options(self, words: list[str], known: frozenset[str]) -> dict[str, str]:
        found = {}
        for word in words:
            name, equals, value = word.partition("=")
            if name not in known or (not equals and name not in FLAGS):
                raise self.wrong(
                    f"{word!r} is no option here: {', '.join(sorted(known))} are, as 'name=value'"
                )
            found[name] = value
        return found

    # What happens

    def _start(self, rehearsal: Rehearsal, body: list[tuple[int, str]]) -> None:
        for self.now, text in body:
            word, _, rest = text.strip().partition(" ")
            name, equals, value = (part.strip() for part in rest.partition("="))
            if word == "target" and not equals:
                rehearsal.target = name
            elif word in ("input", "given") and equals:
                place = rehearsal.inputs if word == "input" else rehearsal.given
                place[name] = self.literal(value)
            else:
                raise self.wrong(f"{text.strip()!r}: write 'input x = 3', 'given task = 3' or 'target task'")

    def _outcomes(self, rehearsal: Rehearsal, body: list[tuple[int, str]]) -> None:
        for self.now, text in body:
            unit, colon, rest = text.strip().partition(": ")
            if not colon:
                raise self.wrong(f"{text.strip()!r}: write 'task: ok 3, then fail OSError no'")
            rehearsal.outcomes[unit] = [self._outcome(one) for one in pieces(rest, ", then ")]

    def _outcome(self, text: str) -> Outcome:
        text, _, also = text.partition(" and also ")
        text, _, told = text.partition(" with progress ")
        progress = tuple(float(one) for one in told.split())
        how, _, rest = text.partition(" ")
        if how == "ok":
            self.expression(rest or "None")
            return Outcome("ok", rest.strip() or "None", progress=progress, also=also)
        types, _, message = rest.partition(" ")
        if how != "fail" or not types:
            raise self.wrong(f"{text!r} is no outcome: write 'ok EXPRESSION' or 'fail TYPE message'")
        return Outcome("fail", message, tuple(types.split("<")), progress, also)

    def _steps(self, body: list[tuple[int, str]]) -> list[Line]:
        return [self.step(number, text) for number, text in self._joined(body)]

    def _joined(self, body: list[tuple[int, str]]) -> list[tuple[int, str]]:
        """The body with deeper lines taken as the rest of the one above."""
        found: list[tuple[int, str]] = []
        for number, text in body:
            if _depth(text) > 2 and found:
                found[-1] = (found[-1][0], f"{found[-1][1]} {text.strip()}")
            else:
                found.append((number, text))
        return found

    def step(self, number: int, text: str) -> Line:
        self.now = number
        word, _, rest = text.strip().partition(" ")
        if word not in VERBS | OBSERVATIONS:
            listed = ", ".join(sorted(VERBS | OBSERVATIONS))
            raise self.wrong(f"{word!r} is nothing to do or to observe; known are {listed}")
        return Line(number, word, rest.strip())

    def literal(self, text: str) -> Any:
        try:
            return ast.literal_eval(text)
        except (ValueError, SyntaxError) as error:
            raise self.wrong(f"{text!r} is no value: write it as in Python") from error

    def expression(self, text: str) -> None:
        try:
            ast.parse(text.strip(), mode="eval")
        except SyntaxError as error:
            raise self.wrong(f"{text!r} is no expression: write it as in Python") from error


def _section(text: str) -> list[str]:
    """The words of a section's line; empty for any other line."""
    words = pieces(text)
    if text[:1].isspace() or not words:
        return []
    if words[0] in ("start", "outcomes", "steps", "expect"):
        return words if len(words) == 1 else []
    return (
        words
        if words[0] == "flow"
        and len(words) > 1
        and _NAME.fullmatch(words[1])
        and all("=" in w for w in words[2:])
        else []
    )


def _depth(text: str) -> int:
    return len(text) - len(text.lstrip())
