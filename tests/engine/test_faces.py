"""What flows, runs, tasks, lists and receipts show of themselves: small, harmless, the same in two Run Alls, never an error."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest

import flowkit
from flowkit import Engine, Flow, NotReady
from tests.engine.orders import Aside, Gate, Order, chain

MOST = 40_000
EVIL = [
    "<script>alert(1)</script>",
    '"><img src=x onerror="alert(1)">',
    "</svg><iframe src=javascript:alert(1)>",
    "]]><!--",
    "&lt;b&gt; &amp; 'quotes\" `ticks`",
    "line\none\ttwo\r\x00\x1b[31mred\x07",
    "\u202edesrever\u2066 \u200bzero",
    "<B>bold</B> label=<table>",
    "\\N\\l\\G {a|b} %s %d {0}",
]


def bundle(it: Any) -> dict[str, str]:
    """What a notebook asks for and saves."""
    made = it._repr_mimebundle_(include=None, exclude=None)
    assert set(made) <= {"image/svg+xml", "text/plain", "text/html"}
    assert made["text/plain"]
    assert sum(len(text.encode("utf-8", "surrogatepass")) for text in made.values()) <= MOST
    return made


class Safe(HTMLParser):
    """HTML or SVG that can do nothing: no script, frame, handler, link, or place outside."""

    ALLOWED = frozenset(
        "table caption thead tbody tr th td svg g title desc path rect text tspan style defs polygon polyline "
        "ellipse circle line marker use clippath".split()
    )

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in self.ALLOWED, tag
        for name, value in attrs:
            assert not name.startswith("on"), name
            assert name not in ("src", "action", "formaction")
            assert not name.endswith("href") or (value or "").startswith("#")
            if name == "style":
                assert "url(" not in (value or "")


def harmless(made: dict[str, str]) -> None:
    for kind in ("image/svg+xml", "text/html"):
        if kind in made:
            parser = Safe()
            parser.feed(made[kind])
            parser.close()
            made[kind].encode()
    if "image/svg+xml" in made:
        ElementTree.fromstring(made["image/svg+xml"])
    text = made["text/plain"]
    text.encode()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\udc80-\udfff]", text)


def story(engine: Engine, run_id: str | None = None) -> list[dict[str, str]]:
    """All faces of one run's life."""
    flow = Order()
    seen: list[Any] = [flow, flow.check()]
    run = engine.start(flow, {"item": "x"}, run_id=run_id)
    shown = [bundle(flow), bundle(run), bundle(run.ready()), bundle(run.step()), bundle(run.task("quote"))]
    shown += [bundle(run.run()), bundle(run.step()), bundle(run.complete("approve", True))]
    shown += [
        bundle(run.complete("approve", True)),
        bundle(run.pause()),
        bundle(run.resume()),
        bundle(run.run()),
    ]
    shown += [bundle(run.events), bundle(run.ready()), bundle(run.step()), bundle(run.tick())]
    shown += [{"repr": repr(seen), "why": str(run.why()), "next": run.next_words()}]
    return shown


def test_two_runs_of_a_notebook_show_the_same(engine: Engine) -> None:
    assert story(engine) == story(engine)
    assert story(engine) == story(Engine())


def test_no_time_and_no_id_is_in_a_picture(engine: Engine) -> None:
    run = engine.start(Order(), {"item": "x"}, run_id="very-own-id").run()
    faces = [run, run.events, run.ready(), run.task("quote"), run.step(), run.complete("approve", True)]
    token = run.ready()[0].token if run.ready() else "none"
    when = [str(int(event.at)) for event in run.events]
    for face in faces:
        for text in bundle(face).values():
            assert "very-own-id" not in text
            assert token not in text
            assert not any(second in text for second in when)
            assert not re.search(r"0x[0-9a-f]{6}|\d\d:\d\d", text)


@pytest.mark.parametrize("state", ["succeeded", "failed", "paused", "cancelled", "failing", "pausing"])
def test_every_state_of_a_run_has_a_picture_that_says_it(engine: Engine, state: str) -> None:
    gate, flow = Gate(), Flow("states")
    flow.task(gate.wait, name="slow")
    flow.manual(lambda: None, name="ask")
    flow.task(lambda slow, ask: 1, name="last")
    run = engine.start(flow)
    if state == "pausing":
        aside = Aside(run.run)
        gate.reached()
        run.pause()
    gate.open()
    if state == "failing":
        run.fail("slow", "no")
    elif state == "failed":
        run.fail("slow", "no")
        run.fail("ask", "no")
    elif state == "succeeded":
        run.complete("ask", 1)
        run.run()
    elif state in ("paused", "cancelled"):
        run.pause() if state == "paused" else run.cancel()
    if state == "pausing":
        made = bundle(run)
        aside.end()
    else:
        made = bundle(run)
        assert run.state == state
    assert state in made["text/plain"] or state == "pausing"
    assert "image/svg+xml" in made
    harmless(made)


@pytest.mark.parametrize("size", [5, 1000, 10_000])
@pytest.mark.parametrize("shape", ["chain", "fan"])
def test_pictures_stay_small_at_any_size(size: int, shape: str) -> None:
    flow = Flow("large")
    for n in range(size):
        source = f"task_{n - 1 if shape == 'chain' else 0}" if n else "start"
        flow.task(eval(f"lambda {source}: {n}"), name=f"task_{n}")
    assert "image/svg+xml" in bundle(flow)
    run = flow.start({"start": 1})
    before = bundle(run)
    events = run.step()
    offers = run.ready()
    faces = [run, events, offers, run.task("task_0"), run.task(f"task_{size - 1}"), run.complete("task_1", 5)]
    for face in faces:
        harmless(bundle(face))
        assert len(repr(face)) < 2000 or face is offers
    assert "image/svg+xml" in before
    assert bundle(run) != before
    run.run()
    assert str(size)[:1] in bundle(run)["text/plain"]
    harmless(bundle(run.events))


