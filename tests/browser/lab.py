"""A real JupyterLab, driven as a person would: `Lab` is the server, `Notebook` one notebook in a page.

All traps of the front end are known here and nowhere else. It waits for conditions, never for a time; it must
never reach into flowkit, for it stands in for somebody who has only the screen.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import nbformat
from playwright.sync_api import Browser, Locator, Page

import make

PATIENCE = 60_000  # milliseconds until a condition that never comes true fails a test

# What the lab itself logs as errors when a kernel dies under it.
OF_A_DYING_KERNEL = ("Canceled future for ",)

# The panel of one notebook by its path; `shell.currentWidget` would be whatever tab happens to be in front.
PANEL = """[...window.jupyterapp.shell.widgets('main')].find(w => w.context && w.context.path === path)"""


class Lab:
    """A JupyterLab server on 127.0.0.1 with all directories of its own under `home`."""

    def __init__(self, home: Path):
        self.home = home
        self.folder = home / "work"
        self.folder.mkdir(parents=True)
        self.token = secrets.token_hex(16)
        self.base = ""

    @contextlib.contextmanager
    def serve(self) -> Iterator[Lab]:
        """Run the server until the block ends; raises make.Stop with its log if it doesn't come up."""
        port = make.free_port()
        self.base = f"http://127.0.0.1:{port}"
        # Exposing the app gives the page `window.jupyterapp`: commands and models, rather than pixel hunting.
        command = [*make.lab_command(self.folder, port), "--LabApp.expose_app_in_browser=True"]
        log = self.home / "server.log"
        with log.open("wb") as out:
            server = subprocess.Popen(
                command, env=make.lab_variables(self.home, self.token), stdout=out, stderr=subprocess.STDOUT
            )
            try:
                make.wait_for_lab(self.base, self.token, server)
                yield self
            except make.Stop as stop:
                raise make.Stop(f"{stop}\n{log.read_text('utf8', 'replace')}") from None
            finally:
                server.terminate()
                make.end(server)

    def add_kernelspec(self, name: str, argv: Sequence[str], env: dict[str, str]) -> None:
        folder = self.home / "data" / "kernels" / name
        folder.mkdir(parents=True, exist_ok=True)
        spec = {"argv": [*argv], "env": env, "display_name": name, "language": "python"}
        (folder / "kernel.json").write_text(json.dumps(spec), encoding="utf8")

    def write(self, name: str, cells: Sequence[str], kernel: str = "python3") -> str:
        """Put a notebook of these code cells into the folder; returns its path there."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells],
            metadata={"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}},
        )
        nbformat.write(notebook, self.folder / name)
        return name

    def request(self, method: str, path: str) -> Any:
        """The server's REST answer to `path`, as data (None where it sends no text)."""
        request = urllib.request.Request(
            f"{self.base}{path}", method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def end_all_kernels(self) -> None:
        for session in self.request("GET", "/api/sessions"):
            self.request("DELETE", f"/api/sessions/{session['id']}")


class Notebook:
    """One notebook, open in a page and a workspace of its own.

    `page` is Playwright's; `errors` are the page's exceptions and console errors, `strangers` the addresses
    off this machine that it asked for.
    """

    def __init__(self, lab: Lab, browser: Browser, path: str, *, width: int = 1280, height: int = 1000):
        self.lab, self.path = lab, path
        self.errors: list[str] = []
        self.strangers: list[str] = []
        self.dark = False
        self._runs = 0
        self.page: Page = browser.new_page(viewport={"width": width, "height": height})
        self.page.set_default_timeout(PATIENCE)
        self.page.on("console", lambda m: self._note_error(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda request: self._note(request.url))
        self.page.on("websocket", lambda socket: self._note(socket.url))
        # Without a workspace of its own the page brings back the tabs of the test before, hidden widgets too.
        workspace = f"{lab.base}/lab/workspaces/{secrets.token_hex(6)}/tree/{quote(path)}"
        self.page.goto(f"{workspace}?token={lab.token}")
        self.wait_until_ready()
        self.page.evaluate("() => { window.jupyterapp.shell.collapseLeft(); }")

    def _note_error(self, text: str) -> None:
        if not any(usual in text for usual in OF_A_DYING_KERNEL):
            self.errors.append(text)

    def _note(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname != "127.0.0.1":
            self.strangers.append(url)

    # Asking the page ------------------------------------------------------------------------------

    def ask(self, body: str, argument: Any = None) -> Any:
        """The value of a JavaScript function body that sees `panel`, `app` and `argument`."""
        return self.page.evaluate(self._function(body), [self.path, argument])

    def wait_for(self, body: str, argument: Any = None, timeout: float = PATIENCE) -> None:
        """Return when the function body (see `ask`) gives something true; `timeout` in milliseconds."""
        self.page.wait_for_function(self._function(body), arg=[self.path, argument], timeout=timeout)

    def _function(self, body: str) -> str:
        return (
            "([path, argument]) => { const app = window.jupyterapp; if (!app) return undefined;"
            f" const panel = {PANEL}; if (!panel) return undefined; {body} }}"
        )

    def wait_until_ready(self) -> None:
        """Return when the kernel is up, connected and idle.

        The toolbar says idle also while there is no kernel, and running a cell then opens a modal dialog.
        """
        self.wait_for(
            "const context = panel.sessionContext, kernel = context.session && context.session.kernel;"
            "return panel.content.model && context.isReady && kernel"
            " && kernel.connectionStatus === 'connected' && kernel.status === 'idle'"
        )

    def command(self, name: str, arguments: dict[str, Any] | None = None) -> None:
        """Start one of the lab's commands, without waiting for it (its promise may hold the whole app)."""
        self.ask("app.commands.execute(argument[0], argument[1] || {});", [name, arguments])

    # Cells ----------------------------------------------------------------------------------------

    def start_cell(self, index: int) -> int:
        """Begin to run a cell and return at once; give the number to `wait_for_run`."""
        return self._start("notebook:run-cell", index)

    def run_cell(self, index: int) -> None:
        self.wait_for_run(self.start_cell(index))

    def run_all(self) -> None:
        self.wait_for_run(self._start("notebook:run-all-cells", 0))

    def _start(self, command: str, index: int) -> int:
        self._runs += 1
        self.ask(
            "const [command, index, run] = argument; const ended = (window.endedRuns ||= {});"
            "app.shell.activateById(panel.id);"
            "panel.content.activeCellIndex = index; panel.content.deselectAll();"
            "const end = () => { ended[run] = true; }; app.commands.execute(command).then(end, end);",
            [command, index, self._runs],
        )
        return self._runs

    def wait_for_run(self, run: int, timeout: float = PATIENCE) -> None:
        """Return when the cells of this run have ended, well or not; `timeout` in milliseconds."""
        self.wait_for("return window.endedRuns && window.endedRuns[argument]", run, timeout)

    def outputs(self, index: int) -> list[dict[str, Any]]:
        """The outputs of a cell as nbformat has them."""
        return list(self.ask("return panel.content.model.cells.get(argument).toJSON().outputs", index))

    def text(self, index: int) -> str:
        """All that a cell printed and showed, as plain text; an error as `Name: message`."""
        parts = []
        for output in self.outputs(index):
            text = output.get("text", output.get("data", {}).get("text/plain", ""))
            parts.append(
                f"{output['ename']}: {output['evalue']}" if output["output_type"] == "error" else text
            )
        return "".join("".join(part) for part in parts)

    def cell(self, index: int) -> Locator:
        """A cell on the screen. Scrolled to first: the lab takes cells that are out of sight off the page."""
        self.ask("panel.content.scrollToItem(argument);", index)
        found = self.page.locator(f".jp-Notebook .jp-Cell[data-windowed-list-index='{index}']")
        found.wait_for()
        return found

    def set_source(self, index: int, source: str) -> None:
        self.ask(
            "panel.content.model.cells.get(argument[0]).sharedModel.setSource(argument[1]);", [index, source]
        )

    def append_cell(self, source: str) -> int:
        """Add a code cell at the end; returns its index."""
        return int(
            self.ask(
                "const model = panel.content.model.sharedModel;"
                "model.addCell({cell_type: 'code', source: argument}); return model.cells.length - 1;",
                source,
            )
        )

    def save(self) -> dict[str, Any]:
        """Save the notebook as Ctrl-S does; returns what is in the file."""
        self.wait_for("return panel.context.save().then(() => !panel.content.model.dirty)")
        saved: dict[str, Any] = json.loads((self.lab.folder / self.path).read_text("utf8"))
        return saved

    # The kernel -----------------------------------------------------------------------------------

    def in_kernel(self, code: str) -> str:
        """What `code` prints when the kernel runs it beside the notebook; it waits behind a running cell."""
        answer = self.ask(
            "const future = panel.sessionContext.session.kernel.requestExecute({code: argument,"
            " store_history: false}); let out = '';"
            "future.onIOPub = m => { if (m.header.msg_type === 'stream') out += m.content.text;"
            " if (m.header.msg_type === 'error') out += m.content.traceback.join('\\n'); };"
            "return future.done.then(() => out);",
            code,
        )
        return str(answer).strip()

    def kernel_pid(self) -> int:
        return int(self.in_kernel("import os; print(os.getpid())"))

    def kill_kernel(self, pid: int | None = None) -> int:
        """`kill -9` the kernel (asked for its pid if that isn't given: not possible while a cell runs)."""
        pid = pid or self.kernel_pid()
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait_for_restart(self) -> None:
        """After `kill_kernel`: answer the lab's message that the kernel died, and wait for the new one."""
        self.page.locator(".jp-Dialog", has_text="restart").get_by_role("button", name="Ok").click()
        self.wait_until_ready()

    def restart_kernel(self) -> None:
        before = self.kernel_pid()
        self.ask("return panel.sessionContext.session.kernel.restart().then(() => true)")
        self.wait_until_ready()
        assert self.kernel_pid() != before

    def interrupt_kernel(self) -> None:
        """The ■ of the toolbar."""
        self.ask("return panel.sessionContext.session.kernel.interrupt().then(() => true)")

    # The looks ------------------------------------------------------------------------------------

    def set_theme(self, dark: bool) -> None:
        """Change the theme; it holds for the whole server, so the fixture puts the light one back."""
        self.dark = dark
        theme = "JupyterLab Dark" if dark else "JupyterLab Light"
        self.command("apputils:change-theme", {"theme": theme})
        self.page.locator(f"body[data-jp-theme-light='{str(not dark).lower()}']").wait_for(state="attached")

    def screenshot(self, path: Path, of: Locator | None = None) -> Path:
        """A PNG of the page, or of one element of it; two frames pass first, so that all is painted."""
        self.page.evaluate(
            "() => new Promise(ok => requestAnimationFrame(() => requestAnimationFrame(() => ok())))"
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        (of or self.page).screenshot(path=path)
        return path

    def close(self) -> None:
        self.page.close()
