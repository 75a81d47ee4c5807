"""What a failure shows of itself: readable lines in a notebook, one short line elsewhere, never a control character."""

from flowkit.core import Failure

CAUSE = Failure(
    ("OSError", "Exception"), "no route", 'Traceback:\n  File "a.py", line 1\nOSError: no route\n'
)
BOOM = Failure(("shop.Trouble", "ValueError"), "boom", "Traceback:\n\traise\nshop.Trouble: boom\n", (CAUSE,))


def test_a_cell_shows_type_message_and_traceback_as_lines():
    assert BOOM._repr_mimebundle_(include=None, exclude=None) == {
        "text/plain": "Trouble: boom\n\nTraceback:\n        raise\nshop.Trouble: boom\n\n"
        'It came from OSError: no route\n\nTraceback:\n  File "a.py", line 1\nOSError: no route'
    }


def test_a_failure_told_by_hand_has_no_traceback_to_show():
    assert Failure(("Failed",), "sold out")._repr_mimebundle_() == {"text/plain": "Failed: sold out"}


def test_its_repr_is_one_short_line():
    assert repr(BOOM) == "<Failure Trouble: boom>"
    assert repr(Failure(("E",), "two\nlines\x1b[2J")) == r"<Failure E: two\nlines\x1b[2J>"
    assert len(repr(Failure(("E",), "long " * 10_000))) < 150
    assert repr(Failure((), "")) == "<Failure Failure>"


def test_no_control_character_reaches_the_screen():
    shown = Failure(("E",), "\x1b[31mred\u202e", "line\r\x07\nnext")._repr_mimebundle_()["text/plain"]
    assert all(letter == "\n" or letter.isprintable() for letter in shown)
