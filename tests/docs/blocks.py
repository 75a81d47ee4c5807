"""Run a page of documentation as a reader would who pastes its code blocks, one after the other, into one session.

A block of ```python is a cell; a block of ```text right after it is what the cell shows: what it prints, then its last
line's value in text, or the error that ends it. Where a picture of `docs/images/` follows (an SVG file), it is the one
that the cell shows for its last line's value, which is then not told in text. Each page works in a folder of its own.
"""

import ast
import contextlib
import io
import linecache
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import make

PAGES = [make.ROOT / "README.md", *sorted((make.ROOT / "docs").rglob("*.md"))]

HOME = "/home/you"  # what stands in a page for the folder that its code works in

BLOCK = re.compile(
    r"^```python\n(.*?)^```$"
    r"(?:\s*^```text\n(.*?)^```$)?"
    r"(?:\s*^!\[[^\]]+\]\((?:\.\./)*(?:docs/)?images/([\w-]+\.svg)\)$)?",
    re.MULTILINE | re.DOTALL,
)

IMAGES = make.ROOT / "docs" / "images"


@dataclass
class Block:
    """One cell of a page: its line there, its code, the output that the page states (None: it states none), and the name of the
    picture under it, or None."""

    line: int
    code: str
    stated: str | None
    picture: str | None


def blocks(page: Path) -> list[Block]:
    text = page.read_text("utf8")
    return [Block(text[: found.start()].count("\n") + 1, *found.groups()) for found in BLOCK.finditer(text)]


@dataclass
class Shown:
    """What a cell really shows: text, and the picture (SVG) of its last line's value, where the page has one there."""

    text: str
    picture: str | None


def run_block(block: Block, page: Path, names: dict[str, Any]) -> Shown:
    """Run the block with these names and return what it shows. An error is shown as its last line, where one is stated."""
    where = f"<{page.name}, line {block.line}>"
    # Sources are read when a run is started, so they must be found as those of a notebook's cells are.
    linecache.cache[where] = (len(block.code), None, block.code.splitlines(keepends=True), where)
    tree = ast.parse(block.code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    out = io.StringIO()
    picture = None
    with contextlib.redirect_stdout(out):
        try:
            exec(compile(tree, where, "exec"), names)
            value = eval(compile(ast.Expression(last.value), where, "eval"), names) if last else None
            if block.picture:
                picture = f"{value._repr_mimebundle_()['image/svg+xml']}\n"
            elif value is not None:
                print(as_text(value))
        except Exception as error:
            if block.stated is None:
                raise
            print(f"{type(error).__name__}: {error}")
    text = out.getvalue().replace(os.getcwd(), HOME)
    return Shown("".join(f"{line.rstrip()}\n" for line in text.splitlines()), picture)


def as_text(value: Any) -> str:
    """What a notebook without pictures shows for a value."""
    bundle = getattr(value, "_repr_mimebundle_", None)
    return str(bundle()["text/plain"]) if bundle else repr(value)
