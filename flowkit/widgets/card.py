"""The card: what is said about one task, one input, or the run as a whole.

It reads a run and writes nothing. Values leave here as bounded previews, in messages only, never in what
a notebook saves.
"""

from __future__ import annotations

from typing import Any

from ..core.values import preview
from ..errors import FlowkitError
from .form import form_of

LONGEST_VALUE = 600
LONGEST_OUTPUT = 8_000
MOST_ATTEMPTS = 20

_OPEN = ("ready", "running", "lost")
_ENDED = ("succeeded", "failed", "cancelled")


def card_of(run: Any, key: str, kind: str, name: str) -> dict[str, Any]:
    """The card for a node of the graph (`key`, its kind and name), or for the run where `key` is empty.
    JSON-able.
    """
    if kind == "input":
        return _input_card(run, key, name)
    if not key:
        return _run_card(run)
    return _task_card(run, key, kind)


def _run_card(run: Any) -> dict[str, Any]:
    why = run.why()
    card: dict[str, Any] = {
        "key": "",
        "label": run.flow_name,
        "kind": "",
        "state": run.state,
        "why": why.words,
    }
    if run.state == "succeeded":
        card["result"] = _shown(lambda: run.result)
    return card


def _input_card(run: Any, key: str, name: str) -> dict[str, Any]:
    inputs = run.inputs
    given = preview(inputs[name], LONGEST_VALUE) if name in inputs else "not given"
    return {
        "key": key,
        "label": name,
        "kind": "input",
        "state": "",
        "why": "Given at the start.",
        "result": given,
    }


def _task_card(run: Any, name: str, kind: str) -> dict[str, Any]:
    task = run.task(name)
    state = task.state
    card: dict[str, Any] = {
        "key": name,
        "label": name,
        "kind": kind,
        "state": state,
        "doc": task.doc,
        "why": _why(task),
        "inputs": [[parameter, preview(value, 160)] for parameter, value in task.inputs.items()],
        "output": task.output[-LONGEST_OUTPUT:],
        "attempts": [_attempt(r) for r in task.attempts[-MOST_ATTEMPTS:] if r.outcome != "offered"],
    }
    if task.by_hand:
        card["flag"] = "told by hand"
    if state == "succeeded":
        card["result"] = _shown(lambda: task.result)
    if task.failure is not None:
        card["failure"] = _failure(task.failure)
    if state == "running" and task.progress is not None:
        fraction, text = task.progress
        card["progress"] = [fraction, text]
    if state in _OPEN and run.state not in _ENDED:
        card["form"] = _form(task, name, kind, state)
    return card


def _why(task: Any) -> str:
    """Why it is where it is; what its docstring says stands above that already."""
    words: str = task.why().words
    return words.partition(": “")[0] + "." if task.doc and ": “" in words and task.state == "ready" else words


def _form(task: Any, name: str, kind: str, state: str) -> dict[str, Any]:
    records = task.attempts
    attempt = records[-1].number if records else 0
    form = {"key": name, "attempt": attempt, "manual": kind == "manual", "schema": form_of(task.schema)}
    if state == "running":
        form["warning"] = "It is at work. If you answer, its own answer comes late: kept, and not used."
    return form


def _attempt(record: Any) -> list[Any]:
    took = record.seconds
    return [
        record.number,
        record.outcome,
        None if took is None else max(0.0, round(took, 4)),
        record.claimed_at,
    ]


def _failure(failure: Any) -> dict[str, Any]:
    return {
        "line": str(failure)[:2_000],
        "traceback": failure.traceback[-LONGEST_OUTPUT:],
        "chain": [f"from {str(cause)[:400]}" for cause in failure.chain[:5]],
    }


def _shown(read: Any) -> str:
    try:
        return preview(read(), LONGEST_VALUE)
    except FlowkitError as error:
        return str(error)
