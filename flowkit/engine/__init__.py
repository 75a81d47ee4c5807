"""The engine: flows, runs, and the local driver that calls tasks."""

from .checking import FaultList
from .engine import Engine
from .events import Event, EventList, Offer, OfferList, Receipt
from .flow import Flow
from .policies import ForEach, Link, Repeat, Retry, failed, finished, succeeded
from .reading import AttemptRecord, TaskReading
from .run import Run, panel_of
from .runs import RunList
from .subflows import Subflow
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
    "ForEach",
    "Link",
    "Offer",
    "OfferList",
    "Receipt",
    "Repeat",
    "Retry",
    "Run",
    "RunList",
    "Subflow",
    "Task",
    "TaskReading",
    "attempt",
    "emit",
    "failed",
    "finished",
    "panel_of",
    "progress",
    "succeeded",
]
