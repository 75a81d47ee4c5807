"""What stands at the path is recognised before it is touched, and what isn't ours is left alone."""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path

import pytest

from flowkit.errors import JournalBusy, JournalError, JournalTooNew, NotAJournal, UsageError
from flowkit.journal import SqliteJournal
from flowkit.journal.schema import APPLICATION_ID, bring_up_to_date
from tests.journal.contract import add, done, seqs, start
from tests.journal.processes import Process, run


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file in the folder, with what is in it and when it was last written."""
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def foreign(file: Path, *statements: str) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None)
    for statement in (*statements, "CREATE TABLE cats (name)", "INSERT INTO cats VALUES ('Tom')"):
        connection.execute(statement)
    return connection


@pytest.mark.parametrize(
    "content",
    [
        b"x",
        b"hello world\n" * 5000,
        os.urandom(100_000),
        b"SQLite format 3\0",
        b"SQLite format 3\0" + bytes(84),
    ],
    ids=["a byte", "text", "noise", "cut off", "half a header"],
)
def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "notes.txt"
    file.write_bytes(content)
    before = snapshot(tmp_path)
    with pytest.raises(JournalError, match=r"notes\.txt"):
        SqliteJournal(file)
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("pragma", ["user_version = 1", "journal_mode = WAL", "application_id = 7"])
def test_a_foreign_database_is_left_alone(tmp_path: Path, pragma: str) -> None:
    file = tmp_path / "cats.db"
    foreign(file, f"PRAGMA {pragma}").close()
    before = snapshot(tmp_path)
    with pytest.raises(NotAJournal, match=r"cats\.db.*something else"):
        SqliteJournal(file)
    assert snapshot(tmp_path) == before


def test_a_foreign_database_at_work_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "cats.db"
    connection = foreign(file, "PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO cats VALUES ('Felix')")
    before = snapshot(tmp_path)
    with pytest.raises(NotAJournal):
        SqliteJournal(file)
    assert snapshot(tmp_path) == before
    connection.execute("COMMIT")
    assert connection.execute("SELECT count(*) FROM cats").fetchone() == (2,)
    connection.close()


def test_a_foreign_database_in_a_transaction_of_the_old_kind_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "cats.db"
    connection = foreign(file)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO cats VALUES ('Felix')")
    assert (tmp_path / "cats.db-journal").exists()
    before = snapshot(tmp_path)
    with pytest.raises(NotAJournal):
        SqliteJournal(file)
    assert snapshot(tmp_path) == before
    connection.execute("COMMIT")
    connection.close()


def test_places_where_no_file_can_be(tmp_path: Path) -> None:
    with pytest.raises(NotAJournal, match="is a folder"):
        SqliteJournal(tmp_path)
    with pytest.raises(NotAJournal, match=r"There is no folder .*nowhere"):
        SqliteJournal(tmp_path / "nowhere" / "runs.db")
    (tmp_path / "file").write_text("x")
    with pytest.raises(NotAJournal, match=r"runs\.db"):
        SqliteJournal(tmp_path / "file" / "runs.db")
    with pytest.raises(NotAJournal, match="can't be reached"):
        SqliteJournal(tmp_path / ("x" * 300))
    for name in ("", "a\0b", ":memory:"):
        with pytest.raises(UsageError, match="no file name"):
            SqliteJournal(name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotAJournal, match="no ordinary file"):
        SqliteJournal(tmp_path / "pipe")


def test_an_empty_file_becomes_a_journal(tmp_path: Path) -> None:
    file = tmp_path / "runs.db"
    file.touch()
    journal = SqliteJournal(file)
    start(journal)
    assert seqs(journal.read("r")) == [1]
    journal.close()


@pytest.mark.parametrize("name", ["a b.db", "100%.db", "what?.db", "#1.db", "é🚲.db", "a;b'c.db"])
def test_odd_file_names(tmp_path: Path, name: str) -> None:
    if sys.platform == "win32" and "?" in name:
        pytest.skip("no file can have this name here")
    journal = SqliteJournal(tmp_path / name)
    start(journal)
    journal.close()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_relative_path_is_fixed_when_it_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    journal = SqliteJournal("runs.db")
    monkeypatch.chdir(tmp_path / "elsewhere")
    start(journal)
    assert journal.name == str(tmp_path / "runs.db")
    assert not list((tmp_path / "elsewhere").iterdir())
    journal.close()


def test_a_newer_file_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "runs.db"
    SqliteJournal(file).close()
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = snapshot(tmp_path)
    with pytest.raises(JournalTooNew, match=r"runs\.db.*version 99.*update flowkit"):
        SqliteJournal(file)
    assert snapshot(tmp_path) == before


def test_a_newer_file_with_a_log_that_was_not_written_back(tmp_path: Path) -> None:
    made, left = tmp_path / "made", tmp_path / "left"
    made.mkdir()
    left.mkdir()
    connection = sqlite3.connect(made / "runs.db", isolation_level=None)
    SqliteJournal(made / "runs.db").close()
    for statement in ("user_version = 99", "wal_checkpoint", "user_version = 100"):
        connection.execute(f"PRAGMA {statement}").fetchall()
    for name in ("runs.db", "runs.db-wal"):
        (left / name).write_bytes((made / name).read_bytes())
    connection.close()
    before = snapshot(left)
    assert len(before["runs.db-wal"][0]) > 0
    with pytest.raises(JournalTooNew):
        SqliteJournal(left / "runs.db")
    assert snapshot(left) == before


def test_a_file_that_becomes_newer_while_others_use_it(tmp_path: Path) -> None:
    file = tmp_path / "runs.db"
    open_one = SqliteJournal(file)
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA user_version = 99")  # as yet in the log only
    with pytest.raises(JournalTooNew):
        SqliteJournal(file)
    connection.close()
    open_one.close()


def test_an_older_file_is_brought_up_to_date(tmp_path: Path) -> None:
    file = tmp_path / "runs.db"
    connection = sqlite3.connect(file)  # as a flowkit before the first step would have left it
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute("CREATE TABLE kept (x)")
    connection.close()
    journal = SqliteJournal(file)
    start(journal)
    assert seqs(journal.read("r")) == [1]
    journal.close()


def test_a_file_that_became_foreign_while_one_waited_for_it(tmp_path: Path) -> None:
    connection = foreign(tmp_path / "cats.db")
    with pytest.raises(NotAJournal, match="something else"):
        bring_up_to_date(connection, "cats.db")
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("cats",)]
    assert connection.execute("PRAGMA application_id").fetchone() == (0,)
    connection.close()


def test_making_waits_for_a_neighbour_no_longer_than_asked(tmp_path: Path) -> None:
    file = tmp_path / "runs.db"
    file.touch()
    neighbour = sqlite3.connect(file, isolation_level=None)
    neighbour.execute("BEGIN EXCLUSIVE")
    with pytest.raises(JournalBusy, match=r"runs\.db"):
        SqliteJournal(file, busy_timeout=0.05)
    neighbour.execute("ROLLBACK")
    neighbour.close()
    SqliteJournal(file, busy_timeout=0.05).close()


def test_opening_drops_no_lock_of_this_process(tmp_path: Path) -> None:
    """POSIX drops all of a process's locks on a file when any of its descriptors for it is closed."""
    file = tmp_path / "runs.db"
    journal = SqliteJournal(file)
    start(journal)
    journal.begin("r", 1)
    SqliteJournal(file).close()
    said = run(
        """
        journal = SqliteJournal(args[0], busy_timeout=0.05)
        try:
            journal.begin("r", 1)
        except JournalBusy:
            say("busy")
        """,
        file,
    )
    assert said == ["busy"]
    journal.rollback()
    journal.close()


