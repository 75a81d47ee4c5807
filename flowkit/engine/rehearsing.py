"""A real run as a test: the text of a pytest file that tells it again by hand and must come to the same end.

What is written stands by itself: it imports flowkit and pytest, and the flow from where one says. Nothing is run here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from ..core import Failure, Fold
from ..core import messages as m
from ..core.composed import MISSING
from ..core.values import Json, Live, text_of
from ..errors import UsageError
from ..journal import pack, unpack
from .arguments import value_of
from .door import Door
from .retelling import Due, Telling, as_untaken, retell

STORY = (
    *("TaskSucceeded", "RoundEnded", "TaskFailed", "TaskSkipped", "TaskCancelled", "TasksReset"),
    *("TaskReverted", "TaskRevertFailed", "RunSucceeded", "RunFailed", "RunCancelled", "RunReverted"),
)
"""What must happen in the same order; claims and the numbers of attempts depend on who does the work."""


def pytest_of(door: Door, flow: str, result: Any) -> str:
    """The text of a test of this run. `flow` says where the flow is found: "module:name", "module" (its name is "flow" then),
    or nothing: a fixture is left to be filled in. `result` is the run's, or `...` where it has none.

    Raises UsageError for a run that can't be told again, and for values that only this process has.
    """
    telling = retell(door)
    lines = [line for call in telling.calls for line in _call(call)]
    ends = list(_ends(telling, result))
    name = re.sub(r"\W+", "_", door.wiring.plan.flow).strip("_").lower() or "run"
    body = [_start(telling), *lines, "", *ends]
    text = "\n".join(f"    {line}" if line else "" for line in body)
    used = "\n".join(["", text])
    parts = [
        _head(door, telling),
        _imports(used),
        *_supports(used),
        _fixture(flow),
        f"def test_{name}(flow):\n{text}\n",
    ]
    return "\n\n".join(parts)


def _head(door: Door, telling: Telling) -> str:
    """What the file is for, and how to give it its flow."""
    told = ""
    if as_untaken(door.fold) != as_untaken(telling.fold):
        told = "\nBy hand it ends otherwise than it did: who was at work mattered.\n"
    return f'''"""Flow {door.wiring.plan.flow!r}, as run {door.run_id} went, told again by hand.

The same reports must lead to the same end. run.to_pytest() wrote this. No task's function is called: it is the flow's links
and options that are tested. The fixture `flow` gives the flow; where it says so, fill in where yours is found.
{told}"""
'''


def _imports(used: str) -> str:
    lines = ["import flowkit", "import pytest"]
    if "Failure(" in used:
        lines.append("from flowkit import Failure")
    if "stored(" in used or "text_of(" in used:
        names = ["Json"] if "stored(" in used else []
        lines.append(
            f"from flowkit.core.values import {', '.join([*names, 'text_of'] if 'text_of(' in used else names)}"
        )
        lines.append("from flowkit.journal import pack, unpack")
    return "\n".join(lines) + "\n"


_OFFER = '''def offer(run, kind, task):
    """What is offered of that kind ("when", "until" or "each") for a task."""
    return next(one for one in run.ready() if (one.kind, one.task) == (kind, task))
'''
_DUE = '''def wait_for(run, task):
    """Let time go on until the task's next attempt is due."""
    while run.task(task).state == "retrying":
        assert run.tick("next")
'''
_STORED = '''def stored(text):
    """A value, out of its typed JSON."""
    return unpack(Json(text))
'''
_STORY = f'''STORY = {STORY!r}


def story(run):
    """What happened, in order."""
    told = [event for event in run.events if event.kind in STORY]
    return [" ".join([event.kind, *(event.data.get("tasks") or [event.task or ""])]).strip() for event in told]
