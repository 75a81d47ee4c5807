"""The static twin: the run's picture under its panel, in the same output, so that a saved notebook shows
the end.

It is shown once and from then on replaced in place, under its display id; it never lands in another cell.
"""

from __future__ import annotations

import uuid
from typing import Any


class Twin:
    """The picture of one run as it stands."""

    def __init__(self, run: Any) -> None:
        self._run = run
        self._id = f"flowkit-{uuid.uuid4().hex[:12]}"
        self._shown: dict[str, str] | None = None

    def show(self) -> None:
        """Display it in the cell that is running."""
        from IPython.display import display

        self._shown = self._run._repr_mimebundle_()
        display(self._shown, raw=True, display_id=self._id)  # type: ignore[no-untyped-call]

    def renew(self) -> None:
        """Replace it, wherever it was shown, if the picture is another one now. From any thread."""
        if self._shown is None:
            return
        from IPython.display import display

        bundle = self._run._repr_mimebundle_()
        if bundle != self._shown:
            self._shown = bundle
            display(bundle, raw=True, display_id=self._id, update=True)  # type: ignore[no-untyped-call]
