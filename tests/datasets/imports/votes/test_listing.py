"""Collections of imported votes are listed as remove-votes wants them named."""

from pathlib import Path

from bot.datasets.imports.votes.formats import AVA, CsvColumns, csv_format
from storage import imported_collections
from storage.database import Database
from storage.imported_collections import ListedCollection
from tests.datasets.imports.votes.bringing import bring, row, write


async def test_each_collection_is_listed_with_what_it_has(
    database: Database, tmp_path: Path
) -> None:
    assert await database.read(imported_collections.every) == []
    (tmp_path / "AVA.txt").write_text(
        "1 image-0 0 1 5 17 38 36 15 6 5 1 1 22 1396\n2 image-1 0 1 5 17 38 36 15 6 5 1 1 22 1396\n"
    )
    (tmp_path / "study.csv").write_text("rater,item,score\nann,a,-2\n")
    await bring(
        database, write(tmp_path / "b.parquet", (row(n) for n in range(30))), collection="b"
    )
    more = write(tmp_path / "more.parquet", (row(n) for n in range(20, 50)))
    await bring(database, more, collection="b")
    await bring(database, tmp_path / "AVA.txt", AVA, collection="a")
    await bring(database, tmp_path / "study.csv", csv_format(-3, 3, CsvColumns()), collection="c")
    assert await database.read(imported_collections.every) == [
        ListedCollection("mine", "a", "ava", 1, 10, 0, 2),
        ListedCollection("mine", "b", "horde", 1, 10, 50, 0),
        ListedCollection("mine", "c", "csv", -3, 3, 1, 0),
    ]
