"""Starting: inputs that are missing, unknown or do not fit; and starting again, which is a resume or is refused."""

from __future__ import annotations

import linecache
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from flowkit import (
    DefinitionError,
    Engine,
    Flow,
    FlowChanged,
    InvalidValue,
    NotReady,
    RunExists,
    UsageError,
    ValueNotStorable,
)
from tests.engine.orders import Order, chain


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({}, ("'item' is missing", "quote", "label")),
        (None, ("'item' is missing",)),
        ({"itm": "x"}, ("'item' is missing", "'itm' is no input", "did you mean 'item'")),
        ({"item": "x", "extra": 1}, ("'extra' is no input",)),
        ({"item": "x", "quote": 1}, ("'quote' is no input but a task", "results={'quote': …}")),
        ({1: 1}, ("1 is no name",)),
        ({"item": "x", None: 1}, ("None is no name",)),
        (5, ("mapping",)),
    ],
)
def test_missing_and_unknown_inputs(engine: Engine, inputs: Any, told: tuple) -> None:
    with pytest.raises(UsageError) as refused:
        engine.start(Order(), inputs)
    assert all(words in str(refused.value) for words in (*told, "No run was started"))
    assert engine.runs() == []


def test_inputs_that_do_not_fit_are_told_all_at_once(engine: Engine) -> None:
    flow = Flow("typed", inputs={"count": int, "names": list[str], "anything": None})
    flow.task(lambda count, names, anything: [count, names], name="use")
    with pytest.raises(InvalidValue) as refused:
        engine.start(flow, {"count": "three", "names": ["a", 2], "anything": object})
    assert all(words in str(refused.value) for words in ("count='three'", "int", "names", "[1]", "No run"))
    assert engine.runs() == []
    assert engine.start(flow, {"count": 3, "names": [], "anything": 1}).run().result == [3, []]


def test_annotations_of_parameters_judge_inputs_where_they_agree(engine: Engine) -> None:
    flow = Flow("open")

    def one(n: int, m: int) -> int: ...
    def two(n: int, m: str) -> int: ...

    one.__annotations__, two.__annotations__ = {"n": int, "m": int}, {"n": int, "m": str}
    flow.task(one)
    flow.task(two)
    with pytest.raises(InvalidValue, match="n='1'"):
        engine.start(flow, {"n": "1", "m": "1"})
    engine.start(flow, {"n": 1, "m": "1"})


def test_an_input_without_a_codec_is_refused_on_a_file(path: Path) -> None:
    with Engine(path) as engine:
        with pytest.raises(ValueNotStorable, match=r"path\[1\].*object"):
            engine.start(chain_with_input(), {"path": [1, object()]})
        assert engine.runs() == []


def chain_with_input() -> Flow:
    flow = Flow("in")
    flow.task(lambda path: path, name="use")
    return flow


def test_inputs_must_be_a_mapping_and_the_id_a_text(engine: Engine) -> None:
    for inputs in (["item"], "item", 5):
        with pytest.raises(UsageError, match="mapping"):
            engine.start(Order(), inputs)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="mapping"):
        engine.start(Order(), {"item": "x"}, results=["quote"])  # type: ignore[arg-type]
    for run_id in ("", 5, b"x"):
        with pytest.raises(UsageError, match="run_id"):
            engine.start(Order(), {"item": "x"}, run_id=run_id)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="Flow"):
        engine.start("order", {"item": "x"})  # type: ignore[arg-type]


def test_a_part_of_a_task_is_no_input_and_its_task_is_named(engine: Engine) -> None:
    flow = Flow("parts")
    flow.task(lambda: (1, 2), name="split", outputs=("train", "test"))
    flow.task(lambda train: train, name="fit")
    with pytest.raises(UsageError, match=r"part of the task split.*results=\{'split': …\}"):
        engine.start(flow, {"train": 1})
    assert engine.runs() == []


def test_other_wrong_arguments_of_a_start_are_told_and_start_nothing(engine: Engine) -> None:
    for options, told in (
        ({"target": ["quote"]}, "target"),
        ({"target": 5}, "target"),
        ({"results": 5}, "mapping"),
        ({"results": {5: 1}}, "5 is no name"),
        ({"results": {None: 1}}, "None is no name"),
    ):
        with pytest.raises(UsageError, match=told):
            engine.start(Order(), {"item": "x"}, **options)  # type: ignore[arg-type]
    assert engine.runs() == []


def test_opening_asks_for_a_text_and_a_flow(engine: Engine) -> None:
    engine.start(Order(), {"item": "x"}, run_id="mine")
    for odd in ([], None, 5):
        with pytest.raises(UsageError, match="holds no run"):
            engine.open(odd)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="5 is no Flow"):
        engine.open("mine", 5)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no Flow"):
        engine.open("mine", Order().plan())  # type: ignore[arg-type]


