"""Each benchmark runs at a tiny size and shows what it measured. How long anything takes is no matter here."""

import gc
import subprocess
import sys
from pathlib import Path

import pytest

import make
from benchmarks.__main__ import BENCHMARKS, summary
from benchmarks.measuring import Pair, Times, in_turns, timed
from benchmarks.shapes import SHAPES, flow_of, functions_of, plain_loop
from benchmarks.sizes import size_named
from benchmarks.table import HEAD, Budget, Row, table


@pytest.mark.parametrize("name", BENCHMARKS)
def test_each_benchmark_fills_its_table(name: str, tmp_path: Path) -> None:
    rows = list(BENCHMARKS[name](size_named("tiny", tmp_path)))
    assert rows
    head, _, *lines = table(rows).splitlines()
    assert head.split() == " ".join(HEAD).split()
    assert len(lines) == len(rows)
    for row, line in zip(rows, lines, strict=True):
        assert line.startswith(row.what)
        assert row.verdict in line


def test_what_design_promises_is_held_against_a_budget(tmp_path: Path) -> None:
    judged = {
        name: [row.what for row in BENCHMARKS[name](size_named("tiny", tmp_path)) if row.verdict]
        for name in ("memory", "durable", "reports", "importing")
    }
    assert {what.partition(",")[0].partition(":")[0] for what in judged["memory"]} == set(SHAPES)
    assert any("commits" in what for what in judged["durable"])
    assert len(judged["reports"]) == 4
    assert sum("heavy" in what for what in judged["importing"]) == 2


@pytest.mark.parametrize("name", ["again", "deciding", "items", "nested"])
def test_what_has_options_is_judged_by_how_it_grows(name: str, tmp_path: Path) -> None:
    found = list(BENCHMARKS[name](size_named("tiny", tmp_path)))
    judged = [row for row in found if row.verdict]
    assert judged
    assert {row.unit for row in judged} == {"×"}
    assert len({row.what for row in found}) == len(found)


@pytest.mark.parametrize("shape", SHAPES)
def test_both_sides_do_the_same_work(shape: str) -> None:
    graph = SHAPES[shape](40)
    run = flow_of(graph).start().run()
    assert {name: run[name] for name in graph} == plain_loop(graph, functions_of(graph))


@pytest.mark.parametrize(
    ("figure", "budget", "verdict"),
    [
        (2.0, Budget(must=3, aim=2), "aim met"),
        (2.1, Budget(must=3, aim=2), "met"),
        (3.1, Budget(must=3, aim=2), "NOT MET"),
        (3.0, Budget(must=3), "met"),
        (0, Budget(must=0), "met"),
        (2.1, Budget(aim=2), "aim not met"),
        (99.0, Budget(), ""),
    ],
)
def test_a_figure_is_judged_by_its_budget(figure: float, budget: Budget, verdict: str) -> None:
    assert Row("something", figure, "×", budget).verdict == verdict


def test_a_missed_budget_is_named_at_the_end() -> None:
    told = summary([Row("this", 2, "×", Budget(must=1)), Row("that", 1, "×", Budget(must=1))])
    assert told.splitlines() == ["1 of 2 budgets met", "  not met: this"]


def test_a_ratio_is_that_of_medians_by_either_clock() -> None:
    pair = Pair(Times([(9.0, 3.0), (4.0, 2.0), (5.0, 2.0)]), Times([(1.0, 1.0), (2.0, 1.0), (8.0, 1.0)]))
    assert (pair.ratio, pair.least) == (2.5, 4.0)
    assert (pair.computing.ratio, pair.computing.least) == (2.0, 2.0)


def test_sides_go_first_in_turns_and_only_the_work_is_timed() -> None:
    seen: list[str] = []

    def side(name: str) -> object:
        def prepare() -> object:
            seen.append(f"prepare {name}")
            return lambda: seen.append(name)

        return prepare

    pair = in_turns(2, side("ours"), side("theirs"))
    assert [name for name in seen if " " not in name] == ["theirs", "ours", "ours", "theirs"]
    assert len(pair.ours.seconds) == len(pair.theirs.seconds) == 2


def test_an_unknown_benchmark_is_refused_with_the_names_of_all() -> None:
    command = [sys.executable, "-m", "benchmarks", "nothing"]
    done = subprocess.run(command, cwd=make.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert all(name in done.stderr for name in BENCHMARKS)


def test_what_was_there_before_is_no_garbage_of_the_work() -> None:
    seen: list[int] = []
    before = gc.get_freeze_count()
    timed(lambda: seen.append(gc.get_freeze_count()))
    assert seen[0] > before
    with pytest.raises(ZeroDivisionError):
        timed(lambda: 1 // 0)
    assert gc.get_freeze_count() == 0
