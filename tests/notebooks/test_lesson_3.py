"""Lesson 3 keeps its word: what had succeeded is done once, the mended cell goes on, and the exercise comes out as told."""

from copy import deepcopy

import nbformat
import pytest

import make
from tests.notebooks.running import printed, run_here, shown

pytestmark = pytest.mark.slow

LESSON = make.ROOT / "notebooks" / "03_it_failed_now_what.ipynb"


def changed(old, new):
    """The lesson with one piece of its code written otherwise."""
    lesson = nbformat.read(LESSON, as_version=4)
    [cell] = [cell for cell in lesson.cells if cell.cell_type == "code" and old in cell.source]
    cell.source = cell.source.replace(old, new)
    return lesson


def test_it_fails_is_mended_goes_on_and_is_undone(tmp_path):
    lesson = nbformat.read(LESSON, as_version=4)
    lesson.cells.append(
        nbformat.v4.new_code_cell("print([e.task for e in run.events if e.kind == 'AttemptClaimed'])")
    )
    text = printed(run_here(lesson, tmp_path))
    steps = [
        "retrying, try 2 of 4",
        "next one due at second 180.0",
        "ZeroDivisionError",
        "runs again: letter (its code)\nkept: boat, big_house, ask",
        "'a boat for 12, the old mill, 8 cakes and 4 tents'",
        "the old mill: cancelled\na boat for 12: given back",
    ]
    places = [text.find(step) for step in steps]
    assert places == sorted(places)
    assert places[0] > 0
    entered = text.strip().splitlines()[-1]
    assert [entered.count(f"'{task}'") for task in ("boat", "letter", "ask[3]")] == [4, 2, 1]


def test_the_exercise_comes_out_as_told(tmp_path):
    eight = changed(', "Ida", "Jo", "Kai", "Olga"]', "]")
    eight.cells = [cell for cell in eight.cells if "run.revert" not in cell.source]
    assert "'a boat for 8, our tents, 6 cakes and 2 tents'" in printed(run_here(eight, tmp_path))


def test_a_decider_that_fails_is_mended_by_the_same_line(tmp_path):
    lesson = changed("len(friends) > 8", 'len(friends) > "8"')
    start = next(n for n, cell in enumerate(lesson.cells) if cell.source == "run.run()")
    right = nbformat.read(LESSON, as_version=4)
    [mended] = [deepcopy(cell) for cell in right.cells if "def big_house" in cell.source]
    mended.id = "mended"
    on = nbformat.v4.new_code_cell("run.adopt(lake, apply=True).run()\nprint(run.states)")
    lesson.cells = [*lesson.cells[: start + 1], mended, on]
    text = printed(run_here(lesson, tmp_path))
    assert "TypeError" in text
    assert "{'boat': 'retrying', 'big_house': 'succeeded', 'ask': 'succeeded', 'letter': 'waiting'}" in text


def test_a_slip_in_a_name_is_told(tmp_path):
    lesson = changed("when=lambda friends: len(friends) > 8", 'when="big"')
    last = next(n for n, cell in enumerate(lesson.cells) if "lake.check()" in cell.source)
    lesson.cells = lesson.cells[: last + 1]
    assert "big_house: when names 'big', which is no task." in printed(run_here(lesson, tmp_path))


def test_it_is_short_and_asks_for_three_guesses():
    cells = nbformat.read(LESSON, as_version=4).cells
    assert 12 <= len(cells) <= 18
    assert max(len(cell.source.splitlines()) for cell in cells if cell.cell_type == "code") <= 28
    told = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert [f"**Guess {n}.**" in told for n in (1, 2, 3)] == [True] * 3
    assert "Elsewhere this is called" in told


def test_what_is_saved_in_it_shows_without_a_kernel():
    saved = nbformat.read(LESSON, as_version=4)
    pictures = [1 for cell in shown(saved) for output in cell if "image/svg+xml" in output.get("data", {})]
    assert len(pictures) >= 4
    assert "widgets" not in saved.metadata
    assert str(make.ROOT) not in LESSON.read_text("utf8")
    assert LESSON.stat().st_size < 100_000
