"""Who is needed: the units of a run that nothing moves but somebody. It reads the fold and judges nothing."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from ..core import Fold
from ..core.states import FAILED, FAILING, REVERT_FAILED, REVERTING
from .abilities import Code

_SOME = 20  # units of each sort that are named


def needs_of(fold: Fold, code: Code) -> list[str]:
    """The units that wait for somebody: people, those who have the code, whoever knows what became of a lost one, or mends."""
    asked = () if fold.state in (FAILING, REVERTING) else fold.questions
    failed = (name for name in fold.wiring.order if fold.states[name] in (FAILED, REVERT_FAILED))
    sorts: tuple[Iterable[str], ...] = (
        (fold.taken_next(name) for name in fold.people),
        (name for name in asked if not code.can_answer(fold, name)),
        (
            unit
            for unit in fold.undos
            if unit not in fold.claims and code.able_of(fold, unit, "revert") != "here"
        ),
        fold.lost,
    )
    found = [] if fold.ended else [unit for sort in sorts for unit in islice(sort, _SOME)]
    if not fold.ended or fold.state == FAILED:
        found += islice(failed, _SOME)
    return list(dict.fromkeys(found))
