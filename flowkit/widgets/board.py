"""The board: what stands in the panel's three places, read from a run.

The scene never changes; states are compared with what was told last; the head is what stands above the
graph. Only reading happens here. What is saved in a notebook (`scene`, `snapshot`) holds names and
states, and no value.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from typing import Any

from ..core.states import TASK_STATES
from ..render import Graph, scene
from .card import card_of

MOST_NODES = 3_000
"""Above so many nodes the graph is told in numbers."""

ROOM = (500.0, 430.0)
"""Pixels that the graph has beside the card: which way it runs follows from that."""

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
_RESTING = ("pausing", "paused")
_ENDED = ("succeeded", "failed", "cancelled")
_LONGEST_LINE = 300


class Board:
    """One run as a panel shows it. `durable`: whether it is in a file; `scene`: what is drawn once."""

    def __init__(self, run: Any) -> None:
        self._run = run
        graph = run.graph()
        place = run.engine_name
        self.durable = place != "memory"
        drawn = len(graph.nodes) <= MOST_NODES
        self.words = list(dict.fromkeys((*TASK_STATES, *run.states.values())))
        self._numbers = {word: i for i, word in enumerate(self.words)}
        self._nodes = {node.key: node for node in graph.nodes}
        self._index = {node.key: i for i, node in enumerate(graph.nodes)} if drawn else {}
        self._told = [-1] * len(self._index)
        self.scene: dict[str, Any] = {
            **_scene(graph, drawn),
            "title": run.flow_name,
            "id": run.id,
            "place": os.path.basename(place),
            "durable": self.durable,
            "tasks": sum(node.kind != "input" for node in graph.nodes),
            "states": self.words,
        }

    def changes(self) -> list[list[int]]:
        """[position, state number] of each node whose state is another than the one told last."""
        told, numbers, index = self._told, self._numbers, self._index
        found = []
        for name, state in self._run.states.items():
            i = index.get(name)
            if i is not None and told[i] != numbers[state]:
                told[i] = numbers[state]
                found.append([i, told[i]])
        return found

    @property
    def busy(self) -> bool:
        """Whether a task was running when last told: then its process may die, or it may say how far it is."""
        return self._numbers["running"] in self._told if self._index else self._run.state == "running"

    def snapshot(self, q: int) -> dict[str, Any]:
        """All states, as told last, one letter for each node; small enough to be saved."""
        letters = "".join("." if number < 0 else _LETTERS[number] for number in self._told)
        return {"q": q, "n": self._run.seq, "s": letters, "run": self._run.state}

    def lines(self, events: Any) -> list[list[Any]]:
        """[number, kind, position of its task or -1, words] of each event."""
        return [
            [event.seq, event.kind, self._index.get(event.task, -1), event.words[:_LONGEST_LINE]]
            for event in events
        ]

    def card(self, key: str) -> dict[str, Any]:
        """The card of a node, or of the run for a key that is none."""
        node = self._nodes.get(key)
        return card_of(self._run, key if node else "", node.kind if node else "", node.label if node else "")

    def head(self) -> dict[str, Any]:
        """What stands above the graph: the run's state, what Step would do, what can be done, and what
        needs a person.
        """
        run = self._run
        state, states, following = run.state, run.states, run.next_task()
        words = run.next_words()
        focus = self._focus(states, following)
        offered = following if following is not None else focus if states.get(focus) == "ready" else None
        head: dict[str, Any] = {
            "run": state,
            "say": words,
            "playing": run.playing,
            "step": {"key": following},
            "can": self._can(state, following, words),
            "focus": focus,
            "next": self._index.get(offered, -1) if offered and state == "running" else -1,
            "flags": self._flags(states),
            "bill": self._bill(states),
        }
        if not self._index:
            counts = Counter(states.values())
            head["counts"] = {word: counts[word] for word in self.words if counts[word]}
        return head

    def _focus(self, states: dict[str, str], following: str | None) -> str:
        """The task that needs somebody now: the next step's, a person's, a failed one; else none of them."""
        if self._run.playing:
            following = None
        manual = [n for n, s in states.items() if s in ("ready", "lost") and self._nodes[n].kind == "manual"]
        waiting = [n for n, s in states.items() if s in ("lost", "failed")]
        ready = [n for n, s in states.items() if s == "ready"] if not self._run.playing else []
        return next(iter([*([following] if following else []), *manual, *waiting, *ready]), "")

    def _flags(self, states: dict[str, str]) -> dict[int, str]:
        task = self._run.task
        return {
            i: "by hand"
            for n, i in self._index.items()
            if states.get(n) in ("succeeded", "failed") and task(n).by_hand
        }

    def _bill(self, states: dict[str, str]) -> str:
        left = sum(state not in (*_ENDED, "skipped") for state in states.values())
        tasks = "1 task" if left == 1 else f"{left} tasks"
        return f"End this run? {tasks} will not be finished; answers that come later are not used."

    def _can(self, state: str, following: str | None, words: str) -> dict[str, str]:
        """Each act → why it can't be done now ("" where it can)."""
        ended = f"the run has ended: {state}" if state in _ENDED else ""
        halted = ended or ("resume first" if state in _RESTING else "" if state == "running" else words)
        playing = "it runs in the background already" if self._run.playing else ""
        # A step without a task to run can still take note of a process that died.
        nothing = "" if following or not words.startswith("Nothing to step") else words
        return {
            "step": halted or nothing,
            "run": halted or playing,
            "pause": ended or ("" if state == "running" else "it is not running"),
            "resume": ended or ("" if state in _RESTING else "it is not paused"),
            "cancel": ended,
        }


def _scene(graph: Any, drawn: bool) -> dict[str, Any]:

    if drawn:
        return _compact(scene(graph, ROOM))
    return {"looks": scene(Graph())["looks"], "nodes": None, "edges": None}


def _compact(drawn: dict[str, Any]) -> dict[str, Any]:
    """The scene in whole pixels; an edge is [from, to, path, tip, 1 if it only orders, label, label's x,
    label's y].
    """
    nodes = [[*map(round, node[:4]), *node[4:]] for node in drawn["nodes"]]
    edges = []
    for source, target, path, kind, label, head, x, y in drawn["edges"]:
        tip = [round(float(number)) for number in _NUMBER.findall(head)[:2]]
        edge = [source, target, _NUMBER.sub(lambda n: str(round(float(n[0]))), path), tip]
        named = [int(kind == "after"), label, round(x), round(y)]
        edges.append([*edge, *(named if label else named[:1] if named[0] else ())])
    return {**drawn, "w": round(drawn["w"]), "h": round(drawn["h"]), "nodes": nodes, "edges": edges}
