"""Lists as tables: HTML for notebooks and its twin in plain text.

Ready offers, runs and events are shown through here. Cells are text, whatever is in them. The HTML
inherits colours and uses translucent lines, so it reads on white and on dark; it has no class, script,
link or style sheet.
"""

from collections.abc import Iterable, Sequence

from flowkit.render import letters

MOST_ROWS = 100
MOST_LINES = 40
_CELL = 120
_TEXT_CELL = 44
_BYTES = 36_000

_TABLE = "color:inherit;border-collapse:collapse;font-size:13px;line-height:1.45;margin:4px 0"
_HEAD = "text-align:left;padding:3px 14px 3px 0;border-bottom:1px solid rgba(128,128,128,.6);font-weight:600"
_DATA = (
    "text-align:left;vertical-align:top;padding:3px 14px 3px 0;border-bottom:1px solid rgba(128,128,128,.25)"
)
_CAPTION = "caption-side:top;text-align:left;padding:0 0 4px;color:inherit;opacity:.85"


def rows_html(headers: Sequence[object], rows: Iterable[Sequence[object]], caption: str = "") -> str:
    """An HTML table, escaped and bounded: at most 100 rows and 36,000 bytes; what is left out is counted
    below it.
    """
    from xml.etree.ElementTree import Element, SubElement, tostring

    root = Element("table", {"style": _TABLE})
    if caption:
        SubElement(root, "caption", {"style": _CAPTION}).text = _cell(caption, 2 * _CELL)
    line = SubElement(SubElement(root, "thead"), "tr")
    for header in headers:
        SubElement(line, "th", {"style": _HEAD}).text = _cell(header, _CELL)
    body = SubElement(root, "tbody")
    used, left_out = 0, 0
    for row in rows:
        if not left_out:
            line = Element("tr")
            for value in row:
                SubElement(line, "td", {"style": _DATA}).text = _cell(value, _CELL)
            used += len(tostring(line, encoding="utf-8", method="html"))
        if left_out or len(body) >= MOST_ROWS or used > _BYTES:
            left_out += 1
        else:
            body.append(line)
    if left_out:
        last = SubElement(
            SubElement(body, "tr"), "td", {"colspan": str(max(1, len(headers))), "style": _DATA}
        )
        last.text = f"… {left_out:,} more"
    return tostring(root, encoding="unicode", method="html")


def rows_text(headers: Sequence[object], rows: Iterable[Sequence[object]], caption: str = "") -> str:
    """The same as aligned text, at most 40 rows."""
    kept: list[list[str]] = [[_cell(header, _TEXT_CELL) for header in headers]]
    left_out = 0
    for n, row in enumerate(rows):
        if n < MOST_LINES:
            kept.append([_cell(value, _TEXT_CELL) for value in row])
        else:
            left_out += 1
    width = max(map(len, kept))
    widths = [max((letters.columns(row[c]) for row in kept if c < len(row)), default=0) for c in range(width)]
    lines = [
        "  ".join(letters.pad(cell, wide) for cell, wide in zip(row, widths, strict=False)).rstrip()
        for row in kept
    ]
    lines.insert(1, "  ".join("─" * wide for wide in widths))
    if caption:
        lines.insert(0, _cell(caption, 2 * _CELL))
    if left_out:
        lines.append(f"… {left_out:,} more")
    return "\n".join(lines)


def _cell(value: object, longest: int) -> str:
    if value is None:
        return ""
    try:
        text = value if isinstance(value, str) else str(value)
    except Exception as error:
        text = f"<{type(value).__name__} that can't be shown: {type(error).__name__}>"
    return letters.clip(letters.harmless(text[: longest + 1]), longest)
