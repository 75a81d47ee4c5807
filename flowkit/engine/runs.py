"""A list of runs, with a face."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..journal import Summary
from ..render import rows_html, rows_text
from .faces import bundled, one_line


class RunList(list[Summary]):
    """Summaries (`run_id`, `flow`, `state`, `started`, `changed`, times in seconds since the epoch), newest first."""

    def __init__(self, summaries: Iterable[Summary] = ()) -> None:
        super().__init__(summaries)

    @one_line
    def __repr__(self) -> str:
        return f"[{', '.join(f'<{one.run_id}: {one.flow}, {one.state}>' for one in self)}]"

    @bundled
    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        head = ("run", "flow", "state")
        rows = [(one.run_id, one.flow, one.state) for one in self]
        caption = "" if rows else "No runs yet: engine.start(flow, inputs) begins one."
        return {"text/html": rows_html(head, rows, caption), "text/plain": rows_text(head, rows, caption)}
