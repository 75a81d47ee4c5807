"""The documentation says what really happens: each code block runs, and shows what the page states."""

import re

import pytest

import flowkit
import make
from tests.docs.blocks import PAGES, blocks, run_block

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(make.ROOT).as_posix())

LINK = re.compile(r"(?:\]\(|src=\"|srcset=\")([^)\s\"]+)")


@each_page
def test_a_page_shows_what_its_code_does(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "page"}
    for block in blocks(page):
        shown = run_block(block, page, names)
        assert shown == (block.stated or ""), f"{page.name}, line {block.line}"


@each_page
def test_a_page_leads_somewhere(page):
    wanted = [link.partition("#")[0] for link in LINK.findall(page.read_text("utf8"))]
    gone = [link for link in wanted if link and "://" not in link and not (page.parent / link).exists()]
    assert gone == []


def test_every_public_name_is_listed():
    text = (make.ROOT / "docs" / "guide" / "names.md").read_text("utf8")
    assert [name for name in flowkit.__all__ if f"`{name}`" not in text] == []


def test_the_guide_uses_flowkit():
    """So that a page that lost its code fences does not pass for a proven one."""
    guide = make.ROOT / "docs" / "guide"
    shown = [guide / f"{name}.md" for name in ("getting-started", "flows", "engines-and-runs", "errors")]
    assert [page for page in [make.ROOT / "README.md", *shown] if not blocks(page)] == []
