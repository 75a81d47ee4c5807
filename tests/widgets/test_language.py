"""The whole flow language in the panel: parts, questions, undos and an operator's verbs, as the page gets them."""

import json
from typing import Any

import pytest

from flowkit import Engine, Flow, Repeat, Retry
from flowkit.widgets.board import Board
from flowkit.widgets.card import span
from flowkit.widgets.parts import MOST_PARTS

EVIL = "<img src=x onerror=alert(1)>"


def photos(bad: set[str]) -> Flow:
    album = Flow("album")

    @album.task
    def sort(photos: list[str]) -> list[str]:
        return sorted(photos)

    @album.manual
    def caption(sort: list[str]) -> str:
        """A few words for the album."""

    flow = Flow("photos")

    @flow.task
    def urls(n: int) -> list[str]:
        return [f"u{i}" for i in range(n)]

    @flow.task(each="urls", concurrency=2)
    def fetch(urls: str) -> str:
        if urls in bad:
            raise OSError(f"no answer from {EVIL}")
        return urls.upper()

    @fetch.revert
    def forget(fetch: str) -> None: ...

    @flow.manual(each="fetch")
    def lynx(fetch: str) -> bool:
        """Is it a lynx?"""

    @flow.task(when=lambda lynx: sum(lynx) > 1)
    def alarm(lynx: list[bool]) -> str:
        return "called"

    flow.add(album, name="album", bind={"photos": "fetch"})
    return flow


@pytest.fixture
def bad() -> set[str]:
    return {"u1"}


@pytest.fixture
def trip(bad):
    return photos(bad).start({"n": 4})


@pytest.fixture
def trip_page(trip, page_on):
    found = page_on(trip)
    found.open()
    return found


def parts(card):
    return [(row[1], row[2]) for row in card["parts"]["rows"]]


def acts(card):
    return {act[0]: act for act in card["acts"]}


def press(page, card, words):
    """What a click on one of the card's verbs sends."""
    _, act, more, _, _ = acts(card)[words]
    return page.do(act, **more)


def test_items_are_listed_the_failed_ones_first_and_none_is_drawn(trip):
    before = json.dumps(Board(trip).scene)
    trip.run()
    board = Board(trip)
    card = board.card("fetch")
    assert json.dumps(board.scene) == before
    assert card["parts"]["title"] == "4 items"
    assert parts(card) == [
        ("[1]", "failed"),
        ("[0]", "succeeded"),
        ("[2]", "succeeded"),
        ("[3]", "succeeded"),
    ]
    assert card["parts"]["rows"][0][3] == f"OSError: no answer from {EVIL}"
    assert board.head()["focus"] == "fetch"


def test_a_card_lists_so_many_items_and_counts_the_others():
    run = photos({"u2500"}).start({"n": 3_000})
    run.run()
    listed = Board(run).card("fetch")["parts"]
    assert len(listed["rows"]) == MOST_PARTS
    assert listed["rows"][0][:3] == ["fetch[2500]", "[2500]", "failed"]
    assert listed["more"] == f"and {3_000 - MOST_PARTS:,} succeeded"
    assert len(json.dumps(Board(run).card("fetch"))) < 12_000


def test_long_counts_beside_a_state_are_told_in_parts_of_a_hundred():
    run = photos(set()).start({"n": 3_000})
    run.run(until="fetch")
    for number in range(1_500):
        run.complete(f"lynx[{number}]", True)
    board = Board(run)
    names = [node[6] for node in board.scene["nodes"]]
    assert {names[i]: words for i, words in board.head()["flags"].items()}["lynx"] == "50 %"


def test_an_item_has_a_card_of_its_own_that_leads_back(trip):
    trip.run()
    card = Board(trip).card("fetch[1]")
    assert (card["key"], card["state"], card["kind"]) == ("fetch[1]", "failed", "task")
    assert card["inputs"] == [["urls", "'u1'"]]
    assert card["parts"]["rows"] == [["fetch", "fetch", "failed", ""]]
    assert Board(trip).card("fetch[9]")["key"] == "", "there is no such item, so it is the run's card"


def test_failed_items_alone_are_run_again(trip_page, trip, bad):
    trip.run()
    bad.clear()
    assert press(trip_page, trip_page.look("fetch"), "Run failed items again")["ok"]
    assert [e.task for e in trip.step("fetch[1]") if e.kind == "AttemptClaimed"] == ["fetch[1]"]
    assert trip["fetch"] == ["U0", "U1", "U2", "U3"]
    assert "Run failed items again" not in acts(trip_page.look("fetch"))


