"""What can't be left out is refused, and nothing is recorded."""

import pytest

from flowkit.core import advance
from flowkit.core import messages as m
from flowkit.core.plan import Asked
from flowkit.errors import UsageError
from tests.render.scripted import Scripted, flow, manual, task


def refused(run: Scripted, unit: str) -> str:
    before = len(run.facts)
    answer = advance(run.fold, m.Skip(task=unit), run.at)
    assert len(run.facts) == before
    assert answer.facts == ()
    assert isinstance(answer.error, UsageError)
    return str(answer.error)


@pytest.mark.parametrize("rest", [True, False])
def test_a_cancelled_unit_of_a_run_that_has_not_ended_can_not_be_left_out(rest):
    run = Scripted(
        manual("other"),
        flow("sub"),
        task("sub.a", within="sub"),
        task("sub.b", "sub.a", within="sub"),
        on_failure="pause" if rest else "continue",
    )
    run.start().claim("sub.a").fail("sub.a")
    assert (run.fold.states["sub.b"], run.fold.state) == ("cancelled", "paused" if rest else "running")
    assert "it has been cancelled" in refused(run, "sub.b")
    assert run.skip("sub").fold.states["sub"] == "skipped"


def test_a_subflow_in_which_something_is_being_undone_can_not_be_left_out():
    run = Scripted(
        flow("sub", on_failure="revert"),
        task("sub.a", within="sub", undo=Asked()),
        manual("sub.b", "sub.a", within="sub"),
        task("end", "sub"),
    )
    run.start().work("sub.a").fail("sub.b")
    assert run.fold.states["sub.a"] == "reverting"
    assert "sub.a is being undone" in refused(run, "sub")
