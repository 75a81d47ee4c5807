from html.parser import HTMLParser

from flowkit.render import harmless, rows_html, rows_text
from flowkit.render.letters import clip


class Reader(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.cells: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag in ("td", "th", "caption"):
            self.cells.append("")

    def handle_data(self, data: str) -> None:
        self.cells[-1] += data


def test_cells_are_text_whatever_they_contain(nasty):
    read = Reader(rows_html([nasty, "n"], [[nasty, 1], [None, nasty]], nasty))
    shown = clip(harmless(nasty[:121]), 120)
    assert set(read.tags) == {"table", "thead", "tbody", "tr", "th", "td"} | ({"caption"} if nasty else set())
    assert read.attributes == {"style"}
    assert read.cells[-4:] == [shown, "1", "", shown]


def test_many_or_long_rows_are_counted_not_shown(nasty):
    many = rows_html(["n"], ([i] for i in range(1_000)))
    assert Reader(many).cells[-1] == "… 900 more"
    long = rows_html([nasty] * 5, ([nasty] * 50 for _ in range(1_000)))
    assert len(long.encode()) <= 40_000
    assert len(rows_text(["n"], ([i] for i in range(1_000))).split("\n")) == 43


def test_a_value_whose_text_raises_is_named():
    class Shy:
        def __str__(self) -> str:
            raise ValueError("no")

    assert "Shy that can't be shown: ValueError" in rows_text(["x"], [[Shy()]])
    assert "&lt;Shy that" in rows_html(["x"], [[Shy()]])


def test_the_text_twin_is_aligned():
    assert rows_text(["task", "state"], [["quote", "ready"], ["漢字", "waiting"]], "two").split("\n") == [
        "two",
        "task   state",
        "─────  ───────",
        "quote  ready",
        "漢字   waiting",
    ]


def test_no_rows_are_a_table_too():
    assert Reader(rows_html(["task"], [])).cells == ["task"]
    assert rows_text([], []) == "\n"
