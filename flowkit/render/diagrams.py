"""The state diagrams and tables of the documentation, drawn from `flowkit.core.states` and from nothing else.

`python -m flowkit.render.diagrams > docs/states.md` writes the page anew; a test compares the two. A
transition can therefore not be drawn that does not exist, nor exist without being drawn.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence

from flowkit.core.states import (
    APPLY,
    FINISHED,
    REVERTING,
    RUN_STATES,
    RUN_TABLE,
    RUN_VERDICTS,
    TASK_STATES,
    TASK_TABLE,
    TASK_VERDICTS,
    WAITING,
)

TASK_MEANINGS = {
    "waiting": "it waits for other tasks, for an answer to a question, or for the run to be resumed",
    "ready": "all that it needs is there; a driver may claim it, anybody may report its result",
    "running": "a process has claimed it and calls its function; or it is done in parts, and they do its work",
    "retrying": "an attempt ended without a result, and another follows: at once, or when its delay is over",
    "lost": 'the process that ran it died, and a person decides (`on_crash="ask"`)',
    "succeeded": "it has its result",
    "failed": "it has failed for good; the failure is kept",
    "skipped": "it is not needed, or was left out, and nothing is wrong with that",
    "cancelled": "it was ended from outside",
    "reverting": "what it did is being undone; an undo is offered, claimed and reported like any attempt",
    "reverted": "it is undone, and its result is gone",
    "revert_failed": "its undo failed; `run.revert()` tries it again",
}
"""What each state of a task means, in one line."""

RUN_MEANINGS = {
    "running": "what becomes ready is offered",
    "pausing": "a pause was asked for while tasks were running; nothing new is offered or claimed",
    "paused": "nothing is running and nothing is offered; reports for earlier offers are taken",
    "failing": "a task has failed: nothing new starts; who is at work, or was asked, may still report",
    "reverting": "what was done is being undone, last things first",
    "succeeded": "every task has ended, and no failure stands",
    "failed": "a task failed, or an undo did, and nothing is out any more",
    "cancelled": "somebody ended it; what was open counts no more",
    "reverted": "all that was done is undone",
}
"""What each state of a run means, in one line."""

Table = Mapping[tuple[str, str], str]
Arrows = dict[tuple[tuple[str, ...], str], list[str]]
"""(states from which, state to which) → the facts that lead there; no states: the beginning."""

_UNDOING = ("TaskRevertStarted", "TaskReverted", "TaskRevertFailed")
_FROM_OUTSIDE = ("TaskSkipped", "TaskCancelled", "TasksReset")
_ONCE_MORE = ("RunRevertStarted", "RunReverted", "RunRevived")
_GATHERED = 4
"""From so many states on, arrows for one fact to one state start at a box that names all these states."""

_INTRODUCTION = """\
# States

A task and a run are each in exactly one state. States change by *facts* alone: the tables below are those
that the code looks every step up in, and this page is generated from them. A fact that is missing beside a
state can't follow there; a journal in which it does is damaged, and is not written to any more.

A *message* is what somebody wants or says. Whether it is applied depends on the state: that is the other
pair of tables.

To write this page anew after a change of `flowkit/core/states.py`:

    python -m flowkit.render.diagrams > docs/states.md