def test_half_a_character_is_no_file_name() -> None:
    with pytest.raises(UsageError, match="no file name"):
        Engine("\ud800.db")


def test_what_has_a_default_need_not_be_given(engine: Engine) -> None:
    flow = Flow("defaults", inputs={"a": int, "b": int})
    flow.task(lambda a, b=2: a + b, name="add")
    assert engine.start(flow, {"a": 1}).run().result == 3
    assert engine.start(flow, {"a": 1, "b": 5}).run().result == 6


# Starting again ---------------------------------------------------------------------------------------------


def test_the_same_again_is_a_resume_and_says_so(engine: Engine, capsys: pytest.CaptureFixture[str]) -> None:
    flow = Order()
    run = engine.start(flow, {"item": "x"}, run_id="mine")
    run.step("quote")
    capsys.readouterr()
    again = engine.start(flow, {"item": "x"}, run_id="mine")
    told = capsys.readouterr().out
    assert "mine" in told
    assert "resumed" in told
    assert "1 of 4" in told
    assert again.id == "mine"
    again.step("label")
    assert run.states == again.states
    assert flow.calls == ["quote", "label"]
    assert len(engine.runs()) == 1


def test_run_all_after_a_restart_goes_on(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calls = []
    for _ in range(2):
        flow = Order()
        with Engine(path) as engine:
            run = engine.start(flow, {"item": "x"}, run_id="mine").run()
            run.complete("approve", True)
            run.run()
            assert run.result["ship"] == [12.5, True]
        calls.append(flow.calls)
    assert calls == [["quote", "label", "ship"], []]
    assert "the run is succeeded" in capsys.readouterr().out


def test_other_inputs_other_results_or_another_target_are_another_run(engine: Engine) -> None:
    flow = Order()
    engine.start(flow, {"item": "x"}, run_id="mine", results={"quote": 1.0})
    with pytest.raises(RunExists, match=r"item='x'.*item='y'.*engine\.open\('mine', flow\)"):
        engine.start(flow, {"item": "y"}, run_id="mine", results={"quote": 1.0})
    with pytest.raises(RunExists, match="quote"):
        engine.start(flow, {"item": "x"}, run_id="mine", results={"quote": 2.0})
    with pytest.raises(RunExists, match="quote"):
        engine.start(flow, {"item": "x"}, run_id="mine")
    with pytest.raises(RunExists, match="target"):
        engine.start(flow, {"item": "x"}, run_id="mine", target="ship", results={"quote": 1.0})
    run = engine.start(flow, {"item": "x"}, run_id="mine", results={"quote": 1.0})
    assert [event.kind for event in run.events] == ["RunStarted", "TaskSucceeded"]


def added(flow: Flow) -> None:
    flow.task(lambda ship: 1, name="tell")


def removed(flow: Flow) -> None:
    flow.remove("label")


def rewired(flow: Flow) -> None:
    flow.task(lambda quote: [], name="ship")


def retyped(flow: Flow) -> None:
    def approve(quote: float) -> bool: ...

    approve.__annotations__["return"] = int
    flow.manual(approve)


def renamed(flow: Flow) -> None:
    flow.name = "other"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (added, "tell is new"),
        (removed, "label is gone"),
        (rewired, "ship is wired"),
        (retyped, "approve is wired or declared otherwise"),
        (renamed, "'other'"),
    ],
)
def test_another_structure_is_told_and_nothing_recorded(engine: Engine, change: Any, told: str) -> None:
    engine.start(Order(), {"item": "x"}, run_id="mine").step()
    flow = Order()
    change(flow)
    with pytest.raises(FlowChanged, match=told):
        engine.open("mine", flow)
    with pytest.raises(FlowChanged, match=told):
        engine.start(flow, {"item": "x"}, run_id="mine")
    run = engine.open("mine")
    assert run.seq == 3
    assert run["quote"] == 12.5


def test_a_flow_that_asks_for_more_is_another_structure_not_other_inputs(engine: Engine) -> None:
    engine.start(Order(), {"item": "x"}, run_id="mine")
    flow = Order()
    flow.task(lambda quote, approve, address: [], name="ship")
    with pytest.raises(FlowChanged, match="ship"):
        engine.start(flow, {"item": "x", "address": "here"}, run_id="mine")


