"""What may begin in the reference model, and what follows when units have ended."""

from __future__ import annotations

from typing import Any

from tests.core.model_ends import (
    all_ended,
    cancel,
    end_group,
    fail,
    offer,
    policy,
    rest,
    skip,
    succeed,
)
from tests.core.model_stand import ENDED, OPEN, OVER, Stand, Unit
from tests.core.model_undo import entered, undo_next


def judge(s: Stand, unit: Unit) -> None:
    """Let a waiting unit go as far as it can: its join, its decider, the number of its items, a breakpoint."""
    if unit.state != "waiting" or unit.is_item or unit.question or not s.moving(unit):
        return
    if unit.looping:
        judge_round(s, unit)
        return
    verdict = s.join(unit)
    if verdict == "skipped":
        skip(s, unit)
    elif verdict == "failed":
        fail(s, unit, "join", ("flowkit.JoinNotMet", ""))
    if verdict in ("skipped", "failed") or (verdict == "open" and unit.used is None):
        return  # (a unit that was asked about goes on though a source of it was set back meanwhile)
    decision = decide(s, unit)
    if decision is None:
        ask(s, unit, "when")
    elif not decision:
        skip(s, unit)
    elif unit.shape.each and count(s, unit) is None:
        ask(s, unit, "each")
    elif s.breaks.get(unit.name):
        unit.halted = True
        rest(s)
    else:
        unit.used = s.met(unit)
        open_group(s, unit) if unit.is_group else offer(s, unit)


def decide(s: Stand, unit: Unit) -> bool | None:
    """Whether its decider lets it through; None: it is to be asked."""
    if not unit.shape.when:
        return True
    if unit.shape.when == "ask":
        return unit.answers.get("when")
    has, value = s.read(s.units[unit.shape.when])
    return has and bool(value)


def count(s: Stand, unit: Unit) -> int | None:
    """How many items there are; None: it is to be asked."""
    if unit.name in s.items:
        return len(s.items[unit.name])
    if "each" in unit.answers:
        return unit.answers["each"]
    value = s.listed(unit)
    return len(value) if isinstance(value, tuple) else None


def ask(s: Stand, unit: Unit, what: str) -> None:
    unit.question = what
    s.asked += 1
    if unit.used is None:
        unit.used = s.met(unit)


def open_group(s: Stand, unit: Unit) -> None:
    unit.halted = False
    again = unit.shape.again
    if unit.is_each:
        number = count(s, unit)
        assert number is not None
        if unit.name not in s.items:
            s.items[unit.name] = [_item(s, unit, i) for i in range(number)]
    elif again is not None and again.each and not s.listed(unit):
        fail(s, unit, "inside", ("flowkit.NothingToTry", ""))
        return
    unit.state, unit.begun = "running", True
    unit.opened_at = (s.messages, s.offers, s.asked)
    if unit.is_each:
        fill(s, unit)
    s.work.append(unit)  # its members are judged when it is their turn


def _item(s: Stand, task: Unit, number: int) -> Unit:
    """An item by its address: attempt numbers go on where they were when the task was counted before."""
    name = f"{task.name}[{number}]"
    if name not in s.spares:
        s.spares[name] = Unit(name, task.shape, task.place[0], task, number)
    unit = s.spares[name]
    unit.forget()
    unit.used = ()
    return unit


def fill(s: Stand, task: Unit) -> None:
    """Offer as many items as there are places."""
    items = s.parts(task)
    places = task.shape.concurrency or len(items)
    for item in items:
        busy = [one for one in items if one.state in ("ready", "running", "retrying", "lost")]
        if len(busy) >= places:
            return
        if item.state == "waiting":
            offer(s, item)


