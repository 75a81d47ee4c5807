"""What the disk, other processes and other people can do to an open journal: one typed error, and nothing half-written."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flowkit.errors import JournalBusy, JournalCorrupt, JournalError, JournalFull
from flowkit.journal import Entry, SqliteJournal
from tests.journal.contract import ME, add, done, seqs, start
from tests.journal.processes import Process, run

posix = pytest.mark.skipif(sys.platform == "win32", reason="an open file can't be taken away here")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "runs.db"


@pytest.fixture
def journal(file: Path) -> Iterator[SqliteJournal]:
    journal = SqliteJournal(file, busy_timeout=0.05)
    start(journal)
    yield journal
    journal.close()


# Locked


def test_a_lock_that_is_held_too_long(journal: SqliteJournal, file: Path) -> None:
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writes: list[Callable[[], object]] = [
        lambda: add(journal, 2, done()),
        lambda: journal.set_progress("r", "quote", 1, 0.5, ""),
        lambda: journal.beat(ME, 1.0),
        journal.sync,
    ]
    for write in writes:
        with pytest.raises(JournalBusy, match=r"runs\.db.*Nothing of this was recorded\. Try again"):
            write()
    assert seqs(journal.read("r")) == [1]
    assert len(journal.summaries()) == 1
    other.execute("ROLLBACK")
    other.close()
    add(journal, 2, done())
    journal.sync()
    assert seqs(journal.read("r")) == [1, 2]


def test_a_lock_that_is_let_go_is_waited_for(file: Path) -> None:
    journal = SqliteJournal(file)
    start(journal)
    holder = Process(
        """
        journal = SqliteJournal(args[0])
        journal.begin("r", 1)
        say("held")
        hear()
        journal.write("r", Entry(2, 2.0, "holder", (done(),)))
        journal.commit()
        """,
        file,
    )
    assert holder.said() == "held"
    holder.tell()
    news = journal.begin("r", 1)
    journal.rollback()
    holder.end()
    assert seqs(news) in ([], [2])
    assert seqs(journal.read("r")) == [1, 2]
    journal.close()


# Deleted, replaced, moved


@posix
@pytest.mark.parametrize("durable", [True, False])
def test_a_file_that_is_deleted_is_not_made_anew(journal: SqliteJournal, file: Path, durable: bool) -> None:
    for path in file.parent.iterdir():
        path.unlink()
    journal._checked = 0.0  # as after a millisecond
    with pytest.raises(JournalError, match=r"runs\.db: it was deleted or moved away"):
        journal.begin("r", 1, durable)
    with pytest.raises(JournalError, match="deleted"):
        journal.set_progress("r", "quote", 1, 0.5, "")
    with pytest.raises(JournalError, match="deleted"):
        journal.sync()
    assert list(file.parent.iterdir()) == []


@posix
def test_a_file_that_is_replaced_is_not_mistaken(journal: SqliteJournal, file: Path, tmp_path: Path) -> None:
    other = SqliteJournal(tmp_path / "other.db")
    other.close()
    os.replace(tmp_path / "other.db", file)
    with pytest.raises(JournalError, match=r"runs\.db: another file stands in its place.*-wal and -shm"):
        journal.begin("r", 1, durable=True)
    journal.close()
    for name in ("runs.db-wal", "runs.db-shm"):
        (tmp_path / name).unlink()
    fresh = SqliteJournal(file)
    assert fresh.summaries() == []
    fresh.close()


@posix
def test_a_file_that_comes_back_can_be_used_again(journal: SqliteJournal, file: Path, tmp_path: Path) -> None:
    away = tmp_path / "away.db"
    os.rename(file, away)
    with pytest.raises(JournalError, match="Put the file back"):
        journal.begin("r", 1, durable=True)
    os.rename(away, file)
    add(journal, 2, done())
    assert seqs(journal.read("r")) == [1, 2]


@posix
def test_a_file_that_went_away_in_a_fork_is_not_made_anew(journal: SqliteJournal, file: Path) -> None:
    journal.before_fork()
    for path in file.parent.iterdir():
        path.unlink()
    journal.after_fork(child=False)
    with pytest.raises(JournalError, match="deleted"):
        journal.read("r")
    assert list(file.parent.iterdir()) == []


# Full


def fill(journal: SqliteJournal, until: int, value: str) -> None:
    """Entries of one fact, until they are so many; each that is acknowledged has to be there."""
    for seq in range(2, until):
        acknowledged = [entry.seq for entry in journal.read("r")]
        assert acknowledged == list(range(1, seq))
        add(journal, seq, done(value))


def test_a_disk_without_room(journal: SqliteJournal, file: Path) -> None:
    assert journal._connection is not None
    (pages,) = journal._connection.execute("PRAGMA page_count").fetchone()
    journal._connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    large = "x" * 10_000
    with pytest.raises(
        JournalFull, match=r"runs\.db: the disk is full.*Nothing of this was recorded.*Make room"
    ):
        fill(journal, 10, large)
    journal.rollback()
    kept = len(journal.read("r"))
    assert 1 <= kept < 10
    journal._connection.execute("PRAGMA max_page_count = 1000000")
    add(journal, kept + 1, done(large))
    assert seqs(journal.read("r")) == list(range(1, kept + 2))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can make a small disk")
def test_a_really_small_disk(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.system(f"mount -t tmpfs -o size=400k tmpfs '{disk}' 2>/dev/null"):
        pytest.skip("no disk can be mounted here")
    try:
        journal = SqliteJournal(disk / "runs.db")
        start(journal)
        ballast = disk / "ballast"
        ballast.write_bytes(bytes(100_000))
        with pytest.raises(JournalFull, match="the disk is full"):
            fill(journal, 500, "x" * 1000)
        journal.rollback()
        kept = len(journal.read("r"))
        assert 1 < kept < 500
        ballast.unlink()
        add(journal, kept + 1, done("x" * 1000))
        journal.close()
        again = SqliteJournal(disk / "runs.db")
        assert seqs(again.read("r")) == list(range(1, kept + 2))
        again.close()
    finally:
        os.system(f"umount '{disk}'")


@posix
def test_a_disk_that_gives_errors(file: Path) -> None:
    """A limit on the size of files makes each write beyond it fail, as a failing disk would."""
    said = run(
        """
        import resource
        journal = SqliteJournal(args[0])
        start(journal)
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (os.path.getsize(args[0] + "-wal") + 100_000, hard))
        kept, before = 1, journal.version()
        try:
            while True:
                add(journal, kept + 1, done("x" * 1000))
                kept += 1
        except JournalError as error:
            say(type(error).__name__, "runs.db" in str(error), "recorded" in str(error))
        say("read anew" if journal.version() != before else "as remembered")
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        journal.rollback()
        say(seqs(journal.read("r")) == list(range(1, kept + 1)))
        add(journal, kept + 1, done("after"))
        journal.close()
        say(seqs(SqliteJournal(args[0]).read("r")) == list(range(1, kept + 2)), kept > 2)
        """,
        file,
    )
    assert said == ["JournalError True True", "read anew", "True", "True True"]


# Read-only


@pytest.fixture
def folders() -> Iterator[tuple[str, str]]:
    """Two folders that everybody can reach, which isn't so for pytest's own."""
    made = tempfile.mkdtemp(), tempfile.mkdtemp()
    for folder in made:
        os.chmod(folder, 0o755)
    yield made
    for folder in made:
        os.chmod(folder, 0o755)
        shutil.rmtree(folder)


AS_NOBODY = """
folder, copy = args
path = folder + "/runs.db"
journal = SqliteJournal(path)
start(journal)
journal.close()

