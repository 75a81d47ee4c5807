import json

import pytest

from flowkit.core.states import TASK_STATES
from flowkit.render import looks
from flowkit.render.look import CARD, LOOKS, PLAIN, look

DESIGNED = (
    "waiting ready dispatched running retrying lost succeeded failed "
    "skipped reverting reverted revert_failed cancelled"
).split()


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        r, g, b = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_every_state_has_its_look():
    assert set(TASK_STATES) <= set(LOOKS)
    assert sorted(LOOKS) == sorted(DESIGNED)
    assert all(look(state).word == state.replace("_", " ") for state in DESIGNED)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("state", [*DESIGNED, ""])
def test_texts_and_borders_stand_out_from_their_ground(state, theme):
    row = look(state)
    paint = getattr(row, theme)
    card = CARD[theme]
    assert contrast(paint.ink, paint.fill) >= 4.5
    assert contrast(paint.ink, card["ground"]) >= 4.5
    assert contrast(card["name"], paint.fill) >= 7
    assert contrast(card["ink"], paint.fill) >= 4.5
    assert contrast(card["ink"], card["ground"]) >= 4.5
    assert contrast(card["edge"], card["ground"]) >= 3
    assert contrast(paint.stroke, card["ground"]) >= 3
    assert contrast(card["name"], card["input"]) >= 7


def test_no_two_states_differ_by_colour_alone():
    seen = {(row.word, row.icon, row.solid) for row in LOOKS.values()}
    assert len(seen) == len(LOOKS)
    icons = {(row.icon, row.solid, row.width, row.dash) for row in LOOKS.values()}
    assert len(icons) == len(LOOKS)
    glyphs = {row.glyph for row in LOOKS.values()}
    assert len(glyphs) == len(LOOKS)


def test_an_unknown_state_is_drawn_under_its_own_name():
    assert look("hibernating").word == "hibernating"
    assert look(None) == PLAIN


def test_the_table_travels_as_json():
    table = looks()
    assert json.loads(json.dumps(table)) == table
    assert set(table["states"]) == set(DESIGNED)
    assert set(table["states"]["failed"]["dark"]) == {"stroke", "fill", "ink"}
