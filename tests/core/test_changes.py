"""What differs between two plans, in words."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from flowkit.core import Asked, Param, Plan, RepeatPlan, RetryPlan, TaskPlan
from flowkit.core.changes import changes

TASK = TaskPlan(
    "b",
    params=(Param("a", "task", "a"), Param("n", "fixed", fixed="1")),
    after=("c",),
    digest="d1",
    compiled="p:1",
    when=Asked(params=(Param("a", "task", "a"),), digest="w1"),
    repeat=RepeatPlan(Asked(digest="u1"), 3),
    retry=RetryPlan(2),
    undo=Asked(digest="x1"),
    reads={"the global RATE": "1", "the helper clean()": "2"},
)


def told(**edited: Any) -> str:
    old = Plan("f", (TaskPlan("a"), TASK))
    new = Plan("f", (TaskPlan("a"), msgspec.structs.replace(TASK, **edited)))
    found = changes(old, new)
    assert set(found) <= {"b"}
    return found.get("b", "")


@pytest.mark.parametrize(
    ("edited", "words"),
    [
        ({}, ""),
        ({"digest": "d2", "compiled": "p:2"}, "its code"),
        ({"digest": "d2"}, ""),
        ({"compiled": "q:1"}, ""),
        ({"reads": {"the global RATE": "2", "the helper clean()": "2"}}, "the global RATE"),
        ({"reads": {"the global RATE": "1"}}, "the helper clean(), which it reads no more"),
        (
            {"reads": {"the global RATE": "1", "the helper clean()": "2", "the global X": "3"}},
            "the global X",
        ),
        ({"params": (Param("a", "task", "a"), Param("n", "fixed", fixed="2"))}, "the fixed value of n"),
        ({"params": (Param("a", "input", "a"), Param("n", "fixed", fixed="1"))}, "where a comes from"),
        ({"params": (Param("a", "task", "a", 1), Param("n", "fixed", fixed="1"))}, "where a comes from"),
        ({"params": (Param("a", "task", "a"),)}, "the parameter n, which it has no more"),
        ({"params": (*TASK.params, Param("m", "input", "m"))}, "the new parameter m"),
        ({"after": ()}, "its links"),
        ({"upon": (("a", "failed"),)}, "its links"),
        ({"join": 1}, "its join"),
        ({"when": None}, "its decider"),
        ({"when": Asked(params=(Param("a", "task", "a"),), digest="w2")}, "its decider"),
        ({"when": Asked(source="a")}, "its decider"),
        ({"when": Asked(params=(Param("a", "task", "a"),), digest="w1", text="other words")}, ""),
        ({"each": "a"}, "its items"),
        ({"repeat": None}, "its loop"),
        ({"repeat": RepeatPlan(Asked(digest="u2"), 3)}, "its loop"),
        ({"repeat": RepeatPlan(Asked(digest="u1"), 4)}, "its loop"),
        ({"outputs": ("x", "y")}, "the parts of its result"),
        ({"kind": "manual", "digest": ""}, "it was a task and is a manual task"),
        ({"digest": "d2", "compiled": "", "join": 1}, "its code, its join"),
        ({"retry": RetryPlan(3)}, ""),
        ({"timeout": 3.0, "priority": 1, "on_crash": "ask", "pause_before": True, "doc": "new"}, ""),
        ({"undo": None}, ""),
        ({"retry": RetryPlan(0, each="a")}, "the values that it is tried with"),
    ],
)
def test_what_changed_is_told_in_words(edited: dict, words: str) -> None:
    assert told(**edited) == words


def test_the_type_of_a_result_matters_where_somebody_reports_it() -> None:
    def plan(kind: str, schema: str) -> Plan:
        return Plan("f", (TaskPlan("a", kind, result={"kind": schema}),))

    assert changes(plan("manual", "int"), plan("manual", "str")) == {"a": "the type of its result"}
    assert changes(plan("task", "int"), plan("task", "str")) == {}


def test_tasks_of_one_plan_alone_have_not_changed() -> None:
    assert changes(Plan("f", (TaskPlan("a"), TASK)), Plan("f", (TaskPlan("a"), TaskPlan("z")))) == {}
