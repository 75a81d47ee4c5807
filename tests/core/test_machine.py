"""Random runs of random flows with all options, against the reference model; and the rows of the tables that they take.

`FLOWKIT_FULL=1` walks 100,000 of them; `FLOWKIT_SEEDS=first:last` says which, so that several processes can share them.
"""

from __future__ import annotations

import functools
import os

from flowkit.core.states import RUN_TABLE, RUN_VERDICTS, TASK_TABLE, TASK_VERDICTS
from tests.core.rows import Rows
from tests.core.walking import walk

FULL = os.environ.get("FLOWKIT_FULL") == "1"
FIRST, LAST = map(int, os.environ.get("FLOWKIT_SEEDS", "0:100000" if FULL else "0:2000").split(":"))


SELDOM = {
    # Only in a run that goes on around a subflow in which an undo failed; `test_tables.py` tries the row by itself.
    ("revert_failed", "Claim"),
}


@functools.cache
def walked() -> Rows:
    """Runs in every state, with tasks in every state, reached by messages alone."""
    rows = Rows()
    for seed in range(FIRST, LAST):
        walk(seed, rows)
    return rows


def test_the_core_and_the_reference_model_agree_on_random_flows() -> None:
    walked()


def test_every_legal_row_is_taken_and_every_verdict_given() -> None:
    rows = walked()
    assert rows.task_table == TASK_TABLE.keys()
    assert rows.run_table == RUN_TABLE.keys()
    assert rows.task_verdicts >= TASK_VERDICTS.keys() - SELDOM
    assert rows.run_verdicts == RUN_VERDICTS.keys()
    assert rows.verdicts == {
        *("accepted", "repeat", "ignored", "UsageError", "UnknownAttempt", "NotReady"),
        *("AlreadyCompleted", "LateReport", "InvalidValue"),
    }
