"""The panel: one widget for one run. It carries messages between the page and the parts that know, and
judges nothing.

Handlers may be called on any thread, also while a cell runs, so they only lay something down and return.
Showing a panel starts nothing and writes nothing.
"""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

import anywidget
import traitlets

from .board import Board
from .desk import Desk
from .feed import Feed
from .kernels import close_way, open_way
from .twin import Twin

_AT_THE_END = re.compile(r"(?<=;) // .*$")
_SPACES = re.compile(r" ?([{}:;,]) ")  # in a style sheet: what only people need
_COMMENTS = ("//", "/*", "* ", "*/")

_PARTS = ("dom.js", "wire.js", "graph.js", "form.js", "card.js", "strip.js", "panel.js")
"""The module's parts in order. They are put together as they are: no import in them, and one default
export.
"""

KEYS = (
    ("S, Space", "step"),
    ("arrows", "walk along the links"),
    ("Enter", "the sensible thing: step it, answer it, see why it failed"),
    ("R", "run"),
    ("P", "pause or resume"),
    ("+ − 0", "zoom, fit"),
    ("Ctrl + wheel", "zoom"),
    ("drag", "move the picture"),
    ("W", "say why this task is where it is"),
    ("J", "the journal"),
    ("Esc", "let go of the task, then of the panel"),
    ("?", "these keys"),
)
"""Key → what it does, as the page lists them."""


def _read(name: str) -> str:
    """A static file without indentation and comments: every saved panel holds a copy."""
    lines = files(__package__).joinpath("static", name).read_text("utf8").splitlines()
    kept = (line for line in map(str.strip, lines) if line and not line.startswith(_COMMENTS))
    return "\n".join(_AT_THE_END.sub("", line) for line in kept)


class Panel(anywidget.AnyWidget):
    """A live panel of a run: graph, card and time. Get one with `run.live()`, and show it as a cell's
    last line.
    """

    _esm = "\n".join(map(_read, _PARTS))
    _css = _SPACES.sub(r"\1", _read("panel.css"))

    scene = traitlets.Unicode().tag(sync=True)  # JSON text: a saved notebook would give each number a line
    snapshot = traitlets.Dict().tag(sync=True)

    def __init__(self, run: Any) -> None:
        board = Board(run)
        self._run = run
        self._twin = Twin(run)
        super().__init__(scene=_text(board.scene), snapshot=_first(board))
        self._feed = Feed(run, board, self._tell, self._rest, self._redraw)
        self._desk = Desk(run, self._tell, self._feed.answer)
        self.on_msg(self._heard)
        open_way(self.comm, lambda message: self._heard(self, message))

    def _heard(self, _: Any, message: Any, buffers: Any = None) -> None:
        """From the page, on whatever thread: lay it down."""
        if not isinstance(message, dict):
            return
        kind, view = message.get("t"), str(message.get("view", ""))
        if kind == "do":
            self._desk.lay(message)
        elif kind == "hello":
            self._feed.hello(view)
        elif kind == "look":
            self._feed.look(view, str(message.get("key") or ""))
        elif kind == "bye":
            self._feed.bye(view)

    def _tell(self, message: dict[str, Any]) -> None:
        if self.comm is not None:
            self.send(message)

    def _rest(self, snapshot: dict[str, Any]) -> None:
        self.snapshot = snapshot
        self._twin.renew()

    def _redraw(self, scene: dict[str, Any], snapshot: dict[str, Any]) -> None:
        """The run goes on with an edited flow: pages draw it anew, both traits at once."""
        with self.hold_sync():
            self.snapshot = snapshot
            self.scene = _text(scene)

    def close(self) -> None:
        """Take the panel off the page. The run is as it was."""
        if hasattr(self, "_desk"):  # else it was never finished
            self._feed.close()
            self._desk.close()
            close_way(self.comm)
        super().close()

    def _ipython_display_(self) -> None:
        """The panel, and under it in the same cell its static twin."""
        from IPython.display import display

        bundle = self._repr_mimebundle_()
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        display(data, metadata=metadata, raw=True)  # type: ignore[no-untyped-call]
        self._twin.show()

    def __repr__(self) -> str:
        return f"<live panel of run {self._run.id}>"


def _text(scene: dict[str, Any]) -> str:
    return json.dumps({**scene, "keys": KEYS}, separators=(",", ":"))


def _first(board: Board) -> dict[str, Any]:
    board.changes()
    return board.snapshot(0)


def live(run: Any) -> Panel:
    """The live panel of a run."""
    return Panel(run)
