"""Ratings in the SQLite file of Simulacra Aesthetic Captions, and what may lie in its place."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from bot.datasets.imports.votes.formats import SAC
from bot.errors import ImportRefusedError
from storage.database import Database
from tests.datasets.imports.importing import PICTURE, bring_folder, write_files
from tests.datasets.imports.votes.bringing import bring, query, ratings

# As its exporter makes them.
TABLES = """
    CREATE TABLE generations
        (id INTEGER PRIMARY KEY, sid INTEGER, method INTEGER, prompt TEXT, verified INTEGER);
    CREATE TABLE images
        (id INTEGER PRIMARY KEY AUTOINCREMENT, gid INTEGER, idx INTEGER, UNIQUE (gid, idx));
    CREATE TABLE paths (iid INTEGER, path TEXT, FOREIGN KEY (iid) REFERENCES images (id));
    CREATE TABLE ratings (sid INTEGER, iid INTEGER, rating INTEGER, verified INTEGER,
        FOREIGN KEY (iid) REFERENCES images (id));
"""
Ratings = Sequence[tuple[object, object, object, object]]


def released(
    path: Path, ratings: Ratings, paths: Sequence[tuple[int, object]] = ((1, "1_a_castle_1.png"),)
) -> Path:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(TABLES)
        connection.executemany("INSERT INTO paths VALUES (?, ?)", paths)
        connection.executemany("INSERT INTO ratings VALUES (?, ?, ?, ?)", ratings)
    return path


def made(path: Path, script: str) -> Path:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(script)
    return path


async def test_ratings_with_their_raters_and_images(database: Database, tmp_path: Path) -> None:
    path = released(
        tmp_path / "sac.sqlite",
        # The release has one rater for all ratings of an image, so equal ones are not the same.
        [(5, 1, 7, 0), (5, 1, 7, 0), (9, 2, 10, 1), (5, 1, 7, 1), (5, 2, 1, 0)],
        [(1, "1_a_castle_1.png"), (2, "some/where/1_a_castle_2.png")],
    )
    summary = await bring(database, path, SAC)
    assert (summary.read, summary.added, summary.raters, summary.images) == (5, 5, 2, 2)
    assert (await bring(database, path, SAC)).already_there == 5
    stored = ratings(database, "validated")
    assert stored == [
        ("5", "1_a_castle_1", 7.0, 0),
        ("5", "1_a_castle_1", 7.0, 0),
        ("5", "1_a_castle_1", 7.0, 1),
        ("9", "1_a_castle_2", 10.0, 1),
        ("5", "1_a_castle_2", 1.0, 0),
    ]


async def test_its_pictures_are_known_by_their_names(database: Database, tmp_path: Path) -> None:
    folder = write_files(tmp_path / "pictures", {"1_a_castle_1.png": PICTURE})
    await bring_folder(database, folder, name="mine")
    path = released(tmp_path / "sac.sqlite", [(5, 1, 7, 0)])
    summary = await bring(database, path, SAC)
    assert (summary.images, summary.images_here) == (1, 1)


async def test_wrong_ratings_are_left_out(database: Database, tmp_path: Path) -> None:
    path = released(
        tmp_path / "sac.sqlite",
        [
            (5, 1, 7, 0),
            (5, 1, None, 0),
            (5, 1, 0, 0),
            (5, 1, 7.5, 0),
            (5, 1, "seven", 0),
            (5, 1, b"\x07", 0),
            (5, 99, 7, 0),
            (5, 2, 7, 0),
            (5, 1, 7, 2),
            (None, 1, 7, None),
        ],
        [(1, "1_a_castle_1.png"), (2, "")],
    )
    summary = await bring(database, path, SAC)
    assert (summary.read, summary.added) == (10, 2)
    assert {str(noted.reason): noted.count for noted in summary.left_out} == {
        "no_score": 1,
        "out_of_range": 2,
        "wrong_value": 3,
        "no_image_named": 2,
    }


COLUMNS = "sid INTEGER, iid INTEGER, rating INTEGER, verified INTEGER"
PATHS = "CREATE TABLE paths (iid INTEGER, path TEXT);"
ENDLESS = (
    "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i, i, i, i FROM n"
)


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("CREATE TABLE other (x);", "there is no table ratings"),
        (f"CREATE TABLE ratings ({COLUMNS});", "there is no table paths"),
        (f"CREATE TABLE ratings (sid, iid, rating); {PATHS}", "ratings has no column verified"),
        (
            f"CREATE VIEW ratings (sid, iid, rating, verified) AS {ENDLESS}; {PATHS}",
            "there is no table ratings",
        ),
        (
            f"CREATE TABLE ratings ({COLUMNS}); CREATE VIEW paths AS SELECT 1 AS iid, 2 AS path;",
            "there is no table paths",
        ),
        (
            f"CREATE VIRTUAL TABLE ratings USING fts5 (sid, iid, rating, verified); {PATHS}",
            "ratings is a virtual table",
        ),
        (
            f"CREATE TABLE ratings (sid, iid, verified, rating AS (zeroblob(1 << 27))); {PATHS}",
            "ratings has no column rating",
        ),
    ],
)
async def test_another_schema_is_refused(
    database: Database, tmp_path: Path, script: str, says: str
) -> None:
    path = made(tmp_path / "sac.sqlite", script)
    with pytest.raises(ImportRefusedError, match=f"sac.sqlite is not of this format: .*{says}"):
        await bring(database, path, SAC)
    assert query(database, "SELECT count(*) FROM imported_collections") == [(0,)]


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_nothing_of_the_files_own_runs(database: Database, tmp_path: Path) -> None:
    """Triggers stay asleep, other tables and expressions are not read, the file stays as it is."""
    (tmp_path / "in").mkdir()
    path = released(tmp_path / "in" / "sac.sqlite", [(5, 1, 7, 0)])
    made(
        path,
        "CREATE TRIGGER changes BEFORE INSERT ON ratings BEGIN DELETE FROM paths; END;"
        "CREATE INDEX clever ON ratings (abs(rating));"
        "CREATE VIEW more AS SELECT * FROM ratings;",
    )
    before = path.read_bytes()
    assert (await bring(database, path, SAC)).added == 1
    assert path.read_bytes() == before
    assert [each.name for each in files_in(path.parent)] == ["sac.sqlite"]


async def test_a_file_in_use_is_refused(database: Database, tmp_path: Path) -> None:
    path = released(tmp_path / "sac.sqlite", [(5, 1, 7, 0)])
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("INSERT INTO ratings VALUES (5, 1, 9, 0)")
        connection.commit()
        with pytest.raises(ImportRefusedError, match=r"there is sac.sqlite-wal"):
            await bring(database, path, SAC)


async def test_a_value_without_end_is_refused(database: Database, tmp_path: Path) -> None:
    path = released(tmp_path / "sac.sqlite", [(5, 1, 7, 0)], [(1, "x" * 2**21)])
    with pytest.raises(ImportRefusedError, match=r"sac.sqlite .*string or blob too big"):
        await bring(database, path, SAC)


async def test_what_is_no_database_is_refused(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "sac.sqlite"
    for content in (b"rater,item,score\n" * 100, b""):
        path.write_bytes(content)
        with pytest.raises(ImportRefusedError, match=r"sac.sqlite"):
            await bring(database, path, SAC)
    assert path.read_bytes() == b""


async def test_our_own_database_is_refused(database: Database) -> None:
    with pytest.raises(ImportRefusedError, match=r"jury.db is not of this format"):
        await bring(database, database.path, SAC)
    assert query(database, "SELECT count(*) FROM imported_collections") == [(0,)]


async def test_of_a_cut_file_everything_before_is_kept(database: Database, tmp_path: Path) -> None:
    path = released(tmp_path / "sac.sqlite", [(n % 50, 1, 1 + n % 10, 0) for n in range(90_000)])
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 4096 * 3 // 4 * 4096])
    with pytest.raises(ImportRefusedError, match=r"sac.sqlite"):
        await bring(database, path, SAC)
    path.write_bytes(data)
    summary = await bring(database, path, SAC)
    assert (summary.read, summary.added + summary.already_there) == (90_000, 90_000)
