"""The documentation says what really happens: each code block runs, and shows what the page states."""

import re

import pytest

import flowkit
import make
from tests.docs.blocks import IMAGES, PAGES, blocks, run_block

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(make.ROOT).as_posix())

LINK = re.compile(r"(?:\]\(|src=\"|srcset=\")([^)\s\"]+)")


@each_page
def test_a_page_shows_what_its_code_does(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "page"}
    for block in blocks(page):
        shown = run_block(block, page, names)
        place = f"{page.name}, line {block.line}"
        assert shown.text == (block.stated or ""), place
        if block.picture:
            saved = (IMAGES / block.picture).read_text("utf8")
            assert shown.picture == saved, f"{place}: {block.picture} (python -m tests.docs.saving)"


@each_page
def test_a_page_leads_somewhere(page):
    gone = []
    for link in LINK.findall(page.read_text("utf8")):
        path, _, heading = link.partition("#")
        target = page.parent / path if path else page
        if "://" not in link and not (target.exists() and (not heading or heading in anchors(target))):
            gone.append(link)
    assert gone == []


def anchors(page):
    """What the headings of a page are called in links, as GitHub does it."""
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_drawing_is_the_one_of_one_cell():
    """A picture that no cell draws would never be renewed."""
    drawn = sorted(block.picture for page in PAGES for block in blocks(page) if block.picture)
    assert drawn == sorted(path.name for path in IMAGES.glob("*.svg"))


def test_every_public_name_is_listed():
    text = (make.ROOT / "docs" / "guide" / "names.md").read_text("utf8")
    assert [name for name in flowkit.__all__ if f"`{name}`" not in text] == []


def test_the_guide_uses_flowkit():
    """So that a page that lost its code fences does not pass for a proven one."""
    guide = make.ROOT / "docs" / "guide"
    silent = {guide / "names.md", guide / "the-panel.md"}
    shown = [page for page in sorted(guide.glob("*.md")) if page not in silent]
    assert len(shown) >= 9
    assert [page for page in [make.ROOT / "README.md", *shown] if not blocks(page)] == []