def judge_round(s: Stand, unit: Unit) -> None:
    """A round has ended: was it the last one? Where nothing new starts any more it was, whatever the condition would say."""
    loop = unit.shape.loop
    assert loop is not None
    enough = unit.round == loop.most
    met: Any = False
    if loop.until == "own":
        met = bool(loop_value(s, unit))
    elif loop.until == "ask":
        met = unit.answers.get("until")
        if met is None and not s.stopping(unit):
            ask(s, unit, "until")
            return
    unit.looping = False
    if met or (enough and not loop.until):
        succeed(s, unit, unit.value)
    elif enough and met is not None:
        fail(s, unit, "question", ("flowkit.LoopNotEnded", ""))
    elif s.stopping(unit):
        cancel(unit)
        s.work.append(unit)
    elif unit.is_group and loop.most is None and unit.opened_at == (s.messages, s.offers, s.asked):
        fail(
            s, unit, "question", ("flowkit.LoopNotEnded", "")
        )  # nobody was needed, so that no round could end it
    elif unit.is_group:
        next_round(s, unit)
    else:
        offer(s, unit)


def after_round(s: Stand, unit: Unit) -> None:
    """A round has just ended; in a run that rests it waits to be judged."""
    unit.round += 1
    unit.tries = unit.losses = 0
    unit.trying = 1
    unit.looping = True
    unit.answers = {}
    unit.state = "waiting"
    if s.moving(unit) or s.stopping(unit):
        judge_round(s, unit)


def loop_value(s: Stand, unit: Unit) -> Any:
    if not unit.is_group:
        return unit.value
    state, unit.state = unit.state, "succeeded"
    value = s.read(unit)[1]
    unit.state = state
    return value


def next_round(s: Stand, group: Unit) -> None:
    """All in a subflow waits again, and is judged."""
    reopen(s, group)


def reopen(s: Stand, group: Unit) -> None:
    for part in s.inside(group):
        reset(s, part)
        s.items.pop(part.name, None)
    group.state, group.mode, group.by, group.due = "running", "", None, None
    group.opened_at = (s.messages, s.offers, s.asked)
    s.work.append(group)


def reset(s: Stand, unit: Unit) -> None:
    """As if it had not been begun; its attempts are remembered."""
    ended = unit.state in ("ready", "running", "lost", "skipped", "cancelled") and unit.attempt
    if ended and unit.attempt not in unit.accepted and unit.attempt not in unit.gone:
        unit.gone[unit.attempt] = "superseded"
    unit.forget()
    unit.accepted.pop(0, None)  # what was given at the start is given no more
    if unit.is_item:
        unit.used = ()


# What follows -----------------------------------------------------------------------------------------------


def settle(s: Stand) -> None:
    """All that follows, in the order in which things ended, until nothing follows any more."""
    while True:
        while s.work:
            after_end(s, s.work.pop(0))
        if s.run in OVER:
            return
        if s.undoing and s.run == "reverting":
            undo_next(s, None)
        if not s.work:
            break
    end_or_rest(s)


def after_end(s: Stand, unit: Unit) -> None:
    """A unit has ended: its failure is dealt with, then who waits for it is judged, then the group that it is in. Or a
    group was
    opened: what is in it is judged."""
    if s.run in OVER:
        return
    if unit.state == "retrying" and not unit.is_group:
        if unit.due is None and s.moving(unit):
            offer(s, unit)
            if unit.losses and s.breaks.get(unit.name):
                rest(s)
        elif s.stopping(unit):
            cancel(unit)
    if unit.state not in ENDED:
        opened = unit.state == "running" and not unit.is_each
        for member in [m for m in s.parts(unit) if opened and held(s, m)]:
            judge(s, member)
        if unit.is_group:
            part_ended(s, unit)
        return
    if unit.name == s.made.target and s.run in ("running", "pausing", "paused"):
        for other in s.everything():
            if other.state in OPEN:
                cancel(other)
    if unit.state == "failed" and not unit.handled:
        policy(s, unit)
    for dependent in s.dependents.get(unit.name, ()):
        judge(s, dependent)
    around = list(s.enclosing(unit))
    for group in around[:1] + [g for g in around[1:] if g.mode]:
        part_ended(s, group)


def part_ended(s: Stand, group: Unit) -> None:
    """Something in a group has ended, or it has just been opened."""
    if group.mode:
        wind_down(s, group)
    elif group.state == "running":
        if group.is_each and s.moving(group):
            fill(s, group)
        if group.is_each and s.stopping(group) and not _at_work(s, group):
            cancel(group)  # it can't go on
            s.work.append(group)
            for item in s.parts(group):
                if item.state == "waiting":
                    cancel(item)
        elif all_ended(s, group):
            if group.shape.on_failure == "pause" and s.standing(group) and s.run in ("pausing", "paused"):
                return
            whole = all(p.state in ("succeeded", "failed", "skipped") for p in s.parts(group))
            if group.shape.loop is not None and whole and not group.is_each and not s.standing(group):
                after_round(s, group)
            else:
                end_group(s, group)


