"""Parts: what stands in the card of a task over items, of a subflow, and of each part of them. Bounded, the most urgent first.

It reads a run and writes nothing.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from ..core.values import preview
from ..errors import FlowkitError
from ..render import Graph, looks

MOST_PARTS = 24
"""So many are listed one by one; the others are counted."""

_LONGEST = 120  # characters that are said of one part
_URGENCY = {state: n for n, state in enumerate(looks()["states"])}

Parts = dict[str, Any]
"""`title`, `rows` of [key, name, state, what else is said], `more`: words for those that are not listed."""


def parts_of(run: Any, graph: Graph, key: str, items: dict[str, str]) -> Parts | None:
    """The parts of a task over items or of a subflow; of an item or a task in a subflow, what it is a part of. None for others.
    `items`: the states of its items.
    """
    if items:
        return _listed(run, items, f"{len(items):,} item{'' if len(items) == 1 else 's'}", len(key))
    node = next((node for node in graph.nodes if node.key == key), None)
    if node is None:
        return _whole(run, "an item of", key.rpartition("[")[0])
    states = run.states
    members = {one.key: states[one.key] for one in graph.nodes if one.within == key and one.key in states}
    if members:
        return _listed(run, members, "what is in it", len(key) + 1)
    return _whole(run, "it is in", node.within) if node.within else None


def _whole(run: Any, title: str, key: str) -> Parts:
    return {"title": title, "rows": [[key, key, run.task(key).state, ""]], "more": ""}


def _listed(run: Any, states: dict[str, str], title: str, short: int) -> Parts:
    order = sorted(
        states, key=lambda unit: _URGENCY[states[unit]]
    )  # stable: in each state the first ones first
    shown = order[:MOST_PARTS]
    rows = [[unit, unit[short:], states[unit], _said(run, unit, states[unit])] for unit in shown]
    left = Counter(states[unit] for unit in order[MOST_PARTS:])
    counted = ", ".join(f"{number:,} {_word(state)}" for state, number in left.items())
    return {"title": title, "rows": rows, "more": f"and {counted}" if left else ""}


def _word(state: str) -> str:
    return str(looks()["states"][state]["word"])


def _said(run: Any, unit: str, state: str) -> str:
    task = run.task(unit)
    if state in ("failed", "revert_failed", "retrying") and task.failure is not None:
        return str(task.failure)[:_LONGEST]
    if state == "succeeded":
        try:
            return preview(task.result, _LONGEST)
        except FlowkitError as error:
            return str(error)[:_LONGEST]
    if state in ("ready", "lost"):
        return ", ".join(preview(value, _LONGEST) for value in task.inputs.values())[:_LONGEST]
    return ""
