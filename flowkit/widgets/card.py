"""The card: what is said about one task, one input, or the run as a whole.

It reads a run and writes nothing. Values leave here as bounded previews, in messages only, never in what
a notebook saves.
"""

from __future__ import annotations

from typing import Any

from ..core.values import preview
from ..errors import FlowkitError
from ..render import Graph
from .acts import acts_of
from .form import offer_form
from .parts import parts_of

LONGEST_VALUE = 600
LONGEST_OUTPUT = 8_000
MOST_ATTEMPTS = 20


def card_of(run: Any, graph: Graph, key: str, kind: str, name: str) -> dict[str, Any]:
    """The card for a node of the graph (`key`, its kind and name) or an item, or for the run where `key` is empty.
    JSON-able.
    """
    if kind == "input":
        return _input_card(run, key, name)
    if not key:
        return _run_card(run)
    return _task_card(run, graph, key, kind)


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


def _task_card(run: Any, graph: Graph, name: str, kind: str) -> dict[str, Any]:
    task, offer = run.task(name), run.offer(name)
    state = task.state
    items = task.item_states
    inputs = task.inputs if offer is None else offer.inputs
    card: dict[str, Any] = {
        "key": name,
        "label": name,
        "kind": kind,
        "state": state,
        "doc": task.doc,
        "why": _why(task),
        "inputs": [[parameter, preview(value, 160)] for parameter, value in inputs.items()],
        "output": task.output[-LONGEST_OUTPUT:],
        "attempts": _attempts(task, state),
        "acts": acts_of(run, name, state, "failed" in items.values()),
        "parts": parts_of(run, graph, name, items),
    }
    if task.by_hand:
        card["flag"] = "told by hand"
    elif task.stale:
        card["flag"] = "what it was done with was done again since"
    if state == "succeeded":
        card["result"] = _shown(lambda: task.result)
    if task.failure is not None:
        card["failure"] = _failure(task.failure)
    if state == "running" and task.progress is not None:
        fraction, text = task.progress
        card["progress"] = [fraction, text]
    if offer is not None:
        card["form"] = offer_form(offer, state)
    return card


def _why(task: Any) -> str:
    """Why it is where it is; what its docstring says stands above that already."""
    words: str = task.why().words
    return words.partition(": “")[0] + "." if task.doc and ": “" in words and task.state == "ready" else words


def _attempts(task: Any, state: str) -> list[list[Any]]:
    """A row of words for each attempt; a number in it is a moment (seconds since the epoch)."""
    rows: list[list[Any]] = []
    for record in task.attempts[-MOST_ATTEMPTS:]:
        if record.outcome == "offered":
            continue
        row: list[Any] = [f"attempt {record.number}", record.outcome]
        if record.seconds is not None:
            row.append(f"took {span(record.seconds)}")
        elif record.claimed_at is not None:
            row += ["since", record.claimed_at]
        rows.append(row)
    if task.due is not None:
        rows.append(["goes on" if state == "retrying" else "time is over", "at", task.due])
    return rows


def span(seconds: float) -> str:
    """How long something took, as people say it: "50 ms", "0.8 s", "4 min"."""
    if seconds < 0.0995:
        return f"{max(1, round(seconds * 1000))} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{round(seconds)} s"
    return f"{round(seconds / 60)} min" if seconds < 7200 else f"{round(seconds / 3600)} h"


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
