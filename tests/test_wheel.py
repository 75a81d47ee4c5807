"""The wheel, installed alone in an empty environment far from the checkout, opens a flow's panel."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

import make

pytestmark = pytest.mark.slow

OPEN_A_PANEL = """
import flowkit, pathlib, sys

assert pathlib.Path(flowkit.__file__).is_relative_to(sys.prefix), flowkit.__file__
flow = flowkit.Flow("order")

@flow.task
def quote(item: str) -> float:
    return 12.5

@flow.manual
def approve(quote: float) -> bool:
    "Is this price all right?"

run = flow.start({"item": "book"})
run.step()
panel = run.live()
assert "export" in str(panel._esm), panel._esm
assert "{" in str(panel._css), panel._css
bundle = run._repr_mimebundle_()
assert "<svg" in bundle["image/svg+xml"] and "approve" in bundle["text/plain"], bundle
print(run.states["approve"])
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    done = subprocess.run([*build, str(make.ROOT)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [found] = folder.glob("flowkit_notebook-*.whl")
    return found


def test_it_holds_the_package_and_nothing_else(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    expected = {
        path.relative_to(make.ROOT).as_posix()
        for path in (make.ROOT / "flowkit").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in names if ".dist-info/" not in name} == expected
    assert {"flowkit/py.typed", "flowkit/widgets/static/panel.js"} <= expected
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_alone_in_an_empty_environment_it_opens_a_panel(wheel, tmp_path):
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv" / make.PYTHON.relative_to(make.VENV)
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-qq", "--no-compile"]
    subprocess.run([*pip, str(wheel)], check=True)
    done = subprocess.run(
        [python, "-I", "-c", OPEN_A_PANEL], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout == "ready\n", done.stderr
