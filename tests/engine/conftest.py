"""An engine in memory, and one on a SQLite file: what holds on one holds on the other."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flowkit import Engine


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a journal may be made."""
    return tmp_path / "runs.db"


@pytest.fixture(params=["memory", "file"])
def engine(request: pytest.FixtureRequest, path: Path) -> Iterator[Engine]:
    with Engine() if request.param == "memory" else Engine(path) as engine:
        yield engine


@pytest.fixture(params=["memory", "file"])
def clocked(request: pytest.FixtureRequest, path: Path) -> Iterator[Engine]:
    """The same on a virtual clock, which begins at 0 and which only the test moves."""
    place = None if request.param == "memory" else path
    with Engine(place, clock="virtual") as engine:
        yield engine