"""

_REPORTS = """\
A report about an attempt that is not the current one is late (`LateReport`). "Repeat": the same report again
is fine and changes nothing; another one is refused with `AlreadyCompleted`.
"""


def task_diagrams() -> dict[str, Arrows]:
    """The states of a task, drawn in three pictures: what each shows → its arrows. Each row of the table is in exactly one."""
    undoing = {(s, f): to for (s, f), to in TASK_TABLE.items() if f in _UNDOING or s == REVERTING}
    outside = {(s, f): to for (s, f), to in TASK_TABLE.items() if f in _FROM_OUTSIDE}
    doing = {row: to for row, to in TASK_TABLE.items() if row not in undoing and row not in outside}
    return {
        "How a task is done": {((), WAITING): [], **_arrows(doing)},
        "How a task is left out, ended from outside, or set back": _arrows(outside),
        "How a task is undone": _arrows(undoing),
    }


def run_diagrams() -> dict[str, Arrows]:
    """The states of a run, in two pictures."""
    again = {(s, f): to for (s, f), to in RUN_TABLE.items() if f in _ONCE_MORE or s == REVERTING}
    return {
        "How a run goes": _arrows({row: to for row, to in RUN_TABLE.items() if row not in again}),
        "How a run is undone, or goes on again": _arrows(again),
    }


def states_page() -> str:
    """The whole page `docs/states.md`, in Markdown."""
    parts = [
        _INTRODUCTION,
        "## A task\n",
        _meanings(TASK_MEANINGS),
        *_drawn(task_diagrams()),
        "### Which state follows from which fact\n",
        transition_table(TASK_TABLE, TASK_STATES),
        "### Which message is taken in which state\n",
        _REPORTS,
        verdict_table(TASK_VERDICTS, TASK_STATES),
        "## A run\n",
        _meanings(RUN_MEANINGS),
        *_drawn(run_diagrams()),
        "### Which state follows from which fact\n",
        transition_table(RUN_TABLE, ("", *RUN_STATES)),
        "### Which message is taken in which state\n",
        verdict_table(RUN_VERDICTS, RUN_STATES),
    ]
    return "\n".join(parts)


def _drawn(diagrams: Mapping[str, Arrows]) -> list[str]:
    """Each picture with its heading."""
    return [
        part
        for title, arrows in diagrams.items()
        for part in (f"### {title}\n", mermaid(arrows), _dot_block(dot(arrows)))
    ]


def transition_table(table: Table, states: Sequence[str]) -> str:
    """(state, fact) → state as a Markdown table, by state in the given order."""
    rows = [
        [before or "(not begun)", f"`{fact}`", after]
        for state in states
        for (before, fact), after in table.items()
        if before == state
    ]
    return _markdown(("state", "fact", "next state"), rows)


def verdict_table(table: Table, states: Sequence[str]) -> str:
    """(state, message) → verdict as a Markdown table: a line for each state, a column for each message."""
    messages = list(dict.fromkeys(message for _, message in table))
    rows = [[state, *(_verdict(table.get((state, message))) for message in messages)] for state in states]
    return _markdown(("state", *(f"`{message}`" for message in messages)), rows)


def _verdict(verdict: str | None) -> str:
    if verdict is None:
        return "does not occur"
    if verdict == APPLY:
        return "**applied**"
    how, _, reason = verdict.partition(": ")
    if how == "ignore":
        return f"ignored: {reason}"
    if how.startswith("repeat"):
        return "repeat, or refused: `AlreadyCompleted`"
    if how == "its undo":
        return "**applied** to its undo, where that is offered"
    return f"refused: `{how}`{f' ({reason})' if reason else ''}"


def _arrows(table: Table) -> Arrows:
    """The table with its rows gathered: by the two states, and by the fact where it comes from many states."""
    many: dict[tuple[str, str], list[str]] = {}
    for (before, fact), after in table.items():
        many.setdefault((fact, after), []).append(before)
    found: Arrows = {}
    for (before, fact), after in table.items():
        starts = many[fact, after]
        names = tuple(starts) if len(starts) >= _GATHERED else (before,) if before else ()
        facts = found.setdefault((names, after), [])
        if fact not in facts:
            facts.append(fact)
    return found


def dot(arrows: Arrows) -> str:
    """One picture as a DOT graph."""
    lines = [
        "digraph states {",
        "  rankdir=LR;",
        '  node [shape=box, style=rounded, fontname="Helvetica", margin="0.16,0.08"];',
        '  edge [fontname="Helvetica", fontsize=10];',
    ]
    if any(not names for names, _ in arrows):
        lines.append('  "" [shape=point];')
    lines += [f'  "{_any(names)}" [style="rounded,dashed", fontsize=11];' for names in _gathered(arrows)]
    lines += [f'  "{state}" [peripheries=2];' for state in _ends(arrows)]
    for (names, after), facts in arrows.items():
        label = "\\n".join(facts)
        lines.append(f'  "{_any(names)}" -> "{after}" [label="{label}"];')
    return "\n".join([*lines, "}", ""])


def mermaid(arrows: Arrows) -> str:
    """The same picture as Mermaid, in a block for Markdown."""
    lines = ["```mermaid", "stateDiagram-v2", "    direction LR"]
    short = {names: f"any{n}" for n, names in enumerate(_gathered(arrows), start=1)}
    lines += [f'    state "{_any(names)}" as {name}' for names, name in short.items()]
    for (names, after), facts in arrows.items():
        label = f": {', '.join(facts)}" if facts else ""
        lines.append(f"    {short.get(names) or _any(names) or '[*]'} --> {after}{label}")
    return "\n".join([*lines, "```", ""])


def _gathered(arrows: Arrows) -> list[tuple[str, ...]]:
    return list(dict.fromkeys(names for names, _ in arrows if len(names) >= _GATHERED))


def _any(names: tuple[str, ...]) -> str:
    """What a box says that stands for one state, or for several."""
    every = [state for state in TASK_STATES if state not in names]
    if len(names) > 6 and len(every) == 1:
        return f"any state but {every[0]}"
    return " or ".join([*([", ".join(names[:-1])] if names[1:] else []), *names[-1:]])


def _ends(arrows: Arrows) -> list[str]:
    """The states of a picture that are left no more by themselves."""
    return sorted({after for _, after in arrows if after in FINISHED})


def _dot_block(text: str) -> str:
    return f"<details><summary>The same as a DOT graph</summary>\n\n```dot\n{text}```\n\n</details>\n"


def _meanings(meanings: Mapping[str, str]) -> str:
    return _markdown(("state", "means"), [[f"**{state}**", meaning] for state, meaning in meanings.items()])


def _markdown(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(headers)} |", f"|{' --- |' * len(headers)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows), ""])


if __name__ == "__main__":
    sys.stdout.write(states_page())
