"""What the tests of exports with imported votes share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bot.datasets.exports.selection import Selection
from storage.database import Database
from tests.datasets.exports.votes_file import VotesFile
from tests.datasets.imports.votes.bringing import TYPES, bring, write

ALL = Selection(("mine",), imported=True)


async def import_into(votes: VotesFile, *files: Path, collection: str = "horde") -> None:
    """Import files of votes into `mine`."""
    database = await Database.open(votes.path)
    for file in files:
        await bring(database, file, collection=collection)
    await database.close()


async def import_rows(
    votes: VotesFile,
    *rows: Mapping[str, Any],
    collection: str = "horde",
    columns: Sequence[str] = tuple(TYPES),
) -> None:
    """Import a file that has these rows."""
    path = write(votes.path.with_name("theirs.parquet"), rows, columns=columns)
    await import_into(votes, path, collection=collection)
