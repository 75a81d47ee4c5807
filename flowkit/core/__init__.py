"""The pure core: the flow as data, states and transitions as tables, facts, the fold, and what follows from a message."""

from .advance import advance, counts
from .answer import Answer
from .facts import FACTS, Claimant, Fact
from .failure import Failure
from .fold import Fold, evolve, evolve_all
from .plan import InputPlan, Param, Plan, TaskPlan, Wiring, ancestors

__all__ = [
    "FACTS",
    "Answer",
    "Claimant",
    "Fact",
    "Failure",
    "Fold",
    "InputPlan",
    "Param",
    "Plan",
    "TaskPlan",
    "Wiring",
    "advance",
    "ancestors",
    "counts",
    "evolve",
    "evolve_all",
]
