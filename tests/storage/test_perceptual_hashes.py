"""Near-duplicates are found by the four quarters of a hash as by comparing with every image."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage import data_sets, images, perceptual_hashes, sources
from storage.connections import connect
from storage.data_sets import DataSet
from storage.images import NewImage
from storage.migrations import upgrade
from storage.perceptual_hashes import CANDIDATES, DISTANCE

NOW = datetime(2026, 1, 2, tzinfo=UTC)
HASHES = st.integers(-(2**63), 2**63 - 1)
ANYWHERE = st.sets(st.integers(0, 63), max_size=DISTANCE + 1)
# A bit in each quarter but one: only that one finds it.
SPREAD = st.tuples(st.integers(0, 3), st.integers(0, 15)).map(
    lambda drawn: {16 * quarter + drawn[1] for quarter in range(4) if quarter != drawn[0]}
)
FLIPS = ANYWHERE | SPREAD


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("near") / "jury.db"
    upgrade(made)
    return made


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    """Give a connection to an empty database; what a test writes is rolled back."""
    with closing(connect(path)) as opened:
        opened.execute("BEGIN")
        yield opened


@pytest.fixture
def cats(connection: sqlite3.Connection) -> DataSet:
    return data_sets.create(connection, "cats", target=3, now=NOW)


def add(connection: sqlite3.Connection, data_set: DataSet, hashes: dict[str, int | None]) -> None:
    source = sources.create(connection, data_set.id, "folder", "/pictures")
    rows = [
        NewImage(data_set.id, key, source.id, key, True, 7, perceptual_hash=value)  # noqa: FBT003 - a row
        for key, value in hashes.items()
    ]
    assert images.insert_new(connection, rows, NOW) == len(rows)


def flipped(value: int, bits: set[int]) -> int:
    unsigned = (value & (2**64 - 1)) ^ sum(1 << bit for bit in bits)
    return unsigned - 2**64 if unsigned >= 2**63 else unsigned


@given(base=HASHES, others=st.lists(FLIPS, max_size=5), far=st.lists(HASHES, max_size=5))
@settings(max_examples=100)
def test_the_nearest_is_found_as_by_looking_at_all(
    path: Path, base: int, others: list[set[int]], far: list[int]
) -> None:
    with closing(connect(path)) as connection:
        connection.execute("BEGIN")
        cats = data_sets.create(connection, "cats", target=3, now=NOW)
        values = [flipped(base, bits) for bits in others] + far
        add(connection, cats, {f"{at}": value for at, value in enumerate(values)})
        distances = [((value ^ base) & (2**64 - 1)).bit_count() for value in values]
        near = [(each, at) for at, each in enumerate(distances) if each <= DISTANCE]
        expected = f"{min(near)[1]}" if near else None
        assert perceptual_hashes.nearest(connection, cats.id, base) == expected


def test_another_data_set_and_images_without_a_hash_do_not_count(
    connection: sqlite3.Connection, cats: DataSet
) -> None:
    dogs = data_sets.create(connection, "dogs", target=3, now=NOW)
    add(connection, dogs, {"a": 5})
    add(connection, cats, {"b": None})
    assert perceptual_hashes.nearest(connection, cats.id, 5) is None
    assert perceptual_hashes.nearest(connection, dogs.id, 5) == "a"


def test_an_image_gets_its_hash_once(connection: sqlite3.Connection, cats: DataSet) -> None:
    add(connection, cats, {"a": None})
    image = images.by_key(connection, cats.id, "a")
    assert image is not None
    perceptual_hashes.store(connection, image.id, -1)
    perceptual_hashes.store(connection, image.id, 77)
    assert images.known_by_keys(connection, cats.id, ["a"])["a"].perceptual_hash == -1


def test_each_quarter_is_read_from_its_index_alone(connection: sqlite3.Connection) -> None:
    plans: list[str] = []
    connection.set_trace_callback(plans.append)
    perceptual_hashes.nearest(connection, 1, 5)
    connection.set_trace_callback(None)
    for number, query in enumerate(plans):
        (plan,) = connection.execute(f"EXPLAIN QUERY PLAN {query}").fetchall()
        assert f"COVERING INDEX images_by_hash_quarter_{number}" in plan[3]
    assert len(plans) == 4


def test_pictures_that_are_all_alike_cost_no_more_than_so_many(
    connection: sqlite3.Connection, cats: DataSet
) -> None:
    looked = 0

    def row(cursor: sqlite3.Cursor, values: tuple[object, ...]) -> tuple[object, ...]:
        nonlocal looked
        looked += 1
        return values

    add(connection, cats, {f"{n}": flipped(0, {63, n % 60}) for n in range(CANDIDATES + 500)})
    connection.row_factory = row
    assert perceptual_hashes.nearest(connection, cats.id, 0) is not None
    assert looked <= 4 * CANDIDATES + 1
