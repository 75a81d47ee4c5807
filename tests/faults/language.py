"""A flow with all that a process can die in: tries that wait, items, a question, a subflow, and undos.

Like `flows.py` it is known by heart in every process; what is entered is noted in the ledger.
"""

from __future__ import annotations

import os

from flowkit import Flow, Repeat, Retry, attempt
from tests.faults.flows import enter, hear, say


def ask(name: str) -> None:
    """Note in the ledger that a decider was asked, and stop at its gate; a decider has no attempt."""
    with open(os.environ["LEDGER"], "a", encoding="utf-8") as ledger:
        ledger.write(f"r {name} 0 {os.getpid()}\n")
    if name in os.environ.get("GATE", "").split():
        say(entered=name, attempt=0)
        hear()


def workshop_day(fails: bool = False) -> Flow:
    """fetch (its first try fails) → parts → polish each → is it worth it? → a subflow → weigh, round by round; `close` may fail."""
    flow = Flow("day", on_failure="revert" if fails else "stop")

    @flow.task(retry=Retry(2, delay=0.02))
    def fetch() -> str:
        enter()
        if attempt().number == 1:
            raise OSError("the van did not start")
        return "bike"

    @fetch.revert
    def bring_back(fetch: str) -> None:
        enter()

    @flow.task
    def parts(fetch: str) -> list[str]:
        enter()
        return ["wheel", "bell", "chain"]

    @flow.task(each="part", bind={"part": "parts"}, concurrency=2)
    def polish(part: str) -> str:
        enter()
        return f"shiny {part}"

    @polish.revert
    def dull(polish: str) -> None:
        enter()

    def worth_it(polish: list[str]) -> bool:
        ask("worth_it")
        return len(polish) == 3

    flow.task(_paint, name="paint", bind={"parts": "polish"}, when=worth_it)

    child = Flow("packing")
    child.task(_wrap, name="wrap")
    child.task(_label, name="label")
    flow.add(child, bind={"thing": "paint"})

    def heavy(weigh: int) -> bool:
        ask("heavy")
        return weigh >= 2

    flow.task(_weigh, name="weigh", repeat=Repeat(until=heavy, max=5), after="packing")

    @flow.task
    def close(weigh: int, packing: str) -> str:
        enter()
        if fails:
            raise RuntimeError("the door is stuck")
        return f"{packing}, {weigh} kg"

    return flow


def _paint(parts: list[str]) -> str:
    enter()
    return " and ".join(parts)


def _wrap(thing: str) -> str:
    enter()
    return f"wrapped {thing}"


def _label(wrap: str) -> str:
    enter()
    return f"{wrap}, labelled"


def _weigh(weigh: int = 0) -> int:
    enter()
    return weigh + 1


DAY = "wrapped shiny wheel and shiny bell and shiny chain, labelled, 2 kg"
