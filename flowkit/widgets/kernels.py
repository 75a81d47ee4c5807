"""Kernels: how a panel's messages reach Python while a cell runs, on the kernels that would hold them back.

The only file that knows of kernels, and of things in them that have no public name: each is looked for
before it is used, and tests/browser/test_panel_kernels.py fails when a kernel changes. Where nothing
fits, messages wait for the running cell as usual, and the page says so.

- ipykernel 7.0 to 7.3 hand a widget's messages to a thread by themselves. - ipykernel 7.4 sends them to
the shell that last spoke on the channel, which is the one that a cell blocks. - ipykernel 6 takes them
from the wire while a cell awaits, and lays them behind that cell.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

_DELIMITER = b"<IDS|MSG>"

_heard: dict[str, Callable[[Any], None]] = {}
"""Channel id → who hears its messages; for ipykernel 6 alone."""

_in_cell = False


def open_way(comm: Any, heard: Callable[[Any], None]) -> None:
    """Let the messages of this channel through while a cell runs, as far as the kernel can.
    `heard(content)` takes one.
    """
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = None  # the front end's own choice of a thread counts again
    ipykernel = sys.modules.get("ipykernel")
    if comm is not None and ipykernel is not None and ipykernel.version_info[0] == 6:
        _heard[comm.comm_id] = heard
        _listen_first()


def close_way(comm: Any) -> None:
    """The channel is closed."""
    _heard.pop(getattr(comm, "comm_id", ""), None)


def _listen_first() -> None:
    """ipykernel 6: look at what comes from the wire before it is laid behind the running cell."""
    from IPython import get_ipython

    shell = get_ipython()
    kernel: Any = getattr(shell, "kernel", None)
    needed = ("schedule_dispatch", "dispatch_shell", "shell_stream", "session", "_publish_status")
    if any(getattr(kernel, name, None) is None for name in needed) or hasattr(kernel, "_flowkit_listens"):
        return
    kernel._flowkit_listens = True
    _note_cells(shell)
    usual = partial(kernel.schedule_dispatch, kernel.dispatch_shell)

    def received(frames: list[Any]) -> None:
        if not (_in_cell and _take(kernel, frames)):
            usual(frames)

    kernel.shell_stream.on_recv(received, copy=False)


def _note_cells(shell: Any) -> None:
    def begin(*_: Any) -> None:
        global _in_cell
        _in_cell = True

    def end(*_: Any) -> None:
        global _in_cell
        _in_cell = False

    begin()  # this is called from a cell
    shell.events.register("pre_run_cell", begin)
    shell.events.register("post_run_cell", end)


def _take(kernel: Any, frames: list[Any]) -> bool:
    """Whether this message is one of ours; then it was heard. Anything else is left untouched for the kernel."""
    parts = [bytes(frame) for frame in frames]
    if _DELIMITER not in parts or b'"comm_msg"' not in parts[parts.index(_DELIMITER) + 2]:
        return False
    content = json.loads(parts[parts.index(_DELIMITER) + 5])
    heard = _heard.get(content.get("comm_id", ""))
    if heard is None or content.get("data", {}).get("method") != "custom":
        return False
    _, signed = kernel.session.feed_identities(frames, copy=False)
    message = kernel.session.deserialize(
        signed, content=True, copy=False
    )  # raises unless it was signed for this kernel
    heard(message["content"]["data"].get("content"))
    # The page waits for these; the cell goes on, so the kernel is busy again.
    kernel._publish_status("busy", "shell", parent=message)
    kernel._publish_status("idle", "shell", parent=message)
    kernel._publish_status("busy", "shell")
    return True
