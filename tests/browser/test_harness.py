"""The browser tests' own ground: a plain widget in a real lab, clicked; what the other tests rely on."""

import pytest

from tests.browser.conftest import KERNELS

WIDGET = '''
import anywidget, traitlets

class Bell(anywidget.AnyWidget):
    _esm = """
    function render({ model, el }) {
      const button = document.createElement("button");
      button.className = "bell";
      const show = () => { button.textContent = `rung ${model.get("rings")} times, ${model.get("mood")}`; };
      const ring = () => { model.set("rings", model.get("rings") + 1); model.save_changes(); };
      button.addEventListener("click", ring);
      model.on("change:rings", show); model.on("change:mood", show); show();
      el.append(button);
    }
    export default { render };
    """
    rings = traitlets.Int(0).tag(sync=True)
    mood = traitlets.Unicode("calm").tag(sync=True)

bell = Bell()
bell
'''


def test_a_click_reaches_python_and_a_trait_reaches_the_page(open_notebook):
    notebook = open_notebook([WIDGET, "print(bell.rings)", "bell.mood = 'merry'"])
    notebook.run_cell(0)
    button = notebook.cell(0).locator("button.bell")
    button.click()
    button.get_by_text("rung 1 times").wait_for()
    notebook.run_cell(1)
    assert notebook.text(1) == "1\n"
    notebook.run_cell(2)
    button.get_by_text("rung 1 times, merry").wait_for()


def test_a_killed_kernel_comes_back_empty(open_notebook):
    notebook = open_notebook(["kept = 1", "print('kept' in globals())"])
    notebook.run_all()
    assert notebook.text(1) == "True\n"
    before = notebook.kill_kernel()
    notebook.wait_for_restart()
    assert notebook.kernel_pid() != before
    notebook.run_cell(1)
    assert notebook.text(1) == "False\n"


def test_a_restarted_kernel_is_another_one(open_notebook):
    notebook = open_notebook(["kept = 1", "kept"])
    notebook.run_cell(0)
    notebook.restart_kernel()
    notebook.run_cell(1)
    assert notebook.text(1).startswith("NameError")


def test_a_running_cell_can_be_interrupted(open_notebook):
    notebook = open_notebook(["print('in it', flush=True)\nimport threading; threading.Event().wait()"])
    run = notebook.start_cell(0)
    notebook.cell(0).get_by_text("in it", exact=True).wait_for()
    notebook.interrupt_kernel()
    notebook.wait_for_run(run)
    assert "KeyboardInterrupt" in notebook.text(0)


def test_a_dark_page_is_dark_and_its_picture_is_kept(open_notebook, tmp_path):
    notebook = open_notebook(["'shown'"], dark=True)
    notebook.run_all()
    background = notebook.page.evaluate(
        "() => getComputedStyle(document.querySelector('.jp-Notebook')).backgroundColor"
    )
    assert max(int(part) for part in background[background.index("(") + 1 : -1].split(",")[:3]) < 60
    assert notebook.screenshot(tmp_path / "dark.png").stat().st_size > 1000


def test_saving_writes_the_outputs(open_notebook):
    notebook = open_notebook(["6 * 7"])
    notebook.run_all()
    [cell] = notebook.save()["cells"]
    assert cell["outputs"][0]["data"]["text/plain"] in ("42", ["42"])


@pytest.mark.parametrize("version", KERNELS)
def test_each_kernel_version_is_the_one_asked_for(open_notebook, kernel_named, version):
    notebook = open_notebook(
        ["import ipykernel, flowkit; print(ipykernel.__version__)"], kernel=kernel_named(version)
    )
    notebook.run_all()
    assert notebook.text(0).startswith(f"{version}.")


def test_errors_and_strangers_are_seen(open_notebook):
    notebook = open_notebook(["1"])
    with notebook.page.expect_console_message(lambda message: message.text == "a fault"):
        notebook.page.evaluate("() => { console.error('a fault'); }")
    with notebook.page.expect_event("pageerror"):
        notebook.page.evaluate("() => { setTimeout(() => { throw new Error('a bang'); }); }")
    with notebook.page.expect_event("requestfailed"):
        notebook.page.evaluate("() => { fetch('http://flowkit.invalid/').catch(() => 0); }")
    assert notebook.strangers == ["http://flowkit.invalid/"]
    assert any("a fault" in error for error in notebook.errors)
    assert any("a bang" in error for error in notebook.errors)
    notebook.strangers.clear()
    notebook.errors.clear()
