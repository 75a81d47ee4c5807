"""The rarer options of a unit become fields of its plan: links on how a source ended, joins, deciders, loops, items, undos.

Each is judged against the names of its own flow; what is wrong becomes a fault of the scope, and nothing here raises.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .draft import AskedDraft, Draft, Fault, Options
from .plan import Asked, Param, RepeatPlan
from .scope import Scope, undo_takes

_NONE = Options()
_TEXTS = (
    '"',
    '{"$str"',
    '{"$int"',
    '{"$float"',
)  # what the typed JSON of a text or a long number begins with


def rare_fields(scope: Scope, draft: Draft) -> dict[str, Any]:
    """All fields of the unit's plan that hang on its options and links."""
    more = draft.more or _NONE
    asked = more.asked()
    known = [name for name, _ in draft.params] + [name for _, one in asked for name, _ in one.params]
    scope.note_strangers(draft, known)
    each = _each(scope, draft, more.each) if more.each else ""
    params = _params(scope, draft, more, each)
    after, upon = scope.after(draft), _upon(scope, draft, more)
    when = None if more.when is None else _asked(scope, draft, "when", more.when)
    sources = dict.fromkeys(_sources(params, after, upon, when))
    until = None if more.until is None else _asked(scope, draft, "until", more.until)
    if until is not None:
        also = [p.source for p in until.params if p.kind == "task" and p.source not in sources]
        after = tuple(dict.fromkeys((*after, *also)))  # what it reads must be there by then
        sources.update(dict.fromkeys(also))
    undo = None if more.undo is None else _asked(scope, draft, "revert", more.undo)
    if undo is not None:
        _judge_undo(scope, draft, undo, sources)
    _judge_links(scope, draft, after, upon, when)
    _judge_join(scope, draft, more.join, len(sources))
    return {
        "params": params,
        "after": after,
        "outputs": draft.outputs,
        "on_crash": draft.on_crash,
        "upon": upon,
        "join": more.join,
        "when": when,
        "skip": more.skip,
        "each": each,
        "concurrency": more.concurrency,
        "retry": more.retry,
        "repeat": RepeatPlan(until, more.most) if more.looped else None,
        "timeout": more.timeout,
        "undo": undo,
        "pause_before": more.pause_before,
        "priority": more.priority,
    }


def _sources(
    params: Iterable[Param],
    after: Iterable[str],
    upon: Iterable[tuple[str, str]],
    when: Asked | None,
) -> Iterable[str]:
    yield from (p.source for p in params if p.kind == "task")
    yield from after
    yield from (source for source, _ in upon)
    if when is not None:
        yield from (p.source for p in when.params if p.kind == "task")
        if when.source:
            yield when.source


def _params(scope: Scope, draft: Draft, more: Options, each: str) -> tuple[Param, ...]:
    needed = (
        each,
        more.retry.each if more.retry is not None else "",
    )  # lists whose length decides what is done
    found = []
    for name, optional in draft.params:
        own = _own(draft, name, False) if more.looped else None
        param = own or scope.param(draft, name, optional and name not in needed)
        if param is not None:
            found.append(param)
        if param is not None and name in needed and param.kind == "fixed" and _is_scalar(param.fixed):
            text = f"{name!r} is to give one value after another, and it is fixed to {param.fixed}"
            scope.faults.append(Fault(draft.name, text, f"Give a list: fixed={{{name!r}: […]}}.", name))
    return tuple(found)


def _own(draft: Draft, name: str, required: bool) -> Param | None:
    """The parameter as one that gets the unit's own value, or a part of it; None where it asks for something else."""
    source = draft.bind.get(name, name)
    if name in draft.fixed:
        return None
    if source == draft.name:
        return Param(name, "own", required=required)
    if source in draft.outputs:
        return Param(name, "own", part=draft.outputs.index(source), required=required)
    return None


def _is_scalar(text: str | None) -> bool:
    return text is not None and (text[0] not in "[{" or text.startswith(_TEXTS))


