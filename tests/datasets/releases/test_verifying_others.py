"""What was done to files that are no parquet comes out, even where their sums were made anew."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from io import BufferedReader, FileIO
from pathlib import Path, PosixPath
from threading import get_ident
from typing import Any, ClassVar

import pytest

from bot.datasets.releases.other_files import LARGEST_JSON, LONGEST_ROW, READERS
from tests.datasets.releases.releasing import edit, problems, resum

SAC = "sac.sqlite"
AVA = "ava/AVA.txt"
NAMES = "ava/images.csv"
CROISSANT = "croissant.json"
Harm = Callable[[Path], object]


def sql(script: str) -> Harm:
    """Return what runs a script in the SQLite file of a release."""

    def harm(folder: Path) -> None:
        with closing(sqlite3.connect(folder / SAC)) as connection:
            connection.execute("PRAGMA writable_schema = ON")
            connection.executescript(script)

    return harm


def written(name: str, change: Callable[[bytes], bytes]) -> Harm:
    """Return what changes the bytes of a file."""

    def harm(folder: Path) -> None:
        (folder / name).write_bytes(change((folder / name).read_bytes()))

    return harm


def without(lines: int) -> Callable[[bytes], bytes]:
    return lambda data: b"".join(data.splitlines(keepends=True)[:-lines])


def drop_records(data: bytes) -> bytes:
    described = json.loads(data)
    del described["recordSet"][0]
    return json.dumps(described).encode()


@pytest.mark.parametrize(
    ("name", "harm", "said"),
    [
        (NAMES, written(NAMES, without(1)), "has 23 rows instead of 24"),
        (NAMES, written(NAMES, lambda data: data.replace(b"prompt", b"p", 1)), "has other columns"),
        (NAMES, written(NAMES, lambda data: data[:-20]), "cannot be read as it should"),
        (NAMES, written(NAMES, lambda data: data + b"1,2\r\n"), "cannot be read as it should"),
        (NAMES, written(NAMES, lambda _: b""), "has no header"),
        (NAMES, written(NAMES, lambda _: b"x" * 2**20), "has no header"),
        (NAMES, written(NAMES, lambda data: b"\n" + data), "has no header"),
        (NAMES, written(NAMES, lambda data: b"\r\n" + data), "has no header"),
        (NAMES, written(NAMES, lambda data: data + b'"' + b"x\n" * LONGEST_ROW), "cannot be read"),
        (AVA, written(AVA, without(2)), "has 22 rows instead of 24"),
        (AVA, written(AVA, lambda data: data[:-1]), "line 24 is cut"),
        (AVA, written(AVA, lambda data: data[:-5] + b"\n"), "line 24 is cut"),
        (AVA, written(AVA, lambda data: data + b"1 " * 2**24), "line 25 is cut"),
        (AVA, written(AVA, lambda _: b""), "has other columns"),
        (CROISSANT, written(CROISSANT, drop_records), "rows instead of"),
        (CROISSANT, written(CROISSANT, lambda data: b"[" * 2**20 + data), "cannot be read"),
        (CROISSANT, written(CROISSANT, lambda data: data + b" " * LARGEST_JSON), "is larger"),
        (CROISSANT, written(CROISSANT, lambda _: b"[]"), "is no JSON object"),
        (SAC, sql("DELETE FROM ratings"), "sac.sqlite, ratings: has 0 rows instead of 120"),
        (SAC, sql("ALTER TABLE paths RENAME path TO place"), "paths: has other columns"),
        (SAC, sql("DROP TABLE survey"), "has other tables"),
        (SAC, sql("CREATE TABLE more (a)"), "has other tables"),
        (SAC, written(SAC, lambda data: data[: len(data) // 2]), "cannot be read as it should"),
        (SAC, written(SAC, lambda _: b"no database" * 999), "cannot be read as it should"),
    ],
)  # fmt: skip
def test_what_was_changed_with_its_sum_is_found(
    copy: Path, name: str, harm: Harm, said: str
) -> None:
    harm(copy)
    resum(copy)
    found = problems(copy)
    assert len(found) in {1, 2}
    assert found[0].startswith(name)
    assert said in found[0]
    assert all(len(line) < 300 for line in found)


class Watched(PosixPath):
    """A path of which is noted who reads the files that Python opens."""

    readers: ClassVar[set[int]] = set()

    def open(self, *_: object, **__: object) -> Any:  # noqa: ANN401 - it has many overloads
        readers = self.readers

        class File(FileIO):
            def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - whatever has room
                readers.add(get_ident())
                return super().readinto(buffer) or 0

        return BufferedReader(File(self))


def test_no_thread_of_a_library_is_in_a_file_of_pythons(copy: Path) -> None:
    """Such a thread aborts the whole program where it is still there at the end."""
    (rows,) = READERS[".csv"](Watched(copy / NAMES))
    assert rows.rows == 24
    assert Watched.readers == {get_ident()}


def test_a_view_does_not_stand_for_a_table(copy: Path) -> None:
    """It would give as many rows as are wanted, for as long as it likes."""
    sql(
        "DROP TABLE ratings; CREATE VIEW ratings AS WITH RECURSIVE n (i) AS"
        " (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    )(copy)
    resum(copy)
    assert problems(copy) == [f"{SAC}: has other tables than the release describes"]


def test_a_table_in_a_circle_ends(copy: Path) -> None:
    """The root of the ratings leads to itself."""
    sql("INSERT INTO ratings SELECT r.* FROM ratings r, ratings s; VACUUM")(copy)
    with closing(sqlite3.connect(copy / SAC)) as connection:
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'ratings'"
        ).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    data = bytearray((copy / SAC).read_bytes())
    start = (root - 1) * size
    assert data[start] == 5  # an interior page; byte 8 is its last child (fileformat.html, 1.6)
    data[start + 8 : start + 12] = root.to_bytes(4, "big")
    (copy / SAC).write_bytes(data)
    resum(copy)
    (problem,) = problems(copy)
    assert problem == f"{SAC}: cannot be read as it should: database disk image is malformed"


@pytest.mark.parametrize("tables", [200, 20_000])
def test_a_file_of_very_many_tables_is_not_taken_in(copy: Path, tables: int) -> None:
    sql("BEGIN;" + "".join(f"CREATE TABLE t{n} (a);" for n in range(tables)) + "COMMIT")(copy)
    resum(copy)
    (problem,) = problems(copy)
    assert problem.startswith(f"{SAC}: cannot be read as it should: ")
    assert problem.endswith(("more than 100 tables", "interrupted"))


@pytest.mark.parametrize("name", ["x'FF'", "CAST(x'FF' AS TEXT)", "NULL", "'a\nb'"])
def test_a_table_of_a_strange_name_is_told(copy: Path, name: str) -> None:
    sql(
        f"UPDATE sqlite_schema SET name = {name}, tbl_name = {name} WHERE name = 'survey'"  # noqa: S608 - above
    )(copy)
    resum(copy)
    (problem,) = problems(copy)
    assert problem.startswith(SAC)
    assert "\n" not in problem


def test_a_file_that_nobody_described_is_found(copy: Path) -> None:
    (copy / "more.csv").write_text("a\n1\n")
    resum(copy)
    assert problems(copy) == ["more.csv: is a file with rows that the release does not describe"]


def test_a_release_that_describes_no_other_file_is_as_good(copy: Path) -> None:
    """As the first ones were."""
    edit(copy, lambda contents: contents.pop("others"))
    assert problems(copy) == []
    written(NAMES, without(1))(copy)
    resum(copy)
    assert problems(copy) == []


@pytest.mark.parametrize(
    "others",
    [
        5, None, {}, [1], [{}], [{"path": 1, "holds": []}], [{"path": "a", "holds": 1}],
        [{"path": "a", "holds": [{"name": "", "rows": "1", "columns": []}]}],
    ],
)  # fmt: skip
def test_a_description_of_another_shape_is_told(copy: Path, others: object) -> None:
    edit(copy, lambda contents: contents.update(others=others))
    if others == {}:
        assert problems(copy) == []
    else:
        (problem,) = problems(copy)
        assert problem.startswith("release.json")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("../jury.csv", "../jury.csv: is described, but has no sum"),
        ("README.md", "README.md: cannot be read as it should: is of no type that is read"),
        ("votes.parquet", "votes.parquet: cannot be read as it should: is of no type that is read"),
    ],
)
def test_a_description_of_another_file_leads_nowhere(copy: Path, path: str, said: str) -> None:
    def add(contents: dict[str, object]) -> None:
        others = contents["others"]
        assert isinstance(others, list)
        others.append({"path": path, "holds": []})

    edit(copy, add)
    assert problems(copy) == [said]