def become_nobody():
    if os.geteuid() == 0:
        os.setgid(65534); os.setuid(65534)

def look_and_try():
    journal = SqliteJournal(path, busy_timeout=0.05)
    say(seqs(journal.read("r")), journal.summary("r").state, journal.plan("p1").flow)
    for write in (lambda: add(journal, 2, done()), lambda: journal.set_progress("r", "quote", 1, 0.5, ""), journal.sync):
        try:
            write()
            say("written")
        except JournalReadOnly as error:
            say("read-only", path in str(error), "Looking works" in str(error))
    journal.rollback()
    say(seqs(journal.read("r")))
"""

READ_ONLY = ["[1] running shop", *["read-only True True"] * 3, "[1]"]


@posix
@pytest.mark.parametrize("folder", ["0o555", "0o777"], ids=["read-only folder", "writable folder"])
def test_a_read_only_file_is_for_looking(folder: str, folders: tuple[str, str]) -> None:
    said = run(
        AS_NOBODY
        + f"""
os.chmod(path, 0o444); os.chmod(folder, {folder})
become_nobody()
look_and_try()
look_and_try()
""",
        *folders,
    )
    assert said == READ_ONLY * 2


@posix
def test_a_read_only_file_that_others_write_to(folders: tuple[str, str]) -> None:
    said = run(
        AS_NOBODY
        + """
