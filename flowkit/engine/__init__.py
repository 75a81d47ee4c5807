"""The engine: flows, runs, and the local driver that calls tasks."""

from .engine import Engine
from .events import Event, EventList, Offer, OfferList, Receipt
from .flow import FaultList, Flow
from .reading import AttemptRecord, TaskReading
from .run import Run, panel_of
from .runs import RunList
from .task import Task
from .working import Attempt, attempt, emit, progress

__all__ = [
    "Attempt",
    "AttemptRecord",
    "Engine",
    "Event",
    "EventList",
    "FaultList",
    "Flow",
    "Offer",
    "OfferList",
    "Receipt",
    "Run",
    "RunList",
    "Task",
    "TaskReading",
    "attempt",
    "emit",
    "panel_of",
    "progress",
]
