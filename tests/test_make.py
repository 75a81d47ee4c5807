"""The two commands: what `make lab` does with a reader's lessons, and what makes an environment anew."""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request

import pytest
from ipykernel.ipkernel import IPythonKernel

import make


def write_lesson(path, text):
    """A notebook as the repository keeps them: with what its cells gave."""
    output = {"output_type": "stream", "name": "stdout", "text": [f"what {text} gives"]}
    code = {"cell_type": "code", "id": "b", "source": [text], "outputs": [output], "execution_count": 7}
    words = {"cell_type": "markdown", "id": "a", "source": ["Guess."], "metadata": {}}
    known = {"kernelspec": {"name": "python3"}, "language_info": {"name": "python"}}
    cells = [words, code | {"metadata": {}}]
    path.write_text(json.dumps({"cells": cells, "metadata": known, "nbformat": 4, "nbformat_minor": 5}))


def source_in(path):
    return json.loads(path.read_text("utf8"))["cells"][1]["source"][0]


@pytest.fixture
def lessons(tmp_path):
    source = tmp_path / "notebooks"
    (source / "pictures").mkdir(parents=True)
    write_lesson(source / "01_a.ipynb", "first")
    (source / "pictures" / "a.png").write_text("png")
    (source / ".ipynb_checkpoints").mkdir()
    (source / ".ipynb_checkpoints" / "01_a.ipynb").write_text("old")
    return source


def test_lessons_are_copied_with_their_pictures(lessons, tmp_path):
    assert make.copy_lessons(lessons, tmp_path / "mine") == []
    assert source_in(tmp_path / "mine" / "01_a.ipynb") == "first"
    assert (tmp_path / "mine" / "pictures" / "a.png").read_text() == "png"
    assert not (tmp_path / "mine" / ".ipynb_checkpoints").exists()


def test_what_the_cells_gave_is_not_laid_out(lessons, tmp_path):
    """Who is asked to guess must not find the answer below; the repository's notebook keeps it."""
    before = (lessons / "01_a.ipynb").read_bytes()
    make.copy_lessons(lessons, tmp_path / "mine")
    laid_out = json.loads((tmp_path / "mine" / "01_a.ipynb").read_text("utf8"))
    words, code = laid_out["cells"]
    assert (code["outputs"], code["execution_count"]) == ([], None)
    assert words["source"] == ["Guess."]
    assert (lessons / "01_a.ipynb").read_bytes() == before


def test_the_copy_says_of_its_language_what_the_kernel_says(lessons, tmp_path):
    """Otherwise the lab puts it in, and shows a lesson as changed that nobody has touched."""
    make.copy_lessons(lessons, tmp_path / "mine")
    laid_out = json.loads((tmp_path / "mine" / "01_a.ipynb").read_text("utf8"))
    assert laid_out["metadata"]["kernelspec"] == {"name": "python3"}
    assert laid_out["metadata"]["language_info"] == IPythonKernel().language_info


def test_a_second_call_writes_nothing(lessons, tmp_path):
    mine = tmp_path / "mine" / "01_a.ipynb"
    make.copy_lessons(lessons, mine.parent)
    os.utime(mine, (1, 1))
    assert make.copy_lessons(lessons, mine.parent) == []
    assert mine.stat().st_mtime == 1


def test_a_copy_from_when_outputs_were_laid_out_too_is_replaced_unless_changed(lessons, tmp_path):
    mine = tmp_path / "mine"
    (mine / ".lab").mkdir(parents=True)
    (lessons / "02_b.ipynb").write_bytes((lessons / "01_a.ipynb").read_bytes())
    whole = (lessons / "01_a.ipynb").read_bytes()
    (mine / "01_a.ipynb").write_bytes(whole)
    (mine / "02_b.ipynb").write_bytes(whole + b"\n")
    record = {name: make.digest(lessons / name) for name in ("01_a.ipynb", "02_b.ipynb")}
    (mine / ".lab" / "copied.json").write_text(json.dumps(record))
    assert make.copy_lessons(lessons, mine) == ["02_b.ipynb"]
    assert b"gives" not in (mine / "01_a.ipynb").read_bytes()
    assert (mine / "02_b.ipynb").read_bytes() == whole + b"\n"


def test_a_new_version_replaces_only_what_nobody_changed(lessons, tmp_path):
    mine = tmp_path / "mine"
    write_lesson(lessons / "02_b.ipynb", "second")
    make.copy_lessons(lessons, mine)
    (mine / "01_a.ipynb").write_text("with my answers")
    assert make.copy_lessons(lessons, mine) == []
    for lesson in ("01_a.ipynb", "02_b.ipynb"):
        write_lesson(lessons / lesson, "better")
    assert make.copy_lessons(lessons, mine) == ["01_a.ipynb"]
    assert (mine / "01_a.ipynb").read_text() == "with my answers"
    assert source_in(mine / "02_b.ipynb") == "better"


