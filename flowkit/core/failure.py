"""What a task raised, as data: a class is never rebuilt from it."""

import msgspec


class Failure(msgspec.Struct, frozen=True, gc=False):
    """A task's error.

    `types` are qualified names from the raised class up to (not including) `object`; `message` is `str(error)`; `traceback`
    is text, the user's own frames only; `chain` are the errors that it came from, nearest first.
    """

    types: tuple[str, ...]
    message: str
    traceback: str = ""
    chain: tuple["Failure", ...] = ()

    @property
    def type(self) -> str:
        """The raised class's own name, without its module."""
        return self.types[0].rpartition(".")[2] if self.types else "Failure"

    def __str__(self) -> str:
        return f"{self.type}: {self.message}" if self.message else self.type
