"""The page of states is drawn from the tables, and from nothing else."""

import re
from pathlib import Path

from flowkit.core import states
from flowkit.render import diagrams

PAGE = Path(__file__).parents[2] / "docs" / "states.md"


def test_the_page_is_up_to_date():
    again = "write it anew: python -m flowkit.render.diagrams > docs/states.md"
    assert PAGE.read_text("utf8") == diagrams.states_page(), again


def rows(dot):
    """(state, fact, next state) of all that is drawn in a DOT graph."""
    for line in dot.splitlines():
        if "->" in line and 'label=""' not in line:
            _, before, _, after, _, label, _ = line.split('"')
            but = before.removeprefix("any state but ")
            names = (
                [s for s in states.TASK_STATES if s != but] if but != before else re.split(", | or ", before)
            )
            yield from ((name, fact, after) for name in names for fact in label.split("\\n"))


def test_every_transition_is_drawn_once_and_no_other():
    for diagrams_, table in (
        (diagrams.task_diagrams(), states.TASK_TABLE),
        (diagrams.run_diagrams(), states.RUN_TABLE),
    ):
        drawn = [row for arrows in diagrams_.values() for row in rows(diagrams.dot(arrows))]
        assert len(drawn) == len(set(drawn)) == len(table)
        assert set(drawn) == {(before, fact, after) for (before, fact), after in table.items()}


def test_the_two_notations_draw_the_same():
    for arrows in (*diagrams.task_diagrams().values(), *diagrams.run_diagrams().values()):
        text = diagrams.mermaid(arrows)
        assert text.count("-->") == len(arrows) == diagrams.dot(arrows).count("->")
        assert all(fact in text for facts in arrows.values() for fact in facts)


def test_every_state_has_a_meaning():
    assert tuple(diagrams.TASK_MEANINGS) == states.TASK_STATES
    assert tuple(diagrams.RUN_MEANINGS) == states.RUN_STATES


def test_the_tables_hold_every_pair_once():
    page = diagrams.states_page()
    for (before, fact), after in {**states.TASK_TABLE, **states.RUN_TABLE}.items():
        assert f"| {before or '(not begun)'} | `{fact}` | {after} |" in page
    verdicts = diagrams.verdict_table(states.RUN_VERDICTS, states.RUN_STATES)
    assert "does not occur" not in verdicts
    assert verdicts.count("**applied**") == sum(v == states.APPLY for v in states.RUN_VERDICTS.values())
