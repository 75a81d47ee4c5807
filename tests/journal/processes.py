"""Real processes for these tests; every wait is for a word or for an end, with a limit for hangs only.

They are forked from a server that has imported flowkit and done nothing else, so that one starts in milliseconds.
"""

from __future__ import annotations

import multiprocessing
import textwrap

from tests.journal import inside

LIMIT = 120.0  # seconds after which a process counts as hanging

_server = multiprocessing.get_context("forkserver")
# There is one server in a process, and the last list counts: so that of the other tests is in it too.
_server.set_forkserver_preload(["tests.journal.inside", "tests.faults.inside", "flowkit.engine"])


class Process:
    """A process that runs the code, in which `args` are these."""

    def __init__(self, code: str, *args: object) -> None:
        self._line, theirs = _server.Pipe()
        given = (theirs, textwrap.dedent(code), tuple(map(str, args)))
        self._process = _server.Process(target=inside.run, args=given, daemon=True)
        self._process.start()
        theirs.close()

    def said(self) -> str:
        """What it says next."""
        assert self._line.poll(LIMIT), "the process says nothing and does not end"
        return self._line.recv()

    def tell(self, word: str = "go on") -> None:
        """Say something to it."""
        self._line.send(word)

    def kill(self) -> list[str]:
        """`kill -9`, and wait until it is dead; what it had still said."""
        self._process.kill()
        return self.end(-9)

    def end(self, code: int = 0) -> list[str]:
        """Wait for its end, which has to be this one; what it said until then."""
        words: list[str] = []
        try:
            while True:
                words.append(self.said())
        except (EOFError, ConnectionResetError):
            self._process.join(LIMIT)
        assert self._process.exitcode == code, "\n".join(words)
        self._line.close()
        self._process.close()
        return words


def run(code: str, *args: object) -> list[str]:
    """What a process says that runs the code to its end."""
    return Process(code, *args).end()
