"""The runner itself: it sees errors and complaints, compares what is seen, and leaves the lesson alone."""

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

from tests.notebooks.running import printed, run_all, shown

pytestmark = pytest.mark.slow


def write(path, *cells):
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), path)
    return path


def test_outputs_are_seen_and_the_file_is_left_alone(tmp_path):
    path = write(
        tmp_path / "a.ipynb",
        "import os, sys; print('one', flush=True); print('two'); open('made', 'w').close()",
        "print('oh', file=sys.stderr)",
        "6 * 7",
    )
    before = path.read_bytes()
    notebook = run_all(path, tmp_path / "there")
    assert shown(notebook) == [
        [{"stream": "stdout", "text": "one\ntwo\n"}],
        [{"stream": "stderr", "text": "oh\n"}],
        [{"data": {"text/plain": "42"}}],
    ]
    assert printed(notebook).endswith("42")
    assert path.read_bytes() == before
    assert (tmp_path / "there" / "made").exists()


def test_a_failing_cell_fails(tmp_path):
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        run_all(write(tmp_path / "a.ipynb", "1 / 0"), tmp_path / "there")


def test_a_widget_is_the_same_widget_in_every_run(tmp_path):
    path = write(tmp_path / "a.ipynb", "import ipywidgets; ipywidgets.IntSlider()")
    first, second = (run_all(path, tmp_path / folder) for folder in ("one", "two"))
    assert shown(first) == shown(second)
