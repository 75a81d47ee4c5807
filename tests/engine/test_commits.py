"""How many commits a run makes on a file, exactly: each one is a wait that a user pays for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flowkit import AlreadyCompleted, Engine, Flow, InvalidValue, emit
from flowkit.journal import SqliteJournal


class Counted:
    """An engine on a file, and how often its journal committed something."""

    def __init__(self, path: Path) -> None:
        self.engine = Engine(path)
        journal = self.engine._house.journal
        assert isinstance(journal, SqliteJournal)
        self._journal = journal
        self.statements: list[str] = []
        connection = journal._connection
        assert connection is not None
        connection.set_trace_callback(self.statements.append)

    @property
    def commits(self) -> int:
        return self._journal.commits


@pytest.fixture
def counted(tmp_path: Path) -> Iterator[Counted]:
    one = Counted(tmp_path / "runs.db")
    yield one
    one.engine.close()


def link(before: int) -> int:
    return before + 1


def chain(tasks: int) -> Flow:
    flow = Flow("chain")
    for i in range(tasks):
        bind = {"before": f"t{i - 1}"} if i else {}
        flow.task(link, name=f"t{i}", bind=bind, fixed={} if i else {"before": 0})
    return flow


def asking() -> Flow:
    """A task, a question, a task."""
    flow = Flow("asking")

    @flow.task
    def quote() -> int:
        return 40

    @flow.manual
    def agree(quote: int) -> bool: ...

    @flow.task
    def work(quote: int, agree: bool) -> str:
        return "done" if agree else "left"

    return flow


@pytest.mark.parametrize("tasks", [1, 2, 10, 300])
def test_a_chain_takes_one_commit_a_task_and_one_more(counted: Counted, tasks: int) -> None:
    run = counted.engine.start(chain(tasks))
    before = counted.commits
    assert run.run().state == "succeeded"
    assert run[f"t{tasks - 1}"] == tasks
    # The first claim; then each report with the claim of what is next; the last report with the run's end.
    assert counted.commits - before == tasks + 1


def test_tasks_side_by_side_take_as_few(counted: Counted) -> None:
    flow = Flow("wide")
    for i in range(50):
        flow.task(link, name=f"t{i}", fixed={"before": i})
    run = counted.engine.start(flow)
    before = counted.commits
    run.run()
    assert counted.commits - before == 51


def test_a_start_is_one_commit(counted: Counted) -> None:
    before = counted.commits
    counted.engine.start(chain(10))
    counted.engine.start(chain(10), results={"t0": 5})
    assert counted.commits - before == 2


def test_a_step_is_two_commits(counted: Counted) -> None:
    """The claim is on file before the function is entered, and nothing is claimed ahead of the next step."""
    run = counted.engine.start(chain(3))
    for _ in range(3):
        before = counted.commits
        assert len(run.step()) >= 2
        assert counted.commits - before == 2
    assert run.state == "succeeded"


def test_the_claim_is_committed_before_the_function_is_entered(counted: Counted) -> None:
    flow = Flow("looking")
    seen: list[int] = []

    @flow.task
    def look() -> None:
        seen.append(counted.commits)

    run = counted.engine.start(flow)
    before = counted.commits
    run.step()
    assert seen == [before + 1]


def test_a_step_that_can_do_nothing_commits_nothing(counted: Counted) -> None:
    run = counted.engine.start(asking()).run()
    before = counted.commits
    assert run.step() == []
    assert run.run().stopped_by == "waiting"
    assert counted.commits == before


def test_a_report_by_hand_is_one_commit(counted: Counted) -> None:
    run = counted.engine.start(asking()).run()
    before = counted.commits
    run.complete("agree", True)
    assert counted.commits - before == 1


def test_a_report_that_ends_the_run_is_one_commit_too(counted: Counted) -> None:
    run = counted.engine.start(asking()).run()
    run.complete("agree", True)
    before = counted.commits
    run.complete("work", "by hand")
    assert run.state == "succeeded"
    assert counted.commits - before == 1


def test_a_repeated_or_a_bad_report_commits_nothing(counted: Counted) -> None:
    run = counted.engine.start(asking()).run()
    before = counted.commits
    with pytest.raises(InvalidValue):
        run.complete("agree", "perhaps")
    assert counted.commits == before
    run.complete("agree", True)
    before = counted.commits
    assert run.complete("agree", True).verdict == "repeat"
    assert counted.commits == before


def test_a_refusal_that_is_kept_is_one_commit(counted: Counted) -> None:
    run = counted.engine.start(asking()).run()
    run.complete("agree", True)
    before = counted.commits
    with pytest.raises(AlreadyCompleted):
        run.complete("agree", False)
    assert counted.commits - before == 1


def test_each_verb_is_one_commit_and_looking_is_none(counted: Counted) -> None:
    run = counted.engine.start(chain(3))
    before = counted.commits
    run.pause()
    run.resume()
    run.break_before("t2")
    run.cancel()
    assert counted.commits - before == 4
    before = counted.commits
    assert run.why().words
    assert run.events
    assert run.task("t0").attempts
    assert [one.run_id for one in counted.engine.runs()] == [run.id]
    assert repr(run)
    assert run._repr_mimebundle_()
    assert counted.commits == before


def test_output_is_kept_with_the_report(counted: Counted) -> None:
    flow = Flow("talking")

    @flow.task
    def talk() -> str:
        print("hello")
        return "said"

    run = counted.engine.start(flow)
    before = counted.commits
    run.run()
    assert run.task("talk").output == "hello\n"
    assert counted.commits - before == 2


def test_an_event_of_a_task_is_one_commit_more(counted: Counted) -> None:
    flow = Flow("telling")

    @flow.task
    def tell() -> None:
        emit("half")

    run = counted.engine.start(flow)
    before = counted.commits
    run.run()
    assert counted.commits - before == 3


def test_a_report_is_committed_with_the_claim_of_what_is_next(counted: Counted) -> None:
    run = counted.engine.start(chain(3))
    counted.statements.clear()
    run.run()
    turns: list[int] = []
    for statement in counted.statements:
        if statement.startswith("BEGIN"):
            turns.append(0)
        elif statement.startswith("INSERT INTO events"):
            turns[-1] += 1
    assert [rows for rows in turns if rows] == [1, 2, 2, 2]
    kinds = [event.kind for event in run.events][1:]
    assert kinds == ["AttemptClaimed", "TaskSucceeded"] * 3 + ["RunSucceeded"]


def test_the_count_is_what_sqlite_was_told(counted: Counted) -> None:
    run = counted.engine.start(chain(20))
    counted.statements.clear()
    before = counted.commits
    run.run()
    wrote, told = False, 0
    for statement in counted.statements:
        wrote = wrote or statement.startswith("INSERT INTO events")
        if statement == "COMMIT":
            told, wrote = told + wrote, False
    assert told == counted.commits - before == 21


def test_a_token_that_leaves_is_one_sync_and_a_second_one_is_none(counted: Counted) -> None:
    run = counted.engine.start(chain(2))
    run.step()
    before = counted.commits
    first = run.ready()[0].token
    asked = counted.commits - before
    assert run.ready()[0].token == first
    assert counted.commits - before == asked == 1
