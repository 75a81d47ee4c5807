"""Random runs of random flows, with what is needed to see why one went wrong: the seed, the flow, the actions, and
fewer of each."""

from __future__ import annotations

import random
import re

from tests.core.acts import Action, Actor
from tests.core.flows import made
from tests.core.rows import Rows
from tests.core.shapes import Made
from tests.core.world import World

STEPS = 60


class Disagreement(AssertionError):
    """The core and the reference model don't say the same."""


def walk(seed: int, rows: Rows) -> None:
    """One random run from its start to well after its end; the same for the same seed, for ever."""
    flow, actions = made(seed), []
    rng = random.Random(f"acts {seed}")
    try:
        world = World(flow, rows)
        actor = Actor(rng)
        for _ in range(STEPS):
            actions.append(actor.choose(world.model))
            world.do(actions[-1])
        world.close()
    except Exception as error:
        raise Disagreement(told(seed, flow, actions, error)) from error


def trouble(flow: Made, actions: list[Action]) -> Exception | None:
    """What goes wrong when these actions are done on a run of that flow."""
    try:
        world = World(flow)
        for action in actions:
            world.do(action)
        world.close()
    except Exception as error:
        return error
    return None


def told(seed: int, flow: Made, actions: list[Action], error: Exception) -> str:
    flow, actions = smaller(flow, actions, error)
    seen = trouble(flow, actions) or error
    steps = "".join(f"    {action!r},\n" for action in actions)
    return f"seed {seed}: {type(seen).__name__}: {seen}\nflow = {flow}\nactions = [\n{steps}]"


def smaller(flow: Made, actions: list[Action], error: Exception) -> tuple[Made, list[Action]]:
    """Fewer actions and tasks with which the same kind of thing goes wrong."""

    def wrong(flow: Made, actions: list[Action]) -> bool:
        found = trouble(flow, actions)
        return found is not None and _kind(found) == _kind(error)

    while True:
        before = (flow, actions)
        for size in (16, 4, 1):
            for start in range(len(actions) - 1, -1, -size):
                fewer = actions[: max(0, start - size + 1)] + actions[start + 1 :]
                if len(fewer) < len(actions) and wrong(flow, fewer):
                    actions = fewer
        for shape in reversed(flow.shapes):
            other = flow.without(shape.name)
            if other != flow and wrong(other, actions):
                flow = other
        if before == (flow, actions):
            return before


def _kind(error: Exception) -> str:
    """What went wrong, without what it went wrong with."""
    return type(error).__name__ + re.sub(r"t\d+(\.t\d+)*(\[\d+\])?", "t", str(error))[:60]
