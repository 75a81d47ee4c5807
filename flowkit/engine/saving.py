"""Keeping a run that began in memory: its facts, plan and output move into a file, all in one commit."""

from __future__ import annotations

import os
from typing import Any

from ..core.facts import PlanAdopted
from ..core.values import Live, with_article
from ..errors import RunExists, UsageError, ValueNotStorable
from . import files
from .door import Door, open_door


def move(door: Door, path: str | os.PathLike[str]) -> Door:
    """Copy a run to a file and return its door there; the old one is shut, so that the run can't go on twice.

    Raises UsageError while an attempt is at work or where the run is on a file already, ValueNotStorable for a value that only
    memory can hold, RunExists where the file has a run of that id. Then nothing has changed.
    """
    if not door.journal.live:
        raise UsageError(f"Run {door.run_id} is kept in {door.journal.name} already.")
    with door.house.lock:
        fold = door.fold
        if fold.claims:
            raise UsageError(f"{', '.join(fold.claims)} is at work: pause the run and wait, then save it.")
        entries = door.journal.read(door.run_id)
        for entry in entries:
            for fact in entry.facts:
                _refuse_live(fact)
        house = files.enter(files.place(path), None, None)
        try:
            with house.lock:
                _write(door, house.journal, entries)
                found = open_door(house, door.run_id)
        except BaseException:
            files.leave(house)
            raise
        door.shut = (
            f"Run {door.run_id} was saved to {house.journal.name} and goes on there: engine.open finds it."
        )
    return found


def _write(door: Door, journal: Any, entries: Any) -> None:
    summary = door.journal.summary(door.run_id)
    assert summary is not None
    if journal.summary(door.run_id) is not None:
        raise RunExists(f"{journal.name} holds a run {door.run_id!r} already; nothing was changed.")
    fold = door.fold
    try:
        journal.begin(door.run_id, 0, True)
        journal.add_run(summary, door.journal.plan(summary.plan))
        for entry in entries:
            for fact in entry.facts:
                if isinstance(fact, PlanAdopted):
                    journal.keep_plan(fact.plan, door.journal.plan(fact.plan))
            journal.write(door.run_id, entry)
        for name, count in fold.attempts.items():
            for number in range(1, count + 1):
                if parts := door.journal.output(door.run_id, name, number):
                    journal.keep_output(door.run_id, name, number, parts)
        journal.commit()
    except BaseException:
        journal.rollback()
        raise


def _refuse_live(fact: Any) -> None:
    values = [(fact.kind, getattr(fact, "value", None)), (fact.kind, getattr(fact, "payload", None))]
    for name in ("inputs", "results"):
        values += [(f"{name}[{key!r}]", value) for key, value in getattr(fact, name, {}).items()]
    for where, value in values:
        if isinstance(value, Live):
            task = getattr(fact, "task", "")
            place = f"the result of {task}" if task else where
            kind = type(value.object).__qualname__
            raise ValueNotStorable(
                f"{place} is {with_article(kind)}, which only memory can hold. Return what can be stored (numbers, "
                "text, lists, dicts, dataclasses) and run the flow on Engine(path). The run was not saved.",
                path=place,
                type_name=kind,
                way_out="return what can be stored",
            )
