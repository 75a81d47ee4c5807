"""The format itself: what is read, and that whatever can't be read names its line."""

from pathlib import Path

import pytest

from tests.rehearsals.observing import OBSERVE
from tests.rehearsals.reading import OBSERVATIONS, VERBS, Rehearsal, RehearsalError, pieces, read
from tests.rehearsals.stage import Stage

WHOLE = """\
A price is asked for and charged.
It is undone where it fails.
Origin: C99 an example
Differs: C99 in nothing
Without parallel, permuted: an example

flow order on_failure=revert result=ship
  quote(item)
  charge(quote, note?, where="here", who=item) retry=3 delay=0.5 on=OSError,HTTPError
    undo refund(charge)
  # a remark
  manual approve(quote) -> bool timeout=60
  flow parcel(weight=quote) after=failed(charge),approve
    pack(weight) when={weight > 3}
  ship(charge, parcel) when=approve pause_before

start
  input item = {"name": "book"}
  given quote = 3
  target ship

outcomes
  charge: fail HTTPError<OSError no, then, then ok [1, 2]
  parcel.pack: ok weight with progress 0.0 1.0 and also pause

steps
  run
  states quote=succeeded
    charge=running

expect
  state succeeded
"""


def text(tmp_path: Path, body: str) -> Rehearsal:
    path = tmp_path / "some.rehearsal"
    path.write_text(body)
    return read(path)


def test_everything_is_read(tmp_path: Path) -> None:
    found = text(tmp_path, WHOLE)
    assert found.prose == "A price is asked for and charged. It is undone where it fails."
    assert (found.origins, found.differs) == (["C99 an example"], ["C99 in nothing"])
    assert found.without == {"parallel": "an example", "permuted": "an example"}
    assert (found.inputs, found.given, found.target) == ({"item": {"name": "book"}}, {"quote": 3}, "ship")
    (flow,) = found.flows
    assert (flow.name, flow.options) == ("order", {"on_failure": "revert", "result": "ship"})
    quote, charge, approve, parcel, ship = flow.tasks
    assert [(p.name, p.source, p.fixed, p.value, p.optional) for p in charge.params] == [
        ("quote", "", False, None, False),
        ("note", "", False, None, True),
        ("where", "", True, "here", False),
        ("who", "item", False, None, False),
    ]
    assert charge.options == {"retry": "3", "delay": "0.5", "on": "OSError,HTTPError"}
    assert charge.undo is not None
    assert (charge.undo.name, quote.undo) == ("refund", None)
    assert (approve.kind, approve.returns, approve.options) == ("manual", "bool", {"timeout": "60"})
    assert (parcel.kind, parcel.options) == ("flow", {"after": "failed(charge),approve"})
    assert parcel.members[0].options == {"when": "{weight > 3}"}
    assert ship.options == {"when": "approve", "pause_before": ""}
    first, second = found.outcomes["charge"]
    assert (first.how, first.types, first.text) == ("fail", ("HTTPError", "OSError"), "no, then")
    assert (second.how, second.text) == ("ok", "[1, 2]")
    (packed,) = found.outcomes["parcel.pack"]
    assert (packed.text, packed.progress, packed.also) == ("weight", (0.0, 1.0), "pause")
    assert [(line.word, line.rest) for line in found.lines] == [
        ("run", ""),
        ("states", "quote=succeeded charge=running"),
        ("state", "succeeded"),
    ]


def test_a_rehearsal_without_steps_is_run_to_its_end_first(tmp_path: Path) -> None:
    found = text(tmp_path, "Prose.\n\nflow f\n  a()\n\nexpect\n  state succeeded\n")
    assert [line.word for line in found.lines] == ["run", "state"]


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("A price is asked for and charged.\nIt is undone where it fails.\n", "", 1, "prose"),
        ("Without parallel, permuted: an example", "Without backwards: no", 5, "'backwards' is no way"),
        ("Without parallel, permuted: an example", "Without parallel:", 5, "say why"),
        ("  quote(item)", "  quote item", 8, "is no task"),
        ("  quote(item)", "    quote(item)", 8, "2 spaces"),
        ("  quote(item)", "  quote(item) retyr=3", 8, "'retyr=3' is no option"),
        ("  quote(item)", "  quote(3)", 8, "'3' is no parameter"),
        ('where="here"', "where=(", 9, "is no"),
        ("    undo refund(charge)", "    refund(charge)", 10, "only a flow has tasks within"),
        ("  given quote = 3", "  given quote", 19, "write 'input x = 3'"),
        ("  given quote = 3", "  given quote = unknown", 19, "is no value"),
        ("then ok [1, 2]", "then ok [1, 2", 23, "is no expression"),
        ("then ok [1, 2]", "then perhaps", 23, "is no outcome"),
        ("  charge: fail", "  charge fail", 23, "write 'task: ok 3"),
        ("  run\n", "  ran\n", 27, "'ran' is nothing to do"),
        ("steps\n", "stops\n", 26, "'stops' is no section"),
    ],
)
def test_what_cant_be_read_names_its_line(tmp_path: Path, old: str, new: str, line: int, says: str) -> None:
    assert old in WHOLE
    with pytest.raises(RehearsalError) as caught:
        text(tmp_path, WHOLE.replace(old, new, 1))
    assert f"line {line}:" in str(caught.value)
    assert says in str(caught.value)


def test_what_observes_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RehearsalError, match="nothing is observed"):
        text(tmp_path, "Prose.\n\nflow f\n  a()\n\nsteps\n  run\n")
    with pytest.raises(RehearsalError, match="there is no flow"):
        text(tmp_path, "Prose.\n\nsteps\n  run\n")


def test_text_is_cut_outside_quotes_and_brackets() -> None:
    assert pieces("a x=(1, 2) y='b c'  z") == ["a", "x=(1, 2)", "y='b c'", "z"]
    assert pieces("a, (b, c), d", ",") == ["a", "(b, c)", "d"]


def test_every_word_is_known_to_the_stage() -> None:
    assert set(OBSERVE) == OBSERVATIONS
    assert {name.removeprefix("do_") for name in vars(Stage) if name.startswith("do_")} == VERBS


def test_the_example_of_the_readme_can_be_read(tmp_path: Path) -> None:
    _, example, *_ = Path(__file__).with_name("README.md").read_text().split("```\n")
    found = text(tmp_path, example)
    assert len(found.flows[0].tasks) == 7
    assert found.lines[-1].rest == "quote < charge < ship"