def test_every_repr_is_one_line(engine: Engine) -> None:
    flow = Flow("two\nlines")
    name = "a\nb\r\x1b[2J"
    flow.task(lambda: "x\ny", name=name)
    flow.manual(lambda: None, name="ask\nme")
    run = engine.start(flow, run_id="id\nid")
    offers = run.ready()
    events = run.step()
    receipt = run.complete("ask\nme", "line\nline")
    for it in (flow, flow[name], run, run.task(name), run.task(name).attempts[0], offers, offers[0], events):
        assert repr(it).isprintable(), repr(it)
    for it in (
        receipt,
        run.events,
        run.events[0],
        run.events[-1],
        engine,
        engine.runs(),
        run.why(),
        run.why(name),
    ):
        assert repr(it).isprintable(), repr(it)


def evil_flow() -> Flow:
    flow = Flow(EVIL[0], inputs=dict.fromkeys(EVIL))
    for n, text in enumerate(EVIL):

        def work(x: Any, fail: bool = False, text: str = text) -> Any:
            print(text)
            flowkit.emit(text, [text])
            return {text: [text]}

        flow.task(work, name=text + str(n), bind={"x": text}, fixed={"text": text})

        def ask(x: Any) -> Any: ...

        ask.__doc__ = text + "\udc80"
        flow.manual(ask, name=f"ask {text}", bind={"x": text + str(n)})

        def boom(x: Any, text: str = text) -> None:
            raise ValueError(text)

        flow.task(boom, name=f"boom {text}", bind={"x": f"ask {text}"}, fixed={"text": text})
    return flow


def test_markup_quotes_and_control_characters_are_harmless_everywhere(engine: Engine) -> None:
    flow = evil_flow()
    assert flow.check() == []
    harmless(bundle(flow))
    run = engine.start(flow, dict.fromkeys(EVIL, EVIL))
    harmless(bundle(run))
    run.run()
    harmless(bundle(run.ready()))
    for n, text in enumerate(EVIL):
        name = text + str(n)
        assert run[name] == {text: [text]}
        harmless(bundle(run.task(name)))
        harmless(bundle(run.complete(f"ask {text}", text, note=text)))
        str(run.why(f"boom {text}")).encode()
    harmless(bundle(run.step()))
    failed = next(name for name, state in run.states.items() if state == "failed")
    harmless(bundle(run.task(failed)))
    assert run.task(failed).failure.message in EVIL
    harmless(bundle(run))
    harmless(bundle(run.events))
    run_of_failures = engine.start(flow, dict.fromkeys(EVIL, EVIL))
    run_of_failures.fail(EVIL[0] + "0", EVIL[1], type=EVIL[2], note=EVIL[3])
    harmless(bundle(run_of_failures))
    run_of_notes = engine.start(flow, dict.fromkeys(EVIL, EVIL))
    run_of_notes.pause(note=EVIL[0])
    harmless(bundle(run_of_notes))
    run_of_notes.cancel(note=EVIL[1])
    harmless(bundle(run_of_notes))
    harmless(bundle(engine.runs()))
    harmless(bundle(engine.ready()))
    halved = "\udc80 lone"
    run_of_halves = engine.start(flow, dict.fromkeys(EVIL, halved), run_id=halved)
    run_of_halves.complete(EVIL[0] + "0", {halved: [halved]}, note=halved)
    run_of_halves.fail(EVIL[1] + "1", halved, type=halved)
    for face in (run_of_halves, run_of_halves.task(EVIL[0] + "0"), run_of_halves.events, engine.runs()):
        harmless(bundle(face))


def test_a_faulty_flow_shows_what_is_wrong() -> None:
    flow = chain("a", "b")
    flow.task(lambda b: 1, name="c", after="nobody")
    flow.task(lambda d: 1, name="d")
    made = bundle(flow)
    assert "Can't start" in made["text/plain"]
    assert "nobody" in made["text/plain"]
    assert "image/svg+xml" in made
    harmless(made)


def test_values_that_raise_when_shown_spoil_no_face() -> None:
    class Rude:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    flow = Flow("rude")
    flow.task(Rude, name="make")
    flow.manual(lambda make: None, name="ask")
    run = flow.start().run()
    for face in (run, run.task("make"), run.events, run.ready()):
        bundle(face)
        repr(face)
    assert "Rude" in repr(run.task("make"))


def test_a_value_s_own_code_is_not_called_under_the_lock(engine: Engine) -> None:
    """A `__repr__` that asks the engine from another thread would wait for ever otherwise."""
    if engine.name != "memory":
        return

    class Curious:
        def __repr__(self) -> str:
            return Aside(lambda: f"<curious in a run that is {run.state}>").end()

    flow = Flow("curious")
    flow.task(Curious, name="make")
    flow.task(lambda make: 1 / 0, name="boom")
    flow.manual(lambda make: None, name="ask")
    run = engine.start(flow).run()
    for look in (run.task("make"), run.events, run.ready(), run, run.step()):
        bundle(look)
        repr(look)
    str(run.why())
    assert run.events[2].data
    with pytest.raises(NotReady):
        run.step("ask")


def test_lists_stay_lists(engine: Engine) -> None:
    run = engine.start(Order(), {"item": "x"})
    events, offers = run.step(), run.ready()
    assert isinstance(events, list)
    assert isinstance(offers, list)
    assert events[0] in events
    assert len(offers) == 2
    assert bool(run.tick()) is False
    assert engine.runs()[0].run_id == run.id