def _each(scope: Scope, draft: Draft, each: str) -> str:
    """The parameter that gets one item at a time: `each` names it, or the source that it is bound to."""
    names = [name for name, _ in draft.params]
    if each in names:
        return each
    bound = [name for name in names if draft.bind.get(name) == each]
    if len(bound) == 1:
        return bound[0]
    said = ", ".join(names) or "none"
    if bound:
        text, hint = f"each={each!r} is the source of several parameters", f"Name one: {', '.join(bound)}."
    else:
        text = f"each names {each!r}, which is no parameter and not what one is bound to"
        hint = f"Its parameters are: {said}."
        if names:
            hint += f" Bind the one that takes an item: bind={{{names[0]!r}: {each!r}}}."
    scope.faults.append(Fault(draft.name, text, hint, each))
    return ""


def _upon(scope: Scope, draft: Draft, more: Options) -> tuple[tuple[str, str], ...]:
    found = []
    for source, kind in more.links:
        unit = scope.linked(draft, f"{kind}(…)", source)
        if unit is not None:
            found.append((unit, kind))
    return tuple(dict.fromkeys(found))


def _asked(scope: Scope, draft: Draft, what: str, asked: AskedDraft) -> Asked:
    about = scope.details.get(draft.name, {}).get("asked", {}).get(what, {})
    if asked.source:
        return _named(scope, draft, what, asked.source)
    scope.faults.extend(asked.trouble)
    found = []
    for name, optional in asked.params:
        param = None if what == "when" else _own(draft, name, not optional)
        if param is None and what == "revert" and name == "failure" and "failure" not in draft.bind:
            param = Param(name, "failure", required=not optional)
        if param is None:
            param = scope.param(draft, name, optional, f"{what}(…)")
        if param is not None:
            found.append(param)
    return Asked(tuple(found), **about)


def _named(scope: Scope, draft: Draft, what: str, name: str) -> Asked:
    """A name whose truth is the answer."""
    if what == "until":
        if name != draft.name and name not in draft.outputs:
            text = f"until names {name!r}, which is neither the task itself nor a part of its result"
            hint = f"Name {draft.name!r}, or give a function: until=lambda {draft.name}: …"
            scope.faults.append(Fault(draft.name, text, hint))
        return Asked(source=draft.name, part=draft.outputs.index(name) if name in draft.outputs else None)
    if name not in scope.parts and name not in scope.drafts and name in (scope.inputs or scope.used):
        text = f"{what} names {name!r}, which is an input and no task"
        scope.faults.append(Fault(draft.name, text, f"Ask for its value: {what}=lambda {name}: {name}."))
        return Asked(source="")
    unit = scope.linked(draft, what, name)
    return Asked(source=unit or "", part=scope.parts[name][1] if unit != name and unit else None)


def _judge_undo(scope: Scope, draft: Draft, undo: Asked, sources: dict[str, None]) -> None:
    for param in undo.params:
        if param.kind == "task" and param.source not in sources:
            text = f"its undo asks for {param.source!r}, which the task itself does not wait for"
            scope.faults.append(Fault(draft.name, text, undo_takes(draft.name), param.name))


def _judge_links(
    scope: Scope,
    draft: Draft,
    after: tuple[str, ...],
    upon: tuple[tuple[str, str], ...],
    when: Asked | None,
) -> None:
    """Note where one source is asked to end in two ways."""
    asked: dict[str, str] = dict.fromkeys(after, "succeeded")
    for source, kind in upon:
        if asked.setdefault(source, kind) != kind:
            text = f"waits for {asked[source]}({source!r}) and for {kind}({source!r}), and only one can come"
            hint = f"Take one of the two; finished({source!r}) is met either way."
            scope.faults.append(Fault(draft.name, text, hint))
    if when is not None and when.source and asked.get(when.source) == "failed":
        text = f"waits for failed({when.source!r}) and for its truth, which a failed task has none of"
        scope.faults.append(Fault(draft.name, text, "Take one of the two."))


def _judge_join(scope: Scope, draft: Draft, join: int, count: int) -> None:
    if join <= count:
        return
    said = "'any'" if join == 1 else str(join)
    have = "waits for nothing" if not count else f"waits for {count} {'task' if count == 1 else 'tasks'} only"
    hint = "Name more sources, by parameters or after=…, or take the join out."
    scope.faults.append(Fault(draft.name, f"join={said} can't be met: it {have}", hint))
