"""What a flow's options are in its picture, and what a run adds to it."""

from flowkit import Engine, Flow, Repeat, Retry, failed, finished


def parcel() -> Flow:
    inner = Flow("prep")

    @inner.task
    def wash(fetch):
        return fetch

    @inner.task(repeat=Repeat(max=3))
    def cut(wash):
        return wash

    flow = Flow("parcel")

    @flow.task
    def load(url):
        return [1, 2, 3, 4]

    @flow.task(each="page", bind={"page": "load"}, concurrency=2, retry=Retry(3, delay=30))
    def fetch(page):
        if page == 2:
            raise OSError("no route")
        return page

    @fetch.revert
    def unfetch(fetch):
        pass

    @flow.manual
    def approve(load) -> bool:
        """All right?"""

    flow.add(inner, name="prep")

    @flow.task(when="approve", after="prep")
    def ship():
        return "sent"

    @flow.task(after=failed("ship"))
    def sorry():
        return "sorry"

    @flow.task(after=("ship", finished("sorry")), join="any")
    def note():
        return 1

    return flow


def started():
    return Engine(clock="virtual").start(parcel(), {"url": "x"})


def test_options_are_in_the_drawing():
    graph = started().graph()
    nodes = {node.key: node for node in graph.nodes}
    assert nodes["fetch"].signs == ("each", "undo")
    assert nodes["fetch"].note == "each of page, 2 at once · 3 tries"
    assert nodes["prep"].kind == "flow"
    assert (nodes["prep.cut"].within, nodes["prep.cut"].signs) == ("prep", ("loop",))
    assert nodes["note"].join == "any of 2"
    edges = {(edge.source, edge.target): (edge.kind, edge.label) for edge in graph.edges}
    assert edges["approve", "ship"] == ("when", "when")
    assert edges["ship", "sorry"] == ("failed", "failed")
    assert edges["sorry", "note"] == ("finished", "finished")
    assert edges["prep", "prep.wash"] == ("inside", "")
    assert edges["load", "fetch"] == ("data", "page")
    assert ("prep", "prep.cut") not in edges


def test_a_run_says_how_many_items_have_ended_and_which_try_it_is():
    run = started()
    for _ in range(3):
        run.step()
    assert "running, 1 of 4" in run._repr_mimebundle_()["text/plain"]
    for _ in range(2):
        run.tick("next")
        run.step("fetch[1]")
    run.run()
    assert "1 failed" in run._repr_mimebundle_()["text/plain"]


def test_a_try_and_a_round_stand_beside_the_state_while_they_last():
    flow = Flow("again")

    @flow.task(retry=Retry(3, delay=30))
    def load():
        raise OSError("no route")

    @flow.task(repeat=Repeat(until="poll", max=3))
    def poll():
        return False

    run = Engine(clock="virtual").start(flow)
    run.step("load")
    run.step("poll")
    assert run.flags == {"load": "try 2 of 3", "poll": "round 2"}
    assert "retrying, try 2 of 3" in run._repr_mimebundle_()["text/plain"]


def test_equal_situations_have_equal_pictures_though_time_goes_by():
    flow = Flow("again")

    @flow.task(retry=Retry(2, delay=30))
    def load():
        raise OSError("no route")

    now = [1_000.0]
    run = Engine(clock=lambda: now[0]).start(flow)
    run.step()
    before = run._repr_mimebundle_()
    now[0] += 7
    assert run._repr_mimebundle_() == before
    assert "in 23 s" in run.why("load").words
