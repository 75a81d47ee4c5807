"""The board: what stands in the panel's three places, read from a run.

The scene changes only when the run takes over an edited flow, and items never enter it; states are compared
with what was told last; the head is what stands above the graph. Only reading happens here. What is saved in
a notebook (`scene`, `snapshot`) holds names and states, and no value.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from typing import Any

from ..core.states import FINISHED, TASK_STATES
from ..errors import UsageError
from ..render import Graph, scene
from .acts import undoing
from .card import card_of
from .picture import compact

MOST_NODES = 3_000
"""Above so many nodes the graph is told in numbers."""

ROOM = (500.0, 430.0)
"""Pixels that the graph has beside the card: which way it runs follows from that."""

_COUNT = re.compile(r"([\d,]{4,}) of ([\d,]+)")
_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
_RESTING = ("pausing", "paused")
_GOING = ("running", "failing", "reverting")
_LONGEST_LINE = 300


class Board:
    """One run as a panel shows it. `durable`: whether it is in a file; `scene`: what is drawn once."""

    def __init__(self, run: Any) -> None:
        self._run = run
        self.durable = run.engine_name != "memory"
        self.words = list(TASK_STATES)
        self._numbers = {word: i for i, word in enumerate(self.words)}
        self._draw(run.graph())

    def _draw(self, graph: Graph) -> None:
        run = self._run
        self._graph = graph
        drawn = len(graph.nodes) <= MOST_NODES
        self._nodes = {node.key: node for node in graph.nodes}
        self._index = {node.key: i for i, node in enumerate(graph.nodes)} if drawn else {}
        self._told = [-1] * len(self._index)
        self._undoable = any("undo" in node.signs for node in graph.nodes)
        self.scene: dict[str, Any] = {
            **_scene(graph, drawn),
            "title": run.flow_name,
            "id": run.id,
            "place": os.path.basename(run.engine_name),
            "durable": self.durable,
            "tasks": sum(node.kind != "input" for node in graph.nodes),
            "states": self.words,
        }

    def changes(self) -> list[list[int]]:
        """[position, state number] of each node whose state is another than the one told last."""
        states, graph = self._run.states, self._run.graph()
        if graph is not self._graph:
            self._draw(graph)
        told, numbers, index = self._told, self._numbers, self._index
        found = []
        for name, state in states.items():
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
            [event.seq, event.kind, self._place(event.task), event.words[:_LONGEST_LINE]] for event in events
        ]

    def _place(self, unit: str | None) -> int:
        """The position of a unit, for an item that of its task; -1 for what is not drawn."""
        index, name = self._index, unit or ""
        return index.get(name, index.get(_task_of(name), -1))

    def card(self, key: str) -> dict[str, Any]:
        """The card of a node or an item, or of the run for a key that is neither."""
        node = self._nodes.get(key)
        if node is None:
            try:
                node = self._nodes[_task_of(self._run.task(key).name)]
            except (KeyError, UsageError):
                return card_of(self._run, self._graph, "", "", "")
        return card_of(self._run, self._graph, key, node.kind, node.label)

    def head(self) -> dict[str, Any]:
        """What stands above the graph: the run's state, what Step would do, what can be done, and what
        needs a person.
        """
        run = self._run
        state, states, following = run.state, run.states, run.next_task()
        words, playing = run.next_words(), run.playing
        needs = run.needs
        focus = next(
            iter([*([following] if following and not playing else []), *needs, *_ready(states, playing)]), ""
        )
        # What failed needs somebody, but is not what comes next.
        offered = following or next((unit for unit in needs if states.get(unit) not in FINISHED), None)
        head: dict[str, Any] = {
            "run": state,
            "say": words,
            "playing": playing,
            "step": {"key": following, "say": self._step_words(following)},
            "can": self._can(state, following, words),
            "asks": self._asks(states),
            "focus": focus,
            "next": self._place(offered) if offered and state in _GOING else -1,
            "flags": self._flags(),
        }
        if not self._index:
            counts = Counter(states.values())
            head["counts"] = {word: counts[word] for word in self.words if counts[word]}
        return head

    def _step_words(self, unit: str | None) -> str:
        """What stands on the Step button."""
        offer = None if unit is None else self._run.offer(unit)
        does = {"do": "run", "revert": "undo"}.get(offer.kind, "ask about") if offer else "run"
        return f"Step: {does} `{unit}` here" if unit else "Step"

    def _flags(self) -> dict[int, str]:
        """A few words beside the states. Long counts are told in parts of a hundred, the card has them in full."""
        return {
            self._index[name]: _COUNT.sub(_share, words)
            for name, words in self._run.flags.items()
            if name in self._index
        }

    def _asks(self, states: dict[str, str]) -> dict[str, list[str]]:
        """What is asked before an act that can't be taken back, and the words on the button that does it."""
        left = sum(state not in FINISHED for state in states.values())
        tasks = "1 task" if left == 1 else f"{left} tasks"
        cancel = f"End this run? {tasks} will not be finished; answers that come later are not used."
        revert = "Undo what was done, last things first? Tasks without an undo are left as they are."
        return {"cancel": [cancel, "Cancel the run"], "revert": [revert, "Undo all"]}

    def _can(self, state: str, following: str | None, words: str) -> dict[str, str | None]:
        """Each act → why it can't be done now ("" where it can); None where nobody would ask for it."""
        ended = f"the run has ended: {state}" if state in FINISHED else ""
        halted = ended or ("resume first" if state in _RESTING else "")
        playing = "it runs in the background already" if self._run.playing else ""
        # A step without a task to run can still take note of a process that died.
        nothing = "" if following or not words.startswith("Nothing to step") else words
        undone = "it is being undone: pause that, if need be" if state == "reverting" else ""
        return {
            "step": halted or nothing,
            "run": halted or playing or (nothing if state == "failing" else ""),
            "pause": ended or ("" if state in ("running", "reverting") else "it is not running"),
            "resume": ended or ("" if state in _RESTING else "it is not paused"),
            "cancel": ended or undone,
            "revert": undoing(self._run, self._undoable),
        }


def _ready(states: dict[str, str], playing: bool) -> list[str]:
    return [] if playing else [name for name, state in states.items() if state == "ready"][:1]


def _task_of(unit: str) -> str:
    """The task of what looks like an item's address."""
    return unit.rpartition("[")[0] if unit.endswith("]") else unit


def _share(found: re.Match[str]) -> str:
    done, all_of = (int(number.replace(",", "")) for number in found.groups())
    return f"{100 * done // max(1, all_of)} %"


def _scene(graph: Graph, drawn: bool) -> dict[str, Any]:
    if drawn:
        return compact(graph, scene(graph, ROOM))
    return {"looks": scene(Graph())["looks"], "nodes": None, "edges": None}
