"""Lesson 1 keeps its word: the kernel is really killed, and the second notebook finishes what the first began."""

from copy import deepcopy

import nbformat
import pytest
from nbclient.exceptions import DeadKernelError

import make
from flowkit import Engine
from tests.notebooks.running import printed, run_all, run_here, tidy

pytestmark = pytest.mark.slow

FIRST = make.ROOT / "notebooks" / "01_what_does_an_engine_do_while_it_does_nothing.ipynb"
SECOND = make.ROOT / "notebooks" / "01b_finish_it_elsewhere.ipynb"


def cells(path, kind="code"):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def entered(folder):
    with Engine(folder / "bike.db") as engine:
        return [event.task for event in engine.open("bike-1").events if event.kind == "AttemptClaimed"]


def test_the_kernel_dies_and_the_second_notebook_finishes(tmp_path):
    lesson = nbformat.read(FIRST, as_version=4)
    [kill] = [cell for cell in lesson.cells if "KILL = False" in cell.source]
    kill.source = kill.source.replace("KILL = False", "KILL = True")
    with pytest.raises(DeadKernelError):
        run_here(lesson, tmp_path)
    assert entered(tmp_path) == ["inspect", "quote"]
    second = printed(run_here(nbformat.read(SECOND, as_version=4), tmp_path))
    assert "worn chain and flat tyre repaired: 52.50 €" in second
    assert "on the stand" not in second
    assert entered(tmp_path) == ["inspect", "quote", "repair", "invoice"]


def test_run_all_again_is_a_resume_and_says_so(tmp_path):
    first = printed(run_all(FIRST, tmp_path))
    assert "resumed" not in first
    assert "accepted as event 6" in first
    again = printed(run_all(FIRST, tmp_path))
    assert "bike-1: resumed, 3 of 5 tasks succeeded, the run is running." in again
    assert "the same result was recorded before, as event 6; nothing changes" in again
    assert "on the stand" not in again
    assert entered(tmp_path) == ["inspect", "quote"]


def test_what_the_text_says_of_each_cell_holds_in_a_second_run_all_of_the_same_kernel(tmp_path):
    lesson = nbformat.read(FIRST, as_version=4)
    second = deepcopy(lesson.cells)
    for cell in second:
        cell.id = f"{cell.id}-again"
    twice = nbformat.v4.new_notebook(cells=[*lesson.cells, *second], metadata=lesson.metadata)
    done = run_here(twice, tmp_path).cells
    again = {
        cell.source: tidy(cell.outputs) for cell in done[len(lesson.cells) :] if cell.cell_type == "code"
    }
    assert entered(tmp_path) == ["inspect", "quote"]
    [inspected] = again['run.run(until="inspect")']
    assert "on the stand" not in str(inspected)
    assert again['run.run(until="quote")["quote"]'] == [{"data": {"text/plain": "52.5"}}]
    [asked] = again['run.run(until="customer_agrees")']
    assert "`repair` is ready" in asked["data"]["text/plain"], "nothing was done"
    [refused, repeated] = next(shown for source, shown in again.items() if "ReportRefused" in source)
    assert "'yes, please' was kept in the journal and is not used" in refused["stream"] + refused["text"]
    assert "the same result was recorded before" in repeated["data"]["text/plain"]


def test_the_exercise_comes_out_as_promised(tmp_path):
    """Run All of the first notebook once the second has finished: nothing is left for any of its three calls."""
    run_all(SECOND, tmp_path)
    again = run_all(FIRST, tmp_path)
    assert "bike-1: resumed, 5 of 5 tasks succeeded" in printed(again)
    calls = [cell for cell in again.cells if cell.source.startswith("run.run(until=")]
    said = [cell.outputs[0].data["text/plain"] for cell in calls]
    assert said[1] == "52.5"
    assert ["The run succeeded: every task has ended." in said[n] for n in (0, 2)] == [True, True]
    assert entered(tmp_path) == ["inspect", "quote", "repair", "invoice"]


def test_an_answer_from_elsewhere_is_the_answer(tmp_path):
    """Somebody who holds the file alone says what the customer said; the lesson's own answer is then a repeat."""
    lesson = nbformat.read(FIRST, as_version=4)
    cut = next(i for i, cell in enumerate(lesson.cells) if "ReportRefused" in cell.source)
    begun = nbformat.v4.new_notebook(cells=lesson.cells[:cut], metadata=lesson.metadata)
    run_here(begun, tmp_path)
    with Engine(tmp_path / "bike.db") as engine:
        [offer] = engine.ready(manual=True)
        assert engine.complete(offer.token, True).verdict == "accepted"
    assert "the same result was recorded before" in printed(run_all(FIRST, tmp_path))


def test_both_notebooks_bring_the_same_shop():
    """What the engine compares is the code; that it is the same to the eye as well is for the reader."""
    one, other = (
        [
            line
            for cell in cells(path)
            if "@shop." in cell.source
            for line in cell.source.splitlines()
            if line.strip() not in ("", "shop")
        ]
        for path in (FIRST, SECOND)
    )
    assert one == other


def test_it_is_short_and_asks_for_three_guesses():
    for path in (FIRST, SECOND):
        assert 12 <= len(nbformat.read(path, as_version=4).cells) <= 18
        assert max(len(cell.source.splitlines()) for cell in cells(path)) <= 28
    told = "\n".join(cell.source for cell in cells(FIRST, "markdown"))
    assert [f"**Guess {n}.**" in told for n in (1, 2, 3)] == [True] * 3
    assert SECOND.name in told
    assert "Elsewhere this is called" in "\n".join(cell.source for cell in cells(SECOND, "markdown"))


@pytest.mark.parametrize("path", [FIRST, SECOND], ids=["first", "second"])
def test_what_is_saved_in_it_shows_without_a_kernel(path):
    """Pictures that need nothing but an eye, and nothing of the machine that made them."""
    saved = nbformat.read(path, as_version=4)
    pictures = [
        output.data["image/svg+xml"]
        for cell in saved.cells
        for output in cell.get("outputs", [])
        if "image/svg+xml" in output.get("data", {})
    ]
    assert len(pictures) >= 3
    assert "widgets" not in saved.metadata
    assert not any("execution" in cell.metadata for cell in saved.cells)
    assert str(make.ROOT) not in path.read_text("utf8")
    assert path.stat().st_size < 100_000