def test_items_are_answered_one_after_the_other_by_the_form_that_is_in_focus(trip_page, trip, bad):
    bad.clear()
    trip.run()
    board = Board(trip)
    for number in range(4):
        assert board.head()["focus"] == f"lynx[{number}]"
        form = board.card(f"lynx[{number}]")["form"]
        assert (form["complete"], form["summary"]) == ("Complete", "")
        assert trip_page.typed("complete", f"lynx[{number}]", {"choice": 0}, form["attempt"])["ok"]
    assert trip["lynx"] == [True] * 4


def test_a_question_is_asked_with_its_text_and_answered_with_yes_or_no(trip_page, trip, bad):
    bad.clear()
    trip.run()
    for number in range(4):
        trip.complete(f"lynx[{number}]", False)
    trip.run(until="album.sort")
    assert Board(trip).head()["step"]["say"] == "Step: ask about `alarm` here"
    card = trip_page.look("alarm")
    form = card["form"]
    assert (form["kind"], form["schema"]["kind"], form["complete"]) == ("when", "bool", "Answer")
    assert form["schema"]["label"] == "Is it to be done?"
    assert "sum(lynx) > 1" in form["text"]
    assert card["inputs"] == [["lynx", "[False, False, False, False]"]]
    assert form["summary"], "this process could ask the code, so nobody has to"
    assert trip_page.typed("complete", "alarm", {"choice": 0}, form["attempt"], "when")["ok"]
    assert trip.states["alarm"] == "ready"


def test_an_answer_to_a_question_never_becomes_a_result(trip_page, trip, bad):
    bad.clear()
    trip.run()
    for number in range(4):
        trip.complete(f"lynx[{number}]", True)
    trip.step()
    assert trip.states["alarm"] == "ready"
    other = trip_page.typed("complete", "alarm", {"choice": 1}, 1, "when")
    assert (other["recorded"], other["sent"]) == ("True", "False")
    again = trip_page.typed("complete", "alarm", {"choice": 0}, 1, "when")
    assert again["ok"], "the same answer again is fine"
    assert trip.states["alarm"] == "ready"


def test_a_question_without_its_code_here_is_open_and_needs_somebody(tmp_path):
    with Engine(tmp_path / "photos.db") as engine:
        engine.start(photos(set()), {"n": 0}, run_id="today").run(until="lynx")
        run = engine.open("today")
        board = Board(run)
        assert board.head()["focus"] == "alarm"
        assert board.card("alarm")["form"]["summary"] == ""


def test_the_number_of_items_is_asked_as_a_number():
    flow = Flow("odd")

    @flow.task
    def bag() -> Any:
        return range(3)

    @flow.task(each="bag")
    def one(bag: int) -> int:
        return bag

    run = flow.start()
    run.complete("bag", range(3))
    form = Board(run).card("one")["form"]
    assert (form["kind"], form["schema"]["kind"]) == ("each", "int")
    assert form["schema"]["label"] == "How many items has bag?"


def test_a_loop_s_condition_is_a_question_with_a_form_of_its_own(page_on):
    flow = Flow("loop")

    @flow.manual(repeat=Repeat(until=lambda draft: len(draft) > 3, max=5))
    def draft() -> str:
        """Write it."""

    run = flow.start()
    page = page_on(run)
    page.open()
    first = page.look("draft")["form"]
    assert page.typed("complete", "draft", {"text": "ab"}, first["attempt"])["ok"]
    second = page.look("draft")["form"]
    assert second["kind"] == "until"
    assert second["id"] != first["id"]
    assert page.typed("complete", "draft", {"choice": 1}, 1, "until")["ok"]
    board = Board(run)
    assert board.card("draft")["form"]["attempt"] == 2
    [flag] = board.head()["flags"].values()
    assert flag.startswith("round 2")


def test_a_subflow_lists_what_is_in_it_and_each_part_leads_back(trip, bad):
    bad.clear()
    trip.run()
    board = Board(trip)
    card = board.card("album")
    assert card["kind"] == "flow"
    assert parts(card) == [("caption", "ready"), ("sort", "succeeded")]
    inner = board.card("album.caption")
    assert inner["parts"]["rows"] == [["album", "album", "running", ""]]
    assert inner["form"]["key"] == "album.caption"


def test_undoing_asks_first_and_an_undo_is_told_by_hand(tmp_path, page_on, bad):
    bad.clear()
    with Engine(tmp_path / "photos.db") as engine:
        engine.start(photos(bad), {"n": 2}, run_id="today").run()
        run = engine.open("today")
        page = page_on(run)
        head = page.open()["head"]
        assert head["can"]["revert"] == ""
        assert head["asks"]["revert"][1] == "Undo all"
        assert page.do("revert")["ok"]
        assert run.state == "reverting"
        assert Board(run).head()["focus"] == "fetch[1]"
        for unit in ("fetch[1]", "fetch[0]"):
            form = page.look(unit)["form"]
            assert (form["complete"], form["failed"], form["schema"]["kind"]) == (
                "It is undone",
                "The undo failed…",
                "none",
            )
            assert page.typed("complete", unit, {"none": True}, form["attempt"], "revert")["ok"]
        assert run.state == "reverted"
        assert Board(run).head()["can"]["revert"] is not None