@pytest.mark.parametrize("round_", range(3))
def test_eight_processes_make_one_file(tmp_path: Path, round_: int) -> None:
    file = tmp_path / "runs.db"
    if round_ == 1:
        file.touch()
    code = """
        say("there")
        hear()
        journal = SqliteJournal(args[0])
        start(journal, args[1])
        say(journal.key.hex(), journal.uuid)
    """
    processes = [Process(code, file, number) for number in range(8)]
    for process in processes:
        assert process.said() == "there"
    for process in processes:
        process.tell()
    said = [process.end() for process in processes]
    assert len({tuple(lines) for lines in said}) == 1
    journal = SqliteJournal(file)
    assert said[0] == [f"{journal.key.hex()} {journal.uuid}"]
    assert sorted(summary.run_id for summary in journal.summaries()) == [str(number) for number in range(8)]
    journal.close()
    connection = sqlite3.connect(file)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("SELECT count(*) FROM _sqlite_migrations").fetchone() == (1,)
    connection.close()


def test_a_file_whose_maker_was_killed_is_made_again(tmp_path: Path) -> None:
    file = tmp_path / "runs.db"
    maker = Process(
        """
        import sqlite3
        connection = sqlite3.connect(args[0], isolation_level=None)
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE events (x)")
        connection.executemany("INSERT INTO events VALUES (?)", [("x" * 3000,)] * 200)
        say("half done")
        hear()
        """,
        file,
    )
    assert maker.said() == "half done"
    maker.kill()
    assert file.stat().st_size > 0
    assert (tmp_path / "runs.db-journal").exists()
    journal = SqliteJournal(file)
    start(journal)
    add(journal, 2, done())
    assert seqs(journal.read("r")) == [1, 2]
    journal.close()


def test_a_file_that_was_left_while_its_log_was_written_back(tmp_path: Path) -> None:
    """A kill in the middle of that leaves a file that is whole only together with its log."""
    file = tmp_path / "runs.db"
    journal = SqliteJournal(file)
    start(journal)
    for seq in range(2, 30):
        add(journal, seq, done("x" * 3000))
    log, before = (tmp_path / "runs.db-wal").read_bytes(), file.stat().st_size
    journal.close()
    whole = file.read_bytes()
    for part in (before, (before + len(whole)) // 8192 * 4096, len(whole) - 4096):
        file.write_bytes(whole[:part])
        (tmp_path / "runs.db-wal").write_bytes(log)
        journal = SqliteJournal(file)
        assert seqs(journal.read("r")) == list(range(1, 30))
        add(journal, 30, done())
        journal.close()
