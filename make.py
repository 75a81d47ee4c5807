"""Everything one does with a checkout: `python make.py lab | test | bench | format | env`.

For people and CI alike, on Linux, macOS and Windows; the Makefile only calls this. It must never need more
than Python's standard library, and never touch a lesson that its reader has changed.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import hashlib
import json
import os
import platform
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
UNFINISHED = ROOT / ".venv-unfinished"
INCLUDES = {"lab": ("lab", "test"), "test": ("test",)}  # an extra is there when one that includes it is

NO_CHROMIUM = (
    "no Chromium found: install Chrome or Chromium (Debian: apt-get install chromium), "
    "or set FLOWKIT_CHROMIUM=/path/to/it"
)


class Stop(Exception):
    """The verb can't go on; the message is for the person at the terminal."""


def say(text: str) -> None:
    print(f"flowkit: {text}", flush=True)


# The environment ----------------------------------------------------------------------------------


def environment(extra: str) -> None:
    """Make `.venv` hold this checkout and `extra`; a stamp, written last, says that it does.

    A marker stands while packages are being installed. One that is found when the lock is ours was left by an
    installation that was killed; pip can't be trusted to see what is missing, so all is made anew.
    """
    if is_current(extra):
        return
    with lock():
        if is_current(extra):
            return
        if UNFINISHED.exists() or not runs(PYTHON):
            shutil.rmtree(VENV, ignore_errors=True)
        say(f"making the environment in {VENV.name} (a minute or three, once)")
        started = time.monotonic()
        UNFINISHED.touch()
        create_venv()
        install(extra)
        stamp(extra).write_text(fingerprint(), encoding="utf8")
        UNFINISHED.unlink()
        say(f"the environment is ready ({time.monotonic() - started:.0f} s)")


def is_current(extra: str) -> bool:
    if UNFINISHED.exists() or not runs(PYTHON):
        return False
    wanted = fingerprint()
    return any(read(stamp(name)) == wanted for name in INCLUDES[extra])


def stamp(extra: str) -> Path:
    return VENV / f"installed-{extra}"


def fingerprint() -> str:
    """What an installation depends on; the checkout itself is installed in place and always current."""
    return hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()


def create_venv() -> None:
    if runs(PYTHON):
        return
    uv = shutil.which("uv")
    command = (
        [uv, "venv", "-q", "--seed", "--python", sys.executable] if uv else [sys.executable, "-m", "venv"]
    )
    if subprocess.run([*command, str(VENV)], check=False).returncode:
        raise Stop(
            "could not make .venv: install Python's venv module (Debian: apt-get install python3-venv), or uv"
        )


def install(extra: str) -> None:
    uv = shutil.which("uv")
    if uv:
        command = [uv, "pip", "install", "-q", "--python", str(PYTHON)]
    else:
        # Compiling all of it beforehand takes a third of the time; Python compiles what is used when it is used.
        command = [str(PYTHON), "-m", "pip", "install", "-qq", "--no-compile"]
    if subprocess.run([*command, "-e", f".[{extra}]"], cwd=ROOT, check=False).returncode:
        raise Stop("could not install the packages: see above; the next call starts afresh")


def runs(python: Path) -> bool:
    """Whether this interpreter exists and starts (the Python that it was made from may be gone)."""
    try:
        return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf8")
    except OSError:
        return ""


@contextlib.contextmanager
def lock() -> Iterator[None]:
    """One at a time in this checkout; the system lets go of the lock of a process that was killed."""
    name = f"flowkit-{hashlib.sha256(str(ROOT).encode()).hexdigest()[:12]}.lock"
    with open(Path(tempfile.gettempdir()) / name, "a+b") as file:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


# Chromium -----------------------------------------------------------------------------------------