'''


def _supports(used: str) -> Iterator[str]:
    for call, text in (("offer(", _OFFER), ("wait_for(", _DUE), ("stored(", _STORED), ("story(", _STORY)):
        if call in used:
            yield text


def _fixture(flow: str) -> str:
    if not flow:
        body = '    raise NotImplementedError("say here where the flow is: from orders import flow; return flow")'
    else:
        module, _, name = flow.partition(":")
        name = name or "flow"
        if not all(part.isidentifier() for part in (*module.split("."), name)):
            raise UsageError(f"flow={flow!r} is no place of a flow: write 'module:name', or nothing.")
        body = f"    from {module} import {name}\n\n    return {name}"
    return f'@pytest.fixture(name="flow")\ndef the_flow():\n{body}\n'


def _start(telling: Telling) -> str:
    start = telling._start
    given = [f"{{{', '.join(f'{k!r}: {_literal(v, k)}' for k, v in start.inputs.items())}}}"]
    if start.target:
        given.append(f"target={start.target!r}")
    if start.results:
        given.append(f"results={{{', '.join(f'{k!r}: {_literal(v, k)}' for k, v in start.results.items())}}}")
    return f'run = flowkit.Engine(clock="virtual").start(flow, {", ".join(given)})'


def _call(call: m.Message | Due) -> Iterator[str]:
    """A call as a line of the test."""
    match call:
        case Due():
            yield f"wait_for(run, {call.task!r})"
        case m.Report(failure=None):
            yield f"run.complete({call.task!r}, {_literal(call.value, call.task)})"
        case m.Report():
            assert call.failure is not None
            yield f"run.fail({call.task!r}, {_failure(call.failure)})"
        case m.Reply(failure=None):
            yield f"run.complete(offer(run, {call.what!r}, {call.task!r}), {call.answer!r})"
        case m.Reply():
            assert call.failure is not None
            yield f"run.fail(offer(run, {call.what!r}, {call.task!r}), {_failure(call.failure)})"
        case m.Rerun():
            options = ("" if call.items == "all" else ', items="failed"') + (
                "" if call.downstream else ", downstream=False"
            )
            yield f"run.rerun({call.task!r}{options})"
        case m.Skip():
            yield f"run.skip({call.task!r})"
        case m.Break():
            yield f"run.break_before({call.task!r})"
        case m.ClearBreak():
            yield f"run.clear_break({call.task!r})"
        case _:
            yield f"run.{call.kind.lower()}()"


def _ends(telling: Telling, result: Any) -> Iterator[str]:
    """What must be so at the end."""
    fold: Fold = telling.fold
    yield f"assert run.state == {fold.state!r}"
    yield "assert run.states == {"
    yield from (f"    {name!r}: {fold.states[name]!r}," for name in fold.wiring.order)
    yield "}"
    for name in fold.wiring.order:
        if name in fold.values and fold.states[name] == "succeeded":
            value = value_of(fold, name)
            if value is not MISSING:  # a subflow has none where what would give it was left out
                yield _equal(f"run[{name!r}]", value, name)
        elif name in fold.failures and fold.states[name] == "failed":
            yield f"assert str(run.task({name!r}).failure) == {str(fold.failures[name])!r}"
    if result is not ... and fold.state == "succeeded" and _is_literal(result):
        yield f"assert run.result == {result!r}"
    yield "assert story(run) == ["
    for fact in telling.facts:
        if fact.kind in STORY:
            names = getattr(fact, "tasks", None) or [getattr(fact, "task", "")]
            yield f"    {' '.join([fact.kind, *names]).strip()!r},"
    yield "]"


def _equal(expression: str, value: Any, name: str) -> str:
    if _is_literal(value):
        return f"assert {expression} == {value!r}"
    return f"assert text_of(pack({expression})) == {_text(pack(value, live=True), name)!r}"


def _literal(stored: Any, name: str) -> str:
    """A stored value as an expression: as it is written in Python, or out of its JSON."""
    if type(stored) is not Live:
        value = unpack(stored)
        if _is_literal(value):
            return repr(value)
    return f"stored({_text(stored, name)!r})"


def _text(stored: Any, name: str) -> str:
    if type(stored) is Live:
        raise UsageError(
            f"The value of {name} is kept in the memory of this process only, so that no test can hold it: "
            "return data that can be stored (run.save says what)."
        )
    return stored.text if type(stored) is Json else text_of(stored)


def _is_literal(value: Any) -> bool:
    """Whether a value is the same when it is read back from how it is written."""
    try:
        again = ast.literal_eval(repr(value))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return False
    return repr(again) == repr(value) and type(again) is type(value) and again == value


def _failure(failure: Failure) -> str:
    return f"Failure({failure.types!r}, {failure.message!r})"
