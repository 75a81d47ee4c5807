"""What operators do to a run in the reference model: leave a unit out, do it again."""

from __future__ import annotations

from tests.core.model_ends import skip
from tests.core.model_judge import go_on, reset
from tests.core.model_stand import ENDED, Stand, Unit


def skip_by_hand(s: Stand, unit: Unit) -> None:
    """Leave it out. What a failure brought is taken back: in the run if that has stopped, and around and behind the
    failed unit."""
    was, stopped = unit.state, s.run in ("failing", "failed")
    if stopped:
        s.run, s.ended_by = "running", ""
        _reset(
            s, (_stopped(s, None) - {unit}) | ({unit, *_stopped(s, unit)} if was == "cancelled" else set())
        )
    if was == "failed":
        unit.failure, unit.handled = None, False
    skip(s, unit)
    if was == "failed":
        ended, behind = failed_with(s, unit)
        again = {*ended, *behind}
        for group in (*behind, *reversed(ended)):
            again |= _stopped(s, group)
        _reset(s, again)
    s.work.remove(unit)
    go_on(s, after=unit)
    _resume_by_itself(s)


def failed_with(s: Stand, unit: Unit) -> tuple[list[Unit], set[Unit]]:
    """The groups around it that failed, or are winding down, because of a unit; and what failed for no other reason."""
    if any(group.state in ENDED and group.state != "failed" for group in s.enclosing(unit)):
        return [], set()  # nothing in there goes on
    behind = _failed_behind(s, unit)
    ended = []
    for group in s.enclosing(unit):
        if group.state == "failed" or group.by is unit or group.by in behind:
            ended.append(group)
            behind |= _failed_behind(s, group)
    return ended, behind


def _failed_behind(s: Stand, unit: Unit) -> set[Unit]:
    """What failed for no other reason than that this unit failed, one after another."""
    found: set[Unit] = set()
    todo = [unit.parent or unit]
    while todo:
        for dependent in s.dependents[todo.pop().name]:
            if dependent.outcome == "join" and dependent.state == "failed" and dependent not in found:
                found.add(dependent)
                todo.append(dependent)
    return found


def to_rerun(s: Stand, unit: Unit, items: str, downstream: bool) -> tuple[set[Unit], set[Unit]]:
    """A unit with its parts, what hangs on it, and the groups around it that have ended or are winding down. And which
    of them are
    tasks over items that are to be counted anew."""
    chosen = {unit, *s.inside(unit)}
    if items == "failed":
        chosen = {item for item in s.parts(unit) if item.state == "failed"}
        chosen |= {unit} if unit.state in ENDED else set()
    behind: set[Unit] = set()
    if downstream and not (unit.parent and unit.parent.state not in ENDED) and unit in chosen:
        behind |= s.downstream(unit)
    ended = [g for g in s.enclosing(unit) if g.state in ENDED or g.mode or g.looping]
    for group in ended:
        chosen.add(group)
        if downstream and not group.is_each:
            behind |= s.downstream(group)
    for one in behind:
        chosen |= {one, *s.inside(one)}
    counted = {one for one in chosen if one.is_each and one not in ended} - (
        {unit} if items == "failed" else set()
    )
    for group in reversed(ended):
        chosen |= _stopped(s, group)
    if items == "failed" and unit.state in ENDED:
        chosen |= _stopped(s, unit)
    if s.run in ("failing", "failed", "succeeded", "reverted"):
        chosen |= _stopped(s, None, chosen)
    return chosen, counted


def to_adopt(s: Stand, changed: list[Unit]) -> tuple[set[Unit], set[Unit]]:
    """What is done again since its code has changed: these, and all that hangs on them or on the groups around them
    that had ended.
    And, as above, which of them are to be counted anew."""
    whole: set[Unit] = set()
    ended: list[Unit] = []
    for unit in changed:
        whole |= {unit} | s.downstream(unit)
        for group in s.enclosing(unit):
            if group.state in ENDED or group.mode or group.looping:
                ended.append(group)
                whole |= s.downstream(group)
    chosen = {part for unit in whole for part in (unit, *s.inside(unit))}
    counted = {unit for unit in chosen if unit.is_each}
    chosen |= set(ended)
    for group in sorted(ended, key=lambda unit: unit.place):
        chosen |= _stopped(s, group)
    if s.run in ("failing", "failed", "succeeded", "reverted"):
        chosen |= _stopped(s, None, chosen)
    return chosen, counted


def rerun(s: Stand, chosen: set[Unit], counted: set[Unit]) -> None:
    """Set these back to waiting, and go on."""
    if s.run not in ("running", "pausing", "paused"):
        s.run, s.ended_by = "running", ""
    _reset(s, chosen, counted)
    go_on(s)
    _resume_by_itself(s)


def _stopped(s: Stand, group: Unit | None, opened: set[Unit] | None = None) -> set[Unit]:
    """What in a group (None: the run) didn't come to its own end, and waits again when that goes on. Groups among it
    are taken the same
    way; a subflow that has ended in the meantime for another reason is left as it is, with all in it."""
    found: set[Unit] = set()
    never = group is not None and (group.state == "skipped" or (group.state == "failed" and not group.begun))
    for part in s.parts(group):
        cut_short = part.state in ("cancelled", "reverted", "revert_failed")
        if (
            cut_short
            or (part.state == "failed" and part.outcome == "join")
            or (never and part.state == "skipped")
        ):
            found |= {part} | _stopped(s, part)
        elif part.is_group and (part in (opened or ()) or (part.state == "running" and not part.mode)):
            found |= _stopped(s, part, opened)
    return found


def _reset(s: Stand, units: set[Unit], counted: set[Unit] | None = None) -> None:
    """The items of a task stay, but for those that are to be done again or were on offer, unless it is counted anew."""
    for unit in sorted(units, key=lambda u: u.place):
        for item in s.parts(unit) if unit.is_each else ():
            if item.state == "ready" or (counted and unit in counted):
                reset(s, item)
        if counted and unit in counted:
            s.items.pop(unit.name, None)
        reset(s, unit)


def _resume_by_itself(s: Stand) -> None:
    """A run that rests for a failure goes on when none stands any more."""
    standing = any(u.state == "failed" and not u.handled for u in s.everything())
    if s.stuck and s.run == "paused" and not standing:
        s.run, s.stuck = "running", ""
        go_on(s)
