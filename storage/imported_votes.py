"""Votes of other collections: a row each, apart from those of our own raters.

A vote is known again by its collection, image, rater, time and scores, and by how many equal ones
its file has before it. Of votes without a rater only those are new that are more than all that are
there of the same image, time and scores, whoever gave them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from sqlite3 import Connection
from typing import NamedTuple


class ImportedVote(NamedTuple):
    """A row to insert; a tuple because imports make millions of them.

    `created_at` is in microseconds since 1970. `occurrence` counts equal votes before it in its
    file, from 0. All other fields are columns; None is what the file did not say.
    """

    collection_id: int
    file_id: int
    image_id: int
    rater_id: int | None
    client_agent_id: int | None
    created_at: int | None
    rating: float
    artifacts: float | None
    ratings_count: int | None
    kudos: int | None
    account_age: int | None
    usage_requests: int | None
    trusted: bool | None
    validated: bool | None
    captchas_failed: int | None
    country: str | None
    occurrence: int


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of votes: so many are new, of so many that were there a gap was filled.

    `others` are images that were there with something else.
    """

    added: int
    completed: int = 0
    others: tuple[str, ...] = ()


def image_ids(connection: Connection, data_set_id: int, keys: Sequence[str]) -> list[int]:
    """Return the id of each image key in imports into the data set; new keys are added."""
    return _ids(connection, "imported_images", "data_set_id", "key", data_set_id, keys)


def client_agent_ids(connection: Connection, collection_id: int, names: Sequence[str]) -> list[int]:
    """Return the id of each client agent of the collection; new names are added."""
    return _ids(connection, "imported_client_agents", "collection_id", "name", collection_id, names)


def insert_new(
    connection: Connection, votes: Sequence[ImportedVote], *, named: bool, complete: bool
) -> Stored:
    """Insert the votes that are not there yet.

    `named`: their file names raters. With `complete`, what a vote that is there lacks is filled in
    from the same vote of this file, its rater too.
    """
    completed = sum(_complete(connection, vote) for vote in votes) if complete else 0
    count = _COUNT_OF_RATER if named else _COUNT
    # Found before they are inserted: a statement that reads what it writes keeps a journal of its
    # own inside the unit's savepoint, and each costs as much as all before it.
    new = [
        vote[:-1]
        for vote in votes
        if connection.execute(count, vote[:_BOUND]).fetchone()[0] <= vote.occurrence
    ]
    connection.executemany(_INSERT, new)
    return Stored(len(new), completed)


def known_images(connection: Connection, data_set_id: int) -> tuple[int, int]:
    """Return how many image keys imports into the data set named, and how many are its images."""
    known, ours = connection.execute(
        "SELECT count(*), count(i.id) FROM imported_images m"
        " LEFT JOIN images i ON i.data_set_id = m.data_set_id AND i.key = m.key"
        " WHERE m.data_set_id = ?",
        (data_set_id,),
    ).fetchone()
    return known, ours


def _ids(  # noqa: PLR0917 - names of a table and its columns, then what is looked for
    connection: Connection, table: str, owner: str, name: str, owner_id: int, texts: Sequence[str]
) -> list[int]:
    connection.executemany(
        f"INSERT INTO {table} ({owner}, {name}) VALUES (?, ?) ON CONFLICT DO NOTHING",  # noqa: S608 - constants
        [(owner_id, text) for text in texts],
    )
    select = f"SELECT id FROM {table} WHERE {owner} = ? AND {name} = ?"  # noqa: S608 - constants
    return [connection.execute(select, (owner_id, text)).fetchone()[0] for text in texts]


def _complete(connection: Connection, vote: ImportedVote) -> bool:
    """Fill in what the stored form of a vote lacks; False where it lacks nothing."""
    row = connection.execute(_LACKING, vote).fetchone()
    if row is None:
        return False
    connection.execute(_FILL, (*(getattr(vote, name) for name in _GAPS), *row))
    return True


_STORED = ImportedVote._fields[:-1]
_AT = {name: f"?{number}" for number, name in enumerate(ImportedVote._fields, 1)}
_KNOWN_BY = ("collection_id", "image_id", "created_at", "rating", "artifacts")
_BOUND = 1 + ImportedVote._fields.index("artifacts")
_GAPS = tuple(name for name in _STORED if name not in {*_KNOWN_BY, "file_id"})

_INSERT = f"""
    INSERT INTO imported_votes ({", ".join(_STORED)}) VALUES ({", ".join("?" * len(_STORED))})
"""  # noqa: S608 - the names are this module's own
_COUNT = f"""
    SELECT count(*) FROM imported_votes
    WHERE {" AND ".join(f"{name} IS {_AT[name]}" for name in _KNOWN_BY)}
"""  # noqa: S608 - the names are this module's own
_COUNT_OF_RATER = f"{_COUNT} AND rater_id IS {_AT['rater_id']}"
# One that has no rater yet is this vote only where no other is.
_LACKING = f"""
    SELECT id FROM imported_votes
    WHERE {" AND ".join(f"{name} IS {_AT[name]}" for name in _KNOWN_BY)}
        AND ({" OR ".join(f"({name} IS NULL AND {_AT[name]} IS NOT NULL)" for name in _GAPS)})
        AND (rater_id IS {_AT["rater_id"]}
            OR (rater_id IS NULL AND ({_COUNT_OF_RATER}) <= {_AT["occurrence"]}))
    ORDER BY rater_id IS NULL, id
    LIMIT 1
"""  # noqa: S608 - the names are this module's own
_FILL = f"""
    UPDATE imported_votes SET {", ".join(f"{name} = coalesce({name}, ?)" for name in _GAPS)}
    WHERE id = ?
"""  # noqa: S608 - the names are this module's own