def test_an_undo_that_failed_by_hand_can_be_tried_again(page_on):
    flow = Flow("paid")

    @flow.task
    def pay() -> int:
        return 1

    @pay.revert
    def refund(pay: int) -> None: ...

    run = flow.start().run()
    page = page_on(run)
    page.open()
    page.do("revert")
    assert Board(run).head()["step"]["say"] == "Step: undo `pay` here"
    form = page.look("pay")["form"]
    assert page.typed("fail", "pay", None, form["attempt"], "revert", error="the bank is closed")["ok"]
    assert run.states["pay"] == "revert_failed"
    board = Board(run)
    assert board.head()["focus"] == "pay"
    assert board.head()["can"]["revert"] == ""
    assert page.do("revert")["ok"]
    assert run.run().state == "reverted"


def test_nobody_is_offered_to_undo_where_nothing_can_be_undone(run):
    assert Board(run).head()["can"]["revert"] is None


def test_skip_run_again_and_breaks_are_one_click_each(trip_page, trip):
    card = trip_page.look("lynx")
    assert list(acts(card)) == ["Skip", "Break before it"]
    assert acts(card)["Skip"][3] == "run.skip('lynx')"
    assert press(trip_page, card, "Break before it")["ok"]
    assert trip.breaks == ("lynx",)
    assert press(trip_page, trip_page.look("lynx"), "Clear the break")["ok"]
    assert trip.breaks == ()
    trip.run()
    assert list(acts(trip_page.look("fetch"))) == ["Run failed items again", "Run again", "Skip"]
    assert press(trip_page, trip_page.look("fetch[1]"), "Skip")["ok"]
    assert trip.states["fetch"] == "succeeded"
    assert press(trip_page, trip_page.look("fetch"), "Run again")["ok"]
    assert trip.task("fetch").state == "running"


def cancelled(run):
    run.run()
    run.rerun("fetch")
    run.cancel()


DRIVES = {
    "begun": lambda run: None,
    "stepped": lambda run: run.step(),
    "paused": lambda run: run.pause(),
    "failed": lambda run: run.run(),
    "undone": lambda run: run.run().revert().run(),
    "cancelled": cancelled,
}


@pytest.mark.parametrize("drive", DRIVES)
def test_no_verb_is_offered_that_the_run_would_refuse(drive):
    def driven():
        run = photos({"u1"}).start({"n": 3})
        DRIVES[drive](run)
        return run

    shown = driven()
    names = [*shown.states, *shown.task("fetch").item_states]
    offered = [(name, words) for name in names for words in acts(Board(shown).card(name))]
    assert offered or drive == "cancelled"
    for name, words in offered:
        run = driven()
        _, act, more, _, _ = acts(Board(run).card(name))[words]
        assert getattr(run, act)(**more) is run


def test_a_retry_tells_when_it_is_due():
    flow = Flow("later")

    @flow.task(retry=Retry(3, delay=600))
    def call() -> None:
        raise OSError("busy")

    run = flow.start()
    run.step()
    board = Board(run)
    card = board.card("call")
    assert card["state"] == "retrying"
    words, at, due = card["attempts"][-1]
    assert (words, at) == ("goes on", "at")
    assert due == run.task("call").due
    assert list(board.head()["flags"].values()) == ["try 2 of 3"]


def test_an_edited_flow_is_drawn_anew(page_on):
    flow = Flow("grows")

    @flow.task
    def a() -> int:
        return 1

    run = flow.start()
    page = page_on(run)
    page.open()

    @flow.task
    def b(a: int) -> int:
        return a + 1

    run.adopt(flow, apply=True)
    page.wait_for(lambda m: m.get("head", {}).get("step") is not None and '"b"' in page.panel.scene)
    names = [node[6] for node in json.loads(page.panel.scene)["nodes"]]
    assert names == ["a", "b"]
    assert len(page.panel.snapshot["s"]) == 2
    assert page.look("b")["state"] == "waiting"


def test_options_are_drawn_as_signs(trip):
    board = Board(trip)
    signs = {node[6]: len(node[7]) if len(node) > 7 else 0 for node in board.scene["nodes"]}
    assert signs["urls"] == 0
    assert signs["fetch"] == 2, "a box behind it, and its undo"
    assert signs["lynx"] == 2, "a box behind it, and a hand"
    assert signs["album"] == 1


def test_how_long_something_took_is_told_as_people_do():
    told = [span(number) for number in (0.0004, 0.05, 0.8, 9.96, 42, 300, 9000)]
    assert told == ["1 ms", "50 ms", "0.8 s", "10.0 s", "42 s", "5 min", "2 h"]
