import unicodedata

import pytest

from flowkit.render import harmless, letters


def test_what_is_seen_can_be_printed_and_written_as_xml(nasty):
    shown = harmless(nasty)
    assert "\x1b" not in shown
    assert all(
        c == "\u200d" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp", "Cn") for c in shown
    )
    assert shown.encode().decode() == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a\x00b", "a\\x00b"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("one\ntwo", "one\\ntwo"),
        ("abc\u202egnp", "abc\\u202egnp"),
        ("a\ud800b", "a\\ud800b"),
        ("👩‍🚀", "👩‍🚀"),
        ("עברית", "עברית"),
    ],
)
def test_control_characters_are_shown_and_letters_are_kept(text, shown):
    assert harmless(text) == shown


@pytest.mark.parametrize("text", ["", "   ", "\u3164", "\u200b", "\u2800 \u2800"])
def test_no_name_looks_empty(text):
    assert letters.name(text).strip(" \u3164\u200b\u2800") != ""


def test_marks_piled_on_a_letter_are_few():
    assert len(harmless("e" + "\u0301" * 300)) <= 4


def test_a_cut_text_fits_and_says_that_it_was_cut(nasty):
    shown = letters.fit(letters.name(nasty), 100, 13, 24)
    assert letters.em(shown) * 13 <= 100
    assert len(shown) <= 24
    if shown != letters.name(nasty):
        assert shown.endswith("…")
        assert "\u200d…" not in shown


def test_padded_texts_have_equal_width():
    assert {letters.columns(letters.pad(text, 20)) for text in ("abc", "漢字", "é", "e\u0301")} == {20}
