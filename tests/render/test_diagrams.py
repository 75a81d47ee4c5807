"""The page of states is drawn from the tables, and from nothing else."""

from pathlib import Path

from flowkit.core import states
from flowkit.render import diagrams

PAGE = Path(__file__).parents[2] / "docs" / "states.md"


def test_the_page_is_up_to_date():
    again = "write it anew: python -m flowkit.render.diagrams > docs/states.md"
    assert PAGE.read_text("utf8") == diagrams.states_page(), again


def test_every_transition_is_drawn_and_no_other():
    for dot, table in (
        (diagrams.task_diagram(), states.TASK_TABLE),
        (diagrams.run_diagram(), states.RUN_TABLE),
    ):
        drawn = set()
        for line in dot.splitlines():
            if "->" in line and 'label=""' not in line:
                _, before, _, after, _, label, _ = line.split('"')
                drawn |= {(before, fact, after) for fact in label.split("\\n")}
        assert drawn == {(before, fact, after) for (before, fact), after in table.items()}


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
