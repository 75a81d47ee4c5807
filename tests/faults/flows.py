"""The flows that the processes of these tests know by heart, and what their tasks leave behind.

A task appends one line to the ledger (the file that `LEDGER` names) each time its function is entered: what really
happened, whatever a journal says. At a gate (`GATE` names its task) it says so and waits to be told to go on.
"""

from __future__ import annotations

import os
from typing import Any

from flowkit import Flow, attempt

test: list[Any] = []
"""The line to the test, where there is one."""


def say(**what: Any) -> None:
    """Tell the test something."""
    test[0].send(what)


def hear() -> Any:
    """What the test says next."""
    return test[0].recv()


def enter() -> None:
    """Note in the ledger that this attempt's function was entered, and stop at the gate."""
    at = attempt()
    line = f"{at.run_id} {at.task} {at.number} {os.getpid()}\n"
    file = os.open(os.environ["LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(file, line.encode())
    finally:
        os.close(file)
    if at.task in os.environ.get("GATE", "").split():
        say(entered=at.task, attempt=at.number)
        hear()


# A visit to the workshop: three tasks, the last of which is told by a person.

visit = Flow("visit")


@visit.task
def look() -> str:
    enter()
    return "bent wheel"


@visit.task
def mend(look: str) -> str:
    enter()
    return f"mended the {look}"


@visit.manual
def pay(mend: str) -> int: ...


# A whole repair, with a person in the middle.

repair = Flow("repair")


@repair.task
def inspect(bike: str) -> list[str]:
    enter()
    return [bike, "bent wheel"]


@repair.task
def quote(inspect: list[str]) -> float:
    enter()
    return 60.0 * len(inspect)


@repair.manual
def agree(quote: float) -> bool: ...


@repair.task
def work(inspect: list[str], agree: bool) -> str:
    enter()
    return f"{inspect[1]}: {'mended' if agree else 'left alone'}"


@repair.task
def invoice(quote: float, work: str) -> str:
    enter()
    return f"{work}, {quote}"


REPAIRED = "bent wheel: mended, 120.0"


def wide(chains: int, length: int) -> Flow:
    """So many chains of so many tasks beside each other, and one task that waits for them all."""

    def link(before: int = 0) -> int:
        enter()
        return before + 1

    def total(**_: Any) -> None: ...

    flow = Flow("wide")
    ends = []
    for chain in range(chains):
        for place in range(length):
            before = {"before": f"t{chain}_{place - 1}"} if place else {}
            flow.task(link, name=f"t{chain}_{place}", bind=before, fixed={} if place else {"before": 0})
        ends.append(f"t{chain}_{length - 1}")
    flow.task(done, after=tuple(ends))
    return flow


def done() -> str:
    enter()
    return "done"


def asking(on_crash: str) -> Flow:
    """One task that a crash is met with as `on_crash` says, and one behind it."""
    flow = Flow(f"on_crash {on_crash}")
    flow.task(look, name="look", on_crash=on_crash)
    flow.task(mend, name="mend")
    return flow
