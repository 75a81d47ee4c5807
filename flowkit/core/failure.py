"""What a task raised, as data: a class is never rebuilt from it."""

from __future__ import annotations

from typing import Any

import msgspec

from .values import visible

_LINE = 120  # characters of a failure in one line


class Failure(msgspec.Struct, frozen=True, gc=False):
    """A task's error.

    `types`: qualified names, from the raised class up to (not including) `object`; `.type` is the first, short.
    `message`: what `str(error)` gave. `traceback`: text, from the user's own frames on; "" where somebody reported the
    failure by hand. `chain`: the errors that it came from, nearest first, each a `Failure`.
    """

    types: tuple[str, ...]
    message: str
    traceback: str = ""
    chain: tuple[Failure, ...] = ()

    @property
    def type(self) -> str:
        """The raised class's own name, without its module."""
        return self.types[0].rpartition(".")[2] if self.types else "Failure"

    def __str__(self) -> str:
        return f"{self.type}: {self.message}" if self.message else self.type

    def __repr__(self) -> str:
        line = visible(str(self)[: _LINE * 2])
        return f"<Failure {line if len(line) <= _LINE else line[: _LINE - 1] + '…'}>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Type, message and traceback as lines of text, with what it came from below."""
        causes = (f"\nIt came from {_lines(cause)}" for cause in self.chain)
        return {"text/plain": "\n".join([_lines(self), *causes])}


def _lines(failure: Failure) -> str:
    text = failure.traceback.rstrip()
    whole = str(failure) if not text else f"{failure}\n\n{text}"
    return "\n".join(visible(line.expandtabs()) for line in whole.split("\n"))
