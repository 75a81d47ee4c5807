"""A call that comes too late, or when it can't be, says what to do instead."""

from __future__ import annotations

import pytest

from flowkit import Engine, Flow, NotReady, UsageError


def ended(engine: Engine, how: str):  # type: ignore[no-untyped-def]
    flow = Flow("end")
    flow.task(lambda: 1, name="a")
    flow.task(lambda: 1 if how == "succeeded" else 1 / 0, name="b", after="a")
    flow.task(lambda: 1, name="c", after="b")
    run = engine.start(flow)
    if how == "cancelled":
        run.step()
        return run.cancel()
    return run.run()


@pytest.mark.parametrize(
    ("how", "task", "words"),
    [
        ("succeeded", "a", "a has succeeded, and is not run again: its result is there, run['a']."),
        ("failed", "b", "run.task('b').failure shows with what. run.rerun('b') tries it again."),
        ("failed", "c", "c was cancelled: run.why('c') says why. run.rerun('c') does it after all."),
    ],
)
def test_a_step_of_a_task_that_has_ended_says_where_its_end_is_found(
    engine: Engine, how: str, task: str, words: str
) -> None:
    with pytest.raises(NotReady) as refused:
        ended(engine, how).step(task)
    assert words in str(refused.value)
    assert "Nothing was recorded." in str(refused.value)


def test_a_step_of_a_skipped_task_says_where_the_reason_is(engine: Engine) -> None:
    flow = Flow("skip")
    flow.task(lambda: 1, name="a")
    flow.task(lambda a: 1, name="b")
    flow.manual(lambda b: 1, name="c")
    with pytest.raises(NotReady, match=r"a was skipped: run\.why\('a'\) says why"):
        engine.start(flow, results={"b": 1}).step("a")


@pytest.mark.parametrize(
    ("how", "instead"),
    [
        (
            "succeeded",
            "Its result is there: run.result. run.rerun(task) does a task of it again.",
        ),
        (
            "failed",
            "run.why() says what failed. run.rerun(task) tries again, run.skip(task) goes on without it.",
        ),
        ("cancelled", "Start a new run: engine.start(flow, inputs)."),
    ],
)
def test_a_verb_on_a_run_that_has_ended_says_what_to_do_instead(
    engine: Engine, how: str, instead: str
) -> None:
    run = ended(engine, how)
    with pytest.raises(UsageError) as refused:
        run.pause()
    told = f"Can't pause: the run has ended (it is {how}). Nothing was recorded. {instead}"
    assert str(refused.value) == told
    with pytest.raises(UsageError, match="Can't set a breakpoint: the run has ended"):
        run.break_before("a")


def test_a_failing_run_can_not_be_resumed_and_says_how_it_ends(engine: Engine) -> None:
    flow = Flow("failing")
    flow.manual(lambda: 1, name="ask")
    flow.task(lambda: 1 / 0, name="boom")
    run = engine.start(flow).run()
    assert run.state == "failing"
    with pytest.raises(
        UsageError, match=r"What is out may still be reported, and run\.cancel\(\) ends it now"
    ):
        run.resume()
