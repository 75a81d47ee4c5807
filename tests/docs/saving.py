"""Write into each page what its cells show now, and draw its pictures anew: `python -m tests.docs.saving [part of a name]`.

To be used after a change of what flowkit shows, and looked at (`git diff`) before it is committed: it believes whatever
it sees. It must never touch a word outside what stands under a cell.
"""

import contextlib
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.docs.blocks import BLOCK, IMAGES, PAGES, blocks, run_block


def save(page: Path) -> None:
    text = page.read_text("utf8")
    names: dict[str, Any] = {"__name__": "page"}
    fresh, end = [], 0
    for block, found in zip(blocks(page), BLOCK.finditer(text), strict=True):
        shown = run_block(block, page, names)
        code_ends = found.start() + len("```python\n") + len(block.code) + len("```")
        fresh.append(text[end:code_ends])
        fresh.append(f"\n```text\n{shown.text}```" if shown.text else "")
        if block.picture:
            if shown.picture is None:
                raise SystemExit(f"{page.name}, line {block.line}: no picture, but {shown.text}")
            fresh.append("\n\n" + text[found.start() : found.end()].rpartition("\n")[2])
            (IMAGES / block.picture).write_text(shown.picture, "utf8")
        end = found.end()
    page.write_text("".join([*fresh, text[end:]]), "utf8")


if __name__ == "__main__":
    for page in PAGES:
        if sys.argv[1:] and not any(part in page.name for part in sys.argv[1:]):
            continue
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            save(page)
        print(f"saved {page.name}")
