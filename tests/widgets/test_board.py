"""What a panel says of a run, read from it and never written to it."""

import json

from flowkit import Flow
from flowkit.widgets.board import MOST_NODES, Board


def test_only_what_changed_is_told_again(run):
    board = Board(run)
    names = [node[6] for node in board.scene["nodes"]]
    first = {names[i]: board.scene["states"][number] for i, number in board.changes()}
    assert first == {"inspect": "ready", "quote": "waiting", "agree": "waiting", "repair": "waiting"}
    assert board.changes() == []
    run.step()
    again = {names[i]: board.scene["states"][number] for i, number in board.changes()}
    assert again == {"inspect": "succeeded", "quote": "ready"}


def test_what_is_saved_holds_no_value(shop):
    run = shop.start({"bike": "the secret bicycle"})
    run.step()
    board = Board(run)
    board.changes()
    saved = json.dumps([board.scene, board.snapshot(1)])
    assert "secret" not in saved
    assert "chain" not in saved


def test_the_head_says_what_step_does_and_step_does_it(run):
    board = Board(run)
    while (following := board.head()["step"]["key"]) is not None:
        assert f"`{following}`" in board.head()["say"]
        assert board.head()["can"]["step"] == ""
        [claimed] = [event for event in run.step() if event.kind == "AttemptClaimed"]
        assert claimed.task == following
    assert board.head()["can"]["step"].startswith("Nothing to step")


def test_what_needs_a_person_is_in_focus(run):
    board = Board(run)
    assert board.head()["focus"] == "inspect"
    run.run()
    assert board.head()["focus"] == "agree"
    assert board.scene["nodes"][board.head()["next"]][6] == "agree"
    run.complete("agree", False)
    run.step()
    assert board.head()["focus"] == "repair"
    assert board.card("repair")["failure"]["line"] == "ValueError: the customer said no"


def test_each_act_that_can_not_be_done_says_why(run):
    can = Board(run).head()["can"]
    assert {act for act, why in can.items() if why == ""} == {"step", "run", "pause", "cancel"}
    run.pause()
    can = Board(run).head()["can"]
    assert {act for act, why in can.items() if why == ""} == {"resume", "cancel"}
    run.cancel()
    assert all("ended" in why for why in Board(run).head()["can"].values() if why is not None)


def test_a_result_told_by_hand_carries_its_mark(run):
    run.run()
    run.complete("agree", True)
    board = Board(run)
    marked = {board.scene["nodes"][i][6]: words for i, words in board.head()["flags"].items()}
    assert marked == {"agree": "by hand"}
    assert board.card("agree")["flag"] == "told by hand"


def test_cards_of_a_task_an_input_and_the_run(run):
    run.step()
    board = Board(run)
    card = board.card("inspect")
    assert (card["state"], card["output"], card["result"]) == (
        "succeeded",
        "looking at a red one\n",
        "['chain', 'brake']",
    )
    assert card["inputs"] == [["bike", "'a red one'"]]
    assert [row[:2] for row in card["attempts"]] == [["attempt 1", "succeeded"]]
    given = next(node[6] for node in board.scene["nodes"] if node[5] == "input")
    assert board.card(given)["result"] == "'a red one'"
    assert board.card("")["why"] == run.why().words
    assert board.card("no such task")["key"] == ""


def test_a_very_large_flow_is_told_in_numbers():
    flow = Flow("large")
    for number in range(MOST_NODES + 1):
        flow.task(lambda: 1, name=f"t{number}")
    run = flow.start()
    run.step()
    board = Board(run)
    assert board.scene["nodes"] is None
    assert board.changes() == []
    assert board.head()["counts"] == {"ready": MOST_NODES, "succeeded": 1}
    assert len(json.dumps([board.scene, board.head()])) < 20_000
