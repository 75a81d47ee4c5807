"""The widget itself: its size, its saved state, its face in a plain process, its script."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from flowkit import Flow
from flowkit.widgets import Panel, live
from flowkit.widgets.panel import _PARTS

STATIC = Path(__file__).parents[2] / "flowkit" / "widgets" / "static"

needs_node = pytest.mark.skipif(
    shutil.which("node") is None, reason="node is not here (nobody needs it to use flowkit)"
)


def test_script_and_style_keep_within_sixty_kilobytes():
    assert len(Panel._esm.encode()) + len(Panel._css.encode()) <= 60_000


def test_a_saved_panel_of_a_hundred_tasks_keeps_within_a_hundred_kilobytes():
    flow = Flow("hundred")
    for number in range(100):
        sources = {"a": f"task_{number - 1:02}"} if number else {}
        if number > 10:
            sources["b"] = f"task_{number - 10:02}"
        function = (lambda: 1) if not number else (lambda a: a) if number <= 10 else (lambda a, b: a)
        flow.task(function, name=f"task_{number:02}", bind=sources)
    panel = live(flow.start())
    state = {**panel.get_state(), "snapshot": {"s": "5" * 100}}
    assert len(json.dumps(state, indent=1).encode()) <= 100_000  # as notebooks are written
    panel.close()


def test_the_repr_is_short(run):
    panel = run.live()
    assert repr(panel) == f"<live panel of run {run.id}>"
    assert len(repr(panel)) < 80
    panel.close()


def test_building_and_closing_a_panel_writes_nothing(run):
    seen = run.seq
    panel = run.live()
    panel.close()
    panel.close()
    assert run.seq == seen


def test_a_message_that_is_none_of_ours_is_left_alone(page, run):
    seen = run.seq
    for message in (
        "text",
        None,
        [],
        {},
        {"t": "no"},
        {"t": "do"},
        {"t": "do", "id": 3, "act": ["x"]},
        {"t": "look"},
    ):
        page.panel._heard(page.panel, message, [])
    assert page.do("pause")["ok"]
    assert run.seq == seen + 1


def test_the_kernel_is_asked_to_route_messages_as_the_front_end_says(run, monkeypatch):
    """What ipykernel 7.4 brought, seen from outside: without this, clicks wait for the running cell."""
    import comm

    class Comm(comm.base_comm.BaseComm):
        def publish_msg(self, *_, **__):
            pass

        def _reply_subshell_for(self, data, default):
            return default

    monkeypatch.setattr(comm, "create_comm", Comm)
    panel = live(run)
    assert panel.comm._reply_subshell_for is None
    panel.close()


def test_the_page_never_parses_markup_and_asks_for_nothing():
    for part in (*_PARTS, "panel.css"):
        text = (STATIC / part).read_text("utf8")
        for word in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "getElementById",
            "eval(",
            "fetch(",
        ):
            assert word not in text, (part, word)
        assert "http" not in text.replace("http://www.w3.org/2000/svg", ""), part
        assert "import " not in text, part


def test_no_text_of_the_script_spans_lines():
    """Indentation and comments are left out on the way to the page, which would change such a text."""
    for part in _PARTS:
        for line in (STATIC / part).read_text("utf8").splitlines():
            if not line.strip().startswith(("//", "/*", "*")):
                assert line.replace('split("`")', "").count("`") % 2 == 0, (part, line)


@needs_node
def test_the_script_is_a_module_and_its_rules_hold(tmp_path):
    (tmp_path / "panel.mjs").write_text(Panel._esm, "utf8")
    (tmp_path / "rules.mjs").write_text(Path(__file__).with_name("rules.mjs").read_text("utf8"), "utf8")
    done = subprocess.run(
        ["node", "--test", "rules.mjs"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
