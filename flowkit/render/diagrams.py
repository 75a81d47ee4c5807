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
    RUN_STATES,
    RUN_TABLE,
    RUN_VERDICTS,
    TASK_STATES,
    TASK_TABLE,
    TASK_VERDICTS,
)

TASK_MEANINGS = {
    "waiting": "it waits for other tasks, or for the run to be resumed",
    "ready": "all that it needs is there; a driver may claim it, anybody may report its result",
    "running": "a process has claimed it and calls its function",
    "retrying": "the process that ran it died, and it is offered again when the run goes on",
    "lost": 'the process that ran it died, and a person decides (`on_crash="ask"`)',
    "succeeded": "it has its result",
    "failed": "it has failed for good; the failure is kept",
    "skipped": "it is not needed, and nothing is wrong with that",
    "cancelled": "it was ended from outside",
}
"""What each state of a task means, in one line."""

RUN_MEANINGS = {
    "running": "what becomes ready is offered",
    "pausing": "a pause was asked for while tasks were running; nothing new is offered or claimed",
    "paused": "nothing is running and nothing is offered; reports for earlier offers are taken",
    "failing": "a task has failed: nothing new starts; who is at work, or was asked, may still report",
    "succeeded": "every task has ended, none of them failed",
    "failed": "a task failed, and nothing is out any more",
    "cancelled": "somebody ended it; what was open counts no more",
}
"""What each state of a run means, in one line."""

Table = Mapping[tuple[str, str], str]

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


def task_diagram() -> str:
    """The states of a task as a DOT graph."""
    return _dot("task", _arrows(TASK_TABLE, "waiting"))


def run_diagram() -> str:
    """The states of a run as a DOT graph."""
    return _dot("run", _arrows(RUN_TABLE))


def states_page() -> str:
    """The whole page `docs/states.md`, in Markdown."""
    parts = [
        _INTRODUCTION,
        "## A task\n",
        _meanings(TASK_MEANINGS),
        _mermaid(_arrows(TASK_TABLE, "waiting")),
        _dot_block(task_diagram()),
        "### Which state follows from which fact\n",
        transition_table(TASK_TABLE, TASK_STATES),
        "### Which message is taken in which state\n",
        _REPORTS,
        verdict_table(TASK_VERDICTS, TASK_STATES),
        "## A run\n",
        _meanings(RUN_MEANINGS),
        _mermaid(_arrows(RUN_TABLE)),
        _dot_block(run_diagram()),
        "### Which state follows from which fact\n",
        transition_table(RUN_TABLE, ("", *RUN_STATES)),
        "### Which message is taken in which state\n",
        verdict_table(RUN_VERDICTS, RUN_STATES),
    ]
    return "\n".join(parts)


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
    return f"refused: `{how}`{f' ({reason})' if reason else ''}"


def _arrows(table: Table, first: str = "") -> dict[tuple[str, str], list[str]]:
    """(from, to) → the facts that lead there; "" stands for the beginning."""
    found: dict[tuple[str, str], list[str]] = {("", first): []} if first else {}
    for (before, fact), after in table.items():
        found.setdefault((before, after), []).append(fact)
    return found


def _dot(name: str, arrows: Mapping[tuple[str, str], Sequence[str]]) -> str:
    lines = [
        f"digraph {name} {{",
        "  rankdir=LR;",
        '  node [shape=box, style=rounded, fontname="Helvetica"];',
        '  edge [fontname="Helvetica", fontsize=10];',
        '  "" [shape=point];',
    ]
    lines += [f'  "{state}" [peripheries=2];' for state in _ends(arrows)]
    for (before, after), facts in arrows.items():
        label = "\\n".join(facts)
        lines.append(f'  "{before}" -> "{after}" [label="{label}"];')
    return "\n".join([*lines, "}", ""])


def _mermaid(arrows: Mapping[tuple[str, str], Sequence[str]]) -> str:
    lines = ["```mermaid", "stateDiagram-v2"]
    for (before, after), facts in arrows.items():
        label = f": {', '.join(facts)}" if facts else ""
        lines.append(f"    {before or '[*]'} --> {after}{label}")
    lines += [f"    {state} --> [*]" for state in _ends(arrows)]
    return "\n".join([*lines, "```", ""])


def _ends(arrows: Iterable[tuple[str, str]]) -> list[str]:
    return sorted({after for _, after in arrows if after in FINISHED})


def _dot_block(dot: str) -> str:
    return f"<details><summary>The same as a DOT graph</summary>\n\n```dot\n{dot}```\n\n</details>\n"


def _meanings(meanings: Mapping[str, str]) -> str:
    return _markdown(("state", "means"), [[f"**{state}**", meaning] for state, meaning in meanings.items()])


def _markdown(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(headers)} |", f"|{' --- |' * len(headers)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows), ""])


if __name__ == "__main__":
    sys.stdout.write(states_page())