def test_a_file_of_the_readers_own_is_left_alone(lessons, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "01_a.ipynb").write_text("my own")
    assert make.copy_lessons(lessons, mine) == []
    assert (mine / "01_a.ipynb").read_text() == "my own"


def test_a_deleted_lesson_comes_back(lessons, tmp_path):
    mine = tmp_path / "mine"
    make.copy_lessons(lessons, mine)
    (mine / "01_a.ipynb").unlink()
    make.copy_lessons(lessons, mine)
    assert source_in(mine / "01_a.ipynb") == "first"


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """An empty checkout whose installation writes down that it was asked for, and may be killed."""
    (tmp_path / "pyproject.toml").write_text("[project]")
    monkeypatch.setattr(make, "ROOT", tmp_path)
    monkeypatch.setattr(make, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(make, "UNFINISHED", tmp_path / ".venv-unfinished")
    monkeypatch.setattr(make, "PYTHON", tmp_path / ".venv" / make.PYTHON.relative_to(make.PYTHON.parents[1]))
    monkeypatch.setattr(make, "create_venv", lambda: make.PYTHON.parent.mkdir(parents=True, exist_ok=True))
    monkeypatch.setattr(make, "runs", lambda python: python.parent.exists())
    asked = []
    monkeypatch.setattr(make, "install", asked.append)
    return asked


def test_the_environment_is_made_once(checkout):
    make.environment("test")
    make.environment("test")
    make.environment("lab")
    assert checkout == ["test"]


def test_the_lab_alone_does_not_do_for_the_tests(checkout):
    make.environment("lab")
    make.environment("test")
    make.environment("lab")
    assert checkout == ["lab", "test"]


def test_other_requirements_are_installed(checkout):
    make.environment("test")
    (make.ROOT / "pyproject.toml").write_text("[project] # more")
    make.environment("test")
    assert checkout == ["test", "test"]


def test_an_installation_that_was_killed_is_begun_anew(checkout, monkeypatch):
    def killed(_):
        (make.VENV / "half a package").touch()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(make, "install", killed)
        with pytest.raises(KeyboardInterrupt):
            make.environment("test")
    make.environment("test")
    assert checkout == ["test"]
    assert not (make.VENV / "half a package").exists()


def test_a_chromium_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv("FLOWKIT_CHROMIUM", "/no/such/browser")
    with pytest.raises(make.Stop, match="FLOWKIT_CHROMIUM=/no/such/browser"):
        make.find_chromium()


@pytest.mark.parametrize("ci", ["true", ""])
def test_without_chromium_only_ci_fails(monkeypatch, ci):
    steps = []
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(make, "bring_chromium", lambda: None)
    monkeypatch.setattr(make, "environment", lambda extra: None)
    monkeypatch.setattr(make.subprocess, "run", lambda step, **_: steps.append(step[2]) or _Done(0))
    if ci:
        with pytest.raises(make.Stop, match="not optional"):
            make.test(argparse.Namespace(pytest=[]))
    else:
        assert make.test(argparse.Namespace(pytest=[])) == 0
        assert steps == ["ruff", "ruff", "mypy", "pytest"]


@pytest.mark.parametrize("failing", range(4))
def test_a_failing_step_stops_it_and_fails(monkeypatch, failing):
    codes = iter([0] * failing + [3])
    monkeypatch.setattr(make, "bring_chromium", lambda: "chromium")
    monkeypatch.setattr(make, "environment", lambda extra: None)
    monkeypatch.setattr(make.subprocess, "run", lambda *_, **__: _Done(next(codes)))
    assert make.test(argparse.Namespace(pytest=[])) == 3
    assert list(codes) == []


class _Done:
    def __init__(self, returncode):
        self.returncode = returncode


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_the_lab_prints_an_address_that_works_and_ends_on_ctrl_c(tmp_path):
    command = [sys.executable, str(make.ROOT / "make.py"), "lab", "--folder", str(tmp_path / "mine")]
    lab = subprocess.Popen(
        command,
        env={**os.environ, "FLOWKIT_NO_BROWSER": "1"},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        address = next(found[0] for line in lab.stdout if (found := re.search(r"http://127\S+", line)))
        base, token = address.split("/lab")[0], address.partition("token=")[2]
        with urllib.request.urlopen(address) as page:
            assert "JupyterLab" in page.read().decode()
        with urllib.request.urlopen(f"{base}/api/contents?token={token}") as answer:
            shown = {entry["name"] for entry in json.load(answer)["content"]}
        assert shown == {
            path.name for path in (make.ROOT / "notebooks").glob("*") if path.name[0] not in "._"
        }
    finally:
        os.killpg(lab.pid, signal.SIGINT)
        assert lab.wait(30) == 0
