"""What another process does in a rehearsal: it opens the file, does one thing, and says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.faults import inside
from tests.rehearsals.reading import Line, read
from tests.rehearsals.stage import Stage
from tests.rehearsals.ways import Local


def act(line: Any, what: str, rest: str, given: tuple[Any, ...]) -> None:
    """Do one thing to a run: "begin" and stay in a body, "crash" at a commit, or perform a "line"."""
    path, folder, run_id, flow, now = given
    text = read(Path(path))
    text.flows.sort(key=lambda one: one.name != flow)
    stage = _Inside(text, Local(), Path(folder)) if what == "begin" else Stage(text, Local(), Path(folder))
    stage.clock.move(now)
    stage.open(run_id)
    match what:
        case "begin":
            stage.line, stage.here = line, rest  # type: ignore[attr-defined]
            stage.run.step(rest, echo=False)
        case "crash":
            point, _, wanted = rest.partition(" ")
            wanted, _, call = wanted.partition(": ")
            inside.die_at(point, wanted)
            stage.perform_line(_line(call or "run"))
            raise AssertionError(f"nothing was recorded that holds {wanted!r}")
        case _:
            for one in rest.split("; "):
                stage.perform_line(_line(one))
    line.send({"done": rest})


def _line(text: str) -> Line:
    word, _, rest = text.partition(" ")
    return Line(0, word, rest)


class _Inside(Stage):
    """A stage whose first body says that it was entered, and waits to be told to go on."""

    line: Any
    here: str

    def entered(self, unit: str) -> None:
        self.line.send({"inside": self.here})
        self.clock.move(self.line.recv())