def test_edited_code_is_noted_and_not_entered(engine: Engine) -> None:
    engine.start(Order(), {"item": "x"}, run_id="mine")
    flow = Order()

    def quote(item: str) -> float:
        raise AssertionError("this is not the code of the run")

    flow.task(quote)
    run = engine.start(flow, {"item": "x"}, run_id="mine")
    assert "quote" in run.note
    assert "label" not in run.note
    with pytest.raises(NotReady, match="code"):
        run.step("quote")
    assert run.run().stopped_by == "waiting"
    assert run.states == {"quote": "ready", "approve": "waiting", "ship": "waiting", "label": "succeeded"}
    assert "code" in str(run.why("quote"))
    assert [offer.able for offer in run.ready()] == ["changed"]
    run.complete("quote", 3.0)
    assert run.states["approve"] == "ready"


def flow_from(text: str, place: Path) -> Flow:
    """A flow whose task `work` stands in a file, as a cell does in one of its own."""
    place.write_text(textwrap.dedent(text))
    linecache.checkcache(str(place))
    scope: dict[str, Any] = {}
    exec(compile(place.read_text(), str(place), "exec"), scope)
    flow = Flow("edit")
    flow.task(scope["work"], name="work", bind={"x": "given"})
    return flow


SAME = [
    (
        "def work(x): return x * 2",
        """
        def work(x):
            "Twice as much."

            # A remark.
            return (x  *  2)
        """,
    ),
    ("work = lambda x: x * 2", "# Twice.\nwork = lambda x: (x * 2)"),
    ("def work(x, k=2): return x * k", "def work(x,\n    k = 2):\n    return x * k"),
]
OTHER = [
    ("def work(x): return x * 2", "def work(x): return x * 3"),
    ("def work(x, k=2): return x * k", "def work(x, k=3): return x * k"),
    ("def work(x, *, k=2): return x * k", "def work(x, *, k=3): return x * k"),
    ("work = lambda x: x * 2", "work = lambda x: x * 3"),
    ("work = lambda x, k=2: x * k", "work = lambda x, k=3: x * k"),
    ("def work(x): return x", "async def work(x): return x"),
    ("def work(x): return max(x, 1)", "def work(x): return min(x, 1)"),
    ("def work(x): return [n + 1 for n in x]", "def work(x): return [n + 2 for n in x]"),
    (
        "a = b = 1\ndef make(a, b):\n    return lambda x: x + a\nwork = make(1, 2)",
        "a = b = 1\ndef make(a, b):\n    return lambda x: x + b\nwork = make(1, 2)",
    ),
    (
        "import functools\ndef f(x, k): return x * k\nwork = functools.partial(f, k=2)",
        "import functools\ndef f(x, k): return x * k\nwork = functools.partial(f, k=3)",
    ),
    (
        "class W:\n    def __call__(self, x): return x * 2\nwork = W()",
        "class W:\n    def __call__(self, x): return x * 3\nwork = W()",
    ),
]


@pytest.mark.parametrize(("before", "after"), SAME)
def test_layout_comments_and_docstrings_are_no_edit(path: Path, before: str, after: str) -> None:
    with Engine(path) as engine:
        engine.start(flow_from(before, path.with_suffix(".py")), {"given": 2}, run_id="mine")
        run = engine.open("mine", flow_from(after, path.with_suffix(".py")))
        assert run.note == ""
        assert run.run().result == 4


@pytest.mark.parametrize(("before", "after"), OTHER)
def test_whatever_changes_what_a_task_does_is_an_edit(path: Path, before: str, after: str) -> None:
    with Engine(path) as engine:
        first = flow_from(before, path.with_suffix(".py"))
        engine.start(first, {"given": [2]}, run_id="mine")
        assert engine.open("mine", flow_from(before, path.with_suffix(".py"))).next_task() == "work"
        run = engine.open("mine", flow_from(after, path.with_suffix(".py")))
        assert "work" in run.note
        assert run.next_task() is None


def test_a_lambda_is_recognised_in_another_process_whatever_its_sets_look_like(path: Path) -> None:
    code = f"""
    from flowkit import Engine, Flow
    flow = Flow("sets")
    flow.task(eval("lambda x: x in {{'ah', 'beh', 'ceh', 'deh', 'eh', ('f', 'g')}}"), name="known")
    with Engine({str(path)!r}) as engine:
        run = engine.start(flow, {{"x": "ah"}}, run_id="mine")
        print([run.note, run.next_task()])
    """
    for seed in ("1", "2", "3"):
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.splitlines()[-1] == "['', 'known']"


def test_a_faulty_flow_starts_nothing(engine: Engine) -> None:
    flow = chain("a", "b")
    flow.task(lambda a: 1, name="c", after="nobody")
    with pytest.raises(DefinitionError, match="nobody"):
        engine.start(flow, run_id="mine")
    assert engine.runs() == []


def test_ids_are_made_up_where_none_is_given(engine: Engine) -> None:
    ids = {engine.start(chain("a")).id for _ in range(20)}
    assert len(ids) == 20
    assert {summary.run_id for summary in engine.runs()} == ids
