"""Real processes on one file: `kill -9`, forks, and writers that race."""

from __future__ import annotations

import os
import random
import sqlite3
from pathlib import Path

import pytest

from flowkit.journal import SqliteJournal
from tests.journal.contract import add, done, seqs, start
from tests.journal.processes import Process, run

WRITER = """
    journal = SqliteJournal(args[0])
    start(journal)
    seq = 1
    while True:
        add(journal, seq + 1, done("x" * (seq % 5000)), done(2))
        seq += 2
        say(seq)
"""


@pytest.mark.skipif(os.name != "posix", reason="there is no kill -9 here")
@pytest.mark.parametrize("seed", range(5))
def test_what_was_acknowledged_survives_kill_9(tmp_path: Path, seed: int) -> None:
    file = tmp_path / "runs.db"
    writer = Process(WRITER, file)
    said = [writer.said() for _ in range(random.Random(seed).randrange(1, 400))]
    said += writer.kill()
    last = int(said[-1])
    journal = SqliteJournal(file)
    entries = journal.read("r")
    facts = sum(len(entry.facts) for entry in entries)
    assert facts >= last
    assert facts % 2 == 1, "an entry was half-written"
    assert seqs(entries) == [1, *range(2, facts + 1, 2)]
    add(journal, facts + 1, done())
    journal.close()
    connection = sqlite3.connect(file)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


@pytest.mark.skipif(os.name != "posix", reason="there is no kill -9 here")
def test_a_writer_that_is_killed_in_its_turn_leaves_nothing_and_holds_nobody_up(tmp_path: Path) -> None:
    file = tmp_path / "runs.db"
    writer = Process(
        """
        journal = SqliteJournal(args[0])
        start(journal)
        journal.begin("r", 1)
        journal.write("r", Entry(2, 2.0, "me", (done("x" * 100_000), done())))
        say("in the turn")
        hear()
        """,
        file,
    )
    assert writer.said() == "in the turn"
    writer.kill()
    journal = SqliteJournal(file, busy_timeout=0.0)
    assert seqs(journal.read("r")) == [1]
    add(journal, 2, done())
    journal.close()


def test_racing_writers_lose_nothing_and_see_no_conflict(tmp_path: Path) -> None:
    file = tmp_path / "runs.db"
    journal = SqliteJournal(file)
    start(journal)
    code = """
        journal = SqliteJournal(args[0])
        say("there")
        hear()
        seq = 0
        for number in range(100):
            for entry in journal.begin("r", seq, durable=number % 10 == 0):
                assert entry.seq == seq + 1
                seq = entry.seq + len(entry.facts) - 1
            journal.write("r", Entry(seq + 1, 1.0, args[1], (done(number), done(number))))
            journal.commit()
            seq += 2
    """
    writers = [Process(code, file, name) for name in "abcd"]
    for writer in writers:
        assert writer.said() == "there"
    for writer in writers:
        writer.tell()
    for writer in writers:
        writer.end()
    entries = journal.read("r", 1)
    assert seqs(entries) == list(range(2, 802, 2))
    for name in "abcd":
        assert sum(entry.by == name for entry in entries) == 100
    journal.close()


# Forks

fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


@fork
def test_what_a_forked_child_writes_outlives_its_parents_connection(tmp_path: Path) -> None:
    """Without letting go before the fork, the parent's close deletes the log that the child writes to."""
    file = tmp_path / "runs.db"
    run(
        """
        journal = SqliteJournal(args[0])
        start(journal)
        (hear_child, tell_parent), (hear_parent, tell_child) = os.pipe(), os.pipe()
        child = os.fork()
        if child == 0:
            add(journal, 2, done("child"))
            os.write(tell_parent, b".")
            os.read(hear_parent, 1)
            add(journal, 3, done("child again"))
            os._exit(0)
        os.read(hear_child, 1)
        say(seqs(journal.begin("r", 1)))
        journal.rollback()
        journal.close()
        os.write(tell_child, b".")
        os.waitpid(child, 0)
        """,
        file,
    )
    journal = SqliteJournal(file)
    assert seqs(journal.read("r")) == [1, 2, 3]
    journal.close()


@fork
def test_parent_and_children_go_on_at_once(tmp_path: Path) -> None:
    file = tmp_path / "runs.db"
    said = run(
        """
        journal = SqliteJournal(args[0])
        start(journal)

        def work(name):
            seq = 0
            for number in range(50):
                for entry in journal.begin("r", seq):
                    seq = entry.seq + len(entry.facts) - 1
                journal.write("r", Entry(seq + 1, 1.0, name, (done(number),)))
                journal.commit()
                seq += 1

        children = []
        for name in "abc":
            child = os.fork()
            if child == 0:
                work(name)
                os._exit(0)
            children.append(child)
        work("parent")
        say([os.waitpid(child, 0)[1] for child in children])
        say(seqs(journal.read("r")) == list(range(1, 202)))
        """,
        file,
    )
    assert said == ["[0, 0, 0]", "True"]


@fork
def test_a_child_forked_in_a_turn_stays_out_of_it(tmp_path: Path) -> None:
    file = tmp_path / "runs.db"
    said = run(
        """
        journal = SqliteJournal(args[0])
        start(journal)
        journal.begin("r", 1)
        journal.write("r", Entry(2, 2.0, "parent", (done(),)))
        child = os.fork()
        if child == 0:
            for use in (lambda: journal.begin("r", 1), lambda: journal.read("r"), journal.version):
                try:
                    use()
                    say("used")
                except JournalError as error:
                    say("refused", "fresh process" in str(error))
            journal.close()
            os._exit(0)
        os.waitpid(child, 0)
        journal.commit()
        say(seqs(journal.read("r")))
        """,
        file,
    )
    assert said == [*["refused True"] * 3, "[1, 2]"]
