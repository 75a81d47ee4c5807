"""What a journal in a file does beyond the contract: reopening, neighbours, commits, and looking into it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowkit.core import facts as f
from flowkit.core.values import Json
from flowkit.errors import JournalBusy, JournalCorrupt, JournalError, NotAJournal, UsageError
from flowkit.journal import Entry, SqliteJournal, database
from flowkit.journal.schema import VERSION, migrations
from tests.journal.contract import ME, PLAN, add, alike, done, every_fact, seqs, start, started


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


@pytest.fixture
def journal(file: Path) -> Iterator[SqliteJournal]:
    with_it = SqliteJournal(file)
    yield with_it
    with_it.close()


def test_everything_is_there_after_reopening(file: Path) -> None:
    one = SqliteJournal(file)
    start(one)
    add(one, 2, *every_fact(), state="succeeded")
    one.begin("r", one.read("r")[-1].seq + len(every_fact()) - 1)
    one.keep_output("r", "quote", 1, [{"text": "hello"}])
    one.commit()
    one.set_progress("r", "quote", 1, 0.5, "half")
    one.beat(ME, 2.0)
    one.close()
    two = SqliteJournal(file)
    assert (two.key, two.uuid, two.name) == (one.key, one.uuid, str(file))
    assert two.summaries()[0].state == "succeeded"
    assert two.plan("p1") == PLAN
    assert seqs(two.read("r")) == [1, 2]
    assert all(alike(a, b) for a, b in zip(two.read("r")[1].facts, every_fact(), strict=True))
    assert two.output("r", "quote", 1) == [{"text": "hello"}]
    assert two.progress("r", "quote", 1) == (0.5, "half")
    assert two.last_beat(ME) == 2.0
    two.close()


def test_two_files_have_two_keys(tmp_path: Path) -> None:
    one, two = SqliteJournal(tmp_path / "one.db"), SqliteJournal(tmp_path / "two.db")
    assert one.key != two.key
    assert one.uuid != two.uuid
    one.close()
    two.close()


def test_values_come_back_as_text_that_nobody_has_read(journal: SqliteJournal) -> None:
    start(journal)
    add(journal, 2, done(Json('{"a": [1,  2]}')), done("text"))
    first, second = journal.read("r", 1)[0].facts
    assert first.value == Json('{"a": [1,  2]}')
    assert second.value == Json('"text"')


def test_neighbours_on_one_file_see_each_other(journal: SqliteJournal, file: Path) -> None:
    start(journal)
    other = SqliteJournal(file)
    assert seqs(other.begin("r", 0)) == [1]
    other.rollback()
    before, others = journal.version(), other.version()
    add(other, 2, done(), f.RunSucceeded(), state="succeeded")
    assert journal.version() != before
    assert other.version() == others
    assert seqs(journal.begin("r", 1)) == [2]
    journal.write("r", Entry(4, 4.0, "me", (done(2),)))
    journal.commit()
    assert seqs(journal.begin("r", 4)) == []
    journal.rollback()
    assert seqs(other.begin("r", 3)) == [4]
    other.rollback()
    assert journal.summary("r") == other.summary("r")
    other.close()


def test_news_of_one_run_is_not_lost_by_a_look_at_another(journal: SqliteJournal, file: Path) -> None:
    start(journal, "red")
    start(journal, "blue")
    add(journal, 2, done(), run_id="red")
    other = SqliteJournal(file)
    other.begin("red", 2)
    other.write("red", Entry(3, 3.0, "other", (done(),)))
    other.commit()
    assert seqs(journal.begin("blue", 1)) == []
    journal.rollback()
    assert seqs(journal.begin("red", 2)) == [3]
    journal.rollback()
    other.close()


def test_a_place_that_is_taken_is_refused_and_nothing_half_written(journal: SqliteJournal) -> None:
    start(journal)
    add(journal, 2, done("first"), done("second"))
    journal.begin("r", 3)
    journal.write("r", Entry(4, 4.0, "me", (done("dropped"),)))
    with pytest.raises(JournalBusy, match="Nothing of this was recorded"):
        journal.write("r", Entry(3, 3.0, "me", (done("again"), done("more"))))
    journal.rollback()
    assert seqs(journal.read("r")) == [1, 2]
    add(journal, 4, done())
    assert seqs(journal.read("r")) == [1, 2, 4]


def test_a_run_id_that_is_taken_is_refused(journal: SqliteJournal) -> None:
    start(journal)
    journal.begin("r", 0)
    with pytest.raises(JournalBusy):
        journal.add_run(started()[0], PLAN)
    journal.rollback()
    assert len(journal.summaries()) == 1


def test_commits_are_counted_exactly(journal: SqliteJournal) -> None:
    assert journal.commits == 0
    start(journal)
    for seq in range(2, 12, 2):
        add(journal, seq, done(), done(2))
    assert journal.commits == 6
    journal.begin("r", 11)
    journal.commit()
    journal.begin("r", 11)
    journal.write("r", Entry(12, 12.0, "me", (done(),)))
    journal.rollback()
    journal.set_progress("r", "quote", 1, 0.5, "")
    journal.beat(ME, 1.0)
    assert journal.commits == 6


def test_a_sync_commits_only_when_something_is_not_on_disk_yet(journal: SqliteJournal, file: Path) -> None:
    start(journal)
    journal.sync()
    assert journal.commits == 2
    assert level_of(journal) == FULL
    journal.sync()
    assert journal.commits == 2
    add(journal, 2, done())
    assert level_of(journal) == NORMAL
    journal.sync()
    assert journal.commits == 4
    other = SqliteJournal(file)
    add(other, 3, done())
    journal.sync()
    journal.sync()
    assert journal.commits == 5
    assert seqs(journal.begin("r", 3, durable=True)) == []
    journal.write("r", Entry(4, 4.0, "me", (done(),)))
    journal.commit()
    journal.sync()
    assert journal.commits == 6
    other.close()


NORMAL, FULL = 1, 2  # SQLite's own words for it; whether a disk has really written can't be seen from here


def level_of(journal: SqliteJournal) -> int:
    """How hard the last commit waited for the disk."""
    assert journal._connection is not None
    return journal._connection.execute("PRAGMA synchronous").fetchone()[0]


@pytest.mark.parametrize(
    ("durability", "durable", "level"),
    [("process", False, NORMAL), ("process", True, FULL), ("power", False, FULL), ("power", True, FULL)],
)
def test_what_must_be_on_disk_waits_for_it(file: Path, durability: str, durable: bool, level: int) -> None:
    journal = SqliteJournal(file, durability=durability)
    start(journal)
    for often in (durable, not durable, durable):
        journal.begin("r", 1, often)
        journal.rollback()
    assert level_of(journal) == level
    journal.close()


def test_writing_needs_a_turn(journal: SqliteJournal) -> None:
    start(journal)
    for write in (
        lambda: journal.write("r", Entry(2, 2.0, "me", (done(),))),
        lambda: journal.keep_output("r", "quote", 1, []),
        lambda: journal.add_run(started("s")[0], PLAN),
        journal.commit,
    ):
        with pytest.raises(UsageError, match="begin"):
            write()
    assert seqs(journal.read("r")) == [1]


def test_a_closed_journal_says_so(file: Path) -> None:
    journal = SqliteJournal(file)
    start(journal)
    journal.begin("r", 1)
    journal.write("r", Entry(2, 2.0, "me", (done(),)))
    journal.close()
    journal.close()
    for use in (lambda: journal.begin("r", 1), lambda: journal.read("r"), journal.sync):
        with pytest.raises(JournalError, match="closed"):
            use()
    again = SqliteJournal(file)
    assert seqs(again.read("r")) == [1]
    again.close()


def test_threads_may_take_turns(journal: SqliteJournal) -> None:
    start(journal)
    lock = threading.Lock()
    seen = [1]
    errors: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for _ in range(50):
                with lock:
                    add(journal, seen[0] + 1, done(name), done(2))
                    seen[0] += 2
                    journal.summaries()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(str(i),)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert seqs(journal.read("r", 1)) == list(range(2, 602, 2))


# Looking into the file


def test_a_person_can_look_into_the_file(journal: SqliteJournal, file: Path) -> None:
    start(journal)
    add(journal, 2, done({"a": 1} and Json('{"a":1}')), f.RunSucceeded())
    db = database(file)
    rows = list(db["events"].rows)
    assert [(row["seq"], row["by"], row["kind"], row["task"]) for row in rows] == [
        (1, "me", "RunStarted", None),
        (2, "me", "TaskSucceeded", "quote"),
        (3, None, "RunSucceeded", None),
    ]
    assert rows[1]["data"] == '{"value":{"a":1}}'
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        db.conn.execute("DELETE FROM events")
    db.conn.close()


def test_nothing_is_made_by_looking(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    for name in ("nothing.db", "empty.db"):
        with pytest.raises(NotAJournal, match=name):
            database(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["empty.db"]
    assert (tmp_path / "empty.db").stat().st_size == 0


# The tables


def test_every_step_is_counted(tmp_path: Path) -> None:
    import sqlite_utils

    db = sqlite_utils.Database(memory=True)
    assert len(migrations().pending(db)) == VERSION


def test_a_file_that_is_up_to_date_opens_without_sqlite_utils(journal: SqliteJournal, file: Path) -> None:
    code = """if True:
        import sys
        from flowkit.journal import SqliteJournal
        SqliteJournal(sys.argv[1]).read("r")
        print("sqlite_utils" in sys.modules)
    """
    said = subprocess.run([sys.executable, "-c", code, file], capture_output=True, text=True, check=True)
    assert said.stdout == "False\n"


# Facts that can't be read


def spoil(file: Path, statement: str) -> None:
    connection = sqlite3.connect(file)
    with connection:
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    "spoilt",
    [
        "kind = 'FromTheFuture'",
        "data = '{\"value\": '",
        "data = NULL",
        "data = x'ff'",
        "data = '[1]'",
        "data = '{}'",
    ],
)
def test_a_fact_that_can_not_be_read_is_named(journal: SqliteJournal, file: Path, spoilt: str) -> None:
    start(journal)
    add(journal, 2, done(), done(2))
    spoil(file, f"UPDATE events SET {spoilt} WHERE seq = 3")
    with pytest.raises(JournalCorrupt, match="Fact 3 of run 'r'"):
        journal.read("r")
    with pytest.raises(JournalCorrupt, match="Fact 3 of run 'r'"):
        journal.begin("r", 1)
    start(journal, "s")
    assert seqs(journal.read("s")) == [1]


def test_a_plan_that_can_not_be_read_is_named(journal: SqliteJournal, file: Path) -> None:
    start(journal)
    spoil(file, "UPDATE plans SET body = '{\"flow\": 1}'")
    with pytest.raises(JournalCorrupt, match="p1"):
        journal.plan("p1")


def test_a_file_without_its_key_is_refused(file: Path) -> None:
    SqliteJournal(file).close()
    spoil(file, "DELETE FROM meta WHERE name = 'key'")
    with pytest.raises(JournalCorrupt, match="key"):
        SqliteJournal(file)


def test_a_durability_that_there_is_not(file: Path) -> None:
    with pytest.raises(UsageError, match="power"):
        SqliteJournal(file, durability="full")
    assert not file.exists()
