"""How much is measured: four sizes, from a glance to a quarter of an hour."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Size:
    """`tasks` are the sizes of runs in memory, `durable` those on a file, `options` those of runs whose tasks have options,
    `items` of lists, `nested` of flows within flows; `processes` is how many fresh ones a row takes.

    `patience` is about how many tasks one row may run in all: it sets the number of rounds. Files are made in `folder`.
    """

    name: str
    tasks: tuple[int, ...]
    durable: tuple[int, ...]
    reported: tuple[int, ...]
    defined: tuple[int, ...]
    options: tuple[int, ...]
    items: tuple[int, ...]
    nested: tuple[int, ...]
    runs: int
    processes: int
    patience: int
    folder: Path

    def rounds(self, tasks: int) -> int:
        """So many rounds for a row of this many tasks: odd, so that a median is one that was measured."""
        return max(3, min(51, self.patience // tasks)) | 1 if self.patience > 1000 else 1


def size_named(name: str, folder: Path) -> Size:
    """The size of that name: tiny (for tests), quick, normal or full."""
    thousand, ten, hundred = 1_000, 10_000, 100_000
    small, large = (100, thousand), (100, thousand, ten)
    ends = (100, ten)
    sizes = {
        "tiny": Size(name, (10, 20), (5,), (5, 10), (10, 20), (5, 10), (5, 10), (3, 6), 2, 1, 0, folder),
        "quick": Size(
            name, small, (thousand,), small, small, small, small, small, 100, 5, 11 * thousand, folder
        ),
        "normal": Size(
            name, large, (thousand, ten), large, large, ends, ends, small, thousand, 11, 7 * ten, folder
        ),
        "full": Size(
            name, (*large, hundred), (thousand, ten), large, large, ends, (*ends, hundred), small,
            thousand, 20, 15 * ten, folder,
        ),
    }  # fmt: skip
    return sizes[name]