os.chmod(path, 0o644)
(hear_writer, tell_us), (hear_us, _held) = os.pipe(), os.pipe()
if os.fork() == 0:
    os.close(_held)
    journal = SqliteJournal(path)
    add(journal, 2, done())
    os.write(tell_us, b".")
    os.read(hear_us, 1)
    os._exit(0)
os.read(hear_writer, 1)
os.chmod(folder, 0o555); os.chmod(path, 0o444)
become_nobody()
try:
    say(seqs(SqliteJournal(path).read("r")))
except JournalReadOnly as error:
    say("Copy both files" in str(error))
""",
        *folders,
    )
    # The last entries are in the log of the living writer: shown if SQLite can read it there, refused if not,
    # and never passed over in silence.
    assert said in (["[1, 2]"], ["True"])


@posix
def test_a_log_that_can_not_be_read_is_not_passed_over(folders: tuple[str, str]) -> None:
    said = run(
        AS_NOBODY
        + """
journal = SqliteJournal(path)
add(journal, 2, done())
for name in ("/runs.db", "/runs.db-wal"):
    with open(folder + name, "rb") as source, open(copy + name, "wb") as target:
        target.write(source.read())
os.chmod(copy, 0o555)
become_nobody()
try:
    say(seqs(SqliteJournal(copy + "/runs.db").read("r")))
except JournalReadOnly as error:
    say("Copy both files" in str(error))
""",
        *folders,
    )
    assert said == ["True"]


@posix
def test_a_folder_where_nothing_can_be_made(folders: tuple[str, str]) -> None:
    said = run(
        AS_NOBODY
        + """
os.chmod(folder, 0o555)
become_nobody()
try:
    SqliteJournal(folder + "/new.db")
except JournalReadOnly as error:
    say(folder in str(error), "Choose another place" in str(error))
say(os.listdir(folder))
""",
        *folders,
    )
    assert said == ["True True", "['runs.db']"]


@posix
def test_a_file_that_can_not_be_read(folders: tuple[str, str]) -> None:
    said = run(
        AS_NOBODY
        + """
os.chmod(path, 0o000)
become_nobody()
try:
    SqliteJournal(path)
except NotAJournal as error:
    say(path in str(error), "can't be read" in str(error))
""",
        *folders,
    )
    assert said == ["True True"]


# Damaged


def test_a_damaged_file_is_not_written_to_any_more(tmp_path: Path) -> None:
    file = tmp_path / "runs.db"
    journal = SqliteJournal(file)
    start(journal)
    add(journal, 2, *[done("x" * 200)] * 3000)
    journal.close()
    with open(file, "r+b") as damaged:
        half = os.path.getsize(file) // 2
        damaged.seek(half)
        damaged.write(os.urandom(half))
    before = file.read_bytes()
    journal = SqliteJournal(file)
    with pytest.raises(JournalCorrupt, match=r"runs\.db: it is damaged.*recover"):
        journal.read("r")
    for use in (lambda: journal.begin("r", 3001), lambda: journal.set_progress("r", "quote", 1, 0.5, "")):
        with pytest.raises(JournalCorrupt, match="damaged"):
            use()
    journal.close()
    assert file.read_bytes() == before


def test_a_file_cut_short(tmp_path: Path) -> None:
    file = tmp_path / "runs.db"
    journal = SqliteJournal(file)
    start(journal)
    add(journal, 2, *[done("x" * 200)] * 100)
    journal.close()
    os.truncate(file, 4096 * 3)
    with pytest.raises(JournalError, match=r"runs\.db"):
        SqliteJournal(file).read("r")
    assert os.path.getsize(file) == 4096 * 3


def test_a_copy_of_a_closed_file_is_whole(journal: SqliteJournal, file: Path, tmp_path: Path) -> None:
    add(journal, 2, done())
    journal.close()
    shutil.copy(file, tmp_path / "copy.db")
    copy = SqliteJournal(tmp_path / "copy.db")
    assert seqs(copy.read("r")) == [1, 2]
    assert copy.key == journal.key
    copy.close()


def test_an_entry_too_large_for_sqlite_harms_nothing(journal: SqliteJournal) -> None:
    assert journal._connection is not None
    if not hasattr(journal._connection, "setlimit"):
        pytest.skip("this Python can't lower SQLite's limit")
    journal._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 10_000)
    journal.begin("r", 1)
    with pytest.raises(JournalError, match=r"larger than SQLite takes.*Nothing of this was recorded"):
        journal.write("r", Entry(2, 2.0, "me", (done("x" * 20_000),)))
    journal.rollback()
    add(journal, 2, done("small"))
    assert seqs(journal.read("r")) == [1, 2]
