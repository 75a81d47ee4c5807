"""What the author of a flow says of failures, loops and links: `Retry`, `ForEach`, `Repeat`, `succeeded`, `failed`, `finished`.

Plain values: frozen, comparable, judged when they are made. They know nothing of flows, and never look at a clock.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Set
from typing import Any

import msgspec

from ..core import RetryPlan
from ..core.values import preview
from ..errors import DefinitionError
from .names import is_plain, plain, source_name

_OTHER_NAMES = {
    **dict.fromkeys(
        ("IOError", "EnvironmentError", "WindowsError", "socket.error", "select.error", "os.error"), "OSError"
    ),
    **dict.fromkeys(
        ("socket.timeout", "concurrent.futures.TimeoutError", "asyncio.TimeoutError"), "TimeoutError"
    ),
}
"""Names that Python has for a class beside its own: a failure is recorded under the class's own."""

_set = msgspec.structs.force_setattr


class Retry(msgspec.Struct, frozen=True, repr_omit_defaults=True):
    """Try again after a failure: at most `attempts` in total.

    `delay` in seconds before the second attempt; each further delay is `backoff` times the one before, and at most `cap`
    seconds; `jitter` (0 to 1) moves every delay at random by up to that share of it. `on` are the errors that are worth another
    try, as classes or names (subclasses count; none named: all), `not_on` those that are not, which wins.
    Raises DefinitionError for what makes no sense.
    """

    attempts: int
    delay: float = 0.0
    backoff: float = 1.0
    cap: float | None = None
    jitter: float = 0.0
    on: Any = ()
    not_on: Any = ()

    def __post_init__(self) -> None:
        if type(self.attempts) is not int or self.attempts < 1:
            raise DefinitionError(
                f"Retry(attempts={preview(self.attempts)}) must be a whole number from 1: all attempts together, "
                "so that Retry(3) tries at most twice again."
            )
        for name, least in (("delay", 0.0), ("backoff", 0.0), ("jitter", 0.0)):
            _set(self, name, _number(getattr(self, name), f"Retry({name}=…)", least))
        if self.backoff == 0:
            raise DefinitionError("Retry(backoff=0) would make each delay nothing: write delay=0 instead.")
        if self.jitter > 1:
            raise DefinitionError(f"Retry(jitter={self.jitter:g}) is a share of the delay, from 0 to 1.")
        if self.cap is not None:
            _set(self, "cap", _number(self.cap, "Retry(cap=…)", 0.0))
        _set(self, "on", _errors(self.on, "on"))
        _set(self, "not_on", _errors(self.not_on, "not_on"))

    def plan(self) -> RetryPlan:
        """The policy as it stands in a plan."""
        return RetryPlan(self.attempts, self.delay, self.backoff, self.cap, self.jitter, self.on, self.not_on)


class ForEach(msgspec.Struct, frozen=True):
    """For a subflow: try it with one value after another, until it succeeds or there is no further one.

    `values` names the parameter of the subflow that gets the list (from a task or an input of that name, or as bound or fixed),
    `as_` the input of the flow within that gets one of them in each try. Raises DefinitionError for what is no name.
    """

    values: str
    as_: str

    def __post_init__(self) -> None:
        advice = "Write the names: ForEach('phones', as_='phone'); the list itself may stand in fixed={'phones': […]}."
        for field in ("values", "as_"):
            _set(self, field, source_name(getattr(self, field), f"ForEach({field}=…)", self.values, advice))
        if self.values == self.as_:
            raise DefinitionError(
                f"ForEach({self.values!r}, as_={self.as_!r}): one value isn't all. {advice}"
            )


class Repeat(msgspec.Struct, frozen=True, repr_omit_defaults=True):
    """Do a task, or a subflow, again until a condition is true, and at most `max` rounds.

    `until` is a function (its parameters are wired as the task's; the task's own name gives the value of this round), or the task's
    name, or that of a part of its result, whose truth ends the loop. A loop that ends by `max` without its condition
    has failed; without a condition `max` is the number of rounds. Raises DefinitionError where both are missing.
    """

    until: Any = None
    max: int | None = None

    def __post_init__(self) -> None:
        if self.until is None and self.max is None:
            raise DefinitionError("Repeat() would never end: give until=…, max=…, or both.")
        if self.max is not None and (type(self.max) is not int or self.max < 1):
            raise DefinitionError(
                f"Repeat(max={preview(self.max)}) must be a whole number of rounds, from 1."
            )
        if self.until is not None and not callable(self.until):
            plain(self.until, "Repeat(until=…)", self.until, "Write a function, or the task's own name.")


class Link(msgspec.Struct, frozen=True):
    """How a source must have ended: what `succeeded`, `failed` and `finished` give, for `after`."""

    kind: str
    source: str

    def __repr__(self) -> str:
        return f"{self.kind}({self.source!r})"


def succeeded(task: Any) -> Link:
    """For `after`: the task must have succeeded, as a plain name says too."""
    return _link("succeeded", task)


def failed(task: Any) -> Link:
    """For `after`: the task must have failed. That handles its failure; a parameter named after it gets its `Failure`."""
    return _link("failed", task)


def finished(task: Any) -> Link:
    """For `after`: the task must have ended, well or not. That handles its failure; a parameter named after it gets its value, or
    its `Failure`."""
    return _link("finished", task)


def _link(kind: str, task: Any) -> Link:
    return Link(kind, source_name(task, kind, task, f"Write one task or its name: {kind}('ship')."))


def _number(given: Any, said: str, least: float) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise DefinitionError(f"{said[:-2]}{preview(given)}) must be a number.")
    number = float(given)
    if not math.isfinite(number) or number < least:
        raise DefinitionError(f"{said[:-2]}{preview(given)}) must be a number from {least:g} on.")
    return number


def _errors(given: Any, option: str) -> tuple[str, ...]:
    """The names of error classes, as failures are recorded with."""
    if given is None or given == ():
        return ()
    if isinstance(given, str | type):
        return (_error(given, option),)
    if not isinstance(given, Iterable):
        raise DefinitionError(f"Retry({option}={preview(given)}): {_ERRORS.format(option)}")
    names = [_error(one, option) for one in given]
    return tuple(dict.fromkeys(sorted(names) if isinstance(given, Set) else names))


_ERRORS = "write error classes or their names: {}=(OSError, 'HTTPError')."


def _error(given: Any, option: str) -> str:
    if isinstance(given, type) and issubclass(given, BaseException):
        name = given.__qualname__
        return name if given.__module__ == "builtins" else f"{given.__module__}.{name}"
    if is_plain(given) or (isinstance(given, str) and given):
        name = plain(given, f"Retry({option}=…)", given, _ERRORS.format(option))
        return _OTHER_NAMES.get(name, name)
    raise DefinitionError(f"Retry({option}=…): {preview(given)} is no error class; {_ERRORS.format(option)}")
