"""Every journal keeps the contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flowkit.journal import Journal, MemoryJournal, SqliteJournal
from tests.journal.contract import Contract

JOURNALS: dict[str, Callable[[Path], Journal]] = {
    "memory": lambda folder: MemoryJournal(),
    "sqlite": lambda folder: SqliteJournal(folder / "runs.db"),
    "sqlite, every commit on disk": lambda folder: SqliteJournal(folder / "runs.db", durability="power"),
}


@pytest.fixture(params=JOURNALS)
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    journal = JOURNALS[request.param](tmp_path)
    yield journal
    journal.close()


class TestEveryJournal(Contract):
    pass