def find_chromium() -> str | None:
    """The Chromium or Chrome of this machine, FLOWKIT_CHROMIUM before all (Stop if it isn't there)."""
    if told := os.environ.get("FLOWKIT_CHROMIUM"):
        if Path(told).is_file():
            return told
        raise Stop(f"FLOWKIT_CHROMIUM={told} is not a file")
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge"):
        if found := shutil.which(name):
            return found
    places = [
        f"{folder}/{app}.app/Contents/MacOS/{app}"
        for folder in ("/Applications", Path.home() / "Applications")
        for app in ("Google Chrome", "Chromium", "Microsoft Edge")
    ] + [
        f"{os.environ[variable]}/{program}"
        for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
        if variable in os.environ
        for program in ("Google/Chrome/Application/chrome.exe", "Microsoft/Edge/Application/msedge.exe")
    ]
    return next((place for place in places if Path(place).is_file()), None)


def bring_chromium() -> str | None:
    """Find Chromium, or install it where this process may (root, with apt); None where neither works."""
    found = find_chromium()
    if found or not is_root() or not shutil.which("apt-get"):
        return found
    say("installing Chromium through apt (about a minute, once)")
    patient = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=300"]
    variables = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    packages = ["install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"]
    for command in ([*patient, "update"], [*patient, *packages]):
        done = subprocess.run(
            command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
    if done.returncode:
        print(done.stdout, file=sys.stderr)
    return find_chromium()


def is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


# The lab ------------------------------------------------------------------------------------------


def copy_lessons(source: Path, folder: Path) -> list[str]:
    """Lay out what is new in `source` in `folder`; return the names of changed lessons that were left alone.

    A file there is replaced only while it is byte for byte what an earlier call put there. Notebooks are laid out
    as `to_be_run` has them, everything else as it is.
    """
    told = language_info()
    record_file = folder / ".lab" / "copied.json"
    record: dict[str, str] = json.loads(read(record_file) or "{}")
    kept = []
    for path in sorted(path for path in source.glob("**/*") if path.is_file()):
        name = path.relative_to(source).as_posix()
        if any(part.startswith(".") for part in path.relative_to(source).parts):
            continue
        content = to_be_run(path, told) if path.suffix == ".ipynb" else path.read_bytes()
        wanted, target = hashlib.sha256(content).hexdigest(), folder / name
        if target.exists() and digest(target) == record.get(name) == wanted:
            continue
        if target.exists() and digest(target) != record.get(name):
            if record.get(name) not in (wanted, None):
                kept.append(name)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        record[name] = wanted
    record_file.parent.mkdir(parents=True, exist_ok=True)
    record_file.write_text(json.dumps(record, indent=1), encoding="utf8")
    return kept


def to_be_run(path: Path, told: dict[str, object]) -> bytes:
    """The notebook without what its cells gave: who is to guess before running must not see the answer.

    It says of its language what the kernel will say (`told`): the lab would put that in on opening, and then show
    the notebook as changed.
    """
    notebook = json.loads(path.read_text(encoding="utf8"))
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    notebook["metadata"]["language_info"] = told
    return (json.dumps(notebook, ensure_ascii=False, indent=1) + "\n").encode()


def language_info() -> dict[str, object]:
    """What the kernel of the environment says of its language."""
    ask = [str(PYTHON), "-c", "import sys; print(sys.version.split()[0])"]
    version = subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()
    return {
        "codemirror_mode": {"name": "ipython", "version": 3},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": "ipython3",
        "version": version,
    }


def trust_lessons(folder: Path, variables: dict[str, str]) -> None:
    """Sign the lessons that are still as they were copied: the lab shows no picture of a notebook it doesn't trust."""
    record: dict[str, str] = json.loads(read(folder / ".lab" / "copied.json") or "{}")
    signed_file = folder / ".lab" / "signed.json"
    signed: dict[str, str] = json.loads(read(signed_file) or "{}")
    notebooks = [name for name in record if name.endswith(".ipynb") and (folder / name).is_file()]
    fresh = [name for name in notebooks if digest(folder / name) == record[name] != signed.get(name)]
    if fresh:
        sign = [str(PYTHON), "-m", "nbformat.sign", "--log-level=ERROR", *fresh]
        if (
            subprocess.run(sign, cwd=folder, env=variables, stdout=subprocess.DEVNULL, check=False).returncode
            == 0
        ):
            signed |= {name: record[name] for name in fresh}
            signed_file.write_text(json.dumps(signed, indent=1), encoding="utf8")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def lab_variables(home: Path, token: str) -> dict[str, str]:
    """The environment of a JupyterLab that keeps all its own in `home` and asks nobody for news."""
    settings = home / "settings"
    quiet = settings / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    if not quiet.exists():
        quiet.parent.mkdir(parents=True, exist_ok=True)
        quiet.write_text(
            '{"fetchNews": "false", "checkForUpdates": false, "doNotDisturbMode": true}\n', "utf8"
        )
    variables = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "PYTEST"))}
    own = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "IPYTHONDIR": "ipython",
    }
    variables |= {variable: str(home / name) for variable, name in own.items()}
    variables["PATH"] = f"{PYTHON.parent}{os.pathsep}{variables.get('PATH', '')}"
    # The token goes through the environment: a command line can be read by every user of the machine.
    return variables | {
        "JUPYTER_TOKEN": token,
        "JUPYTER_PLATFORM_DIRS": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def lab_command(folder: Path, port: int) -> list[str]:
    quiet = [
        "--log-level=WARN",
        "--LabApp.log_level=WARN",
        "--LabApp.news_url=",
        "--ServerApp.answer_yes=True",
    ]
    quiet += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    quiet += ["--LanguageServerManager.autodetect=False"]
    place = [
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={folder}",
    ]
    root = ["--allow-root"] if is_root() else []
    return [str(PYTHON), "-m", "jupyterlab", "--no-browser", *place, *quiet, *root]


def free_port(preferred: int = 0) -> int:
    """`preferred` if nobody listens there, else one that the system names."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", preferred))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_lab(base: str, token: str, server: subprocess.Popen[bytes], seconds: float = 90) -> None:
    """Return when the server at `base` answers; raise Stop if it ends first or stays silent for `seconds`."""
    request = urllib.request.Request(f"{base}/api/status", headers={"Authorization": f"token {token}"})
    until = time.monotonic() + seconds
    while server.poll() is None and time.monotonic() < until:
        try:
            with urllib.request.urlopen(request, timeout=5):
                return
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
    raise Stop("JupyterLab did not start: see above")


def lab(arguments: argparse.Namespace) -> int:
    environment("lab")
    folder = Path(arguments.folder).resolve()
    for name in copy_lessons(ROOT / "notebooks", folder):
        say(f"{name} has a newer version, yours is changed and was left alone; delete it to get the new one")
    token = secrets.token_hex(16)
    base = f"http://127.0.0.1:{free_port(8888)}"
    lesson = next((path.name for path in sorted(folder.glob("01_*.ipynb"))), None)
    url = f"{base}/lab{f'/tree/{lesson}' if lesson else ''}?token={token}"
    variables = lab_variables(folder / ".lab", token)
    trust_lessons(folder, variables)  # before the server: who comes first makes the key to sign with
    server = subprocess.Popen(lab_command(folder, int(base.rpartition(":")[2])), cwd=folder, env=variables)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        wait_for_lab(base, token, server)
        say(f"JupyterLab is at\n\n    {url}\n")
        say(f"your copy of the lessons is in {folder}; Ctrl-C ends it")
        if may_open_browser():
            webbrowser.open(url)
        return server.wait()
    except KeyboardInterrupt:
        return 0  # the terminal's Ctrl-C reached the server as well, and it is closing its kernels
    except BaseException:
        server.terminate()
        raise
    finally:
        end(server)


def end(server: subprocess.Popen[bytes], seconds: float = 5) -> None:
    """Give a server that was told to end `seconds` for it, then make it so.

    One that answered a request for files a moment ago can stay for ever in a thread, its kernels long closed.
    """
    try:
        server.wait(seconds)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        server.kill()
        server.wait()


def may_open_browser() -> bool:
    if os.environ.get("FLOWKIT_NO_BROWSER") or os.environ.get("SSH_CONNECTION"):
        return False
    if platform.system() == "Linux":
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return True


# The other verbs ----------------------------------------------------------------------------------


def test(arguments: argparse.Namespace) -> int:
    with concurrent.futures.ThreadPoolExecutor(1) as beside:
        coming = beside.submit(bring_chromium)
        environment("test")
        chromium = coming.result()
    if not chromium and os.environ.get("CI") == "true":
        raise Stop(f"{NO_CHROMIUM}; with CI=true the browser tests are not optional")
    variables = {**os.environ, **({"FLOWKIT_CHROMIUM": chromium} if chromium else {})}
    steps = (
        ["ruff", "format", "--check"],
        ["ruff", "check", "--quiet"],
        ["mypy", "--no-error-summary"],
        # Two at once: the browser's tests mostly wait, and a file stays together since its tests may share a server.
        ["pytest", "-n", "2", "--dist", "loadfile", *arguments.pytest],
    )
    for step in steps:
        say(" ".join(step))
        if code := subprocess.run([PYTHON, "-m", *step], cwd=ROOT, env=variables, check=False).returncode:
            return code
    return 0


def bench(arguments: argparse.Namespace) -> int:
    environment("test")
    return subprocess.run([PYTHON, "-m", "benchmarks", *arguments.options], cwd=ROOT, check=False).returncode


def reformat(_: argparse.Namespace) -> int:
    environment("test")
    subprocess.run([PYTHON, "-m", "ruff", "check", "--fix", "--quiet"], cwd=ROOT, check=False)
    return subprocess.run([PYTHON, "-m", "ruff", "format", "--quiet"], cwd=ROOT, check=False).returncode


def only_environment(_: argparse.Namespace) -> int:
    environment("test")
    return 0


def use_new_enough_python() -> None:
    """Go on under a Python that flowkit runs on, if this one is older and another is on PATH."""
    if tuple(map(int, platform.python_version_tuple()[:2])) >= (3, 11):
        return
    newer = (shutil.which(f"python3.{minor}") for minor in (13, 12, 11))
    if found := next(filter(None, newer), None):
        sys.exit(subprocess.run([found, *sys.argv], check=False).returncode)
    raise Stop(f"flowkit needs Python 3.11 or newer, this is {platform.python_version()}")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="make.py", description="Everything one does with a checkout of flowkit."
    )
    verbs = parser.add_subparsers(required=True, metavar="verb")
    verb = verbs.add_parser("lab", help="open JupyterLab on a copy of the lessons")
    default = os.environ.get("FLOWKIT_LESSONS", str(ROOT / "lessons"))
    verb.add_argument("--folder", default=default, help="where your copy lives (default: ./lessons)")
    verb.set_defaults(do=lab)
    verb = verbs.add_parser("test", help="prove everything: format, lint, types, tests, notebooks, browser")
    verb.add_argument("pytest", nargs="*", help="for pytest, after --")
    verb.set_defaults(do=test)
    verb = verbs.add_parser("bench", help="run the benchmarks")
    verb.add_argument("options", nargs="*", help="for the benchmarks, after --")
    verb.set_defaults(do=bench)
    verbs.add_parser("format", help="put the text in order").set_defaults(do=reformat)
    verbs.add_parser("env", help="only make .venv").set_defaults(do=only_environment)
    arguments = parser.parse_args()
    try:
        use_new_enough_python()
        return int(arguments.do(arguments))
    except Stop as stop:
        print(f"flowkit: {stop}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
