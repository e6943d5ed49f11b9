from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from storage.connections import connect
from storage.database import Database
from storage.errors import (
    DiskError,
    ForeignDatabaseError,
    NewerSchemaError,
    StorageError,
)
from storage.migrations import APPLICATION_ID, Migration, known_migrations, pending, upgrade

SPAWN = multiprocessing.get_context("spawn")
NOBODY = 65534

FIRST = Migration(
    1,
    "first",
    """
    -- a comment; with a semicolon
    CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
    INSERT INTO things (name) VALUES ('one;'), ('two'); INSERT INTO things (name) VALUES ('three');
    CREATE TRIGGER things_stay BEFORE DELETE ON things
    BEGIN SELECT RAISE(ABORT, 'things stay'); END;
    """,
)
SECOND = Migration(2, "second", "ALTER TABLE things ADD COLUMN size INTEGER;\n-- the end")
BROKEN = Migration(
    3, "broken", "CREATE TABLE half (id INTEGER) STRICT;\nINSERT INTO gone VALUES (1);"
)


def contents(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


def make_database(path: Path, known: Iterable[Migration] = (FIRST, SECOND)) -> None:
    upgrade(path, known=tuple(known))


def rejected(
    error: type[StorageError], path: Path, known: tuple[Migration, ...] | None = None
) -> str:
    """Expect both ways in to refuse `path`, with nothing changed; return the reason."""
    before = {file.name: file.read_bytes() for file in path.parent.iterdir() if file.is_file()}
    with pytest.raises(error) as refusal:
        upgrade(path, known=known)
    with pytest.raises(error):
        pending(path, known)
    after = {file.name: file.read_bytes() for file in path.parent.iterdir() if file.is_file()}
    assert after == before
    assert "\n" not in str(refusal.value)
    return str(refusal.value)


def test_the_programs_own_migrations_are_numbered_from_one_without_a_gap() -> None:
    known = known_migrations()
    assert [migration.version for migration in known] == list(range(1, len(known) + 1))
    assert known[0].name == "core"


def test_each_migration_is_recorded_with_its_time(tmp_path: Path) -> None:
    path = tmp_path / "jury.db"
    assert pending(path, (FIRST, SECOND)) == (FIRST, SECOND)
    assert not path.exists()
    moment = datetime(2026, 1, 2, tzinfo=UTC)
    assert upgrade(path, known=(FIRST,), now=lambda: moment) == (FIRST,)
    assert pending(path, (FIRST, SECOND)) == (SECOND,)
    assert upgrade(path, known=(FIRST, SECOND), now=lambda: moment) == (SECOND,)
    assert upgrade(path, known=(FIRST, SECOND)) == pending(path, (FIRST, SECOND)) == ()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT * FROM migrations").fetchall() == [
            (1, "first", 1_767_312_000_000_000),
            (2, "second", 1_767_312_000_000_000),
        ]
        assert connection.execute("SELECT name, size FROM things").fetchall() == [
            ("one;", None),
            ("two", None),
            ("three", None),
        ]
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)


