"""Messages to the page: few, in order, and in the end right."""

import json
import subprocess
import sys
import threading

from flowkit import Flow
from tests.widgets.page import PATIENCE, Page


def test_a_burst_of_changes_arrives_as_few_messages_with_the_last_states(page_on):
    flow = Flow("wide")
    for number in range(400):
        flow.task(lambda: 1, name=f"t{number}")
    run = flow.start()
    page = page_on(run)
    page.open()
    run.run()
    page.wait_for(lambda m: m.get("head", {}).get("run") == "succeeded")
    assert set(page.states().values()) == {"succeeded"}
    changes = [m for m in page.got if m["t"] == "d"]
    assert len(changes) < 60, "801 events must not be as many messages"
    assert all(len(m.get("e", [])) <= 60 for m in changes)


def test_messages_are_numbered_without_a_gap(page, run):
    run.run()
    page.wait_for(lambda m: m.get("head", {}).get("focus") == "agree")
    numbers = [m["q"] for m in page.got if m["t"] == "d"]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_a_late_page_gets_everything_at_once(page, run):
    run.run()
    late = Page(page.panel, "v2")
    snap = late.open()
    assert snap["n"] == run.seq
    assert [line[0] for line in snap["e"]] == list(range(1, run.seq + 1))
    assert late.states()["quote"] == "succeeded"


def test_a_card_in_sight_is_told_again_when_it_changes_and_only_then(page, run):
    assert page.look("quote")["state"] == "waiting"
    run.step()
    assert page.wait_for(lambda m: m["t"] == "card" and m["state"] == "ready")["key"] == "quote"
    run.step()
    page.wait_for(lambda m: m["t"] == "card" and m["state"] == "succeeded")
    assert {m["key"] for m in page.got if m["t"] == "card"} == {"quote"}


def test_looking_writes_nothing(page, run):
    seen = run.seq
    for node in json.loads(page.panel.scene)["nodes"]:
        page.look(node[6])
    page.look("")
    page.send(t="bye")
    page.open()
    assert run.seq == seen
    assert run.states["inspect"] == "ready"


def test_what_another_process_did_is_followed(page_on, shop, file_engine):
    run = file_engine.start(shop, {"bike": "blue"}, run_id="march-1")
    page = page_on(run)
    page.open()
    code = (
        "from tests.widgets.conftest import repair_shop; from flowkit import Engine; import sys;"
        "Engine(sys.argv[1]).open('march-1', repair_shop()).run()"
    )
    subprocess.run([sys.executable, "-c", code, file_engine.path], check=True)
    page.wait_for(lambda m: m.get("head", {}).get("focus") == "agree")
    assert page.states()["quote"] == "succeeded"


def test_the_picture_is_saved_when_the_run_rests(page, run):
    saved = threading.Event()
    page.panel.observe(lambda change: change["new"]["n"] == run.seq and saved.set(), "snapshot")
    run.run()
    assert saved.wait(PATIENCE)
    states = json.loads(page.panel.scene)["states"]
    assert [states[int(letter, 36)] for letter in page.panel.snapshot["s"] if letter != "."] == [
        *run.states.values()
    ]


def test_an_engine_that_is_closed_is_said_and_nothing_breaks(page_on, shop, tmp_path):
    from flowkit import Engine

    engine = Engine(tmp_path / "shop.db")
    run = engine.start(shop, {"bike": "blue"})
    page = page_on(run)
    page.open()
    engine.close()
    answer = page.do("pause")
    assert not answer["ok"]
    assert "closed" in answer["error"]
