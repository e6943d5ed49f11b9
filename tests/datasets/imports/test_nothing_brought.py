"""Imports that bring nothing: no data set or collection is left that nobody asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Connection

import pyarrow.parquet as pq
import pytest

from bot.datasets.imports.near_duplicates import NearDuplicates
from bot.datasets.imports.votes.formats import AVA, HORDE, Format
from bot.errors import ImportRefusedError
from storage import data_sets
from storage.database import Database
from tests.datasets.fetching.serving import answer, fetcher, serving
from tests.datasets.imports.importing import (
    bring_diffusiondb,
    data_set_names,
    left_out,
    row,
    write_files,
    write_metadata,
)
from tests.datasets.imports.laion import bring_laion, dead, write_links
from tests.datasets.imports.votes import bringing
from tests.datasets.imports.votes.bringing import bring, query
from tests.horde.clients import SkippingClock

OF_COLLECTIONS = ("imported_collections", "imported_files", "imported_images", "imported_raters")


def rows_of_collections(database: Database) -> dict[str, int]:
    return {
        name: query(database, f"SELECT count(*) FROM {name}")[0][0]  # noqa: S608 - one of those above
        for name in OF_COLLECTIONS
    }


NOW = datetime(2026, 1, 1, tzinfo=UTC)
NONE = dict.fromkeys(OF_COLLECTIONS, 0)


def damaged(path: Path) -> Path:
    """A file of votes that breaks before its first row."""
    pq.write_table(bringing.table(bringing.row(n) for n in range(5_000)), path, compression="gzip")
    data = bytearray(path.read_bytes())
    begin = pq.read_metadata(path).row_group(0).column(0).data_page_offset
    data[begin : begin + 20] = b"\xff" * 20
    path.write_bytes(data)
    return path


async def test_a_refused_file_of_votes_leaves_nothing(database: Database, tmp_path: Path) -> None:
    path = damaged(tmp_path / "votes.parquet")
    with pytest.raises(
        ImportRefusedError, match=r"votes\.parquet is damaged after row 0"
    ) as refusal:
        await bring(database, path)
    assert not hasattr(refusal.value, "__notes__"), "there is nothing to tell"
    assert (await data_set_names(database), rows_of_collections(database)) == ([], NONE)


@pytest.mark.parametrize("kind", [HORDE, AVA], ids=["horde", "ava"])
async def test_votes_of_which_none_can_be_stored_leave_nothing(
    database: Database, tmp_path: Path, kind: Format
) -> None:
    if kind is HORDE:
        path = bringing.write(tmp_path / "votes.parquet", [bringing.row(1, rating=11)])
    else:
        path = tmp_path / "AVA.txt"
        path.write_text("1 5 0 0 0 0 0 0 0 0 0 0 1 22 3\n", "ascii")
    summary = await bring(database, path, kind)
    assert (summary.read, summary.added, summary.collection) == (1, 0, "theirs")
    assert (await data_set_names(database), rows_of_collections(database)) == ([], NONE)


async def test_what_was_there_before_stays(database: Database, tmp_path: Path) -> None:
    await bring(database, bringing.write(tmp_path / "good.parquet", [bringing.row(1)]))
    before = rows_of_collections(database)
    wrong = bringing.write(tmp_path / "wrong.parquet", [bringing.row(1, rating=11)])
    await bring(database, wrong, collection="other")
    assert rows_of_collections(database) == before
    for path in (wrong, damaged(tmp_path / "damaged.parquet")):
        try:
            await bring(database, path)
        except ImportRefusedError:
            assert path is not wrong
    assert (await bring(database, tmp_path / "good.parquet")).already_there == 1
    assert await data_set_names(database) == ["mine"]


async def test_a_data_set_that_a_server_may_use_stays(database: Database, tmp_path: Path) -> None:
    def allow(connection: Connection) -> None:
        data_set = data_sets.create(connection, "mine", target=5, now=NOW)
        data_sets.grant(connection, data_set.id, 77, NOW)

    await database.write(allow)
    await bring(database, bringing.write(tmp_path / "wrong.parquet", [bringing.row(1, rating=11)]))
    assert (await data_set_names(database), rows_of_collections(database)) == (["mine"], NONE)


async def test_links_that_gave_nothing_for_now_leave_nothing(
    database: Database, tmp_path: Path
) -> None:
    async with serving({"/busy": answer(b"", status=429)}) as site:
        table = write_links(tmp_path / "a.parquet", [site.url("/busy")])
        summary = await bring_laion(database, [table], fetcher(site), clock=SkippingClock())
        assert left_out(summary) == {"busy": 1}
        assert await data_set_names(database) == []
        table = write_links(tmp_path / "b.parquet", [site.url("/gone")])
        assert left_out(await bring_laion(database, [table], fetcher(site))) == {"not_found": 1}
        assert await dead(database, site, ["/gone"]) == {"/gone": "not_found"}
        assert len(await data_set_names(database)) == 1  # it remembers the dead link


@pytest.mark.parametrize("near", [None, NearDuplicates.COUNT])
async def test_rows_of_diffusiondb_without_a_picture_leave_nothing(
    database: Database, tmp_path: Path, near: NearDuplicates | None
) -> None:
    folder = write_files(tmp_path / "in", {"part-000001/broken.png": b"no picture"})
    rows = [row("blurred.png", image_nsfw=2.0), row("absent.png", part_id=7), row("missing.png")]
    if near is not None:
        rows.append(row("broken.png"))
    write_metadata(folder / "metadata.parquet", rows)
    summary = await bring_diffusiondb(database, folder, near=near)
    assert (summary.read, summary.added) == (len(rows), 0)
    assert await data_set_names(database) == []
    assert query(database, "SELECT count(*) FROM sources") == [(0,)]
