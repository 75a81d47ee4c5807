"""The options that are rarely written: choice and joins, items, retries, loops, time, order. Each is judged where it is written.

It must never call a task's function, a decider or a condition, and never look at other tasks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..core import RetryPlan
from ..core.draft import AskedDraft, Options
from ..core.values import preview
from ..errors import DefinitionError
from .names import plain, source_name
from .policies import ForEach, Repeat, Retry
from .task import Function, Unit, asked_draft

_DEFAULTS: dict[str, Any] = {
    "when": None,
    "skip": "dependents",
    "join": "all",
    "each": None,
    "concurrency": None,
    "retry": None,
    "repeat": None,
    "timeout": None,
    "pause_before": False,
    "priority": 0,
}

ON_FAILURE = ("stop", "revert", "pause", "continue")


def rarely(
    when: Any,
    skip: Any,
    join: Any,
    each: Any,
    concurrency: Any,
    retry: Any,
    repeat: Any,
    timeout: Any,
    pause_before: Any,
    priority: Any,
) -> dict[str, Any] | None:
    """The rare options by name; None where all are as they mostly are, which is told quickly."""
    if (
        when is each is concurrency is retry is repeat is timeout is None
        and skip is _DEFAULTS["skip"]
        and join is _DEFAULTS["join"]
        and pause_before is False
        and priority is _DEFAULTS["priority"]
    ):
        return None
    values = (when, skip, join, each, concurrency, retry, repeat, timeout, pause_before, priority)
    return dict(zip(_DEFAULTS, values, strict=True))


def options_of(
    task: str,
    given: Mapping[str, Any] | None,
    links: tuple[tuple[str, str], ...],
    subflow: bool = False,
) -> tuple[Options | None, dict[str, Function]]:
    """What was said, as it stands in a draft, with the functions among it by the names of their attributes. None where nothing was.

    Raises DefinitionError for what makes no sense by itself.
    """
    if not given and not links:
        return None, {}
    said = given or _DEFAULTS
    when, decider = _asked(said["when"], task, "when")
    repeat = _repeat(said["repeat"], task)
    until, condition = _asked(None if repeat is None else repeat.until, task, "until")
    retry, shift = _retry(said["retry"], task, subflow)
    each = _each(said["each"], said["concurrency"], repeat, task)
    options = Options(
        links=links,
        join=_join(said["join"], task),
        when=when,
        skip=_word(said["skip"], "skip", ("dependents", "self"), task),
        each=each,
        concurrency=_count(said["concurrency"], "concurrency", task) or 0,
        retry=retry,
        shift=shift,
        looped=repeat is not None,
        until=until,
        most=None if repeat is None else repeat.max,
        timeout=_seconds(said["timeout"], task),
        pause_before=_truth(said["pause_before"], "pause_before", task),
        priority=_whole(said["priority"], "priority", task),
    )
    asked = {"when_function": decider, "until_function": condition}
    return options, {name: function for name, function in asked.items() if function is not None}


def on_failure_of(given: Any) -> str:
    """What a flow does when a task has failed."""
    if not isinstance(given, str) or given not in ON_FAILURE:
        known = ", ".join(map(repr, ON_FAILURE))
        raise DefinitionError(f"on_failure={preview(given)} is not known; there are {known}.")
    return str.__str__(given)


def _asked(given: Any, task: str, what: str) -> tuple[AskedDraft | None, Function | None]:
    """A name whose truth is the answer, or a function that is asked."""
    if given is None:
        return None, None
    if isinstance(given, str | Unit):
        advice = f"Write a task's name, or a function: {what}=lambda price: price < 10."
        return AskedDraft(source=source_name(given, f"{task}: {what}", given, advice)), None
    if not callable(given):
        raise DefinitionError(
            f"{task}: {what}={preview(given)} decides nothing: it must be the name of a task whose result is taken as yes or no, "
            f"or a function of results and inputs: {what}=lambda price: price < 10."
        )
    return asked_draft(given, task, what), given


def _retry(given: Any, task: str, subflow: bool) -> tuple[RetryPlan | None, str]:
    if given is None:
        return None, ""
    if isinstance(given, Retry):
        return given.plan(), ""
    if isinstance(given, ForEach):
        if subflow:
            return RetryPlan(0, each=given.values), given.as_
        raise DefinitionError(
            f"{task}: ForEach is for a subflow: flow.add(child, retry={given!r}). To do a task for every value of a list "
            f"write each={given.values!r}; to try it again write retry=Retry(3)."
        )
    number = given if type(given) is int and given > 0 else 3
    other = " or ForEach('phones', as_='phone')" if subflow else ""
    raise DefinitionError(f"{task}: retry={preview(given)} must be a policy: retry=Retry({number}){other}.")


def _repeat(given: Any, task: str) -> Repeat | None:
    if given is None or isinstance(given, Repeat):
        return given
    text = f"{task}: repeat={preview(given)} must say when it ends"
    raise DefinitionError(f"{text}: repeat=Repeat(until=lambda {task}: …, max=10).")


def _each(given: Any, concurrency: Any, repeat: Repeat | None, task: str) -> str:
    if given is None:
        if concurrency is not None:
            raise DefinitionError(f"{task}: concurrency is of the items of each=…, and there is no each.")
        return ""
    if repeat is not None:
        raise DefinitionError(
            f"{task}: each and repeat can't both say what is done again. Put the task into a flow of its own "
            "and repeat that: flow.add(child, repeat=…)."
        )
    advice = "Write the name of the parameter that is to get one item at a time: each='url'."
    return plain(given, f"{task}: each", given, advice)


def _join(given: Any, task: str) -> int:
    if given == "all" and isinstance(given, str):
        return 0
    if given == "any" and isinstance(given, str):
        return 1
    if type(given) is int and given >= 1:
        return given
    raise DefinitionError(
        f"{task}: join={preview(given)} must be 'all', 'any' or the number of sources that suffice, from 1."
    )


def _seconds(given: Any, task: str) -> float | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise DefinitionError(f"{task}: timeout={preview(given)} must be a number of seconds: timeout=30.")
    if not math.isfinite(given) or given <= 0:
        raise DefinitionError(f"{task}: timeout={preview(given)} must be more than 0 seconds, or None.")
    return float(given)


def _count(given: Any, option: str, task: str) -> int | None:
    if given is None:
        return None
    if type(given) is not int or given < 1:
        raise DefinitionError(f"{task}: {option}={preview(given)} must be a whole number from 1.")
    return given


def _whole(given: Any, option: str, task: str) -> int:
    if type(given) is not int:
        raise DefinitionError(f"{task}: {option}={preview(given)} must be a whole number; higher goes first.")
    return given


def _truth(given: Any, option: str, task: str) -> bool:
    if type(given) is not bool:
        raise DefinitionError(f"{task}: {option}={preview(given)} must be True or False.")
    return given


def _word(given: Any, option: str, known: tuple[str, ...], task: str) -> str:
    if not isinstance(given, str) or given not in known:
        said = " or ".join(map(repr, known))
        raise DefinitionError(f"{task}: {option}={preview(given)} must be {said}.")
    return str.__str__(given)
