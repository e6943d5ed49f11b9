"""An imported rater has one name in all exports, and nobody else has it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bot.clock import SystemClock
from bot.datasets.imports.votes.rater_names import RaterNames
from bot.datasets.imports.votes.removing import remove_votes
from bot.trust.enrolment import Enrolment
from storage import imported_collections
from storage.connections import connect
from storage.database import Database
from storage.migrations import known_migrations, upgrade
from tests.datasets.exports.imported import ALL, import_rows
from tests.datasets.exports.votes_file import KEY, VOTED, VotesFile
from tests.datasets.imports.votes.bringing import row

SEVEN = f"{7:064x}"


@pytest.fixture
def votes(tmp_path: Path) -> Iterator[VotesFile]:
    opened = VotesFile(tmp_path / "jury.db")
    opened.data_set("mine")
    yield opened
    opened.close()


async def names(votes: VotesFile) -> dict[int, str]:
    """Return who gave each rating, in an export; a rating is given once."""
    done = await votes.service().export("horde", ALL)
    table = pq.read_table(done.path, columns=["rating", "user_id"])
    return dict(zip(*(column.to_pylist() for column in table.columns), strict=True))


def other(collection: str, key: str) -> str:
    return KEY.digest("rater of a collection", f"{collection}\0{key}")


async def test_a_new_database_under_the_old_key_gives_nobody_the_name_of_another(
    votes: VotesFile,
) -> None:
    """Its first raters would have the pseudonyms that the first ones of the old one have."""
    theirs = {rating: KEY.pseudonym(number) for rating, number in ((1, 1), (2, 2), (3, 4))}
    await import_rows(votes, *(row(r, rating=r, user_id=name) for r, name in theirs.items()))
    assert await names(votes) == theirs
    ours = {}
    for rating in (6, 7, 8):
        rater = Enrolment(KEY).rater(votes.connection, rating, VOTED)
        votes.vote(rater.number, votes.image(f"image-{rating}"), rating)
        ours[rating] = KEY.pseudonym(rater.number)
    assert list(ours.values()) == [KEY.pseudonym(number) for number in (3, 5, 6)]
    assert await names(votes) == theirs | ours
    # A newer file of theirs has more of the same people, who are still nobody of ours.
    await import_rows(votes, row(9, rating=9, user_id=theirs[1]))
    assert await names(votes) == theirs | ours | {9: theirs[1]}


async def test_whoever_came_while_a_file_was_read_keeps_the_name(votes: VotesFile) -> None:
    database = await Database.open(votes.path)
    early, late = votes.rater(), votes.rater()
    collection = await database.write(
        lambda c: imported_collections.create(c, 1, "theirs", format_="horde", low=1, high=10)
    )
    keys = [KEY.pseudonym(late), "somebody"]
    given = RaterNames(KEY, collection, newest=early)
    ids = await database.write(lambda c: given.ids(c, keys))
    assert await database.write(lambda c: given.ids(c, keys[::-1])) == ids[::-1]
    await database.close()
    found = votes.connection.execute("SELECT key, name FROM imported_raters ORDER BY id")
    assert found.fetchall() == [(keys[0], other("theirs", keys[0])), ("somebody", "somebody")]


async def test_raters_of_two_collections_never_become_one(votes: VotesFile) -> None:
    """Each of three has a "7"; the first to come is called so, as in its file."""
    for rating, collection in enumerate("bac", 1):
        await import_rows(votes, row(rating, rating=rating, user_id=SEVEN), collection=collection)
    expected = {1: SEVEN, 2: other("a", SEVEN), 3: other("c", SEVEN)}
    assert await names(votes) == expected
    # Another file of the first collection brings somebody whom a later one knows already.
    await import_rows(votes, row(4, rating=4, user_id="ann"), collection="c")
    await import_rows(votes, row(5, rating=5, user_id="ann"), collection="b")
    assert await names(votes) == expected | {4: "ann", 5: other("b", "ann")}


async def test_a_name_stays_when_another_collection_leaves(votes: VotesFile) -> None:
    for rating, collection in enumerate("ab", 1):
        await import_rows(votes, row(rating, rating=rating, user_id=SEVEN), collection=collection)
    database = await Database.open(votes.path)
    await remove_votes(database, "mine", "a", SystemClock())
    await database.close()
    assert await names(votes) == {2: other("b", SEVEN)}
    await import_rows(votes, row(3, rating=3, user_id=SEVEN), collection="b")
    await import_rows(votes, row(1, rating=1, user_id=SEVEN), collection="a")
    assert await names(votes) == {1: SEVEN, 2: other("b", SEVEN), 3: other("b", SEVEN)}


def test_raters_that_were_imported_before_they_had_names_get_them(tmp_path: Path) -> None:
    path = tmp_path / "jury.db"
    upgrade(path, known=[each for each in known_migrations() if each.version < 22])
    with closing(connect(path)) as connection:
        connection.executescript("""
            INSERT INTO data_sets (name, target, created_at) VALUES ('mine', 5, 0), ('other', 5, 0);
            INSERT INTO imported_collections (data_set_id, name, format, low, high) VALUES
                (1, 'a', 'horde', 1, 10), (1, 'b', 'horde', 1, 10), (1, 'c', 'csv', 1, 10),
                (2, 'a', 'horde', 1, 10);
            INSERT INTO imported_raters (collection_id, key) VALUES
                (2, 'ann'), (1, 'ann'), (3, 'ann'), (4, 'ann'), (2, 'bob');
        """)
    upgrade(path)
    with closing(connect(path)) as connection:
        rows = connection.execute(
            "SELECT id, collection_id, key, name FROM imported_raters ORDER BY id"
        ).fetchall()
    assert [each[:3] for each in rows] == [
        (1, 2, "ann"), (2, 1, "ann"), (3, 3, "ann"), (4, 4, "ann"), (5, 2, "bob"),
    ]  # fmt: skip
    assert [name for *_, name in rows[1:]] == ["ann", "ann", "ann", "bob"]
    assert len(rows[0][3]) == 64
