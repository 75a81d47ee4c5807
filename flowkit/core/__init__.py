"""The pure core: the flow as data, states and transitions as tables, facts, the fold, and what follows from a message."""

from .advance import advance
from .answer import Answer
from .claiming import counts
from .evolve import evolve, evolve_all
from .facts import FACTS, Claimant, Fact
from .failure import Failure
from .fold import Fold
from .plan import Asked, InputPlan, Param, Plan, RepeatPlan, RetryPlan, TaskPlan
from .wiring import Wiring, closure

__all__ = [
    "FACTS",
    "Answer",
    "Asked",
    "Claimant",
    "Fact",
    "Failure",
    "Fold",
    "InputPlan",
    "Param",
    "Plan",
    "RepeatPlan",
    "RetryPlan",
    "TaskPlan",
    "Wiring",
    "advance",
    "closure",
    "counts",
    "evolve",
    "evolve_all",
]