def test_every_table_of_the_program_is_strict_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "jury.db"
    assert upgrade(path) == known_migrations()
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute(
            "SELECT name, strict FROM pragma_table_list"
            " WHERE type = 'table' AND schema = 'main' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        assert {name for name, strict in tables if not strict} == set()
        assert {"votes", "vote_history", "audit_log", "migrations"} <= {name for name, _ in tables}
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_migration_that_fails_leaves_nothing_of_itself(tmp_path: Path) -> None:
    path = tmp_path / "jury.db"
    make_database(path)
    before = contents(path)
    with pytest.raises(StorageError, match="no such table"):
        upgrade(path, known=(FIRST, SECOND, BROKEN))
    assert contents(path) == before
    assert upgrade(path, known=(FIRST, SECOND)) == ()


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    make_database(tmp_path / "jury.db")
    assert "newer version" in rejected(NewerSchemaError, tmp_path / "jury.db", (FIRST,))


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_database_of_another_program_is_refused(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode = {mode}")
        connection.execute("CREATE TABLE migrations (version INTEGER)")
        connection.commit()
    assert "another program" in rejected(ForeignDatabaseError, path)


@pytest.mark.parametrize("content", [b"hello", b"\x89PNG" * 500, b"SQLite format 3\x00"])
def test_what_is_no_database_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "jury.db"
    path.write_bytes(content)
    rejected(ForeignDatabaseError, path)


def test_a_folder_in_the_databases_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "jury.db").mkdir()
    rejected(DiskError, tmp_path / "jury.db")


def test_a_file_in_the_folders_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    with pytest.raises(DiskError):
        upgrade(tmp_path / "data" / "deeper" / "jury.db")


def test_a_database_is_opened_after_a_crash_between_it_and_its_log(tmp_path: Path) -> None:
    path, torn = tmp_path / "jury.db", tmp_path / "torn" / "jury.db"
    make_database(path)
    torn.parent.mkdir()
    with closing(connect(path)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("INSERT INTO things (name) VALUES (zeroblob(100000) || 'x')")
        before = path.read_bytes()
        log = path.with_name("jury.db-wal")
        torn.with_name(log.name).write_bytes(log.read_bytes())
        connection.execute("PRAGMA wal_checkpoint(FULL)")
        after = path.read_bytes()
    # The first page is written, and says how many there are; the disk is full before the others.
    torn.write_bytes(after[:4096] + before[4096:])
    with pytest.raises(sqlite3.DatabaseError, match="malformed"):
        connect(torn, immutable=True)
    assert upgrade(torn, known=(FIRST, SECOND)) == ()
    assert contents(torn) == contents(path)


def test_an_empty_file_becomes_a_database(tmp_path: Path) -> None:
    (tmp_path / "jury.db").touch()
    assert upgrade(tmp_path / "jury.db", known=(FIRST,)) == (FIRST,)


def as_nobody(path: Path, known: tuple[Migration, ...], answers: Queue[tuple[str, str]]) -> None:
    """Child process: try an upgrade without root's right to write everywhere."""
    if os.geteuid() == 0:
        os.setuid(NOBODY)
    try:
        upgrade(path, known=known)
    except StorageError as error:
        answers.put((type(error).__name__, str(error)))
    else:
        answers.put(("nothing", ""))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Give a folder that another user may enter, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder
        folder.chmod(0o777)


@pytest.mark.process
@pytest.mark.parametrize("lacking", [(), (SECOND,)])
@pytest.mark.parametrize("what", ["file", "folder", "new file"])
def test_what_is_read_only_is_refused(
    open_folder: Path, what: str, lacking: tuple[Migration, ...]
) -> None:
    path = open_folder / "jury.db"
    if what != "new file":
        make_database(path, (FIRST,))
        before = contents(path)
        path.chmod(0o444 if what == "file" else 0o666)
    open_folder.chmod(0o777 if what == "file" else 0o555)
    answers = SPAWN.Queue()
    child = SPAWN.Process(target=as_nobody, args=(path, (FIRST, *lacking), answers))
    child.start()
    name, text = answers.get(timeout=60)
    child.join()
    open_folder.chmod(0o777)
    assert (name, "\n" in text) == ("DiskError", False)
    if what == "new file":
        assert not path.exists()
    else:
        assert contents(path) == before


def test_a_full_disk_undoes_the_migration(tmp_path: Path) -> None:
    path = tmp_path / "jury.db"
    make_database(path)
    before = contents(path)
    big = Migration(
        3, "big", "CREATE TABLE big (b BLOB) STRICT; INSERT INTO big VALUES (zeroblob(9e6));"
    )
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(DiskError):
            upgrade(path, known=(FIRST, SECOND, big))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert contents(path) == before
    full = Migration(3, "full", f"PRAGMA max_page_count = 1;{big.script}")
    with pytest.raises(DiskError, match="full"):
        upgrade(path, known=(FIRST, SECOND, full))
    assert contents(path) == before
    assert upgrade(path, known=(FIRST, SECOND, big)) == (big,)


LONG = Migration(
    3,
    "long",
    "CREATE TABLE long (n INTEGER) STRICT;\n" + "INSERT INTO long WITH RECURSIVE c (n) AS"
    " (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 20000) SELECT n FROM c;\n"
    * 40
    + "DROP TABLE things;\n"
    + "INSERT INTO long WITH RECURSIVE c (n) AS"
    " (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c;\n",  # never ends
)


def apply_long(path: Path) -> None:
    upgrade(path, known=(FIRST, SECOND, LONG))


@pytest.mark.process
def test_a_migration_killed_in_the_middle_leaves_nothing_of_itself(tmp_path: Path) -> None:
    path = tmp_path / "jury.db"
    make_database(path)
    before = contents(path)
    child = SPAWN.Process(target=apply_long, args=(path,))
    child.start()
    log = path.with_name("jury.db-wal")
    while child.is_alive() and not (log.exists() and log.stat().st_size > 20_000_000):
        child.join(timeout=0.01)
    assert child.is_alive()
    os.kill(child.pid or 0, signal.SIGKILL)
    child.join()
    assert pending(path, (FIRST, SECOND, LONG)) == (LONG,)
    assert contents(path) == before
    assert upgrade(path, known=(FIRST, SECOND)) == ()


def upgrade_at(start: Barrier, path: Path, answers: Queue[list[int]]) -> None:
    start.wait()
    answers.put([migration.version for migration in upgrade(path)])


@pytest.mark.process
def test_processes_that_make_one_database_at_once_apply_each_migration_once(
    tmp_path: Path,
) -> None:
    count = 3
    for number in range(3):
        start = SPAWN.Barrier(count)
        answers = SPAWN.Queue()
        path = tmp_path / f"{number}.db"
        children = [
            SPAWN.Process(target=upgrade_at, args=(start, path, answers)) for _ in range(count)
        ]
        for child in children:
            child.start()
        applied = sorted(version for _ in children for version in answers.get(timeout=60))
        for child in children:
            child.join()
        assert applied == [migration.version for migration in known_migrations()]


def locks_on(path: Path) -> list[str]:
    """Return the kernel's list of this process's locks on a file, proc(5) `locks`."""
    inode = str(path.stat().st_ino)
    lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    return [line for line in lines if line.split()[5].endswith(f":{inode}")]


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="the kernel does not list its locks")
async def test_looking_at_a_live_database_keeps_its_locks(tmp_path: Path) -> None:
    path = tmp_path / "jury.db"
    database = await Database.open(path)
    held = locks_on(path)
    assert held
    pending(path)
    upgrade(path)
    assert [line.split()[1:] for line in locks_on(path)] == [line.split()[1:] for line in held]
    await database.close()


def test_the_command_for_an_operator_needs_no_loop(tmp_path: Path) -> None:
    code = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from storage.migrations import pending, upgrade
        path = Path(sys.argv[1])
        print(len(upgrade(path)), len(pending(path)))
        """
    )
    answer = subprocess.run(  # noqa: S603 - our own interpreter and text
        [sys.executable, "-c", code, str(tmp_path / "jury.db")],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert answer.stdout.split() == [str(len(known_migrations())), "0"]


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
def test_a_new_database_is_for_its_owner_alone(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "jury.db"
    upgrade(path)
    with closing(connect(path)) as connection:
        connection.execute("UPDATE migrations SET name = name")
        assert (tmp_path / f"jury.db{suffix}").stat().st_mode & 0o777 == 0o600


def test_a_missing_database_is_named_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StorageError, match=f"{tmp_path}/data/jury.db"):
        upgrade(Path("data/jury.db"), create=False)


def test_an_sqlite_that_is_too_old_is_refused_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 38, 5))
    with pytest.raises(StorageError, match=r"3\.39 or newer is needed"):
        upgrade(tmp_path / "jury.db")
    assert list(tmp_path.iterdir()) == []
