"""Fixtures of the browser tests: one JupyterLab and one Chromium for all, one page for each notebook."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

import make
from tests.browser.lab import Lab, Notebook

# Released kernels treat a widget's messages in three ways while a cell runs; all three must do.
KERNELS = ("6.31", "7.2", "7.4")

# Chromium asks its makers' servers for this and that at every start; none of it is ours.
FLAGS = [
    *["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
    *[
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--force-color-profile=srgb",
    ],
]
PICTURES = make.ROOT / "build" / "browser"

OpenNotebook = Callable[..., Notebook]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if report.when == "call":
        item.stash[_failed] = report.failed
    return report


_failed = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = make.find_chromium()
    if not chromium:
        if os.environ.get("CI") == "true":
            pytest.fail(make.NO_CHROMIUM)
        pytest.skip(make.NO_CHROMIUM)
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield running
        running.close()


@pytest.fixture(scope="session")
def lab(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Depends on the browser only so that no server is started where there is none."""
    with Lab(tmp_path_factory.mktemp("lab")).serve() as running:
        yield running


@pytest.fixture(scope="session")
def kernel_named(lab: Lab) -> Callable[[str], str]:
    """A function from an ipykernel version ("7.2") to the name of a kernelspec of the lab that runs it.

    The kernel is the environment's Python with that one package laid over it, so nothing else differs.
    """

    def named(version: str) -> str:
        folder = Path(sys.prefix) / "kernels" / version
        if not (folder / "complete").exists():
            pip = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--upgrade"]
            subprocess.run([*pip, "--target", str(folder), f"ipykernel=={version}.*"], check=True)
            (folder / "complete").touch()
        name = f"ipykernel-{version}"
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        lab.add_kernelspec(name, argv, {"PYTHONPATH": str(folder)})
        return name

    return named


@pytest.fixture
def open_notebook(lab: Lab, browser: Browser, request: pytest.FixtureRequest) -> Iterator[OpenNotebook]:
    """`open_notebook(cells, kernel=…, name=…, dark=…)`, or with the path of a notebook in the lab's folder.

    When the test ends, no page may have asked for anything off this machine, nor have logged an error that
    the test hasn't taken out of `notebook.errors`. Pages of a failed test are kept in build/browser/.
    """
    opened: list[Notebook] = []

    def open_one(
        what: Sequence[str] | str, *, kernel: str = "python3", name: str = "", dark: bool = False, **size: int
    ) -> Notebook:
        if not isinstance(what, str):
            what = lab.write(name or f"{request.node.name}-{len(opened)}.ipynb", what, kernel)
        notebook = Notebook(lab, browser, what, **size)
        opened.append(notebook)
        if dark:
            notebook.set_theme(dark=True)
        return notebook

    yield open_one
    strangers = [url for notebook in opened for url in notebook.strangers]
    errors = [error for notebook in opened for error in notebook.errors]
    for number, notebook in enumerate(opened):
        if request.node.stash.get(_failed, False):
            picture = notebook.screenshot(PICTURES / f"{request.node.name}-{number}.png")
            print(f"the page when the test failed: {picture}")
        if notebook.dark:
            notebook.set_theme(dark=False)
        notebook.close()
    lab.end_all_kernels()
    assert not strangers
    assert not errors
