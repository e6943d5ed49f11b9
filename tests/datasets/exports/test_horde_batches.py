"""The rows are the same however the batches fall."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import adbc_driver_sqlite.dbapi
import pyarrow as pa
import pytest
from adbc_driver_manager.dbapi import Connection
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.datasets.exports import reading
from bot.datasets.exports.formats import horde
from bot.datasets.exports.formats import votes as votes_format
from bot.datasets.exports.formats.horde import HORDE
from bot.datasets.exports.request import ExportRequest
from bot.datasets.exports.selection import Selection
from bot.datasets.exports.source import Source
from bot.datasets.exports.splits import split_of
from tests.datasets.exports.votes_file import KEY, VotesFile

IMAGES, RATERS = 12, 6
ERASED = 1

Vote = tuple[int, int, int | None, int | None, str]

votes_given = st.dictionaries(
    st.tuples(st.integers(1, RATERS), st.integers(1, IMAGES)),
    st.tuples(
        st.none() | st.integers(1, 10),
        st.none() | st.integers(0, 5),
        st.sampled_from(["given", "given", "undone", "void"]),
    ).filter(lambda vote: vote[:2] != (None, None)),
    max_size=IMAGES * RATERS,
).map(lambda votes: [(*who, *what) for who, what in votes.items()])


@contextmanager
def batch_rows(number: int) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "BATCH_ROWS", number)
        yield


@contextmanager
def filled(votes: list[Vote]) -> Iterator[VotesFile]:
    """Images 1, 3, 5 ... belong to the first data set, the others to the second."""
    with TemporaryDirectory() as folder, closing(VotesFile(Path(folder, "jury.db"))) as file:
        file.connection.execute("BEGIN")
        file.data_set("odd")
        file.data_set("even")
        for image in range(1, IMAGES + 1):
            file.image(f"key {image}", 2 - image % 2)
        for rater in range(1, RATERS + 1):
            file.rater(erased=rater == ERASED)
        for rater, image, aesthetic, artifacts, state in votes:
            file.vote(rater, image, aesthetic, artifacts, state=state)
        file.connection.execute("COMMIT")
        yield file


def opened(connection: Connection, path: Path, data_set: str) -> Source:
    request = ExportRequest(
        str(path), "", "horde", "parquet", Selection((data_set,)), KEY.key.hex(), 0,
        exact_signals=False,
    )  # fmt: skip
    return Source.of(connection, request, lambda _done, _most: None)


def read(path: Path, data_set: str) -> list[pa.RecordBatch]:
    with (
        closing(adbc_driver_sqlite.dbapi.connect(f"file:{path}?mode=ro")) as connection,
        closing(horde.read(opened(connection, path, data_set))) as batches,
    ):
        return list(batches)


def keys(batches: list[pa.RecordBatch]) -> list[str]:
    return [key for batch in batches for key in batch["id"].to_pylist()]


def expected(votes: list[Vote], odd: int) -> list[tuple[Any, ...]]:
    """Return the rows by the plain meaning of the words."""
    published = sorted(
        (image, KEY.digest("rater", rater), aesthetic, artifacts)
        for rater, image, aesthetic, artifacts, state in votes
        if state == "given" and aesthetic and rater != ERASED and image % 2 == odd
    )
    return [
        (f"key {image}", len(rows), pseudonym, aesthetic, artifacts)
        for image, rows in (
            (image, list(found)) for image, found in groupby(published, lambda row: row[0])
        )
        for _, pseudonym, aesthetic, artifacts in rows
    ]


@settings(max_examples=60)
@given(votes=votes_given, rows=st.integers(1, 20), odd=st.integers(0, 1))
def test_rows_do_not_depend_on_the_batches(votes: list[Vote], rows: int, odd: int) -> None:
    with filled(votes) as file:
        file.close()
        with batch_rows(rows):
            batches = read(file.path, "odd" if odd else "even")
    table = pa.Table.from_batches(batches, HORDE)
    names = ["id", "ratings_count", "user_id", "rating", "artifacts"]
    assert list(zip(*(table[name].to_pylist() for name in names), strict=True)) == expected(
        votes, odd
    )
    whole = [set(batch["id"].to_pylist()) for batch in batches]
    assert sum(map(len, whole)) == len(set().union(*whole))


def test_artifacts_that_come_late_pass() -> None:
    """ADBC takes the types from the first batch, in which every one of them is missing."""
    half: list[Vote] = [(2, image, 5, None, "given") for image in range(1, 10)]
    with filled([*half, (3, 11, 5, 4, "given")]) as file, batch_rows(2):
        file.close()
        artifacts = [value for batch in read(file.path, "odd") for value in batch["artifacts"]]
    assert pa.array(artifacts).to_pylist() == [None] * 5 + [4.0]


def test_texts_that_come_late_pass() -> None:
    """Prompts and ids of rows may be missing everywhere in the first batch."""
    with filled([(2, 1, 5, 5, "given"), (2, 3, 5, 5, "given")]) as file, batch_rows(1):
        file.connection.execute("UPDATE images SET prompt = 'late' WHERE id = 3")
        file.connection.execute("UPDATE votes SET row_id = zeroblob(16) WHERE image_id = 3")
        file.close()
        with closing(adbc_driver_sqlite.dbapi.connect(f"file:{file.path}?mode=ro")) as connection:
            rows = pa.Table.from_batches(votes_format.read(opened(connection, file.path, "odd")))
    assert rows["row_id"].to_pylist() == [None, "00" * 16]
    assert rows["split"].to_pylist() == [split_of(None, "key 1"), split_of("late", "key 3")]


@pytest.mark.parametrize("rows", ["SELECT NULL AS key", "SELECT key FROM images LIMIT 0"])
def test_a_column_has_its_type_without_a_value(rows: str) -> None:
    schema = pa.schema([("key", pa.string())])
    with filled([]) as file:
        file.close()
        with closing(adbc_driver_sqlite.dbapi.connect(f"file:{file.path}?mode=ro")) as connection:
            assert reading.fetch(connection, rows, schema).schema == schema


def test_all_is_read_of_one_moment() -> None:
    with filled([(2, 1, 5, 5, "given"), (2, 3, 5, 5, "given")]) as file:
        connection = adbc_driver_sqlite.dbapi.connect(f"file:{file.path}?mode=ro")
        with closing(connection):
            source = opened(connection, file.path, "odd")
            late = file.rater()
            file.vote(late, file.image("late"))
            file.vote(late, 3)
            batches = list(horde.read(source))
        later = read(file.path, "odd")
    assert keys(batches) == ["key 1", "key 3"]
    assert keys(later) == ["key 1", "key 3", "key 3", "late"]
