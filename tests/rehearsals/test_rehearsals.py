"""Every scenario in every way: what is observed must be so, and must be the same whoever did the work."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.rehearsals.reading import WAYS, Rehearsal, read
from tests.rehearsals.ways import perform

SCENARIOS = sorted(Path(__file__).with_name("scenarios").glob("*.rehearsal"))


@cache
def rehearsal(path: Path) -> Rehearsal:
    return read(path)


ALL = [(path, way) for path in SCENARIOS for way in WAYS if way not in rehearsal(path).without]


@pytest.fixture(scope="module")
def seen() -> dict[Path, Any]:
    """By rehearsal: what stood at the end in the first way that was run."""
    return {}


@pytest.mark.parametrize(("path", "way"), ALL, ids=[f"{path.stem}-{way}" for path, way in ALL])
def test_rehearsal(path: Path, way: str, tmp_path: Path, seen: dict[Path, Any]) -> None:
    for found in perform(rehearsal(path), way, tmp_path):
        assert found == seen.setdefault(path, found), "the same stands at the end, whoever did the work"
