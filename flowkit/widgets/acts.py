"""Acts: which of an operator's verbs make sense for one unit, or for the run, and what is asked before they are done.

It only offers: whether something may be done is judged by the run when it is asked.
"""

from __future__ import annotations

from typing import Any

from ..core.states import APPLY, FINISHED, RUN_VERDICTS

_SKIPPABLE = ("waiting", "ready", "running", "retrying", "lost", "failed")

Act = list[Any]
"""[words on the button, the act's name, what goes with it, the same as a cell, the question before it ("" for none)]"""


def acts_of(run: Any, unit: str, state: str, failed_items: bool) -> list[Act]:
    """The verbs for a unit in that state. `failed_items`: it is a task over items, and some failed."""
    found: list[Act] = []
    name = repr(unit)
    if failed_items and _open(run, "Rerun"):
        more = {"task": unit, "items": "failed"}
        found.append(["Run failed items again", "rerun", more, f'run.rerun({name}, items="failed")', ""])
    if state in FINISHED and _open(run, "Rerun"):
        asked = f"Do `{unit}` again? What it gave is set aside, and all that hangs on it is done again too."
        found.append(["Run again", "rerun", {"task": unit}, f"run.rerun({name})", asked])
    if state in _SKIPPABLE and _open(run, "Skip"):
        asked = f"Leave `{unit}` out? It ends without a result, and counts as taken care of."
        found.append(["Skip", "skip", {"task": unit}, f"run.skip({name})", asked])
    if unit in run.breaks:
        found.append(["Clear the break", "clear_break", {"task": unit}, f"run.clear_break({name})", ""])
    elif state in ("waiting", "ready") and unit in run.states and _open(run, "Break"):
        found.append(["Break before it", "break_before", {"task": unit}, f"run.break_before({name})", ""])
    return found


def _open(run: Any, message: str) -> bool:
    return RUN_VERDICTS.get((run.state, message)) == APPLY


def undoing(run: Any, undoable: bool) -> str | None:
    """Why the run can't be undone now ("" where it can); None where nobody would ask for that."""
    verdict = RUN_VERDICTS[run.state, "Revert"]
    if verdict == APPLY:
        return "" if undoable or "revert_failed" in run.states.values() else None
    return verdict.partition(": ")[2] if undoable else None
