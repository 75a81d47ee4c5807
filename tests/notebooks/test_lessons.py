"""Every lesson runs from top to bottom with nobody there, shows what is saved in it, and shows it again."""

import nbformat
import pytest

from tests.notebooks.running import LESSONS, run_all, shown, still

pytestmark = pytest.mark.slow

each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem[:40])


@pytest.fixture(scope="module")
def first_run(tmp_path_factory):
    """A function from a lesson to its first Run All, done once for all the tests here."""
    done = {}

    def run(path):
        if path not in done:
            done[path] = run_all(path, tmp_path_factory.mktemp("first"))
        return done[path]

    return run


def test_there_is_a_first_lesson():
    """The one that `make lab` opens."""
    assert len([path for path in LESSONS if path.name.startswith("01_")]) == 1


@each_lesson
def test_it_runs_without_complaint(path, first_run):
    complaints = [
        output
        for cell in shown(first_run(path))
        for output in cell
        if "error" in output or output.get("stream") == "stderr"
    ]
    assert complaints == []


@each_lesson
def test_what_is_saved_in_it_is_what_it_shows(path, first_run):
    """If it isn't, and what it shows now is right: `python -m tests.notebooks.saving`."""
    saved = nbformat.read(path, as_version=4)
    nbformat.validate(saved)
    assert shown(saved) == [still(cell) for cell in shown(first_run(path))]


@each_lesson
def test_two_people_see_the_same(path, first_run, tmp_path):
    assert shown(run_all(path, tmp_path / "second")) == shown(first_run(path))
