"""Every scenario in every way: what is observed must be so, and must be the same whoever did the work."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from flowkit import UsageError
from tests.rehearsals.building import build
from tests.rehearsals.reading import WAYS, Rehearsal, read
from tests.rehearsals.stage import Stage
from tests.rehearsals.ways import perform

SCENARIOS = sorted(Path(__file__).with_name("scenarios").glob("*.rehearsal"))

ORIGINS = (
    *("C01 C02 C03 C06 C07 C09 C10 C11 C12 C14 C16 C17 C18 C21 C23 C24".split()),
    *("1 2 3 4 5 6 7 9 11 12 14 15 16 18 19 21 22 23 24 25 27 28 29 31 33 34 35 36 38 40".split()),
    *("engine deciders", "engine suspend while reverting", "engine crash points", "engine Times(2)"),
    *("engine nested retries", "engine REVERT_ALL", "engine revert failure", "engine never_resolve"),
    *(
        "engine throwing into the step iterator",
        "engine storage re-validated",
        "engine run again after SUCCESS",
    ),
    *("engine two engines must not share a record", "extra hello_world", "extra share_engine_thread"),
    *("extra timing_listener", "extra 99_bottles", "extra parallel_table_multiply"),
)
"""The scenarios that must be there: of TaskFlow's examples and engine tests, and of Mistral, orquesta and SpiffWorkflow."""


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
    then = tell_again if way == "local" else lambda stage: None
    for found in perform(rehearsal(path), way, tmp_path, then):
        assert found == seen.setdefault(path, found), "the same stands at the end, whoever did the work"


def tell_again(stage: Stage) -> None:
    """What `run.to_pytest()` writes of the run is green."""
    if stage.run is None:
        return
    if any(event.kind == "PlanAdopted" for event in stage.run.events):
        with pytest.raises(UsageError, match="another flow"):
            stage.run.to_pytest()
        return
    known: dict[str, Any] = {}
    exec(compile(stage.run.to_pytest(), stage.text.path.stem, "exec"), known)
    (test,) = (value for name, value in known.items() if name.startswith("test_"))
    test(build(stage.flow_text, stage.perform))


def test_every_scenario_is_rehearsed() -> None:
    found = [origin for path in SCENARIOS for origin in rehearsal(path).origins]
    missing = [name for name in ORIGINS if not any(origin.startswith(name) for origin in found)]
    assert not missing
    assert all(rehearsal(path).origins for path in SCENARIOS), "each says where it comes from"


def test_what_differs_says_from_what_and_how() -> None:
    for path in SCENARIOS:
        text = rehearsal(path)
        for differs in text.differs:
            assert any(differs.startswith(origin.split(",")[0].split(" ")[0]) for origin in text.origins)
            assert len(differs.split()) > 5
