"""A small shop: a quote, a person who agrees, a parcel. `Order.calls` says which functions were entered."""

from __future__ import annotations

from typing import Any

from flowkit import Flow


class Order(Flow):
    """quote(item) → approve (a person) → ship, and label(item) beside them."""

    def __init__(self, **options: Any) -> None:
        super().__init__("order", **options)
        self.calls: list[str] = []
        calls = self.calls

        @self.task
        def quote(item: str) -> float:
            calls.append("quote")
            return 12.5

        @self.manual
        def approve(quote: float) -> bool:
            """Is this price all right?"""

        @self.task
        def ship(quote: float, approve: bool) -> list:
            calls.append("ship")
            return [quote, approve]

        @self.task
        def label(item: str) -> str:
            calls.append("label")
            return item.upper()


def chain(*names: str) -> Flow:
    """Tasks in a row; each gives the list of names up to its own."""
    flow = Flow("chain")
    before = ""
    for name in names:
        scope: dict[str, Any] = {}
        exec(f"def {name}({before}): return [{f'*{before}, ' if before else ''}{name!r}]", scope)
        flow.task(scope[name])
        before = name
    return flow
