"""Real processes for these tests; every wait is for a word or for an end, with a limit for hangs only.

They are forked from a server that has imported flowkit and done nothing else, so that one starts in milliseconds.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.faults import inside

FULL = os.environ.get("FLOWKIT_FULL") == "1"
LIMIT = 120.0  # seconds after which a process counts as hanging

_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload(["tests.faults.inside", "flowkit.engine"])


class Process:
    """One Python process that runs `code`, in which `names` are known."""

    def __init__(self, code: str, environ: dict[str, str], **names: Any) -> None:
        self._line, theirs = _server.Pipe()
        given = (theirs, textwrap.dedent(code), names, environ)
        self._process = _server.Process(target=inside.run, args=given, daemon=True)
        self._process.start()
        theirs.close()

    def said(self) -> dict[str, Any]:
        """What it says next."""
        assert self._line.poll(LIMIT), "the process says nothing and does not end"
        try:
            said = self._line.recv()
        except EOFError:
            self._process.join(LIMIT)
            raise AssertionError(f"the process ended ({self._process.exitcode}) and said nothing") from None
        assert "error" not in said, said["error"]
        return said

    def tell(self, word: Any = "go on") -> None:
        """Say something to it."""
        self._line.send(word)

    def kill(self) -> None:
        """`kill -9`, and wait until it is dead."""
        self._process.kill()
        self.end(-signal.SIGKILL)

    def signal(self, number: int) -> None:
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    def end(self, code: int = 0) -> None:
        """Wait for its end, which has to be this one."""
        self._process.join(LIMIT)
        assert self._process.exitcode == code

    def stop(self) -> None:
        """End it, however it stands."""
        self._process.kill()
        self._process.join(LIMIT)
        self._line.close()
        self._process.close()


class Workshop:
    """A folder with one journal and one ledger, and the processes that were started on it."""

    def __init__(self, folder: Path) -> None:
        self.file = str(folder / "workshop.db")
        self.ledger = folder / "ledger.txt"
        self.ledger.touch()
        self._started: list[Process] = []

    def process(self, code: str, gate: str = "", **names: Any) -> Process:
        """Start a process that knows the file's name as `file`, and these names."""
        environ = {"LEDGER": str(self.ledger), "GATE": gate}
        process = Process(code, environ, file=self.file, **names)
        self._started.append(process)
        return process

    def do(self, code: str, **names: Any) -> dict[str, Any]:
        """Start a process, wait for its end, and give what it said last, if anything."""
        process = self.process(f"{textwrap.dedent(code)}\nsay(end=True)", **names)
        last: dict[str, Any] = {}
        while "end" not in (said := process.said()):
            last = said
        process.end()
        return last

    def entries(self, run_id: str) -> Counter[str]:
        """How often each task's function was entered, by the ledger."""
        lines = (line.split() for line in self.ledger.read_text().splitlines())
        return Counter(task for run, task, _, _ in lines if run == run_id)

    def close(self) -> None:
        for process in self._started:
            process.stop()


@contextlib.contextmanager
def workshop(folder: Path) -> Iterator[Workshop]:
    here = Workshop(folder)
    try:
        yield here
    finally:
        here.close()