def _at_work(s: Stand, task: Unit) -> bool:
    """Whether a task over items is done, or somebody may still report one of them."""
    items = s.parts(task)
    return any(i.state in ("ready", "running", "retrying", "lost") for i in items) or all_ended(s, task)


def wind_down(s: Stand, group: Unit) -> None:
    """Nothing new starts in this subflow: when nobody is at work in it any more, it fails, is undone, or tried again."""
    outer = s.outer(group)
    if any(part.state in OPEN for part in s.inside(group)):
        return
    if group.mode == "failing":
        assert group.why is not None
        fail(s, group, "inside", group.why)
    elif s.stopping(group):
        if not any(part.state == "reverting" for part in s.inside(group)):
            cancel(group)
            s.work.append(group)
    elif undo_next(s, group):
        if group.mode == "undoing":
            assert group.why is not None
            fail(s, group, "inside", group.why)
        elif (outer is None or s.moving(group)) and s.run == "running":
            if group.due is None or group.due <= s.at:
                reopen(s, group)


def go_on(s: Stand, after: Unit | None = None) -> None:
    """What was due meanwhile, then all that is held, in the order of the plan; then groups whose parts have ended.
    (`after` this unit.)"""
    due = [u for u in s.everything() if u.state == "retrying" and u.due is not None and u.due <= s.at]
    for unit in sorted(due, key=lambda u: (u.due or 0.0, u.name)):
        if unit.is_group:
            part_ended(s, unit)
        elif s.moving(unit):
            offer(s, unit)
    winding = [u for u in s.everything() if u.mode]
    for group in sorted(winding, key=lambda u: u.wound):
        part_ended(s, group)
    moving = [
        u for u in s.everything() if s.moving(u) and (held(s, u) or (u.is_each and u.state == "running"))
    ]
    groups = [u for u in s.everything() if u.is_group and not u.is_each and u.state == "running"]
    if after is not None:
        after_end(s, after)
    else:
        for _ in list(s.work):
            after_end(s, s.work.pop(0))
    for unit in moving:
        if unit.state == "retrying" and s.moving(unit):
            offer(s, unit)
        elif unit.state == "waiting":
            judge(s, unit)
        elif unit.is_each and unit.state == "running" and s.moving(unit):
            fill(s, unit)
            s.work.append(unit)
    for group in groups:
        part_ended(s, group)


def end_or_rest(s: Stand) -> None:
    """How the run itself stands after all that."""
    if s.run == "failing":
        if not any(u.state in OPEN or u.state == "reverting" for u in s.everything()):
            s.run = "failed"
        return
    if all_ended(s, None) and s.run in ("running", "pausing") and not s.undoing:
        failed = s.standing(None)
        s.run = "failed" if failed else "succeeded"
        s.ended_by = failed[0].name if failed else ""
    elif s.run == "pausing" and not s.claims():
        left = any(u.state == "reverting" or entered(u) for u in s.everything())
        s.run = "reverted" if s.undoing and not left else "paused"
        s.undoing = s.undoing and left


def resume(s: Stand) -> None:
    """Go on. Breakpoints that it stands before are passed this once."""
    for name, armed in s.breaks.items():
        unit = s.units[name]
        around = all(g.state == "running" and not g.mode for g in s.enclosing(unit))
        if armed and (unit.state == "ready" or (around and held(s, unit))):
            s.breaks[name] = False
    s.run = "reverting" if s.undoing else "running"
    s.stuck = ""
    if not s.undoing:
        go_on(s)


def held(s: Stand, unit: Unit) -> bool:
    """Whether it waits for nothing but what is around it."""
    if unit.is_group and unit.state == "retrying":
        return False
    decided = unit.looping or unit.used is not None or s.join(unit) != "open"
    waits = unit.state == "waiting" and not unit.is_item and not unit.question and decided
    return waits or (unit.state == "retrying" and unit.due is None)
