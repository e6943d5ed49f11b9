"""Data sets, sources, sets and images: what the tables keep, and what they refuse."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage import data_sets, images, sets, sources
from storage.connections import connect
from storage.data_sets import DataSet
from storage.images import NewImage
from storage.migrations import upgrade

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
HOME, GRANTED, STRANGER = 10, 20, 30


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    upgrade(tmp_path / "jury.db", create=True)
    opened = connect(tmp_path / "jury.db")
    yield opened
    opened.close()


@pytest.fixture
def cats(connection: sqlite3.Connection) -> DataSet:
    return data_sets.create(connection, "cats", target=3, now=NOW)


def new_image(connection: sqlite3.Connection, data_set: DataSet, key: str) -> NewImage:
    source = sources.create(connection, data_set.id, "folder", "/pictures")
    return NewImage(data_set.id, key, source.id, f"{key}.png", safe=True, random_key=7)


def test_a_data_set_is_made_once(connection: sqlite3.Connection, cats: DataSet) -> None:
    later = NOW + timedelta(days=1)
    assert data_sets.create(connection, "cats", target=9, now=later) == cats
    assert (cats.name, cats.target, cats.created_at) == ("cats", 3, NOW)
    assert (cats.begun_images, cats.full_images) == (0, 0)
    assert data_sets.by_id(connection, cats.id) == cats
    assert data_sets.by_name(connection, "dogs") is None
    assert data_sets.by_id(connection, 99) is None
    data_sets.set_target(connection, cats.id, 8)
    assert [each.target for each in data_sets.every(connection)] == [8]


@pytest.mark.parametrize("target", [0, -1, 1001])
def test_a_target_out_of_range_is_refused(connection: sqlite3.Connection, target: int) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        data_sets.create(connection, "cats", target=target, now=NOW)


def test_a_data_set_is_usable_at_home_and_where_it_was_granted(
    connection: sqlite3.Connection, cats: DataSet
) -> None:
    dogs = data_sets.create(connection, "dogs", target=3, now=NOW)
    assert data_sets.grant(connection, cats.id, GRANTED, NOW)
    assert not data_sets.grant(connection, cats.id, GRANTED, NOW)
    assert data_sets.usable(connection, {HOME}, HOME) == [cats, dogs]
    assert data_sets.usable(connection, {STRANGER, GRANTED}, HOME) == [cats]
    assert data_sets.usable(connection, {STRANGER}, HOME) == []
    assert data_sets.usable(connection, {STRANGER}, None) == []
    assert data_sets.usable(connection, set(), HOME) == []
    assert data_sets.granted_guilds(connection, cats.id) == [GRANTED]
    assert data_sets.revoke(connection, cats.id, GRANTED)
    assert not data_sets.revoke(connection, cats.id, GRANTED)
    assert data_sets.usable(connection, {GRANTED}, HOME) == []


def test_an_image_is_read_as_it_was_written(connection: sqlite3.Connection, cats: DataSet) -> None:
    set_id = sets.create(connection, cats.id, "s", "a cat").id
    new = new_image(connection, cats, "a")._replace(
        sha256=b"x" * 32, set_id=set_id, prompt="a cat", parameters="{}", width=3, height=4
    )
    image = images.by_id(connection, images.insert(connection, new, NOW))
    assert image is not None
    assert image == images.by_key(connection, cats.id, "a")
    for name in NewImage._fields:
        assert getattr(image, name) == getattr(new, name), name
    assert (image.safe, image.stage, image.complete_votes) == (True, "waiting", 0)
    assert (image.imported_at, image.closes_at, image.revealed_at) == (NOW, None, None)
    connection.execute("UPDATE images SET closes_at = 1000000, safe = 0")
    changed = images.by_id(connection, image.id)
    assert changed is not None
    assert (changed.closes_at, changed.safe) == (datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), False)
    assert images.by_id(connection, 99) is None
    assert sets.image_ids(connection, set_id) == [image.id]


def test_keys_are_unique_within_their_data_set(
    connection: sqlite3.Connection, cats: DataSet
) -> None:
    dogs = data_sets.create(connection, "dogs", target=3, now=NOW)
    first = new_image(connection, cats, "a")
    images.insert(connection, first, NOW)
    images.insert(connection, new_image(connection, dogs, "a"), NOW)
    with pytest.raises(sqlite3.IntegrityError):
        images.insert(connection, first, NOW)
    second = new_image(connection, cats, "b")
    assert images.insert_new(connection, [first, second, second], NOW) == 1
    assert images.insert_new(connection, [], NOW) == 0
    assert images.count(connection, cats.id) == 2
    known = images.known_by_keys(connection, cats.id, ["a", "c"])
    assert [(image.key, image.member, image.sha256) for image in known.values()] == [
        ("a", "a.png", None)
    ]


def test_random_keys_fit_their_bits(connection: sqlite3.Connection, cats: DataSet) -> None:
    largest = 2**images.RANDOM_KEY_BITS - 1
    new = new_image(connection, cats, "a")._replace(random_key=largest)
    image = images.by_id(connection, images.insert(connection, new, NOW))
    assert image is not None
    assert image.random_key == largest


def test_bytes_may_move(connection: sqlite3.Connection, cats: DataSet) -> None:
    image_id = images.insert(connection, new_image(connection, cats, "a"), NOW)
    elsewhere = sources.create(connection, cats.id, "zip", "/part-000001.zip")
    images.move(connection, image_id, elsewhere.id, "b.png")
    image = images.by_id(connection, image_id)
    assert image is not None
    assert (image.source_id, image.member) == (elsewhere.id, "b.png")
    sources.move(connection, elsewhere.id, "folder", "/part-000001")
    found = sources.by_id(connection, elsewhere.id)
    assert found is not None
    assert (found.kind, found.path) == ("folder", "/part-000001")


def test_a_source_is_known_by_its_path(connection: sqlite3.Connection, cats: DataSet) -> None:
    first = sources.create(connection, cats.id, "folder", "/a")
    assert sources.create(connection, cats.id, "folder", "/a") == first
    assert sources.by_path(connection, cats.id, "/a") == first
    assert sources.by_path(connection, cats.id, "/b") is None
    assert sources.of_data_set(connection, cats.id) == [first]
    with pytest.raises(sqlite3.IntegrityError):
        sources.create(connection, cats.id, "disk", "/c")  # type: ignore[arg-type] # the point


def test_a_set_keeps_the_prompt_that_came_first(
    connection: sqlite3.Connection, cats: DataSet
) -> None:
    assert sets.create(connection, cats.id, "s", None).prompt is None
    assert sets.create(connection, cats.id, "s", "first").prompt == "first"
    again = sets.create(connection, cats.id, "s", "second")
    assert again.prompt == "first"
    assert sets.by_id(connection, again.id) == again
